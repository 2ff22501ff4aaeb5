#pragma once

#include <widgets/RunLook.h>
#include <widgets/Theme.h>

#include <QtGui/QColor>
#include <QtGui/QFont>

#include <optional>

class QWidget;

namespace lethe {

/// What a plot is drawn with: colours of its surroundings, font, and the size of a unit (one pixel at 96 dpi and 9 pt).
struct PlotStyle {
    QColor background;
    QColor text;
    QColor muted;
    QColor axis;
    QColor grid;
    QColor error;
    QFont font;
    double unit = 1;
    double lineWidth = 1.6; ///< in units
    bool dark = false;
    bool thin = true; ///< exports hold every point
    /// So many curves that raw values behind them would be fog: hair lines, and the values in front alone. Exports draw all.
    bool crowded = false;

    /// As the theme and \p widget's font have it.
    static PlotStyle screen(const QWidget &widget);
    /// Light, \p points large letters at \p dpi, unthinned: what goes into papers.
    static PlotStyle paper(double dpi, double points, bool transparent);
};

/// How one curve is drawn: by its role within one run, or by its run's look.
struct CurveStyle {
    std::optional<CurveRole> role;
    RunLook look;      ///< where there is no role
    double width = 1;  ///< factor of the style's line width
    std::optional<Qt::PenStyle> ownDash;    ///< where several measures share a role's colour
    std::optional<CurveMarker> ownMarker;

    static CurveStyle of(CurveRole role);
    /// The role's colour for one of several measures in a panel; \p variant from 0 on changes dash and marker.
    static CurveStyle variant(CurveRole role, std::size_t variant);
    static CurveStyle of(const RunLook &look);

    QColor color(const PlotStyle &style) const;
    Qt::PenStyle dash() const;
    CurveMarker marker() const;
    QPen pen(const PlotStyle &style) const;
};

/// Draws \p marker around \p at: filled with \p fill, outlined so that pale colours hold on any ground.
void drawCurveMarker(class QPainter &painter, CurveMarker marker, const QPointF &at, double size, const QColor &fill,
                     const QColor &outline);

} // namespace lethe
