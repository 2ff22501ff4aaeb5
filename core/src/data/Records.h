#pragma once

#include "base/Json.h"

#include <lethe/base/Export.h>
#include <lethe/data/Dataset.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

/// One record of a data file before its fields are chosen: a JSON object, or why there is none.
struct DataRecord {
    std::int64_t line = 0;
    Json fields;        ///< an object; CSV values are texts
    std::string reason; ///< set: could not be read
};

/// A data file taken apart into records. Plain text has one record with the one field `text`; a JSON list of texts has one for each.
struct RecordFile {
    DataFormat format = DataFormat::JsonLines;
    std::vector<DataRecord> records;
};

/// Tells the format of \p content by its beginning, \p extension (`.csv`) deciding in doubt.
LETHE_EXPORT DataFormat formatOf(std::string_view content, std::string_view extension);

/// Corrupt where the whole cannot be read (a broken JSON array, a text that is not UTF-8), with file and line.
/// \param most at most so many records; the rest is not looked at
LETHE_EXPORT Result<RecordFile> readRecords(std::string_view content, const std::filesystem::path &file,
                                            std::size_t most = static_cast<std::size_t>(-1));

/// One CSV record: its fields, or why they could not be read.
struct CsvRecord {
    std::int64_t line = 0;
    std::vector<std::string> fields;
    std::string reason;
};
/// RFC 4180: quotes double inside quotes, which may hold commas and newlines; lines end at LF or CRLF. Blank lines are passed over.
LETHE_EXPORT std::vector<CsvRecord> readCsv(std::string_view content, char separator, std::size_t most = static_cast<std::size_t>(-1));

} // namespace lethe
