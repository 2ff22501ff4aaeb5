#pragma once

#include <lethe/base/Export.h>
#include <lethe/sdk/Batch.h>

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace lethe {

/// The vocabulary projection: logits = softcap(hidden · weightᵀ + bias).
struct OutputHead {
    at::Tensor weight_VD;
    at::Tensor bias_V;  ///< undefined where there is none
    double softcap = 0; ///< 0: none; else c · tanh(z / c) (Gemma 2)
    double scale = 1;   ///< factor on the logits before the cap
};

/// A decoder seen by a method: packed tokens in, final hidden states out. Gradients flow where the calling mode records them.
class LETHE_EXPORT LanguageModel
{
public:
    virtual ~LanguageModel();

    /// Hidden states after the final norm, [N,D], in the model's computing dtype.
    virtual at::Tensor hidden(const Batch &batch) = 0;
    /// Output of block \p layer (0-based) on the residual stream, before any final norm, [N,D]. Nothing above the block is computed.
    virtual at::Tensor layerOutput(const Batch &batch, std::int64_t layer) = 0;
    virtual OutputHead head() const = 0;
    /// What `losses::tokenNll` gives, [M]. A model whose logits are no head's over hidden states has its own.
    virtual at::Tensor labelNll(const Batch &batch);

    /// Logits of chosen rows, f32 [K,V]. \p hidden_KD: rows of `hidden`.
    at::Tensor logits(const at::Tensor &hidden_KD) const;
};

/// The frozen model that losses compare with: the model before unlearning, or `reference_model`. Its values carry no gradient.
/// What a method named in `MethodUse` was computed before the first step, once a sample; anything else costs a pass.
class LETHE_EXPORT Reference
{
public:
    virtual ~Reference();

    /// Σ NLL over each sample's label positions, nats, f32 [B]. Computed once a sample, then remembered.
    virtual at::Tensor sequenceNll(const Batch &batch) = 0;
    /// NLL of each label position, nats, f32 [M]. Remembered alike.
    virtual at::Tensor tokenNll(const Batch &batch) = 0;
    /// Final hidden states [N,D] of the frozen model.
    virtual at::Tensor hidden(const Batch &batch) = 0;
    /// Those of the label rows alone, [M,D].
    virtual at::Tensor labelHidden(const Batch &batch) = 0;
    /// Output of block \p layer, [N,D].
    virtual at::Tensor layerOutput(const Batch &batch, std::int64_t layer) = 0;
    virtual OutputHead head() const = 0;
};

} // namespace lethe
