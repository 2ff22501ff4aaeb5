#include "CompareCurves.h"

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

struct ComparePanel {
    const char *kind;   ///< of the settings
    const char *metric; ///< none: a column of the steps
    const std::vector<double> StepColumns::*column;
};

const std::array kComparePanels{
    ComparePanel{"compare_forget_prob", "forget_prob", nullptr},
    ComparePanel{"compare_retain_prob", "retain_prob", nullptr},
    ComparePanel{"compare_model_utility", "model_utility", nullptr},
    ComparePanel{"compare_forget_exact_match", "forget_exact_match", nullptr},
    ComparePanel{"compare_retain_exact_match", "retain_exact_match", nullptr},
    ComparePanel{"compare_forget_rouge", "forget_rouge", nullptr},
    ComparePanel{"compare_retain_rouge", "retain_rouge", nullptr},
    ComparePanel{"compare_forget_loss", nullptr, &StepColumns::forget},
    ComparePanel{"compare_retain_loss", nullptr, &StepColumns::retain},
    ComparePanel{"compare_total_loss", nullptr, &StepColumns::total},
};

QString stepTitle(const QString &kind)
{
    if (kind == QLatin1String("compare_forget_loss"))
        return CompareCurves::tr("Forget loss");
    if (kind == QLatin1String("compare_retain_loss"))
        return CompareCurves::tr("Retain loss");
    return CompareCurves::tr("Total loss");
}

QString plainMetricName(const QString &id)
{
    return format::metricName(id).remove(QStringLiteral("↓")).remove(QStringLiteral("↑")).trimmed();
}

} // namespace

CompareCurves::CompareCurves(PanelGrid &grid, PlotGroup &group, QSettings *settings, QObject *parent)
    : QObject(parent), m_grid(grid), m_group(group), m_settings(settings)
{
    for (const ComparePanel &each : kComparePanels) {
        const QString kind = QString::fromLatin1(each.kind);
        if (each.metric) {
            const QString metric = QString::fromLatin1(each.metric);
            PlotPanel *panel = make(kind, plainMetricName(metric), tr("score"), format::metricDirection(metric), 0);
            panel->setNaturalRange({0, 1});
            panel->setValueFormat([](double value) { return format::probability(value); });
        } else {
            make(kind, stepTitle(kind), tr("loss, nats"), 0, 0.6);
        }
    }
}

QString CompareCurves::axisTitle(CompareAxis axis)
{
    switch (axis) {
    case CompareAxis::Step: return tr("step");
    case CompareAxis::Epoch: return tr("epoch");
    case CompareAxis::Tokens: return tr("tokens");
    case CompareAxis::Seconds: return tr("time, s");
    }
    return {};
}

PlotPanel *CompareCurves::make(const QString &kind, const QString &title, const QString &yTitle, int direction, double smoothing)
{
    auto *panel = new PlotPanel(kind, title, &m_group, m_settings);
    panel->setAxes(axisTitle(m_axis), yTitle, direction);
    panel->setProperty("yTitle", yTitle);
    panel->setProperty("direction", direction);
    panel->setDefaultSmoothing(smoothing);
    panel->setLegendShown(false); // the chips above are the legend of all panels
    connect(panel, &PlotPanel::noted, this, &CompareCurves::noted);
    connect(panel, &PlotPanel::hoveredAt, this, [this, kind](double x, double y) { Q_EMIT hoveredAt(kind, x, y); });
    m_panels.insert(kind, panel);
    m_grid.add(kind, title, panel);
    m_grid.setAvailable(kind, false);
    return panel;
}

PlotPanel *CompareCurves::front() const
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

CurveData CompareCurves::evaluationCurve(const ComparedRun &run, const std::string &metric, CompareAxis axis)
{
    CurveData curve;
    for (const EvaluationRecord &evaluation : run.evaluations) {
        const auto found = std::ranges::find(evaluation.metrics, metric, &MetricValue::id);
        if (found == evaluation.metrics.end())
            continue;
        const double step = static_cast<double>(evaluation.step);
        curve.append(step, run.steps.at(step, axis), found->value.value_or(std::numeric_limits<double>::quiet_NaN()));
    }
    return curve;
}

void CompareCurves::show(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden)
{
    for (const ComparePanel &each : kComparePanels) {
        const QString kind = QString::fromLatin1(each.kind);
        PlotPanel *panel = m_panels.value(kind);
        std::vector<PlotCurve> curves;
        curves.reserve(runs.size());
        bool any = false;
        for (const ComparedRun &run : runs) {
            PlotCurve curve{.key = QString::number(run.row.id), .name = run.name(), .style = CurveStyle::of(run.look), .markers = each.metric != nullptr};
            curve.visible = !hidden.contains(run.row.id);
            if (each.metric) {
                *curve.data = evaluationCurve(run, each.metric, m_axis);
            } else {
                const std::vector<double> &values = run.steps.*each.column;
                const std::vector<double> &x = run.steps.column(m_axis);
                for (std::size_t i = 0; i < values.size(); ++i)
                    curve.data->append(run.steps.step[i], x[i], values[i]);
            }
            any = any || curve.data->bounds().has_value();
            curves.push_back(std::move(curve));
        }
        panel->setAxes(axisTitle(m_axis), panel->property("yTitle").toString(), panel->property("direction").toInt(),
                       m_axis == CompareAxis::Step || m_axis == CompareAxis::Tokens);
        panel->setCurves(std::move(curves));
        m_grid.setAvailable(kind, any);
    }
}

void CompareCurves::setHidden(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden)
{
    for (PlotPanel *panel : std::as_const(m_panels)) {
        for (std::size_t i = 0; i < runs.size() && i < panel->contents().curves.size(); ++i)
            panel->setCurveVisible(i, !hidden.contains(runs[i].row.id));
    }
}

void CompareCurves::raise(std::size_t run, bool on)
{
    for (PlotPanel *panel : std::as_const(m_panels))
        panel->raiseCurve(run, on);
}

} // namespace lethe
