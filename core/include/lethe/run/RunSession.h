#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/run/Records.h>
#include <lethe/run/RunObserver.h>
#include <lethe/spec/SpecReader.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace lethe {

class MethodCatalog;

/// What a user may ask of a session while it runs. Any thread asks; the session looks between micro-batches and between
/// generated tokens.
class LETHE_EXPORT RunControl
{
public:
    /// In rising order of urgency; a run that is to end is not asked to go on.
    enum class Request { Continue, Pause, Stop, Interrupt, Cancel };

    void pause();
    void resume(); ///< ends a pause; takes nothing else back
    void stop();   ///< finish this step, evaluate, write a checkpoint, end
    void interrupt(); ///< finish this step, write a checkpoint, end as `Interrupted`: SIGINT, or quitting (to be resumed)
    void cancel(); ///< end now, no checkpoint
    /// One evaluation (checkpoint) after the current step, beside those of the spec.
    void evaluateNow();
    void checkpointNow();

    Request request() const;
    bool isCancelled() const { return request() == Request::Cancel; }
    /// Blocks while the request is Pause; returns the request that ended it.
    Request waitWhilePaused();
    /// As above, but returns (then with Pause) after \p milliseconds, or when an evaluation or a checkpoint is asked for.
    Request waitWhilePaused(int milliseconds);
    bool takeEvaluateNow();
    bool takeCheckpointNow();

private:
    void raise(Request request);

    mutable std::mutex m_mutex; ///< guards all below
    std::condition_variable m_changed;
    Request m_request = Request::Continue;
    bool m_evaluateNow = false;
    bool m_checkpointNow = false;
};

struct SessionOptions {
    std::filesystem::path runFolder;            ///< checkpoints and reference values go here; made if missing
    std::optional<std::filesystem::path> resumeFrom; ///< a checkpoint folder of the same spec
    bool finalCheckpoint = true;
    bool evaluateAtStart = true; ///< the baseline, where the spec has an `eval`
    int threads = 0;             ///< 0: LibTorch's own choice
};

/// Runs one resolved spec to its end on the thread that calls it: load, encode, reference values, baseline evaluation, steps,
/// evaluations, checkpoints. Used alike by `lethe-cli` (on main) and `RunController` (on a worker).
/// Errors: those of loading; OutOfMemory (with what was needed, free, and what to lower; the last finished step is in the
/// message), NotFinite (several steps in a row), DiskFull. A stop or cancel is a summary, no error.
LETHE_EXPORT Result<RunSummary> runSession(const ResolvedSpec &spec, const MethodCatalog &catalog, const SessionOptions &options,
                                           RunControl &control, RunObserver &observer);

/// `checkSpec`, and what the method itself refuses of this model (a layer that it has not, an adapter where it has its own): asked of the
/// plugin and the model's config, before a weight is read. What cannot be read is the run's own failure.
LETHE_EXPORT std::vector<Error> checkRun(const ExperimentSpec &spec, const MethodCatalog &catalog);

/// The newest usable checkpoint folder under \p runFolder, where there is one.
LETHE_EXPORT std::optional<std::filesystem::path> newestCheckpoint(const std::filesystem::path &runFolder);

/// Weights as few bits hold them: a probe of what an unlearned model still knows.
enum class WeightRounding { None, Int8, Nf4 };

/// Evaluates \p modelFolder (or a checkpoint folder) by the spec's `eval` with no training. What `lethe-cli eval` runs.
/// \param rounding the linear layers' weights are rounded so first
LETHE_EXPORT Result<EvaluationRecord> evaluateModel(const ResolvedSpec &spec, const std::filesystem::path &modelFolder,
                                                    RunControl &control, RunObserver &observer, int threads = 0,
                                                    WeightRounding rounding = WeightRounding::None);

} // namespace lethe
