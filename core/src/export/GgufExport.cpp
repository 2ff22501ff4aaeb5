#include "GgufExport.h"

#include "ExportCheck.h"

#include "model/AdaptedWeights.h"
#include "model/DecoderConfig.h"
#include "model/FloatConvert.h"
#include "model/Safetensors.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace lethe {

namespace {

/// Values that are converted at once: of a row of a matrix, several rows.
constexpr std::int64_t kValuesAtOnce = 1 << 20;

/// What the format has an architecture of the very same computation for, and its name there.
std::optional<std::string> architectureOf(const DecoderConfig &config)
{
    if (config.modelType == "llama" || config.modelType == "mistral")
        return "llama";
    if (config.modelType == "qwen2" || config.modelType == "qwen3")
        return config.modelType;
    return std::nullopt;
}

Result<std::string> checkedArchitecture(const DecoderConfig &config, const std::filesystem::path &folder)
{
    const auto refuse = [&](const std::string &key, const std::string &what) {
        return Error{.code = ErrorCode::Unsupported, .what = what, .where = (folder / "config.json").string() + ": " + key,
                     .hint = "Export in the Hugging Face format"};
    };
    const auto architecture = architectureOf(config);
    if (!architecture)
        return refuse("model_type", "the model type \"" + config.modelType + "\" is not written as GGUF; llama, mistral, qwen2 and qwen3 are");
    if (std::ranges::any_of(config.windows, [&](std::int64_t window) { return window > 0 && window < config.context; }))
        return refuse("sliding_window", "llama.cpp has no sliding window for this family: longer texts would be computed otherwise");
    if (config.rope.kind != RopeKind::Default && config.rope.kind != RopeKind::Linear && config.rope.kind != RopeKind::Llama3)
        return refuse("rope_scaling", "rotary scaling other than linear and llama3 is not written as GGUF");
    if (config.norm != NormKind::Rms || config.activation != Activation::Silu || config.rotaryDim != config.headDim
        || config.attentionSoftcap > 0 || config.logitSoftcap > 0 || config.embeddingScale != 1 || config.embeddingWidth != config.hidden)
        return refuse("model_type", "the model is built in a way that the architecture " + *architecture + " of the format is not");
    return *architecture;
}

struct Target {
    std::string name;
    std::int64_t heads = 0; ///< rows are put in the order of another rotary embedding, within so many heads; 0: as they are
};

/// The format's name of each tensor, by the name in the model's config.
std::map<std::string, Target> targetsOf(const DecoderConfig &config, bool interleaved)
{
    const FamilyNames &n = config.names;
    std::map<std::string, Target> targets;
    const auto add = [&](const std::string &role, const std::string &name, std::int64_t heads = 0) {
        for (const char *part : {".weight", ".bias"})
            if (!role.empty())
                targets[role + part] = {name + part, interleaved ? heads : 0};
    };
    add(n.base + n.embedding, "token_embd");
    add(n.base + n.finalNorm, "output_norm");
    add(n.head, "output");
    for (std::int64_t layer = 0; layer < config.layers; ++layer) {
        const std::string from = n.base + n.layer + std::to_string(layer) + ".", to = "blk." + std::to_string(layer) + ".";
        const auto part = [&](const std::string &role, const char *name, std::int64_t heads = 0) {
            if (!role.empty())
                add(from + role, to + name, heads);
        };
        part(n.attentionNorm, "attn_norm");
        part(n.query, "attn_q", config.heads);
        part(n.key, "attn_k", config.kvHeads);
        part(n.value, "attn_v");
        part(n.queryNorm, "attn_q_norm");
        part(n.keyNorm, "attn_k_norm");
        part(n.output, "attn_output");
        part(n.mlpNorm, "ffn_norm");
        part(n.gate, "ffn_gate");
        part(n.up, "ffn_up");
        part(n.down, "ffn_down");
    }
    return targets;
}

/// Vectors stay f32, as llama.cpp wants them; a matrix whose rows are no whole blocks is f16 where the others are in blocks.
GgufType typeOf(const WeightSpec &spec, Dtype dtype, bool quantize)
{
    if (spec.shape.size() < 2)
        return GgufType::F32;
    if (quantize)
        return spec.shape.back() % kGgufBlock == 0 ? GgufType::Q8_0 : GgufType::F16;
    return dtype == Dtype::F32 ? GgufType::F32 : dtype == Dtype::BF16 ? GgufType::BF16 : GgufType::F16;
}

/// llama3's frequencies, as what each is divided by.
std::vector<float> frequencyFactors(const DecoderConfig &config)
{
    RopeConfig plain = config.rope;
    plain.kind = RopeKind::Default;
    const std::vector<float> scaled = rotaryFrequencies(config.rope, config.rotaryDim, config.context).inverse;
    std::vector<float> factors = rotaryFrequencies(plain, config.rotaryDim, config.context).inverse;
    for (std::size_t i = 0; i < factors.size(); ++i)
        factors[i] /= scaled[i];
    return factors;
}

GgufMetadata metadataOf(const ExportPlan &plan, const DecoderConfig &config, const std::string &architecture, bool quantize)
{
    const auto key = [&](const char *name) { return architecture + "." + name; };
    const auto number = [](std::int64_t value) { return static_cast<std::uint32_t>(value); };
    // The format's numbers of what most tensors are.
    const std::uint32_t fileType = quantize ? 7 : plan.dtype == Dtype::F32 ? 0 : plan.dtype == Dtype::BF16 ? 32 : 1;
    GgufMetadata metadata{{"general.architecture", architecture},
                          {"general.type", std::string("model")},
                          {"general.name", plan.run.row.name.empty() ? "run " + std::to_string(plan.run.row.id) : plan.run.row.name},
                          {"general.file_type", fileType},
                          {"general.quantization_version", std::uint32_t{2}},
                          {key("vocab_size"), number(config.vocabulary)},
                          {key("context_length"), number(config.context)},
                          {key("embedding_length"), number(config.hidden)},
                          {key("block_count"), number(config.layers)},
                          {key("feed_forward_length"), number(config.intermediate)},
                          {key("attention.head_count"), number(config.heads)},
                          {key("attention.head_count_kv"), number(config.kvHeads)},
                          {key("attention.key_length"), number(config.headDim)},
                          {key("attention.value_length"), number(config.headDim)},
                          {key("attention.layer_norm_rms_epsilon"), static_cast<float>(config.normEps)},
                          {key("rope.dimension_count"), number(config.rotaryDim)},
                          {key("rope.freq_base"), static_cast<float>(config.rope.theta)}};
    if (config.rope.kind == RopeKind::Linear) {
        metadata.emplace_back(key("rope.scaling.type"), std::string("linear"));
        metadata.emplace_back(key("rope.scaling.factor"), static_cast<float>(config.rope.factor));
    }
    return metadata;
}

/// The row that goes where: of each head, the two halves in turn.
std::int64_t sourceRow(std::int64_t row, std::int64_t rows, std::int64_t heads)
{
    if (heads == 0)
        return row;
    const std::int64_t width = rows / heads;
    const std::int64_t within = row % width;
    return row - within + within % 2 * (width / 2) + within / 2;
}

/// Rows of one tensor, as f32.
struct Rows {
    std::vector<float> folded; ///< what adapters make of it; empty where the file's own values stay
    std::span<const std::byte> bytes;
    Dtype dtype = Dtype::F32;
    std::int64_t width = 0;

