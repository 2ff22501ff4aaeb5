#pragma once

#include "ComparedRuns.h"

#include "plots/PlotPanel.h"

#include <QtCore/QObject>
#include <QtCore/QSet>

class QSettings;

namespace lethe {

class PanelGrid;
class PlotGroup;

/// The panels of Compare: one a measure, one curve a run.
class CompareCurves : public QObject
{
    Q_OBJECT

public:
    CompareCurves(PanelGrid &grid, PlotGroup &group, QSettings *settings, QObject *parent = nullptr);

    void setAxis(CompareAxis axis) { m_axis = axis; }
    /// Fills all panels anew. Curves of very many steps are made on another thread and come a moment later.
    void show(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden);
    void setHidden(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden);
    void raise(std::size_t run, bool on);
    PlotPanel *panel(const QString &kind) const { return m_panels.value(kind); }
    PlotPanel *front() const;

    /// `step`, `epoch`, `tokens`, `time, s`.
    static QString axisTitle(CompareAxis axis);
    static CurveData evaluationCurve(const ComparedRun &run, const std::string &metric, CompareAxis axis);

Q_SIGNALS:
    void noted(const QString &text, bool failed);
    void hoveredAt(const QString &kind, double x, double y);

private:
    /// What the curves of the steps are made of.
    struct Job {
        std::vector<PlotCurve> curves; ///< without points
        std::vector<std::shared_ptr<const StepColumns>> steps;
        CompareAxis axis = CompareAxis::Step;
        QHash<QString, double> smoothing; ///< of each panel
        bool showsSameAs(const Job &other) const;
    };
    using Built = std::vector<std::pair<QString, std::vector<PlotCurve>>>; ///< panel and its curves
    static Built build(const Job &job);
    void start(Job job);
    void fill(const QString &kind, std::vector<PlotCurve> curves);
    PlotPanel *make(const QString &kind, const QString &title, const QString &yTitle, int direction, double smoothing);

    PanelGrid &m_grid;
    PlotGroup &m_group;
    QSettings *m_settings;
    CompareAxis m_axis = CompareAxis::Step;
    QHash<QString, PlotPanel *> m_panels;
    QSet<RunId> m_hidden;
    bool m_building = false;
    std::optional<Job> m_next; ///< asked for while others were made
};

} // namespace lethe
