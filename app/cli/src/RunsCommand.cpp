#include "MetricTableText.h"
#include "Output.h"
#include "Program.h"
#include "RecordJson.h"

#include <lethe/base/Paths.h>

#include <algorithm>
#include <set>

namespace lethe::cli {

namespace {

Json parsedSpec(const std::string &specJson)
{
    const Json json = Json::parse(specJson, nullptr, false);
    return json.is_discarded() ? Json(nullptr) : json;
}

Result<Json> list(const Program &program, bool withDeleted)
{
    Json document{{"runs", Json::array()}};
    std::error_code code;
    if (program.global.store.empty() && !std::filesystem::exists(program.storeFile(), code))
        return document; // nobody has run anything yet
    LETHE_TRY(const std::unique_ptr<RunStore> store, program.openStoreToRead());
    LETHE_TRY(const std::vector<RunRow> rows, store->runs(withDeleted));
    for (const RunRow &row : rows)
        document["runs"].push_back(toJson(row));
    return document;
}

Result<Json> show(const Program &program, RunId run, bool withSamples, bool withTokens)
{
    LETHE_TRY(const std::unique_ptr<RunStore> store, program.openStoreToRead());
    LETHE_TRY(const RunDetails details, store->details(run));
    LETHE_TRY(const std::vector<StepRecord> steps, store->steps(run));
    LETHE_TRY(const std::vector<EvaluationRecord> evaluations, store->evaluations(run, withSamples || withTokens));
    Json document = toJson(details.row);
    document["spec"] = parsedSpec(details.specJson);
    document["provenance"] = toJson(details.provenance);
    for (const char *key : {"step_records", "evaluations", "checkpoints", "events"})
        document[key] = Json::array();
    for (const StepRecord &step : steps)
        document["step_records"].push_back(toJson(step));
    for (const EvaluationRecord &evaluation : evaluations)
        document["evaluations"].push_back(toJson(evaluation, withSamples || withTokens, withTokens));
    for (const CheckpointRecord &checkpoint : details.checkpoints)
        document["checkpoints"].push_back(toJson(checkpoint));
    for (const EventRecord &event : details.events)
        document["events"].push_back(toJson(event));
    return document;
}

/// `/training/betas/0` → `training.betas.0`.
std::string dotted(std::string pointer)
{
    pointer.erase(0, 1);
    std::replace(pointer.begin(), pointer.end(), '/', '.');
    return pointer;
}

/// Spec values in which the runs differ, by dotted path and run.
Json differences(const std::vector<std::pair<std::string, Json>> &specs)
{
    std::vector<std::string> pointers;
    std::vector<Json> flat;
    std::set<std::string> seen;
    for (const auto &[run, spec] : specs) {
        flat.push_back(spec.is_null() ? Json::object() : spec.flatten());
        for (const auto &[pointer, value] : flat.back().items())
            if (seen.insert(pointer).second)
                pointers.push_back(pointer);
    }
    Json document = Json::object();
    for (const std::string &pointer : pointers) {
        Json values = Json::object();
        bool differs = false;
        for (std::size_t i = 0; i < specs.size(); ++i) {
            values[specs[i].first] = flat[i].value(pointer, Json(nullptr));
            differs = differs || values[specs[i].first] != values[specs.front().first];
        }
        if (differs)
            document[dotted(pointer)] = std::move(values);
    }
    return document;
}

Result<Json> compare(const Program &program, const std::vector<RunId> &runs)
{
    LETHE_TRY(const std::unique_ptr<RunStore> store, program.openStoreToRead());
    Json document{{"runs", Json::array()}, {"metrics", Json::object()}, {"differences", Json::object()}};
    std::vector<std::pair<std::string, Json>> specs;
    std::vector<RunDetails> all;
    for (const RunId run : runs) {
        LETHE_TRY(const RunDetails details, store->details(run));
        all.push_back(details);
        document["runs"].push_back(toJson(details.row));
        for (const MetricValue &metric : details.row.finalMetrics)
            document["metrics"][metric.id][std::to_string(run)] = toJson(metric);
        specs.emplace_back(std::to_string(run), parsedSpec(details.specJson));
    }
    for (auto &metric : document["metrics"])
        for (const RunId run : runs)
            if (!metric.contains(std::to_string(run)))
                metric[std::to_string(run)] = nullptr;
    document["differences"] = differences(specs);
    document["series"] = toJson(seriesAmong(all));
    return document;
}

Result<Json> series(const Program &program, std::vector<RunId> runs)
{
    LETHE_TRY(const std::unique_ptr<RunStore> store, program.openStoreToRead());
    if (runs.empty()) {
        LETHE_TRY(const std::vector<RunRow> rows, store->runs());
        for (const RunRow &row : rows)
            runs.push_back(row.id);
    }
    std::vector<RunDetails> all;
    for (const RunId run : runs) {
        LETHE_TRY(RunDetails details, store->details(run));
        all.push_back(std::move(details));
    }
    return toJson(seriesAmong(all));
}

Result<Json> remove(const Program &program, RunId run, bool forGood)
{
    LETHE_TRY(const std::unique_ptr<RunStore> store, program.openStore(false));
    LETHE_TRY([[maybe_unused]] const RunRow row, store->run(run));
    if (forGood)
        LETHE_TRY_VOID(store->eraseRun(run));
    else
        LETHE_TRY_VOID(store->setDeleted(run, true));
    LETHE_TRY_VOID(store->flush());
    return Json{{"run_id", run}, {"deleted", true}, {"erased", forGood}};
}

Result<Json> import(const Program &program, const std::string &file)
{
    LETHE_TRY(const std::string json, readFile(file));
    LETHE_TRY(const std::unique_ptr<RunStore> store, program.openStore(true));
    LETHE_TRY(const RunId run, store->importRun(json));
    LETHE_TRY_VOID(store->flush());
    return Json{{"run_id", run}};
}

Result<Json> exportTo(const Program &program, RunId run, const std::string &file)
{
    LETHE_TRY(const std::unique_ptr<RunStore> store, program.openStoreToRead());
    LETHE_TRY(const std::string json, store->exportRun(run));
    LETHE_TRY_VOID(writeFile(file, json));
    return Json{{"run_id", run}, {"path", file}, {"bytes", json.size()}};
}

int print(const Result<Json> &document)
{
    return document.ok() ? printDocument(*document) : printError(document.error());
}

/// A subcommand of `runs` that works on the run it is given.
CLI::App *addRunAction(CLI::App &runs, Program &program, const std::string &name, const std::string &description,
                       std::function<Result<Json>(RunId)> action)
{
    CLI::App *command = addCommand(runs, name, description);
    auto text = std::make_shared<std::string>();
    command->add_option("RUN", *text, "The run's number")->required();
    command->callback([&program, text, action = std::move(action)] {
        program.action = [text, action] {
            const Result<RunId> run = parseRunId(*text);
            return run.ok() ? print(action(*run)) : printError(run.error(), kUsage);
        };
    });
    return command;
}

Result<std::vector<RunId>> parseRunIds(const std::vector<std::string> &texts)
{
    std::vector<RunId> ids;
    for (const std::string &text : texts) {
        LETHE_TRY(const RunId run, parseRunId(text));
        ids.push_back(run);
    }
    return ids;
}

void addSeries(CLI::App &runs, Program &program)
{
    CLI::App *command = addCommand(runs, "series", "Scalability (forget sets of several sizes) and sustainability (one after the other) over stored runs");
    auto texts = std::make_shared<std::vector<std::string>>();
    command->add_option("RUN", *texts, "The runs' numbers; all runs where none is given");
    command->callback([&program, texts] {
        program.action = [&program, texts] {
            const Result<std::vector<RunId>> ids = parseRunIds(*texts);
            return ids.ok() ? print(series(program, *ids)) : printError(ids.error(), kUsage);
        };
    });
}

void addCompare(CLI::App &runs, Program &program)
{
    CLI::App *command = addCommand(runs, "compare", "Final metrics side by side, and what differs in the specs");
    auto texts = std::make_shared<std::vector<std::string>>();
    command->add_option("RUN", *texts, "The runs' numbers")->required()->expected(2, 1000);
    auto format = std::make_shared<std::string>("json");
    command->add_option("--format", *format, "json, or the table of metrics alone as csv, latex or markdown")
        ->check(CLI::IsMember({"json", "csv", "latex", "markdown"}));
    auto columns = std::make_shared<std::vector<std::string>>();
    command->add_option("--columns", *columns, "Of the table: metrics, parts (forget_quality.d), seconds, steps; all metrics where not given")->delimiter(',');
    command->callback([&program, texts, format, columns] {
        program.action = [&program, texts, format, columns] {
            const Result<std::vector<RunId>> ids = parseRunIds(*texts);
            if (!ids.ok())
                return printError(ids.error(), kUsage);
            const Result<Json> document = compare(program, *ids);
            if (!document.ok() || *format == "json")
                return print(document);
            return printText(metricTable(*document, *format, *columns));
        };
    });
}

} // namespace

void addRuns(CLI::App &app, Program &program)
{
    CLI::App *runs = addCommand(app, "runs", "The runs in the store");
    runs->require_subcommand(1);

    CLI::App *listing = addCommand(*runs, "list", "All runs, newest first");
    auto withDeleted = std::make_shared<bool>(false);
    listing->add_flag("--deleted", *withDeleted, "Those in the bin too");
    listing->callback([&program, withDeleted] { program.action = [&program, withDeleted] { return print(list(program, *withDeleted)); }; });

    auto withSamples = std::make_shared<bool>(false);
    auto withTokens = std::make_shared<bool>(false);
    CLI::App *showing = addRunAction(*runs, program, "show", "One run: spec, steps, evaluations, checkpoints",
                                     [&program, withSamples, withTokens](RunId run) { return show(program, run, *withSamples, *withTokens); });
    showing->add_flag("--samples", *withSamples, "With the rows of each evaluation");
    showing->add_flag("--tokens", *withTokens, "With the rows, and every scored token of their answers");

    addCompare(*runs, program);
    addSeries(*runs, program);

    auto forGood = std::make_shared<bool>(false);
    addRunAction(*runs, program, "delete", "Put a run into the bin", [&program, forGood](RunId run) { return remove(program, run, *forGood); })
        ->add_flag("--for-good", *forGood, "Erase it, checkpoints and all");

    CLI::App *importing = addCommand(*runs, "import", "Take in a run that was exported");
    auto from = std::make_shared<std::string>();
    importing->add_option("FILE", *from, "The file that runs export wrote")->required();
    importing->callback([&program, from] { program.action = [&program, from] { return print(import(program, *from)); }; });

    auto to = std::make_shared<std::string>();
    addRunAction(*runs, program, "export", "Write a run as one JSON file, checkpoints left out",
                 [&program, to](RunId run) { return exportTo(program, run, *to); })
        ->add_option("--out", *to, "The file to write")
        ->required();
}

} // namespace lethe::cli
