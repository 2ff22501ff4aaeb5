#pragma once

#include <QtCore/QString>

class QApplication;

namespace lethe {

class MainWindow;
class Workspace;

/// Draws every screen of the store, in both themes, at 1280 × 800, to `<folder>/<theme>-<n>-<screen>.png`. The exit code.
int drawScreens(QApplication &application, MainWindow &window, Workspace &workspace, const QString &folder);

} // namespace lethe
