#pragma once

#include <lethe/base/Export.h>

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>

/// Operations that a layer is made of, each with its gradient.
namespace lethe::kernels {

/// x / sqrt(mean(x²) + eps) · w over the last dimension, in f32 whatever the dtype. \p plusOne: · (1 + w), as Gemma has it.
LETHE_EXPORT at::Tensor rmsNorm(const at::Tensor &x, const at::Tensor &weight, double eps, bool plusOne);

/// Rotary position embedding on the first 2R of C channels (the two halves form the pairs, as in transformers). x [N,H,C], cos, sin [N,R].
LETHE_EXPORT at::Tensor rotate(const at::Tensor &x, const at::Tensor &cos_NR, const at::Tensor &sin_NR);

/// silu(gate) · up.
LETHE_EXPORT at::Tensor siluTimes(const at::Tensor &gate, const at::Tensor &up);

/// x · Wᵀ (+ b). x [N,I], weight [O,I], or [I,O] where \p inOut. Where the weight is a leaf with a gradient, the backward pass adds to
/// that gradient in place.
LETHE_EXPORT at::Tensor linear(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias = std::nullopt,
                               bool inOut = false);

/// y + scale · (x·Aᵀ)·Bᵀ: what a low-rank pair adds to a layer. y [N,O], x [N,I], a [R,I], b [O,R].
LETHE_EXPORT at::Tensor addLowRank(const at::Tensor &y, const at::Tensor &x, const at::Tensor &a, const at::Tensor &b, double scale);

/// The first three over LibTorch's operators: what runs where there is no loop of ours, and what the loops are tested against.
namespace plain {
LETHE_EXPORT at::Tensor rmsNorm(const at::Tensor &x, const at::Tensor &weight, double eps, bool plusOne);
LETHE_EXPORT at::Tensor rotate(const at::Tensor &x, const at::Tensor &cos_NR, const at::Tensor &sin_NR);
LETHE_EXPORT at::Tensor siluTimes(const at::Tensor &gate, const at::Tensor &up);
} // namespace plain

/// f(x) whose inside is not kept for the backward pass but computed again there.
at::Tensor checkpoint(const std::function<at::Tensor(const at::Tensor &)> &f, const at::Tensor &x);

/// Negative log-likelihood of \p labels_M under logits h·Wᵀ(+b): [M] f32. Softcap and scale as in OutputHead.
/// The gradient takes the logits' place; where [M,V] is larger than \p chunkBytes the rows go through in chunks and their logits are
/// computed again in the backward pass.
LETHE_EXPORT at::Tensor labelNll(const at::Tensor &hidden_MD, const at::Tensor &weight_VD, const at::Tensor &bias_V, const at::Tensor &labels_M,
                                 double softcap, double scale, std::int64_t chunkBytes = std::int64_t{256} << 20);

/// Σ over rows of KL(softmax(z_ref) ‖ softmax(z)), z from \p hidden_KD and z_ref from \p referenceHidden_KD (no gradient there).
LETHE_EXPORT at::Tensor forwardKlSum(const at::Tensor &hidden_KD, const at::Tensor &weight_VD, const at::Tensor &bias_V,
                                     const at::Tensor &referenceHidden_KD, const at::Tensor &referenceWeight_VD, const at::Tensor &referenceBias_V,
                                     double softcap, double scale, std::int64_t chunkBytes = std::int64_t{128} << 20);

/// Σ over chunks of rows of \p loss(logits, first row), the logits f32 with cap and scale. Each chunk is differentiated at once, so that
/// no logits outlive it.
LETHE_EXPORT at::Tensor rowLossSum(const at::Tensor &hidden_KD, const at::Tensor &weight_VD, const at::Tensor &bias_V, double softcap, double scale,
                                   const std::function<at::Tensor(const at::Tensor &logits_KV, std::int64_t firstRow)> &loss,
                                   std::int64_t chunkBytes = std::int64_t{128} << 20);

} // namespace lethe::kernels
