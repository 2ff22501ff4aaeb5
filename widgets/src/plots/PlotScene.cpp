#include "PlotScene.h"

#include "CurvePlottable.h"

#include <widgets/Format.h>

#include <algorithm>
#include <cmath>

namespace lethe {
namespace {

/// Visible curves beyond which lines are drawn thin and without the raw values behind them.
constexpr std::ptrdiff_t kCrowd = 24;

/// All labels of an axis have one form: 2e-4, 1.5e-4, 1e-4 rather than 0.0002, 0.00015, 1e-4.
class OneFormTicker : public QCPAxisTicker
{
protected:
    QVector<QString> createLabelVector(const QVector<double> &ticks, const QLocale &locale, QChar formatChar, int precision) override
    {
        double largest = 0;
        for (const double tick : ticks)
            largest = std::max(largest, std::abs(tick));
        if (largest == 0 || (largest >= 0.01 && largest < 1e5))
            return QCPAxisTicker::createLabelVector(ticks, locale, formatChar, precision);
        QVector<QString> labels;
        for (const double tick : ticks)
            labels.append(std::abs(tick) < largest * 1e-9 ? QStringLiteral("0") : format::scientific(tick));
        return labels;
    }
};

/// Ticks of something that is counted: never between two whole numbers.
class WholeNumberTicker : public OneFormTicker
{
protected:
    double getTickStep(const QCPRange &range) override { return std::max(1.0, std::round(OneFormTicker::getTickStep(range))); }
    int getSubTickCount(double) override { return 0; }
};

} // namespace

PlotScene::PlotScene(QCustomPlot &plot)
    : m_plot(plot), m_levels(new LevelLines(&plot))
{
    m_plot.axisRect()->setupFullAxesBox(false);
    m_plot.xAxis2->setVisible(false);
    m_plot.yAxis2->setVisible(false);
    m_plot.setInteractions(QCP::iNone); // ours, not QCustomPlot's
    m_plot.setAutoAddPlottableToLegend(false); // nobody sees that legend, and filling it takes the square of the number of curves
}

PlotScene::~PlotScene() = default;

void PlotScene::setStyle(const PlotStyle &style)
{
    m_style = style;
    show(PlotContents(m_contents));
}

void PlotScene::show(const PlotContents &contents)
{
    m_contents = contents;
    while (m_plottables.size() > contents.curves.size()) {
        m_plot.removePlottable(m_plottables.back());
        m_plottables.pop_back();
    }
    while (m_plottables.size() < contents.curves.size())
        m_plottables.push_back(new CurvePlottable(m_plot.xAxis, m_plot.yAxis));
    PlotStyle style = m_style;
    style.crowded = style.thin && std::ranges::count_if(contents.curves, &PlotCurve::visible) > kCrowd;
    for (std::size_t i = 0; i < m_plottables.size(); ++i)
        m_plottables[i]->setCurve(contents.curves[i], style);
    m_levels->setLevels(contents.levels, contents.curves, m_style);

    m_plot.xAxis->setLabel(contents.xTitle);
    // the title is written upwards: an arrow that shall point up or down on the page lies on its side in the text
    m_plot.yAxis->setLabel(QString(contents.yTitle).replace(u'↓', u'←').replace(u'↑', u'→'));
    if (contents.wholeX)
        m_plot.xAxis->setTicker(QSharedPointer<WholeNumberTicker>::create());
    else
        m_plot.xAxis->setTicker(QSharedPointer<OneFormTicker>::create());
    m_plot.xAxis->ticker()->setTickCount(5);
    if (contents.logY) {
        m_plot.yAxis->setScaleType(QCPAxis::stLogarithmic);
        m_plot.yAxis->setTicker(QSharedPointer<QCPAxisTickerLog>::create());
    } else {
        m_plot.yAxis->setScaleType(QCPAxis::stLinear);
        m_plot.yAxis->setTicker(QSharedPointer<OneFormTicker>::create());
        m_plot.yAxis->ticker()->setTickCount(4);
    }
    dress();
}

void PlotScene::dress()
{
    const double unit = m_style.unit;
    m_plot.setBackground(m_style.background);
    const QPen gridPen(m_style.grid, std::max(1.0, std::floor(unit)), Qt::SolidLine);
    for (QCPAxis *axis : {m_plot.xAxis, m_plot.yAxis}) {
        axis->setBasePen(QPen(m_style.axis, std::max(1.0, std::floor(unit))));
        axis->setTickPen(QPen(m_style.axis, std::max(1.0, std::floor(unit))));
        axis->setSubTickPen(Qt::NoPen);
        axis->setSubTicks(false);
        axis->setTickLength(0, qRound(4 * unit));
        axis->setTickLabelFont(m_style.font);
        axis->setLabelFont(m_style.font);
        axis->setTickLabelColor(m_style.muted);
        axis->setLabelColor(m_style.muted);
        axis->setTickLabelPadding(qRound(3 * unit));
        axis->setLabelPadding(qRound(3 * unit));
        const bool powers = axis == m_plot.yAxis && m_contents.logY;
        axis->setNumberFormat(powers ? QStringLiteral("gb") : QStringLiteral("g"));
        axis->setNumberPrecision(6);
        axis->grid()->setPen(gridPen);
        axis->grid()->setZeroLinePen(gridPen);
        axis->grid()->setSubGridVisible(false);
    }
    // level curves are read against horizontal lines; vertical ones would only add ink
    m_plot.xAxis->grid()->setVisible(false);
    m_plot.yAxis->setBasePen(Qt::NoPen);
    m_plot.yAxis->setTickPen(Qt::NoPen);
    m_plot.axisRect()->setMinimumMargins(QMargins(qRound(8 * unit), qRound(6 * unit), qRound(10 * unit), qRound(2 * unit)));
    m_plot.plotLayout()->setMargins(QMargins(0, 0, 0, 0));
}

} // namespace lethe
