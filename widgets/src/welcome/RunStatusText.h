#pragma once

#include <lethe/run/Records.h>

#include <QtCore/QString>
#include <QtGui/QIcon>

namespace lethe {

/// A status as icon and word, the same everywhere.
QString statusWord(RunStatus status);
QIcon statusIcon(RunStatus status);

} // namespace lethe
