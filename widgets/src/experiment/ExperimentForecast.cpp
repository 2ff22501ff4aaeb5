#include "ExperimentPagePrivate.h"

#include "../frame/RunSettings.h"
#include "../parts/Background.h"
#include "../parts/Text.h"
#include "ForecastPanel.h"
#include "JsonPath.h"

#include <lethe/base/Paths.h>
#include <lethe/run/RunRecorder.h>

#include <widgets/Format.h>
#include <widgets/TaskList.h>

#include <algorithm>

namespace lethe {

namespace {

SetFigures figuresOf(const EncodedSet &set, std::size_t rows)
{
    return {.rows = static_cast<std::int64_t>(rows), .tokens = set.tokens, .labels = set.labelTokens, .cut = set.cutRows,
            .withoutLabels = static_cast<std::int64_t>(set.withoutLabels.size()), .counted = true};
}

} // namespace

bool ExperimentPage::Private::usesRetain() const
{
    const MethodManifest *manifest = workspace.catalog().find(workspace.draft().method.id);
    if (!manifest)
        return false;
    if (const ParameterSpec *loss = manifest->parameter("retain_loss")) {
        const QJsonValue given = jsonAt(document, QStringLiteral("method.parameters.retain_loss"));
        const QString value = given.isString() ? given.toString() : toQt(std::string_view(std::get<std::string>(loss->defaultValue)));
        return value != QLatin1String("none");
    }
    return std::find(manifest->needs.begin(), manifest->needs.end(), "retain") != manifest->needs.end();
}

void ExperimentPage::Private::countSets()
{
    const WorkingSets &sets = workspace.sets();
    forget = {.rows = static_cast<std::int64_t>(sets.forget.size())};
    retain = {.rows = static_cast<std::int64_t>(sets.retain.size())};
    const quint64 ticket = ++countTicket;
    const auto tokenizer = workspace.tokenizer();
    counting = tokenizer && !(sets.forget.empty() && sets.retain.empty());
    showForecast();
    if (!counting)
        return;
    struct Counts {
        std::optional<SetFigures> forget, retain;
    };
    auto work = [tokenizer, data = workspace.draft().data, rows = sets]() -> Counts {
        const auto encoder = SampleEncoder::create(*tokenizer, data.textTemplate, std::max<std::int64_t>(2, data.maxLength));
        if (!encoder.ok())
            return {};
        Counts counts;
        if (const auto set = encodeSet(*encoder, rows.forget); set.ok())
            counts.forget = figuresOf(*set, rows.forget.size());
        if (const auto set = encodeSet(*encoder, rows.retain); set.ok())
            counts.retain = figuresOf(*set, rows.retain.size());
        return counts;
    };
    inBackground(&page, std::move(work), [this, ticket](const Counts &counts) {
        if (ticket != countTicket)
            return;
        counting = false;
        if (counts.forget)
            forget = *counts.forget;
        if (counts.retain)
            retain = *counts.retain;
        showForecast();
    });
}

void ExperimentPage::Private::readRuns()
{
    inBackground(&page, [&store = workspace.store()] { return store.runs(); }, [this](Result<std::vector<RunRow>> read) {
        if (!read.ok())
            return;
        runs = std::move(*read);
        showForecast();
    });
}

void ExperimentPage::Private::showForecast()
{
    const auto model = workspace.modelInfo();
    const MethodManifest *manifest = workspace.catalog().find(workspace.draft().method.id);
    ForecastPanel::Shown shown;
    shown.input = {.spec = workspace.draft(), .forget = forget, .retain = retain, .usesRetain = usesRetain(),
                   .needsReference = manifest && std::any_of(manifest->needs.begin(), manifest->needs.end(), [](const std::string &need) { return need.starts_with("reference"); }),
                   .model = model.get(), .runs = &runs};
    shown.figures = forecast(shown.input);
    shown.counting = counting;
    shown.measuring = measuring != 0;
    if (measured && measuredOf == measuredBy(workspace.draft()))
        shown.measured = measured;
    shown.device = toQt(std::string_view(workspace.draft().training.device));
    const MemoryNow memory = memoryNow(workspace.draft().training.device);
    shown.freeMemory = memory.totalBytes > 0 ? memory.freeBytes : -1;
    if (const auto free = freeBytes(workspace.store().file().parent_path()); free.ok())
        shown.freeDisk = static_cast<std::int64_t>(*free);
    forecastPanel->show(shown);
}

void ExperimentPage::Private::measure()
{
    check();
    if (measuring != 0 || workspace.activeRun() != nullptr || showFirstProblem())
        return;
    Result<ExperimentSpec> spec = workspace.draftWithSets();
    if (spec.ok())
        if (const auto named = nameCheckpoints(*spec, workspace.store()); !named.ok())
            spec = named.error();
    if (!spec.ok()) {
        workspace.post({.level = Message::Level::Error, .text = toQt(std::string_view(spec.error().message())), .details = {}, .buttons = {},
                        .key = QStringLiteral("experiment-measure")});
        return;
    }
    const auto result = std::make_shared<Result<Measured>>(Measured{}); // by the worker and what comes after it
    const int threads = workspace.settings().value(kThreadsKey, 0).toInt();
    measuring = workspace.tasks().start(
        tr("Measure three steps"), &page,
        [result, spec = *spec, plugins = workspace.pluginFolders(), threads](TaskHandle &task) -> QString {
            *result = measureSteps(spec, plugins, threads, task);
            if (result->ok())
                return tr("%1 s a step").arg(QString::number((*result)->secondsPerStep, 'g', 3));
            if (result->error().code == ErrorCode::Cancelled)
                return tr("cancelled");
            task.fail(toQt(std::string_view(result->error().message())));
            return {};
        },
        [this, result, of = measuredBy(workspace.draft())] {
            measuring = 0;
            if (result->ok()) {
                measured = **result;
                measuredOf = of;
            } else if (result->error().code != ErrorCode::Cancelled) {
                workspace.post({.level = Message::Level::Error, .text = tr("The measurement failed: %1").arg(toQt(std::string_view(result->error().message()))),
                                .details = {}, .buttons = {}, .key = QStringLiteral("experiment-measure")});
            }
            showStart();
            showForecast();
        });
    showStart();
    showForecast();
}

/// Where it differs from the draft's, so that what is half typed elsewhere stays.
void ExperimentPage::Private::takeTraining(const TrainingSpec &training)
{
    ExperimentSpec proposed = workspace.draft();
    proposed.training = training;
    const QJsonObject wanted = fromSpec(proposed);
    const QJsonObject before = document;
    QJsonObject changed = document;
    for (const QString &path : differingPaths(fromSpec(workspace.draft()), wanted))
        setJsonAt(changed, path, jsonAt(wanted, path));
    setDocument(changed);
    pushUndo(before, document, tr("change that saves memory"), {});
    check();
}

} // namespace lethe
