#include "eval/Metric.h"
#include "eval/ReferenceScores.h"

#include <lethe/eval/Statistics.h>
#include <lethe/eval/UnlearningScores.h>

#include <cmath>

namespace lethe {

namespace {

/// Both published benchmarks' share of the lowest tokens.
constexpr double kMinKShare = 0.4;

/// Score of one text, signed like a loss: the higher, the less likely the model has seen it. None where nothing is scored.
struct Attack {
    std::string id, name, summary, cost;
    std::vector<std::string> needs;
    Demand demand;
    std::optional<double> (*score)(const EvaluationSet &set, const RowScores &row, const ReferenceRow *reference);
};

std::optional<double> lossScore(const EvaluationSet &, const RowScores &row, const ReferenceRow *)
{
    return row.answer.meanLoss();
}

std::optional<double> zlibScore(const EvaluationSet &set, const RowScores &row, const ReferenceRow *)
{
    const auto loss = row.answer.meanLoss();
    const std::string &text = set.rows[static_cast<std::size_t>(row.row)].data.answer;
    return loss ? std::optional(*loss / static_cast<double>(zlibBytes(text))) : std::nullopt;
}

std::optional<double> minKScore(const EvaluationSet &set, const RowScores &row, const ReferenceRow *)
{
    return minK(scoredTokens(row.answer.logProbabilities, set.variant), kMinKShare, scoreVariant(set.variant));
}

std::optional<double> minKPlusPlus(const EvaluationSet &set, const RowScores &row, const ReferenceRow *)
{
    return minK(scoredTokens(row.answer.zScores, set.variant), kMinKShare, scoreVariant(set.variant));
}

std::optional<double> gradientScore(const EvaluationSet &, const RowScores &row, const ReferenceRow *)
{
    return row.gradientNorm;
}

std::optional<double> referenceScore(const EvaluationSet &, const RowScores &row, const ReferenceRow *reference)
{
    const auto loss = row.answer.meanLoss();
    return loss && reference != nullptr && reference->answerLoss ? std::optional(*loss - *reference->answerLoss) : std::nullopt;
}

/// The area under the curve of forget (class 0) against holdout rows (class 1): 1 means that forget rows are far likelier. What
/// unlearning should reach is the retrained model's area, not 0 and not always ½: with a reference it stands beside.
class MembershipAttack final : public Metric
{
public:
    explicit MembershipAttack(Attack attack)
        : Metric({.id = attack.id, .name = attack.name, .summary = attack.summary, .paper = "OpenUnlearning, arXiv:2506.12618", .cost = attack.cost,
                  .groups = {"membership"}, .sets = {}, .needs = attack.needs, .direction = -1, .target = 0.5}),
          m_attack(std::move(attack))
    {
    }

    void demand(const std::string &, Demands &demands) const override
    {
        demands["forget"].add(m_attack.demand);
        demands["holdout"].add(m_attack.demand);
    }

    MetricValue compute(const MetricInfo &info, MetricInputs &inputs) const override
    {
        std::vector<double> scores[2];
        const ReferenceScores *reference = inputs.reference();
        std::int64_t undefined = 0;
        for (const int side : {0, 1}) {
            const std::string name = side == 0 ? "forget" : "holdout";
            const SetScores *set = inputs.set(name);
            if (set == nullptr)
                return undefinedMetric(info, EvaluationInputs::missingSet(name));
            for (std::size_t i = 0; i < set->rows.size(); ++i) {
                const RowScores &row = set->rows[i];
                const auto score = m_attack.score(*set->set, row, rowOf(reference, name, row.row));
                if (score && !std::isnan(*score)) {
                    scores[side].push_back(*score);
                    (*set->records)[i].setValue(info.id, *score);
                } else if (info.id == "mia_reference" && (reference == nullptr || row.answer.meanLoss())) {
                    return undefinedMetric(info, reference == nullptr ? inputs.inputs().noReference
                                                                      : reference->source + " has no loss of row " + std::to_string(row.row) + " of " + name);
                } else {
                    ++undefined; // nothing of it is scored
                }
            }
        }
        const auto area = auc(scores[0], scores[1]);
        if (!area)
            return undefinedMetric(info, "no row of one of the two sets has a score");
        const auto n0 = static_cast<std::int64_t>(scores[0].size()), n1 = static_cast<std::int64_t>(scores[1].size());
        MetricValue value{.id = info.id, .value = area, .reason = {},
                          .parts = {{"n1", static_cast<double>(n0)}, {"n2", static_cast<double>(n1)}, {"standard_error", aucStandardError(*area, n0, n1)}}};
        if (undefined > 0)
            value.parts.emplace_back("n_undefined", static_cast<double>(undefined));
        if (const auto retrained = reference != nullptr ? reference->metrics.find(info.id) : decltype(reference->metrics.end()){};
            reference != nullptr && retrained != reference->metrics.end()) {
            value.parts.emplace_back("reference", retrained->second);
            value.parts.emplace_back("rel_diff", relativeDifference(*area, retrained->second));
        }
        return value;
    }

private:
    static const ReferenceRow *rowOf(const ReferenceScores *reference, const std::string &set, std::int64_t index)
    {
        if (reference == nullptr)
            return nullptr;
        const auto rows = reference->sets.find(set);
        if (rows == reference->sets.end())
            return nullptr;
        const auto row = rows->second.find(index);
        return row != rows->second.end() ? &row->second : nullptr;
    }

