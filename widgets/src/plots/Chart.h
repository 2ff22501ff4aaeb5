#pragma once

#include "Card.h"
#include "PlotExport.h"
#include "PlotStyle.h"

#include <QtCore/QStringList>
#include <QtCore/QVector>

#include <optional>
#include <vector>

class QCustomPlot;
class QLabel;

namespace lethe {

/// One line of a chart.
struct ChartSeries {
    QString name;
    CurveStyle style;
    QVector<double> x, y;       ///< x rises
    QVector<double> low, high;  ///< a band around y; empty: none
    bool steps = false;         ///< level until the next point, as distribution functions are
    bool line = true;
    bool markers = true;
    bool faint = false;         ///< behind the others: single seeds behind their mean
    bool named = true;          ///< in the legend and the crosshair's text
};

/// A distance drawn between two lines.
struct ChartBar {
    double x = 0, from = 0, to = 0;
    CurveStyle style;
    QString text;
};

/// A picture that does not grow while it is looked at: distributions, profiles, series, means over seeds.
struct ChartContents {
    QString title, xTitle, yTitle;
    std::vector<ChartSeries> series;
    std::vector<ChartBar> bars;
    QVector<double> tickAt;     ///< instead of numbers along x
    QStringList tickTexts;
    std::optional<AxisSpan> y;  ///< none: by the data
    bool legend = true;
    QString summary;            ///< for who cannot see it, and below the picture
    QString empty;              ///< why there is nothing
};

void drawChart(QCustomPlot &plot, const ChartContents &contents, const PlotStyle &style);
/// `series,x,y,low,high`, full precision; the ticks' texts in place of x where there are any.
QString chartCsv(const ChartContents &contents);

/// A chart on the screen: zoomed with the wheel, dragged, whole again with a double click; the nearest point in words.
class Chart : public Card
{
    Q_OBJECT

public:
    explicit Chart(QWidget *parent = nullptr);

    void show(ChartContents contents);
    const ChartContents &contents() const { return m_contents; }
    PlotExport exporter() const;
    bool isEmpty() const;

protected:
    void changeEvent(QEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void draw();
    QString nearest(const QPointF &pixel) const;

    ChartContents m_contents;
    QLabel *m_title;
    QLabel *m_note;
    QLabel *m_empty;
    QCustomPlot *m_plot;
};

} // namespace lethe
