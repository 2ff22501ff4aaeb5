#include "data/Records.h"

#include "base/JsonWidth.h"
#include "data/ParquetFile.h"

#include <algorithm>
#include <set>

namespace lethe {

namespace {

/// Of a row. A file with more is something else, such as a vocabulary.
constexpr std::size_t kMostFields = 1000;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view withoutMark(std::string_view content)
{
    return content.starts_with(kByteOrderMark) ? content.substr(kByteOrderMark.size()) : content;
}

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kWhite = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(kWhite);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(kWhite) - begin + 1);
}

std::string_view firstLine(std::string_view content)
{
    const std::string_view text = trimmed(content);
    return trimmed(text.substr(0, text.find('\n')));
}

bool isJsonObject(std::string_view text)
{
    JsonProblem problem;
    if (tooManyKeysAt(text, kMostFields) != std::string_view::npos)
        return text.ends_with('}');
    const std::optional<Json> value = parseJson(text, problem);
    return value && value->is_object();
}

Error corrupt(const std::filesystem::path &file, std::int64_t line, std::string what)
{
    return {.code = ErrorCode::Corrupt, .what = std::move(what), .where = file.string() + ":" + std::to_string(line),
            .hint = "A data file is JSON Lines, a JSON array of objects, CSV with a header row, Parquet, or plain text, in UTF-8"};
}

DataRecord fromJson(std::string_view text, std::int64_t line)
{
    DataRecord record{.line = line, .fields = {}, .reason = {}};
    if (const std::size_t bad = firstInvalidUtf8(text); bad != std::string_view::npos) {
        record.reason = "not UTF-8 at byte " + std::to_string(bad + 1) + " of the line";
        return record;
    }
    if (tooManyKeysAt(text, kMostFields) != std::string_view::npos) {
        record.reason = "an object has more than " + std::to_string(kMostFields) + " fields";
        return record;
    }
    JsonProblem problem;
    std::optional<Json> value = parseJson(text, problem);
    if (!value)
        record.reason = "column " + std::to_string(problem.position.column) + ": " + problem.what;
    else if (!value->is_object())
        record.reason = describe(*value) + " is not an object";
    else
        record.fields = std::move(*value);
    return record;
}

std::vector<DataRecord> linesOf(std::string_view content, std::size_t most)
{
    std::vector<DataRecord> records;
    std::int64_t line = 0;
    while (!content.empty() && records.size() < most) {
        ++line;
        const std::size_t end = content.find('\n');
        const std::string_view text = trimmed(content.substr(0, end));
        content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
        if (!text.empty())
            records.push_back(fromJson(text, line));
    }
    return records;
}

/// Lines on which the elements of the outermost array begin: one walk over text that is known to be JSON.
std::vector<std::int64_t> elementLines(std::string_view json)
{
    std::vector<std::int64_t> lines;
    std::int64_t line = 1;
    int depth = 0;
    bool inText = false, expectElement = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        line += c == '\n' ? 1 : 0;
        if (inText) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                inText = false;
            continue;
        }
        const bool white = c == ' ' || c == '\t' || c == '\r' || c == '\n';
        if (expectElement && !white && c != ']') {
            lines.push_back(line);
            expectElement = false;
        }
        inText = c == '"';
        if (c == '[' || c == '{')
            expectElement = depth++ == 0;
        else if (c == ']' || c == '}')
            --depth;
        else if (c == ',' && depth == 1)
            expectElement = true;
    }
    return lines;
}

Result<std::vector<DataRecord>> elementsOf(std::string_view content, const std::filesystem::path &file, std::size_t most)
{
    if (const std::size_t bad = firstInvalidUtf8(content); bad != std::string_view::npos)
        return corrupt(file, positionOf(content, bad).line, "the file is not UTF-8");
    if (const std::size_t many = tooManyKeysAt(content, kMostFields); many != std::string_view::npos)
        return corrupt(file, positionOf(content, many).line, "an object has more than " + std::to_string(kMostFields) + " fields");
    JsonProblem problem;
    std::optional<Json> array = parseJson(content, problem);
    if (!array)
        return corrupt(file, problem.position.line, "column " + std::to_string(problem.position.column) + ": " + problem.what);
    if (!array->is_array())
        return corrupt(file, 1, describe(*array) + " is not a list of objects");
    const std::vector<std::int64_t> lines = elementLines(content);
    std::vector<DataRecord> records;
    for (std::size_t i = 0; i < std::min(array->size(), most); ++i) {
        Json &element = (*array)[i];
        DataRecord record{.line = i < lines.size() ? lines[i] : static_cast<std::int64_t>(i) + 1, .fields = {}, .reason = {}};
        if (element.is_object())
            record.fields = std::move(element);
        else if (element.is_string())
            record.fields = {{"text", std::move(element)}}; // MUSE's texts are a list of nothing else
        else
            record.reason = describe(element) + " is not an object";
        records.push_back(std::move(record));
    }
    return records;
}

