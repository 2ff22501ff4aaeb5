#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Log.h>
#include <lethe/base/Result.h>
#include <lethe/run/Records.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lethe {

/// One run as tables show it.
struct RunRow {
    RunId id = 0;
    std::string name;
    RunStatus status = RunStatus::Queued;
    std::string failure;    ///< cause, for Failed
    std::string method;     ///< id
    std::string model;      ///< the spec's model path, resolved
    double learningRate = 0;
    std::int64_t steps = 0; ///< done
    std::int64_t plannedSteps = 0;
    double seconds = 0;
    double tokensPerSecond = 0;
    std::int64_t peakMemoryBytes = 0;
    std::string createdAt;  ///< ISO 8601, UTC
    std::string endedAt;    ///< empty while it runs
    std::string color;      ///< `#rrggbb` or `ink` (the theme's text colour), given at creation, editable
    bool starred = false;
    std::vector<std::string> tags;
    std::string note;
    std::optional<RunId> parent; ///< the run it was made from
    std::optional<RunId> modelRun; ///< whose result it began from
    std::string device;
    std::string folder;     ///< of its checkpoints
    std::vector<MetricValue> finalMetrics; ///< of the last full evaluation
    std::vector<MetricValue> baseMetrics;  ///< of step 0
    bool deleted = false;   ///< in the bin
    bool operator==(const RunRow &) const = default;
};

/// A run's steps as columns of one length: NaN where a step has no such number.
struct StepSeries {
    std::vector<double> step, epoch, elapsed;
    std::vector<double> tokens; ///< of the step
    std::vector<double> loss, forgetLoss, retainLoss;
};

/// What makes a run repeatable, beside its spec.
struct Provenance {
    std::string letheVersion, torchVersion, qtVersion, device, host;
    /// file → SHA-256, for every file of the model, the reference and the data that the run read.
    std::vector<std::pair<std::string, std::string>> fileHashes;
    bool operator==(const Provenance &) const = default;
};

struct NewRun {
    std::string name;
    std::string specJson; ///< complete, paths absolute
    std::string method;
    std::string model;
    double learningRate = 0;
    std::int64_t plannedSteps = 0;
    std::optional<RunId> parent;
    std::optional<RunId> modelRun;
    Provenance provenance;
    std::int64_t processId = 0;
};

struct RunDetails {
    RunRow row;
    std::string specJson;
    Provenance provenance;
    std::vector<CheckpointRecord> checkpoints;
    std::vector<EventRecord> events;
    RunFacts facts;
    std::string origin; ///< of an imported run: where it was exported from
};

/// A set of rows that the user made: kept with all its versions.
struct StoredSet {
    std::int64_t id = 0;
    std::string name;
    std::int64_t version = 0;
    std::string sha256;
    std::string rowsJsonLines;
};

/// The SQLite store of everything. One writer thread owns the only writing connection and commits what it has been handed at
/// least every 200 ms, one transaction a batch; readers use their own read-only connections (WAL), so read functions may be
/// called from any thread, also while a run writes, also from another process.
///
/// Writing functions return at once unless they say otherwise; a failed write is reported through `setFailureListener` and
/// what was to be written is kept in memory and tried again.
class LETHE_EXPORT RunStore
{
public:
    enum class Mode { ReadWrite, ReadOnly };

    /// Opens, makes or migrates the store. Corrupt (not a store, or damaged: the file is left as it is), Unsupported (written
    /// by a newer Lethe: says which version), Io (also: ReadWrite on a file that cannot be written; ReadOnly opens it for
    /// viewing), Busy. NotFound: ReadOnly and no file. Runs whose process is gone become `Interrupted` (ReadWrite only).
    static Result<std::unique_ptr<RunStore>> open(const std::filesystem::path &file, Mode mode = Mode::ReadWrite);
    ~RunStore(); ///< drains the queue

    const std::filesystem::path &file() const;
    bool isReadOnly() const;

