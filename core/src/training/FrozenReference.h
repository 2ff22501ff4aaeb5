#pragma once

#include "model/Decoder.h"

#include <lethe/base/Result.h>
#include <lethe/data/Dataset.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace lethe {

/// Key of a sample's remembered reference values. A batch's `keys` hold these.
enum class SampleSet : std::int64_t { Anchor = 0, Retain = 1, Alternate = 2 };
inline std::int64_t referenceKey(SampleSet set, std::int64_t sample)
{
    return (static_cast<std::int64_t>(set) << 48) | sample;
}

/// Packs samples \p indices of \p set for a device.
Batch packSamples(const std::vector<EncodedSample> &samples, const std::vector<std::int64_t> &indices, SampleSet set, c10::Device device);

/// The reference model's values, each computed once a sample: NLLs of label positions, and, where they fit \p hiddenBudget,
/// the final hidden states that a KL term multiplies with the head.
class LETHE_EXPORT FrozenReference final : public Reference
{
public:
    /// \p model: frozen; owned from here where it is a copy of its own, borrowed where it is the model about to be trained. Of one
    /// that trains an adapter the base stays what it was and answers at any time; of another, everything must be computed before
    /// its first step.
    FrozenReference(std::unique_ptr<Decoder> owned, Decoder &model);
    ~FrozenReference() override;

    using Progress = std::function<bool(std::size_t done, std::size_t total)>; ///< false cancels
    /// One pass over \p indices, in batches of like length. False where it was cancelled.
    bool rememberNll(const std::vector<EncodedSample> &samples, const std::vector<std::int64_t> &indices, SampleSet set, const Progress &progress);
    bool rememberHidden(const std::vector<EncodedSample> &samples, const std::vector<std::int64_t> &indices, SampleSet set, const Progress &progress);

    at::Tensor sequenceNll(const Batch &batch) override;
    at::Tensor tokenNll(const Batch &batch) override;
    at::Tensor hidden(const Batch &batch) override;
    OutputHead head() const override;
    /// Everything that will be asked is remembered: an owned model keeps its head alone.
    void dropBody();
    /// Forward passes made in `hidden` or `tokenNll` for values that were not remembered: tests count them.
    std::int64_t livePasses() const { return m_livePasses; }

private:
    /// Of the model that trains an adapter, the base alone; nothing changes for another one.
    AdapterOff asReference() const { return AdapterOff(*m_model); }
    bool remember(const std::vector<EncodedSample> &samples, std::vector<std::int64_t> indices, SampleSet set, const Progress &progress, bool hidden);

    std::unique_ptr<Decoder> m_owned;
    Decoder *m_model; ///< null once the body was dropped
    std::optional<OutputHead> m_head; ///< of a dropped body
    std::map<std::int64_t, at::Tensor> m_nll;    ///< key → f32 [labels]
    std::map<std::int64_t, at::Tensor> m_hidden; ///< key → [tokens, D]
    std::int64_t m_livePasses = 0;
};

} // namespace lethe
