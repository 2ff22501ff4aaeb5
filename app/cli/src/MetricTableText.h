#pragma once

#include "Output.h"

#include <string>

namespace lethe::cli {

/// The `runs` and `metrics` of what `runs compare` prints as one table, a run a line: `csv`, `latex` or `markdown`. Numbers
/// are the shortest text that reads back as the same number.
std::string metricTable(const Json &compared, const std::string &format);

} // namespace lethe::cli