    void read(std::int64_t row, std::span<float> into) const
    {
        if (!folded.empty()) {
            std::copy_n(folded.begin() + row * width, width, into.begin());
            return;
        }
        const std::size_t rowBytes = static_cast<std::size_t>(width) * bytesOf(dtype);
        convertFloats(bytes.subspan(static_cast<std::size_t>(row) * rowBytes, rowBytes), dtype, std::as_writable_bytes(into), Dtype::F32);
    }
};

} // namespace

Result<GgufPlan> planGguf(const ExportPlan &plan, bool quantize)
{
    if (plan.asAdapter)
        return Error{.code = ErrorCode::InvalidInput, .what = "an adapter alone is not written as GGUF", .where = "--format", .hint = "Add --merge-adapter"};
    if (plan.target)
        return Error{.code = ErrorCode::Unsupported, .what = "a pair of models is not written as GGUF", .where = "--format", .hint = "Export in the Hugging Face format"};
    LETHE_TRY(const DecoderConfig config, readDecoderConfig(plan.weightsFolder));
    LETHE_TRY(const std::string architecture, checkedArchitecture(config, plan.weightsFolder));
    LETHE_TRY(const WeightFiles files, WeightFiles::open(plan.weightsFolder));
    const WeightMatch match = matchWeights(config, files);
    if (!match.problems.empty())
        return match.problems.front();
    GgufPlan gguf;
    gguf.metadata = metadataOf(plan, config, architecture, quantize);
    LETHE_TRY(const GgufMetadata tokenizer, ggufTokenizer(plan.checkpoint.path, config.vocabulary));
    gguf.metadata.insert(gguf.metadata.end(), tokenizer.begin(), tokenizer.end());
    const auto targets = targetsOf(config, architecture == "llama");
    if (config.rope.kind == RopeKind::Llama3)
        gguf.tensors.push_back({.name = "rope_freqs.weight", .shape = {config.rotaryDim / 2}, .type = GgufType::F32});
    for (const WeightSpec &spec : match.specs) {
        const auto target = targets.find(spec.name);
        if (target == targets.end())
            return Error{.code = ErrorCode::Unsupported, .what = "the tensor " + spec.name + " has no place in the architecture " + architecture + " of the format",
                         .where = plan.weightsFolder.string(), .hint = "Export in the Hugging Face format"};
        gguf.tensors.push_back({.name = target->second.name, .shape = spec.shape, .type = typeOf(spec, plan.dtype, quantize)});
    }
    for (const GgufTensor &tensor : gguf.tensors)
        gguf.bytes += ggufBytes(tensor.type, tensor.elements());
    return gguf;
}

