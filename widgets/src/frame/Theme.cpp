#include <widgets/Theme.h>

#include "Plurals.h"
#include "TintedIcon.h"
#include "Tones.h"

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>
#include <QtCore/QVariant>
#include <QtGui/QFontDatabase>
#include <QtGui/QFontMetrics>
#include <QtWidgets/QApplication>
#include <QtWidgets/QLabel>
#include <QtWidgets/QProxyStyle>
#include <QtWidgets/QStyleFactory>

#include <algorithm>
#include <cmath>

// The library is static: its resources are linked in only where they are asked for by name.
static void initResources()
{
    Q_INIT_RESOURCE(icons);
}

namespace lethe {

namespace {

constexpr double kBasePoints = 10;

/// Fusion, whose icons grow with the text: on its own it draws them at 16 pixels whatever the size of the words beside them.
class GrowingIcons final : public QProxyStyle
{
public:
    GrowingIcons() : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))) {}

    int styleHint(StyleHint hint, const QStyleOption *option, const QWidget *widget, QStyleHintReturn *data) const override
    {
        // The style's own signs for OK and Cancel are drawn in the colours of another desktop
        return hint == SH_DialogButtonBox_ButtonsHaveIcons ? 0 : QProxyStyle::styleHint(hint, option, widget, data);
    }
    int pixelMetric(PixelMetric metric, const QStyleOption *option, const QWidget *widget) const override
    {
        switch (metric) {
        case PM_SmallIconSize:
        case PM_ButtonIconSize:
        case PM_LineEditIconSize:
        case PM_TabBarIconSize: return Theme::space(4);
        default: return QProxyStyle::pixelMetric(metric, option, widget);
        }
    }
};

ThemeChoice s_choice = ThemeChoice::System;
int s_textPercent = 100;
bool s_systemIsDark = false;

/// With no palette of our own set, the application's palette is the desktop's.
bool systemIsDark(QApplication &application)
{
    application.setPalette(QPalette());
    const QPalette palette = application.palette();
    return palette.color(QPalette::Window).lightness() < palette.color(QPalette::WindowText).lightness();
}

/// The desktop's font where it names one; Inter where the desktop has no opinion and Inter is there.
QFont baseFont()
{
    static const QFont system = QFontDatabase::systemFont(QFontDatabase::GeneralFont);
    static const bool opinionless = qEnvironmentVariableIsEmpty("XDG_CURRENT_DESKTOP")
        || system.family().compare(QLatin1String("Sans Serif"), Qt::CaseInsensitive) == 0;
    QFont font = system;
    if (opinionless && QFontDatabase::families().contains(QLatin1String("Inter")))
        font.setFamily(QStringLiteral("Inter"));
    const double systemPoints = system.pointSizeF() > 0 ? system.pointSizeF() : kBasePoints;
    font.setPointSizeF((opinionless ? kBasePoints : systemPoints) * s_textPercent / 100.0);
    font.setHintingPreference(QFont::PreferNoHinting);
    return font;
}

/// Style sheets take images by file name only; so the few marks they need are written out in this theme's colours.
QString writeMarks(const Tones &tones)
{
    static const QTemporaryDir folder;
    const QString sub = tones.dark ? QStringLiteral("dark") : QStringLiteral("light");
    QDir(folder.path()).mkpath(sub);
    const auto write = [&](const QString &icon, const QString &file, const QColor &color) {
        QFile out(folder.filePath(sub + QLatin1Char('/') + file));
        if (!out.exists() && out.open(QIODevice::WriteOnly))
            out.write(tintedSvg(icon, color));
    };
    for (const auto *name : {"chevron-down", "chevron-up", "chevron-right", "chevron-left"}) {
        write(QLatin1String(name), QLatin1String(name) + QLatin1String(".svg"), tones.muted);
        write(QLatin1String(name), QLatin1String(name) + QLatin1String("-off.svg"), tones.disabled);
    }
    write(QStringLiteral("check"), QStringLiteral("check.svg"), tones.onAccent);
    write(QStringLiteral("minus"), QStringLiteral("minus.svg"), tones.onAccent);
    write(QStringLiteral("dot"), QStringLiteral("dot.svg"), tones.onAccent);
    write(QStringLiteral("close"), QStringLiteral("close.svg"), tones.muted);
    return folder.filePath(sub);
}

} // namespace

