#include "model/AdapterFiles.h"

#include "base/Json.h"
#include "model/JsonReader.h"

#include <lethe/base/Paths.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <set>

namespace lethe {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaximumConfigBytes = 16u << 20;
constexpr int kDeepest = 64;
constexpr std::string_view kPrefix = "base_model.model.";

Error unsupported(std::string what, const std::string &file)
{
    return {.code = ErrorCode::Unsupported, .what = std::move(what), .where = file, .hint = "Merge it with peft (merge_and_unload) and use the merged model"};
}

/// A switch that is off, an empty list, no value.
bool isOff(const nlohmann::json *value)
{
    return value == nullptr || (value->is_boolean() && !value->get<bool>()) || ((value->is_array() || value->is_object()) && value->empty());
}

/// What PEFT can put into an adapter and would have to be computed here too: refused rather than left out.
std::optional<std::string> neededPart(const JsonReader &reader)
{
    for (const char *key : {"use_dora", "use_qalora", "use_bdlora", "lora_bias", "layer_replication", "target_parameters", "trainable_token_indices",
                            "alora_invocation_tokens", "arrow_config", "monteclora_config", "kasa_config", "velora_config"})
        if (!isOff(reader.find(key)))
            return std::string("needs ") + key + ", which is not supported";
    // These starting points are subtracted from the base's weights, which are then no longer the base's.
    if (const auto *init = reader.find("init_lora_weights"); init != nullptr && init->is_string()) {
        const std::string name = init->get<std::string>();
        for (const char *known : {"pissa", "olora", "corda", "loftq", "lora_ga"})
            if (name.starts_with(known))
                return "begins from \"" + name + "\", which changes the base's weights, and is not supported";
    }
    return std::nullopt;
}

std::vector<std::string> targetsOf(const JsonReader &reader)
{
    const auto *value = reader.find("target_modules");
    std::vector<std::string> targets;
    if (value != nullptr && value->is_string())
        targets.push_back(value->get<std::string>());
    if (value != nullptr && value->is_array())
        for (const auto &item : *value)
            if (item.is_string())
                targets.push_back(item.get<std::string>());
    return targets;
}

/// In the file's order, which decides where several fit.
template<typename T>
std::vector<std::pair<std::string, T>> patternsOf(const nlohmann::ordered_json &config, const JsonReader &reader, const char *key)
{
    std::vector<std::pair<std::string, T>> patterns;
    const auto value = config.find(key);
    if (value == config.end() || value->is_null())
        return patterns;
    if (!value->is_object()) {
        reader.fail({.code = ErrorCode::Corrupt, .what = std::string(key) + " is no object", .where = reader.file(), .hint = {}});
        return patterns;
    }
    for (const auto &[name, number] : value->items()) {
        if (!number.is_number())
            reader.fail({.code = ErrorCode::Corrupt, .what = std::string(key) + "." + name + " is no number", .where = reader.file(), .hint = {}});
        else
            patterns.emplace_back(name, number.template get<T>());
    }
    return patterns;
}

/// Whether all of \p name, or its end after a dot, is what \p pattern describes. An expression that is none, or that takes more
/// steps than a name is worth, describes nothing.
bool describes(const std::string &pattern, const std::string &name)
{
    constexpr std::uint32_t kMostSteps = 100'000;
    struct Free {
        void operator()(pcre2_code *code) const { pcre2_code_free(code); }
        void operator()(pcre2_match_data *data) const { pcre2_match_data_free(data); }
        void operator()(pcre2_match_context *context) const { pcre2_match_context_free(context); }
    };
    const std::string whole = "^(?:.*\\.)?(?:" + pattern + ")$";
    int code = 0;
    PCRE2_SIZE offset = 0;
    const std::unique_ptr<pcre2_code, Free> compiled(
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(whole.data()), whole.size(), PCRE2_DOLLAR_ENDONLY, &code, &offset, nullptr));
    if (!compiled)
        return false;
    const std::unique_ptr<pcre2_match_data, Free> match(pcre2_match_data_create_from_pattern(compiled.get(), nullptr));
    const std::unique_ptr<pcre2_match_context, Free> context(pcre2_match_context_create(nullptr));
    pcre2_set_match_limit(context.get(), kMostSteps);
    return pcre2_match(compiled.get(), reinterpret_cast<PCRE2_SPTR>(name.data()), name.size(), 0, 0, match.get(), context.get()) >= 0;
}

