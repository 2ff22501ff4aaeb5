#include "model/DecoderConfig.h"

#include "base/Json.h"
#include "model/JsonReader.h"
#include "model/ModelFamilies.h"

#include <lethe/base/Paths.h>
#include <lethe/model/ModelInfo.h>

#include <map>

namespace lethe {

namespace fs = std::filesystem;
using Object = nlohmann::json;

namespace {

constexpr std::uint64_t kMaximumConfigBytes = 16u << 20;
/// Of brackets: a value of a wrong kind is shown in the error about it, which walks through it.
constexpr int kDeepest = 64;

Error unsupported(const std::string &file, std::string what, std::string hint)
{
    return {.code = ErrorCode::Unsupported, .what = std::move(what), .where = file, .hint = std::move(hint)};
}

std::vector<std::int64_t> idsOf(const Object &value)
{
    std::vector<std::int64_t> ids;
    if (value.is_number_integer())
        ids.push_back(value.get<std::int64_t>());
    if (value.is_array())
        for (const Object &id : value)
            if (id.is_number_integer())
                ids.push_back(id.get<std::int64_t>());
    return ids;
}

} // namespace

Activation readActivation(const JsonReader &config, const char *key, const std::string &otherwise)
{
    static const std::map<std::string, Activation> known{
        {"silu", Activation::Silu},          {"swish", Activation::Silu},         {"gelu", Activation::GeluExact},
        {"gelu_new", Activation::GeluTanh},  {"gelu_fast", Activation::GeluTanh}, {"gelu_pytorch_tanh", Activation::GeluTanh},
        {"relu", Activation::Relu}};
    const std::string name = config.text(key, otherwise);
    const auto found = known.find(name);
    if (found == known.end()) {
        config.fail(unsupported(config.file(), std::string(key) + " \"" + name + "\" is an activation that is not supported",
                                "Supported: silu, gelu, gelu_new, gelu_fast, gelu_pytorch_tanh, relu"));
        return Activation::Silu;
    }
    return found->second;
}

RopeConfig readRope(const JsonReader &config, double defaultTheta, const char *layerKind)
{
    static const std::map<std::string, RopeKind> kinds{
        {"default", RopeKind::Default}, {"linear", RopeKind::Linear}, {"dynamic", RopeKind::Dynamic},
        {"llama3", RopeKind::Llama3},   {"yarn", RopeKind::Yarn},     {"longrope", RopeKind::LongRope},
        {"su", RopeKind::LongRope}};
    RopeConfig rope{.kind = RopeKind::Default};
    rope.theta = config.number("rope_theta", defaultTheta);
    rope.context = config.integer("max_position_embeddings", 2048);
    rope.originalContext = config.integer("original_max_position_embeddings", rope.context);

    // The newer key holds the base as well, and may hold one object for each kind of layer. The older one comes first, and means full attention.
    const Object *scaling = layerKind == std::string_view("full_attention") ? config.find("rope_scaling") : nullptr;
    if (scaling != nullptr && scaling->empty())
        scaling = nullptr;
    if (scaling == nullptr)
        scaling = config.find("rope_parameters");
    if (scaling != nullptr && scaling->is_object() && scaling->contains(layerKind))
        scaling = &(*scaling)[layerKind];
    if (scaling == nullptr)
        return rope;

    const JsonReader values(*scaling, config.file());
    rope.theta = values.number("rope_theta", rope.theta);
    const std::string type = values.text("rope_type", values.text("type", "default"));
    const auto kind = kinds.find(type);
    if (kind == kinds.end()) {
        config.fail(unsupported(config.file(), "rope type \"" + type + "\" is not supported",
                                "Supported: default, linear, dynamic, llama3, yarn, longrope"));
        return rope;
    }
    rope.kind = kind->second;
    if (rope.kind == RopeKind::Dynamic) // transformers' dynamic scaling measures against max_position_embeddings
        rope.originalContext = rope.context;
    else if (!config.has("original_max_position_embeddings")) // outside it comes first
        rope.originalContext = values.integer("original_max_position_embeddings", rope.originalContext);
    rope.factor = values.number("factor", values.has("short_factor") && rope.originalContext > 0
                                              ? static_cast<double>(rope.context) / static_cast<double>(rope.originalContext) : 1);
    rope.lowFreqFactor = values.number("low_freq_factor", 1);
    rope.highFreqFactor = values.number("high_freq_factor", 4);
    rope.betaFast = values.number("beta_fast", 32);
    rope.betaSlow = values.number("beta_slow", 1);
    rope.truncate = values.flag("truncate", true);
    if (values.has("attention_factor"))
        rope.attentionFactor = values.number("attention_factor", 1);
    if (values.has("mscale"))
        rope.mscale = values.number("mscale", 1);
    if (values.has("mscale_all_dim"))
        rope.mscaleAllDim = values.number("mscale_all_dim", 1);
    rope.shortFactor = values.numbers("short_factor");
    rope.longFactor = values.numbers("long_factor");
    if (values.error())
        config.fail(*values.error());
    if (rope.factor <= 0 || rope.originalContext <= 0)
        config.fail({.code = ErrorCode::Corrupt, .what = "the rope scaling's factor and context must be above 0", .where = config.file(), .hint = {}});
    return rope;
}

Result<DecoderConfig> parseDecoderConfig(std::string_view text, const std::string &file)
{
    if (const std::size_t deep = tooDeepAt(text, kDeepest); deep != std::string_view::npos)
        return Error{.code = ErrorCode::Corrupt, .what = "is nested deeper than " + std::to_string(kDeepest) + " levels at byte " + std::to_string(deep),
                     .where = file, .hint = {}};
    Object json;
    try {
        json = Object::parse(text);
    } catch (const Object::exception &error) {
        return Error{.code = ErrorCode::Corrupt, .what = std::string("is not valid JSON (") + error.what() + ")", .where = file, .hint = {}};
    }
    if (!json.is_object())
        return Error{.code = ErrorCode::Corrupt, .what = "is no JSON object", .where = file, .hint = {}};

    const JsonReader reader(json, file);
    const std::string type = reader.text("model_type", "");
    std::string architecture;
    if (const Object *names = reader.find("architectures"); names != nullptr && names->is_array() && !names->empty() && names->front().is_string())
        architecture = names->front().get<std::string>();
    const ModelFamily *family = findFamily(type);
    if (family == nullptr) {
        std::string known;
        for (const std::string &name : supportedModelTypes())
            known += (known.empty() ? "" : ", ") + name;
        return unsupported(file, type.empty() ? std::string("model_type is missing") : "model type \"" + type + "\" is not supported",
                           "Supported: " + known);
    }

    DecoderConfig config;
    config.modelType = type;
    config.architecture = architecture.empty() ? family->architecture : architecture;
    config.tied = reader.flag("tie_word_embeddings", family->tiedByDefault);
    family->read(reader, config);
    if (reader.error())
        return *reader.error();
    if (config.embeddingWidth == 0)
        config.embeddingWidth = config.hidden;
    if (config.attentionScale == 0)
        config.attentionScale = 1.0 / std::sqrt(static_cast<double>(config.headDim));
    config.windows.resize(static_cast<std::size_t>(config.layers), 0);
    if (config.headDim < 1)
        return Error{.code = ErrorCode::Corrupt, .what = std::to_string(config.heads) + " attention heads do not fit a width of " + std::to_string(config.hidden),
                     .where = file, .hint = {}};
    if (config.heads % config.kvHeads != 0)
        return Error{.code = ErrorCode::Corrupt,
                     .what = std::to_string(config.heads) + " attention heads cannot share " + std::to_string(config.kvHeads) + " key-value heads",
                     .where = file, .hint = {}};
    const std::int64_t odd = config.rotaryDim % 2;
    const bool roundsUp = config.rotaryRoundsUp && config.rope.kind != RopeKind::Yarn && config.rope.kind != RopeKind::LongRope;
    if (config.rope.kind != RopeKind::None && (config.rotaryDim + odd < 2 || (odd != 0 && !roundsUp) || config.rotaryDim + odd > config.headDim))
        return Error{.code = ErrorCode::Corrupt, .what = "the rotary width " + std::to_string(config.rotaryDim) + " does not fit heads of "
                     + std::to_string(config.headDim), .where = file, .hint = {}};
    if (config.rope.kind == RopeKind::LongRope
        && (config.rope.shortFactor.size() != static_cast<std::size_t>(config.rotaryDim / 2) || config.rope.longFactor.size() != config.rope.shortFactor.size()))
        return Error{.code = ErrorCode::Corrupt, .what = "longrope needs short_factor and long_factor of "
                     + std::to_string(config.rotaryDim / 2) + " numbers each", .where = file, .hint = {}};
    if (const Object *eos = reader.find("eos_token_id"))
        config.eosIds = idsOf(*eos);
    return config;
}

Result<DecoderConfig> readDecoderConfig(const fs::path &folder)
{
    std::error_code error;
    if (!fs::is_directory(folder, error))
        return Error{.code = ErrorCode::NotFound, .what = "there is no such model folder", .where = folder.string(), .hint = {}};
    LETHE_TRY(const std::string text, readFile(folder / "config.json", kMaximumConfigBytes));
    LETHE_TRY(DecoderConfig config, parseDecoderConfig(text, "config.json"));
    const fs::path generation = folder / "generation_config.json";
    if (fs::exists(generation, error)) {
        LETHE_TRY(const std::string generationText, readFile(generation, kMaximumConfigBytes));
        const Object json = tooDeepAt(generationText, kDeepest) == std::string_view::npos ? Object::parse(generationText, nullptr, false) : Object();
        if (!json.is_object())
            return Error{.code = ErrorCode::Corrupt, .what = "is not a valid JSON object", .where = "generation_config.json", .hint = {}};
        if (const auto eos = json.find("eos_token_id"); eos != json.end() && !eos->is_null())
            config.eosIds = idsOf(*eos);
        if (const auto penalty = json.find("repetition_penalty"); penalty != json.end() && !penalty->is_null()) {
            if (!penalty->is_number() || !(penalty->get<double>() > 0))
                return Error{.code = ErrorCode::Corrupt, .what = "repetition_penalty is no number above 0", .where = "generation_config.json", .hint = {}};
            config.repetitionPenalty = penalty->get<double>();
        }
    }
    return config;
}

} // namespace lethe
