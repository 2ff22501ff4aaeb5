#include "TradeOffPlot.h"

#include "plots/CustomPlot.h"
#include "plots/PlotStyle.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtCore/QLocale>
#include <QtCore/QSettings>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QLabel>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace lethe {
namespace {

constexpr std::size_t kMostNames = 12;

std::optional<double> valueIn(const std::vector<MetricValue> &metrics, const std::string &id)
{
    const auto found = std::ranges::find(metrics, id, &MetricValue::id);
    return found == metrics.end() ? std::nullopt : found->value;
}

std::optional<double> valueAtEvaluation(const EvaluationRecord &evaluation, const std::string &id)
{
    return valueIn(evaluation.metrics, id);
}

/// Whether the metric's value is of some rows of its set.
bool isOfSome(const EvaluationRecord &evaluation, const std::string &id)
{
    const auto found = std::ranges::find(evaluation.metrics, id, &MetricValue::id);
    return found != evaluation.metrics.end() && found->subset;
}

QString axisName(const QString &metric)
{
    const int direction = format::metricDirection(metric);
    QString name = format::metricName(metric);
    name = name.remove(QStringLiteral("↓")).remove(QStringLiteral("↑")).trimmed();
    return name + (direction < 0 ? QStringLiteral(" ↓") : direction > 0 ? QStringLiteral(" ↑") : QString());
}

} // namespace

/// Every run's points, each marked as its run is; QCPCurve would draw them, but not outlined.
class TradeOffMarks : public QCPLayerable
{
public:
    struct Mark {
        QPointF at;
        CurveMarker shape;
        QColor color;
        QColor outline;
        double size;
        QString name;
    };
    explicit TradeOffMarks(QCustomPlot *plot)
        : QCPLayerable(plot, QStringLiteral("axes"))
    {}
    std::vector<Mark> marks;
    QVector<QVector<QPointF>> lines; ///< trails and front, which names keep clear of
    QColor ground;
    QFont font;
    QColor text;
    double unit = 1;

    /// How many stretches of the drawn lines run through \p place.
    int crossings(const QRectF &place) const
    {
        int count = 0;
        for (const QVector<QPointF> &line : lines) {
            for (qsizetype i = 1; i < line.size(); ++i) {
                const QLineF stretch(pixelOf(line[i - 1]), pixelOf(line[i]));
                const QLineF sides[] = {{place.topLeft(), place.topRight()}, {place.topRight(), place.bottomRight()},
                                        {place.bottomRight(), place.bottomLeft()}, {place.bottomLeft(), place.topLeft()}};
                count += place.contains(stretch.p1()) || std::ranges::any_of(sides, [&stretch](const QLineF &side) {
                    return stretch.intersects(side, nullptr) == QLineF::BoundedIntersection;
                });
            }
        }
        return count;
    }
    QPointF pixelOf(const QPointF &at) const { return {mParentPlot->xAxis->coordToPixel(at.x()), mParentPlot->yAxis->coordToPixel(at.y())}; }

protected:
    void applyDefaultAntialiasingHint(QCPPainter *painter) const override { painter->setAntialiasing(true); }
    QRect clipRect() const override { return mParentPlot->viewport(); }
    void draw(QCPPainter *painter) override
    {
        const QRect area = mParentPlot->axisRect()->rect();
        std::vector<QRectF> taken;
        painter->setFont(font);
        const QFontMetricsF metrics(font);
        for (const Mark &mark : marks) {
            const QPointF pixel(mParentPlot->xAxis->coordToPixel(mark.at.x()), mParentPlot->yAxis->coordToPixel(mark.at.y()));
            drawCurveMarker(*painter, mark.shape, pixel, mark.size * unit, mark.color, mark.outline);
            taken.emplace_back(pixel.x() - mark.size * unit / 2, pixel.y() - mark.size * unit / 2, mark.size * unit, mark.size * unit);
        }
        painter->setPen(text);
        for (const Mark &mark : marks) {
            if (mark.name.isEmpty())
                continue;
            const QPointF pixel(mParentPlot->xAxis->coordToPixel(mark.at.x()), mParentPlot->yAxis->coordToPixel(mark.at.y()));
            const QSizeF size(metrics.horizontalAdvance(mark.name) + 2, metrics.height());
            const double gap = 8 * unit;
            // all around the mark; of the places that are free, the one that the fewest lines cross
            const double right = pixel.x() + gap, left = pixel.x() - gap - size.width(), centre = pixel.x() - size.width() / 2;
            const double above = pixel.y() - gap - size.height(), below = pixel.y() + gap, middle = pixel.y() - size.height() / 2;
            const QPointF corners[] = {{right, middle}, {left, middle}, {centre, above}, {centre, below},
                                       {right, above},  {right, below}, {left, above},   {left, below}};
            std::optional<QRectF> chosen;
            int fewest = 0;
            for (const QPointF &corner : corners) {
                const QRectF place(corner, size);
                if (!QRectF(area).contains(place) || std::ranges::any_of(taken, [&place](const QRectF &other) { return other.intersects(place); }))
                    continue;
                const int crossed = crossings(place);
                if (!chosen || crossed < fewest) {
                    chosen = place;
                    fewest = crossed;
                }
            }
            if (!chosen)
                continue; // the chip's colour still says which run it is
            if (fewest > 0)
                painter->fillRect(*chosen, ground);
            painter->drawText(*chosen, Qt::AlignCenter | Qt::TextDontClip, mark.name);
            taken.push_back(*chosen);
        }
    }
};

