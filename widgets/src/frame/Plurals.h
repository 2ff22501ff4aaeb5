#pragma once

#include <QtCore/QTranslator>

namespace lethe {

/// English for counted things, with no translation file: of `%n row(s)` it makes `1 row` and `2 rows`.
class Plurals final : public QTranslator
{
    Q_OBJECT

public:
    using QTranslator::QTranslator;
    QString translate(const char *context, const char *source, const char *disambiguation, int n) const override;
    bool isEmpty() const override { return false; }
};

} // namespace lethe
