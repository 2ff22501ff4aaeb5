#include "ProbeWork.h"

#include "../parts/TaskObserver.h"

#include <lethe/method/MethodCatalog.h>

#include <widgets/TaskList.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QDateTime>
#include <QtCore/QTemporaryDir>

namespace lethe {

namespace {

struct ProbeWorkWords {
    Q_DECLARE_TR_FUNCTIONS(lethe::ProbeWork)
};

/// Keeps what a cancelled probe still shows.
class ProbeObserver final : public TaskObserver
{
public:
    using TaskObserver::TaskObserver;

    void onStep(const StepRecord &step) override { report(ProbeWorkWords::tr("step %1").arg(step.step), static_cast<double>(step.step), 0); }
    void onEvaluation(const EvaluationRecord &evaluation) override
    {
        evaluations.push_back(evaluation);
        look();
    }

    std::vector<EvaluationRecord> evaluations;
};

void addSeries(ProbeResult &result, const QString &series, const std::vector<EvaluationRecord> &evaluations)
{
    for (const EvaluationRecord &evaluation : evaluations)
        result.stages.push_back({.series = series, .name = ProbeWorkWords::tr("step %1").arg(evaluation.step), .x = static_cast<double>(evaluation.step),
                                 .metrics = evaluation.metrics});
}

Result<void> quantizeInto(ProbeResult &result, const ProbeRequest &request, const MethodCatalog &catalog, const ProbeEngine &engine, RunControl &control,
                          ProbeObserver &observer)
{
    LETHE_TRY(ResolvedSpec resolved, resolveSpec(request.spec, catalog));
    resolved.storeFile = request.storeFile;
    std::vector<WeightRounding> all{WeightRounding::None};
    all.insert(all.end(), request.roundings.begin(), request.roundings.end());
    for (const WeightRounding rounding : all) {
        const QString name = rounding == WeightRounding::None ? ProbeWorkWords::tr("as trained") : QString::fromUtf8(toString(rounding).data(), static_cast<qsizetype>(toString(rounding).size()));
        observer.what = name;
        LETHE_TRY(const EvaluationRecord evaluation, engine.evaluate(resolved, request.checkpoint, control, observer, rounding));
        result.stages.push_back({.series = QStringLiteral("unlearned"), .name = name, .x = static_cast<double>(result.stages.size()), .metrics = evaluation.metrics});
    }
    return {};
}

Result<void> relearnInto(ProbeResult &result, const ProbeRequest &request, const MethodCatalog &catalog, const ProbeEngine &engine, RunControl &control,
                         ProbeObserver &observer)
{
    const QTemporaryDir scratch;
    RelearnOptions how = request.relearning;
    how.scratchFolder = scratch.path().toStdString();
    how.storeFile = request.storeFile;
    const auto learn = [&](const QString &series, const QString &words, const std::filesystem::path &model) -> Result<void> {
        observer.what = words;
        observer.evaluations.clear();
        const auto evaluations = engine.relearn(request.spec, model, catalog, how, control, observer);
        addSeries(result, series, evaluations.ok() ? *evaluations : observer.evaluations);
        return evaluations.ok() ? Result<void>{} : Result<void>(evaluations.error());
    };
    LETHE_TRY_VOID(learn(QStringLiteral("unlearned"), ProbeWorkWords::tr("unlearned model"), request.checkpoint));
    if (!request.retrained.empty())
        LETHE_TRY_VOID(learn(QStringLiteral("retrained"), ProbeWorkWords::tr("retrained model"), request.retrained));
    return {};
}

} // namespace

ProbeEngine ProbeEngine::real()
{
    return {.evaluate = [](const ResolvedSpec &spec, const std::filesystem::path &model, RunControl &control, RunObserver &observer,
                           WeightRounding rounding) { return evaluateModel(spec, model, control, observer, 0, rounding); },
            .relearn = lethe::relearn};
}

Result<ProbeResult> runProbe(const ProbeRequest &request, const MethodCatalog &catalog, const ProbeEngine &engine, TaskHandle &task)
{
    ProbeResult result;
    result.kind = request.kind;
    result.model = request.model;
    result.run = request.run;
    result.step = request.step;
    result.when = QDateTime::currentDateTimeUtc().toString(Qt::ISODateWithMs);
    if (request.kind == ProbeKind::Relearn)
        result.settings = {{QStringLiteral("learning_rate"), request.relearning.learningRate}, {QStringLiteral("batch_size"), static_cast<qint64>(request.relearning.batchSize)},
                           {QStringLiteral("retrained"), QString::fromStdString(request.retrained.string())}};
    RunControl control;
    ProbeObserver observer(task, control);
    const Result<void> done = request.kind == ProbeKind::Quantize ? quantizeInto(result, request, catalog, engine, control, observer)
                                                                  : relearnInto(result, request, catalog, engine, control, observer);
    if (!done.ok() && done.error().code != ErrorCode::Cancelled)
        return done.error();
    if (!done.ok() && result.stages.empty())
        return done.error(); // nothing to keep
    result.partial = !done.ok();
    return result;
}

} // namespace lethe
