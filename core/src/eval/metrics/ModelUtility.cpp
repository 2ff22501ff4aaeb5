#include "eval/Metric.h"

#include <lethe/eval/Statistics.h>

namespace lethe {

namespace {

/// Harmonic mean of nine: probability, ROUGE-L recall and truth ratio on retain, real authors and world facts. A part that was
/// not computed leaves it undefined; a part that is zero makes it zero, and is named.
class ModelUtility final : public Metric
{
public:
    ModelUtility()
        : Metric({.id = "model_utility",
                  .name = "model utility",
                  .summary = "harmonic mean of probability, ROUGE-L recall and truth ratio on retain, real authors and world facts",
                  .paper = "TOFU, arXiv:2401.06121",
                  .cost = "that of its nine parts",
                  .groups = {"tofu"},
                  .sets = {},
                  .needs = {"paraphrased_answer (retain)", "perturbed_answer", "generation"},
                  .direction = 1})
    {
    }

    void demand(const std::string &, Demands &demands) const override
    {
        for (const std::string &id : parts()) {
            const MetricInfo &info = *findMetric(id);
            metricOf(info).demand(info.set, demands);
        }
    }

    MetricValue compute(const MetricInfo &info, MetricInputs &inputs) const override
    {
        std::vector<double> values;
        for (const std::string &id : parts()) {
            const MetricValue &part = inputs.value(id);
            if (!part.value)
                return undefinedMetric(info, id + " is undefined: " + part.reason);
            values.push_back(*part.value);
        }
        return {.id = info.id, .value = harmonicMean(values), .reason = {}};
    }

private:
    static std::vector<std::string> parts()
    {
        std::vector<std::string> ids;
        for (const char *set : {"retain", "ra", "wf"})
            for (const char *measure : {"_prob", "_rouge", "_truth_ratio"})
                ids.push_back(std::string(set) + measure);
        return ids;
    }
};

const MetricRegistration kModelUtility(std::make_unique<ModelUtility>());

} // namespace

} // namespace lethe