std::vector<std::size_t> paretoFront(const std::vector<QPointF> &points, int xDirection, int yDirection)
{
    const auto betterX = [&](std::size_t a, std::size_t b) { return xDirection < 0 ? points[a].x() < points[b].x() : points[a].x() > points[b].x(); };
    const auto betterY = [&](std::size_t a, std::size_t b) { return yDirection < 0 ? points[a].y() < points[b].y() : points[a].y() > points[b].y(); };
    std::vector<std::size_t> front;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const auto beaten = [&](std::size_t j) {
            return j != i && !betterX(i, j) && !betterY(i, j) && (betterX(j, i) || betterY(j, i));
        };
        bool isBeaten = false;
        for (std::size_t j = 0; j < points.size() && !isBeaten; ++j)
            isBeaten = beaten(j);
        if (!isBeaten)
            front.push_back(i);
    }
    std::ranges::sort(front, [&](std::size_t a, std::size_t b) { return points[a].x() < points[b].x(); });
    return front;
}

TradeOffPlot::TradeOffPlot(QSettings *settings, QWidget *parent)
    : Card(parent), m_settings(settings)
{
    setObjectName(QStringLiteral("tradeOff"));
    m_x = new QComboBox(this);
    m_x->setObjectName(QStringLiteral("tradeOffX"));
    m_x->setAccessibleName(tr("Measure of forgetting"));
    m_y = new QComboBox(this);
    m_y->setObjectName(QStringLiteral("tradeOffY"));
    m_y->setAccessibleName(tr("Measure of keeping"));
    auto *xLabel = new QLabel(tr("&Forgetting"), this);
    xLabel->setBuddy(m_x);
    auto *yLabel = new QLabel(tr("&against"), this);
    yLabel->setBuddy(m_y);
    for (QLabel *label : {xLabel, yLabel})
        Theme::setRole(label, TextRole::Muted);
    m_plot = new QCustomPlot(this);
    m_plot->setObjectName(QStringLiteral("tradeOffCanvas"));
    m_marks = new TradeOffMarks(m_plot);
    m_plot->setFocusPolicy(Qt::StrongFocus);
    m_plot->setMinimumSize(Theme::space(80), Theme::space(60));
    m_plot->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    m_empty = new QLabel(this);
    m_empty->setAlignment(Qt::AlignCenter);
    m_empty->setWordWrap(true);
    Theme::setRole(m_empty, TextRole::Muted);

    auto *top = new QHBoxLayout;
    top->setSpacing(Theme::space(2));
    top->addWidget(xLabel);
    top->addWidget(m_x);
    top->addSpacing(Theme::space(2));
    top->addWidget(yLabel);
    top->addWidget(m_y);
    top->addStretch(1);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::space(3), Theme::space(2), Theme::space(3), Theme::space(2));
    column->setSpacing(Theme::space(2));
    column->addLayout(top);
    column->addWidget(m_plot, 1);
    column->addWidget(m_empty, 1);
    for (QComboBox *box : {m_x, m_y}) {
        connect(box, &QComboBox::activated, this, [this] {
            if (m_settings) {
                m_settings->setValue(QStringLiteral("compare/tradeOffX"), m_x->currentData());
                m_settings->setValue(QStringLiteral("compare/tradeOffY"), m_y->currentData());
            }
            draw();
        });
    }
    connect(m_plot, &QCustomPlot::mouseDoubleClick, this, [this] { draw(); });
    connect(m_plot, &QCustomPlot::mousePress, this, [this](QMouseEvent *event) {
        double nearest = Theme::space(4);
        std::optional<std::size_t> hit;
        for (std::size_t i = 0; i < m_ends.size(); ++i) {
            const double distance = std::hypot(m_plot->xAxis->coordToPixel(m_ends[i].x()) - event->pos().x(), m_plot->yAxis->coordToPixel(m_ends[i].y()) - event->pos().y());
            if (distance < nearest) {
                nearest = distance;
                hit = m_endRuns[i];
            }
        }
        if (hit)
            Q_EMIT runClicked(m_runs[*hit].row.id);
    });
}

