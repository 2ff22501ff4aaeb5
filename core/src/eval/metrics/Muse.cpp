#include "eval/Metric.h"
#include "eval/ReferenceScores.h"

#include <lethe/eval/Statistics.h>
#include <lethe/eval/TextMetrics.h>
#include <lethe/eval/UnlearningScores.h>

namespace lethe {

namespace {

constexpr double kMuseMinKShare = 0.4;

/// Mean ROUGE-L F without stemming, as MUSE's own code has it (open-unlearning's port stems: its variant does too).
class GeneratedOverlap final : public RowMetric
{
public:
    GeneratedOverlap(std::string id, std::string name, std::string summary, std::string set, int direction)
        : RowMetric({.id = std::move(id), .name = std::move(name), .summary = std::move(summary), .paper = "MUSE, arXiv:2407.06460", .cost = "1 generation a row",
                     .groups = {"muse"}, .sets = {}, .needs = {"generation"}, .direction = direction}),
          m_set(std::move(set))
    {
    }

    void demand(const std::string &, Demands &demands) const override { demands[m_set].add({.generation = true}); }

    MetricValue compute(const MetricInfo &info, MetricInputs &inputs) const override
    {
        MetricInfo ofSet = info;
        ofSet.set = m_set; // its rows are a set of their own, whatever the id is called
        return RowMetric::compute(ofSet, inputs);
    }

    std::optional<double> rowValue(const MetricInfo &, const EvaluationSet &set, const RowScores &row, SampleRecord &record) const override
    {
        if (!row.text)
            return std::nullopt;
        const bool stemmed = set.variant == EvaluationVariant::OpenUnlearning;
        const RougeScore score = rougeL(set.rows[static_cast<std::size_t>(row.row)].data.answer, *row.text, stemmed);
        record.rougeRecall = score.recall;
        record.setValue("rouge_f", score.f);
        return score.f;
    }

private:
    const std::string m_set;
};

const MetricRegistration kVerbatim(std::make_unique<GeneratedOverlap>(
    "verbmem_f", "verbatim memorization", "ROUGE-L F of 128 tokens that continue the beginning of a forget text, against the text", "verbatim", -1));
const MetricRegistration kKnowledgeForget(std::make_unique<GeneratedOverlap>(
    "knowmem_f", "knowledge memorization", "ROUGE-L F of short answers on the forget corpus", "knowledge_forget", -1));
const MetricRegistration kKnowledgeRetain(std::make_unique<GeneratedOverlap>(
    "knowmem_r", "retained knowledge", "ROUGE-L F of short answers on the retain corpus", "knowledge_retain", 1));

/// `privleak` on MUSE's own texts.
class MusePrivacyLeak final : public Metric
{
public:
    MusePrivacyLeak()
        : Metric({.id = "muse_privleak",
                  .name = "privacy leakage (MUSE)",
                  .summary = "(A − A of a retrained model)/A of the retrained · 100 over MUSE's forget and holdout texts, A = 1 − AUC of Min-K (40 %)",
                  .paper = "MUSE, arXiv:2407.06460",
                  .cost = "1 forward a text",
                  .groups = {"muse"},
                  .sets = {},
                  .needs = {"answer", "holdout", "reference"},
                  .direction = 0,
                  .target = 0})
    {
    }

    void demand(const std::string &, Demands &demands) const override
    {
        for (const char *set : {"privleak_forget", "privleak_holdout"})
            demands[set].add({.answer = true});
    }

    MetricValue compute(const MetricInfo &info, MetricInputs &inputs) const override
    {
        std::vector<double> scores[2];
        std::int64_t undefined = 0;
        for (const int side : {0, 1}) {
            const std::string name = side == 0 ? "privleak_forget" : "privleak_holdout";
            const SetScores *set = inputs.set(name);
            if (set == nullptr)
                return undefinedMetric(info, EvaluationInputs::missingSet(name));
            for (std::size_t i = 0; i < set->rows.size(); ++i)
                if (const auto score = minK(scoredTokens(set->rows[i].answer.logProbabilities, set->set->variant), kMuseMinKShare, scoreVariant(set->set->variant))) {
                    scores[side].push_back(*score);
                    (*set->records)[i].setValue("mia_min_k", *score);
                } else {
                    ++undefined;
                }
        }
        const auto area = auc(scores[0], scores[1]);
        if (!area)
            return undefinedMetric(info, "no text of one of the two sets has a score");
        const ReferenceScores *reference = inputs.reference();
        double retrained = 0.5;
        std::string variant = "assumed 0.5";
        // a model scored here has its own area beside its leakage; open-unlearning's logs have it as mia_min_k
        for (const char *id : {"muse_privleak_auc", "mia_min_k"})
            if (reference != nullptr && reference->metrics.contains(id)) {
                retrained = reference->metrics.at(id);
                variant = isPlausibleRetrainedArea(retrained) ? "reference" : "reference that looks like a memorising model";
                break;
            }
        MetricValue value{.id = info.id, .value = privacyLeakage(*area, retrained), .reason = {}, .parts = {{"auc", *area}, {"reference_auc", retrained}},
                          .variant = variant};
        if (undefined > 0)
            value.parts.emplace_back("n_undefined", static_cast<double>(undefined));
        if (inputs.inputs().spec.variant == toString(EvaluationVariant::MuseOriginal)) { // 1: the forget texts look unseen
            value.parts.emplace_back("A", 1 - *area);
            value.parts.emplace_back("reference_A", 1 - retrained);
        }
        return value;
    }
};

const MetricRegistration kMusePrivacyLeak(std::make_unique<MusePrivacyLeak>());

} // namespace

} // namespace lethe
