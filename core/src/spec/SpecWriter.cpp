#include <lethe/spec/SpecReader.h>

#include "base/Json.h"
#include "spec/SpecNames.h"

#include <cmath>

namespace lethe {

namespace {

template<typename T>
Json orNull(const std::optional<T> &value)
{
    return value ? Json(*value) : Json(nullptr);
}

Json toJson(const DataSource &source)
{
    Json json{{"path", source.path}, {"prompt", source.prompt.empty() ? Json(nullptr) : Json(source.prompt)}, {"answer", source.answer}};
    if (!source.alternate.empty())
        json["alternate"] = source.alternate;
    return json;
}

Json toJson(const TemplateSpec &textTemplate)
{
    if (textTemplate.chat && textTemplate.systemPrompt.empty())
        return "chat";
    if (textTemplate.chat)
        return {{"chat", true}, {"system_prompt", textTemplate.systemPrompt}};
    return {{"prompt_prefix", textTemplate.promptPrefix},
            {"prompt_suffix", textTemplate.promptSuffix},
            {"answer_prefix", textTemplate.answerPrefix}};
}

Json toJson(const ParameterValue &value)
{
    return std::visit(
        [](const auto &held) -> Json {
            if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::monostate>)
                return nullptr;
            else
                return held;
        },
        value);
}

Json toJson(const LoraSpec &lora)
{
    return {{"rank", lora.rank},
            {"alpha", lora.alpha},
            {"dropout", lora.dropout},
            {"rank_stabilized", lora.rankStabilized},
            {"target_modules", lora.targetModules}};
}

Json toJson(const TrainingSpec &training)
{
    Json json{{"epochs", training.epochs},
            {"max_steps", orNull(training.maxSteps)},
            {"batch_size", training.batchSize},
            {"gradient_accumulation", training.gradientAccumulation},
            {"optimizer", toString(training.optimizer)},
            {"learning_rate", training.learningRate},
            {"betas", training.betas},
            {"eps", training.eps},
            {"weight_decay", training.weightDecay},
            {"schedule", toString(training.schedule)},
            {"warmup_steps", training.warmupSteps},
            {"max_grad_norm", orNull(training.maxGradNorm)},
            {"device", training.device},
            {"dtype", toString(training.dtype)},
            {"seed", training.seed},
            {"shuffle", training.shuffle},
            {"lora", training.lora ? toJson(*training.lora) : Json(nullptr)},
            {"gradient_checkpointing", training.gradientCheckpointing},
            {"save_every_steps", orNull(training.saveEverySteps)}};
    if (!training.freezeLayers.empty())
        json["freeze_layers"] = training.freezeLayers;
    if (!training.freezeNames.empty())
        json["freeze_names"] = training.freezeNames;
    return json;
}

Json toJson(const RefusalSpec &refusals)
{
    Json answers = refusals.source.empty() ? Json(refusals.answers) : Json(refusals.source);
    if (refusals.draw == RefusalSpec{}.draw)
        return answers;
    return {{"answers", std::move(answers)}, {"draw", nameOf(kDrawNames, refusals.draw)}};
}

/// The path alone where the fields are those that its place has anyway.
void put(Json &json, const char *key, const std::optional<DataSource> &source, const DataSource &usual = {})
{
    if (!source)
        return;
    DataSource plain = usual;
    plain.path = source->path;
    json[key] = *source == plain ? Json(source->path) : toJson(*source);
}

Json toJson(const TofuSpec &tofu)
{
    Json json = Json::object();
    put(json, "forget", tofu.forget);
    put(json, "retain", tofu.retain);
    put(json, "real_authors", tofu.realAuthors);
    put(json, "world_facts", tofu.worldFacts);
    json["retain_rows"] = orNull(tofu.retainRows);
    return json;
}

Json toJson(const MuseSpec &muse)
{
    Json json = Json::object();
    put(json, "verbatim", muse.verbatim, kMuseVerbatimFields);
    put(json, "knowledge_forget", muse.knowledgeForget);
    put(json, "knowledge_retain", muse.knowledgeRetain);
    put(json, "knowledge_forget_shots", muse.knowledgeForgetShots);
    put(json, "knowledge_retain_shots", muse.knowledgeRetainShots);
    put(json, "privleak_forget", muse.privleakForget, kMuseTextFields);
    put(json, "privleak_holdout", muse.privleakHoldout, kMuseTextFields);
    return json;
}

Json toJson(const EvalSpec &eval)
{
    Json json{{"every_steps", orNull(eval.everySteps)},
              {"metrics", eval.metrics},
              {"reference", orNull(eval.reference)},
              {"generations", {{"prompts", eval.generations.prompts}, {"max_new_tokens", eval.generations.maxNewTokens}}}};
    if (eval.rows)
        json["rows"] = *eval.rows;
    if (eval.budgetPercent)
        json["budget_percent"] = *eval.budgetPercent;
    if (eval.tofu)
        json["tofu"] = toJson(*eval.tofu);
    if (eval.muse)
        json["muse"] = toJson(*eval.muse);
    put(json, "holdout", eval.holdout);
    if (eval.truthRatio != EvalSpec{}.truthRatio)
        json["truth_ratio"] = eval.truthRatio;
    if (eval.variant != EvalSpec{}.variant)
        json["variant"] = eval.variant;
    return json;
}

Json toJson(const DataSpec &data)
{
    Json json = Json::object();
    if (data.forget)
        json["forget"] = toJson(*data.forget);
    if (data.retain)
        json["retain"] = toJson(*data.retain);
    if (data.refusals)
        json["refusals"] = toJson(*data.refusals);
    json["template"] = toJson(data.textTemplate);
    json["max_length"] = data.maxLength;
    return json;
}

Error pathError(const std::string &path, std::string what)
{
    return {.code = ErrorCode::InvalidInput, .what = std::move(what), .where = path,
            .hint = "Use --set path.to.key=value, as in training.learning_rate=1e-5"};
}

/// The right side of an assignment: JSON, else the text itself.
Json valueOf(std::string_view text)
{
    JsonProblem problem;
    std::optional<Json> value = parseJson(text, problem);
    return value ? std::move(*value) : Json(std::string(text));
}

} // namespace

