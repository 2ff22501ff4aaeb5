#include "eval/Metric.h"

#include <lethe/eval/Statistics.h>
#include <lethe/eval/TextMetrics.h>

#include <cmath>

namespace lethe {

namespace {

/// Signs of collapse that need no second model (evaluation.md §7), over the greedy answers of a set.
struct Sign {
    std::string id, name, summary;
    int direction; ///< on every set: a collapsed model is no success on the forget set either
    std::optional<double> (*value)(const RowScores &row);
};

class GeneratedTextSign final : public RowMetric
{
public:
    explicit GeneratedTextSign(const Sign &sign)
        : RowMetric({.id = sign.id, .name = sign.name, .summary = sign.summary, .paper = {}, .cost = "1 generation a row", .groups = {"fluency"},
                     .sets = {"forget", "retain"}, .needs = {"generation"}, .direction = sign.direction, .forgetDirection = sign.direction}),
          m_value(sign.value)
    {
    }

    void demand(const std::string &set, Demands &demands) const override { demands[set].add({.generation = true}); }

    std::optional<double> rowValue(const MetricInfo &info, const EvaluationSet &, const RowScores &row, SampleRecord &record) const override
    {
        const auto value = row.text ? m_value(row) : std::nullopt;
        if (value)
            record.setValue(info.measure->id, *value);
        return value;
    }

private:
    std::optional<double> (*m_value)(const RowScores &row);
};

const bool kTextSignsRegistered = [] {
    for (const Sign &sign : {Sign{"distinct_2", "distinct bigrams", "unique bigrams over all bigrams of an answer, by white space", 1,
                                  [](const RowScores &row) { return textQuality(*row.text).distinct2; }},
                             Sign{"bigram_entropy", "bigram entropy", "entropy in bits of an answer's bigrams", 1,
                                  [](const RowScores &row) { return textQuality(*row.text).bigramEntropy; }},
                             Sign{"longest_run", "longest run of a token", "mean over answers of the longest run of one token", -1,
                                  [](const RowScores &row) { return std::optional<double>(textQuality(*row.text).longestRun); }},
                             Sign{"empty_share", "empty answers", "share of answers with no token", -1,
                                  [](const RowScores &row) { return std::optional(textQuality(*row.text).tokens == 0 ? 1.0 : 0.0); }},
                             Sign{"limit_share", "answers cut off", "share of answers that reach the limit of new tokens", -1,
                                  [](const RowScores &row) { return std::optional(row.hitTokenLimit ? 1.0 : 0.0); }}})
        MetricRegistration(std::make_unique<GeneratedTextSign>(sign));
    return true;
}();

/// exp(Σ loss / Σ tokens): token-weighted, not a mean of exponentials.
class Perplexity final : public Metric
{
public:
    Perplexity()
        : Metric({.id = "perplexity",
                  .name = "perplexity",
                  .summary = "exp(sum of token losses / number of tokens) of a set's answers",
                  .paper = {},
                  .cost = "1 forward a row",
                  .groups = {"fluency"},
                  .sets = {"forget", "retain"},
                  .needs = {"answer"},
                  .direction = -1})
    {
    }

    void demand(const std::string &set, Demands &demands) const override { demands[set].add({.answer = true}); }

    MetricValue compute(const MetricInfo &info, MetricInputs &inputs) const override
    {
        const SetScores *scores = inputs.set(info.set);
        if (scores == nullptr)
            return undefinedMetric(info, EvaluationInputs::missingSet(info.set));
        double sum = 0;
        std::size_t tokens = 0;
        for (const RowScores &row : scores->rows) {
            for (const double logProbability : row.answer.logProbabilities)
                sum -= logProbability;
            tokens += row.answer.logProbabilities.size();
        }
        if (tokens == 0)
            return undefinedMetric(info, "the set has no token to score");
        return {.id = info.id, .value = std::exp(sum / static_cast<double>(tokens)), .reason = {}};
    }
};

const MetricRegistration kPerplexity(std::make_unique<Perplexity>());

} // namespace

} // namespace lethe
