#include <lethe/model/ModelInfo.h>

#include "model/DecoderConfig.h"
#include "model/Safetensors.h"

#include <lethe/tokenizer/Tokenizer.h>

#include <algorithm>
#include <map>

namespace lethe {

namespace fs = std::filesystem;

namespace {

void readWeights(ModelInfo &info, const DecoderConfig &config)
{
    auto files = WeightFiles::open(info.folder);
    if (!files.ok()) {
        info.problems.push_back(files.error());
        return;
    }
    std::map<std::string, std::uint64_t> bytesByDtype;
    for (const auto &[name, found] : files->all()) {
        const std::uint64_t bytes = found.entry->end - found.entry->begin;
        info.tensors.push_back({.name = name, .shape = found.entry->shape, .dtype = found.entry->dtype, .bytes = bytes,
                                .file = found.file->path().filename().string()});
        info.weightBytes += bytes;
        bytesByDtype[found.entry->dtype] += bytes;
    }
    if (!bytesByDtype.empty()) {
        std::string dtype = std::ranges::max_element(bytesByDtype, {}, [](const auto &entry) { return entry.second; })->first;
        std::ranges::transform(dtype, dtype.begin(), [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
        info.dtype = dtype;
    }
    WeightMatch match = matchWeights(config, *files);
    for (const WeightSpec &spec : match.specs) {
        std::int64_t elements = 1;
        for (const std::int64_t extent : spec.shape)
            elements *= extent;
        info.parameters += elements;
    }
    info.problems.insert(info.problems.end(), match.problems.begin(), match.problems.end());
}

void readTokenizer(ModelInfo &info)
{
    const auto tokenizer = Tokenizer::load(info.folder);
    if (!tokenizer.ok()) {
        info.problems.push_back(tokenizer.error());
        return;
    }
    const auto wide = [](std::optional<TokenId> id) { return id ? std::optional<std::int64_t>(*id) : std::nullopt; };
    info.tokenizer = TokenizerInfo{.type = std::string(tokenizer->type()),
                                   .vocabularySize = tokenizer->vocabularySize(),
                                   .bosId = wide(tokenizer->bosId()),
                                   .eosId = wide(tokenizer->eosId()),
                                   .padId = wide(tokenizer->padId()),
                                   .hasChatTemplate = tokenizer->chatTemplate().has_value()};
    if (info.vocabularySize > 0 && info.tokenizer->vocabularySize > info.vocabularySize)
        info.problems.push_back({.code = ErrorCode::Corrupt,
                                 .what = "has " + std::to_string(info.tokenizer->vocabularySize) + " entries, the model "
                                     + std::to_string(info.vocabularySize) + ": these belong to different models",
                                 .where = "tokenizer.json", .hint = "Copy the tokenizer files of this model into its folder"});
    if (!info.tokenizer->eosId)
        info.remarks.emplace_back("The tokenizer names no end-of-text token: samples are not closed, and generation ends at its limit.");
}

} // namespace

Result<ModelInfo> inspectModel(const fs::path &folder)
{
    ModelInfo info;
    info.folder = folder;
    std::error_code error;
    if (!fs::is_directory(folder, error))
        return Error{.code = ErrorCode::NotFound, .what = "there is no such model folder", .where = folder.string(), .hint = {}};
    for (const auto &entry : fs::directory_iterator(folder, error))
        if (entry.is_regular_file(error))
            info.files.push_back(entry.path().filename().string());
    std::ranges::sort(info.files);

    const auto config = readDecoderConfig(folder);
    if (!config.ok()) {
        if (config.error().code == ErrorCode::NotFound)
            return config.error();
        info.problems.push_back(config.error());
        return info;
    }
    info.architecture = config->architecture;
    info.modelType = config->modelType;
    info.vocabularySize = config->vocabulary;
    info.hiddenSize = config->hidden;
    info.intermediateSize = config->intermediate;
    info.layers = config->layers;
    info.heads = config->heads;
    info.kvHeads = config->kvHeads;
    info.headDim = config->headDim;
    info.contextLength = config->context;
    info.tiedEmbeddings = config->tied;
    info.remarks = config->remarks;
    readWeights(info, *config);
    readTokenizer(info);
    return info;
}

MemoryEstimate estimateMemory(const ModelInfo &model, const TrainingSpec &training, std::int64_t maxLength, double meanTokens,
                              double meanLabels, bool needsReferenceModel)
{
    const std::int64_t weightBytes = training.dtype == Dtype::F32 ? 4 : 2;
    const double tokens = static_cast<double>(training.batchSize) * std::min(meanTokens, static_cast<double>(maxLength));
    const double labels = static_cast<double>(training.batchSize) * meanLabels;
    const double bytes = static_cast<double>(weightBytes);
    const double queryWidth = static_cast<double>(model.heads * model.headDim);
    const double keyWidth = static_cast<double>(model.kvHeads * model.headDim);

    MemoryEstimate estimate;
    // Below f32 a master copy in f32 is what the optimizer moves.
    estimate.weights = model.parameters * (training.dtype == Dtype::F32 ? 4 : 6);
    estimate.reference = needsReferenceModel ? model.parameters * weightBytes : 0;
    estimate.gradients = model.parameters * 4;
    estimate.optimizer = training.optimizer == OptimizerKind::AdamW ? model.parameters * 8 : 0;
    // What a layer keeps for its backward pass, a token: two norms' in- and outputs, q, k, v with their rotated forms, the
    // attention's output, the residual sums, and gate, up, activation and product of the MLP.
    const double perToken = 6 * static_cast<double>(model.hiddenSize) + 3 * queryWidth + 3 * keyWidth + 4 * static_cast<double>(model.intermediateSize);
    const double kept = training.gradientCheckpointing
        ? static_cast<double>(model.layers) * static_cast<double>(model.hiddenSize) + perToken
        : static_cast<double>(model.layers) * perToken;
    estimate.activations = static_cast<std::int64_t>(tokens * kept * bytes);
    estimate.logits = static_cast<std::int64_t>(labels * static_cast<double>(model.vocabularySize) * 4);
    return estimate;
}

} // namespace lethe
