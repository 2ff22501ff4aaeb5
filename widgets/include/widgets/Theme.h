#pragma once

#include <QtCore/QString>
#include <QtCore/QStringList>
#include <QtCore/QVariant>
#include <QtGui/QColor>
#include <QtGui/QFont>
#include <QtGui/QIcon>
#include <QtGui/QPalette>

class QApplication;
class QLabel;
class QWidget;

namespace lethe {

enum class ThemeChoice { System, Light, Dark };

/// Colours of a role for one run's curves (§5.3 of the experience page): fixed, the same on every screen and in exports.
enum class CurveRole { Forget, Retain, Total, Utility, Baseline, Retrained };

/// What a label is in the hierarchy of a page; the style sheet gives it size, weight and colour.
enum class TextRole { Display, Title, Heading, Body, Muted, Caption, Mono, Success, Warning, Error };

/// Palette, style sheet, fonts and icons of the whole program. Colours come from here alone.
///
/// The style sheet knows these dynamic properties, beside the widgets' own classes: `card` (a QFrame or QWidget drawn as a
/// panel), `primary` (a push button that is the page's main action), `danger` (one that destroys), `flat` (a tool button
/// with no frame), `pill` (a small rounded label), `invalid` (a field with an error), `changed` (one that differs).
class Theme
{
public:
    static void apply(QApplication &application, ThemeChoice choice);
    static ThemeChoice choice();
    /// In percent of the system's size, 75 to 200; takes effect with the next `apply`.
    static void setTextSize(int percent);
    static int textSize();
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
    static QColor border();      ///< hairlines between panels
    static QColor accentTint();  ///< behind what is selected or hovered; text keeps its colour on it
    /// An SVG of resources/icons, tinted with the palette's text colour (and its disabled one); follows a change of theme.
    static QIcon icon(const QString &name);
    /// The same in a colour of the theme, asked for again whenever it is drawn: `Theme::icon("check", Theme::success)`.
    static QIcon icon(const QString &name, QColor (*tint)());

    /// The rhythm of all distances: \p steps × 4 px at the usual text size, growing with the font.
    static int space(int steps);
    static QFont monoFont();
    /// Gives \p widget one of the style sheet's properties, and has it drawn anew.
    static void mark(QWidget *widget, const char *property, const QVariant &value = true);
    static void setRole(QLabel *label, TextRole role);
};

} // namespace lethe
