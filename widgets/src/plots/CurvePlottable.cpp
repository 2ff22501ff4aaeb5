#include "CurvePlottable.h"

#include "Thinning.h"

#include <QtCore/QLocale>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace lethe {
namespace {

constexpr double kRawOpacity = 0.35;
constexpr double kMarkerUnits = 6.5;
constexpr qsizetype kStretch = 64;

/// QPainter strokes one long wide line far more slowly than the same in pieces. Dashes run on over the joints.
void drawInStretches(QPainter &painter, QPen pen, const QPolygonF &line)
{
    double length = 0;
    for (qsizetype from = 0; from + 1 < line.size(); from += kStretch) {
        const qsizetype count = std::min(kStretch + 1, line.size() - from);
        if (pen.style() != Qt::SolidLine && pen.widthF() > 0)
            pen.setDashOffset(length / pen.widthF());
        painter.setPen(pen);
        painter.drawPolyline(line.constData() + from, static_cast<int>(count));
        if (pen.style() == Qt::SolidLine)
            continue;
        for (qsizetype i = from + 1; i < from + count; ++i)
            length += std::hypot(line[i].x() - line[i - 1].x(), line[i].y() - line[i - 1].y());
    }
}

} // namespace

CurvePlottable::CurvePlottable(QCPAxis *keyAxis, QCPAxis *valueAxis)
    : QCPAbstractPlottable(keyAxis, valueAxis)
{}

void CurvePlottable::setCurve(const PlotCurve &curve, const PlotStyle &style)
{
    m_curve = curve;
    m_style = style;
    setName(curve.name);
    setVisible(curve.visible);
}

double CurvePlottable::selectTest(const QPointF &pos, bool, QVariant *) const
{
    const auto nearest = m_curve.data->nearest(keyAxis()->pixelToCoord(pos.x()));
    if (!nearest)
        return -1;
    const QPointF there = coordsToPixels(m_curve.data->x()[*nearest], m_curve.data->smoothed()[*nearest]);
    return std::hypot(there.x() - pos.x(), there.y() - pos.y());
}

QCPRange CurvePlottable::getKeyRange(bool &foundRange, QCP::SignDomain) const
{
    foundRange = !m_curve.data->isEmpty();
    return foundRange ? QCPRange(m_curve.data->x().front(), m_curve.data->x().back()) : QCPRange();
}

QCPRange CurvePlottable::getValueRange(bool &foundRange, QCP::SignDomain, const QCPRange &) const
{
    const auto bounds = m_curve.data->bounds();
    foundRange = bounds.has_value();
    return bounds ? QCPRange(bounds->first, bounds->second) : QCPRange();
}

void CurvePlottable::draw(QCPPainter *painter)
{
    const CurveData &data = *m_curve.data;
    if (data.isEmpty())
        return;
    QPen front = m_curve.style.pen(m_style);
    if (m_curve.raised)
        front.setWidthF(front.widthF() * 1.8);
    else if (m_style.crowded)
        front.setWidthF(1.0); // drawn many times faster
    if (data.smoothing() > 0 && (!m_style.crowded || m_curve.raised)) {
        QPen behind = front;
        QColor faint = behind.color();
        faint.setAlphaF(static_cast<float>(kRawOpacity));
        behind.setColor(faint);
        behind.setStyle(Qt::SolidLine); // a dash is for telling curves apart, and the one in front does that
        behind.setWidthF(m_style.thin ? 1.0 : front.widthF() * 0.6); // a width of one is drawn many times faster
        drawLine(*painter, data.values(), behind, false);
    }
    drawLine(*painter, data.smoothed(), front, true);
    drawGaps(*painter);
}

