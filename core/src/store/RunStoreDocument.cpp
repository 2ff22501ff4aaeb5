// A run as one JSON document: `lethe-cli runs export` and `runs import`.
#include "RecordText.h"
#include "RunStoreData.h"

#include <QtCore/QString>
#include <QtCore/QSysInfo>

namespace lethe {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char *kFormat = "lethe-run";
constexpr std::int64_t kFormatVersion = 1;

Json textAsJson(const std::string &text)
{
    Json json = Json::parse(text, nullptr, false);
    return json.is_discarded() ? Json(text) : json;
}

Json toJson(const RunRow &row)
{
    Json json{{"name", row.name},
              {"status", toString(row.status)},
              {"failure", row.failure},
              {"method", row.method},
              {"model", row.model},
              {"learning_rate", row.learningRate},
              {"steps", row.steps},
              {"planned_steps", row.plannedSteps},
              {"seconds", row.seconds},
              {"tokens_per_second", row.tokensPerSecond},
              {"peak_memory_bytes", row.peakMemoryBytes},
              {"created_at", row.createdAt},
              {"ended_at", row.endedAt},
              {"color", row.color},
              {"starred", row.starred},
              {"tags", row.tags},
              {"note", row.note},
              {"device", row.device}};
    json["base"] = lethe::toJson(row.baseMetrics);
    json["final"] = lethe::toJson(row.finalMetrics);
    return json;
}

Json toJson(const Provenance &provenance)
{
    Json files = Json::object();
    for (const auto &[file, sha] : provenance.fileHashes)
        files[file] = sha;
    return {{"lethe_version", provenance.letheVersion}, {"torch_version", provenance.torchVersion},
            {"qt_version", provenance.qtVersion},       {"device", provenance.device},
            {"host", provenance.host},                  {"file_sha256", files}};
}

/// Everything that the document says, read before anything is written.
struct Document {
    NewRun run;
    Json row;
    RunStatus status = RunStatus::Done;
    std::string base, final, facts, origin, tags;
    RunFacts factValues;
    std::vector<StepRecord> steps;
    std::vector<EvaluationRecord> evaluations;
    std::vector<EventRecord> events;
    std::vector<LogLine> log;
};

Document documentFrom(const Json &json)
{
    Document document;
    document.row = json.at("run");
    const Json &row = document.row;
    const Json &spec = json.at("spec");
    const Json &provenance = json.at("provenance");
    document.run = {.name = row.at("name").get<std::string>(),
                    .specJson = spec.is_string() ? spec.get<std::string>() : dumped(spec, 2),
                    .method = row.at("method").get<std::string>(),
                    .model = row.at("model").get<std::string>(),
                    .learningRate = row.at("learning_rate").get<double>(),
                    .plannedSteps = row.at("planned_steps").get<std::int64_t>(),
                    .parent = {},
                    .modelRun = {},
                    .provenance = {.letheVersion = provenance.at("lethe_version").get<std::string>(),
                                   .torchVersion = provenance.at("torch_version").get<std::string>(),
                                   .qtVersion = provenance.at("qt_version").get<std::string>(),
                                   .device = provenance.at("device").get<std::string>(),
                                   .host = provenance.at("host").get<std::string>(),
                                   .fileHashes = {}},
                    .processId = 0};
    for (const auto &[file, sha] : provenance.at("file_sha256").items())
        document.run.provenance.fileHashes.emplace_back(file, sha.get<std::string>());

    // A run that was still going where it was exported does not go on here.
    document.status = runStatusFrom(row.at("status").get<std::string>()).value_or(RunStatus::Interrupted);
    if (document.status == RunStatus::Queued || document.status == RunStatus::Running || document.status == RunStatus::Paused)
        document.status = RunStatus::Interrupted;
    document.base = dumped(lethe::toJson(metricsFrom(row.at("base"))));
    document.final = dumped(lethe::toJson(metricsFrom(row.at("final"))));
    document.tags = dumped(Json(row.at("tags").get<std::vector<std::string>>()));
    document.factValues = factsFrom(json.at("facts"));
    document.facts = dumped(lethe::toJson(document.factValues));
    for (const char *key : {"failure", "created_at", "ended_at", "color", "note", "device"})
        static_cast<void>(row.at(key).get<std::string>());
    for (const char *key : {"steps", "seconds", "tokens_per_second", "peak_memory_bytes"})
        static_cast<void>(row.at(key).get<double>());
    static_cast<void>(row.at("starred").get<bool>());

    const Json &from = json.at("exported_from");
    document.origin = "run " + std::to_string(from.at("run_id").get<std::int64_t>()) + " of " + from.at("store").get<std::string>()
        + " on " + from.at("host").get<std::string>() + ", exported " + from.at("at").get<std::string>();
    for (const Json &step : json.at("steps"))
        document.steps.push_back(stepFrom(step));
    for (const Json &evaluation : json.at("evaluations"))
        document.evaluations.push_back(evaluationFrom(evaluation));
    for (const Json &event : json.at("events"))
        document.events.push_back({.step = event.at("step").get<std::int64_t>(),
                                   .kind = event.at("kind").get<std::string>(),
                                   .text = event.at("text").get<std::string>(),
                                   .time = timeFrom(event.at("time_ns").get<std::int64_t>())});
    for (const Json &line : json.at("log")) {
        LogLine &read = document.log.emplace_back();
        read.time = timeFrom(line.at("time_ns").get<std::int64_t>());
        for (const LogLevel level : {LogLevel::Debug, LogLevel::Info, LogLevel::Warning, LogLevel::Error})
            if (toString(level) == line.at("level").get<std::string>())
                read.level = level;
        read.source = line.at("source").get<std::string>();
        read.text = line.at("text").get<std::string>();
    }
    return document;
}

RunId insertDocument(StoreConnection &connection, const Document &document)
{
    const Json &row = document.row;
    const RunId id = insertRun(connection, document.run, row.at("color").get<std::string>());
    for (const StepRecord &step : document.steps)
        insertStep(connection, id, step);
    for (const EvaluationRecord &evaluation : document.evaluations)
        insertEvaluation(connection, id, evaluation, dumped(lethe::toJson(evaluation.metrics)));
    for (const EventRecord &event : document.events)
        insertEvent(connection, id, event);
    for (const LogLine &line : document.log)
        insertLog(connection, id, line);
    insertEvent(connection, id, {.step = row.at("steps").get<std::int64_t>(), .kind = "info", .text = "Imported: " + document.origin});
    connection.query("UPDATE run_documents SET facts = ?, origin = ? WHERE run = ?").with(document.facts, document.origin, id).run();
    connection
        .query("UPDATE runs SET status = ?, failure = ?, steps = ?, seconds = ?, tokens_per_second = ?, peak_memory_bytes = ?, "
               "created_at = ?, ended_at = ?, starred = ?, tags = ?, note = ?, device = ?, base_metrics = ?, final_metrics = ? "
               "WHERE id = ?")
        .with(toString(document.status), row.at("failure").get<std::string>(), row.at("steps").get<std::int64_t>(),
              row.at("seconds").get<double>(), row.at("tokens_per_second").get<double>(),
              row.at("peak_memory_bytes").get<std::int64_t>(), row.at("created_at").get<std::string>(),
              row.at("ended_at").get<std::string>(), row.at("starred").get<bool>(), document.tags, row.at("note").get<std::string>(),
              row.at("device").get<std::string>(), document.base, document.final, id)
        .run();
    return id;
}

} // namespace