std::string_view toString(Dtype dtype)
{
    return nameOf(kDtypeNames, dtype);
}

std::string_view toString(OptimizerKind kind)
{
    return nameOf(kOptimizerNames, kind);
}

std::string_view toString(ScheduleKind kind)
{
    return nameOf(kScheduleNames, kind);
}

std::string writeSpec(const ExperimentSpec &spec)
{
    Json parameters = Json::object();
    for (const auto &[name, value] : spec.method.parameters.values)
        parameters[name] = toJson(value);
    Json json{{"name", spec.name},
              {"model", spec.model},
              {"reference_model", orNull(spec.referenceModel)},
              {"data", toJson(spec.data)},
              {"method", {{"id", spec.method.id}, {"parameters", std::move(parameters)}}},
              {"training", toJson(spec.training)}};
    if (spec.eval)
        json["eval"] = toJson(*spec.eval);
    return dumpJson(json, 2) + "\n";
}

Result<std::string> setInSpecJson(std::string_view json, std::string_view assignment)
{
    const std::size_t equals = assignment.find('=');
    const std::string path(assignment.substr(0, equals));
    if (equals == std::string_view::npos)
        return pathError(path, "there is no = in the assignment");
    JsonProblem problem;
    std::optional<Json> whole = parseJson(json, problem, DuplicateKeys::Refuse);
    if (!whole)
        return Error{.code = ErrorCode::InvalidInput, .what = problem.what,
                     .where = "line " + std::to_string(problem.position.line) + ", column " + std::to_string(problem.position.column),
                     .hint = "A spec is one JSON object"};

    Json *target = &*whole;
    std::size_t begin = 0;
    while (true) {
        const std::size_t dot = path.find('.', begin);
        const std::string key = path.substr(begin, dot == std::string::npos ? dot : dot - begin);
        if (key.empty())
            return pathError(path, "an empty key in the path");
        if (target->is_null())
            *target = Json::object();
        if (!target->is_object())
            return pathError(path, begin == 0 ? "the spec is not an object" : path.substr(0, begin - 1) + " is " + describe(*target) + ", not an object");
        target = &(*target)[key];
        if (dot == std::string::npos)
            break;
        begin = dot + 1;
    }
    *target = valueOf(assignment.substr(equals + 1));
    return dumpJson(*whole, 2) + "\n";
}

} // namespace lethe
