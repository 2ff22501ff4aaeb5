#include "Measure.h"

#include "../parts/TaskObserver.h"

#include <lethe/method/MethodCatalog.h>
#include <lethe/run/RunSession.h>
#include <lethe/spec/SpecReader.h>

#include <QtCore/QTemporaryDir>

namespace lethe {
namespace {

constexpr std::int64_t kMeasuredSteps = 3;

/// Counts the steps, too.
class StepWatch final : public TaskObserver
{
public:
    using TaskObserver::TaskObserver;

    void onStep(const StepRecord &step) override
    {
        steps.push_back(step);
        report(QStringLiteral("Training"), static_cast<double>(steps.size()), static_cast<double>(kMeasuredSteps));
    }

    std::vector<StepRecord> steps;
};

} // namespace

Result<Measured> measureSteps(ExperimentSpec spec, const std::vector<std::filesystem::path> &plugins, int threads, TaskHandle &task)
{
    spec.eval.reset();
    spec.training.saveEverySteps.reset();
    spec.training.maxSteps = kMeasuredSteps;
    // A catalog of its own: the window's may be read anew meanwhile.
    const MethodCatalog catalog = MethodCatalog::scan(plugins);
    LETHE_TRY(const ResolvedSpec resolved, resolveSpec(spec, catalog));
    const QTemporaryDir folder;
    RunControl control;
    StepWatch watch(task, control);
    LETHE_TRY(const RunSummary summary,
              runSession(resolved, catalog, {.runFolder = folder.path().toStdString(), .resumeFrom = {}, .finalCheckpoint = false, .threads = threads}, control, watch));
    if (summary.status == RunStatus::Cancelled || watch.steps.empty())
        return Error{.code = ErrorCode::Cancelled, .what = "the measurement was cancelled", .where = {}, .hint = {}};
    Measured measured{.steps = static_cast<std::int64_t>(watch.steps.size()), .peakMemoryBytes = summary.peakMemoryBytes};
    const std::size_t from = watch.steps.size() > 1 ? 1 : 0;
    for (std::size_t i = from; i < watch.steps.size(); ++i)
        measured.secondsPerStep += watch.steps[i].seconds / static_cast<double>(watch.steps.size() - from);
    return measured;
}

std::string measuredBy(ExperimentSpec spec)
{
    spec.name.clear();
    spec.eval.reset();
    spec.training.epochs = 1;
    spec.training.maxSteps.reset();
    spec.training.saveEverySteps.reset();
    return writeSpec(spec);
}

} // namespace lethe
