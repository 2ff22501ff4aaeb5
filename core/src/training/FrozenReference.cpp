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

bool FrozenReference::remember(const std::vector<EncodedSample> &samples, std::vector<std::int64_t> indices, SampleSet set, const Progress &progress,
                               bool hidden)
{
    const at::NoGradGuard off;
    const AdapterOff base = asReference();
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
        const at::Tensor states = m_model->hidden(batch);
        const at::Tensor nll_M = hidden ? at::Tensor() : losses::tokenNll(m_model->head(), states, batch);
        for (std::size_t i = 0; i < members.size(); ++i) {
            const std::int64_t key = batch.keys[i];
            if (hidden)
                m_hidden[key] = states.narrow(0, batch.offsets[i], batch.length(static_cast<std::int64_t>(i))).clone();
            else
                m_nll[key] = nll_M.narrow(0, batch.labelOffsets[i], batch.labelCount(static_cast<std::int64_t>(i))).clone();
        }
        begin = end;
        if (progress && !progress(begin, indices.size()))
            return false;
    }
    return true;
}

bool FrozenReference::rememberNll(const std::vector<EncodedSample> &samples, const std::vector<std::int64_t> &indices, SampleSet set, const Progress &progress)
{
    return remember(samples, indices, set, progress, false);
}

bool FrozenReference::rememberHidden(const std::vector<EncodedSample> &samples, const std::vector<std::int64_t> &indices, SampleSet set, const Progress &progress)
{
    return remember(samples, indices, set, progress, true);
}

at::Tensor FrozenReference::tokenNll(const Batch &batch)
{
    const at::NoGradGuard off;
    std::vector<at::Tensor> parts;
    for (const std::int64_t key : batch.keys) {
        const auto found = m_nll.find(key);
        if (found == m_nll.end())
            break;
        parts.push_back(found->second);
    }
    if (parts.size() == batch.keys.size())
        return at::cat(parts, 0);
    TORCH_CHECK(m_model != nullptr, "a reference value was not remembered and its model is gone");
    ++m_livePasses;
    const AdapterOff base = asReference();
    return losses::tokenNll(*m_model, batch);
}

at::Tensor FrozenReference::sequenceNll(const Batch &batch)
{
    return losses::sumBySample(tokenNll(batch), batch);
}

at::Tensor FrozenReference::hidden(const Batch &batch)
{
    const at::NoGradGuard off;
    std::vector<at::Tensor> parts;
    for (const std::int64_t key : batch.keys) {
        const auto found = m_hidden.find(key);
        if (found == m_hidden.end())
            break;
        parts.push_back(found->second);
    }
    if (parts.size() == batch.keys.size())
        return at::cat(parts, 0);
    TORCH_CHECK(m_model != nullptr, "a reference value was not remembered and its model is gone");
    ++m_livePasses;
    const AdapterOff base = asReference();
    return m_model->hidden(batch);
}

OutputHead FrozenReference::head() const
{
    return m_head ? *m_head : m_model->head();
}

void FrozenReference::dropBody()
{
    if (!m_owned)
        return;
    m_head = m_owned->head();
    m_owned.reset();
    m_model = nullptr;
}

} // namespace lethe
