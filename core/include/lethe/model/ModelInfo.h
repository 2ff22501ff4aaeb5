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
///
/// What is counted is what the process has in memory (VmHWM, less the model's files, whose pages are let go as they are read): the
/// program with its libraries, the weights as they are trained, gradients and optimizer state of what is trained, and of the
/// longest micro-batch, one term at a time, what the backward pass needs. The model stands for its own reference before the first
/// step, so a reference costs only where that one pass needs more than training does afterwards. Not counted: a reference model of
/// another folder, KL terms and methods that hold the terms' gradients apart, evaluation.
/// Held against measured peaks in core/README.md and tests/cli/tst_cli_memory.cpp.
struct MemoryEstimate {
    std::int64_t weights = 0, reference = 0, gradients = 0, optimizer = 0, activations = 0, logits = 0;
    std::int64_t process = 0;           ///< the program itself
    std::int64_t trainedParameters = 0; ///< a number, not bytes: all, or an adapter's
    std::int64_t total() const { return process + weights + reference + gradients + optimizer + activations + logits; }
    /// Of one checkpoint: what is trained, in f32, and the optimizer's state.
    std::int64_t checkpointBytes() const { return trainedParameters * 4 + optimizer; }
};
/// \param meanTokens, meanLabels of a row of the longer set
/// \param needsReferenceModel the model's own, frozen before the first step
/// \param referenceRows whose values it gives; 0: many
LETHE_EXPORT MemoryEstimate estimateMemory(const ModelInfo &model, const TrainingSpec &training, std::int64_t maxLength,
                                           double meanTokens, double meanLabels, bool needsReferenceModel, std::int64_t referenceRows = 0);

} // namespace lethe
