#include "base/Json.h"
#include "method/ParameterCheck.h"
#include "spec/ObjectReader.h"

#include <lethe/base/Log.h>
#include <lethe/method/MethodCatalog.h>

#include <algorithm>
#include <cstdlib>

namespace lethe {

namespace {

const std::vector<std::string> kNeeds{"forget", "retain", "reference", "alternate"};
const std::vector<std::string> kRetainLosses{"none", "nll", "kl", "embed_diff"};

std::optional<ParameterType> typeFrom(const std::string &name)
{
    for (const ParameterType type : {ParameterType::Integer, ParameterType::Number, ParameterType::Flag, ParameterType::Choice,
                                     ParameterType::Text, ParameterType::List})
        if (toString(type) == name)
            return type;
    return std::nullopt;
}

std::optional<ParameterValue> defaultFrom(const Json &json)
{
    if (json.is_null())
        return ParameterValue();
    if (json.is_boolean())
        return ParameterValue(json.get<bool>());
    if (json.is_number_integer())
        return ParameterValue(json.get<std::int64_t>());
    if (json.is_number())
        return ParameterValue(json.get<double>());
    if (json.is_string())
        return ParameterValue(json.get<std::string>());
    if (json.is_array() && std::all_of(json.begin(), json.end(), [](const Json &item) { return item.is_string(); }))
        return ParameterValue(json.get<std::vector<std::string>>());
    if (json.is_array() && std::all_of(json.begin(), json.end(), [](const Json &item) { return item.is_number(); }))
        return ParameterValue(json.get<std::vector<double>>());
    return std::nullopt;
}

/// Reads one manifest and collects what is wrong with it.
class ManifestReader
{
public:
    MethodManifest read(const Json &json)
    {
        ObjectReader reader(json, "", problems);
        reader.requiredText("id", manifest.id, "Give a short name in lower case");
        reader.requiredText("name", manifest.name, "Give the method's name");
        reader.text("summary", manifest.summary, "Use a text");
        reader.text("paper", manifest.paper, "Use a text");
        reader.text("formula", manifest.formula, "Use a text");
        reader.texts("needs", manifest.needs, "Use a list of " + joined(kNeeds));
        checkKnown(reader, "needs", manifest.needs, kNeeds);
        if (const auto index = reader.choice("anchor", {"forget", "all"}))
            manifest.anchor = *index == 0 ? "forget" : "all";
        readApi(reader);
        readParameters(reader);
        if (const Json *term = reader.object("retain_term", true))
            readRetainTerm(*term);
        readPresets(reader);
        ignoreUnknown(reader);
        return std::move(manifest);
    }

    MethodManifest manifest;
    std::vector<Error> problems;

private:
    static void checkKnown(ObjectReader &reader, const std::string &key, const std::vector<std::string> &given,
                           const std::vector<std::string> &known)
    {
        for (const std::string &name : given)
            if (std::find(known.begin(), known.end(), name) == known.end())
                reader.fail(key, describe(Json(name)) + " is not allowed", "Use " + joined(known));
    }

    void readApi(ObjectReader &reader)
    {
        std::int64_t api = 0;
        if (!reader.isGiven("api"))
            reader.fail("api", "is missing", "This Lethe speaks method interface " + std::to_string(kMethodApi));
        reader.integer("api", api, {.minimum = 0, .maximum = 1e6});
        manifest.api = static_cast<int>(api);
    }

    void readParameters(ObjectReader &reader)
    {
        const Json *list = reader.find("parameters");
        if (list == nullptr)
            return;
        if (!list->is_array())
            return reader.fail("parameters", describe(*list) + " is not a list", "Use a list of objects");
        for (std::size_t i = 0; i < list->size(); ++i) {
            const std::string path = "parameters[" + std::to_string(i) + "]";
            if (!list->at(i).is_object())
                reader.fail(path, describe(list->at(i)) + " is not an object", "Use an object with name, type and default");
            else
                readParameter(list->at(i), path);
        }
    }

    void readPresets(ObjectReader &reader)
    {
        const Json *list = reader.find("presets");
        if (list == nullptr)
            return;
        if (!list->is_array())
            return reader.fail("presets", describe(*list) + " is not a list", "Use a list of objects with label and values");
        for (std::size_t i = 0; i < list->size(); ++i) {
            const std::string path = "presets[" + std::to_string(i) + "]";
            const Json &json = list->at(i);
            if (!json.is_object() || !json.contains("label") || !json["label"].is_string() || !json.contains("values") || !json["values"].is_object()) {
                reader.fail(path, "is no preset", "Use an object with a label and values");
                continue;
            }
            MethodPreset preset{.label = json["label"].get<std::string>(), .values = {}};
            for (const auto &[name, given] : json["values"].items())
                readPresetValue(reader, path + ".values." + name, name, given, preset);
            if (const auto training = json.find("training"); training != json.end())
                readPresetTraining(reader, path + ".training", *training, preset);
            manifest.presets.push_back(std::move(preset));
        }
    }

