#pragma once

#include <QtCore/QString>

class QMainWindow;
class QSettings;

namespace lethe {

inline const QString kRailFoldedKey = QStringLiteral("window/railFolded");
inline const QString kLastFolderKey = QStringLiteral("folders/last"); ///< of the file dialogs
inline const QString kPageKey = QStringLiteral("window/page");

/// Geometry, docks and every named splitter as they were left; the first time (or with \p defaults) four fifths of the
/// screen. A window that would be off all screens is put back on one.
void restoreWindow(QMainWindow &window, QSettings &settings, bool defaults);
void keepWindow(const QMainWindow &window, QSettings &settings);

} // namespace lethe
