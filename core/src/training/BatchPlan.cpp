#include "training/BatchPlan.h"

#include <lethe/spec/SpecReader.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace lethe {

BatchPlan::BatchPlan(const TrainingSpec &training, std::int64_t anchorSamples, std::int64_t retainSamples)
    : m_anchorSamples(anchorSamples),
      m_retainSamples(retainSamples),
      m_batch(training.batchSize),
      m_perStep(training.batchSize * training.gradientAccumulation),
      m_stepsPerEpoch((anchorSamples + m_perStep - 1) / m_perStep),
      m_steps(plannedSteps(training, anchorSamples)),
      m_seed(static_cast<std::uint64_t>(training.seed)),
      m_shuffle(training.shuffle)
{
}

std::int64_t BatchPlan::anchorBefore(std::int64_t step) const
{
    const std::int64_t epoch = (step - 1) / m_stepsPerEpoch;
    const std::int64_t within = (step - 1) % m_stepsPerEpoch;
    return epoch * m_anchorSamples + within * m_perStep;
}

std::vector<std::int64_t> BatchPlan::order(std::int64_t count, std::int64_t pass, std::uint64_t stream) const
{
    std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
    std::iota(indices.begin(), indices.end(), std::int64_t{0});
    if (!m_shuffle)
        return indices;
    std::seed_seq seed{static_cast<std::uint32_t>(m_seed), static_cast<std::uint32_t>(m_seed >> 32), static_cast<std::uint32_t>(pass),
                       static_cast<std::uint32_t>(stream)};
    std::mt19937_64 random(seed);
    // Fisher–Yates by hand: std::shuffle's draws differ from library to library, and a seed is a promise.
    for (std::size_t i = indices.size(); i > 1; --i)
        std::swap(indices[i - 1], indices[random() % i]);
    return indices;
}

std::vector<MicroBatch> BatchPlan::step(std::int64_t step) const
{
    constexpr std::uint64_t kAnchorStream = 1, kRetainStream = 2;
    const std::int64_t epoch = (step - 1) / m_stepsPerEpoch;
    const std::int64_t begin = ((step - 1) % m_stepsPerEpoch) * m_perStep;
    const std::int64_t end = std::min(begin + m_perStep, m_anchorSamples);
    const std::vector<std::int64_t> anchors = order(m_anchorSamples, epoch, kAnchorStream);

    std::int64_t retainAt = anchorBefore(step);
    std::int64_t pass = -1;
    std::vector<std::int64_t> retained;
    std::vector<MicroBatch> result;
    for (std::int64_t at = begin; at < end; at += m_batch) {
        MicroBatch micro;
        for (std::int64_t i = at; i < std::min(at + m_batch, end); ++i) {
            micro.anchor.push_back(anchors[static_cast<std::size_t>(i)]);
            if (m_retainSamples == 0)
                continue;
            if (retainAt / m_retainSamples != pass) {
                pass = retainAt / m_retainSamples;
                retained = order(m_retainSamples, pass, kRetainStream);
            }
            micro.retain.push_back(retained[static_cast<std::size_t>(retainAt % m_retainSamples)]);
            ++retainAt;
        }
        result.push_back(std::move(micro));
    }
    return result;
}

double BatchPlan::epochAfter(std::int64_t step) const
{
    return static_cast<double>(step / m_stepsPerEpoch)
        + static_cast<double>((step % m_stepsPerEpoch) * m_perStep) / static_cast<double>(m_anchorSamples);
}

std::int64_t BatchPlan::retainDraws() const
{
    return m_retainSamples == 0 ? 0 : anchorBefore(m_steps + 1);
}

} // namespace lethe
