#include <lethe/run/RunRecorder.h>

#include "RunProvenance.h"

#include <lethe/base/Log.h>
#include <lethe/base/Paths.h>
#include <lethe/method/MethodCatalog.h>

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <charconv>
#include <map>
#include <new>
#include <thread>

namespace lethe {

namespace fs = std::filesystem;

namespace {

/// Stores what a session reports and hands it on.
class RecordingObserver final : public RunObserver
{
public:
    RecordingObserver(RunStore &store, RunId run, RunObserver *next) : m_store(store), m_run(run), m_next(next) {}

    void onFacts(const RunFacts &facts) override
    {
        m_store.setFacts(m_run, facts);
        if (m_next != nullptr)
            m_next->onFacts(facts);
    }
    void onStage(const StageRecord &stage) override
    {
        // What was done before a stage is on the disk when the stage begins: no checkpoint is ahead of its run's steps.
        if (stage.name != m_stage) {
            m_stage = stage.name;
            saved();
        }
        if (m_next != nullptr)
            m_next->onStage(stage);
    }
    void onStatus(RunStatus status) override
    {
        if (status == RunStatus::Running || status == RunStatus::Paused) // how it ended is written with the summary
            m_store.setStatus(m_run, status);
        if (m_next != nullptr)
            m_next->onStatus(status);
    }
    void onStep(const StepRecord &step) override
    {
        m_lastStep = step;
        m_store.appendStep(m_run, step);
        if (m_next != nullptr)
            m_next->onStep(step);
    }
    void onEvaluation(const EvaluationRecord &evaluation) override
    {
        m_store.appendEvaluation(m_run, evaluation);
        if (m_next != nullptr)
            m_next->onEvaluation(evaluation);
    }
    void onCheckpoint(const CheckpointRecord &checkpoint) override
    {
        m_store.appendCheckpoint(m_run, checkpoint);
        saved();
        if (m_next != nullptr)
            m_next->onCheckpoint(checkpoint);
    }
    void onEvent(const EventRecord &event) override
    {
        m_store.appendEvent(m_run, event);
        if (m_next != nullptr)
            m_next->onEvent(event);
    }

    std::int64_t lastStep() const { return m_lastStep.step; }

private:
    /// A store that cannot be written says so itself, and keeps what it was handed: the run goes on.
    void saved() { static_cast<void>(m_store.flush()); }

