#pragma once

#include "CurveData.h"
#include "CustomPlot.h"
#include "PlotStyle.h"

#include <QtCore/QString>

#include <memory>
#include <vector>

namespace lethe {

/// One curve of a plot. The data are shared by the panel that appends to them and the scenes that draw them.
struct PlotCurve {
    QString key;  ///< stable, for read-outs and CSV
    QString name; ///< as shown
    CurveStyle style;
    std::shared_ptr<CurveData> data = std::make_shared<CurveData>();
    bool visible = true;
    bool raised = false;   ///< under the pointer in the legend
    bool markers = false;  ///< every point marked: values that come one per evaluation
};

/// A level line with its label: the untouched model, the retrained one.
struct PlotLevel {
    QString name;
    double value = 0;
    CurveRole role = CurveRole::Baseline;
    bool operator==(const PlotLevel &) const = default;
};

/// What a plot shows, apart from how it is drawn.
struct PlotContents {
    QString title;
    QString xTitle;
    QString yTitle;
    std::vector<PlotCurve> curves;
    std::vector<PlotLevel> levels;
    bool logY = false;
    bool wholeX = true; ///< x counts something: no ticks between whole numbers
};

class CurvePlottable;
class LevelLines;

/// Puts contents onto a QCustomPlot: the panel on the screen and every export are drawn by the same code.
class PlotScene
{
public:
    explicit PlotScene(QCustomPlot &plot);
    ~PlotScene();
    PlotScene(const PlotScene &) = delete;
    PlotScene &operator=(const PlotScene &) = delete;

    void setStyle(const PlotStyle &style);
    const PlotStyle &style() const { return m_style; }
    /// Takes over names, looks, levels and scale. Points that were appended to the curves' data need no call.
    void show(const PlotContents &contents);
    QCustomPlot &plot() { return m_plot; }

private:
    void dress();

    QCustomPlot &m_plot;
    PlotStyle m_style;
    PlotContents m_contents;
    std::vector<CurvePlottable *> m_plottables; ///< owned by the plot
    LevelLines *m_levels;                       ///< owned by the plot
};

} // namespace lethe
