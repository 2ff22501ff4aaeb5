#pragma once

#include "Output.h"

#include <string>
#include <vector>

namespace lethe::cli {

/// The `runs` and `metrics` of what `runs compare` prints as one table, a run a line: `csv`, `latex` or `markdown`. Numbers
/// are the shortest text that reads back as the same number.
/// \param columns metrics, their parts (`forget_quality.d`) and the run's own numbers (`seconds`); none: every metric
std::string metricTable(const Json &compared, const std::string &format, std::vector<std::string> columns);

} // namespace lethe::cli