    void readPresetTraining(ObjectReader &reader, const std::string &path, const Json &json, MethodPreset &preset)
    {
        static const std::vector<std::string> known{"learning_rate", "epochs", "batch_size", "gradient_accumulation", "weight_decay", "schedule", "warmup_steps"};
        if (!json.is_object())
            return reader.fail(path, describe(json) + " is not an object", "Use an object of training keys");
        for (const auto &[name, given] : json.items()) {
            const bool right = std::find(known.begin(), known.end(), name) != known.end() && (name == "schedule" ? given.is_string() : given.is_number());
            if (const std::optional<ParameterValue> value = defaultFrom(given); right && value)
                preset.training[name] = *value;
            else
                reader.fail(path + "." + name, right ? describe(given) + " is not allowed" : "is no training key with a value of its type", "Use " + joined(known));
        }
    }

    void readPresetValue(ObjectReader &reader, const std::string &path, const std::string &name, const Json &given, MethodPreset &preset)
    {
        const ParameterSpec *parameter = manifest.parameter(name);
        const std::optional<ParameterValue> value = defaultFrom(given);
        if (parameter == nullptr || !value)
            return reader.fail(path, parameter == nullptr ? "is no parameter of the method" : describe(given) + " is not allowed", "Name a declared parameter");
        if (auto checked = checkedParameter(*parameter, *value, path); checked.ok())
            preset.values[name] = std::move(checked).value();
        else
            reader.fail(path, checked.error().what, checked.error().hint);
    }

    void readParameter(const Json &json, const std::string &path)
    {
        const std::size_t before = problems.size();
        ParameterSpec parameter;
        ObjectReader reader(json, path, problems);
        reader.requiredText("name", parameter.name, "Give the parameter's name");
        std::string type;
        reader.requiredText("type", type, "Use int, float, bool, choice, string or list");
        if (const auto known = typeFrom(type))
            parameter.type = *known;
        else if (!type.empty())
            reader.fail("type", describe(Json(type)) + " is not a type", "Use int, float, bool, choice, string or list");
        std::optional<double> minimum, maximum;
        reader.optionalNumber("min", minimum, {}, "no bound");
        reader.optionalNumber("max", maximum, {}, "no bound");
        parameter.minimum = minimum;
        parameter.maximum = maximum;
        reader.flag("exclusive_min", parameter.exclusiveMinimum);
        reader.texts("choices", parameter.choices, "Use a list of texts");
        if (parameter.type == ParameterType::Choice && parameter.choices.empty())
            reader.fail("choices", "is missing", "A choice needs a list of texts");
        reader.text("help", parameter.help, "Use a text");
        reader.text("label", parameter.label, "Use a text");
        reader.text("unit", parameter.unit, "Use a text");
        reader.flag("advanced", parameter.advanced);
        reader.text("depends_on", parameter.dependsOn, "Use name=value of another parameter");
        readDefault(reader, json, parameter, problems.size() == before);
        ignoreUnknown(reader);
        if (manifest.parameter(parameter.name) != nullptr)
            reader.fail("name", parameter.name + " is declared twice", "Use another name");
        manifest.parameters.push_back(finished(std::move(parameter)));
    }

    static void readDefault(ObjectReader &reader, const Json &json, ParameterSpec &parameter, bool readable)
    {
        if (!reader.isGiven("default"))
            return reader.fail("default", "is missing", "Every parameter has a default");
        reader.find("default");
        const std::optional<ParameterValue> value = defaultFrom(json.at("default"));
        if (!value)
            return reader.fail("default", describe(json.at("default")) + " is not allowed", "Use a number, a text, a flag, a list or null");
        if (!readable || std::holds_alternative<std::monostate>(*value))
            return;
        parameter.defaultValue = *value; // so that null is not offered
        if (auto checked = checkedParameter(parameter, *value, reader.pathOf("default")); checked.ok())
            parameter.defaultValue = std::move(checked).value();
        else
            reader.fail("default", checked.error().what, checked.error().hint);
    }

    static ParameterSpec finished(ParameterSpec parameter)
    {
        if (parameter.label.empty()) {
            parameter.label = parameter.name;
            std::replace(parameter.label.begin(), parameter.label.end(), '_', ' ');
        }
        return parameter;
    }

