#pragma once

#include <QtCore/QString>

#include <cstdint>
#include <optional>
#include <string>

namespace lethe::format {

/// The one formatter of numbers (§5.2 of the experience page). Undefined is `–`.
QString loss(std::optional<double> value);          ///< 4 significant digits
QString scientific(double value);                   ///< learning rates: `1e-5`, `2.5e-5`, always with a point
QString probability(std::optional<double> value);   ///< `0.97`, 3 digits below 0.1
QString percent(std::optional<double> fraction);    ///< `96 %`
QString bytes(std::int64_t bytes);                  ///< `7.8 MiB`
QString count(std::int64_t count);                  ///< `1 204`, in groups of three (U+202F) whatever the locale
QString parameters(std::int64_t count);             ///< `3.9 M`
QString duration(double seconds);                   ///< `0:41`, `1:02:03`, `3 d 4 h`; below 0 `–`
QString rate(double perSecond, const QString &unit); ///< `1 830 tok/s`
QString full(double value);                         ///< 17 significant digits where needed: hover and copies
QString shortest(double value);                     ///< as a spec is written: `2e-5`, `0.15`; reads back the same
/// A metric's value as its source shows it: rates in percent, probabilities and scores in [0, 1] with two to three digits.
QString metric(const QString &id, std::optional<double> value);
/// `forget_exact_match` → `Forget exact match`; `↓` or `↑` where better has a direction (-1: lower, +1: higher, 0: none).
QString metricName(const QString &id);
int metricDirection(const QString &id);
/// The name of published code whose form a value is of (`open-unlearning`), from its `MetricValue::variant`; empty for the definition's.
QString publishedForm(const std::string &variant);
QString ago(const QString &isoUtc);                 ///< `2 min ago`

} // namespace lethe::format
