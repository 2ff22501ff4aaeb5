#pragma once

#include "model/DecoderConfig.h"
#include "model/Safetensors.h"

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/spec/ExperimentSpec.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

inline constexpr const char *kAdapterConfig = "adapter_config.json";
inline constexpr const char *kAdapterWeights = "adapter_model.safetensors";

/// A LoRA adapter (Hu et al. 2021, arXiv 2106.09685) as PEFT's adapter_config.json describes it.
struct AdapterConfig {
    std::string base; ///< base_model_name_or_path
    LoraSpec lora;
    /// Ranks and alphas of single modules: names, or regular expressions for their ends.
    std::vector<std::pair<std::string, std::int64_t>> rankPattern;
    std::vector<std::pair<std::string, double>> alphaPattern;
};

/// Unsupported names what the adapter needs and is not offered (another type than LORA, DoRA, …); Corrupt the key; NotFound, Io.
LETHE_EXPORT Result<AdapterConfig> readAdapterConfig(const std::filesystem::path &folder);

/// adapter_config.json for a new adapter. \p moduleNames: what was adapted, as `target_modules` spells it.
LETHE_EXPORT std::string adapterConfigText(const std::string &base, const LoraSpec &lora, const std::vector<std::string> &moduleNames,
                                           bool storedTransposed);

/// One adapted weight: W + scale · B·A, with A [r, in] and B [out, r].
struct AdapterPair {
    std::string weight; ///< the base weight's canonical name
    std::int64_t rank = 0;
    double scale = 1;
    const TensorEntry *a = nullptr, *b = nullptr;
};

/// An adapter's files held against its base.
struct AdapterMatch {
    const SafetensorsFile *file = nullptr;
    std::vector<AdapterPair> pairs;
    /// Whole tensors that the adapter brings along (biases, `modules_to_save`): base weight's name and the entry that replaces it.
    std::vector<std::pair<std::string, const TensorEntry *>> replaced;
    std::vector<Error> problems;
};
/// \p weights: the base's. The result points into \p file.
LETHE_EXPORT AdapterMatch matchAdapter(const DecoderConfig &config, const std::vector<WeightSpec> &weights, const AdapterConfig &adapter,
                                       const SafetensorsFile &file);

/// [out, in] of a linear layer's weight, however it is stored.
struct LinearShape {
    std::int64_t out = 0, in = 0;
    bool transposed = false; ///< stored as [in, out] (Conv1D)
};
LETHE_EXPORT LinearShape linearShape(const DecoderConfig &config, const WeightSpec &weight);

/// The layer-block linear weights that \p targets name (a name alone or the end of a path, as PEFT matches lists; none, or
/// `all-linear`: every one). InvalidInput names a target that fits nothing and those there are.
LETHE_EXPORT Result<std::vector<std::string>> adaptedWeights(const DecoderConfig &config, const std::vector<WeightSpec> &weights,
                                                             const std::vector<std::string> &targets);

/// `base_model.model.<module>.lora_A.weight` for weight `<module>.weight`.
LETHE_EXPORT std::string adapterTensorName(std::string_view weight, char side);

} // namespace lethe