Result<void> writeGguf(const ExportPlan &plan, const GgufPlan &gguf, const std::filesystem::path &file, const ExportProgress &progress)
{
    LETHE_TRY(const DecoderConfig config, readDecoderConfig(plan.weightsFolder));
    LETHE_TRY(const WeightFiles files, WeightFiles::open(plan.weightsFolder));
    const WeightMatch match = matchWeights(config, files);
    LETHE_TRY(const AdaptedWeights adapted, AdaptedWeights::open(config, match.specs, plan.merged, false));
    const auto targets = targetsOf(config, architectureOf(config) == "llama");
    LETHE_TRY(GgufWriter writer, GgufWriter::create(file, gguf.metadata, gguf.tensors));
    std::uint64_t done = 0;
    std::size_t next = 0;
    if (config.rope.kind == RopeKind::Llama3) {
        const std::vector<float> factors = frequencyFactors(config);
        LETHE_TRY_VOID(writer.append(std::as_bytes(std::span(factors))));
        ++next;
    }
    for (std::size_t i = 0; i < match.specs.size(); ++i, ++next) {
        const WeightSpec &spec = match.specs[i];
        const WeightFiles::Found found = files.find(match.fileNames[i]);
        const auto dtype = floatDtypeFrom(found.entry->dtype);
        if (!dtype)
            return Error{.code = ErrorCode::Unsupported, .what = "is of dtype " + found.entry->dtype, .where = spec.name, .hint = {}};
        Rows source{.folded = {}, .bytes = found.file->bytes(*found.entry), .dtype = *dtype, .width = 1};
        if (adapted.changes(spec.name))
            source.folded = adapted.read(spec, *found.file, *found.entry);
        // A vector is rows of one value, so that a bias goes the way of its matrix.
        const std::int64_t rows = spec.shape.empty() ? 1 : spec.shape.front();
        source.width = std::accumulate(spec.shape.begin() + (spec.shape.empty() ? 0 : 1), spec.shape.end(), std::int64_t{1}, std::multiplies<>());
        const std::int64_t heads = targets.at(spec.name).heads;
        const std::int64_t atOnce = std::max<std::int64_t>(1, kValuesAtOnce / std::max<std::int64_t>(1, source.width));
        std::vector<float> values;
        std::vector<std::byte> encoded;
        for (std::int64_t begin = 0; begin < rows; begin += atOnce) {
            const std::int64_t count = std::min(atOnce, rows - begin);
            values.resize(static_cast<std::size_t>(count * source.width));
            for (std::int64_t row = 0; row < count; ++row)
                source.read(sourceRow(begin + row, rows, heads),
                            std::span(values).subspan(static_cast<std::size_t>(row * source.width), static_cast<std::size_t>(source.width)));
            encoded.clear();
            if (!encodeGguf(gguf.tensors[next].type, values, encoded))
                return Error{.code = ErrorCode::InvalidInput, .what = "holds values that f16 cannot hold", .where = spec.name, .hint = "Export as bf16 or f32"};
            LETHE_TRY_VOID(writer.append(encoded));
            done += encoded.size();
            if (progress && !progress(done, gguf.bytes, "Writing weights"))
                return Error{.code = ErrorCode::Cancelled, .what = "the export was cancelled", .where = {}, .hint = {}};
        }
    }
    return writer.finish();
}

} // namespace lethe