DataRecord fromCsv(const CsvRecord &row, const std::vector<std::string> &header)
{
    DataRecord record{.line = row.line, .fields = Json::object(), .reason = row.reason};
    if (!record.reason.empty())
        return record;
    if (row.fields.size() != header.size()) {
        record.reason = std::to_string(row.fields.size()) + " fields where the header has " + std::to_string(header.size());
        return record;
    }
    for (std::size_t i = 0; i < header.size(); ++i) {
        if (firstInvalidUtf8(row.fields[i]) != std::string_view::npos) {
            record.reason = "field " + describe(Json(header[i])) + " is not UTF-8";
            return record;
        }
        record.fields[header[i]] = row.fields[i];
    }
    return record;
}

Result<std::vector<DataRecord>> rowsOf(std::string_view content, const std::filesystem::path &file, std::size_t most)
{
    const char separator = file.extension() == ".tsv" ? '\t' : ',';
    const std::vector<CsvRecord> rows = readCsv(content, separator, most == static_cast<std::size_t>(-1) ? most : most + 1);
    std::vector<DataRecord> records;
    if (rows.empty())
        return records;
    const CsvRecord &header = rows.front();
    if (!header.reason.empty())
        return corrupt(file, header.line, "the header row: " + header.reason);
    std::set<std::string> seen;
    for (const std::string &name : header.fields) {
        if (firstInvalidUtf8(name) != std::string_view::npos)
            return corrupt(file, header.line, "the header row is not UTF-8");
        if (!seen.insert(name).second)
            return corrupt(file, header.line, "the header row names " + describe(Json(name)) + " twice");
    }
    for (std::size_t i = 1; i < rows.size(); ++i)
        records.push_back(fromCsv(rows[i], header.fields));
    return records;
}

} // namespace

DataFormat formatOf(std::string_view content, std::string_view extension)
{
    const std::string_view text = trimmed(withoutMark(content));
    const bool isText = extension == ".txt" || extension == ".text" || extension == ".md";
    const bool isTable = extension == ".csv" || extension == ".tsv";
    if (text.starts_with('[') && !isTable) {
        // a text may well begin with a bracket
        JsonProblem problem;
        const std::optional<Json> value = extension == ".json" ? std::optional<Json>(Json::array()) : parseJson(text, problem);
        const bool isArray = value && value->is_array() && extension != ".jsonl" && extension != ".ndjson";
        if (isArray && (!isText || (!value->empty() && value->front().is_object())))
            return DataFormat::JsonArray;
    }
    if (text.starts_with('{') && (isJsonObject(firstLine(text)) || extension == ".json"))
        return DataFormat::JsonLines;
    if (extension == ".jsonl" || extension == ".ndjson")
        return DataFormat::JsonLines;
    if (extension == ".json")
        return DataFormat::JsonArray;
    if (isTable)
        return DataFormat::Csv;
    return DataFormat::PlainText;
}

Result<RecordFile> readRecords(std::string_view content, const std::filesystem::path &file, std::size_t most)
{
    if (isParquet(content, file)) {
        LETHE_TRY(std::vector<DataRecord> rows, readParquet(content, file, most));
        return RecordFile{.format = DataFormat::Parquet, .records = std::move(rows)};
    }
    if (content.starts_with("\xFF\xFE") || content.starts_with("\xFE\xFF"))
        return corrupt(file, 1, "the file is UTF-16");
    content = withoutMark(content);
    std::string extension = file.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return std::tolower(c); });
    RecordFile records{.format = formatOf(content, extension), .records = {}};
    switch (records.format) {
    case DataFormat::Parquet: break; // above: it is told by its bytes, not by its text
    case DataFormat::JsonLines: records.records = linesOf(content, most); break;
    case DataFormat::JsonArray: {
        LETHE_TRY(records.records, elementsOf(content, file, most));
        break;
    }
    case DataFormat::Csv: {
        LETHE_TRY(records.records, rowsOf(content, file, most));
        break;
    }
    case DataFormat::PlainText:
        if (const std::size_t bad = firstInvalidUtf8(content); bad != std::string_view::npos)
            return corrupt(file, positionOf(content, bad).line, "the file is not UTF-8");
        if (!trimmed(content).empty())
            records.records.push_back({.line = 1, .fields = {{"text", std::string(content)}}, .reason = {}});
        break;
    }
    return records;
}

} // namespace lethe