    RunStore &m_store;
    const RunId m_run;
    RunObserver *const m_next;
    std::string m_stage;
    StepRecord m_lastStep;
};

/// Puts what this thread logs beside the run, as long as it lives.
class RunLog
{
public:
    RunLog(RunStore &store, RunId run)
        : m_listener(addLogListener([&store, run, thread = std::this_thread::get_id()](const LogLine &line) {
              if (std::this_thread::get_id() == thread && line.level != LogLevel::Debug)
                  store.appendLog(run, line);
          }))
    {}
    RunLog(const RunLog &) = delete;
    RunLog &operator=(const RunLog &) = delete;
    ~RunLog() { removeLogListener(m_listener); }

private:
    const int m_listener;
};

/// Whose result lies in \p model.
std::optional<RunId> runOfModel(const RunStore &store, const fs::path &model)
{
    const auto rows = store.runs(true); // one in the bin has its folder still
    if (!rows.ok())
        return std::nullopt;
    std::error_code error;
    const fs::path folder = fs::weakly_canonical(model, error);
    for (const RunRow &row : *rows) {
        const fs::path inside = row.folder.empty() ? fs::path() : folder.lexically_relative(fs::weakly_canonical(row.folder, error));
        if (!inside.empty() && *inside.begin() != "..")
            return row.id;
    }
    return std::nullopt;
}

bool isRunNumber(const ExperimentSpec &spec, const std::string &text)
{
    std::error_code error;
    return !text.empty() && text.size() <= 18 && text.find_first_not_of("0123456789") == std::string::npos && !fs::exists(spec.resolve(text), error);
}

struct Prepared {
    ResolvedSpec spec;
    RunId run = 0;
    SessionOptions options;
    std::vector<fs::path> hashLater;
};

Result<Prepared> prepareNew(const ExperimentSpec &given, const RecordedRun &how)
{
    Prepared prepared;
    const ExperimentSpec spec = withAbsolutePaths(given);
    LETHE_TRY(prepared.spec, resolveSpec(spec, *how.catalog));
    prepared.spec.storeFile = how.store->file();
    ReadFiles files = filesReadBy(prepared.spec);
    prepared.hashLater = std::move(files.large);
    NewRun row{.name = spec.name,
               .specJson = writeSpec(prepared.spec.spec), // with the method's defaults: another version may have others
               .method = spec.method.id,
               .model = prepared.spec.modelFolder.string(),
               .learningRate = spec.training.learningRate,
               .plannedSteps = spec.training.maxSteps.value_or(0), // the whole plan is known once the rows are read
               .parent = how.parent,
               .modelRun = runOfModel(*how.store, prepared.spec.modelFolder),
               .provenance = provenanceNow(files.small),
               .processId = ::getpid()};
    if (row.name.empty())
        row.name = spec.method.id + " on " + prepared.spec.modelFolder.filename().string();
    LETHE_TRY(prepared.run, how.store->createRun(row));
    return prepared;
}

/// The step a checkpoint was written after, as its own record or its folder's name says.
std::int64_t stepOf(const fs::path &checkpoint)
{
    if (const auto text = readFile(checkpoint / "lethe_checkpoint.json", 64u << 20); text.ok()) {
        const auto json = nlohmann::json::parse(*text, nullptr, false);
        if (json.is_object() && json.contains("step") && json["step"].is_number_integer())
            return json["step"].get<std::int64_t>();
    }
    const std::string name = checkpoint.filename().string();
    std::int64_t step = 0;
    if (const auto digits = name.find_last_of('-'); digits != std::string::npos)
        std::from_chars(name.data() + digits + 1, name.data() + name.size(), step);
    return step;
}

/// Warns where a small file is not the one that the run began with: the losses will not be the same.
void compareHashes(RunStore &store, RunId run, std::int64_t step, const FileHashes &before, const std::vector<fs::path> &files)
{
    const std::map<std::string, std::string> known(before.begin(), before.end());
    for (const fs::path &file : files) {
        const auto found = known.find(file.string());
        const auto sha = sha256OfFile(file);
        if (found == known.end() || !sha.ok() || *sha == found->second)
            continue;
        const std::string text = file.string() + " has changed since the run began: what follows is not what would have followed";
        log(LogLevel::Warning, "run", text);
        store.appendEvent(run, {.step = step, .kind = "warning", .text = text});
    }
}

Result<Prepared> prepareResume(RunId run, const RecordedRun &how)
{
    Prepared prepared;
    prepared.run = run;
    RunStore &store = *how.store;
    LETHE_TRY_VOID(store.flush()); // what this process has just said of the run counts
    LETHE_TRY_VOID(store.noticeInterrupted());
    LETHE_TRY(const RunDetails details, store.details(run));
    const std::string name = "run " + std::to_string(run);
    switch (details.row.status) {
    case RunStatus::Queued:
    case RunStatus::Running:
    case RunStatus::Paused:
        return Error{.code = ErrorCode::Busy, .what = name + " is at work in another program", .where = store.file().string(),
                     .hint = "Stop it there first"};
    case RunStatus::Done:
        return Error{.code = ErrorCode::InvalidInput, .what = name + " is done: there is nothing left to resume",
                     .where = store.file().string(), .hint = "Run its spec again, with more epochs perhaps"};
    default:
        break;
    }
    const SpecReading reading = readSpec(details.specJson, "/");
    if (!reading.ok())
        return reading.asError();
    LETHE_TRY(prepared.spec, resolveSpec(reading.spec, *how.catalog));
    prepared.spec.storeFile = store.file();

    std::int64_t step = 0;
    prepared.options.resumeFrom = how.findCheckpoint(details.row.folder);
    if (prepared.options.resumeFrom)
        step = stepOf(*prepared.options.resumeFrom);
    LETHE_TRY_VOID(store.rewindRun(run, step, ::getpid()));
    store.appendEvent(run, {.step = step, .kind = "resume",
                            .text = prepared.options.resumeFrom ? "Resumed from the checkpoint of step " + std::to_string(step)
                                                                : std::string("Begun again: there was no checkpoint yet")});
    compareHashes(store, run, step, details.provenance.fileHashes, filesReadBy(prepared.spec).small);
    return prepared;
}

/// What the session says, or what it threw.
Result<RunSummary> runGuarded(const Prepared &prepared, const RecordedRun &how, RunObserver &observer)
{
    try {
        return how.session(prepared.spec, *how.catalog, prepared.options, *how.control, observer);
    } catch (const std::bad_alloc &) {
        return Error{.code = ErrorCode::OutOfMemory, .what = "there is not enough memory for the run", .where = {},
                     .hint = "Lower batch_size or max_length"};
    } catch (const std::exception &exception) {
        return Error{.code = ErrorCode::Internal, .what = std::string("the run ended unexpectedly: ") + exception.what(), .where = {}, .hint = {}};
    } catch (...) {
        return Error{.code = ErrorCode::Internal, .what = "the run ended unexpectedly", .where = {}, .hint = {}};
    }
}

/// A run that ended before its session could sum it up: what the store knows of it.
RunSummary summaryOf(const RunStore &store, RunId run, RunStatus status, const std::string &failure)
{
    RunSummary summary;
    summary.runId = run;
    summary.status = status;
    summary.failure = failure;
    if (const auto details = store.details(run); details.ok()) {
        summary.steps = details->row.steps;
        summary.seconds = details->row.seconds;
        summary.tokensPerSecond = details->row.tokensPerSecond;
        summary.peakMemoryBytes = details->row.peakMemoryBytes;
        summary.finalMetrics = details->row.finalMetrics;
        summary.facts = details->facts;
        if (!details->checkpoints.empty())
            summary.checkpoint = details->checkpoints.back().path;
    }
    return summary;
}

} // namespace

bool namesRuns(const ExperimentSpec &spec)
{
    return isRunNumber(spec, spec.model) || (spec.referenceModel && isRunNumber(spec, *spec.referenceModel));
}

Result<void> nameCheckpoints(ExperimentSpec &spec, const RunStore &store)
{
    const auto name = [&](const std::string &key, std::string &model) -> Result<void> {
        if (!isRunNumber(spec, model))
            return {};
        const auto details = store.details(std::stoll(model));
        if (!details.ok())
            return Error{.code = ErrorCode::NotFound, .what = "there is neither a folder nor a run " + model, .where = key,
                         .hint = "Give a Hugging Face model folder, or the number of a run in " + store.file().string()};
        std::error_code error;
        const auto &checkpoints = details->checkpoints;
        if (checkpoints.empty() || !fs::is_directory(checkpoints.back().path, error))
            return Error{.code = ErrorCode::NotFound, .what = "run " + model + " has left no checkpoint to begin from", .where = key, .hint = "Run it again"};
        model = checkpoints.back().path;
        return {};
    };
    LETHE_TRY_VOID(name("model", spec.model));
    return spec.referenceModel ? name("reference_model", *spec.referenceModel) : Result<void>();
}

Result<RunSummary> runAndRecord(const ExperimentSpec &spec, const RecordedRun &how)
{
    Q_ASSERT(how.catalog != nullptr && how.store != nullptr && how.control != nullptr && how.session);
    RunStore &store = *how.store;
    LETHE_TRY(Prepared prepared, how.resume ? prepareResume(*how.resume, how) : prepareNew(spec, how));
    const RunId run = prepared.run;
    LETHE_TRY(const RunRow row, store.run(run));
    prepared.options.runFolder = row.folder;
    prepared.options.threads = how.threads;
    prepared.options.pauseOnTrouble = how.pauseOnTrouble;
    if (how.onCreated)
        how.onCreated(run);

    store.setStatus(run, RunStatus::Running);
    RecordingObserver observer(store, run, how.observer);
    BackgroundHashing hashing(store, run, prepared.hashLater);
    Result<RunSummary> result = [&] {
        const RunLog runLog(store, run);
        return runGuarded(prepared, how, observer);
    }();
    static_cast<void>(store.flush()); // its failure is told below, with the end itself

    if (!result.ok() && result.error().code == ErrorCode::Cancelled) // stopped while it was still reading: an outcome, no failure
        result = summaryOf(store, run, RunStatus::Cancelled, {});
    if (!result.ok()) {
        store.finishRun(summaryOf(store, run, RunStatus::Failed, result.error().message()));
        store.appendEvent(run, {.step = observer.lastStep(), .kind = "error", .text = result.error().message()});
        static_cast<void>(store.flush());
        return result.error();
    }
    RunSummary summary = std::move(result).value();
    summary.runId = run;
    const bool ended = summary.status == RunStatus::Done || summary.status == RunStatus::Failed;
    if (how.control->request() == RunControl::Request::Interrupt && !ended)
        summary.status = RunStatus::Interrupted;
    if (summary.status == RunStatus::Done || summary.status == RunStatus::Stopped)
        hashing.waitForAll();
    store.finishRun(summary);
    if (auto saved = store.flush(); !saved.ok()) {
        Error error = saved.error();
        error.what = "run " + std::to_string(run) + " ended (" + std::string(toString(summary.status)) + "), but " + error.what;
        return error;
    }
    return summary;
}

} // namespace lethe
