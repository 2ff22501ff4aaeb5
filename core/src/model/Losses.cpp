#include <lethe/sdk/Losses.h>

#include "model/Kernels.h"

#include <ATen/ATen.h>

namespace lethe {

at::Tensor LanguageModel::logits(const at::Tensor &hidden_KD) const
{
    const OutputHead out = head();
    at::Tensor z = at::linear(hidden_KD, out.weight_VD, out.bias_V.defined() ? std::optional<at::Tensor>(out.bias_V) : std::nullopt).to(at::kFloat);
    if (out.scale != 1)
        z = z * out.scale;
    return out.softcap > 0 ? at::tanh(z / out.softcap) * out.softcap : z;
}

at::Tensor LanguageModel::labelNll(const Batch &batch)
{
    const at::Tensor hidden_ND = hidden(batch);
    return losses::tokenNll(head(), hidden_ND, batch);
}

namespace losses {

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

at::Tensor forwardKlSum(LanguageModel &model, Reference &reference, const Batch &batch, KlPositions positions)
{
    at::Tensor hidden = model.hidden(batch);
    at::Tensor frozen = reference.hidden(batch);
    if (positions == KlPositions::Labels) {
        hidden = hidden.index_select(0, batch.labelRows_M);
        frozen = frozen.index_select(0, batch.labelRows_M);
    }
    const OutputHead head = model.head();
    const OutputHead referenceHead = reference.head();
    return kernels::forwardKlSum(hidden, head.weight_VD, head.bias_V, frozen, referenceHead.weight_VD, referenceHead.bias_V, head.softcap, head.scale);
}

} // namespace losses
} // namespace lethe
