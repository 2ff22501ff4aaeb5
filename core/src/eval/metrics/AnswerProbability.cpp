#include "eval/Metric.h"

#include <cmath>

namespace lethe {

namespace {

/// Mean of exp(−a), a the mean token loss of the answer; on real authors and world facts the share among the options, each
/// normalised by its length first, as TOFU's code has it (evaluation.md §2.2).
class AnswerProbability final : public RowMetric
{
public:
    AnswerProbability()
        : RowMetric({.id = "prob",
                     .name = "answer probability",
                     .summary = "exp(−mean token loss) of the answer; on real authors and world facts its share among the perturbed answers",
                     .paper = "TOFU, arXiv:2401.06121",
                     .cost = "1 forward a row, with options 1 more for each",
                     .groups = {"basic", "tofu"},
                     .sets = {"forget", "retain", "ra", "wf"},
                     .needs = {"answer", "perturbed_answer (real authors, world facts)"},
                     .direction = 1})
    {
    }

    void demand(const std::string &set, Demands &demands) const override
    {
        demands[set].add({.answer = true, .perturbed = hasOptions(set)});
    }

    std::optional<double> rowValue(const MetricInfo &info, const EvaluationSet &set, const RowScores &row, SampleRecord &record) const override
    {
        const auto loss = row.answer.meanLoss();
        if (!loss)
            return std::nullopt;
        record.probability = std::exp(-*loss);
        if (!hasOptions(info.set))
            return record.probability;
        const std::vector<double> options = row.falseLosses();
        const bool guarded = set.variant == EvaluationVariant::OpenUnlearning;
        const double share = guarded ? guardedOptionProbability(*loss, options) : optionProbability(*loss, options);
        if (options.empty() || std::isnan(share))
            return std::nullopt;
        record.setValue("option_prob", share);
        return share;
    }

private:
    static bool hasOptions(const std::string &set) { return set == "ra" || set == "wf"; }
};

const MetricRegistration kAnswerProbability(std::make_unique<AnswerProbability>());

} // namespace

} // namespace lethe
