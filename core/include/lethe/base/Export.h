#pragma once

#include <QtCore/qglobal.h>

/// Marks what the core shared library exports; everything else stays hidden.
#if defined(LETHE_CORE_BUILD)
#define LETHE_EXPORT Q_DECL_EXPORT
#else
#define LETHE_EXPORT Q_DECL_IMPORT
#endif