/// PEFT's rule: the key is a regular expression for the module's name or for its end after a dot; the first that fits holds.
template<typename T>
T patternValue(const std::vector<std::pair<std::string, T>> &patterns, const std::string &module, T otherwise)
{
    for (const auto &[pattern, value] : patterns) {
        // a name may have characters that mean something else in an expression
        if (module == pattern || module.ends_with("." + pattern) || describes(pattern, module))
            return value;
    }
    return otherwise;
}

std::string shapeText(const std::vector<std::int64_t> &shape)
{
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i)
        text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

void removeAll(std::string &text, std::string_view part)
{
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part))
        text.erase(at, part.size());
}

/// The module that a tensor of the adapter belongs to, and which part of it: `lora_A`, `lora_B`, or a whole tensor (`weight`, `bias`).
struct AdapterName {
    std::string module, part;
};
AdapterName parsedName(std::string name)
{
    if (name.starts_with(kPrefix))
        name.erase(0, kPrefix.size());
    removeAll(name, ".base_layer");
    removeAll(name, ".modules_to_save");
    removeAll(name, ".original_module");
    removeAll(name, ".default"); // the adapter's name, in files that were written without taking it off
    for (const std::string_view part : {".lora_A.weight", ".lora_B.weight"})
        if (name.ends_with(part))
            return {name.substr(0, name.size() - part.size()), std::string(part.substr(1, 6))};
    const auto dot = name.rfind('.');
    return dot == std::string::npos ? AdapterName{"", name} : AdapterName{name.substr(0, dot), name.substr(dot + 1)};
}

} // namespace

Result<AdapterConfig> readAdapterConfig(const fs::path &folder)
{
    const fs::path file = folder / kAdapterConfig;
    LETHE_TRY(const std::string text, readFile(file, kMaximumConfigBytes));
    const bool deep = tooDeepAt(text, kDeepest) != std::string_view::npos;
    const auto json = deep ? nlohmann::json() : nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object())
        return Error{.code = ErrorCode::Corrupt, .what = "is no JSON object", .where = file.string(), .hint = {}};
    const JsonReader reader(json, file.string());
    const std::string type = reader.text("peft_type", "");
    if (!reader.error() && type != "LORA")
        return unsupported("is an adapter of type \"" + type + "\"; LORA is supported", file.string());
    if (const auto needed = neededPart(reader))
        return unsupported(*needed, file.string());
    AdapterConfig config;
    config.base = reader.text("base_model_name_or_path", "");
    config.lora.rank = reader.integer("r", 8);
    config.lora.alpha = reader.number("lora_alpha", 8);
    config.lora.dropout = reader.number("lora_dropout", 0);
    config.lora.rankStabilized = reader.flag("use_rslora", false);
    config.lora.targetModules = targetsOf(reader);
    const auto ordered = nlohmann::ordered_json::parse(text, nullptr, false);
    config.rankPattern = patternsOf<std::int64_t>(ordered, reader, "rank_pattern");
    config.alphaPattern = patternsOf<double>(ordered, reader, "alpha_pattern");
    if (!reader.error() && config.lora.rank < 1)
        return Error{.code = ErrorCode::Corrupt, .what = "r is " + std::to_string(config.lora.rank) + ", a whole number from 1 is needed",
                     .where = file.string(), .hint = {}};
    if (reader.error())
        return *reader.error();
    return config;
}