void TradeOffPlot::fillMeasures()
{
    QStringList ids;
    for (const ComparedRun &run : m_runs) {
        for (const EvaluationRecord &evaluation : run.evaluations) {
            for (const MetricValue &metric : evaluation.metrics) {
                if (metric.value && !ids.contains(QString::fromStdString(metric.id)))
                    ids.append(QString::fromStdString(metric.id));
            }
        }
    }
    const auto fill = [&](QComboBox *box, const QString &key, const QStringList &preferred) {
        QString wanted = box->currentData().toString();
        if (wanted.isEmpty() && m_settings)
            wanted = m_settings->value(key).toString();
        box->clear();
        for (const QString &id : std::as_const(ids))
            box->addItem(axisName(id), id);
        int at = wanted.isEmpty() ? -1 : box->findData(wanted);
        for (const QString &id : preferred) {
            if (at < 0)
                at = box->findData(id);
        }
        box->setCurrentIndex(std::max(at, 0));
    };
    fill(m_x, QStringLiteral("compare/tradeOffX"), {QStringLiteral("forget_prob"), QStringLiteral("forget_exact_match")});
    fill(m_y, QStringLiteral("compare/tradeOffY"), {QStringLiteral("model_utility"), QStringLiteral("retain_prob"), QStringLiteral("retain_exact_match")});
}

void TradeOffPlot::show(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden)
{
    m_runs.clear();
    for (const ComparedRun &run : runs) {
        ComparedRun light;
        light.row = run.row;
        light.look = run.look;
        light.evaluations = run.evaluations;
        m_runs.push_back(std::move(light));
    }
    m_hidden = hidden;
    fillMeasures();
    draw();
}

