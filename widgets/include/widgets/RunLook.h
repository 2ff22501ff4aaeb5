#pragma once

#include <widgets/Theme.h>

#include <lethe/store/RunStore.h>

#include <QtGui/QColor>
#include <QtGui/QPen>

namespace lethe {

/// The shape that marks a curve's points.
enum class CurveMarker { None, Circle, Square, Diamond, Triangle, Cross };

/// How a run is drawn on every screen, theme and export (§5.3 of the experience page): its stored colour; once the seven
/// colours have gone round, the dash changes, then the marker. Both follow from the run's number, so they never change.
struct RunLook {
    QString color; ///< as stored: `#rrggbb` or `ink`
    Qt::PenStyle dash = Qt::SolidLine;
    CurveMarker marker = CurveMarker::None;

    static RunLook of(RunId run, const std::string &storedColor);
    static RunLook of(const RunRow &run) { return of(run.id, run.color); }
    /// As drawn in the current theme.
    QColor drawn() const { return Theme::runColor(color); }
    /// The two pale colours (2.3:1 on white) always carry outlined markers.
    bool isPale() const;
    bool operator==(const RunLook &) const = default;
};

} // namespace lethe
