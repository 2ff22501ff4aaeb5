#include <lethe/data/Dataset.h>

#include "base/Json.h"
#include "data/Records.h"

#include <lethe/base/Paths.h>

#include <algorithm>
#include <unordered_set>

namespace lethe {

namespace fs = std::filesystem;

namespace {

/// Rows that are read to find a preview's fields, and how many of those it has at most.
constexpr std::size_t kPreviewedForFields = 1000;
constexpr std::size_t kMostPreviewedFields = 1000;

std::string fieldNames(const Json &fields)
{
    std::vector<std::string> all;
    for (const auto &[key, value] : fields.items())
        all.push_back(key);
    return all.empty() ? "none" : joined(all);
}

/// The text under \p name, or why there is none in \p reason.
std::optional<std::string> textField(const Json &fields, const std::string &name, std::string &reason)
{
    const auto found = fields.find(name);
    if (found == fields.end())
        reason = "no field " + describe(Json(name)) + " (fields: " + fieldNames(fields) + ")";
    else if (!found->is_string())
        reason = "field " + describe(Json(name)) + " is " + describe(*found) + ", not a text";
    else
        return found->get<std::string>();
    return std::nullopt;
}

bool isBlank(std::string_view text)
{
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// The fields that the row's own members do not hold.
std::string remaining(const Json &fields, const DataSource &names)
{
    Json rest = Json::object();
    for (const auto &[key, value] : fields.items())
        if (key != names.answer && (names.prompt.empty() || key != names.prompt) && (names.alternate.empty() || key != names.alternate))
            rest[key] = value;
    return rest.empty() ? std::string() : dumpJson(rest);
}

/// Empty, or why the record cannot be used.
std::string toRow(const DataRecord &record, const DataSource &names, DataRow &row)
{
    std::string reason = record.reason;
    if (!reason.empty())
        return reason;
    row.line = record.line;
    row.isDocument = names.prompt.empty();
    if (!row.isDocument) {
        const std::optional<std::string> prompt = textField(record.fields, names.prompt, reason);
        if (!prompt)
            return reason;
        row.prompt = *prompt;
    }
    const std::optional<std::string> answer = textField(record.fields, names.answer, reason);
    if (!answer)
        return reason;
    if (isBlank(*answer))
        return "field " + describe(Json(names.answer)) + " is empty";
    row.answer = *answer;
    if (!names.alternate.empty()) {
        const std::optional<std::string> alternate = textField(record.fields, names.alternate, reason);
        if (!alternate)
            return reason;
        if (isBlank(*alternate))
            return "field " + describe(Json(names.alternate)) + " is empty";
        row.alternate = *alternate;
    }
    row.extraJson = remaining(record.fields, names);
    return {};
}

Error unusable(const fs::path &file, const Dataset &set, const DataSource &names)
{
    Error error{.code = ErrorCode::InvalidInput, .what = "the file holds no row", .where = file.string(),
                .hint = "A data file is JSON Lines, a JSON array of objects, CSV with a header row, or plain text"};
    if (!set.rejected.empty()) {
        error.what = "no row can be used; line " + std::to_string(set.rejected.front().line) + ": " + set.rejected.front().reason;
        error.hint = "Fields asked for: " + (names.prompt.empty() ? "" : names.prompt + ", ") + names.answer
            + (names.alternate.empty() ? "" : ", " + names.alternate);
    }
    return error;
}

std::string guess(const std::vector<std::string> &fields, std::initializer_list<std::string_view> candidates)
{
    for (const std::string_view candidate : candidates) {
        const auto found = std::find(fields.begin(), fields.end(), candidate);
        if (found != fields.end())
            return *found;
    }
    return {};
}

std::string cellText(const Json &fields, const std::string &name)
{
    const auto found = fields.find(name);
    if (found == fields.end())
        return {};
    return found->is_string() ? found->get<std::string>() : dumpJson(*found);
}

} // namespace

std::string_view toString(DataFormat format)
{
    switch (format) {
    case DataFormat::JsonLines: return "JSON Lines";
    case DataFormat::JsonArray: return "JSON array";
    case DataFormat::Csv: return "CSV";
    case DataFormat::PlainText: return "plain text";
    case DataFormat::Parquet: return "Parquet";
    }
    return {};
}

Result<Dataset> readDataset(const fs::path &file, const DataSource &fields)
{
    LETHE_TRY(const std::string content, readFile(file));
    LETHE_TRY(const RecordFile records, readRecords(content, file));
    Dataset set{.rows = {}, .rejected = {}, .format = records.format, .sha256 = sha256(content)};
    const DataSource plain{.path = {}, .prompt = {}, .answer = "text", .alternate = {}};
    const DataSource &names = records.format == DataFormat::PlainText ? plain : fields;
    for (const DataRecord &record : records.records) {
        DataRow row;
        std::string reason = toRow(record, names, row);
        if (reason.empty())
            set.rows.push_back(std::move(row));
        else
            set.rejected.push_back({.line = record.line, .reason = std::move(reason)});
    }
    if (set.rows.empty())
        return unusable(file, set, names);
    return set;
}

Result<DataPreview> previewDataset(const fs::path &file, std::size_t rows)
{
    LETHE_TRY(const std::string content, readFile(file));
    LETHE_TRY(const RecordFile records, readRecords(content, file));
    DataPreview preview;
    preview.format = records.format;
    preview.totalRows = static_cast<std::int64_t>(records.records.size());
    std::size_t seen = 0;
    std::unordered_set<std::string> known;
    for (const DataRecord &record : records.records) {
        if (!record.reason.empty())
            continue;
        if (++seen > kPreviewedForFields)
            break;
        for (const auto &[key, value] : record.fields.items())
            if (preview.fields.size() < kMostPreviewedFields && known.insert(key).second)
                preview.fields.push_back(key);
    }
    for (const DataRecord &record : records.records) {
        if (preview.rows.size() >= rows)
            break;
        if (!record.reason.empty())
            continue;
        std::vector<std::string> cells;
        for (const std::string &name : preview.fields)
            cells.push_back(cellText(record.fields, name));
        preview.rows.push_back(std::move(cells));
    }
    preview.guessedPrompt = guess(preview.fields, {"question", "prompt", "instruction", "input", "query"});
    preview.guessedAnswer = guess(preview.fields, {"answer", "response", "output", "completion", "target", "text"});
    preview.guessedAlternate = guess(preview.fields, {"alternate", "idk", "refusal", "alternate_answer", "replacement"});
    return preview;
}

std::string toJsonLines(const std::vector<DataRow> &rows, const DataSource &fields)
{
    std::string text;
    for (const DataRow &row : rows) {
        Json object = Json::object();
        if (!row.isDocument && !fields.prompt.empty())
            object[fields.prompt] = row.prompt;
        object[fields.answer] = row.answer;
        if (!fields.alternate.empty() && !row.alternate.empty())
            object[fields.alternate] = row.alternate;
        JsonProblem problem;
        if (const std::optional<Json> extra = row.extraJson.empty() ? std::nullopt : parseJson(row.extraJson, problem); extra && extra->is_object())
            for (const auto &[key, value] : extra->items())
                if (!object.contains(key))
                    object[key] = value;
        text += dumpJson(object) + "\n";
    }
    return text;
}

Result<void> writeJsonLines(const fs::path &file, const std::vector<DataRow> &rows, const DataSource &fields)
{
    return writeFile(file, toJsonLines(rows, fields));
}

} // namespace lethe