void TradeOffPlot::drawOn(QCustomPlot &plot, TradeOffMarks &drawn, const PlotStyle &style)
{
    const QString xMetric = m_x->currentData().toString();
    const QString yMetric = m_y->currentData().toString();
    plot.clearPlottables();
    m_ends.clear();
    m_endRuns.clear();
    drawn.marks.clear();
    drawn.lines.clear();
    drawn.ground = style.background;
    drawn.font = style.font;
    drawn.text = style.text;
    drawn.unit = style.unit;

    std::optional<QPointF> original, target;
    QVector<double> allX, allY;
    std::vector<std::size_t> whole; // ends that are of all rows
    std::size_t shownRuns = 0;
    for (const ComparedRun &run : m_runs)
        shownRuns += m_hidden.contains(run.row.id) ? 0 : 1;
    for (std::size_t r = 0; r < m_runs.size(); ++r) {
        const ComparedRun &run = m_runs[r];
        if (m_hidden.contains(run.row.id))
            continue;
        QVector<double> xs, ys, trailX, trailY;
        bool ofSome = false; // rows: of the point before, and in the end of the last one
        for (const EvaluationRecord &evaluation : run.evaluations) {
            const auto x = valueAtEvaluation(evaluation, xMetric.toStdString());
            const auto y = valueAtEvaluation(evaluation, yMetric.toStdString());
            if (!x || !y || !std::isfinite(*x) || !std::isfinite(*y))
                continue;
            const bool some = isOfSome(evaluation, xMetric.toStdString()) || isOfSome(evaluation, yMetric.toStdString());
            if (!xs.isEmpty() && some != ofSome) { // two measures: no line joins them
                trailX.append(std::numeric_limits<double>::quiet_NaN());
                trailY.append(std::numeric_limits<double>::quiet_NaN());
            }
            ofSome = some;
            trailX.append(*x);
            trailY.append(*y);
            xs.append(*x);
            ys.append(*y);
            if (evaluation.step == 0 && !original)
                original = QPointF(*x, *y);
        }
        for (const EvaluationRecord &evaluation : run.evaluations) {
            const auto x = valueIn(evaluation.reference, xMetric.toStdString()), y = valueIn(evaluation.reference, yMetric.toStdString());
            if (!target && x && y && std::isfinite(*x) && std::isfinite(*y))
                target = QPointF(*x, *y);
        }
        if (xs.isEmpty())
            continue;
        allX += xs;
        allY += ys;
        const QColor color = CurveStyle::of(run.look).color(style);
        auto *trail = new QCPCurve(plot.xAxis, plot.yAxis);
        trail->setData(trailX, trailY);
        QColor faint = color;
        faint.setAlphaF(0.5F);
        trail->setPen(QPen(faint, style.unit * 1.2, run.look.dash));
        trail->setAntialiased(true);
        QVector<QPointF> path;
        for (qsizetype i = 0; i < xs.size(); ++i)
            path.append({xs[i], ys[i]});
        drawn.lines.append(path);
        for (qsizetype i = 1; i + 1 < xs.size(); ++i)
            drawn.marks.push_back({QPointF(xs[i], ys[i]), CurveMarker::Circle, faint, style.background, 4, {}});
        m_ends.emplace_back(xs.last(), ys.last());
        m_endRuns.push_back(r);
        if (!ofSome)
            whole.push_back(m_ends.size() - 1);
        const CurveMarker shape = run.look.marker == CurveMarker::None ? CurveMarker::Circle : run.look.marker;
        drawn.marks.push_back({m_ends.back(), shape, color, run.look.isPale() ? style.text : style.background, 11, shownRuns <= kMostNames ? (ofSome ? tr("%1 (some rows)").arg(run.name()) : run.name()) : QString()});
    }
    if (original)
        drawn.marks.push_back({*original, CurveMarker::Cross, style.muted, style.background, 9, tr("untouched model")});
    if (target) { // where a model is that never saw the forget set: what unlearning is to reach
        drawn.marks.push_back({*target, CurveMarker::Diamond, style.background, style.text, 13, tr("retrained model")});
        allX.append(target->x());
        allY.append(target->y());
    }
    m_hasTarget = target.has_value();

    const int xDirection = format::metricDirection(xMetric) == 0 ? -1 : format::metricDirection(xMetric);
    const int yDirection = format::metricDirection(yMetric) == 0 ? 1 : format::metricDirection(yMetric);
    std::vector<QPointF> wholeEnds; // what only some rows say is compared with nothing
    for (const std::size_t at : whole)
        wholeEnds.push_back(m_ends[at]);
    const std::vector<std::size_t> front = paretoFront(wholeEnds, xDirection, yDirection);
    m_front.clear();
    QVector<double> frontX, frontY;
    for (const std::size_t among : front) {
        const std::size_t at = whole[among];
        m_front.push_back(m_endRuns[at]);
        frontX.append(m_ends[at].x());
        frontY.append(m_ends[at].y());
    }
    if (front.size() > 1) {
        auto *line = new QCPCurve(plot.xAxis, plot.yAxis);
        line->setData(frontX, frontY);
        line->setPen(QPen(style.muted, style.unit * 1.4, Qt::DashLine));
        QVector<QPointF> path;
        for (qsizetype i = 0; i < frontX.size(); ++i)
            path.append({frontX[i], frontY[i]});
        drawn.lines.append(path);
    }

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
        axis->setNumberPrecision(4);
        axis->grid()->setPen(QPen(style.grid, 1));
        axis->grid()->setZeroLinePen(QPen(style.grid, 1));
    }
    plot.xAxis->setLabel(axisName(xMetric));
    plot.yAxis->setLabel(axisName(yMetric));
    if (!m_ends.empty()) {
        const auto [lowX, highX] = std::minmax_element(allX.begin(), allX.end());
        const auto [lowY, highY] = std::minmax_element(allY.begin(), allY.end());
        const double airX = std::max(0.02, (*highX - *lowX) * 0.08);
        const double airY = std::max(0.02, (*highY - *lowY) * 0.08);
        // measures that are shares have nothing to show far beyond 0 and 1
        const auto range = [](double low, double high, double air) {
            const bool isShare = low >= 0 && high <= 1;
            const double spare = (high - low + 2 * air) * 0.04;
            return QCPRange(isShare ? std::max(low - air, -spare) : low - air, isShare ? std::min(high + air, 1 + spare) : high + air);
        };
        plot.xAxis->setRange(range(*lowX, *highX, airX));
        plot.yAxis->setRange(range(*lowY, *highY, airY));
    }
}

