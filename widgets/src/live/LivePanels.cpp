#include "LivePanels.h"

#include "RunWords.h"

#include "plots/PanelGrid.h"
#include "plots/PlotCanvas.h"
#include "plots/PlotGroup.h"

#include <widgets/Format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace lethe {
namespace {

constexpr double kStepSmoothing = 0.6;

/// Curves of per-step values that every run has.
struct StepCurve {
    const char *panel;
    const char *key;
    CurveRole role;
    double (*value)(const StepRecord &);
};

double orGap(const std::optional<double> &value)
{
    return value.value_or(std::numeric_limits<double>::quiet_NaN());
}

const std::array kStepCurves{
    StepCurve{"loss", "forget", CurveRole::Forget, [](const StepRecord &step) { return orGap(step.forgetLoss); }},
    StepCurve{"loss", "retain", CurveRole::Retain, [](const StepRecord &step) { return orGap(step.retainLoss); }},
    StepCurve{"loss", "total", CurveRole::Total, [](const StepRecord &step) { return step.loss; }},
    StepCurve{"learningRate", "learning rate", CurveRole::Total, [](const StepRecord &step) { return step.learningRate; }},
    StepCurve{"gradNorm", "gradient norm", CurveRole::Total, [](const StepRecord &step) { return step.gradNorm; }},
    StepCurve{"rate", "tokens per second", CurveRole::Total,
              [](const StepRecord &step) {
                  return step.seconds > 0 ? static_cast<double>(step.tokens) / step.seconds : std::numeric_limits<double>::quiet_NaN();
              }},
    StepCurve{"memory", "peak memory", CurveRole::Total,
              [](const StepRecord &step) { return static_cast<double>(step.peakMemoryBytes) / (1024.0 * 1024.0); }},
};

/// A term that the run's method does not have is absent, not a gap.
bool isReported(const StepRecord &step, const QString &key)
{
    if (key == QLatin1String("forget"))
        return step.forgetLoss.has_value();
    if (key == QLatin1String("retain"))
        return step.retainLoss.has_value();
    return key != QLatin1String("peak memory") || step.peakMemoryBytes > 0;
}

/// Within a panel that names the set, `Forget answer probability` is `probability`.
QString shortMeasureName(QString name)
{
    for (const char *word : {"Forget ", "Retain ", "answer ", "Model ", " recall"})
        name.remove(QLatin1String(word));
    return name.trimmed();
}

/// Where a metric is drawn: with what is to fall, or with what is to stay. One of the whole model goes by its direction: exact memorization is
/// to fall, model utility is not. Privacy leakage, in percent and best at 0, has a panel and a scale of its own.
QString panelOf(const QString &id)
{
    if (id.startsWith(QLatin1String("forget_")))
        return QStringLiteral("forget");
    if (id.startsWith(QLatin1String("retain_")))
        return QStringLiteral("retain");
    if (id.endsWith(QLatin1String("privleak")))
        return QStringLiteral("leakage");
    return format::metricDirection(id) < 0 ? QStringLiteral("forget") : QStringLiteral("retain");
}

CurveRole roleOf(const QString &id)
{
    if (panelOf(id) != QLatin1String("retain"))
        return CurveRole::Forget;
    return id.startsWith(QLatin1String("retain_")) ? CurveRole::Retain : CurveRole::Utility;
}

CurveStyle plainStyle(CurveRole role, const QString &panel)
{
    CurveStyle style = CurveStyle::of(role);
    if (panel != QLatin1String("loss"))
        style.ownDash = Qt::SolidLine; // alone in its panel: nothing to be told apart from
    return style;
}

} // namespace

