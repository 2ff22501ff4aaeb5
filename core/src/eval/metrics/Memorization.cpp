#include "eval/Metric.h"

#include <cmath>

namespace lethe {

namespace {

MetricManifest ofForgetSet(std::string id, std::string name, std::string summary, std::string cost, std::vector<std::string> needs)
{
    return {.id = std::move(id), .name = std::move(name), .summary = std::move(summary), .paper = "OpenUnlearning, arXiv:2506.12618", .cost = std::move(cost),
            .groups = {"memorization"}, .sets = {}, .needs = std::move(needs), .direction = -1};
}

/// Every scored token counts, the EOS too: open-unlearning's code drops the last one always, which on plain text is a real token.
class ExactMemorization final : public RowMetric
{
public:
    ExactMemorization()
        : RowMetric(ofForgetSet("exact_memorization", "exact memorization", "share of the forget answers' tokens that are the likeliest ones", "1 forward a row",
                                {"answer"}))
    {
    }
    void demand(const std::string &, Demands &demands) const override { demands["forget"].add({.answer = true, .argmax = true}); }
    std::optional<double> rowValue(const MetricInfo &info, const EvaluationSet &set, const RowScores &row, SampleRecord &record) const override
    {
        const auto value = exactMemorization(scoredTokens(row.answer.right, set.variant));
        if (value)
            record.setValue(info.id, *value);
        return value;
    }
};

class ExtractionStrength final : public RowMetric
{
public:
    ExtractionStrength()
        : RowMetric(ofForgetSet("extraction_strength", "extraction strength",
                                "1 − k/L for the shortest start of k of L tokens from which on the model knows the rest", "1 forward a row", {"answer"}))
    {
    }
    void demand(const std::string &, Demands &demands) const override { demands["forget"].add({.answer = true, .argmax = true}); }
    std::optional<double> rowValue(const MetricInfo &info, const EvaluationSet &set, const RowScores &row, SampleRecord &record) const override
    {
        const auto value = extractionStrength(scoredTokens(row.answer.right, set.variant), scoreVariant(set.variant));
        if (value)
            record.setValue(info.id, *value);
        return value;
    }
};

class ParaphraseProbability final : public RowMetric
{
public:
    ParaphraseProbability()
        : RowMetric(ofForgetSet("paraphrase_prob", "paraphrase probability", "exp(−mean token loss) of the forget answers' paraphrases", "1 forward a row",
                                {"paraphrased_answer"}))
    {
    }
    void demand(const std::string &, Demands &demands) const override { demands["forget"].add({.paraphrased = true}); }
    std::optional<double> rowValue(const MetricInfo &info, const EvaluationSet &, const RowScores &row, SampleRecord &record) const override
    {
        const auto loss = row.paraphrased.meanLoss();
        if (!loss)
            return std::nullopt;
        record.setValue(info.id, std::exp(-*loss));
        return std::exp(-*loss);
    }
};

const MetricRegistration kExactMemorization(std::make_unique<ExactMemorization>());
const MetricRegistration kExtractionStrength(std::make_unique<ExtractionStrength>());
const MetricRegistration kParaphraseProbability(std::make_unique<ParaphraseProbability>());

} // namespace

} // namespace lethe
