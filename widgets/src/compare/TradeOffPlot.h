#pragma once

#include "ComparedRuns.h"

#include "plots/Card.h"
#include "plots/PlotExport.h"

#include <QtCore/QPointF>
#include <QtCore/QSet>

class QComboBox;
class QLabel;
class QSettings;
class QCustomPlot;

namespace lethe {

class TradeOffMarks;

/// Indices of the points that no other beats on both axes, in order of x. \p xDirection and \p yDirection: −1 lower is better.
std::vector<std::size_t> paretoFront(const std::vector<QPointF> &points, int xDirection, int yDirection);

/// Forgetting against keeping: a point for each run's last evaluation, its trail over all evaluations, the front of those that
/// no other run beats, the untouched model as an anchor and, where it is known, the retrained one as the target.
class TradeOffPlot : public Card
{
    Q_OBJECT

public:
    explicit TradeOffPlot(QSettings *settings, QWidget *parent = nullptr);

    void show(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden);
    QString summary() const;
    /// As any plot: PNG, SVG, PDF, and its points as CSV (`run,step,x,y`).
    PlotExport exporter();
    QString csv() const;
    bool hasTarget() const { return m_hasTarget; }
    /// Index of the runs on the front, as drawn.
    const std::vector<std::size_t> &front() const { return m_front; }

Q_SIGNALS:
    void runClicked(qint64 run);

protected:
    void changeEvent(QEvent *event) override;

private:
    void draw();
    void drawOn(QCustomPlot &plot, TradeOffMarks &drawn, const PlotStyle &style);
    void fillMeasures();

    QSettings *m_settings;
    std::vector<ComparedRun> m_runs; ///< evaluations and looks; no steps
    QSet<RunId> m_hidden;
    QComboBox *m_x;
    QComboBox *m_y;
    QLabel *m_empty;
    QCustomPlot *m_plot;
    TradeOffMarks *m_marks; ///< owned by the plot
    std::vector<std::size_t> m_front;
    std::vector<QPointF> m_ends;       ///< of the runs that have both measures
    std::vector<std::size_t> m_endRuns;
    bool m_hasTarget = false;          ///< the retrained model is in it
};

} // namespace lethe
