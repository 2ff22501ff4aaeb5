#include "model/DecoderConfig.h"
#include "model/Safetensors.h"

#include <algorithm>
#include <set>

namespace lethe {

namespace {

std::string shapeText(const std::vector<std::int64_t> &shape)
{
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i)
        text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

/// Collects specs in transformers' order.
class SpecList
{
public:
    explicit SpecList(const DecoderConfig &config) : m_config(config) {}

    void norm(const std::string &name, std::int64_t width)
    {
        if (m_config.norm == NormKind::LayerPlain)
            return;
        specs.push_back({.name = name + ".weight", .shape = {width}, .kind = WeightKind::Norm});
        if (m_config.norm == NormKind::Layer)
            specs.push_back({.name = name + ".bias", .shape = {width}, .kind = WeightKind::Bias});
    }
    void linear(const std::string &name, std::int64_t out, std::int64_t in, bool bias)
    {
        specs.push_back({.name = name + ".weight",
                         .shape = m_config.conv1d ? std::vector<std::int64_t>{in, out} : std::vector<std::int64_t>{out, in},
                         .kind = WeightKind::Matrix});
        if (bias)
            specs.push_back({.name = name + ".bias", .shape = {out}, .kind = WeightKind::Bias});
    }
    void table(const std::string &name, std::int64_t rows, std::int64_t width)
    {
        specs.push_back({.name = name + ".weight", .shape = {rows, width}, .kind = WeightKind::Embedding});
    }

