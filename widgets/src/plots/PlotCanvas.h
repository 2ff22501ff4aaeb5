#pragma once

#include "CustomPlot.h"
#include "PlotStyle.h"

#include <optional>
#include <vector>

class QRubberBand;

namespace lethe {

/// The lines over a plot that follow the pointer: on a layer of their own, so that moving them redraws nothing else.
class CrosshairLines : public QCPLayerable
{
    Q_OBJECT

public:
    explicit CrosshairLines(QCustomPlot *plot);
    std::optional<double> cursor;
    std::vector<double> marks;
    std::vector<std::pair<QPointF, QColor>> dots; ///< where the curves are at the crosshair: x, y in axis units
    QColor color;
    QColor markColor;
    QColor ground;
    double unit = 1;

protected:
    void applyDefaultAntialiasingHint(QCPPainter *painter) const override;
    QRect clipRect() const override;
    void draw(QCPPainter *painter) override;
};

/// A QCustomPlot with the plot manners of §5.3 of the experience page: wheel zooms at the pointer (Ctrl x only, Shift y only),
/// drag pans, right drag zooms into a rectangle, double click shows all.
class PlotCanvas : public QCustomPlot
{
    Q_OBJECT

public:
    explicit PlotCanvas(QWidget *parent = nullptr);

    CrosshairLines &crosshair() { return *m_crosshair; }
    /// Redraws the crosshair's layer alone.
    void redrawCrosshair();
    /// Zooms both axes (or one) by \p factor around the pixel \p around; below 1 goes in.
    void zoom(double factor, const QPointF &around, bool alongX, bool alongY);
    /// Moves the view by pixels.
    void pan(const QPointF &pixels);

Q_SIGNALS:
    void viewWillChange(); ///< before a change by the user: the view to come back to
    void viewChanged();    ///< by the user
    void allRequested();
    void hovered(double x, double y);
    void hoverLeft();
    void menuRequested(const QPoint &globalPosition);

protected:
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;

private:
    void zoomInto(const QRect &rect);

    CrosshairLines *m_crosshair;
    QRubberBand *m_band = nullptr;
    QPoint m_pressedAt;
    Qt::MouseButton m_pressed = Qt::NoButton;
    bool m_dragging = false;
};

} // namespace lethe
