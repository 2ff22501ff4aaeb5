#include "PlotCanvas.h"

#include <QtGui/QMouseEvent>
#include <QtWidgets/QApplication>
#include <QtWidgets/QRubberBand>

#include <cmath>

namespace lethe {

CrosshairLines::CrosshairLines(QCustomPlot *plot)
    : QCPLayerable(plot, QStringLiteral("overlay"))
{}

void CrosshairLines::applyDefaultAntialiasingHint(QCPPainter *painter) const
{
    painter->setAntialiasing(true);
}

QRect CrosshairLines::clipRect() const
{
    return mParentPlot->axisRect()->rect();
}

void CrosshairLines::draw(QCPPainter *painter)
{
    const QRect area = mParentPlot->axisRect()->rect();
    const auto line = [&](double x, const QPen &pen) {
        const double pixel = std::round(mParentPlot->xAxis->coordToPixel(x)) + 0.5;
        painter->setPen(pen);
        painter->drawLine(QPointF(pixel, area.top()), QPointF(pixel, area.bottom()));
    };
    for (const double mark : marks)
        line(mark, QPen(markColor, 1.4 * unit, Qt::DashLine));
    if (cursor)
        line(*cursor, QPen(color, std::max(1.0, unit * 0.8)));
    for (const auto &[at, dotColor] : dots) {
        const QPointF pixel(mParentPlot->xAxis->coordToPixel(at.x()), mParentPlot->yAxis->coordToPixel(at.y()));
        drawCurveMarker(*painter, CurveMarker::Circle, pixel, 7 * unit, dotColor, ground);
    }
}

PlotCanvas::PlotCanvas(QWidget *parent)
    : QCustomPlot(parent)
{
    layer(QStringLiteral("overlay"))->setMode(QCPLayer::lmBuffered);
    m_crosshair = new CrosshairLines(this);
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setCursor(Qt::CrossCursor);
}

void PlotCanvas::redrawCrosshair()
{
    layer(QStringLiteral("overlay"))->replot();
}

void PlotCanvas::zoom(double factor, const QPointF &around, bool alongX, bool alongY)
{
    Q_EMIT viewWillChange();
    if (alongX)
        xAxis->scaleRange(factor, xAxis->pixelToCoord(around.x()));
    if (alongY)
        yAxis->scaleRange(factor, yAxis->pixelToCoord(around.y()));
    Q_EMIT viewChanged();
}

void PlotCanvas::pan(const QPointF &pixels)
{
    Q_EMIT viewWillChange();
    const auto shifted = [](const QCPAxis &axis, double by) {
        const double first = axis.coordToPixel(axis.range().lower) + by;
        const double second = axis.coordToPixel(axis.range().upper) + by;
        return QCPRange(axis.pixelToCoord(first), axis.pixelToCoord(second));
    };
    xAxis->setRange(shifted(*xAxis, -pixels.x()));
    yAxis->setRange(shifted(*yAxis, -pixels.y()));
    Q_EMIT viewChanged();
}

void PlotCanvas::mousePressEvent(QMouseEvent *event)
{
    m_pressed = event->button();
    m_pressedAt = event->pos();
    m_dragging = false;
}

void PlotCanvas::mouseMoveEvent(QMouseEvent *event)
{
    const QPoint at = event->pos();
    if (m_pressed != Qt::NoButton && !m_dragging
        && (at - m_pressedAt).manhattanLength() >= QApplication::startDragDistance()) {
        m_dragging = true;
        if (m_pressed == Qt::RightButton) {
            if (!m_band)
                m_band = new QRubberBand(QRubberBand::Rectangle, this);
            m_band->show();
        }
    }
    if (m_dragging && m_pressed == Qt::LeftButton) {
        pan(at - m_pressedAt);
        m_pressedAt = at;
        return;
    }
    if (m_dragging && m_pressed == Qt::RightButton) {
        m_band->setGeometry(QRect(m_pressedAt, at).normalized().intersected(axisRect()->rect()));
        return;
    }
    if (axisRect()->rect().contains(at))
        Q_EMIT hovered(xAxis->pixelToCoord(at.x()), yAxis->pixelToCoord(at.y()));
    else
        Q_EMIT hoverLeft();
}

void PlotCanvas::mouseReleaseEvent(QMouseEvent *event)
{
    const bool wasDragging = m_dragging;
    const Qt::MouseButton pressed = m_pressed;
    m_pressed = Qt::NoButton;
    m_dragging = false;
    if (pressed != Qt::RightButton)
        return;
    if (m_band)
        m_band->hide();
    if (wasDragging)
        zoomInto(QRect(m_pressedAt, event->pos()).normalized().intersected(axisRect()->rect()));
    else
        Q_EMIT menuRequested(event->globalPosition().toPoint());
}

void PlotCanvas::zoomInto(const QRect &rect)
{
    const int least = QApplication::startDragDistance();
    if (rect.width() < least && rect.height() < least)
        return;
    Q_EMIT viewWillChange();
    // a flat rectangle zooms along its long side only
    if (rect.width() >= least)
        xAxis->setRange(xAxis->pixelToCoord(rect.left()), xAxis->pixelToCoord(rect.right()));
    if (rect.height() >= least)
        yAxis->setRange(yAxis->pixelToCoord(rect.bottom()), yAxis->pixelToCoord(rect.top()));
    Q_EMIT viewChanged();
}

void PlotCanvas::mouseDoubleClickEvent(QMouseEvent *event)
{
    if (event->button() == Qt::LeftButton)
        Q_EMIT allRequested();
}

void PlotCanvas::wheelEvent(QWheelEvent *event)
{
    // some platforms turn the wheel sideways while a modifier is held
    const int delta = event->angleDelta().y() != 0 ? event->angleDelta().y() : event->angleDelta().x();
    if (delta == 0)
        return;
    const bool onlyX = event->modifiers() & Qt::ControlModifier;
    const bool onlyY = event->modifiers() & Qt::ShiftModifier;
    zoom(std::pow(0.85, delta / 120.0), event->position(), !onlyY || onlyX, !onlyX);
    event->accept();
}

void PlotCanvas::leaveEvent(QEvent *event)
{
    QCustomPlot::leaveEvent(event);
    Q_EMIT hoverLeft();
}

void PlotCanvas::contextMenuEvent(QContextMenuEvent *event)
{
    // the mouse's own comes on release, when it is known not to be a drag
    if (event->reason() == QContextMenuEvent::Keyboard)
        Q_EMIT menuRequested(mapToGlobal(rect().center()));
    event->accept();
}

void PlotCanvas::focusInEvent(QFocusEvent *event)
{
    QCustomPlot::focusInEvent(event);
    parentWidget()->update(); // the card shows the focus
}

void PlotCanvas::focusOutEvent(QFocusEvent *event)
{
    QCustomPlot::focusOutEvent(event);
    parentWidget()->update();
}

} // namespace lethe