LivePanels::LivePanels(PanelGrid &grid, PlotGroup &group, QSettings *settings, QObject *parent)
    : QObject(parent), m_grid(grid), m_group(group), m_settings(settings)
{
    PlotPanel *loss = make(QStringLiteral("loss"), tr("Loss"), tr("loss, nats"), 0, kStepSmoothing);
    loss->setLogHint(tr("The total loss is below 0 with gradient ascent; its two terms can be shown on a log axis where they are above 0"));
    PlotPanel *forget = make(QStringLiteral("forget"), tr("Forget"), tr("score"), -1, 0);
    PlotPanel *retain = make(QStringLiteral("retain"), tr("Retain and utility"), tr("score"), +1, 0);
    for (PlotPanel *scores : {forget, retain}) {
        scores->setNaturalRange({0, 1});
        scores->setValueFormat([](double value) { return format::probability(value); });
    }
    make(QStringLiteral("leakage"), tr("Privacy leakage"), tr("%, best at 0"), 0, 0);
    make(QStringLiteral("gradNorm"), tr("Gradient norm"), tr("L2, unclipped"), 0, kStepSmoothing);
    PlotPanel *rate = make(QStringLiteral("learningRate"), tr("Learning rate"), tr("rate"), 0, 0);
    rate->setValueFormat(format::scientific);
    PlotPanel *speed = make(QStringLiteral("rate"), tr("Speed"), tr("tokens/s"), +1, kStepSmoothing);
    speed->setValueFormat([](double value) { return format::count(std::llround(value)); });
    PlotPanel *memory = make(QStringLiteral("memory"), tr("Memory"), tr("peak, MiB"), 0, 0);
    memory->setValueFormat([](double value) { return format::bytes(std::llround(value * 1024 * 1024)); });
}

PlotPanel *LivePanels::make(const QString &kind, const QString &title, const QString &yTitle, int direction, double smoothing)
{
    auto *panel = new PlotPanel(kind, title, &m_group, m_settings);
    panel->setAxes(tr("step"), yTitle, direction);
    panel->setDefaultSmoothing(smoothing);
    connect(panel, &PlotPanel::noted, this, &LivePanels::noted);
    m_panels.insert(kind, panel);
    m_grid.add(kind, title, panel, kind.startsWith(QLatin1String("value_")) ? QStringLiteral("events") : QString());
    m_grid.setAvailable(kind, false);
    return panel;
}

PlotPanel *LivePanels::front() const
{
    PlotPanel *first = nullptr;
    const QStringList order = m_grid.order();
    for (const QString &id : order) {
        PlotPanel *panel = m_panels.value(id);
        if (!panel || !panel->isVisible())
            continue;
        if (panel->canvas().hasFocus() || panel->underMouse())
            return panel;
        if (!first)
            first = panel;
    }
    return first;
}

void LivePanels::restart(const RunHistory &history)
{
    for (auto it = m_panels.begin(); it != m_panels.end(); ++it) {
        it.value()->removeCurves();
        m_grid.setAvailable(it.key(), false);
    }
    m_group.setFollowing(true);
    appendSteps(history, 0);
    appendEvaluations(history, 0);
}

void LivePanels::appendSteps(const RunHistory &history, std::size_t from)
{
    if (from >= history.steps.size())
        return;
    const std::span<const StepRecord> steps = std::span(history.steps).subspan(from);
    std::vector<PlotPoint> points;
    for (const StepCurve &each : kStepCurves) {
        const QString kind = QString::fromLatin1(each.panel);
        const QString key = QString::fromLatin1(each.key);
        PlotPanel *panel = m_panels.value(kind);
        auto curve = panel->curve(key);
        points.clear();
        for (const StepRecord &step : steps) {
            if (isReported(step, key) || curve || !points.empty())
                points.push_back({.step = static_cast<double>(step.step), .value = each.value(step), .x = {}});
        }
        // a term is absent until it reports once; from then on its holes are gaps
        if (!curve) {
            if (points.empty())
                continue;
            curve = panel->addCurve(key, tr(each.key), plainStyle(each.role, kind));
            m_grid.setAvailable(kind, true);
        }
        panel->append(*curve, points);
    }
    addValues(history, from);
}

