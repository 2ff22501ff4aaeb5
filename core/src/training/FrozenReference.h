#pragma once

#include "model/Decoder.h"

#include <lethe/base/Result.h>
#include <lethe/data/Dataset.h>
#include <lethe/sdk/MethodUse.h>

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

/// The reference model's values, each computed once a sample: NLLs of label positions, final hidden states (of every token, or of label
/// rows alone) and one block's outputs, as a method's `FrozenUse` asks.
class LETHE_EXPORT FrozenReference final : public Reference
{
public:
    /// \p model: frozen; owned from here where it is a copy of its own, borrowed where it is the model about to be trained. Of one
    /// that trains an adapter the base stays what it was and answers at any time; of another, everything must be computed before
    /// its first step, and `dropBody` called.
    FrozenReference(std::unique_ptr<Decoder> owned, Decoder &model);
    ~FrozenReference() override;

    /// What `remember` would keep of \p indices, in bytes.
    static std::int64_t bytesOf(const std::vector<EncodedSample> &samples, const std::vector<std::int64_t> &indices, const FrozenUse &use,
                                const Decoder &model);
    using Progress = std::function<bool(std::size_t done, std::size_t total)>; ///< false cancels
    /// One pass over \p indices, in batches of like length. False where it was cancelled.
    bool remember(const std::vector<EncodedSample> &samples, std::vector<std::int64_t> indices, SampleSet set, const FrozenUse &use,
                  const Progress &progress);

    at::Tensor sequenceNll(const Batch &batch) override;
    at::Tensor tokenNll(const Batch &batch) override;
    at::Tensor hidden(const Batch &batch) override;
    at::Tensor labelHidden(const Batch &batch) override;
    at::Tensor layerOutput(const Batch &batch, std::int64_t layer) override;
    OutputHead head() const override;
    /// Everything that will be asked is remembered: the model is let go. \param keepHead a frozen copy of its head stays
    void dropBody(bool keepHead);
    /// Forward passes made for values that were not remembered: tests count them.
    std::int64_t livePasses() const { return m_livePasses; }

private:
    using Remembered = std::map<std::int64_t, at::Tensor>; ///< by key
    static at::Tensor joined(const Remembered &values, const Batch &batch); ///< undefined where one is missing
    Decoder &live();

    std::unique_ptr<Decoder> m_owned;
    Decoder *m_model; ///< null once the body was dropped
    std::optional<OutputHead> m_head; ///< of a dropped body
    Remembered m_nll;         ///< f32 [labels]
    Remembered m_hidden;      ///< [tokens, D]
    Remembered m_labelHidden; ///< [labels, D]
    Remembered m_layer;       ///< [tokens, D] of block m_layerIndex
    std::int64_t m_layerIndex = -1;
    std::int64_t m_livePasses = 0;
};

} // namespace lethe