    /// The parameters that every method with a retain term shares; one the manifest declares itself is left alone.
    void readRetainTerm(const Json &json)
    {
        ObjectReader reader(json, "retain_term", problems);
        reader.texts("losses", manifest.retainLosses, "Use a list of " + joined(kRetainLosses));
        checkKnown(reader, "losses", manifest.retainLosses, kRetainLosses);
        if (manifest.retainLosses.empty())
            return reader.fail("losses", "is empty", "Use a list of " + joined(kRetainLosses));
        std::string defaultLoss = manifest.retainLosses.front();
        if (const auto index = reader.choice("default", manifest.retainLosses))
            defaultLoss = manifest.retainLosses[*index];
        double forgetWeight = 1.0, retainWeight = 1.0;
        reader.number("forget_weight", forgetWeight, {.minimum = 0});
        reader.number("retain_weight", retainWeight, {.minimum = 0});
        ignoreUnknown(reader);

        add({.name = "forget_weight", .type = ParameterType::Number, .defaultValue = forgetWeight, .minimum = 0.0,
             .help = "Factor on the forget term."});
        add({.name = "retain_weight", .type = ParameterType::Number, .defaultValue = retainWeight, .minimum = 0.0,
             .help = "Factor on the retain term; 0 leaves it out."});
        add({.name = "accumulation", .type = ParameterType::Choice, .defaultValue = std::string("exact"), .choices = {"exact", "per_micro_batch"},
             .help = "What a mean is taken over with gradient accumulation: the whole step (1 × 32 equals 8 × 4), or each micro-batch, as most "
                     "published code does.",
             .advanced = true});
        add({.name = "retain_loss", .type = ParameterType::Choice, .defaultValue = defaultLoss, .choices = manifest.retainLosses,
             .help = retainHelp()});
        if (std::find(manifest.retainLosses.begin(), manifest.retainLosses.end(), "kl") != manifest.retainLosses.end())
            add({.name = "kl_positions", .type = ParameterType::Choice, .defaultValue = std::string("real"),
                 .choices = {"real", "labels"}, .help = "Positions that the KL counts: every real token, or those of the answers alone.",
                 .advanced = true, .dependsOn = "retain_loss=kl"});
    }

    /// What holds the model on the retain set, of the losses that the method takes.
    std::string retainHelp() const
    {
        const std::map<std::string, std::string> words{{"none", "none leaves the term out"},
                                                       {"nll", "nll trains on its answers"},
                                                       {"kl", "kl keeps near the reference model's predictions"},
                                                       {"embed_diff", "embed_diff keeps the hidden states of the steered layer"}};
        std::string help = "What holds the model on the retain set: ";
        for (std::size_t i = 0; i < manifest.retainLosses.size(); ++i) {
            const auto known = words.find(manifest.retainLosses[i]); // a name nobody knows is an offence already noted
            help += (i == 0 ? "" : ", ") + (known != words.end() ? known->second : manifest.retainLosses[i]);
        }
        return help + ".";
    }

    void add(ParameterSpec parameter)
    {
        if (manifest.parameter(parameter.name) == nullptr)
            manifest.parameters.push_back(finished(std::move(parameter)));
    }

    /// A newer manifest may hold keys that this version does not know: they do not make the method unusable.
    void ignoreUnknown(ObjectReader &reader)
    {
        const std::size_t before = problems.size();
        reader.finish();
        for (std::size_t i = before; i < problems.size(); ++i)
            log(LogLevel::Debug, "method", manifest.id + ": " + problems[i].message());
        problems.resize(before);
    }
};

/// Offset of `"name"` in \p json at or after \p from, npos where there is none.
std::size_t offsetOf(std::string_view json, const std::string &name, std::size_t from)
{
    return json.find("\"" + name + "\"", from);
}

/// 1-based line on which a key path's value (or, where it is missing, what should hold it) begins.
std::int64_t lineOf(std::string_view json, const std::string &path)
{
    std::size_t at = 0;
    const std::size_t bracket = path.find('[');
    if (bracket != std::string::npos) {
        // the n-th parameter begins about where the n-th "name" after "parameters" is
        const int index = std::atoi(path.c_str() + bracket + 1);
        at = offsetOf(json, path.substr(0, bracket), 0);
        for (int i = 0; i <= index && at != std::string_view::npos; ++i)
            at = offsetOf(json, "name", at + 1);
    }
    if (at == std::string_view::npos)
        return 1;
    const std::size_t dot = path.find_last_of('.');
    const std::size_t key = offsetOf(json, path.substr(dot == std::string::npos ? 0 : dot + 1), at);
    return positionOf(json, key == std::string_view::npos ? at : key).line;
}

} // namespace

Result<MethodManifest> parseMethodManifest(std::string_view json, const std::string &file)
{
    JsonProblem problem;
    const std::optional<Json> parsed = parseJson(json, problem, DuplicateKeys::Refuse);
    const auto corrupt = [&file](const std::string &what, std::int64_t line) {
        return Error{.code = ErrorCode::Corrupt, .what = what, .where = file + (line > 0 ? ":" + std::to_string(line) : ""),
                     .hint = "Mend the method's manifest"};
    };
    if (!parsed)
        return corrupt(problem.what, problem.position.line);
    if (!parsed->is_object())
        return corrupt("the manifest is " + describe(*parsed) + ", not an object", 1);
    ManifestReader reader;
    MethodManifest manifest = reader.read(*parsed);
    if (manifest.api != kMethodApi && parsed->contains("api"))
        return Error{.code = ErrorCode::Unsupported,
                     .what = "the method speaks interface " + std::to_string(manifest.api) + ", this Lethe speaks "
                         + std::to_string(kMethodApi),
                     .where = file, .hint = "Build the plugin against this version's headers"};
    if (reader.problems.empty())
        return manifest;
    const Error &first = reader.problems.front();
    return corrupt(first.where + ": " + first.what + (first.hint.empty() ? "" : ". " + first.hint), lineOf(json, first.where));
}

} // namespace lethe