std::string adapterConfigText(const std::string &base, const LoraSpec &lora, const std::vector<std::string> &moduleNames, bool storedTransposed)
{
    // A whole number where it is one: older versions of PEFT declare lora_alpha so.
    const bool whole = lora.alpha == std::floor(lora.alpha) && std::abs(lora.alpha) < 1e9;
    nlohmann::ordered_json json{{"peft_type", "LORA"},
                                {"task_type", "CAUSAL_LM"},
                                {"base_model_name_or_path", base},
                                {"inference_mode", true},
                                {"r", lora.rank},
                                {"lora_alpha", nullptr},
                                {"lora_dropout", lora.dropout},
                                {"use_rslora", lora.rankStabilized},
                                {"use_dora", false},
                                {"target_modules", moduleNames},
                                {"fan_in_fan_out", storedTransposed},
                                {"bias", "none"},
                                {"init_lora_weights", true},
                                {"modules_to_save", nullptr},
                                {"rank_pattern", nlohmann::ordered_json::object()},
                                {"alpha_pattern", nlohmann::ordered_json::object()}};
    if (whole)
        json["lora_alpha"] = static_cast<std::int64_t>(lora.alpha);
    else
        json["lora_alpha"] = lora.alpha;
    return json.dump(2) + "\n";
}

LinearShape linearShape(const DecoderConfig &config, const WeightSpec &weight)
{
    // Conv1D holds [in, out]; the head and the projections beside the embedding are plain linear layers everywhere.
    const std::string layers = config.names.base + config.names.layer;
    const bool transposed = config.conv1d && weight.name.starts_with(layers);
    if (weight.shape.size() != 2)
        return {};
    return transposed ? LinearShape{weight.shape[1], weight.shape[0], true} : LinearShape{weight.shape[0], weight.shape[1], false};
}

