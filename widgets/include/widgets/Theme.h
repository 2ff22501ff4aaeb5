#pragma once

#include <QtCore/QString>
#include <QtCore/QStringList>
#include <QtGui/QColor>
#include <QtGui/QIcon>
#include <QtGui/QPalette>

class QApplication;

namespace lethe {

enum class ThemeChoice { System, Light, Dark };

/// Colours of a role for one run's curves (§5.3 of the experience page): fixed, the same on every screen and in exports.
enum class CurveRole { Forget, Retain, Total, Utility, Baseline, Retrained };

/// Palette, style sheet, fonts and icons of the whole program. Colours come from here alone.
class Theme
{
public:
    static void apply(QApplication &application, ThemeChoice choice);
    static bool isDark();
    static QColor curve(CurveRole role);
    static Qt::PenStyle dash(CurveRole role);
    /// The colours that runs are given in turn (Okabe–Ito), the ink entry as `ink`.
    static QStringList runColors();
    /// A run's stored colour as drawn in this theme (`ink` is black on light, white on dark).
    static QColor runColor(const QString &stored);
    static QColor muted();   ///< secondary text, contrast ≥ 4.5:1
    static QColor accent();
    static QColor success();
    static QColor warning();
    static QColor error();
    static QColor removedTint(); ///< diff: orange
    static QColor addedTint();   ///< diff: blue
    static QColor grid();
    static QColor surface();     ///< cards and panels, one step off the window's own colour
    /// An SVG of resources/icons, tinted with the palette's text colour (and its disabled one).
    static QIcon icon(const QString &name);
};

} // namespace lethe