void LivePanels::addValues(const RunHistory &history, std::size_t from)
{
    std::map<std::string, std::vector<PlotPoint>> byName;
    for (std::size_t i = from; i < history.steps.size(); ++i) {
        for (const auto &[name, value] : history.steps[i].values)
            byName[name].push_back({.step = static_cast<double>(history.steps[i].step), .value = value, .x = {}});
    }
    for (const auto &[name, points] : byName) {
        const QString kind = QStringLiteral("value_") + QString::fromStdString(name);
        PlotPanel *panel = m_panels.value(kind);
        const QString title = runwords::valueName(name);
        if (!panel)
            panel = make(kind, tr("Method: %1").arg(title), title, 0, kStepSmoothing);
        auto curve = panel->curve(kind);
        if (!curve) {
            curve = panel->addCurve(kind, title, plainStyle(CurveRole::Total, kind));
            m_grid.setAvailable(kind, true);
        }
        panel->append(*curve, points);
    }
}

void LivePanels::appendEvaluations(const RunHistory &history, std::size_t from)
{
    if (from >= history.evaluations.size())
        return;
    for (const QString &kind : {QStringLiteral("forget"), QStringLiteral("retain"), QStringLiteral("leakage")}) {
        bool some = false, all = false;
        for (const EvaluationRecord &evaluation : history.evaluations)
            for (const MetricValue &metric : evaluation.metrics)
                if (panelOf(QString::fromStdString(metric.id)) == kind)
                    (metric.subset ? some : all) = true;
        m_panels.value(kind)->setXTitle(some && all ? tr("step – joined: some rows, single: all") : tr("step"));
    }
    addMeasures(*m_panels.value(QStringLiteral("forget")), CurveRole::Forget, history, from);
    addMeasures(*m_panels.value(QStringLiteral("retain")), CurveRole::Retain, history, from);
    addMeasures(*m_panels.value(QStringLiteral("retain")), CurveRole::Utility, history, from);
    addMeasures(*m_panels.value(QStringLiteral("leakage")), CurveRole::Forget, history, from);
    addLevels(*m_panels.value(QStringLiteral("forget")), QStringLiteral("forget_prob"), history);
    addLevels(*m_panels.value(QStringLiteral("retain")), QStringLiteral("retain_prob"), history);
}

void LivePanels::addMeasures(PlotPanel &panel, CurveRole role, const RunHistory &history, std::size_t from)
{
    for (std::size_t i = from; i < history.evaluations.size(); ++i) {
        const EvaluationRecord &evaluation = history.evaluations[i];
        std::size_t variant = 0;
        for (const MetricValue &metric : evaluation.metrics) {
            const QString id = QString::fromStdString(metric.id);
            if (panelOf(id) != panel.kind() || roleOf(id) != role || id == QLatin1String("forget_quality"))
                continue;
            const std::size_t own = variant++;
            auto curve = panel.curve(id);
            if (!curve) {
                if (!metric.value)
                    continue;
                QString name = format::metricName(id);
                name = name.remove(QStringLiteral("↓")).remove(QStringLiteral("↑")).trimmed();
                name = shortMeasureName(name);
                curve = panel.addCurve(id, name, CurveStyle::variant(role, own), true);
                m_grid.setAvailable(panel.kind(), true);
            }
            // A value of some rows and one of all rows are two measures: no line joins them.
            if (i > 0) {
                const std::vector<MetricValue> &before = history.evaluations[i - 1].metrics;
                const auto last = std::ranges::find(before, metric.id, &MetricValue::id);
                if (last != before.end() && last->subset != metric.subset)
                    panel.breakLine(*curve);
            }
            panel.append(*curve, static_cast<double>(evaluation.step), orGap(metric.value));
        }
    }
}

void LivePanels::addLevels(PlotPanel &panel, const QString &metric, const RunHistory &history)
{
    const EvaluationRecord *first = history.evaluationAt(0);
    const auto value = first ? runwords::metricOf(first->metrics, metric.toStdString()) : std::nullopt;
    std::vector<PlotLevel> levels;
    if (value && history.evaluations.size() > 1)
        levels.push_back({.name = tr("before: probability %1").arg(format::probability(value)), .value = *value, .role = CurveRole::Baseline});
    panel.setLevels(levels);
}

} // namespace lethe
