#include "model/LoraAdapter.h"

#include "model/Decoder.h"
#include "model/Kernels.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace lethe {

namespace {

c10::ScalarType scalarType(const std::string &dtype)
{
    return dtype == "BF16" ? at::kBFloat16 : dtype == "F16" ? at::kHalf : at::kFloat;
}

/// SplitMix64: neighbouring seeds give unrelated masks.
std::uint64_t mixed(std::uint64_t value)
{
    value += 0x9e3779b97f4a7c15u;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

/// Ones and zeros, divided by the share that is kept.
at::Tensor dropoutMask(const at::Tensor &x, double dropout, std::uint64_t seed)
{
    at::Generator random = x.is_cpu() ? at::detail::createCPUGenerator(seed) : at::globalContext().defaultGenerator(x.device()).clone();
    random.set_current_seed(seed);
    return at::empty_like(x).bernoulli_(1 - dropout, random).div_(1 - dropout);
}

} // namespace

at::Tensor tensorView(const SafetensorsFile &file, const TensorEntry &entry)
{
    return at::from_blob(const_cast<std::byte *>(file.bytes(entry).data()), entry.shape, at::TensorOptions().dtype(scalarType(entry.dtype)));
}

void LoraAdapter::add(const WeightSpec &weight, std::int64_t index, double scale, at::Tensor a, at::Tensor b)
{
    if (m_pairOf.size() <= static_cast<std::size_t>(index))
        m_pairOf.resize(static_cast<std::size_t>(index) + 1, -1);
    m_pairOf[static_cast<std::size_t>(index)] = static_cast<std::int64_t>(m_pairs.size());
    const auto push = [&](char side, at::Tensor value) {
        m_parameters.push_back({.spec = {.name = adapterTensorName(weight.name, side), .shape = value.sizes().vec(), .kind = WeightKind::Matrix},
                                .value = std::move(value)});
        return m_parameters.size() - 1;
    };
    Pair pair{.scale = scale};
    pair.a = push('A', std::move(a));
    pair.b = push('B', std::move(b));
    m_pairs.push_back(pair);
}

Result<LoraAdapter> LoraAdapter::create(const DecoderConfig &config, const std::vector<WeightSpec> &weights, const LoraSpec &lora, std::int64_t seed,
                                        c10::Device device)
{
    LETHE_TRY(const std::vector<std::string> names, adaptedWeights(config, weights, lora.targetModules));
    const std::set<std::string> wanted(names.begin(), names.end());
    LoraAdapter adapter;
    adapter.m_spec = lora;
    const auto rank = static_cast<double>(lora.rank);
    const double scale = lora.alpha / (lora.rankStabilized ? std::sqrt(rank) : rank);
    at::Generator random = at::detail::createCPUGenerator(mixed(static_cast<std::uint64_t>(seed)));
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (!wanted.contains(weights[i].name))
            continue;
        const LinearShape shape = linearShape(config, weights[i]);
        const double bound = 1 / std::sqrt(static_cast<double>(shape.in));
        at::Tensor a = at::empty({lora.rank, shape.in}, at::kFloat).uniform_(-bound, bound, random).to(device);
        adapter.add(weights[i], static_cast<std::int64_t>(i), scale, std::move(a),
                    at::zeros({shape.out, lora.rank}, at::TensorOptions().dtype(at::kFloat).device(device)));
    }
    return adapter;
}

LoraAdapter LoraAdapter::load(const AdapterMatch &match, const AdapterConfig &described, const DecoderConfig &config,
                              const std::vector<WeightSpec> &weights, c10::Device device)
{
    LoraAdapter adapter;
    adapter.m_spec = described.lora;
    const auto read = [&](const TensorEntry &entry) {
        return tensorView(*match.file, entry).to(at::TensorOptions().device(device).dtype(at::kFloat), /*non_blocking=*/false, /*copy=*/true);
    };
    std::map<std::string, const AdapterPair *> byWeight;
    for (const AdapterPair &pair : match.pairs)
        if (pair.weight.starts_with(config.names.base + config.names.layer))
            byWeight[pair.weight] = &pair;
    // In the order of the weights: decay groups and norms do not depend on the file.
    for (std::size_t i = 0; i < weights.size(); ++i)
        if (const auto found = byWeight.find(weights[i].name); found != byWeight.end())
            adapter.add(weights[i], static_cast<std::int64_t>(i), found->second->scale, read(*found->second->a), read(*found->second->b));
    return adapter;
}

const at::Tensor &LoraAdapter::value(std::size_t parameter) const
{
    return m_casts.empty() ? m_parameters[parameter].value : m_casts[parameter];
}

at::Tensor LoraAdapter::added(const at::Tensor &x, const at::Tensor &y, std::int64_t index, std::optional<std::uint64_t> dropoutSeed) const
{
    const auto at = static_cast<std::size_t>(index);
    if (at >= m_pairOf.size() || m_pairOf[at] < 0)
        return y;
    const Pair &pair = m_pairs[static_cast<std::size_t>(m_pairOf[at])];
    at::Tensor input = x;
    if (dropoutSeed && m_spec.dropout > 0)
        input = x * dropoutMask(x, m_spec.dropout, mixed(*dropoutSeed ^ mixed(static_cast<std::uint64_t>(index))));
    return kernels::addLowRank(y, input, value(pair.a), value(pair.b), pair.scale);
}

std::vector<std::string> LoraAdapter::moduleNames() const
{
    std::set<std::string> names;
    for (const Parameter &parameter : m_parameters) {
        const std::string module = parameter.spec.name.substr(0, parameter.spec.name.rfind(".lora_"));
        names.insert(module.substr(module.rfind('.') + 1));
    }
    return {names.begin(), names.end()};
}

void LoraAdapter::setTrainable(std::int64_t index, bool trainable)
{
    const auto at = static_cast<std::size_t>(index);
    if (at >= m_pairOf.size() || m_pairOf[at] < 0)
        return;
    const Pair &of = m_pairs[static_cast<std::size_t>(m_pairOf[at])];
    m_parameters[of.a].value.requires_grad_(trainable);
    m_parameters[of.b].value.requires_grad_(trainable);
}

at::Tensor LoraAdapter::delta(const DecoderConfig &config, const WeightSpec &weight, std::int64_t index) const
{
    const auto at = static_cast<std::size_t>(index);
    if (at >= m_pairOf.size() || m_pairOf[at] < 0)
        return {};
    const Pair &pair = m_pairs[static_cast<std::size_t>(m_pairOf[at])];
    const at::Tensor product = at::mm(m_parameters[pair.b].value.detach(), m_parameters[pair.a].value.detach()) * pair.scale;
    return linearShape(config, weight).transposed ? product.t() : product;
}

std::int64_t LoraAdapter::parameterCount() const
{
    std::int64_t count = 0;
    for (const Parameter &parameter : m_parameters)
        count += parameter.value.numel();
    return count;
}

void LoraAdapter::prepareCasts(c10::ScalarType dtype)
{
    if (dtype == at::kFloat || m_parameters.empty())
        return;
    // As for the decoder's own: part of the graph where gradients are recorded, else kept until a step.
    const bool recording = c10::GradMode::is_enabled()
        && std::ranges::any_of(m_parameters, [](const Parameter &parameter) { return parameter.value.requires_grad(); });
    if (!recording && m_castsValid)
        return;
    m_casts.clear();
    for (const Parameter &parameter : m_parameters)
        m_casts.push_back(parameter.value.to(dtype));
    m_castsValid = !recording;
}

} // namespace lethe