void CurvePlottable::drawLine(QCPPainter &painter, std::span<const double> values, const QPen &pen, bool withMarkers)
{
    const CurveData &data = *m_curve.data;
    const QCPRange range = keyAxis()->range();
    std::vector<std::uint32_t> indices;
    if (m_style.thin) {
        indices = thinned(data.x(), values, {range.lower, range.upper, std::max(1, keyAxis()->axisRect()->width())});
    } else {
        indices.resize(data.size());
        std::iota(indices.begin(), indices.end(), 0U);
    }
    painter.setAntialiasing(true);
    const bool logarithmic = valueAxis()->scaleType() == QCPAxis::stLogarithmic;
    const QColor fill = pen.color();
    const bool marked = withMarkers && (m_curve.markers || m_curve.style.marker() != CurveMarker::None)
                        && indices.size() * 10 < static_cast<std::size_t>(std::max(1, keyAxis()->axisRect()->width()));
    const CurveMarker shape = m_curve.style.marker() == CurveMarker::None ? CurveMarker::Circle : m_curve.style.marker();
    // outlined in ink where the colour is pale, else in the ground's colour so that points of different curves stay apart
    const QColor outline = !m_curve.style.role && m_curve.style.look.isPale() ? m_style.text
                           : m_style.background.alpha() == 0                  ? QColor(Qt::white)
                                                                              : m_style.background;
    QPolygonF stretch;
    stretch.reserve(static_cast<qsizetype>(indices.size()));
    QPolygonF points;
    const auto flush = [&] {
        painter.setBrush(Qt::NoBrush);
        if (stretch.size() > 1 && m_style.thin)
            drawInStretches(painter, pen, stretch);
        if (stretch.size() > 1 && !m_style.thin) { // an export keeps one line one line
            painter.setPen(pen);
            painter.drawPolyline(stretch);
        }
        if (stretch.size() == 1 && withMarkers)
            points.append(stretch.first()); // a point between two gaps has no line to be seen by
        stretch.clear();
    };
    std::size_t nextBreak = 0;
    for (const std::uint32_t index : indices) {
        const double value = values[index];
        for (; nextBreak < data.breaks().size() && data.breaks()[nextBreak] <= index; ++nextBreak)
            flush();
        if (!std::isfinite(value) || (logarithmic && value <= 0)) {
            flush();
            continue;
        }
        const QPointF at(keyAxis()->coordToPixel(data.x()[index]), valueAxis()->coordToPixel(value));
        // QPainter's rasteriser clips far coordinates badly
        stretch.append({at.x(), std::clamp(at.y(), -1e5, 1e5)});
        if (marked)
            points.append(stretch.last());
    }
    flush();
    if (points.isEmpty())
        return;
    painter.setAntialiasing(true);
    for (const QPointF &at : points)
        drawCurveMarker(painter, shape, at, kMarkerUnits * m_style.unit, fill, outline);
}

void CurvePlottable::drawGaps(QCPPainter &painter)
{
    const CurveData &data = *m_curve.data;
    const QRect area = keyAxis()->axisRect()->rect();
    const double size = 7 * m_style.unit;
    painter.setAntialiasing(true);
    painter.setFont(m_style.font);
    const QFontMetricsF metrics(m_style.font);
    double freeFrom = -1e9;
    for (const std::size_t index : data.gaps()) {
        const double x = keyAxis()->coordToPixel(data.x()[index]);
        if (x < area.left() - 1 || x > area.right() + 1)
            continue;
        const double top = area.top() + 2 * m_style.unit;
        painter.setPen(Qt::NoPen);
        painter.setBrush(m_style.error);
        painter.drawPolygon(QPolygonF{{x, top}, {x + size / 2, top + size}, {x - size / 2, top + size}});
        const QString step = QLocale::c().toString(data.steps()[index], 'g', 12);
        const double width = metrics.horizontalAdvance(step);
        const double left = x + size * 0.7 + width > area.right() ? x - size * 0.7 - width : x + size * 0.7;
        if (left < freeFrom)
            continue; // the next label would lie over this one; the triangle alone still shows the gap
        painter.setPen(m_style.error);
        painter.drawText(QRectF(left, top - size * 0.4, width + 2, size * 2), Qt::AlignLeft | Qt::AlignVCenter | Qt::TextDontClip, step);
        freeFrom = left + width + size;
    }
}

void CurvePlottable::drawLegendIcon(QCPPainter *painter, const QRectF &rect) const
{
    painter->setAntialiasing(true);
    painter->setPen(m_curve.style.pen(m_style));
    painter->drawLine(QPointF(rect.left(), rect.center().y()), QPointF(rect.right(), rect.center().y()));
    if (m_curve.style.marker() != CurveMarker::None)
        drawCurveMarker(*painter, m_curve.style.marker(), rect.center(), kMarkerUnits * m_style.unit, m_curve.style.color(m_style),
                        m_style.text);
}

