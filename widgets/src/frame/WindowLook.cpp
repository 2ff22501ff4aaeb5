#include "WindowLook.h"

#include <widgets/Theme.h>

#include <QtCore/QSettings>
#include <QtGui/QGuiApplication>
#include <QtGui/QScreen>
#include <QtWidgets/QMainWindow>
#include <QtWidgets/QSplitter>

namespace lethe {

namespace {

constexpr int kStateVersion = 1;
const QString kGeometryKey = QStringLiteral("window/geometry");
const QString kStateKey = QStringLiteral("window/state");

QString splitterKey(const QSplitter *splitter)
{
    return QStringLiteral("splitters/") + splitter->objectName();
}

/// Whether enough of the title bar can be reached with the mouse.
bool isReachable(const QRect &frame)
{
    const QRect top(frame.topLeft(), QSize(frame.width(), Theme::space(8)));
    for (const QScreen *screen : QGuiApplication::screens()) {
        const QRect seen = screen->availableGeometry().intersected(top);
        if (seen.width() >= Theme::space(20) && seen.height() >= Theme::space(4))
            return true;
    }
    return false;
}

void useFirstSize(QMainWindow &window)
{
    const QRect room = QGuiApplication::primaryScreen()->availableGeometry();
    // no smaller than what the screens are laid out for, where there is room for that
    const QSize size = (room.size() * 4 / 5).expandedTo(QSize(1280, 720)).boundedTo(room.size());
    window.setGeometry(QRect(room.center() - QPoint(size.width() / 2, size.height() / 2), size));
}

} // namespace

void restoreWindow(QMainWindow &window, QSettings &settings, bool defaults)
{
    const QByteArray geometry = settings.value(kGeometryKey).toByteArray();
    if (defaults || geometry.isEmpty() || !window.restoreGeometry(geometry))
        useFirstSize(window);
    else if (!isReachable(window.geometry()))
        useFirstSize(window);
    if (defaults)
        return;
    window.restoreState(settings.value(kStateKey).toByteArray(), kStateVersion);
    for (QSplitter *splitter : window.findChildren<QSplitter *>())
        if (!splitter->objectName().isEmpty() && settings.contains(splitterKey(splitter)))
            splitter->restoreState(settings.value(splitterKey(splitter)).toByteArray());
}

void keepWindow(const QMainWindow &window, QSettings &settings)
{
    settings.setValue(kGeometryKey, window.saveGeometry());
    settings.setValue(kStateKey, window.saveState(kStateVersion));
    for (const QSplitter *splitter : window.findChildren<QSplitter *>())
        if (!splitter->objectName().isEmpty())
            settings.setValue(splitterKey(splitter), splitter->saveState());
}

} // namespace lethe
