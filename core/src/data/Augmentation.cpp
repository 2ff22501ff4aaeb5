#include "data/Augmentation.h"

#include "base/Json.h"

#include <algorithm>
#include <string>

namespace lethe {

namespace {

/// The texts under \p key of the row's other fields.
std::vector<std::string> textsOf(const DataRow &row, const char *key)
{
    std::vector<std::string> texts;
    JsonProblem problem;
    const std::optional<Json> fields = row.extraJson.empty() ? std::nullopt : parseJson(row.extraJson, problem);
    if (!fields || !fields->is_object() || !fields->contains(key))
        return texts;
    const Json &value = (*fields)[key];
    if (value.is_string())
        texts.push_back(value.get<std::string>());
    else if (value.is_array())
        for (const Json &item : value)
            if (item.is_string())
                texts.push_back(item.get<std::string>());
    std::erase_if(texts, [](const std::string &text) { return text.find_first_not_of(" \t\r\n") == std::string::npos; });
    return texts;
}

void add(std::vector<DataRow> &rows, const DataRow &row, const std::string &prompt, const std::string &answer, std::int64_t most)
{
    const bool known = (prompt == row.prompt && answer == row.answer)
        || std::ranges::any_of(rows, [&](const DataRow &other) { return other.prompt == prompt && other.answer == answer; });
    if (known || static_cast<std::int64_t>(rows.size()) >= most)
        return;
    DataRow made = row;
    made.prompt = prompt;
    made.answer = answer;
    rows.push_back(std::move(made));
}

} // namespace

std::vector<DataRow> paraphrasesOf(const DataRow &row, std::int64_t most)
{
    std::vector<DataRow> rows;
    if (row.isDocument)
        return rows;
    const std::vector<std::string> questions = textsOf(row, "paraphrased_question"), answers = textsOf(row, "paraphrased_answer");
    for (const std::string &question : questions)
        for (const std::string &answer : answers)
            add(rows, row, question, answer, most);
    for (const std::string &question : questions)
        add(rows, row, question, row.answer, most);
    for (const std::string &answer : answers)
        add(rows, row, row.prompt, answer, most);
    return rows;
}

std::vector<DataRow> perturbationsOf(const DataRow &row, std::int64_t most)
{
    std::vector<DataRow> rows;
    if (!row.isDocument)
        for (const std::string &answer : textsOf(row, "perturbed_answer"))
            add(rows, row, row.prompt, answer, most);
    return rows;
}

} // namespace lethe
