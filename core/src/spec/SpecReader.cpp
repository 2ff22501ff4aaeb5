#include <lethe/spec/SpecReader.h>

#include "base/Json.h"
#include "spec/ObjectReader.h"
#include "spec/SpecNames.h"

#include <lethe/base/Paths.h>
#include <lethe/eval/Metrics.h>
#include <lethe/eval/Variants.h>
#include <lethe/model/Freezing.h>

#include <algorithm>
#include <cctype>

namespace lethe {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLargestSpecBytes = 16ull << 20;

const NumberRange kOneOrMore{.minimum = 1};
const NumberRange kZeroOrMore{.minimum = 0};
const NumberRange kAboveZero{.minimum = 0, .exclusiveMinimum = true};

bool isDeviceName(const std::string &device)
{
    if (device == "auto" || device == "cpu" || device == "cuda")
        return true;
    constexpr std::string_view kPrefix = "cuda:";
    const std::string_view number = std::string_view(device).substr(std::min(device.size(), kPrefix.size()));
    return device.starts_with(kPrefix) && !number.empty() && number.size() <= 3
        && std::all_of(number.begin(), number.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

DataSource readSource(const Json &json, const std::string &path, std::vector<Error> &problems)
{
    DataSource source;
    ObjectReader reader(json, path, problems);
    reader.requiredText("path", source.path, "Give the data file (JSON Lines, a JSON array, CSV or plain text)");
    // null: the rows hold no prompt, each is a document
    std::optional<std::string> prompt = source.prompt;
    if (reader.isGiven("prompt"))
        reader.optionalText("prompt", prompt, "Use the name of the field that holds the prompt");
    else
        reader.find("prompt");
    source.prompt = prompt.value_or("");
    reader.text("answer", source.answer, "Use the name of the field that holds the answer");
    if (source.answer.empty())
        reader.fail("answer", "is empty", "Use the name of the field that holds the answer");
    std::optional<std::string> alternate;
    reader.optionalText("alternate", alternate, "Use the name of the field that holds the replacement answer");
    source.alternate = alternate.value_or("");
    reader.finish();
    return source;
}

void readTemplate(const Json &json, TemplateSpec &textTemplate, std::vector<Error> &problems)
{
    const std::string path = "data.template";
    const std::string accepted = "Use \"chat\", or an object with prompt_prefix, prompt_suffix and answer_prefix";
    if (json.is_string() && json.get_ref<const std::string &>() == "chat") {
        textTemplate.chat = true;
        return;
    }
    if (!json.is_object()) {
        problems.push_back({.code = ErrorCode::InvalidInput, .what = describe(json) + " is not a template", .where = path, .hint = accepted});
        return;
    }
    ObjectReader reader(json, path, problems);
    reader.flag("chat", textTemplate.chat);
    if (textTemplate.chat) {
        reader.text("system_prompt", textTemplate.systemPrompt, "Use a text");
    } else {
        reader.text("prompt_prefix", textTemplate.promptPrefix, "Use a text");
        reader.text("prompt_suffix", textTemplate.promptSuffix, "Use a text");
        reader.text("answer_prefix", textTemplate.answerPrefix, "Use a text");
    }
    reader.finish();
}

/// What `answers` of a list of refusals is: `shipped`, a file, or the texts themselves.
void readAnswers(const Json &json, const std::string &path, RefusalSpec &refusals, std::vector<Error> &problems)
{
    const std::string accepted = "Use shipped, a file with one answer a line, or a list of answers";
    const auto isAnswer = [](const Json &item) {
        return item.is_string() && item.get_ref<const std::string &>().find_first_not_of(" \t\r\n") != std::string::npos;
    };
    const auto fail = [&](std::string what) {
        problems.push_back({.code = ErrorCode::InvalidInput, .what = std::move(what), .where = path, .hint = accepted});
    };
    if (json.is_string()) {
        refusals.source = json.get<std::string>();
        if (refusals.source.empty())
            fail("is empty");
        return;
    }
    if (!json.is_array())
        return fail(describe(json) + " is no list of answers");
    if (json.empty())
        return fail("holds no answer");
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (isAnswer(json[i]))
            refusals.answers.push_back(json[i].get<std::string>());
        else
            problems.push_back({.code = ErrorCode::InvalidInput, .what = describe(json[i]) + " is no answer",
                                .where = path + "[" + std::to_string(i) + "]", .hint = "Use a text that is not blank"});
    }
}

RefusalSpec readRefusalSpec(const Json &json, std::vector<Error> &problems)
{
    RefusalSpec refusals;
    const std::string path = "data.refusals";
    if (!json.is_object()) {
        readAnswers(json, path, refusals, problems);
        return refusals;
    }
    ObjectReader reader(json, path, problems);
    if (const Json *answers = reader.find("answers"))
        readAnswers(*answers, reader.pathOf("answers"), refusals, problems);
    else
        reader.fail("answers", "is missing", "Use shipped, a file with one answer a line, or a list of answers");
    if (const auto index = reader.choice("draw", names(kDrawNames)))
        refusals.draw = kDrawNames[*index].value;
    reader.finish();
    return refusals;
}

void readData(const Json &json, DataSpec &data, std::vector<Error> &problems)
{
    ObjectReader reader(json, "data", problems);
    if (const Json *forget = reader.object("forget", true))
        data.forget = readSource(*forget, "data.forget", problems);
    if (const Json *retain = reader.object("retain", true))
        data.retain = readSource(*retain, "data.retain", problems);
    if (const Json *refusals = reader.find("refusals"))
        data.refusals = readRefusalSpec(*refusals, problems);
    if (const Json *textTemplate = reader.find("template"))
        readTemplate(*textTemplate, data.textTemplate, problems);
    else if (reader.isGiven("template"))
        reader.fail("template", "null is not allowed", "Use \"chat\", or an object with prompt_prefix, prompt_suffix and answer_prefix");
    // one token alone has nothing to be predicted from
    reader.integer("max_length", data.maxLength, {.minimum = 2, .maximum = 1 << 20});
    reader.finish();
}

std::optional<ParameterValue> readParameter(const Json &json)
{
    const auto all = [&json](auto predicate) { return std::all_of(json.begin(), json.end(), predicate); };
    switch (json.type()) {
    case Json::value_t::null: return ParameterValue();
    case Json::value_t::boolean: return ParameterValue(json.get<bool>());
    case Json::value_t::number_integer: return ParameterValue(json.get<std::int64_t>());
    case Json::value_t::number_float: return ParameterValue(json.get<double>());
    case Json::value_t::string: return ParameterValue(json.get<std::string>());
    case Json::value_t::number_unsigned:
        if (json.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            return ParameterValue(json.get<double>());
        return ParameterValue(json.get<std::int64_t>());
    case Json::value_t::array:
        if (all([](const Json &item) { return item.is_string(); }))
            return ParameterValue(json.get<std::vector<std::string>>());
        if (all([](const Json &item) { return item.is_number(); }))
            return ParameterValue(json.get<std::vector<double>>());
        return std::nullopt;
    default: return std::nullopt;
    }
}

void readMethod(const Json &json, MethodSpec &method, std::vector<Error> &problems)
{
    ObjectReader reader(json, "method", problems);
    reader.requiredText("id", method.id, "Give the id of a method; lethe-cli methods lists them");
    if (const Json *parameters = reader.object("parameters", true)) {
        for (const auto &[name, value] : parameters->items()) {
            if (std::optional<ParameterValue> read = readParameter(value))
                method.parameters.values[name] = std::move(*read);
            else
                reader.fail("parameters." + name, describe(value) + " is not allowed",
                            "Use a number, a text, true or false, null, or a list of texts or of numbers");
        }
    }
    reader.finish();
}

void readBetas(ObjectReader &reader, std::array<double, 2> &betas)
{
    const std::string accepted = "Use a list of two numbers, each 0 or more and below 1";
    const Json *json = reader.find("betas");
    if (json == nullptr) {
        if (reader.isGiven("betas"))
            reader.fail("betas", "null is not allowed", accepted);
        return;
    }
    const NumberRange range{.minimum = 0, .maximum = 1, .exclusiveMaximum = true};
    const bool right = json->is_array() && json->size() == 2
        && std::all_of(json->begin(), json->end(),
                       [&range](const Json &item) { return item.is_number() && range.contains(item.get<double>()); });
    if (!right)
        return reader.fail("betas", dumpJson(*json).substr(0, 60) + " is not allowed", accepted);
    betas = {json->at(0).get<double>(), json->at(1).get<double>()};
}

LoraSpec readLora(const Json &json, std::vector<Error> &problems)
{
    LoraSpec lora;
    ObjectReader reader(json, "training.lora", problems);
    reader.integer("rank", lora.rank, {.minimum = 1, .maximum = 65536});
    reader.number("alpha", lora.alpha, kAboveZero);
    reader.number("dropout", lora.dropout, {.minimum = 0, .maximum = 1, .exclusiveMaximum = true});
    reader.flag("rank_stabilized", lora.rankStabilized);
    reader.texts("target_modules", lora.targetModules, "Use a list of module names; an empty one means every linear layer of the blocks");
    reader.finish();
    return lora;
}

/// `"0-3, 7"`, one number, or a list of numbers.
void readFrozenLayers(ObjectReader &reader, std::string &layers)
{
    const std::string key = "freeze_layers";
    const Json *json = reader.find(key);
    if (json == nullptr)
        return;
    const auto isNumber = [](const Json &item) { return item.is_number_integer(); };
    if (json->is_string()) {
        layers = json->get<std::string>();
    } else if (isNumber(*json) || (json->is_array() && std::all_of(json->begin(), json->end(), isNumber))) {
        for (const Json &item : json->is_array() ? *json : Json::array({*json}))
            layers += (layers.empty() ? "" : ", ") + dumpJson(item);
    } else {
        return reader.fail(key, describe(*json) + " is no range of blocks", "Use a text such as 0-3, 7, a number, or a list of numbers");
    }
    if (const auto ranges = parseLayerRanges(layers); !ranges.ok())
        reader.fail(key, ranges.error().what, ranges.error().hint);
}

void readTraining(const Json &json, TrainingSpec &training, std::vector<Error> &problems)
{
    ObjectReader reader(json, "training", problems);
    reader.number("epochs", training.epochs, {.minimum = 0, .maximum = 1e6, .exclusiveMinimum = true});
    reader.optionalInteger("max_steps", training.maxSteps, kOneOrMore, "no limit");
    reader.integer("batch_size", training.batchSize, kOneOrMore);
    reader.integer("gradient_accumulation", training.gradientAccumulation, kOneOrMore);
    if (const auto index = reader.choice("optimizer", names(kOptimizerNames)))
        training.optimizer = kOptimizerNames[*index].value;
    reader.number("learning_rate", training.learningRate, kZeroOrMore);
    readBetas(reader, training.betas);
    reader.number("eps", training.eps, kZeroOrMore);
    reader.number("weight_decay", training.weightDecay, kZeroOrMore);
    if (const auto index = reader.choice("schedule", names(kScheduleNames)))
        training.schedule = kScheduleNames[*index].value;
    reader.integer("warmup_steps", training.warmupSteps, kZeroOrMore);
    reader.optionalNumber("max_grad_norm", training.maxGradNorm, kAboveZero, "no clipping");
    reader.text("device", training.device, "Use auto, cpu, cuda or cuda:N");
    if (!isDeviceName(training.device))
        reader.fail("device", describe(Json(training.device)) + " is not allowed", "Use auto, cpu, cuda or cuda:N");
    if (const auto index = reader.choice("dtype", names(kDtypeNames)))
        training.dtype = kDtypeNames[*index].value;
    reader.integer("seed", training.seed, kZeroOrMore);
    reader.flag("shuffle", training.shuffle);
    if (const Json *lora = reader.object("lora", true))
        training.lora = readLora(*lora, problems);
    readFrozenLayers(reader, training.freezeLayers);
    reader.texts("freeze_names", training.freezeNames, "Use a list of parameter names, or parts of them, with * for any letters");
    reader.flag("gradient_checkpointing", training.gradientCheckpointing);
    reader.optionalInteger("save_every_steps", training.saveEverySteps, kOneOrMore, "a checkpoint at the end alone");
    reader.finish();
}

void checkMetrics(ObjectReader &reader, const std::vector<std::string> &metrics)
{
    const std::vector<std::string> &known = knownMetrics();
    for (std::size_t i = 0; i < metrics.size(); ++i) {
        if (std::find(known.begin(), known.end(), metrics[i]) != known.end())
            continue;
        const std::string nearest = nearestName(metrics[i], known);
        reader.fail("metrics[" + std::to_string(i) + "]",
                    describe(Json(metrics[i])) + " is no metric that this version computes"
                        + (nearest.empty() ? std::string() : " (did you mean " + nearest + "?)"),
                    "Use a group (" + joined(metricGroups()) + ") or a metric's id; lethe-cli metrics lists them");
    }
}

/// A data file: its path alone, or an object as under `data`.
std::optional<DataSource> readEvalSource(ObjectReader &reader, const std::string &key, DataSource fields, std::vector<Error> &problems)
{
    const Json *json = reader.find(key);
    if (json == nullptr)
        return std::nullopt;
    if (json->is_object()) {
        const DataSource given = readSource(*json, reader.pathOf(key), problems);
        fields.path = given.path;
        if (json->contains("prompt"))
            fields.prompt = given.prompt;
        if (json->contains("answer"))
            fields.answer = given.answer;
        return fields;
    }
    if (!json->is_string() || json->get_ref<const std::string &>().empty()) {
        reader.fail(key, describe(*json) + " is no data file", "Use a path, or an object with path, prompt and answer");
        return std::nullopt;
    }
    fields.path = json->get<std::string>();
    return fields;
}

TofuSpec readTofu(const Json &json, std::vector<Error> &problems)
{
    TofuSpec tofu;
    ObjectReader reader(json, "eval.tofu", problems);
    for (const auto &[key, source] : {std::pair{"forget", &tofu.forget}, {"retain", &tofu.retain}, {"real_authors", &tofu.realAuthors},
                                      {"world_facts", &tofu.worldFacts}})
        *source = readEvalSource(reader, key, {}, problems);
    reader.optionalInteger("retain_rows", tofu.retainRows, kOneOrMore, "all rows");
    reader.finish();
    return tofu;
}

MuseSpec readMuse(const Json &json, std::vector<Error> &problems)
{
    MuseSpec muse;
    ObjectReader reader(json, "eval.muse", problems);
    muse.verbatim = readEvalSource(reader, "verbatim", kMuseVerbatimFields, problems);
    for (const auto &[key, source] : {std::pair{"knowledge_forget", &muse.knowledgeForget}, {"knowledge_retain", &muse.knowledgeRetain},
                                      {"knowledge_forget_shots", &muse.knowledgeForgetShots}, {"knowledge_retain_shots", &muse.knowledgeRetainShots}})
        *source = readEvalSource(reader, key, {}, problems);
    muse.privleakForget = readEvalSource(reader, "privleak_forget", kMuseTextFields, problems);
    muse.privleakHoldout = readEvalSource(reader, "privleak_holdout", kMuseTextFields, problems);
    reader.finish();
    return muse;
}

/// A model folder, a log, or a run's number, which JSON may also write as a number.
void readReference(ObjectReader &reader, EvalSpec &eval)
{
    const std::string accepted = "Use a model folder, a run id or an evaluation log";
    if (const Json *json = reader.find("reference"); json != nullptr && json->is_number_integer() && json->get<double>() >= 1)
        eval.reference = dumpJson(*json);
    else
        reader.optionalText("reference", eval.reference, accepted);
    if (eval.reference && eval.reference->empty())
        reader.fail("reference", "is empty", accepted);
}

EvalSpec readEval(const Json &json, std::vector<Error> &problems)
{
    EvalSpec eval;
    ObjectReader reader(json, "eval", problems);
    reader.optionalInteger("every_steps", eval.everySteps, kOneOrMore, "an evaluation before the first and after the last step alone");
    reader.texts("metrics", eval.metrics, "Use a list of groups (" + joined(metricGroups()) + ") and metric ids");
    checkMetrics(reader, eval.metrics);
    readReference(reader, eval);
    if (const Json *generations = reader.object("generations", false)) {
        ObjectReader inner(*generations, "eval.generations", problems);
        inner.integer("prompts", eval.generations.prompts, kZeroOrMore);
        inner.integer("max_new_tokens", eval.generations.maxNewTokens, kOneOrMore);
        inner.finish();
    }
    reader.optionalInteger("rows", eval.rows, kOneOrMore, "all rows");
    reader.optionalNumber("budget_percent", eval.budgetPercent, {.minimum = 0, .maximum = 100, .exclusiveMinimum = true}, "no bound");
    if (const Json *tofu = reader.object("tofu", true))
        eval.tofu = readTofu(*tofu, problems);
    if (const Json *muse = reader.object("muse", true))
        eval.muse = readMuse(*muse, problems);
    eval.holdout = readEvalSource(reader, "holdout", {}, problems);
    const std::vector<std::string> reductions{"geometric", "arithmetic", "open-unlearning"};
    if (const auto index = reader.choice("truth_ratio", reductions))
        eval.truthRatio = reductions[*index];
    std::vector<std::string> variants;
    for (const VariantManifest &variant : evaluationVariants())
        variants.push_back(variant.id);
    if (const auto index = reader.choice("variant", variants))
        eval.variant = variants[*index];
    reader.finish();
    return eval;
}

void readTop(const Json &json, SpecReading &reading)
{
    ExperimentSpec &spec = reading.spec;
    ObjectReader reader(json, "", reading.problems);
    reader.text("name", spec.name, "Use a text");
    reader.requiredText("model", spec.model, "Give the model's folder");
    reader.optionalText("reference_model", spec.referenceModel, "Use a model folder");
    const auto section = [&reader](const std::string &key, const std::string &accepted) {
        if (!reader.isGiven(key))
            reader.fail(key, "is missing", accepted);
        return reader.object(key, false);
    };
    if (const Json *data = section("data", "Give an object with forget, and retain where the method needs it"))
        readData(*data, spec.data, reading.problems);
    if (const Json *method = section("method", "Give an object with id and parameters"))
        readMethod(*method, spec.method, reading.problems);
    if (const Json *training = reader.object("training", false))
        readTraining(*training, spec.training, reading.problems);
    if (const Json *eval = reader.object("eval", true))
        spec.eval = readEval(*eval, reading.problems);
    reader.finish();
}

std::string lineAndColumn(const TextPosition &position)
{
    return "line " + std::to_string(position.line) + ", column " + std::to_string(position.column);
}

} // namespace

Error SpecReading::asError() const
{
    return joinErrors(problems);
}

Error joinErrors(const std::vector<Error> &problems)
{
    if (problems.empty())
        return {};
    Error error = problems.front();
    for (std::size_t i = 1; i < problems.size(); ++i) {
        std::string &end = error.hint.empty() ? error.what : error.hint;
        end += "\n" + problems[i].message();
    }
    return error;
}

SpecReading readSpec(std::string_view json, const fs::path &baseFolder)
{
    SpecReading reading;
    reading.spec.baseFolder = baseFolder;
    JsonProblem problem;
    const std::optional<Json> parsed = parseJson(json, problem, DuplicateKeys::Refuse);
    if (!parsed) {
        reading.problems.push_back({.code = ErrorCode::InvalidInput, .what = problem.what, .where = lineAndColumn(problem.position),
                                    .hint = "A spec is one JSON object"});
    } else if (!parsed->is_object()) {
        reading.problems.push_back({.code = ErrorCode::InvalidInput, .what = "the spec is " + describe(*parsed), .where = "line 1",
                                    .hint = "A spec is one JSON object"});
    } else {
        readTop(*parsed, reading);
    }
    return reading;
}

Result<ExperimentSpec> readSpecFile(const fs::path &file)
{
    LETHE_TRY(const std::string text, readFile(file, kLargestSpecBytes));
    std::error_code code;
    const fs::path absolute = fs::absolute(file, code);
    SpecReading reading = readSpec(text, (code ? file : absolute).parent_path());
    if (reading.ok())
        return std::move(reading.spec);
    Error error = reading.asError();
    if (error.where.starts_with("line "))
        error.where = file.string() + ", " + error.where;
    return error;
}

} // namespace lethe
