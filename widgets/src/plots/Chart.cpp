#include "Chart.h"

#include "parts/CsvCell.h"
#include "CustomPlot.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtCore/QEvent>
#include <QtCore/QLocale>
#include <QtGui/QMouseEvent>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QToolTip>

#include <algorithm>
#include <cmath>
#include <limits>

namespace lethe {
namespace {

constexpr int kMostLegendEntries = 12;

QString csvNumber(double value)
{
    return std::isfinite(value) ? QString::number(value, 'g', QLocale::FloatingPointShortest) : QString();
}

/// Ticks of something that is counted, steps or rows: never between two whole numbers.
class CountTicker : public QCPAxisTicker
{
protected:
    double getTickStep(const QCPRange &range) override { return std::max(1.0, std::round(QCPAxisTicker::getTickStep(range))); }
};

bool countsInX(const ChartContents &contents)
{
    return std::ranges::all_of(contents.series, [](const ChartSeries &series) {
        return std::ranges::all_of(series.x, [](double x) { return x == std::floor(x); });
    });
}

QCPScatterStyle scatterOf(const CurveStyle &style, const PlotStyle &plot, bool faint)
{
    const auto shape = [&style] {
        switch (style.marker()) {
        case CurveMarker::Square: return QCPScatterStyle::ssSquare;
        case CurveMarker::Diamond: return QCPScatterStyle::ssDiamond;
        case CurveMarker::Triangle: return QCPScatterStyle::ssTriangle;
        case CurveMarker::Cross: return QCPScatterStyle::ssCross;
        case CurveMarker::None:
        case CurveMarker::Circle: break;
        }
        return QCPScatterStyle::ssCircle;
    }();
    QColor color = style.color(plot);
    if (faint)
        color.setAlphaF(0.45F);
    // what is pale on its ground is held by an outline
    const QColor outline = !style.role && style.look.isPale() ? plot.text : color;
    return {shape, QPen(outline, plot.unit), QBrush(color), (faint ? 4 : 6) * plot.unit};
}

void addBand(QCustomPlot &plot, const ChartSeries &series, const PlotStyle &style)
{
    QCPGraph *low = plot.addGraph();
    low->setData(series.x, series.low, true);
    low->setPen(Qt::NoPen);
    QCPGraph *high = plot.addGraph();
    high->setData(series.x, series.high, true);
    high->setPen(Qt::NoPen);
    QColor fill = series.style.color(style);
    fill.setAlphaF(0.16F);
    high->setBrush(fill);
    high->setChannelFillGraph(low);
}

void addLine(QCustomPlot &plot, const ChartSeries &series, const PlotStyle &style)
{
    QCPGraph *graph = plot.addGraph();
    graph->setData(series.x, series.y, true);
    graph->setName(series.name);
    graph->setLineStyle(!series.line ? QCPGraph::lsNone : series.steps ? QCPGraph::lsStepLeft : QCPGraph::lsLine);
    QPen pen = series.style.pen(style);
    if (series.faint) {
        QColor color = pen.color();
        color.setAlphaF(0.4F);
        pen.setColor(color);
        pen.setWidthF(pen.widthF() * 0.6);
    }
    graph->setPen(pen);
    graph->setAntialiased(true);
    if (series.markers)
        graph->setScatterStyle(scatterOf(series.style, style, series.faint));
    if (series.named && !series.faint && !series.name.isEmpty() && plot.legend->itemCount() < kMostLegendEntries)
        graph->addToLegend();
}

void addBar(QCustomPlot &plot, const ChartBar &bar, const PlotStyle &style)
{
    auto *line = new QCPItemLine(&plot);
    line->start->setCoords(bar.x, bar.from);
    line->end->setCoords(bar.x, bar.to);
    line->setPen(QPen(bar.style.color(style), style.lineWidth * 1.6 * style.unit));
    line->setHead(QCPLineEnding(QCPLineEnding::esBar, 7 * style.unit, 0));
    line->setTail(QCPLineEnding(QCPLineEnding::esBar, 7 * style.unit, 0));
    if (bar.text.isEmpty())
        return;
    auto *text = new QCPItemText(&plot);
    text->position->setCoords(bar.x, (bar.from + bar.to) / 2);
    text->setPositionAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    text->setText(bar.text);
    text->setFont(style.font);
    text->setColor(style.text);
    text->setBrush(style.background);
    text->setPadding(QMargins(qRound(4 * style.unit), 0, qRound(2 * style.unit), 0));
}

void styleAxes(QCustomPlot &plot, const PlotStyle &style)
{
    plot.setBackground(style.background);
    for (QCPAxis *axis : {plot.xAxis, plot.yAxis}) {
        axis->setBasePen(QPen(style.axis, 1));
        axis->setTickPen(QPen(style.axis, 1));
        axis->setSubTicks(false);
        axis->setTickLength(0, qRound(4 * style.unit));
        axis->setTickLabelFont(style.font);
        axis->setLabelFont(style.font);
        axis->setTickLabelColor(style.muted);
        axis->setLabelColor(style.muted);
        axis->setNumberFormat(QStringLiteral("gb"));
        axis->setNumberPrecision(6); // with fewer, ticks every 0.00025 about 0.997 are rounded to uneven ones
        axis->grid()->setPen(QPen(style.grid, 1));
        axis->grid()->setZeroLinePen(QPen(style.grid, 1));
    }
}

void styleLegend(QCustomPlot &plot, const PlotStyle &style)
{
    plot.legend->clearItems();
    plot.legend->setBorderPen(Qt::NoPen);
    plot.legend->setBrush(Qt::NoBrush);
    plot.legend->setFont(style.font);
    plot.legend->setTextColor(style.text);
    plot.legend->setIconSize(qRound(26 * style.unit), qRound(10 * style.unit));
    plot.legend->setMargins(QMargins(qRound(10 * style.unit), 0, qRound(6 * style.unit), qRound(4 * style.unit)));
    plot.legend->setFillOrder(QCPLayoutGrid::foColumnsFirst);
}

/// The built-in legend, below the data instead of on it. One that is not shown lies on the data: as a row of its own it would take room, and without
/// entries it would leave the plot no width either.
void placeLegend(QCustomPlot &plot, bool shown)
{
    QCPLayout *wanted = shown ? static_cast<QCPLayout *>(plot.plotLayout()) : plot.axisRect()->insetLayout();
    if (QCPLayout *is = plot.legend->layout(); is != wanted) {
        is->take(plot.legend);
        is->simplify();
        if (shown)
            plot.plotLayout()->addElement(plot.plotLayout()->rowCount(), 0, plot.legend);
        else
            plot.axisRect()->insetLayout()->addElement(plot.legend, Qt::AlignTop | Qt::AlignRight);
        plot.plotLayout()->setRowStretchFactor(plot.plotLayout()->rowCount() - 1, shown ? 0.001 : 1);
    }
    plot.plotLayout()->setRowSpacing(0);
    plot.legend->setVisible(shown);
}

void setRanges(QCustomPlot &plot, const ChartContents &contents)
{
    double lowX = std::numeric_limits<double>::infinity(), highX = -lowX, lowY = lowX, highY = -lowX;
    const auto take = [](double value, double &low, double &high) {
        if (std::isfinite(value)) {
            low = std::min(low, value);
            high = std::max(high, value);
        }
    };
    for (const ChartSeries &series : contents.series) {
        for (const double x : series.x)
            take(x, lowX, highX);
        for (const QVector<double> *values : {&series.y, &series.low, &series.high})
            for (const double y : *values)
                take(y, lowY, highY);
    }
    for (const double x : contents.tickAt)
        take(x, lowX, highX);
    const auto range = [](double low, double high) {
        if (low > high)
            return QCPRange(0, 1);
        const double air = high > low ? (high - low) * 0.06 : std::max(0.5, std::abs(high) * 0.1);
        return QCPRange(low - air, high + air);
    };
    plot.xAxis->setRange(range(lowX, highX));
    plot.yAxis->setRange(contents.y ? QCPRange(contents.y->lower, contents.y->upper) : range(lowY, highY));
}

} // namespace

void drawChart(QCustomPlot &plot, const ChartContents &contents, const PlotStyle &style)
{
    plot.setAutoAddPlottableToLegend(false); // bands and single seeds have no name there
    plot.clearPlottables();
    plot.clearItems();
    styleAxes(plot, style);
    styleLegend(plot, style);
    plot.xAxis->setLabel(contents.xTitle);
    plot.yAxis->setLabel(contents.yTitle);
    if (!contents.tickAt.isEmpty()) {
        const QSharedPointer<QCPAxisTickerText> ticker(new QCPAxisTickerText);
        for (qsizetype i = 0; i < contents.tickAt.size(); ++i)
            ticker->addTick(contents.tickAt[i], contents.tickTexts.value(i));
        plot.xAxis->setTicker(ticker);
    } else {
        plot.xAxis->setTicker(QSharedPointer<QCPAxisTicker>(countsInX(contents) ? new CountTicker : new QCPAxisTicker));
    }
    for (const ChartSeries &series : contents.series)
        if (!series.low.isEmpty())
            addBand(plot, series, style);
    for (const bool faint : {true, false})
        for (const ChartSeries &series : contents.series)
            if (series.faint == faint)
                addLine(plot, series, style);
    for (const ChartBar &bar : contents.bars)
        addBar(plot, bar, style);
    plot.legend->setWrap(4);
    placeLegend(plot, contents.legend && plot.legend->itemCount() > 0);
    setRanges(plot, contents);
}

QString chartCsv(const ChartContents &contents)
{
    QString text = QStringLiteral("series,x,y,low,high\r\n");
    for (const ChartSeries &series : contents.series) {
        for (qsizetype i = 0; i < series.x.size(); ++i) {
            const qsizetype tick = contents.tickAt.indexOf(series.x[i]);
            text += csvCell(series.name) + QLatin1Char(',') + (tick >= 0 ? csvCell(contents.tickTexts.value(tick).simplified()) : csvNumber(series.x[i]))
                    + QLatin1Char(',') + csvNumber(series.y[i]) + QLatin1Char(',') + (series.low.isEmpty() ? QString() : csvNumber(series.low[i]))
                    + QLatin1Char(',') + (series.high.isEmpty() ? QString() : csvNumber(series.high[i])) + QLatin1String("\r\n");
        }
    }
    return text;
}

Chart::Chart(QWidget *parent) : Card(parent)
{
    m_title = new QLabel(this);
    Theme::setRole(m_title, TextRole::Heading);
    m_title->setWordWrap(true);
    m_plot = new QCustomPlot(this);
    m_plot->setMinimumSize(Theme::space(60), Theme::space(55)); // the longest y title beside its axis
    m_plot->setFocusPolicy(Qt::StrongFocus);
    m_plot->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    m_plot->installEventFilter(this);
    m_plot->setMouseTracking(true);
    m_note = new QLabel(this);
    m_note->setWordWrap(true);
    Theme::setRole(m_note, TextRole::Muted);
    m_empty = new QLabel(this);
    m_empty->setAlignment(Qt::AlignCenter);
    m_empty->setWordWrap(true);
    Theme::setRole(m_empty, TextRole::Muted);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::space(3), Theme::space(2), Theme::space(3), Theme::space(2));
    column->setSpacing(Theme::space(1));
    column->addWidget(m_title);
    column->addWidget(m_plot, 1);
    column->addWidget(m_empty, 1);
    column->addWidget(m_note);
    connect(m_plot, &QCustomPlot::mouseDoubleClick, this, [this] {
        setRanges(*m_plot, m_contents);
        m_plot->replot(QCustomPlot::rpQueuedReplot);
    });
}