AdapterMatch matchAdapter(const DecoderConfig &config, const std::vector<WeightSpec> &weights, const AdapterConfig &adapter, const SafetensorsFile &file)
{
    AdapterMatch match{.file = &file, .pairs = {}, .replaced = {}, .problems = {}};
    const std::string where = file.path().string();
    const auto fail = [&](ErrorCode code, std::string what) {
        match.problems.push_back({.code = code, .what = std::move(what), .where = where,
                                  .hint = code == ErrorCode::Unsupported ? "Merge it with peft and use the merged model" : "Is this adapter of the same model?"});
    };
    std::map<std::string, const WeightSpec *, std::less<>> byName;
    for (const WeightSpec &weight : weights)
        byName[weight.name] = &weight;
    const auto find = [&](const std::string &name) -> const WeightSpec * {
        for (const std::string &candidate : {name, config.names.base + name})
            if (const auto found = byName.find(candidate); found != byName.end())
                return found->second;
        return nullptr;
    };
    std::map<std::string, AdapterPair> pairs; // by weight
    for (const TensorEntry &entry : file.entries()) {
        const AdapterName name = parsedName(entry.name);
        if (entry.dtype != "F32" && entry.dtype != "BF16" && entry.dtype != "F16") {
            fail(ErrorCode::Unsupported, "tensor " + entry.name + " is stored as " + entry.dtype);
            continue;
        }
        const bool low = name.part == "lora_A" || name.part == "lora_B";
        if (!low && (name.part.starts_with("lora_") || entry.name.find("lora_") != std::string::npos)) {
            fail(ErrorCode::Unsupported, "tensor " + entry.name + " is a part of an adapter that is not supported");
            continue;
        }
        const WeightSpec *weight = find(name.module + (low ? ".weight" : "." + name.part));
        if (weight == nullptr) {
            if (!low && config.tied && entry.name.find("lm_head") != std::string::npos)
                fail(ErrorCode::Unsupported, "tensor " + entry.name + " would part the head from the embedding, which the base ties");
            else
                fail(ErrorCode::Corrupt, "tensor " + entry.name + " belongs to no weight of the base model");
            continue;
        }
        if (!low) {
            if (config.tied && weight->name == config.names.base + config.names.embedding + ".weight") // PEFT leaves the head the base's
                fail(ErrorCode::Unsupported, "tensor " + entry.name + " would part the embedding from the head, which the base ties");
            else if (entry.shape != weight->shape)
                fail(ErrorCode::Corrupt, "tensor " + entry.name + " has shape " + shapeText(entry.shape) + ", expected " + shapeText(weight->shape));
            else
                match.replaced.emplace_back(weight->name, &entry);
            continue;
        }
        if (weight->kind != WeightKind::Matrix) {
            fail(ErrorCode::Unsupported, "tensor " + entry.name + " adapts what is no linear layer");
            continue;
        }
        AdapterPair &pair = pairs[weight->name];
        pair.weight = weight->name;
        (name.part == "lora_A" ? pair.a : pair.b) = &entry;
    }
    for (auto &[name, pair] : pairs) {
        const std::string module = name.substr(0, name.size() - 7); // less ".weight"
        const LinearShape shape = linearShape(config, *find(name));
        if (pair.a == nullptr || pair.b == nullptr) {
            fail(ErrorCode::Corrupt, "has one half alone of the adapter of " + module);
            continue;
        }
        pair.rank = pair.a->shape.empty() ? 0 : pair.a->shape.front();
        if (pair.rank < 1 || pair.a->shape != std::vector<std::int64_t>{pair.rank, shape.in} || pair.b->shape != std::vector<std::int64_t>{shape.out, pair.rank}) {
            fail(ErrorCode::Corrupt, "the adapter of " + module + " has shapes " + shapeText(pair.a->shape) + " and " + shapeText(pair.b->shape)
                     + ", expected [r, " + std::to_string(shape.in) + "] and [" + std::to_string(shape.out) + ", r]");
            continue;
        }
        const std::int64_t said = patternValue(adapter.rankPattern, module, adapter.lora.rank);
        if (said != pair.rank) {
            fail(ErrorCode::Corrupt, "the adapter of " + module + " has rank " + std::to_string(pair.rank) + ", adapter_config.json says " + std::to_string(said));
            continue;
        }
        const double alpha = patternValue(adapter.alphaPattern, module, adapter.lora.alpha);
        const auto rank = static_cast<double>(pair.rank);
        pair.scale = alpha / (adapter.lora.rankStabilized ? std::sqrt(rank) : rank);
        match.pairs.push_back(pair);
    }
    if (match.problems.empty() && match.pairs.empty() && match.replaced.empty())
        fail(ErrorCode::Corrupt, "holds no tensor");
    return match;
}

Result<std::vector<std::string>> adaptedWeights(const DecoderConfig &config, const std::vector<WeightSpec> &weights,
                                                const std::vector<std::string> &targets)
{
    const std::string layers = config.names.base + config.names.layer;
    const bool all = targets.empty() || (targets.size() == 1 && targets.front() == "all-linear");
    std::vector<std::string> adapted;
    std::set<std::string> unused(targets.begin(), targets.end());
    std::set<std::string> offered;
    for (const WeightSpec &weight : weights) {
        if (weight.kind != WeightKind::Matrix || !weight.name.starts_with(layers))
            continue;
        const std::string module = weight.name.substr(0, weight.name.size() - 7);
        offered.insert(module.substr(module.rfind('.') + 1));
        bool wanted = all;
        for (const std::string &target : targets)
            if (!all && (module == target || module.ends_with("." + target))) {
                wanted = true;
                unused.erase(target);
            }
        if (wanted)
            adapted.push_back(weight.name);
    }
    if (!all && !unused.empty()) {
        std::string names;
        for (const std::string &name : offered)
            names += (names.empty() ? "" : ", ") + name;
        return Error{.code = ErrorCode::InvalidInput, .what = "\"" + *unused.begin() + "\" names no linear layer of this model's blocks",
                     .where = "training.lora.target_modules", .hint = "There are " + names};
    }
    return adapted;
}

std::string adapterTensorName(std::string_view weight, char side)
{
    return std::string(kPrefix) + std::string(weight.substr(0, weight.size() - 7)) + ".lora_" + side + ".weight";
}

} // namespace lethe
