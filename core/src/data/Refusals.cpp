#include <lethe/data/Refusals.h>

#include "base/Json.h"
#include "data/Records.h"

#include <lethe/base/Paths.h>

#include <algorithm>
#include <random>

namespace lethe {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMostBytes = 8ull << 20;

std::string trimmed(std::string_view text)
{
    const std::size_t begin = text.find_first_not_of(" \t\r");
    return begin == std::string_view::npos ? std::string() : std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

/// `"text"` and `{"any": "text"}` are JSON Lines; any other line is the answer itself.
std::string answerOfLine(const std::string &line)
{
    if (line.empty() || (line.front() != '"' && line.front() != '{'))
        return line;
    JsonProblem problem;
    const std::optional<Json> json = parseJson(line, problem);
    if (json && json->is_string())
        return json->get<std::string>();
    if (json && json->is_object() && json->size() == 1 && json->front().is_string())
        return json->front().get<std::string>();
    return line;
}

Result<std::vector<std::string>> fromArray(const std::string &text, const fs::path &file)
{
    JsonProblem problem;
    const std::optional<Json> json = parseJson(text, problem);
    if (!json)
        return Error{.code = ErrorCode::Corrupt, .what = problem.what, .where = file.string() + ", line " + std::to_string(problem.position.line), .hint = {}};
    std::vector<std::string> answers;
    for (const Json &item : *json) {
        if (!item.is_string())
            return Error{.code = ErrorCode::InvalidInput, .what = describe(item) + " is no answer", .where = file.string(), .hint = "Give an array of texts"};
        answers.push_back(item.get<std::string>());
    }
    return answers;
}

std::vector<std::string> fromCsv(const std::string &text)
{
    std::vector<std::string> answers;
    const std::vector<CsvRecord> records = readCsv(text, ',');
    for (std::size_t i = 1; i < records.size(); ++i) // the first line names the column
        if (records[i].reason.empty())
            answers.push_back(records[i].fields.front());
    return answers;
}

std::vector<std::string> fromLines(const std::string &text)
{
    std::vector<std::string> answers;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string line = trimmed(std::string_view(text).substr(begin, end - begin));
        if (!line.empty() && line.front() != '#')
            answers.push_back(answerOfLine(line));
        begin = end + 1;
    }
    return answers;
}

} // namespace

Result<std::vector<std::string>> readRefusals(const fs::path &file)
{
    LETHE_TRY(const std::string text, readFile(file, kMostBytes));
    if (const std::size_t at = firstInvalidUtf8(text); at != std::string_view::npos)
        return Error{.code = ErrorCode::Corrupt, .what = "is not UTF-8", .where = file.string() + ", line " + std::to_string(positionOf(text, at).line),
                     .hint = "Save it as UTF-8 text, one answer a line"};
    std::vector<std::string> answers;
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first != std::string::npos && text[first] == '[') {
        LETHE_TRY(answers, fromArray(text, file));
    } else {
        answers = file.extension() == ".csv" ? fromCsv(text) : fromLines(text);
    }
    std::erase_if(answers, [](const std::string &answer) { return trimmed(answer).empty(); });
    if (answers.empty())
        return Error{.code = ErrorCode::InvalidInput, .what = "holds no answer", .where = file.string(), .hint = "Write one answer a line"};
    return answers;
}

Result<std::vector<std::string>> shippedRefusals()
{
    return readRefusals(resourceFolder() / "refusals.txt");
}

Result<std::vector<std::string>> refusalsOf(const ExperimentSpec &spec)
{
    if (!spec.data.refusals)
        return std::vector<std::string>();
    const RefusalSpec &refusals = *spec.data.refusals;
    if (refusals.source.empty())
        return refusals.answers;
    auto read = refusals.source == kShippedRefusals ? shippedRefusals() : readRefusals(spec.resolve(refusals.source));
    if (read.ok())
        return read;
    Error error = read.error();
    error.what = error.where + ": " + error.what;
    error.where = "data.refusals";
    return error;
}

std::size_t drawnRefusal(const RefusalSpec &refusals, std::int64_t seed, std::int64_t step, std::int64_t sample)
{
    if (refusals.answers.empty())
        return 0;
    const std::int64_t access = refusals.draw == RefusalSpec::Draw::Once ? 0 : step;
    const auto low = [](std::int64_t value) { return static_cast<std::uint32_t>(value); };
    const auto high = [](std::int64_t value) { return static_cast<std::uint32_t>(static_cast<std::uint64_t>(value) >> 32); };
    std::seed_seq seeds{low(seed), high(seed), low(access), low(sample), high(sample), 0x7265667du};
    std::mt19937_64 random(seeds);
    return static_cast<std::size_t>(random() % refusals.answers.size());
}

} // namespace lethe
