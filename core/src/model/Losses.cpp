#include <lethe/sdk/Losses.h>

#include "model/Kernels.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace lethe {

at::Tensor LanguageModel::logits(const at::Tensor &hidden_KD) const
{
    return losses::logits(head(), hidden_KD);
}

at::Tensor LanguageModel::labelNll(const Batch &batch)
{
    const at::Tensor hidden_ND = hidden(batch);
    return losses::tokenNll(head(), hidden_ND, batch);
}

namespace losses {

at::Tensor logits(const OutputHead &out, const at::Tensor &hidden_KD)
{
    at::Tensor z = kernels::linear(hidden_KD, out.weight_VD, out.bias_V.defined() ? std::optional<at::Tensor>(out.bias_V) : std::nullopt).to(at::kFloat);
    if (out.scale != 1)
        z = z * out.scale;
    return out.softcap > 0 ? at::tanh(z / out.softcap) * out.softcap : z;
}

at::Tensor tokenNll(const OutputHead &head, const at::Tensor &hidden_ND, const Batch &batch)
{
    return kernels::labelNll(hidden_ND.index_select(0, batch.labelRows_M), head.weight_VD, head.bias_V, batch.labelIds_M, head.softcap, head.scale);
}

at::Tensor tokenNll(LanguageModel &model, const Batch &batch)
{
    return model.labelNll(batch);
}

at::Tensor sumBySample(const at::Tensor &values_M, const Batch &batch)
{
    return at::zeros({batch.samples()}, values_M.options()).index_add(0, batch.labelSamples_M, values_M);
}

at::Tensor sequenceNll(LanguageModel &model, const Batch &batch)
{
    return sumBySample(tokenNll(model, batch), batch);
}

at::Tensor labelCounts(const Batch &batch)
{
    std::vector<float> counts;
    for (std::int64_t sample = 0; sample < batch.samples(); ++sample)
        counts.push_back(static_cast<float>(batch.labelCount(sample)));
    return at::tensor(counts, at::kFloat).to(batch.ids_N.device());
}

LabelledPositions labelledPositions(const Batch &batch, std::int64_t skip)
{
    std::vector<std::int64_t> rows, samples;
    std::vector<float> counts;
    for (std::int64_t sample = 0; sample < batch.samples(); ++sample) {
        const std::int64_t start = batch.offsets[static_cast<std::size_t>(sample)];
        const std::int64_t first = std::max(skip, batch.labelStarts[static_cast<std::size_t>(sample)]);
        for (std::int64_t position = first; position < batch.length(sample); ++position) {
            rows.push_back(start + position);
            samples.push_back(sample);
        }
        counts.push_back(static_cast<float>(std::max<std::int64_t>(1, batch.length(sample) - first)));
    }
    const c10::Device device = batch.ids_N.device();
    return {.rows_K = at::tensor(rows, at::kLong).to(device), .samples_K = at::tensor(samples, at::kLong).to(device),
            .counts_B = at::tensor(counts, at::kFloat).to(device)};
}

at::Tensor rowLossSum(const OutputHead &head, const at::Tensor &hidden_KD, const RowLoss &loss)
{
    return kernels::rowLossSum(hidden_KD, head.weight_VD, head.bias_V, head.softcap, head.scale, loss);
}

at::Tensor forwardKlSum(LanguageModel &model, Reference &reference, const Batch &batch, KlPositions positions)
{
    at::Tensor hidden = model.hidden(batch);
    if (positions == KlPositions::Labels)
        hidden = hidden.index_select(0, batch.labelRows_M);
    const at::Tensor frozen = positions == KlPositions::Labels ? reference.labelHidden(batch) : reference.hidden(batch);
    const OutputHead head = model.head();
    const OutputHead referenceHead = reference.head();
    return kernels::forwardKlSum(hidden, head.weight_VD, head.bias_V, frozen, referenceHead.weight_VD, referenceHead.bias_V, head.softcap, head.scale);
}

} // namespace losses
} // namespace lethe
