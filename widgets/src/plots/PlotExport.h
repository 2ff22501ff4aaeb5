#pragma once

#include "FollowRange.h"
#include "PlotScene.h"

#include <lethe/base/Result.h>

#include <QtCore/QByteArray>
#include <QtCore/QSize>
#include <QtCore/QString>
#include <QtGui/QImage>

#include <functional>
#include <optional>

namespace lethe {

struct PlotExportOptions {
    enum class Format { Png, Svg, Pdf, Csv };
    Format format = Format::Png;
    int scale = 2;             ///< PNG: 1 to 4
    bool transparent = false;
    std::optional<double> paperWidthCm; ///< the paper preset: 8.4 or 17.4 cm wide, 8 pt, light; none: as on the screen
    bool visibleOnly = false;  ///< CSV: the shown stretch of x, else all
};

/// A plot as a file: drawn anew with every point, its legend below the data.
class PlotExport
{
public:
    /// \param screenSize of the panel's plot; \param screenStyle as the panel is drawn.
    PlotExport(PlotContents contents, AxisSpan x, AxisSpan y, QSize screenSize, PlotStyle screenStyle);
    /// Of another kind of plot: \p draw fills an empty one, \p csv is its values.
    using Draw = std::function<void(QCustomPlot &plot, const PlotStyle &style)>;
    PlotExport(const QString &title, Draw draw, QString csv, QSize screenSize, PlotStyle screenStyle);

    QImage image(const PlotExportOptions &options) const;
    QByteArray svg(const PlotExportOptions &options) const;
    QByteArray pdf(const PlotExportOptions &options) const;
    /// `curve,step,raw,smoothed`, full precision, RFC 4180; values that are not finite as `nan`, `inf`, `-inf`.
    QString csv(bool visibleOnly) const;
    /// Written beside \p path and renamed. Io where that fails.
    Result<void> write(const QString &path, const PlotExportOptions &options) const;

private:
    struct Drawing;
    Drawing prepare(const PlotExportOptions &options, double dpi) const;

    PlotContents m_contents;
    AxisSpan m_x, m_y;
    Draw m_draw;
    QString m_csv; ///< where there is `m_draw`
    QSize m_screenSize;
    PlotStyle m_screenStyle;
};

} // namespace lethe
