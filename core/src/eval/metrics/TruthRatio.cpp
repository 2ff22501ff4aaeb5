#include "eval/metrics/TruthRatio.h"

#include <cmath>

namespace lethe {

TruthRatioKind truthRatioKind(const EvalSpec &spec)
{
    const bool published = spec.truthRatio == "open-unlearning" || spec.variant == toString(EvaluationVariant::OpenUnlearning);
    return spec.truthRatio == "arithmetic" ? TruthRatioKind::Arithmetic : published ? TruthRatioKind::OpenUnlearning : TruthRatioKind::Geometric;
}

bool hasParaphrases(const std::string &set)
{
    return set == "forget" || set == "retain";
}

std::optional<double> rowTruthRatio(const EvaluationSet &set, const RowScores &row, TruthRatioKind kind, SampleRecord &record)
{
    const auto correct = (hasParaphrases(set.name) ? row.paraphrased : row.answer).meanLoss();
    if (!correct)
        return std::nullopt;
    const auto ratio = logTruthRatio(*correct, row.falseLosses(), kind);
    if (ratio) {
        record.setValue("log_truth_ratio", *ratio); // the ratio itself overflows
        // TOFU's logs hold true over false, which its readers are used to
        record.setValue("truth_ratio", std::exp(set.variant == EvaluationVariant::TofuOriginal ? -*ratio : *ratio));
    }
    return ratio;
}

namespace {

/// False over correct. On the forget set its display form min(R, 1/R); elsewhere max(0, 1 − R), which utility takes.
class TruthRatio final : public Metric
{
public:
    TruthRatio()
        : Metric({.id = "truth_ratio",
                  .name = "truth ratio",
                  .summary = "false answers' probability R over the right one's: mean of min(R, 1/R) on forget, of max(0, 1 − R) elsewhere",
                  .paper = "TOFU, arXiv:2401.06121",
                  .cost = "1 forward for the right and each perturbed answer of a row",
                  .groups = {"tofu"},
                  .sets = {"forget", "retain", "ra", "wf"},
                  .needs = {"paraphrased_answer (forget, retain)", "perturbed_answer"},
                  .direction = 1,
                  .forgetDirection = 0}) // a retrained model sits near 0.6: larger is not better by itself
    {
    }

    void demand(const std::string &set, Demands &demands) const override
    {
        demands[set].add({.answer = !hasParaphrases(set), .paraphrased = hasParaphrases(set), .perturbed = true});
    }

    MetricValue compute(const MetricInfo &info, MetricInputs &inputs) const override
    {
        const SetScores *scores = inputs.set(info.set);
        if (scores == nullptr)
            return undefinedMetric(info, EvaluationInputs::missingSet(info.set));
        const TruthRatioKind kind = truthRatioKind(inputs.inputs().spec);
        double sum = 0;
        std::int64_t defined = 0;
        for (std::size_t i = 0; i < scores->rows.size(); ++i)
            if (const auto ratio = rowTruthRatio(*scores->set, scores->rows[i], kind, (*scores->records)[i])) {
                sum += info.set == "forget" ? truthRatioForgetScore(*ratio) : truthRatioUtilityScore(*ratio);
                ++defined;
            }
        if (defined == 0)
            return undefinedMetric(info, "no row of the set has a truth ratio");
        MetricValue value{.id = info.id, .value = sum / static_cast<double>(defined), .reason = {}};
        const auto undefined = static_cast<std::int64_t>(scores->rows.size()) - defined;
        if (undefined > 0 || scores->set->leftOut > 0)
            value.parts = {{"n", static_cast<double>(defined)}};
        if (undefined > 0)
            value.parts.emplace_back("n_undefined", static_cast<double>(undefined));
        if (scores->set->leftOut > 0)
            value.parts.emplace_back("n_left_out", static_cast<double>(scores->set->leftOut));
        if (kind != TruthRatioKind::Geometric)
            value.variant = toString(kind);
        return value;
    }
};

const MetricRegistration kTruthRatio(std::make_unique<TruthRatio>());

} // namespace

} // namespace lethe