Result<std::string> RunStore::exportRun(RunId run) const
{
    LETHE_TRY(const RunDetails details, this->details(run));
    LETHE_TRY(const std::vector<StepRecord> steps, this->steps(run));
    LETHE_TRY(const std::vector<EvaluationRecord> evaluations, this->evaluations(run, true));
    LETHE_TRY(const std::vector<LogLine> log, logLines(run));

    Json json{{"format", kFormat}, {"version", kFormatVersion}};
    json["exported_from"] = {{"host", QSysInfo::machineHostName().toStdString()},
                             {"store", m_data->file.string()},
                             {"run_id", run},
                             {"at", isoNow()},
                             {"lethe_version", LETHE_VERSION}};
    json["run"] = toJson(details.row);
    json["spec"] = textAsJson(details.specJson);
    json["provenance"] = toJson(details.provenance);
    json["facts"] = lethe::toJson(details.facts);
    Json &stepList = json["steps"] = Json::array();
    for (const StepRecord &step : steps)
        stepList.push_back(lethe::toJson(step));
    Json &evaluationList = json["evaluations"] = Json::array();
    for (const EvaluationRecord &evaluation : evaluations)
        evaluationList.push_back(lethe::toJson(evaluation));
    Json &eventList = json["events"] = Json::array();
    for (const EventRecord &event : details.events)
        eventList.push_back({{"step", event.step},
                             {"kind", event.kind},
                             {"text", event.text},
                             {"time", isoTime(event.time)},
                             {"time_ns", nanoseconds(event.time)}});
    Json &logList = json["log"] = Json::array();
    for (const LogLine &line : log)
        logList.push_back({{"time_ns", nanoseconds(line.time)}, {"level", toString(line.level)}, {"source", line.source}, {"text", line.text}});
    return dumped(json, 1) + "\n";
}

Result<RunId> RunStore::importRun(std::string_view text)
{
    const auto corrupt = [](const std::string &what) {
        return Error{.code = ErrorCode::Corrupt, .what = what, .where = {}, .hint = "Accepted: what `lethe-cli runs export` writes"};
    };
    Document document;
    try {
        const Json json = Json::parse(text);
        if (!json.is_object() || json.value("format", std::string()) != kFormat)
            return corrupt("the document is no exported run");
        if (const auto version = json.at("version").get<std::int64_t>(); version > kFormatVersion)
            return Error{.code = ErrorCode::Unsupported,
                         .what = "the run was exported by a newer Lethe: its format version is " + std::to_string(version)
                             + ", this Lethe reads " + std::to_string(kFormatVersion),
                         .where = {}, .hint = "Update Lethe"};
        document = documentFrom(json);
    } catch (const Json::exception &exception) {
        return corrupt(std::string("the exported run cannot be read: ") + exception.what());
    }
    RunId id = 0;
    LETHE_TRY_VOID(m_data->perform([&](StoreConnection &connection) { id = insertDocument(connection, document); }));
    return id;
}

} // namespace lethe
