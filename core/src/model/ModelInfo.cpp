#include <lethe/model/ModelInfo.h>

#include "model/DecoderConfig.h"
#include "model/AdapterFiles.h"
#include "model/ModelFolder.h"
#include "model/PairManifest.h"
#include "model/Safetensors.h"

#include <lethe/tokenizer/Tokenizer.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace lethe {

namespace fs = std::filesystem;

namespace {

void readAdapter(ModelInfo &info, const DecoderConfig &config, const std::vector<WeightSpec> &weights, const fs::path &folder)
{
    const auto adapter = readAdapterConfig(folder);
    if (!adapter.ok()) {
        info.problems.push_back(adapter.error());
        return;
    }
    const auto file = SafetensorsFile::open(folder / kAdapterWeights);
    if (!file.ok()) {
        std::error_code error;
        const bool pickled = fs::exists(folder / "adapter_model.bin", error);
        info.problems.push_back(!pickled ? file.error()
                                         : Error{.code = ErrorCode::Unsupported, .what = "is a pickle: reading it could run any code", .where = "adapter_model.bin",
                                                 .hint = "Save the adapter with safe_serialization=True"});
        return;
    }
    AdapterInfo described{.folder = folder, .rank = adapter->lora.rank, .alpha = adapter->lora.alpha, .parameters = 0, .modules = {}};
    std::set<std::string> modules;
    const AdapterMatch match = matchAdapter(config, weights, *adapter, *file);
    for (const AdapterPair &pair : match.pairs) {
        described.parameters += pair.a->elements() + pair.b->elements();
        const std::string module = pair.weight.substr(0, pair.weight.size() - 7);
        modules.insert(module.substr(module.rfind('.') + 1));
    }
    described.modules.assign(modules.begin(), modules.end());
    for (const TensorEntry &entry : file->entries()) {
        info.tensors.push_back({.name = entry.name, .shape = entry.shape, .dtype = entry.dtype, .bytes = entry.end - entry.begin, .file = kAdapterWeights});
        info.weightBytes += entry.end - entry.begin;
    }
    info.problems.insert(info.problems.end(), match.problems.begin(), match.problems.end());
    info.adapters.push_back(std::move(described));
}

void readWeights(ModelInfo &info, const DecoderConfig &config, const ModelFolder &parts)
{
    auto files = WeightFiles::open(parts.base);
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
    for (const fs::path &adapter : parts.adapters)
        readAdapter(info, config, match.specs, adapter);
}

std::vector<std::string> filesOf(const fs::path &folder)
{
    std::vector<std::string> files;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
        if (entry->is_regular_file(error))
            files.push_back(entry->path().filename().string());
    std::ranges::sort(files);
    return files;
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

namespace {

/// A folder by itself, whatever pair it may be the assistant of.
Result<ModelInfo> inspectSingle(const fs::path &folder)
{
    ModelInfo info;
    info.folder = folder;
    std::error_code error;
    if (!fs::is_directory(folder, error))
        return Error{.code = ErrorCode::NotFound, .what = "there is no such model folder", .where = folder.string(), .hint = {}};
    info.files = filesOf(folder);

    auto parts = resolveModelFolder(folder);
    if (!parts.ok()) {
        info.problems.push_back(parts.error());
        return info;
    }
    const auto config = readDecoderConfig(parts->base);
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
    readWeights(info, *config, *parts);
    readTokenizer(info);
    return info;
}

/// The target's facts, with what is wrong with either.
Result<ModelInfo> inspectPair(const fs::path &folder, const PairManifest &pair)
{
    LETHE_TRY(ModelInfo info, inspectSingle(pair.target));
    LETHE_TRY(const ModelInfo assistant, inspectSingle(pair.assistant));
    LETHE_TRY(const std::optional<PairManifest> inner, readPairManifest(pair.target));
    if (inner)
        info.problems.push_back({.code = ErrorCode::Unsupported, .what = "its target is a pair itself", .where = kPairFile, .hint = {}});
    if (assistant.vocabularySize != info.vocabularySize && assistant.usable() && info.usable())
        info.problems.push_back({.code = ErrorCode::InvalidInput, .what = "the assistant's vocabulary of " + std::to_string(assistant.vocabularySize)
                                     + " is not the target's of " + std::to_string(info.vocabularySize), .where = kPairFile,
                                 .hint = "An assistant shares the target's tokenizer"});
    for (Error problem : assistant.problems) {
        if (fs::path(problem.where).is_relative())
            problem.where = (pair.assistant / problem.where).string();
        info.problems.push_back(std::move(problem));
    }
    info.remarks.push_back("A pair: target " + pair.target.string() + " with an assistant of " + std::to_string(assistant.layers)
                           + " layers, whose logits are added with weight " + nlohmann::json(pair.logitWeight).dump() + ".");
    info.weightBytes += assistant.weightBytes;
    info.folder = folder;
    info.files.clear();
    return info;
}

} // namespace

Result<ModelInfo> inspectModel(const fs::path &folder)
{
    LETHE_TRY(const std::optional<PairManifest> pair, readPairManifest(folder));
    if (!pair)
        return inspectSingle(folder);
    LETHE_TRY(ModelInfo info, inspectPair(folder, *pair));
    info.files = filesOf(folder);
    return info;
}

} // namespace lethe
