#include "eval/ReferenceScores.h"
#include "eval/metrics/TruthRatio.h"

#include <lethe/eval/Statistics.h>

#include <cmath>

namespace lethe {

namespace {

/// p of the two-sample test between the truth ratios of the evaluated model and those of one that never saw the forget set, row
/// for row the same. D and n stand beside it: p depends on n, and runs of different n must not be ranked by it.
class ForgetQuality final : public Metric
{
public:
    ForgetQuality()
        : Metric({.id = "forget_quality",
                  .name = "forget quality",
                  .summary = "Kolmogorov–Smirnov p between the forget set's truth ratios and those of a model that never saw it",
                  .paper = "TOFU, arXiv:2401.06121",
                  .cost = "that of forget_truth_ratio, once more for a reference model",
                  .groups = {"tofu"},
                  .sets = {},
                  .needs = {"paraphrased_answer", "perturbed_answer", "reference"},
                  .direction = 1})
    {
    }

    void demand(const std::string &, Demands &demands) const override { demands["forget"].add({.paraphrased = true, .perturbed = true}); }

    MetricValue compute(const MetricInfo &info, MetricInputs &inputs) const override
    {
        const SetScores *scores = inputs.set("forget");
        const ReferenceScores *reference = inputs.reference();
        if (scores == nullptr)
            return undefinedMetric(info, EvaluationInputs::missingSet("forget"));
        if (reference == nullptr)
            return undefinedMetric(info, inputs.inputs().noReference);
        const auto rows = reference->sets.find("forget");
        if (rows == reference->sets.end())
            return undefinedMetric(info, reference->source + " holds nothing of the forget set");

        // a log without losses has open-unlearning's guarded ratios alone: then both sides are computed so
        TruthRatioKind kind = truthRatioKind(inputs.inputs().spec);
        if (!rows->second.empty() && rows->second.begin()->second.falseLosses.empty() && rows->second.begin()->second.guardedRatio)
            kind = TruthRatioKind::OpenUnlearning;
        std::vector<double> own, theirs;
        for (std::size_t i = 0; i < scores->rows.size(); ++i) {
            const RowScores &row = scores->rows[i];
            const auto ratio = rowTruthRatio(*scores->set, row, kind, (*scores->records)[i]);
            const auto found = rows->second.find(row.row);
            const std::string name = "row " + std::to_string(row.row);
            if (!ratio)
                return undefinedMetric(info, name + " of the forget set has no truth ratio");
            if (found == rows->second.end())
                return undefinedMetric(info, name + " is not in " + reference->source);
            const auto other = ratioOf(found->second, kind);
            if (!other)
                return undefinedMetric(info, name + " has no truth ratio in " + reference->source);
            (*scores->records)[i].setValue("reference_log_truth_ratio", *other);
            own.push_back(*ratio);
            theirs.push_back(*other);
        }
        const auto test = ksTest(own, theirs);
        if (!test)
            return undefinedMetric(info, "the forget set has no rows");
        MetricValue value{.id = info.id, .value = test->p, .reason = {},
                          .parts = {{"d", test->d}, {"n1", static_cast<double>(test->n1)}, {"n2", static_cast<double>(test->n2)}, {"log10_p", std::log10(test->p)}},
                          .variant = std::string(toString(kind))};
        return value;
    }

private:
    static std::optional<double> ratioOf(const ReferenceRow &row, TruthRatioKind kind)
    {
        if (row.falseLosses.empty() || !row.correctLoss)
            return row.guardedRatio ? std::optional(std::log(*row.guardedRatio)) : std::nullopt;
        return logTruthRatio(*row.correctLoss, row.falseLosses, kind);
    }
};

const MetricRegistration kForgetQuality(std::make_unique<ForgetQuality>());

} // namespace

} // namespace lethe