void Theme::apply(QApplication &application, ThemeChoice choice)
{
    initResources();
    static const bool counted = QCoreApplication::installTranslator(new Plurals(&application)); // once
    Q_UNUSED(counted)
    s_choice = choice;
    if (choice == ThemeChoice::System)
        s_systemIsDark = systemIsDark(application);
    const bool dark = choice == ThemeChoice::Dark || (choice == ThemeChoice::System && s_systemIsDark);
    const Tones &tones = dark ? Tones::night() : Tones::light();
    Tones::use(tones);
    static const bool styled = (QApplication::setStyle(new GrowingIcons), true); // once
    Q_UNUSED(styled)
    const QFont font = baseFont();
    QApplication::setFont(font);
    QApplication::setPalette(tones.palette());
    application.setStyleSheet(styleSheet(tones, space(1), font.pointSizeF(), writeMarks(tones)));
}

ThemeChoice Theme::choice()
{
    return s_choice;
}

void Theme::setTextSize(int percent)
{
    s_textPercent = std::clamp(percent, 75, 200);
}

int Theme::textSize()
{
    return s_textPercent;
}

bool Theme::isDark()
{
    return Tones::current().dark;
}

QColor Theme::curve(CurveRole role)
{
    switch (role) {
    case CurveRole::Forget: return QColor(0xd5, 0x5e, 0x00);
    case CurveRole::Retain: return QColor(0x00, 0x72, 0xb2);
    case CurveRole::Utility: return QColor(0x00, 0x9e, 0x73);
    case CurveRole::Total: return Tones::current().text;
    case CurveRole::Baseline:
    case CurveRole::Retrained: break;
    }
    return Tones::current().muted;
}

Qt::PenStyle Theme::dash(CurveRole role)
{
    switch (role) {
    case CurveRole::Forget: return Qt::SolidLine;
    case CurveRole::Retain: return Qt::DashLine;
    case CurveRole::Total: return Qt::DotLine;
    case CurveRole::Utility: return Qt::DashDotLine;
    case CurveRole::Baseline: return Qt::SolidLine;
    case CurveRole::Retrained: break;
    }
    return Qt::DashLine;
}

QStringList Theme::runColors()
{
    return {QStringLiteral("#0072B2"), QStringLiteral("#D55E00"), QStringLiteral("#009E73"), QStringLiteral("#CC79A7"),
            QStringLiteral("ink"), QStringLiteral("#E69F00"), QStringLiteral("#56B4E9")};
}

QColor Theme::runColor(const QString &stored)
{
    if (stored.compare(QLatin1String("ink"), Qt::CaseInsensitive) == 0)
        return isDark() ? QColor(Qt::white) : QColor(Qt::black);
    const QColor color(stored);
    return color.isValid() ? color : muted();
}

QColor Theme::muted() { return Tones::current().muted; }
QColor Theme::accent() { return Tones::current().accent; }
QColor Theme::success() { return Tones::current().success; }
QColor Theme::warning() { return Tones::current().warning; }
QColor Theme::error() { return Tones::current().error; }
QColor Theme::removedTint() { return Tones::current().removed; }
QColor Theme::addedTint() { return Tones::current().added; }
QColor Theme::grid() { return Tones::current().grid; }
QColor Theme::surface() { return Tones::current().surface; }
QColor Theme::border() { return Tones::current().border; }
QColor Theme::accentTint() { return Tones::current().accentTint; }

QIcon Theme::icon(const QString &name)
{
    return icon(name, nullptr);
}

QIcon Theme::icon(const QString &name, QColor (*tint)())
{
    initResources();
    return QIcon(new TintedIcon(name, tint));
}

int Theme::space(int steps)
{
    const double unit = QFontMetrics(QApplication::font()).height() / 4.25;
    return std::max(steps, static_cast<int>(std::lround(unit * steps)));
}

QFont Theme::monoFont()
{
    QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    for (const auto *family : {"JetBrains Mono", "Noto Sans Mono", "DejaVu Sans Mono"}) {
        if (QFontDatabase::families().contains(QLatin1String(family))) {
            font.setFamily(QLatin1String(family));
            break;
        }
    }
    font.setPointSizeF(QApplication::font().pointSizeF() * 0.95);
    return font;
}

void Theme::mark(QWidget *widget, const char *property, const QVariant &value)
{
    if (widget->property(property) == value)
        return;
    widget->setProperty(property, value);
    widget->style()->unpolish(widget);
    widget->style()->polish(widget);
    widget->update();
}

void Theme::setRole(QLabel *label, TextRole role)
{
    static const char *const names[] = {"display", "title", "heading", "body", "muted", "caption", "mono", "success", "warning", "error"};
    mark(label, "role", QLatin1String(names[static_cast<std::size_t>(role)]));
}

} // namespace lethe
