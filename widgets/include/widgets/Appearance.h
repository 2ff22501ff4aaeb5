#pragma once

class QSettings;

namespace lethe {

/// Theme and text size as the settings say; called at start and whenever they change.
void applyAppearance(QSettings &settings);

} // namespace lethe
