#include "eval/ReferenceScores.h"

#include "base/Json.h"

#include <lethe/base/Paths.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace lethe {

namespace {

using Rows = std::map<std::int64_t, ReferenceRow>;

/// Where open-unlearning's name of a metric is another than ours.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kOpenUnlearningNames{{{"forget_Q_A_Prob", "forget_prob"},
                                                                                              {"forget_Q_A_ROUGE", "forget_rouge"},
                                                                                              {"retain_Q_A_Prob", "retain_prob"},
                                                                                              {"retain_Q_A_ROUGE", "retain_rouge"},
                                                                                              {"retain_Truth_Ratio", "retain_truth_ratio"},
                                                                                              {"ra_Q_A_Prob_normalised", "ra_prob"},
                                                                                              {"ra_Q_A_ROUGE", "ra_rouge"},
                                                                                              {"ra_Truth_Ratio", "ra_truth_ratio"},
                                                                                              {"wf_Q_A_Prob_normalised", "wf_prob"},
                                                                                              {"wf_Q_A_ROUGE", "wf_rouge"},
                                                                                              {"wf_Truth_Ratio", "wf_truth_ratio"}}};

/// Python writes NaN and Infinity as bare words, which are no JSON: here they become texts, for `numberOf` to read.
std::string withQuotedWords(std::string_view text)
{
    static constexpr std::array<std::string_view, 3> kWords{"-Infinity", "Infinity", "NaN"};
    std::string out;
    out.reserve(text.size());
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted && c == '\\' && i + 1 < text.size()) {
            out += c;
            out += text[++i];
            continue;
        }
        if (c == '"')
            quoted = !quoted;
        bool replaced = false;
        for (const std::string_view word : kWords)
            if (!quoted && text.substr(i).starts_with(word)) {
                out += '"';
                out += word;
                out += '"';
                i += word.size() - 1;
                replaced = true;
                break;
            }
        if (!replaced)
            out += c;
    }
    return out;
}

std::optional<double> numberOf(const Json &value)
{
    if (value.is_number())
        return value.get<double>();
    if (!value.is_string())
        return std::nullopt;
    const auto &word = value.get_ref<const std::string &>();
    if (word == "NaN")
        return std::numeric_limits<double>::quiet_NaN();
    if (word == "Infinity" || word == "-Infinity")
        return (word.front() == '-' ? -1 : 1) * std::numeric_limits<double>::infinity();
    return std::nullopt;
}

std::vector<double> numbersOf(const Json &value)
{
    std::vector<double> numbers;
    if (value.is_array()) {
        for (const Json &item : value)
            if (const auto number = numberOf(item))
                numbers.push_back(*number);
    } else if (const auto number = numberOf(value)) {
        numbers.push_back(*number);
    }
    return numbers;
}

std::optional<std::int64_t> indexOf(const std::string &key)
{
    std::int64_t index = 0;
    const auto [end, code] = std::from_chars(key.data(), key.data() + key.size(), index);
    return code == std::errc() && end == key.data() + key.size() && index >= 0 ? std::optional(index) : std::nullopt;
}

/// Calls \p take with every row's value of an object by index, or a list.
template<typename Take>
void forEachRow(const Json &values, Take take)
{
    if (values.is_array())
        for (std::size_t i = 0; i < values.size(); ++i)
            take(static_cast<std::int64_t>(i), values[i]);
    else if (values.is_object())
        for (const auto &[key, value] : values.items())
            if (const auto index = indexOf(key))
                take(*index, value);
}

const Json *find(const Json &object, const std::string &key)
{
    const auto found = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && found != object.end() ? &*found : nullptr;
}

