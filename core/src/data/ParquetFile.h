#pragma once

#include "data/Records.h"

#include <filesystem>
#include <string_view>
#include <vector>

namespace lethe {

/// By its first bytes or its ending.
bool isParquet(std::string_view content, const std::filesystem::path &file);

/// The rows of a Parquet file, read by Apache Arrow (module `core/parquet`); a row's number stands in for its line.
/// Unsupported where Lethe was built without Arrow (says how to convert the file); Corrupt where Arrow cannot read the file.
/// \param most at most so many rows; the rest is not looked at
Result<std::vector<DataRecord>> readParquet(std::string_view content, const std::filesystem::path &file, std::size_t most);

} // namespace lethe
