#pragma once

#include <lethe/base/Export.h>
#include <lethe/spec/ExperimentSpec.h>

#include <cstdint>
#include <vector>

namespace lethe {

/// Which samples one micro-batch takes: indices into the encoded sets.
struct MicroBatch {
    std::vector<std::int64_t> anchor; ///< forget samples; for `finetune` those of the one set
    std::vector<std::int64_t> retain; ///< as many, where the method has a retain term
    bool operator==(const MicroBatch &) const = default;
};

/// The order in which a run takes its samples, as a function of the step alone: a resumed run needs no state to go on alike.
/// One epoch is one pass over the anchor set, its last batch smaller where it must be; the retain set is shuffled anew each
/// time it is used up, and runs on across batches and epochs.
class LETHE_EXPORT BatchPlan
{
public:
    BatchPlan(const TrainingSpec &training, std::int64_t anchorSamples, std::int64_t retainSamples);

    std::int64_t stepsPerEpoch() const { return m_stepsPerEpoch; }
    std::int64_t steps() const { return m_steps; }
    /// Of step \p step, counted from 1.
    std::vector<MicroBatch> step(std::int64_t step) const;
    /// Passes over the anchor set that are done after \p step.
    double epochAfter(std::int64_t step) const;
    /// How many retain samples steps 1 to steps() take in all.
    std::int64_t retainDraws() const;

private:
    std::int64_t anchorBefore(std::int64_t step) const; ///< anchor samples taken by all steps before this one
    std::vector<std::int64_t> order(std::int64_t count, std::int64_t pass, std::uint64_t stream) const;

    std::int64_t m_anchorSamples, m_retainSamples, m_batch, m_perStep, m_stepsPerEpoch, m_steps;
    std::uint64_t m_seed;
    bool m_shuffle;
};

} // namespace lethe
