#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/spec/ExperimentSpec.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lethe {

struct TensorInfo {
    std::string name;
    std::vector<std::int64_t> shape;
    std::string dtype; ///< as safetensors spells it: `F32`, `BF16`, `F16`
    std::uint64_t bytes = 0;
    std::string file; ///< name within the folder
    bool operator==(const TensorInfo &) const = default;
};

struct TokenizerInfo {
    std::string type;
    std::int64_t vocabularySize = 0;
    std::optional<std::int64_t> bosId, eosId, padId;
    bool hasChatTemplate = false;
    bool operator==(const TokenizerInfo &) const = default;
};

/// A LoRA adapter over the weights.
struct AdapterInfo {
    std::filesystem::path folder;
    std::int64_t rank = 0;
    double alpha = 0;
    std::int64_t parameters = 0;
    std::vector<std::string> modules; ///< ends of the adapted modules' names
    bool operator==(const AdapterInfo &) const = default;
};

/// What a Hugging Face model folder holds, from its headers alone (no weight is read).
struct ModelInfo {
    std::filesystem::path folder;
    std::string architecture; ///< `LlamaForCausalLM`
    std::string modelType;    ///< `llama`
    std::int64_t parameters = 0; ///< a tied tensor once
    std::string dtype;        ///< `f32`, `bf16`, `f16`: of the weights in the files
    std::int64_t vocabularySize = 0, hiddenSize = 0, intermediateSize = 0, layers = 0, heads = 0, kvHeads = 0, headDim = 0,
                 contextLength = 0;
    bool tiedEmbeddings = false;
    std::optional<TokenizerInfo> tokenizer;
    std::vector<std::string> files;
    std::uint64_t weightBytes = 0;
    std::vector<TensorInfo> tensors;
    std::vector<AdapterInfo> adapters; ///< of an adapter folder: the innermost first; all other facts are the base's
    /// What keeps it from being used, or is worth knowing: the file and the tensor named.
    std::vector<Error> problems;
    std::vector<std::string> remarks;
    bool usable() const { return problems.empty(); }
};

/// Reads config, headers and tokenizer of \p folder. Fails only where there is nothing to describe (no folder, no readable
/// config.json); everything else is in `problems`, beside the facts that could be read.
LETHE_EXPORT Result<ModelInfo> inspectModel(const std::filesystem::path &folder);

/// The `model_type`s that can be loaded.
LETHE_EXPORT std::vector<std::string> supportedModelTypes();

/// Bytes that a run of \p training on \p model needs at its peak, by part.
struct MemoryEstimate {
    std::int64_t weights = 0, reference = 0, gradients = 0, optimizer = 0, activations = 0, logits = 0;
    std::int64_t total() const { return weights + reference + gradients + optimizer + activations + logits; }
};
LETHE_EXPORT MemoryEstimate estimateMemory(const ModelInfo &model, const TrainingSpec &training, std::int64_t maxLength,
                                           double meanTokens, double meanLabels, bool needsReferenceModel);

} // namespace lethe
