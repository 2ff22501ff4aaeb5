#include "PlotStyle.h"

#include <QtGui/QFontMetricsF>
#include <QtGui/QPainter>
#include <QtGui/QPolygonF>
#include <QtWidgets/QWidget>

#include <array>

namespace lethe {
namespace {

// the greys of paper figures, where the theme has no say
const QColor kPaperInk(0x20, 0x20, 0x20);
const QColor kPaperMuted(0x5f, 0x63, 0x68);

} // namespace

PlotStyle PlotStyle::screen(const QWidget &widget)
{
    PlotStyle style;
    style.dark = Theme::isDark();
    style.background = Theme::surface();
    style.text = widget.palette().color(QPalette::WindowText);
    style.muted = Theme::muted();
    style.grid = Theme::grid();
    style.axis = Theme::muted();
    style.error = Theme::error();
    style.font = widget.font();
    if (style.font.pointSizeF() > 0)
        style.font.setPointSizeF(style.font.pointSizeF() * 0.9);
    style.unit = QFontMetricsF(widget.font()).height() / 16.0;
    return style;
}

PlotStyle PlotStyle::paper(double dpi, double points, bool transparent)
{
    PlotStyle style;
    style.background = transparent ? QColor(Qt::transparent) : QColor(Qt::white);
    style.text = kPaperInk;
    style.muted = kPaperMuted;
    style.axis = kPaperInk;
    style.grid = QColor(0xe2, 0xe4, 0xe8);
    style.error = QColor(0xb3, 0x26, 0x1e);
    style.font = QFont(QStringLiteral("Helvetica"));
    style.font.setStyleHint(QFont::SansSerif);
    style.font.setPixelSize(qRound(points / 72.0 * dpi));
    style.unit = dpi / 96.0 * points / 9.0;
    style.lineWidth = 1.3;
    style.thin = false;
    return style;
}

CurveStyle CurveStyle::of(CurveRole role)
{
    return {.role = role, .look = {}, .width = 1, .ownDash = {}, .ownMarker = {}};
}

CurveStyle CurveStyle::variant(CurveRole role, std::size_t variant)
{
    constexpr std::array kDashes{Qt::SolidLine, Qt::DashLine, Qt::DotLine, Qt::DashDotLine, Qt::DashDotDotLine};
    constexpr std::array kMarkers{CurveMarker::Circle, CurveMarker::Square, CurveMarker::Diamond, CurveMarker::Triangle,
                                  CurveMarker::Cross};
    CurveStyle style = of(role);
    style.ownDash = kDashes[variant % kDashes.size()];
    style.ownMarker = kMarkers[variant % kMarkers.size()];
    return style;
}

CurveStyle CurveStyle::of(const RunLook &look)
{
    return {.role = {}, .look = look, .width = 1, .ownDash = {}, .ownMarker = {}};
}

QColor CurveStyle::color(const PlotStyle &style) const
{
    if (!role) {
        if (look.color == QLatin1String("ink"))
            return style.dark ? QColor(Qt::white) : QColor(Qt::black);
        return look.drawn();
    }
    switch (*role) {
    case CurveRole::Total: return style.text;
    case CurveRole::Baseline:
    case CurveRole::Retrained: return style.muted;
    default: return Theme::curve(*role);
    }
}

Qt::PenStyle CurveStyle::dash() const
{
    return ownDash ? *ownDash : role ? Theme::dash(*role) : look.dash;
}

CurveMarker CurveStyle::marker() const
{
    return ownMarker ? *ownMarker : role ? CurveMarker::None : look.marker;
}

QPen CurveStyle::pen(const PlotStyle &style) const
{
    QPen pen(color(style), style.lineWidth * width * style.unit, dash(), Qt::RoundCap, Qt::RoundJoin);
    // round caps close the gaps of dotted lines
    if (pen.style() != Qt::SolidLine)
        pen.setCapStyle(Qt::FlatCap);
    return pen;
}

void drawCurveMarker(QPainter &painter, CurveMarker marker, const QPointF &at, double size, const QColor &fill, const QColor &outline)
{
    const double r = size / 2;
    painter.setPen(QPen(outline, size / 7));
    painter.setBrush(fill);
    switch (marker) {
    case CurveMarker::None: break;
    case CurveMarker::Circle: painter.drawEllipse(at, r, r); break;
    case CurveMarker::Square: painter.drawRect(QRectF(at.x() - r * 0.9, at.y() - r * 0.9, r * 1.8, r * 1.8)); break;
    case CurveMarker::Diamond:
        painter.drawPolygon(QPolygonF{{at.x(), at.y() - r * 1.2}, {at.x() + r * 1.2, at.y()}, {at.x(), at.y() + r * 1.2}, {at.x() - r * 1.2, at.y()}});
        break;
    case CurveMarker::Triangle:
        painter.drawPolygon(QPolygonF{{at.x(), at.y() - r * 1.1}, {at.x() + r * 1.1, at.y() + r * 0.9}, {at.x() - r * 1.1, at.y() + r * 0.9}});
        break;
    case CurveMarker::Cross: {
        painter.setPen(QPen(outline, size / 3.2));
        painter.drawLine(QPointF(at.x() - r, at.y() - r), QPointF(at.x() + r, at.y() + r));
        painter.drawLine(QPointF(at.x() - r, at.y() + r), QPointF(at.x() + r, at.y() - r));
        painter.setPen(QPen(fill, size / 5.5));
        painter.drawLine(QPointF(at.x() - r, at.y() - r), QPointF(at.x() + r, at.y() + r));
        painter.drawLine(QPointF(at.x() - r, at.y() + r), QPointF(at.x() + r, at.y() - r));
        break;
    }
    }
}

} // namespace lethe
