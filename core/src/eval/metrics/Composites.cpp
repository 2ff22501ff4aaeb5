#include "eval/Metric.h"
#include "eval/ReferenceScores.h"

#include <lethe/eval/Statistics.h>
#include <lethe/eval/UnlearningScores.h>

#include <cmath>

namespace lethe {

namespace {

/// One number of several (evaluation.md §4.4). The published benchmark names harmonic means and computes none; these are the
/// reconstruction of `gnueaj/unlearning-depth-score`. The parts stand beside the value, always.
class Composite : public Metric
{
public:
    Composite(MetricManifest manifest, std::vector<std::string> parts) : Metric(std::move(manifest)), m_parts(std::move(parts)) {}

    void demand(const std::string &, Demands &demands) const override
    {
        for (const std::string &id : m_parts) {
            const MetricInfo &info = *findMetric(id);
            metricOf(info).demand(info.set, demands);
        }
    }

    MetricValue compute(const MetricInfo &info, MetricInputs &inputs) const override
    {
        std::vector<std::pair<std::string, double>> values;
        for (const std::string &id : m_parts) {
            const MetricValue &part = inputs.value(id);
            if (!part.value)
                return undefinedMetric(info, id + " is undefined: " + part.reason);
            values.emplace_back(id, *part.value);
        }
        return combined(info, inputs, std::move(values));
    }

protected:
    using Parts = std::vector<std::pair<std::string, double>>;
    virtual MetricValue combined(const MetricInfo &info, MetricInputs &inputs, Parts parts) const = 0;

    static std::vector<double> numbersOf(const Parts &parts)
    {
        std::vector<double> numbers;
        for (const auto &[id, value] : parts)
            numbers.push_back(value);
        return numbers;
    }

    const std::vector<std::string> m_parts;
};

MetricManifest manifestOf(std::string id, std::string name, std::string summary, std::vector<std::string> needs)
{
    return {.id = std::move(id), .name = std::move(name), .summary = std::move(summary), .paper = "after OpenUnlearning, arXiv:2506.12618",
            .cost = "that of its parts", .groups = {"composite"}, .sets = {}, .needs = std::move(needs), .direction = 1};
}

/// exp(−c) / (exp(−c) + exp(−mean w)): the form of the truth ratio that the benchmark's study of metrics takes.
class TruthRatioShare final : public RowMetric
{
public:
    TruthRatioShare()
        : RowMetric({.id = "truth_ratio_prob_mean", .name = "truth ratio as a share",
                     .summary = "right answer's probability over its sum with the false ones' geometric mean", .paper = "OpenUnlearning, arXiv:2506.12618",
                     .cost = "1 forward for the right and each perturbed answer of a row", .groups = {"composite"}, .sets = {"forget"},
                     .needs = {"paraphrased_answer", "perturbed_answer"}, .direction = 1})
    {
    }
    void demand(const std::string &set, Demands &demands) const override { demands[set].add({.paraphrased = true, .perturbed = true}); }
    std::optional<double> rowValue(const MetricInfo &info, const EvaluationSet &, const RowScores &row, SampleRecord &record) const override
    {
        const auto correct = row.paraphrased.meanLoss();
        const auto share = correct ? truthRatioProbMean(*correct, row.falseLosses()) : std::nullopt;
        if (!share || std::isnan(*share))
            return std::nullopt;
        record.setValue(info.measure->id, *share);
        return share;
    }
};

class MemorizationScore final : public Composite
{
public:
    MemorizationScore()
        : Composite(manifestOf("memorization_score", "memorization score",
                               "harmonic mean of 1 − x over extraction strength, exact memorization, paraphrase probability and the truth ratio as a share",
                               {"answer", "paraphrased_answer", "perturbed_answer"}),
                    {"extraction_strength", "exact_memorization", "paraphrase_prob", "forget_truth_ratio_prob_mean"})
    {
    }

protected:
    MetricValue combined(const MetricInfo &info, MetricInputs &, Parts parts) const override
    {
        const auto score = memorizationScore(numbersOf(parts));
        if (!score)
            return undefinedMetric(info, "a part of it is above 1");
        return {.id = info.id, .value = score, .reason = {}, .parts = std::move(parts)};
    }
};

/// How near the attacks' areas are to those of a model that never saw the forget set.
class PrivacyScore final : public Composite
{
public:
    PrivacyScore()
        : Composite(manifestOf("privacy_score", "privacy score",
                               "harmonic mean of 1 − |auc − auc of a retrained model| / auc of the retrained, over the loss, zlib, Min-K and Min-K++ attacks",
                               {"answer", "holdout", "reference"}),
                    {"mia_loss", "mia_zlib", "mia_min_k", "mia_min_k_plus_plus"})
    {
    }
    std::vector<std::string> comparedParts() const override { return m_parts; }

protected:
    MetricValue combined(const MetricInfo &info, MetricInputs &inputs, Parts parts) const override
    {
        const ReferenceScores *reference = inputs.reference();
        if (reference == nullptr)
            return undefinedMetric(info, inputs.inputs().noReference);
        std::vector<std::pair<double, double>> areas;
        for (const auto &[id, area] : Parts(parts)) {
            const auto retrained = reference->metrics.find(id);
            if (retrained == reference->metrics.end())
                return undefinedMetric(info, reference->source + " has no " + id);
            areas.emplace_back(area, retrained->second);
            parts.emplace_back("reference_" + id, retrained->second);
        }
        const auto score = privacyScore(areas);
        if (!score)
            return undefinedMetric(info, "an area is undefined");
        return {.id = info.id, .value = score, .reason = {}, .parts = std::move(parts)};
    }
};

/// The paper's overall score takes utility together with a classifier's fluency, which is not computed here.
class UnlearningScore final : public Composite
{
public:
    UnlearningScore()
        : Composite(manifestOf("unlearning_score", "unlearning score", "harmonic mean of memorization score, privacy score and model utility (no classifier's fluency)",
                               {"answer", "paraphrased_answer", "perturbed_answer", "generation", "holdout", "reference"}),
                    {"memorization_score", "privacy_score", "model_utility"})
    {
    }
    std::vector<std::string> comparedParts() const override { return {"privacy_score"}; }

protected:
    MetricValue combined(const MetricInfo &info, MetricInputs &, Parts parts) const override
    {
        const auto score = harmonicMean(numbersOf(parts));
        if (!score)
            return undefinedMetric(info, "a part of it is negative");
        return {.id = info.id, .value = score, .reason = {}, .parts = std::move(parts), .variant = "without fluency"};
    }
};

const MetricRegistration kTruthRatioShare(std::make_unique<TruthRatioShare>());
const MetricRegistration kMemorizationScore(std::make_unique<MemorizationScore>());
const MetricRegistration kPrivacyScore(std::make_unique<PrivacyScore>());
const MetricRegistration kUnlearningScore(std::make_unique<UnlearningScore>());

} // namespace

} // namespace lethe