void TradeOffPlot::draw()
{
    drawOn(*m_plot, *m_marks, PlotStyle::screen(*this));
    m_plot->setVisible(!m_ends.empty());
    m_empty->setVisible(m_ends.empty());
    m_empty->setText(tr("None of these runs has an evaluation with both measures."));
    m_plot->setAccessibleName(tr("Trade-off"));
    m_plot->setAccessibleDescription(summary());
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

QString TradeOffPlot::summary() const
{
    QStringList names;
    for (const std::size_t run : m_front)
        names.append(m_runs[run].name());
    if (names.isEmpty())
        return m_empty->text();
    QString text = tr("%1 against %2, %3 runs; not beaten on both: %4")
                       .arg(m_y->currentText(), m_x->currentText()).arg(m_ends.size()).arg(names.join(QStringLiteral(", ")));
    if (m_hasTarget)
        text += tr("; the retrained model is the target");
    return text;
}

PlotExport TradeOffPlot::exporter()
{
    const auto draw = [this](QCustomPlot &plot, const PlotStyle &style) { drawOn(plot, *new TradeOffMarks(&plot), style); };
    return {tr("Trade-off"), draw, csv(), m_plot->size(), PlotStyle::screen(*this)};
}

QString TradeOffPlot::csv() const
{
    const auto quoted = [](QString text) { return QLatin1Char('"') + text.replace(QLatin1String("\""), QLatin1String("\"\"")) + QLatin1Char('"'); };
    const auto number = [](double value) { return QString::number(value, 'g', QLocale::FloatingPointShortest); };
    const QString x = m_x->currentData().toString(), y = m_y->currentData().toString();
    QString text = QStringLiteral("run,step,rows,%1,%2\r\n").arg(x, y);
    bool withTarget = false;
    for (const ComparedRun &run : m_runs) {
        if (m_hidden.contains(run.row.id))
            continue;
        for (const EvaluationRecord &evaluation : run.evaluations) {
            const auto atX = valueAtEvaluation(evaluation, x.toStdString()), atY = valueAtEvaluation(evaluation, y.toStdString());
            if (!atX || !atY)
                continue;
            const bool some = isOfSome(evaluation, x.toStdString()) || isOfSome(evaluation, y.toStdString());
            text += quoted(run.name()) + QStringLiteral(",%1,%2,").arg(evaluation.step).arg(some ? QLatin1String("some") : QLatin1String("all"))
                + number(*atX) + QLatin1Char(',') + number(*atY) + QLatin1String("\r\n");
        }
        for (const EvaluationRecord &evaluation : run.evaluations)
            if (const auto atX = valueIn(evaluation.reference, x.toStdString()), atY = valueIn(evaluation.reference, y.toStdString()); atX && atY && !withTarget) {
                text += QStringLiteral("retrained,,,") + number(*atX) + QLatin1Char(',') + number(*atY) + QLatin1String("\r\n");
                withTarget = true;
            }
    }
    return text;
}

void TradeOffPlot::changeEvent(QEvent *event)
{
    Card::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && !m_runs.empty())
        draw();
}

} // namespace lethe
