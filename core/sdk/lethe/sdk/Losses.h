#pragma once

#include <lethe/base/Export.h>
#include <lethe/sdk/LanguageModel.h>

namespace lethe::losses {

/// Negative log-likelihood of every label, ℓ = −log softmax(z)[y].
/// The projection runs on label rows alone, and the gradient of the logits is formed in place of the logits: no second [M,V]
/// buffer exists, and above a memory budget the rows go through in chunks.
/// \return [M], nats, f32 whatever the model's dtype.
LETHE_EXPORT at::Tensor tokenNll(LanguageModel &model, const Batch &batch);

/// `tokenNll` from hidden states that are there already. \p hidden_ND: of the whole batch.
LETHE_EXPORT at::Tensor tokenNll(const OutputHead &head, const at::Tensor &hidden_ND, const Batch &batch);

/// Sums of `tokenNll` over each sample's labels. \return [B], nats, f32.
LETHE_EXPORT at::Tensor sequenceNll(LanguageModel &model, const Batch &batch);

/// Sums [M] label values by sample, in the labels' order. \return [B].
LETHE_EXPORT at::Tensor sumBySample(const at::Tensor &values_M, const Batch &batch);

/// Which positions a forward KL counts.
enum class KlPositions {
    Real,   ///< every token of every sample, prompt included
    Labels, ///< label rows alone
};

/// Σ over counted positions of KL(softmax(z_ref) ‖ softmax(z)), nats; divide by their number for the mean.
/// Gradient row: p − p_ref. Rows go through in chunks; no [N,V] buffer outlives its chunk.
LETHE_EXPORT at::Tensor forwardKlSum(LanguageModel &model, Reference &reference, const Batch &batch,
                                     KlPositions positions = KlPositions::Real);

} // namespace lethe::losses
