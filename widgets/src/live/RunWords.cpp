#include "RunWords.h"

#include <widgets/Format.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QDateTime>

#include <algorithm>
#include <cmath>
#include <ranges>

namespace lethe::runwords {
namespace {

struct RunText
{
    Q_DECLARE_TR_FUNCTIONS(lethe::runwords)
};

constexpr double kSecondsBeforeEstimates = 3;
constexpr double kUnknownForgetBelow = 0.05;

/// The steps over which rates are taken: the last fifth, at least two.
std::size_t rateStart(const std::vector<StepRecord> &steps)
{
    const std::size_t stretch = std::max<std::size_t>(2, steps.size() / 5);
    return steps.size() > stretch ? steps.size() - stretch : 0;
}

const std::vector<MetricValue> *metricsAtStart(const RunHistory &history)
{
    if (const EvaluationRecord *first = history.evaluationAt(0))
        return &first->metrics;
    return history.row && !history.row->baseMetrics.empty() ? &history.row->baseMetrics : nullptr;
}

const std::vector<MetricValue> *metricsAtEnd(const RunHistory &history)
{
    for (auto it = history.evaluations.rbegin(); it != history.evaluations.rend(); ++it) {
        if (!it->subset && it->step > 0)
            return &it->metrics;
    }
    return history.row && !history.row->finalMetrics.empty() ? &history.row->finalMetrics : nullptr;
}

/// `96 → 4 %`, `0.97 → 0.02`.
QString arrow(const std::string &id, double from, double to)
{
    const QString name = QString::fromStdString(id);
    QString first = format::metric(name, from);
    const QString last = format::metric(name, to);
    const QString percent = QStringLiteral("%");
    if (first.endsWith(percent) && last.endsWith(percent))
        first = first.chopped(1).trimmed();
    return first + QStringLiteral(" → ") + last;
}

QString measureName(const char *measure)
{
    const QString id = QString::fromLatin1(measure);
    if (id == QLatin1String("exact_match"))
        return RunText::tr("exact match");
    if (id == QLatin1String("prob"))
        return RunText::tr("answer probability");
    return RunText::tr("ROUGE-L recall");
}

} // namespace

QString statusWord(RunStatus status)
{
    switch (status) {
    case RunStatus::Queued: return RunText::tr("queued");
    case RunStatus::Running: return RunText::tr("running");
    case RunStatus::Paused: return RunText::tr("paused");
    case RunStatus::Done: return RunText::tr("done");
    case RunStatus::Stopped: return RunText::tr("stopped");
    case RunStatus::Cancelled: return RunText::tr("cancelled");
    case RunStatus::Failed: return RunText::tr("failed");
    case RunStatus::Interrupted: return RunText::tr("interrupted");
    }
    return {};
}

QString statusIcon(RunStatus status)
{
    switch (status) {
    case RunStatus::Queued: return QStringLiteral("queue");
    case RunStatus::Running: return QStringLiteral("play");
    case RunStatus::Paused: return QStringLiteral("pause");
    case RunStatus::Done: return QStringLiteral("success");
    case RunStatus::Stopped: return QStringLiteral("stop");
    case RunStatus::Cancelled: return QStringLiteral("close");
    case RunStatus::Failed: return QStringLiteral("error");
    case RunStatus::Interrupted: return QStringLiteral("bolt");
    }
    return {};
}

bool isOver(RunStatus status)
{
    return status != RunStatus::Queued && status != RunStatus::Running && status != RunStatus::Paused;
}

std::optional<double> secondsPerStep(const std::vector<StepRecord> &steps)
{
    if (steps.size() < 2 || steps.back().elapsed < kSecondsBeforeEstimates)
        return std::nullopt;
    const StepRecord &from = steps[rateStart(steps)];
    const std::int64_t count = steps.back().step - from.step;
    const double seconds = steps.back().elapsed - from.elapsed;
    if (count <= 0 || seconds <= 0)
        return std::nullopt;
    return seconds / static_cast<double>(count);
}

std::optional<double> evaluationShare(const RunHistory &history)
{
    const std::int64_t planned = history.facts ? history.facts->plannedSteps : history.row ? history.row->plannedSteps : 0;
    const std::int64_t last = history.row && isOver(history.row->status) ? history.row->steps : planned;
    double evaluating = 0, training = 0;
    for (const EvaluationRecord &evaluation : history.evaluations)
        if (evaluation.step > 0 && evaluation.step != last) // before and after the steps nothing is held up
            evaluating += evaluation.seconds;
    if (evaluating <= 0)
        return std::nullopt;
    for (const StepRecord &step : history.steps)
        training += step.seconds;
    return evaluating / (evaluating + training);
}

QString evaluationShareText(const RunHistory &history, std::optional<double> budgetPercent)
{
    const auto share = evaluationShare(history);
    if (budgetPercent)
        return RunText::tr("evaluations %1 of at most %2").arg(format::percent(share.value_or(0)), format::percent(*budgetPercent / 100));
    return share ? RunText::tr("evaluations %1").arg(format::percent(share)) : QString();
}

std::optional<double> secondsLeft(const RunHistory &history)
{
    const auto each = secondsPerStep(history.steps);
    const std::int64_t planned = history.facts ? history.facts->plannedSteps : history.row ? history.row->plannedSteps : 0;
    if (!each || planned <= 0)
        return std::nullopt;
    return *each * static_cast<double>(std::max<std::int64_t>(0, planned - history.steps.back().step));
}

std::optional<double> tokensPerSecond(const std::vector<StepRecord> &steps)
{
    double tokens = 0, seconds = 0;
    for (std::size_t i = steps.empty() ? 0 : rateStart(steps); i < steps.size(); ++i) {
        tokens += static_cast<double>(steps[i].tokens);
        seconds += steps[i].seconds;
    }
    if (seconds <= 0 || steps.back().elapsed < kSecondsBeforeEstimates)
        return std::nullopt;
    return tokens / seconds;
}

std::optional<double> metricOf(const std::vector<MetricValue> &metrics, const std::string &id)
{
    const auto found = std::ranges::find(metrics, id, &MetricValue::id);
    return found == metrics.end() ? std::nullopt : found->value;
}

QString resultSentence(const RunHistory &history)
{
    QStringList sentences;
    const auto *before = metricsAtStart(history);
    const auto *after = metricsAtEnd(history);
    if (before && after) {
        for (const char *measure : {"exact_match", "prob", "rouge"}) {
            const std::string forget = std::string("forget_") + measure;
            const std::string retain = std::string("retain_") + measure;
            const auto forgetBefore = metricOf(*before, forget), forgetAfter = metricOf(*after, forget);
            const auto retainBefore = metricOf(*before, retain), retainAfter = metricOf(*after, retain);
            if (!forgetBefore || !forgetAfter)
                continue;
            const QString change = arrow(forget, *forgetBefore, *forgetAfter);
            QString verb = RunText::tr("Forget set");
            if (*forgetAfter > *forgetBefore + 0.02)
                verb = RunText::tr("Learned");
            else if (*forgetAfter <= 0.5 * *forgetBefore)
                verb = RunText::tr("Forgotten");
            else if (*forgetAfter < *forgetBefore - 0.02)
                verb = RunText::tr("Partly forgotten");
            else
                verb = RunText::tr("Hardly changed");
            sentences.append(RunText::tr("%1: %2 %3.").arg(verb, measureName(measure), change));
            if (retainBefore && retainAfter) {
                const QString kept = *retainAfter > *retainBefore + 0.02    ? RunText::tr("Retain set")
                                     : *retainAfter >= 0.9 * *retainBefore  ? RunText::tr("Kept")
                                                                            : RunText::tr("Damaged");
                sentences.append(RunText::tr("%1: %2.").arg(kept, arrow(retain, *retainBefore, *retainAfter)));
            }
            break;
        }
    }
    const std::int64_t steps = !history.steps.empty() ? history.steps.back().step : history.row ? history.row->steps : 0;
    double seconds = history.row ? history.row->seconds : 0;
    if (seconds <= 0 && !history.steps.empty())
        seconds = history.steps.back().elapsed;
    const QString count = steps == 1 ? RunText::tr("1 step") : RunText::tr("%1 steps").arg(format::count(steps));
    sentences.append(RunText::tr("%1 in %2.").arg(count, format::duration(seconds)));
    return sentences.join(QLatin1Char(' '));
}

QString nothingToForget(const RunHistory &history)
{
    const EvaluationRecord *first = history.evaluationAt(0);
    if (!first || (history.row && history.row->method == "finetune"))
        return {};
    const auto exact = metricOf(first->metrics, "forget_exact_match");
    const auto probability = metricOf(first->metrics, "forget_prob");
    if (!exact || *exact >= kUnknownForgetBelow || (probability && *probability > 0.5))
        return {};
    return RunText::tr("Exact match on the forget set is %1 before training: nothing to forget?").arg(format::metric(QStringLiteral("forget_exact_match"), exact));
}

QString pauseCause(const RunHistory &history)
{
    for (const EventRecord &event : history.events | std::views::reverse) {
        if (event.kind == "resume" || event.step != history.events.back().step)
            return {};
        if (event.kind == "disk_full")
            return QString::fromStdString(event.text) + u'.';
        if (event.kind == "non_finite")
            return RunText::tr("%1. Usual causes: a learning rate that is too high, no limit to the gradient's norm, or a term without a lower bound, "
                               "as gradient ascent has.").arg(QString::fromStdString(event.text));
    }
    return {};
}

bool isPausedToDisk(const RunHistory &history)
{
    return !history.events.empty() && history.events.back().kind == "pause_to_disk" && !history.steps.empty()
        && history.events.back().step == history.steps.back().step;
}

QString valueName(const std::string &id)
{
    return QString::fromStdString(id).replace(QLatin1Char('_'), QLatin1Char(' '));
}

QString diagnostics(const RunHistory &history)
{
    QStringList lines;
    if (history.row) {
        const RunRow &row = *history.row;
        lines << QStringLiteral("run %1: %2").arg(row.id).arg(QString::fromStdString(row.name))
              << QStringLiteral("status: %1").arg(QString::fromStdString(std::string(toString(row.status))))
              << QStringLiteral("cause: %1").arg(QString::fromStdString(row.failure))
              << QStringLiteral("method: %1").arg(QString::fromStdString(row.method))
              << QStringLiteral("device: %1").arg(QString::fromStdString(row.device))
              << QStringLiteral("steps: %1 of %2").arg(row.steps).arg(row.plannedSteps)
              << QStringLiteral("peak memory: %1 bytes").arg(row.peakMemoryBytes);
    }
    if (!history.steps.empty()) {
        const StepRecord &last = history.steps.back();
        lines << QStringLiteral("last step %1: loss %2, gradient norm %3, learning rate %4")
                     .arg(last.step).arg(format::full(last.loss), format::full(last.gradNorm), format::full(last.learningRate));
    }
    for (const EventRecord &event : history.events)
        lines << QStringLiteral("step %1 [%2] %3").arg(event.step).arg(QString::fromStdString(event.kind), QString::fromStdString(event.text));
    lines << QString() << QString::fromStdString(history.specJson);
    return lines.join(QLatin1Char('\n'));
}

} // namespace lethe::runwords
