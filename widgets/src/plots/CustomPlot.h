#pragma once

// QCustomPlot spells Qt's keywords, which QT_NO_KEYWORDS takes away: the one place that lends them to it.
#include <QtCore/QObject>

#define signals Q_SIGNALS
#define slots Q_SLOTS
#define emit Q_EMIT
#define foreach Q_FOREACH
#include <qcustomplot.h>
#undef signals
#undef slots
#undef emit
#undef foreach
