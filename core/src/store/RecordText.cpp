#include "RecordText.h"

#include <QtCore/QDateTime>

#include <cmath>
#include <cstring>
#include <limits>

namespace lethe {

using Json = nlohmann::ordered_json;

namespace {

Json finiteOrNull(double value)
{
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json finiteOrNull(const std::optional<double> &value)
{
    return value ? finiteOrNull(*value) : Json(nullptr);
}

double numberAt(const Json &json, const char *key)
{
    const Json &value = json.at(key);
    return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

std::optional<double> maybeNumberAt(const Json &json, const char *key)
{
    const auto found = json.find(key);
    if (found == json.end() || found->is_null())
        return std::nullopt;
    return found->get<double>();
}

template<typename T>
T valueAt(const Json &json, const char *key)
{
    return json.at(key).get<T>();
}

} // namespace

Json valuesToJson(const std::vector<std::pair<std::string, double>> &values)
{
    Json json = Json::object();
    for (const auto &[name, value] : values)
        json[name] = finiteOrNull(value);
    return json;
}

std::vector<std::pair<std::string, double>> valuesFrom(const Json &json)
{
    std::vector<std::pair<std::string, double>> values;
    for (const auto &[name, value] : json.items())
        values.emplace_back(name, value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>());
    return values;
}

Json toJson(const std::vector<MetricValue> &metrics)
{
    Json json = Json::array();
    for (const MetricValue &metric : metrics) {
        Json entry{{"id", metric.id}, {"value", finiteOrNull(metric.value)}};
        if (!metric.parts.empty())
            entry["parts"] = valuesToJson(metric.parts);
        if (!metric.variant.empty())
            entry["variant"] = metric.variant;
        if (metric.subset)
            entry["subset"] = true;
        if (!metric.reason.empty())
            entry["reason"] = metric.reason;
        else if (metric.value && !std::isfinite(*metric.value))
            entry["reason"] = "not a finite number";
        json.push_back(std::move(entry));
    }
    return json;
}

std::vector<MetricValue> metricsFrom(const Json &json)
{
    std::vector<MetricValue> metrics;
    metrics.reserve(json.size());
    for (const Json &entry : json)
        metrics.push_back({.id = valueAt<std::string>(entry, "id"), .value = maybeNumberAt(entry, "value"),
                           .reason = entry.value("reason", std::string()), .parts = valuesFrom(entry.value("parts", Json::object())),
                           .variant = entry.value("variant", std::string()), .subset = entry.value("subset", false)});
    return metrics;
}

Json toJson(const std::vector<TokenScore> &tokens)
{
    Json texts = Json::array(), numbers = Json::array();
    for (const TokenScore &token : tokens) {
        texts.push_back(token.text);
        numbers.push_back(finiteOrNull(token.logProbability));
    }
    return {{"text", std::move(texts)}, {"log_p", std::move(numbers)}};
}

std::vector<TokenScore> tokensFrom(const Json &json)
{
    std::vector<TokenScore> tokens;
    const Json &texts = json.at("text"), &numbers = json.at("log_p");
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const Json &number = numbers.at(i);
        tokens.push_back({.text = texts[i].get<std::string>(),
                          .logProbability = number.is_null() ? std::numeric_limits<double>::quiet_NaN() : number.get<double>()});
    }
    return tokens;
}

Json toJson(const RunFacts &facts)
{
    return {{"planned_steps", facts.plannedSteps}, {"steps_per_epoch", facts.stepsPerEpoch},
            {"forget_rows", facts.forgetRows}, {"retain_rows", facts.retainRows},
            {"forget_tokens", facts.forgetTokens}, {"retain_tokens", facts.retainTokens},
            {"cut_rows", facts.cutRows}, {"boundary_mismatches", facts.boundaryMismatches},
            {"rejected_rows", facts.rejectedRows}, {"rows_without_labels", facts.rowsWithoutLabels},
            {"parameters", facts.parameters}, {"device", facts.device}};
}

RunFacts factsFrom(const Json &json)
{
    RunFacts facts;
    facts.plannedSteps = json.value("planned_steps", std::int64_t{0});
    facts.stepsPerEpoch = json.value("steps_per_epoch", std::int64_t{0});
    facts.forgetRows = json.value("forget_rows", std::int64_t{0});
    facts.retainRows = json.value("retain_rows", std::int64_t{0});
    facts.forgetTokens = json.value("forget_tokens", std::int64_t{0});
    facts.retainTokens = json.value("retain_tokens", std::int64_t{0});
    facts.cutRows = json.value("cut_rows", std::int64_t{0});
    facts.boundaryMismatches = json.value("boundary_mismatches", std::int64_t{0});
    facts.rejectedRows = json.value("rejected_rows", std::int64_t{0});
    facts.rowsWithoutLabels = json.value("rows_without_labels", std::int64_t{0});
    facts.parameters = json.value("parameters", std::int64_t{0});
    facts.device = json.value("device", std::string());
    return facts;
}

Json toJson(const StepRecord &step)
{
    Json json{{"step", step.step},
              {"epoch", finiteOrNull(step.epoch)},
              {"loss", finiteOrNull(step.loss)},
              {"forget_loss", finiteOrNull(step.forgetLoss)},
              {"retain_loss", finiteOrNull(step.retainLoss)},
              {"learning_rate", finiteOrNull(step.learningRate)},
              {"grad_norm", finiteOrNull(step.gradNorm)},
              {"tokens", step.tokens},
              {"seconds", finiteOrNull(step.seconds)},
              {"elapsed", finiteOrNull(step.elapsed)},
              {"peak_memory_bytes", step.peakMemoryBytes},
              {"skipped", step.skipped}};
    Json &values = json["values"] = Json::object();
    for (const auto &[name, value] : step.values)
        values[name] = finiteOrNull(value);
    return json;
}

StepRecord stepFrom(const Json &json)
{
    StepRecord step{.step = valueAt<std::int64_t>(json, "step"),
                    .epoch = numberAt(json, "epoch"),
                    .loss = numberAt(json, "loss"),
                    .forgetLoss = maybeNumberAt(json, "forget_loss"),
                    .retainLoss = maybeNumberAt(json, "retain_loss"),
                    .learningRate = numberAt(json, "learning_rate"),
                    .gradNorm = numberAt(json, "grad_norm"),
                    .tokens = valueAt<std::int64_t>(json, "tokens"),
                    .seconds = numberAt(json, "seconds"),
                    .elapsed = numberAt(json, "elapsed"),
                    .peakMemoryBytes = valueAt<std::int64_t>(json, "peak_memory_bytes"),
                    .values = {},
                    .skipped = valueAt<bool>(json, "skipped")};
    for (const auto &[name, value] : json.at("values").items())
        step.values.emplace_back(name, value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>());
    return step;
}

Json toJson(const EvaluationRecord &evaluation)
{
    Json json{{"step", evaluation.step},
              {"seconds", finiteOrNull(evaluation.seconds)},
              {"subset", evaluation.subset},
              {"metrics", toJson(evaluation.metrics)}};
    if (!evaluation.reference.empty())
        json["reference"] = toJson(evaluation.reference);
    Json &samples = json["samples"] = Json::array();
    for (const SampleRecord &sample : evaluation.samples) {
        samples.push_back({{"set", sample.set},
                           {"row", sample.row},
                           {"prompt", sample.prompt},
                           {"reference", sample.reference},
                           {"text", sample.text ? Json(*sample.text) : Json(nullptr)},
                           {"probability", finiteOrNull(sample.probability)},
                           {"rouge_recall", finiteOrNull(sample.rougeRecall)},
                           {"exact_match", finiteOrNull(sample.exactMatch)},
                           {"hit_token_limit", sample.hitTokenLimit},
                           {"values", valuesToJson(sample.values)}});
        if (!sample.tokens.empty())
            samples.back()["tokens"] = toJson(sample.tokens);
    }
    return json;
}

EvaluationRecord evaluationFrom(const Json &json)
{
    EvaluationRecord evaluation{.step = valueAt<std::int64_t>(json, "step"),
                                .seconds = numberAt(json, "seconds"),
                                .subset = valueAt<bool>(json, "subset"),
                                .metrics = metricsFrom(json.at("metrics")),
                                .samples = {},
                                .reference = metricsFrom(json.value("reference", Json::array()))};
    for (const Json &entry : json.at("samples")) {
        SampleRecord sample{.set = valueAt<std::string>(entry, "set"),
                            .row = valueAt<std::int64_t>(entry, "row"),
                            .prompt = valueAt<std::string>(entry, "prompt"),
                            .reference = valueAt<std::string>(entry, "reference"),
                            .text = {},
                            .probability = maybeNumberAt(entry, "probability"),
                            .rougeRecall = maybeNumberAt(entry, "rouge_recall"),
                            .exactMatch = maybeNumberAt(entry, "exact_match"),
                            .hitTokenLimit = valueAt<bool>(entry, "hit_token_limit"),
                            .values = valuesFrom(entry.value("values", Json::object()))}; // not in documents of older versions
        if (const Json &text = entry.at("text"); !text.is_null())
            sample.text = text.get<std::string>();
        if (const auto tokens = entry.find("tokens"); tokens != entry.end())
            sample.tokens = tokensFrom(*tokens);
        evaluation.samples.push_back(std::move(sample));
    }
    return evaluation;
}

std::string dumped(const Json &json, int indent)
{
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string packedNames(const std::vector<std::pair<std::string, double>> &values)
{
    Json names = Json::array();
    for (const auto &[name, value] : values)
        names.push_back(name);
    return dumped(names);
}

std::string packedNumbers(const std::vector<std::pair<std::string, double>> &values)
{
    std::string bytes(values.size() * sizeof(double), '\0');
    for (std::size_t i = 0; i < values.size(); ++i)
        std::memcpy(bytes.data() + i * sizeof(double), &values[i].second, sizeof(double));
    return bytes;
}

std::vector<std::string> unpackedNames(const std::string &names)
{
    return nlohmann::json::parse(names).get<std::vector<std::string>>();
}

std::int64_t nanoseconds(std::chrono::system_clock::time_point time)
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

std::chrono::system_clock::time_point timeFrom(std::int64_t value)
{
    return std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::nanoseconds(value)));
}

std::string isoTime(std::chrono::system_clock::time_point time)
{
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
    return QDateTime::fromMSecsSinceEpoch(milliseconds, Qt::UTC).toString(Qt::ISODateWithMs).toStdString();
}

std::string isoNow()
{
    return isoTime(std::chrono::system_clock::now());
}

} // namespace lethe
