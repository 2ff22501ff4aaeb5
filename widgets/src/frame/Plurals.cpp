#include "Plurals.h"

namespace lethe {

QString Plurals::translate(const char *, const char *source, const char *, int n) const
{
    if (n < 0 || source == nullptr)
        return {}; // the source text itself
    return QString::fromUtf8(source).replace(QStringLiteral("(s)"), n == 1 ? QString() : QStringLiteral("s"));
}

} // namespace lethe