    // ---- runs, written by sessions -------------------------------------------------------------------------------
    /// Waits for the row: the id is needed. Gives the run a colour, a folder and the status Queued.
    /// The folder is `runs/<id>` beside a store named `lethe.sqlite`, `<stem>.runs/<id>` beside another.
    /// The colour is `#rrggbb`, or `ink` for what a theme draws black on light and white on dark.
    Result<RunId> createRun(const NewRun &run);
    void setStatus(RunId run, RunStatus status, const std::string &failure = {});
    void setFacts(RunId run, const RunFacts &facts);
    void appendStep(RunId run, const StepRecord &step);
    void appendEvaluation(RunId run, const EvaluationRecord &evaluation);
    void appendCheckpoint(RunId run, const CheckpointRecord &checkpoint);
    void appendEvent(RunId run, const EventRecord &event);
    void appendLog(RunId run, const LogLine &line);
    /// File → SHA-256, added to the run's provenance: hashes of large files are ready only after the run began.
    void addFileHashes(RunId run, const std::vector<std::pair<std::string, std::string>> &hashes);
    void finishRun(const RunSummary &summary);
    /// For a resumed run: steps and evaluations after \p step are removed and the process id is taken over.
    Result<void> rewindRun(RunId run, std::int64_t step, std::int64_t processId);
    /// Waits until everything handed in so far is on the disk; the last failure if it is not.
    Result<void> flush();
    /// What `open` does, for a program that stays open: runs whose process is gone become `Interrupted`. How many there were.
    Result<std::int64_t> noticeInterrupted();

    // ---- runs, edited by people ----------------------------------------------------------------------------------
    Result<void> renameRun(RunId run, const std::string &name);
    Result<void> setTags(RunId run, const std::vector<std::string> &tags);
    Result<void> setNote(RunId run, const std::string &note);
    Result<void> setStarred(RunId run, bool starred);
    Result<void> setColor(RunId run, const std::string &color);
    Result<void> setDeleted(RunId run, bool deleted); ///< to the bin and back
    /// For good: rows and the run's folder. Busy where its process is at work on it.
    Result<void> eraseRun(RunId run);

    // ---- reading -------------------------------------------------------------------------------------------------
    Result<std::vector<RunRow>> runs(bool withDeleted = false) const; ///< newest first
    Result<RunRow> run(RunId run) const;
    Result<RunDetails> details(RunId run) const;
    Result<std::vector<StepRecord>> steps(RunId run, std::int64_t afterStep = 0) const;
    /// As `steps`, but only what pictures of many runs are drawn from.
    Result<StepSeries> stepSeries(RunId run) const;
    /// \param withSamples the rows' texts too; without them only the metrics
    Result<std::vector<EvaluationRecord>> evaluations(RunId run, bool withSamples, std::int64_t afterStep = -1) const;
    Result<std::vector<CheckpointRecord>> checkpoints(RunId run) const;
    Result<std::vector<EventRecord>> events(RunId run) const;
    Result<std::vector<LogLine>> logLines(RunId run) const;
    /// Grows whenever any process commits to the store; cheap to ask (PRAGMA data_version and our own counter).
    Result<std::int64_t> changeCounter() const;
    Result<void> checkIntegrity() const;

    // ---- moving runs ---------------------------------------------------------------------------------------------
    /// The run as one JSON document (`runs export`), checkpoints left out.
    Result<std::string> exportRun(RunId run) const;
    /// As a new run of this store. Corrupt (no such document, or a key of it is missing or wrong), Unsupported (a newer one).
    Result<RunId> importRun(std::string_view json);
    /// A consistent copy of the whole store, made while runs write. Takes the place of \p file only when it is whole.
    Result<void> copyTo(const std::filesystem::path &file) const;

    // ---- the user's own ------------------------------------------------------------------------------------------
    /// Small values by key: drafts, queue, recent lists, named views and comparisons. An empty value takes the key away.
    Result<void> setValue(const std::string &key, const std::string &json);
    /// As `setValue`, but returns at once: for what is saved while somebody types. `value` shows it once it is committed.
    void setValueSoon(const std::string &key, const std::string &json);
    Result<std::optional<std::string>> value(const std::string &key) const;
    Result<std::vector<std::pair<std::string, std::string>>> values(const std::string &keyPrefix) const;
    /// A new version of a named set (the same content makes none). Returns its version.
    Result<std::int64_t> saveSet(const std::string &name, const std::string &rowsJsonLines);
    Result<std::optional<StoredSet>> loadSet(const std::string &name, std::optional<std::int64_t> version = {}) const;
    Result<std::vector<std::string>> setNames() const;

    /// Called on the writer thread when writes begin to fail, and with nullopt when they work again.
    void setFailureListener(std::function<void(const std::optional<Error> &)> listener);

private:
    struct Data;
    struct Access; ///< how rows are read, in one place
    explicit RunStore(std::unique_ptr<Data> data);
    std::unique_ptr<Data> m_data;
};

LETHE_EXPORT std::string_view toString(RunStatus status);
LETHE_EXPORT std::optional<RunStatus> runStatusFrom(std::string_view text);

} // namespace lethe
