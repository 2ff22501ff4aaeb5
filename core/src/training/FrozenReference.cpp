#include "training/FrozenReference.h"

#include <lethe/sdk/Losses.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace lethe {

namespace {

constexpr std::int64_t kTokensAPass = 4096;

} // namespace

Batch packSamples(const std::vector<EncodedSample> &samples, const std::vector<std::int64_t> &indices, SampleSet set, c10::Device device)
{
    std::vector<PackedSample> packed;
    packed.reserve(indices.size());
    for (const std::int64_t index : indices) {
        const EncodedSample &sample = samples[static_cast<std::size_t>(index)];
        packed.push_back({.ids = sample.ids.data(), .length = static_cast<std::int64_t>(sample.ids.size()), .labelStart = sample.labelStart,
                          .key = referenceKey(set, index)});
    }
    return packBatch(packed, device);
}

FrozenReference::FrozenReference(std::unique_ptr<Decoder> owned, Decoder &model) : m_owned(std::move(owned)), m_model(&model) {}
FrozenReference::~FrozenReference() = default;

std::int64_t FrozenReference::bytesOf(const std::vector<EncodedSample> &samples, const std::vector<std::int64_t> &indices, const FrozenUse &use,
                                      const Decoder &model)
{
    const auto element = static_cast<std::int64_t>(at::elementSize(model.dtype()));
    const std::int64_t state = model.config().embeddingWidth * element;
    const std::int64_t residual = model.config().hidden * element;
    std::int64_t bytes = 0;
    for (const std::int64_t index : indices) {
        const EncodedSample &sample = samples[static_cast<std::size_t>(index)];
        const auto tokens = static_cast<std::int64_t>(sample.ids.size());
        bytes += (use.hidden ? tokens * state : 0) + (use.labelHidden ? sample.labelCount() * state : 0) + (use.layer ? tokens * residual : 0)
            + (use.nll ? sample.labelCount() * 4 : 0);
    }
    return bytes;
}

bool FrozenReference::remember(const std::vector<EncodedSample> &samples, std::vector<std::int64_t> indices, SampleSet set, const FrozenUse &use,
                               const Progress &progress)
{
    const at::NoGradGuard off;
    const AdapterOff base(*m_model); // of the model that trains an adapter, the base alone
    if (use.layer)
        m_layerIndex = *use.layer;
    // By length, then by index: the batches, and with them the last bit of every value, depend on the samples alone.
    std::ranges::sort(indices, [&](std::int64_t a, std::int64_t b) {
        return std::pair(samples[static_cast<std::size_t>(a)].ids.size(), a) < std::pair(samples[static_cast<std::size_t>(b)].ids.size(), b);
    });
    for (std::size_t begin = 0; begin < indices.size();) {
        std::int64_t tokens = 0;
        std::size_t end = begin;
        while (end < indices.size() && (end == begin || tokens < kTokensAPass))
            tokens += static_cast<std::int64_t>(samples[static_cast<std::size_t>(indices[end++])].ids.size());
        const std::vector<std::int64_t> members(indices.begin() + static_cast<std::ptrdiff_t>(begin), indices.begin() + static_cast<std::ptrdiff_t>(end));
        const Batch batch = packSamples(samples, members, set, m_model->device());
        const auto perToken = [&](const at::Tensor &values, Remembered &into) {
            for (std::size_t i = 0; i < members.size(); ++i)
                into[batch.keys[i]] = values.narrow(0, batch.offsets[i], batch.length(static_cast<std::int64_t>(i))).clone();
        };
        const auto perLabel = [&](const at::Tensor &values, Remembered &into) {
            for (std::size_t i = 0; i < members.size(); ++i)
                into[batch.keys[i]] = values.narrow(0, batch.labelOffsets[i], batch.labelCount(static_cast<std::int64_t>(i))).clone();
        };
        if (use.layer)
            perToken(m_model->layerOutput(batch, *use.layer), m_layer);
        if (use.nll || use.hidden || use.labelHidden) {
            const at::Tensor states = m_model->hidden(batch);
            if (use.nll)
                perLabel(losses::tokenNll(m_model->head(), states, batch), m_nll);
            if (use.hidden)
                perToken(states, m_hidden);
            if (use.labelHidden && !use.hidden)
                perLabel(states.index_select(0, batch.labelRows_M), m_labelHidden);
        }
        begin = end;
        if (progress && !progress(begin, indices.size()))
            return false;
    }
    return true;
}

at::Tensor FrozenReference::joined(const Remembered &values, const Batch &batch)
{
    std::vector<at::Tensor> parts;
    for (const std::int64_t key : batch.keys) {
        const auto found = values.find(key);
        if (found == values.end())
            return {};
        parts.push_back(found->second);
    }
    return at::cat(parts, 0);
}

Decoder &FrozenReference::live()
{
    TORCH_CHECK(m_model != nullptr, "a value of the reference model was not asked for in time: the method must name it in MethodUse");
    ++m_livePasses;
    return *m_model;
}

at::Tensor FrozenReference::tokenNll(const Batch &batch)
{
    const at::NoGradGuard off;
    const at::Tensor known = joined(m_nll, batch);
    if (known.defined())
        return known;
    Decoder &model = live();
    const AdapterOff base(model);
    return losses::tokenNll(model, batch);
}

at::Tensor FrozenReference::sequenceNll(const Batch &batch)
{
    return losses::sumBySample(tokenNll(batch), batch);
}

at::Tensor FrozenReference::hidden(const Batch &batch)
{
    const at::NoGradGuard off;
    const at::Tensor known = joined(m_hidden, batch);
    if (known.defined())
        return known;
    Decoder &model = live();
    const AdapterOff base(model);
    return model.hidden(batch);
}

at::Tensor FrozenReference::labelHidden(const Batch &batch)
{
    const at::NoGradGuard off;
    const at::Tensor known = joined(m_labelHidden, batch);
    return known.defined() ? known : hidden(batch).index_select(0, batch.labelRows_M);
}

at::Tensor FrozenReference::layerOutput(const Batch &batch, std::int64_t layer)
{
    const at::NoGradGuard off;
    const at::Tensor known = layer == m_layerIndex ? joined(m_layer, batch) : at::Tensor();
    if (known.defined())
        return known;
    Decoder &model = live();
    const AdapterOff base(model);
    return model.layerOutput(batch, layer);
}

OutputHead FrozenReference::head() const
{
    TORCH_CHECK(m_head || m_model != nullptr, "the reference model's head was not kept: the method must name hidden states in MethodUse");
    return m_head ? *m_head : m_model->head();
}

void FrozenReference::dropBody(bool keepHead)
{
    if (keepHead) {
        m_head = m_model->head();
        if (!m_owned) { // the model's own tensors, about to be trained
            m_head->weight_VD = m_head->weight_VD.detach().clone();
            if (m_head->bias_V.defined())
                m_head->bias_V = m_head->bias_V.detach().clone();
        }
    }
    m_owned.reset();
    m_model = nullptr;
}

} // namespace lethe