    std::vector<WeightSpec> specs;

private:
    const DecoderConfig &m_config;
};

void addAttention(SpecList &list, const DecoderConfig &c, const std::string &layer)
{
    const FamilyNames &names = c.names;
    const std::int64_t queryWidth = c.heads * c.headDim;
    const std::int64_t keyWidth = c.kvHeads * c.headDim;
    if (!names.fusedQkv.empty()) {
        list.linear(layer + names.fusedQkv, queryWidth + 2 * keyWidth, c.hidden, c.qkvBias);
    } else {
        list.linear(layer + names.query, queryWidth, c.hidden, c.qkvBias);
        list.linear(layer + names.key, keyWidth, c.hidden, c.qkvBias);
        list.linear(layer + names.value, keyWidth, c.hidden, c.qkvBias);
    }
    if (!names.queryNorm.empty()) {
        list.norm(layer + names.queryNorm, c.wideQkNorm ? queryWidth : c.headDim);
        list.norm(layer + names.keyNorm, c.wideQkNorm ? keyWidth : c.headDim);
    }
    list.linear(layer + names.output, c.hidden, queryWidth, c.outputBias);
}

void addMlp(SpecList &list, const DecoderConfig &c, const std::string &layer)
{
    const FamilyNames &names = c.names;
    if (!names.fusedGateUp.empty()) {
        list.linear(layer + names.fusedGateUp, 2 * c.intermediate, c.hidden, c.mlpBias);
    } else {
        if (!names.gate.empty())
            list.linear(layer + names.gate, c.intermediate, c.hidden, c.mlpBias);
        list.linear(layer + names.up, c.intermediate, c.hidden, c.mlpBias);
    }
    list.linear(layer + names.down, c.hidden, c.intermediate, c.mlpBias);
}

} // namespace

std::vector<WeightSpec> expectedWeights(const DecoderConfig &c)
{
    const FamilyNames &names = c.names;
    SpecList list(c);
    list.table(names.base + names.embedding, c.vocabulary, c.embeddingWidth);
    if (!names.positions.empty())
        list.table(names.base + names.positions, c.context + c.positionOffset, c.hidden);
    if (!names.projectIn.empty()) {
        list.specs.push_back({.name = names.base + names.projectIn + ".weight", .shape = {c.hidden, c.embeddingWidth}, .kind = WeightKind::Matrix});
        list.specs.push_back({.name = names.base + names.projectOut + ".weight", .shape = {c.embeddingWidth, c.hidden}, .kind = WeightKind::Matrix});
    }
    for (std::int64_t index = 0; index < c.layers; ++index) {
        const std::string layer = names.base + names.layer + std::to_string(index) + ".";
        if (!names.attentionNorm.empty())
            list.norm(layer + names.attentionNorm, c.hidden);
        addAttention(list, c, layer);
        if (!names.afterAttentionNorm.empty())
            list.norm(layer + names.afterAttentionNorm, c.hidden);
        if (!names.mlpNorm.empty())
            list.norm(layer + names.mlpNorm, c.hidden);
        addMlp(list, c, layer);
        if (!names.afterMlpNorm.empty())
            list.norm(layer + names.afterMlpNorm, c.hidden);
    }
    if (!names.finalNorm.empty())
        list.norm(names.base + names.finalNorm, c.hidden);
    if (!c.tied)
        list.specs.push_back({.name = names.head + ".weight", .shape = {c.vocabulary, c.embeddingWidth}, .kind = WeightKind::Matrix});
    if (c.headBias)
        list.specs.push_back({.name = names.head + ".bias", .shape = {c.vocabulary}, .kind = WeightKind::Bias});
    return std::move(list.specs);
}

bool isIgnorableTensor(const DecoderConfig &config, std::string_view name)
{
    for (const std::string_view suffix : {".rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias", ".attention.bias", ".attention.masked_bias"})
        if (name.ends_with(suffix))
            return true;
    return config.tied && (name == "lm_head.weight" || name == "embed_out.weight");
}

WeightMatch matchWeights(const DecoderConfig &config, const WeightFiles &files)
{
    WeightMatch match;
    match.specs = expectedWeights(config);
    std::set<std::string, std::less<>> used;
    std::size_t misshapen = 0;
    std::string misshapenList;
    std::vector<std::string> missing;

    for (WeightSpec &spec : match.specs) {
        std::vector<std::string> candidates{spec.name};
        if (!config.names.base.empty() && spec.name.starts_with(config.names.base))
            candidates.push_back(spec.name.substr(config.names.base.size()));
        if (spec.name.starts_with("embed_out."))
            candidates.push_back("lm_head." + spec.name.substr(10));
        WeightFiles::Found found;
        std::string fileName;
        for (const std::string &candidate : candidates) {
            found = files.find(candidate);
            if (found.entry == nullptr)
                continue;
            fileName = candidate;
            break;
        }
        match.fileNames.push_back(fileName);
        if (found.entry == nullptr) {
            missing.push_back(spec.name);
            continue;
        }
        used.insert(fileName);
        if (fileName.starts_with("lm_head.") && spec.name.starts_with("embed_out."))
            spec.name = fileName; // the newer name goes out as it came in
        if (found.entry->shape != spec.shape) {
            ++misshapen;
            if (misshapenList.size() < 600)
                misshapenList += (misshapenList.empty() ? "" : "; ") + fileName + " has shape " + shapeText(found.entry->shape) + ", expected "
                    + shapeText(spec.shape);
        }
        const std::string &dtype = found.entry->dtype;
        if (dtype != "F32" && dtype != "BF16" && dtype != "F16")
            match.problems.push_back({.code = ErrorCode::Unsupported, .what = "tensor " + fileName + " is stored as " + dtype,
                                      .where = found.file->path().filename().string(), .hint = "F32, BF16 and F16 can be loaded"});
    }
    if (misshapen > 0)
        match.problems.push_back({.code = ErrorCode::Corrupt,
                                  .what = std::to_string(misshapen) + " of " + std::to_string(match.specs.size())
                                      + " tensors do not fit config.json: " + misshapenList,
                                  .where = "config.json", .hint = "Are config and weights of the same model?"});
    if (!missing.empty()) {
        std::string names;
        for (std::size_t i = 0; i < missing.size() && i < 8; ++i)
            names += (i > 0 ? ", " : "") + missing[i];
        if (missing.size() > 8)
            names += " and " + std::to_string(missing.size() - 8) + " more";
        match.problems.push_back({.code = ErrorCode::Corrupt,
                                  .what = std::to_string(missing.size()) + " tensors that config.json asks for are missing: " + names,
                                  .where = files.files().size() == 1 ? files.files().front()->path().filename().string() : "model.safetensors.index.json",
                                  .hint = {}});
    }
    std::vector<std::string> unexpected;
    for (const auto &[name, found] : files.all())
        if (!used.contains(name) && !isIgnorableTensor(config, name))
            unexpected.push_back(name);
    if (!unexpected.empty()) {
        std::string names;
        for (std::size_t i = 0; i < unexpected.size() && i < 8; ++i)
            names += (i > 0 ? ", " : "") + unexpected[i];
        if (unexpected.size() > 8)
            names += " and " + std::to_string(unexpected.size() - 8) + " more";
        match.problems.push_back({.code = ErrorCode::Corrupt,
                                  .what = std::to_string(unexpected.size()) + " tensors are unexpected for a " + config.modelType + " model: " + names,
                                  .where = files.all().at(unexpected.front()).file->path().filename().string(),
                                  .hint = "Are config and weights of the same model?"});
    }
    return match;
}

} // namespace lethe
