#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/run/Records.h>
#include <lethe/run/RunObserver.h>
#include <lethe/spec/SpecReader.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

class MethodCatalog;

/// What the model in training answered.
struct RunAnswer {
    std::int64_t step = 0; ///< it had been trained for so many
    std::string text;
    std::int64_t tokens = 0;
    double seconds = 0;
    bool endedByItself = false; ///< not cut at the limit, not stopped
};

/// A question to the model while it is trained. It is answered between two steps, or while the run is paused, by the model as it then
/// is; the steps stay those of a run that was asked nothing.
struct RunQuestion {
    std::string prompt; ///< framed as the run's template frames a prompt
    std::int64_t maxNewTokens = 48;
    double temperature = 0; ///< 0: greedy
    std::uint64_t seed = 0;
    /// On the session's thread: text as it becomes readable; false ends the answer there. May be empty.
    std::function<bool(std::string_view text)> onText;
    /// On the session's thread, once. InvalidInput (the prompt has no token, or is too long for the model), OutOfMemory: the run goes on.
    std::function<void(const Result<RunAnswer> &answer)> onAnswered;
};

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
    /// Answered after the current step, one after the other. A question that still waits when the run ends is let go unanswered.
    void ask(RunQuestion question);

    Request request() const;
    bool isCancelled() const { return request() == Request::Cancel; }
    /// Blocks while the request is Pause; returns the request that ended it.
    Request waitWhilePaused();
    /// As above, but returns (then with Pause) after \p milliseconds, or when an evaluation, a checkpoint or an answer is asked for.
    Request waitWhilePaused(int milliseconds);
    bool takeEvaluateNow();
    bool takeCheckpointNow();
    std::optional<RunQuestion> takeQuestion();

private:
    void raise(Request request);

    mutable std::mutex m_mutex; ///< guards all below
    std::condition_variable m_changed;
    Request m_request = Request::Continue;
    bool m_evaluateNow = false;
    bool m_checkpointNow = false;
    std::deque<RunQuestion> m_questions;
};

struct SessionOptions {
    std::filesystem::path runFolder;            ///< checkpoints and reference values go here; made if missing
    std::optional<std::filesystem::path> resumeFrom; ///< a checkpoint folder of the same spec
    bool finalCheckpoint = true;
    bool evaluateAtStart = true; ///< the baseline, where the spec has an `eval`
    /// Somebody watches, who can resume: the run is paused, and not ended, where a checkpoint finds no room on the disk, and at a step that is
    /// not finite.
    bool pauseOnTrouble = false;
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