/// One of the four files in TOFU's aggregated log.
void readTofuPart(const Json &part, bool hasParaphrases, Rows &rows)
{
    if (const Json *losses = find(part, "avg_gt_loss"))
        forEachRow(*losses, [&](std::int64_t index, const Json &value) { rows[index].answerLoss = numberOf(value); });
    if (const Json *losses = find(part, hasParaphrases ? "avg_paraphrased_loss" : "avg_gt_loss"))
        forEachRow(*losses, [&](std::int64_t index, const Json &value) { rows[index].correctLoss = numberOf(value); });
    if (const Json *losses = find(part, "average_perturb_loss"))
        forEachRow(*losses, [&](std::int64_t index, const Json &value) { rows[index].falseLosses = numbersOf(value); });
    if (const Json *texts = find(part, "generated_text"))
        forEachRow(*texts, [&](std::int64_t index, const Json &value) { // [prompt, generation, answer]
            if (value.is_array() && value.size() == 3 && value[2].is_string())
                rows[index].answer = value[2].get<std::string>();
        });
}

bool readTofu(const Json &log, ReferenceScores &reference)
{
    struct Part {
        const char *file, *set;
        bool hasParaphrases;
    };
    static constexpr std::array<Part, 4> kParts{{{"eval_log_forget.json", "forget", true}, {"eval_log.json", "retain", true},
                                                 {"eval_real_author_wo_options.json", "ra", false}, {"eval_real_world_wo_options.json", "wf", false}}};
    bool found = false;
    for (const Part &part : kParts)
        if (const Json *json = find(log, part.file)) {
            readTofuPart(*json, part.hasParaphrases, reference.sets[part.set]);
            found = true;
        }
    if (!found && find(log, "avg_paraphrased_loss") != nullptr && find(log, "average_perturb_loss") != nullptr) {
        readTofuPart(log, true, reference.sets["forget"]);
        found = true;
    }
    return found;
}

bool readOpenUnlearning(const Json &log, ReferenceScores &reference)
{
    bool found = false;
    const auto each = [&](const std::string &metric, const char *key, auto take) {
        const Json *entry = find(log, metric);
        if (const Json *values = entry != nullptr ? find(*entry, "value_by_index") : nullptr)
            forEachRow(*values, [&](std::int64_t index, const Json &row) {
                if (const Json *value = find(row, key))
                    take(index, *value);
            });
    };
    for (const std::string set : {"forget", "retain", "ra", "wf", "holdout"}) {
        Rows rows;
        const bool hasParaphrases = set == "forget" || set == "retain";
        each(set + "_Q_A_Prob", "avg_loss", [&](std::int64_t index, const Json &value) { rows[index].answerLoss = numberOf(value); });
        each(set + (hasParaphrases ? "_Q_A_PARA_Prob" : "_Q_A_Prob"), "avg_loss",
             [&](std::int64_t index, const Json &value) { rows[index].correctLoss = numberOf(value); });
        each(set + "_Q_A_PERT_Prob", "avg_loss", [&](std::int64_t index, const Json &value) { rows[index].falseLosses = numbersOf(value); });
        each(set + "_truth_ratio", "score", [&](std::int64_t index, const Json &value) { rows[index].guardedRatio = numberOf(value); });
        each(set + "_Q_A_ROUGE", "ground_truth", [&](std::int64_t index, const Json &value) {
            if (value.is_string())
                rows[index].answer = value.get<std::string>();
        });
        if (!rows.empty())
            reference.sets[set] = std::move(rows);
    }
    if (!log.is_object())
        return false;
    for (const auto &[name, entry] : log.items()) {
        const Json *value = find(entry, "agg_value");
        if (value == nullptr)
            continue;
        found = true;
        const auto own = std::ranges::find(kOpenUnlearningNames, name, &std::pair<std::string_view, std::string_view>::first);
        if (const auto number = numberOf(*value))
            reference.metrics[own != kOpenUnlearningNames.end() ? std::string(own->second) : name] = *number;
    }
    return found;
}

