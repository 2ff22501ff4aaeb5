#include "CompareCurves.h"

#include "parts/Background.h"
#include "plots/PanelGrid.h"
#include "plots/PlotCanvas.h"
#include "plots/PlotGroup.h"

#include <widgets/Format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>
#include <utility>

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

/// Points of steps in all curves that are put together on the GUI thread: a few milliseconds.
constexpr std::size_t kMostAtOnce = 30'000;

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
    std::optional<bool> before; // whether the last one is of some rows
    for (const EvaluationRecord &evaluation : run.evaluations) {
        const auto found = std::ranges::find(evaluation.metrics, metric, &MetricValue::id);
        if (found == evaluation.metrics.end())
            continue;
        const double step = static_cast<double>(evaluation.step);
        if (before && *before != found->subset)
            curve.breakLine(); // a value of some rows and one of all rows are two measures
        before = found->subset;
        curve.append(step, run.steps->at(step, axis), found->value.value_or(std::numeric_limits<double>::quiet_NaN()));
    }
    return curve;
}

void CompareCurves::show(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden)
{
    m_hidden = hidden;
    Job job;
    job.axis = m_axis;
    std::size_t points = 0;
    for (const ComparedRun &run : runs) {
        job.curves.push_back({.key = QString::number(run.row.id), .name = run.name(), .style = CurveStyle::of(run.look)});
        job.steps.push_back(run.steps);
        points += run.steps->step.size();
    }
    for (const ComparePanel &each : kComparePanels) {
        const QString kind = QString::fromLatin1(each.kind);
        if (!each.metric) {
            job.smoothing.insert(kind, m_panels.value(kind)->smoothing());
            continue;
        }
        std::vector<PlotCurve> curves = job.curves;
        bool some = false, all = false; // rows
        for (const ComparedRun &run : runs)
            for (const EvaluationRecord &evaluation : run.evaluations)
                if (const auto found = std::ranges::find(evaluation.metrics, each.metric, &MetricValue::id); found != evaluation.metrics.end())
                    (found->subset ? some : all) = true;
        m_panels.value(kind)->setProperty("mixesRows", some && all);
        for (std::size_t i = 0; i < runs.size(); ++i) {
            curves[i].markers = true;
            curves[i].data = std::make_shared<CurveData>(evaluationCurve(runs[i], each.metric, m_axis));
        }
        fill(kind, std::move(curves));
    }
    if (m_building) {
        m_next = std::move(job);
    } else if (points <= kMostAtOnce) {
        for (auto &[kind, curves] : build(job))
            fill(kind, std::move(curves));
    } else {
        start(std::move(job));
    }
}

CompareCurves::Built CompareCurves::build(const Job &job)
{
    struct Piece {
        const std::vector<double> StepColumns::*column;
        const StepColumns *steps;
        double smoothing;
        CurveData *data;
    };
    Built built;
    std::vector<Piece> pieces;
    std::size_t points = 0;
    for (const ComparePanel &each : kComparePanels) {
        if (each.metric)
            continue;
        const QString kind = QString::fromLatin1(each.kind);
        std::vector<PlotCurve> curves = job.curves;
        for (std::size_t i = 0; i < curves.size(); ++i) {
            curves[i].data = std::make_shared<CurveData>();
            pieces.push_back({each.column, job.steps[i].get(), job.smoothing.value(kind), curves[i].data.get()});
            points += job.steps[i]->step.size();
        }
        built.emplace_back(kind, std::move(curves));
    }
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t at = next++; at < pieces.size(); at = next++) {
            const Piece &piece = pieces[at];
            const std::vector<double> &values = piece.steps->*piece.column;
            const std::vector<double> &x = piece.steps->column(job.axis);
            piece.data->setSmoothing(piece.smoothing);
            piece.data->reserve(values.size());
            for (std::size_t i = 0; i < values.size(); ++i)
                piece.data->append(piece.steps->step[i], x[i], values[i]);
        }
    };
    std::vector<std::jthread> others;
    const std::size_t threads = points <= kMostAtOnce ? 1 : std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 4);
    for (std::size_t i = 1; i < threads; ++i)
        others.emplace_back(work);
    work();
    others.clear(); // waits for them: what they fill is handed on
    return built;
}

bool CompareCurves::Job::showsSameAs(const Job &other) const
{
    return axis == other.axis && std::ranges::equal(curves, other.curves, {}, &PlotCurve::key, &PlotCurve::key);
}

void CompareCurves::start(Job job)
{
    m_building = true;
    const auto shared = std::make_shared<const Job>(std::move(job));
    inBackground(this, [shared] { return build(*shared); }, [this, shared](Built built) {
        m_building = false;
        if (!m_next || m_next->showsSameAs(*shared)) {
            for (auto &[kind, curves] : built)
                fill(kind, std::move(curves));
        }
        if (m_next)
            start(std::exchange(m_next, std::nullopt).value());
    });
}

void CompareCurves::fill(const QString &kind, std::vector<PlotCurve> curves)
{
    bool any = false;
    for (PlotCurve &curve : curves) {
        curve.visible = !m_hidden.contains(curve.key.toLongLong());
        any = any || curve.data->bounds().has_value();
    }
    PlotPanel *panel = m_panels.value(kind);
    const QString xTitle = panel->property("mixesRows").toBool() ? tr("%1 – joined: some rows, single: all").arg(axisTitle(m_axis)) : axisTitle(m_axis);
    panel->setAxes(xTitle, panel->property("yTitle").toString(), panel->property("direction").toInt(),
                   m_axis == CompareAxis::Step || m_axis == CompareAxis::Tokens);
    panel->setCurves(std::move(curves));
    m_grid.setAvailable(kind, any);
}

void CompareCurves::setHidden(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden)
{
    m_hidden = hidden;
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
