#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/run/RunSession.h>
#include <lethe/store/RunStore.h>

#include <filesystem>
#include <functional>
#include <optional>

namespace lethe {

/// Runs a spec and stores everything: creates the run's row (or takes over a run to resume), tees the session's records to
/// the store and to \p observer, and writes how it ended. The one path that both faces use. Blocks until the end.
struct RecordedRun {
    const MethodCatalog *catalog = nullptr;
    RunStore *store = nullptr;
    RunControl *control = nullptr;
    RunObserver *observer = nullptr;       ///< may be absent
    std::optional<RunId> resume;           ///< continue this run from its newest checkpoint
    std::optional<RunId> parent;           ///< the run this one was made from
    std::function<void(RunId)> onCreated;  ///< on the calling thread, once the row is there
    int threads = 0;
    bool pauseOnTrouble = false; ///< as `SessionOptions` has it
    /// What runs the spec; `runSession` unless a test plays a script of records.
    std::function<Result<RunSummary>(const ResolvedSpec &, const MethodCatalog &, const SessionOptions &, RunControl &, RunObserver &)>
        session = runSession;
    /// Where a resumed run begins: the newest usable checkpoint under its folder. Without one it begins again at step 1.
    std::function<std::optional<std::filesystem::path>(const std::filesystem::path &runFolder)> findCheckpoint = newestCheckpoint;
};

/// `model` and `reference_model` may be a run's number, as `eval.reference` may: its newest checkpoint takes the number's place.
/// A folder of that name wins. NotFound: no such run, or none of its checkpoints is there.
LETHE_EXPORT Result<void> nameCheckpoints(ExperimentSpec &spec, const RunStore &store);
/// Whether `nameCheckpoints` has anything to do.
LETHE_EXPORT bool namesRuns(const ExperimentSpec &spec);

/// A resumed run takes its spec from the store; \p spec is not looked at then. Errors of resuming: NotFound (no such run),
/// Busy (at work elsewhere), InvalidInput (done). A session's error is written to the run's row and handed up; its exceptions
/// become errors. A run that was stopped, cancelled or interrupted is a summary.
LETHE_EXPORT Result<RunSummary> runAndRecord(const ExperimentSpec &spec, const RecordedRun &how);

} // namespace lethe