bool Chart::isEmpty() const
{
    return std::ranges::all_of(m_contents.series, [](const ChartSeries &series) { return series.x.isEmpty(); });
}

void Chart::show(ChartContents contents)
{
    m_contents = std::move(contents);
    draw();
}

void Chart::draw()
{
    m_title->setText(m_contents.title);
    m_title->setVisible(!m_contents.title.isEmpty());
    m_plot->setVisible(!isEmpty());
    m_empty->setVisible(isEmpty());
    m_empty->setText(m_contents.empty);
    m_note->setText(m_contents.summary);
    m_note->setVisible(!m_contents.summary.isEmpty() && !isEmpty());
    m_plot->setAccessibleName(m_contents.title.isEmpty() ? tr("Chart") : m_contents.title);
    m_plot->setAccessibleDescription(isEmpty() ? m_contents.empty : m_contents.summary);
    drawChart(*m_plot, m_contents, PlotStyle::screen(*this));
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

PlotExport Chart::exporter() const
{
    return {m_contents.title, [contents = m_contents](QCustomPlot &plot, const PlotStyle &style) { drawChart(plot, contents, style); }, chartCsv(m_contents),
            m_plot->size(), PlotStyle::screen(*this)};
}

QString Chart::nearest(const QPointF &pixel) const
{
    double best = Theme::space(4);
    QString text;
    for (const ChartSeries &series : m_contents.series) {
        for (qsizetype i = 0; i < series.x.size(); ++i) {
            const double distance = std::hypot(m_plot->xAxis->coordToPixel(series.x[i]) - pixel.x(), m_plot->yAxis->coordToPixel(series.y[i]) - pixel.y());
            if (!(distance < best))
                continue;
            best = distance;
            const qsizetype tick = m_contents.tickAt.indexOf(series.x[i]);
            const QString x = tick >= 0 ? m_contents.tickTexts.value(tick).simplified() : format::loss(series.x[i]);
            text = tr("%1: %2 at %3").arg(series.name, format::loss(series.y[i]), x);
            if (!series.low.isEmpty())
                text += tr(" (%1 to %2)").arg(format::loss(series.low[i]), format::loss(series.high[i]));
        }
    }
    return text;
}

bool Chart::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_plot && event->type() == QEvent::ToolTip) {
        const auto *help = static_cast<QHelpEvent *>(event);
        if (const QString text = nearest(help->pos()); !text.isEmpty())
            QToolTip::showText(help->globalPos(), text, m_plot);
        else
            QToolTip::hideText();
        return true;
    }
    return Card::eventFilter(watched, event);
}

void Chart::changeEvent(QEvent *event)
{
    Card::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)
        draw();
}

} // namespace lethe