/// What `lethe-cli eval` prints: samples with their losses.
bool readOwn(const Json &log, ReferenceScores &reference)
{
    const Json *samples = find(log, "samples");
    if (samples == nullptr || !samples->is_array())
        return false;
    for (const Json &sample : *samples) {
        const Json *set = find(sample, "set"), *index = find(sample, "index");
        if (set == nullptr || !set->is_string() || index == nullptr || !index->is_number_integer())
            return false;
        ReferenceRow &row = reference.sets[set->get<std::string>()][index->get<std::int64_t>()];
        const auto take = [&sample](const char *key, std::optional<double> &value) {
            if (const Json *json = find(sample, key))
                value = numberOf(*json);
        };
        take("answer_loss", row.answerLoss);
        take("correct_loss", row.correctLoss);
        if (const Json *losses = find(sample, "false_loss"))
            row.falseLosses = numbersOf(*losses);
        for (const auto &[key, text] : {std::pair{"prompt", &row.prompt}, {"reference", &row.answer}})
            if (const Json *json = find(sample, key); json != nullptr && json->is_string())
                *text = json->get<std::string>();
    }
    reference.exactTexts = true;
    return !samples->empty();
}

/// Losses by set and row and nothing else.
bool readPerSample(const Json &log, ReferenceScores &reference)
{
    const Json *sets = find(log, "per_sample");
    if (sets == nullptr || !sets->is_object())
        return false;
    for (const auto &[set, values] : sets->items()) {
        Rows &rows = reference.sets[set];
        for (const auto &[key, member] : {std::pair{"answer_loss", &ReferenceRow::answerLoss}, {"correct_loss", &ReferenceRow::correctLoss}})
            if (const Json *losses = find(values, key))
                forEachRow(*losses, [&, member = member](std::int64_t index, const Json &value) { rows[index].*member = numberOf(value); });
        if (const Json *losses = find(values, "false_loss"))
            forEachRow(*losses, [&](std::int64_t index, const Json &value) { rows[index].falseLosses = numbersOf(value); });
    }
    return !reference.sets.empty();
}

void readPlainMetrics(const Json &log, ReferenceScores &reference)
{
    if (const Json *metrics = find(log, "metrics"); metrics != nullptr && metrics->is_object())
        for (const auto &[id, value] : metrics->items()) {
            const Json *inner = find(value, "value");
            if (const auto number = numberOf(inner != nullptr ? *inner : value))
                reference.metrics[id] = *number;
        }
}

} // namespace

Result<ReferenceScores> parseEvaluationLog(std::string_view text, const std::string &source)
{
    JsonProblem problem;
    const std::optional<Json> log = parseJson(withQuotedWords(text), problem);
    if (!log)
        return Error{.code = ErrorCode::Corrupt, .what = "is no JSON: " + problem.what,
                     .where = source + ", line " + std::to_string(problem.position.line), .hint = {}};
    ReferenceScores reference{.source = source, .exactTexts = false, .isTheModel = false, .sets = {}, .metrics = {}};
    if (readTofu(*log, reference)) {
        reference.source += " (a log of TOFU)";
    } else if (readOpenUnlearning(*log, reference)) {
        reference.source += " (a log of open-unlearning)";
    } else if (readOwn(*log, reference) || readPerSample(*log, reference)) {
        readPlainMetrics(*log, reference);
    } else {
        return Error{.code = ErrorCode::Corrupt, .what = "is no evaluation log that is known here", .where = source,
                     .hint = "Use TOFU's eval_log_aggregated.json, open-unlearning's TOFU_EVAL.json or MUSE_EVAL.json, or what lethe-cli eval printed"};
    }
    for (const auto &[set, rows] : reference.sets)
        for (const auto &[index, row] : rows)
            if (row.falseLosses.size() != rows.begin()->second.falseLosses.size())
                return Error{.code = ErrorCode::Corrupt,
                             .what = "row " + std::to_string(index) + " of the " + set + " set has " + std::to_string(row.falseLosses.size())
                                 + " losses of perturbed answers, the first row " + std::to_string(rows.begin()->second.falseLosses.size()),
                             .where = source, .hint = {}};
    return reference;
}

Result<ReferenceScores> readEvaluationLog(const std::filesystem::path &file)
{
    LETHE_TRY(const std::string text, readFile(file));
    return parseEvaluationLog(text, file.filename().string());
}

} // namespace lethe
