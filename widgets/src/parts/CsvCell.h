#pragma once

#include <QtCore/QString>

namespace lethe {

/// \p text as a cell of a CSV file (RFC 4180): in quotation marks only where it needs them.
inline QString csvCell(QString text)
{
    if (!text.contains(QLatin1Char(',')) && !text.contains(QLatin1Char('"')) && !text.contains(QLatin1Char('\n')) && !text.contains(QLatin1Char('\r')))
        return text;
    return QLatin1Char('"') + text.replace(QLatin1String("\""), QLatin1String("\"\"")) + QLatin1Char('"');
}

} // namespace lethe