LevelLines::LevelLines(QCustomPlot *plot)
    : QCPLayerable(plot, QStringLiteral("main"))
{}

void LevelLines::setLevels(const std::vector<PlotLevel> &levels, const std::vector<PlotCurve> &curves, const PlotStyle &style)
{
    m_levels = levels;
    m_curves = curves;
    m_style = style;
}

int LevelLines::crossings(const QRectF &rect) const
{
    constexpr int kPlaces = 12;
    int count = 0;
    for (const PlotCurve &curve : m_curves) {
        const CurveData &data = *curve.data;
        if (!curve.visible || data.size() < 2)
            continue;
        for (int i = 0; i <= kPlaces; ++i) {
            const double x = mParentPlot->xAxis->pixelToCoord(rect.left() + rect.width() * i / kPlaces);
            const auto after = std::ranges::lower_bound(data.x(), x) - data.x().begin();
            if (after <= 0 || static_cast<std::size_t>(after) >= data.size())
                continue;
            const auto b = static_cast<std::size_t>(after);
            const double width = data.x()[b] - data.x()[b - 1];
            const double share = width > 0 ? (x - data.x()[b - 1]) / width : 0;
            const double y = data.smoothed()[b - 1] + share * (data.smoothed()[b] - data.smoothed()[b - 1]);
            const double pixel = std::isfinite(y) ? mParentPlot->yAxis->coordToPixel(y) : -1e9;
            count += pixel >= rect.top() - 2 && pixel <= rect.bottom() + 2;
        }
    }
    return count;
}

void LevelLines::applyDefaultAntialiasingHint(QCPPainter *painter) const
{
    painter->setAntialiasing(false);
}

QRect LevelLines::clipRect() const
{
    return mParentPlot->axisRect()->rect();
}

void LevelLines::draw(QCPPainter *painter)
{
    const QRect area = mParentPlot->axisRect()->rect();
    QCPAxis *axis = mParentPlot->yAxis;
    QFont font = m_style.font;
    painter->setFont(font);
    const QFontMetricsF metrics(font);
    std::vector<QRectF> taken;
    for (const PlotLevel &level : m_levels) {
        if (!std::isfinite(level.value) || (axis->scaleType() == QCPAxis::stLogarithmic && level.value <= 0))
            continue;
        const double y = axis->coordToPixel(level.value);
        QPen pen(m_style.muted, std::max(1.0, m_style.unit), Theme::dash(level.role));
        pen.setCapStyle(Qt::FlatCap);
        painter->setPen(pen);
        painter->drawLine(QPointF(area.left(), y), QPointF(area.right(), y));

        // on either side of the line, right, left or between: where the fewest curves run
        const double width = metrics.horizontalAdvance(level.name) + 2 * m_style.unit;
        const double gap = 4 * m_style.unit;
        QRectF label;
        int fewest = std::numeric_limits<int>::max();
        for (const double place : {1.0, 0.0, 0.5}) {
            for (const double lines : {-1.0, 0.0, 0.9}) {
                const QRectF rect(area.left() + gap + place * (area.width() - width - 2 * gap), y + 1 + lines * (metrics.height() + 2), width, metrics.height());
                if (rect.top() < area.top() || rect.bottom() > area.bottom())
                    continue;
                int count = crossings(rect) + (lines > 0.5 ? 2 : 0);
                for (const QRectF &other : taken)
                    count += other.intersects(rect) ? 1000 : 0;
                if (count < fewest) {
                    fewest = count;
                    label = rect;
                }
            }
        }
        if (label.isEmpty())
            continue; // the line is outside the view
        taken.push_back(label);
        if (m_style.background.alpha() == 255) { // where no place is free of curves, they stay behind the words
            QColor ground = m_style.background;
            ground.setAlphaF(0.75f);
            painter->fillRect(label, ground);
        }
        painter->setPen(m_style.muted);
        painter->drawText(label, Qt::AlignRight | Qt::AlignVCenter | Qt::TextDontClip, level.name);
    }
}

} // namespace lethe
