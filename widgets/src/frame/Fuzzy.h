#pragma once

#include <QtCore/QString>

namespace lethe {

/// How well \p query fits \p text: every word of the query must be found in order, letter by letter; starts of words, runs of
/// letters and short texts count more. Below 0: it does not fit. An empty query fits everything with 0.
int fuzzyScore(const QString &query, const QString &text);

} // namespace lethe
