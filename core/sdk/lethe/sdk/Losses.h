#pragma once

#include <lethe/base/Export.h>
#include <lethe/sdk/LanguageModel.h>

#include <functional>

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

/// Label positions of each sample, f32 [B]: what a sum by sample is divided by for a mean.
LETHE_EXPORT at::Tensor labelCounts(const Batch &batch);

/// Positions of a batch that carry a label themselves, not shifted: for losses on activations. Those before \p skip are left out.
struct LabelledPositions {
    at::Tensor rows_K;    ///< i64, rows of [N,D]
    at::Tensor samples_K; ///< i64, the sample of each
    at::Tensor counts_B;  ///< f32, positions of each sample, at least 1
};
LETHE_EXPORT LabelledPositions labelledPositions(const Batch &batch, std::int64_t skip = 0);

/// Logits of rows under a head, f32 [K,V].
LETHE_EXPORT at::Tensor logits(const OutputHead &head, const at::Tensor &hidden_KD);

/// A loss of some rows of logits: \p logits_KV are rows [firstRow, firstRow + K) of those asked for, f32. \return their sum, a scalar.
using RowLoss = std::function<at::Tensor(const at::Tensor &logits_KV, std::int64_t firstRow)>;

/// Σ over rows of a loss that needs whole rows of logits (a divergence, a margin), for losses that have no kernel of their own.
/// Rows go through in chunks, each differentiated while its logits are at hand: no [K,V] buffer outlives its chunk, and the backward
/// pass multiplies what is there. \p loss must not keep what it is given.
LETHE_EXPORT at::Tensor rowLossSum(const OutputHead &head, const at::Tensor &hidden_KD, const RowLoss &loss);

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