    const Attack m_attack;
};

void registerAttack(Attack attack)
{
    MetricRegistration(std::make_unique<MembershipAttack>(std::move(attack)));
}

const bool kAttacksRegistered = [] {
    const std::vector<std::string> data{"answer", "holdout"};
    registerAttack({"mia_loss", "loss attack", "AUC of the mean token loss, forget against holdout", "1 forward a row", data, {.answer = true}, lossScore});
    registerAttack({"mia_zlib", "zlib attack", "AUC of the mean token loss over the bytes that deflate makes of the answer", "1 forward a row", data,
                    {.answer = true}, zlibScore});
    registerAttack({"mia_min_k", "Min-K attack", "AUC of the mean of the 40 % least likely tokens (arXiv:2310.16789)", "1 forward a row", data,
                    {.answer = true}, minKScore});
    registerAttack({"mia_min_k_plus_plus", "Min-K++ attack", "AUC of Min-K on each token's z-score in its distribution (arXiv:2404.02936)", "1 forward a row",
                    data, {.answer = true, .zScores = true}, minKPlusPlus});
    registerAttack({"mia_gradnorm", "gradient norm attack", "AUC of the mean over tensors of the gradient's 2-norm", "1 forward and backward a row", data,
                    {.gradient = true}, gradientScore});
    registerAttack({"mia_reference", "reference attack", "AUC of the mean token loss less the reference's", "1 forward a row, and one of the reference",
                    {"answer", "holdout", "reference"}, {.answer = true}, referenceScore});
    return true;
}();

/// MUSE's own form is relative to the retrained model; where there is no reference, ½ is assumed and the variant says so.
class PrivacyLeak final : public Metric
{
public:
    PrivacyLeak()
        : Metric({.id = "privleak",
                  .name = "privacy leakage",
                  .summary = "(A − A of a retrained model)/A of the retrained · 100, A = 1 − AUC of Min-K: 0 ideal, −100 memorised, above 0 over-unlearned",
                  .paper = "MUSE, arXiv:2407.06460",
                  .cost = "that of mia_min_k, once more for a reference model",
                  .groups = {"membership"},
                  .sets = {},
                  .needs = {"answer", "holdout", "reference"},
                  .direction = 0,
                  .target = 0})
    {
    }

    void demand(const std::string &, Demands &demands) const override
    {
        demands["forget"].add({.answer = true});
        demands["holdout"].add({.answer = true});
    }

    std::vector<std::string> comparedParts() const override { return {"mia_min_k"}; }

    MetricValue compute(const MetricInfo &info, MetricInputs &inputs) const override
    {
        const MetricValue &area = inputs.value("mia_min_k");
        if (!area.value)
            return undefinedMetric(info, area.reason);
        const ReferenceScores *reference = inputs.reference();
        const bool known = reference != nullptr && reference->metrics.contains("mia_min_k");
        const double retrained = known ? reference->metrics.at("mia_min_k") : 0.5;
        return {.id = info.id, .value = privacyLeakage(*area.value, retrained), .reason = {},
                .parts = {{"auc", *area.value}, {"reference_auc", retrained}},
                .variant = !known ? "assumed 0.5" : isPlausibleRetrainedArea(retrained) ? "reference" : "reference that looks like a memorising model"};
    }
};

const MetricRegistration kPrivacyLeak(std::make_unique<PrivacyLeak>());

} // namespace

} // namespace lethe
