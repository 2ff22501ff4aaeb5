#include "RecordJson.h"

#include <cmath>
#include <ctime>
#include <string_view>

namespace lethe::cli {

namespace {

template<typename T>
Json orNull(const std::optional<T> &value)
{
    return value ? Json(*value) : Json(nullptr);
}

std::string isoTime(std::chrono::system_clock::time_point time)
{
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

} // namespace

Json toJson(const StepRecord &step)
{
    Json json{{"step", step.step},
              {"epoch", step.epoch},
              {"loss", step.loss},
              {"forget_loss", orNull(step.forgetLoss)},
              {"retain_loss", orNull(step.retainLoss)},
              {"learning_rate", step.learningRate},
              {"grad_norm", step.gradNorm},
              {"tokens", step.tokens},
              {"seconds", step.seconds}};
    for (const auto &[name, value] : step.values)
        json[name] = value;
    if (step.skipped)
        json["skipped"] = true;
    return json;
}

Json toJson(const std::vector<MetricValue> &metrics)
{
    Json json = Json::object();
    for (const MetricValue &metric : metrics)
        json[metric.id] = toJson(metric);
    return json;
}

Json toJson(const MetricValue &metric)
{
    if (metric.parts.empty() && metric.variant.empty())
        return orNull(metric.value);
    Json json{{"value", orNull(metric.value)}};
    for (const auto &[part, value] : metric.parts) {
        const bool isCount = part.starts_with("n") && value == std::floor(value);
        json[part] = isCount ? Json(static_cast<std::int64_t>(value)) : orNull(std::optional(value));
    }
    if (!metric.variant.empty())
        json["variant"] = metric.variant;
    return json;
}

Json toJson(const SampleRecord &sample, bool withTokens)
{
    Json json{{"set", sample.set},
            {"index", sample.row},
            {"prompt", sample.prompt},
            {"reference", sample.reference},
            {"text", orNull(sample.text)},
            {"prob", orNull(sample.probability)},
            {"rouge", orNull(sample.rougeRecall)},
            {"exact_match", orNull(sample.exactMatch)},
            {"hit_token_limit", sample.hitTokenLimit}};
    constexpr std::string_view kFalseLoss = "false_loss_"; // `false_loss_1`, `false_loss_2` …: one list
    for (const auto &[name, value] : sample.values)
        if (name.starts_with(kFalseLoss))
            json["false_loss"].push_back(orNull(std::optional(value)));
        else
            json[name] = orNull(std::optional(value));
    if (withTokens) {
        json["tokens"] = Json::array();
        for (const TokenScore &token : sample.tokens)
            json["tokens"].push_back({{"text", token.text}, {"log_p", orNull(std::optional(token.logProbability))}});
    }
    return json;
}

Json toJson(const EvaluationRecord &evaluation, bool withSamples, bool withTokens)
{
    Json json{{"step", evaluation.step}, {"seconds", evaluation.seconds}, {"subset", evaluation.subset}, {"metrics", toJson(evaluation.metrics)}};
    if (!evaluation.reference.empty())
        json["reference"] = toJson(evaluation.reference);
    if (withSamples) {
        json["samples"] = Json::array();
        for (const SampleRecord &sample : evaluation.samples)
            json["samples"].push_back(toJson(sample, withTokens));
    }
    return json;
}

Json toJson(const CheckpointRecord &checkpoint)
{
    return {{"step", checkpoint.step}, {"path", checkpoint.path}, {"bytes", checkpoint.bytes}};
}

Json toJson(const EventRecord &event)
{
    return {{"step", event.step}, {"kind", event.kind}, {"text", event.text}, {"time", isoTime(event.time)}};
}

Json toJson(const RunSummary &summary)
{
    Json json{{"run_id", summary.runId},
              {"status", toString(summary.status)},
              {"steps", summary.steps},
              {"seconds", summary.seconds},
              {"tokens_per_second", summary.tokensPerSecond},
              {"peak_memory_bytes", summary.peakMemoryBytes},
              {"evaluation_seconds", summary.evaluationSeconds},
              {"evaluations_left_out", summary.evaluationsLeftOut},
              {"final", toJson(summary.finalMetrics)},
              {"checkpoint", summary.checkpoint.empty() ? Json(nullptr) : Json(summary.checkpoint)}};
    if (!summary.failure.empty())
        json["failure"] = summary.failure;
    const RunFacts &facts = summary.facts;
    json["facts"] = Json{{"planned_steps", facts.plannedSteps},   {"steps_per_epoch", facts.stepsPerEpoch},
                         {"forget_rows", facts.forgetRows},       {"retain_rows", facts.retainRows},
                         {"forget_tokens", facts.forgetTokens},   {"retain_tokens", facts.retainTokens},
                         {"cut_rows", facts.cutRows},             {"boundary_mismatches", facts.boundaryMismatches},
                         {"rejected_rows", facts.rejectedRows},   {"rows_without_labels", facts.rowsWithoutLabels},
                         {"parameters", facts.parameters},        {"device", facts.device}};
    return json;
}

Json toJson(const RunRow &row)
{
    Json json{{"run_id", row.id},
              {"name", row.name},
              {"status", toString(row.status)},
              {"method", row.method},
              {"model", row.model},
              {"learning_rate", row.learningRate},
              {"steps", row.steps},
              {"planned_steps", row.plannedSteps},
              {"seconds", row.seconds},
              {"tokens_per_second", row.tokensPerSecond},
              {"peak_memory_bytes", row.peakMemoryBytes},
              {"created_at", row.createdAt},
              {"ended_at", row.endedAt.empty() ? Json(nullptr) : Json(row.endedAt)},
              {"starred", row.starred},
              {"tags", row.tags},
              {"note", row.note},
              {"parent", orNull(row.parent)},
              {"model_run", orNull(row.modelRun)},
              {"device", row.device},
              {"folder", row.folder},
              {"base", toJson(row.baseMetrics)},
              {"final", toJson(row.finalMetrics)}};
    if (!row.failure.empty())
        json["failure"] = row.failure;
    return json;
}

Json toJson(const Provenance &provenance)
{
    Json json{{"lethe", provenance.letheVersion}, {"torch", provenance.torchVersion}, {"qt", provenance.qtVersion},
              {"device", provenance.device},      {"host", provenance.host},          {"sha256", Json::object()}};
    for (const auto &[file, hash] : provenance.fileHashes)
        json["sha256"][file] = hash;
    return json;
}

Json toJson(const std::vector<RunSeries> &series)
{
    Json json{{"scalability", Json::array()}, {"sustainability", Json::array()}};
    for (const RunSeries &one : series) {
        Json points = Json::array();
        for (const SeriesPoint &point : one.points)
            points.push_back({{"run_id", point.run != 0 ? Json(point.run) : Json(nullptr)}, {"name", point.name}, {"folds", point.folds},
                              {"forget_rows", point.forgetRows}, {"metrics", toJson(point.metrics)}});
        json[std::string(toString(one.kind))].push_back({{"method", one.method}, {"model", one.model}, {"points", std::move(points)}});
    }
    return json;
}

Json toJson(const BenchReport &report)
{
    Json json{{"what", report.what},
              {"device", report.device},
              {"dtype", report.dtype},
              {"threads", report.threads},
              {"parameters", report.parameters},
              {"warmup", report.warmup},
              {"repetitions", report.repetitions},
              {"tokens", report.tokens},
              {"seconds", report.seconds},
              {"tokens_per_second", report.tokensPerSecond},
              {"start_seconds", report.startSeconds},
              {"peak_memory_bytes", report.peakMemoryBytes},
              {"flops", report.flops},
              {"model_flop_utilisation", report.utilisation},
              {"machine", {{"flops_per_second", report.machine.flopsPerSecond}, {"bytes_per_second", report.machine.bytesPerSecond}}},
              {"step_seconds", report.stepSeconds}};
    if (!report.losses.empty())
        json["losses"] = report.losses;
    return json;
}

} // namespace lethe::cli
