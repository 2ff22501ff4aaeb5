#include "model/AdaptedWeights.h"

#include "model/LoraAdapter.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace lethe {

namespace fs = std::filesystem;

Result<AdaptedWeights> AdaptedWeights::open(const DecoderConfig &config, const std::vector<WeightSpec> &weights, const std::vector<fs::path> &adapters,
                                            bool outermostBeside)
{
    AdaptedWeights adapted;
    adapted.m_config = config;
    for (const fs::path &folder : adapters) {
        Adapter adapter;
        LETHE_TRY(adapter.config, readAdapterConfig(folder));
        LETHE_TRY(SafetensorsFile file, SafetensorsFile::open(folder / kAdapterWeights));
        adapter.file = std::make_unique<SafetensorsFile>(std::move(file));
        adapter.match = matchAdapter(config, weights, adapter.config, *adapter.file);
        if (!adapter.match.problems.empty())
            return adapter.match.problems.front();
        adapter.foldsLayers = !outermostBeside || folder != adapters.back();
        adapted.m_adapters.push_back(std::move(adapter));
    }
    return adapted;
}

bool AdaptedWeights::folds(const Adapter &adapter, const std::string &weight) const
{
    return adapter.foldsLayers || !weight.starts_with(m_config.names.base + m_config.names.layer);
}

bool AdaptedWeights::changes(const std::string &weight) const
{
    return std::ranges::any_of(m_adapters, [&](const Adapter &adapter) {
        return std::ranges::any_of(adapter.match.replaced, [&](const auto &replaced) { return replaced.first == weight; })
            || (folds(adapter, weight) && std::ranges::any_of(adapter.match.pairs, [&](const AdapterPair &pair) { return pair.weight == weight; }));
    });
}

std::vector<float> AdaptedWeights::read(const WeightSpec &weight, const SafetensorsFile &file, const TensorEntry &entry) const
{
    const at::NoGradGuard off;
    std::vector<float> values(static_cast<std::size_t>(entry.elements()));
    at::Tensor sum = at::from_blob(values.data(), weight.shape, at::kFloat);
    sum.copy_(tensorView(file, entry));
    for (const Adapter &adapter : m_adapters) {
        for (const auto &[name, whole] : adapter.match.replaced)
            if (name == weight.name)
                sum.copy_(tensorView(*adapter.file, *whole));
        for (const AdapterPair &pair : adapter.match.pairs)
            if (pair.weight == weight.name && folds(adapter, weight.name)) {
                const at::Tensor product = at::mm(tensorView(*adapter.file, *pair.b).to(at::kFloat), tensorView(*adapter.file, *pair.a).to(at::kFloat));
                sum.add_(linearShape(m_config, weight).transposed ? product.t() : product, pair.scale);
            }
    }
    return values;
}

} // namespace lethe
