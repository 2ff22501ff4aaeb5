#pragma once

#include <QtGui/QColor>
#include <QtGui/QPalette>

namespace lethe {

/// The named colours of one theme. Text tones reach 4.5:1 on `window`, `surface` and `field`; outlines of controls 3:1.
struct Tones {
    bool dark = false;
    QColor window, rail, surface, field;
    QColor border, outline;
    QColor text, muted, disabled;
    QColor accent, onAccent, accentHover, accentTint, hover, selection;
    QColor success, warning, error;
    QColor successTint, warningTint, errorTint, infoTint;
    QColor removed, added, grid;

    static const Tones &light();
    static const Tones &night();
    /// Those in force.
    static const Tones &current();
    static void use(const Tones &tones);

    QPalette palette() const;
};

/// The program's one style sheet, made from \p tones. \p unit: the rhythm in pixels; \p images: folder of tinted marks.
QString styleSheet(const Tones &tones, int unit, double points, const QString &images);

} // namespace lethe
