#pragma once

#include "eval/EvaluationSet.h"

#include <lethe/base/Export.h>
#include <lethe/eval/AnswerScores.h>
#include <lethe/eval/Metrics.h>
#include <lethe/run/Records.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lethe {

struct ReferenceScores;

/// What metrics ask the passes over one set for. Every sequence runs forward once and every prompt is generated from once,
/// whatever is asked of it.
struct Demand {
    bool answer = false, paraphrased = false, perturbed = false; ///< forward passes over these answers
    bool argmax = false;     ///< whether each token was the likeliest
    bool zScores = false;    ///< how each token stands in the whole distribution (Min-K++)
    bool generation = false;
    bool gradient = false;   ///< a backward pass a row
    void add(const Demand &other);
    bool forward() const { return answer || paraphrased || perturbed; }
};
using Demands = std::map<std::string, Demand>; ///< by set

/// What a forward pass leaves of one answer: an entry a scored token.
struct TokenTrace {
    std::vector<double> logProbabilities;
    std::vector<bool> right;     ///< empty where nobody asked
    std::vector<double> zScores; ///< empty where nobody asked
    std::optional<double> meanLoss() const; ///< nats a token; none where nothing is scored
};

/// Everything measured of one row with one model.
struct RowScores {
    std::int64_t row = 0;
    TokenTrace answer, paraphrased;
    std::vector<TokenTrace> perturbed;
    std::optional<std::string> text; ///< generated
    std::int64_t newTokens = 0;
    bool hitTokenLimit = false;
    std::optional<double> gradientNorm;

    std::vector<double> falseLosses() const; ///< mean losses of the perturbed answers; NaN where nothing is scored
};

struct SetScores {
    const EvaluationSet *set = nullptr;
    std::vector<RowScores> rows;
    std::vector<SampleRecord> *records = nullptr; ///< one a row: what metrics say of single rows goes there
};

/// What metrics are computed from. Values of other metrics are computed when they are asked for, and once.
class MetricInputs
{
public:
    MetricInputs(const std::vector<SetScores> &sets, const EvaluationInputs &inputs, const ReferenceScores *reference)
        : m_sets(sets), m_inputs(inputs), m_reference(reference)
    {
    }

    const SetScores *set(const std::string &name) const;
    const EvaluationInputs &inputs() const { return m_inputs; }
    const ReferenceScores *reference() const { return m_reference; }
    const MetricValue &value(const std::string &id);

private:
    const std::vector<SetScores> &m_sets;
    const EvaluationInputs &m_inputs;
    const ReferenceScores *m_reference;
    std::map<std::string, MetricValue> m_values;
};

/// One measure. A unit registers itself (`const MetricRegistration kRegistered(…)`), so that adding one is adding its file.
class LETHE_EXPORT Metric
{
public:
    explicit Metric(MetricManifest manifest) : m_manifest(std::move(manifest)) {}
    virtual ~Metric();

    const MetricManifest &manifest() const { return m_manifest; }
    /// What it needs from the passes. \p set: empty for a measure of the whole model.
    virtual void demand(const std::string &set, Demands &demands) const = 0;
    /// Its value under \p info's id; undefined with a reason, never a zero in its place.
    virtual MetricValue compute(const MetricInfo &info, MetricInputs &inputs) const = 0;
    /// Metrics that are asked of the reference model too, for this one to be compared with.
    virtual std::vector<std::string> comparedParts() const { return {}; }

private:
    const MetricManifest m_manifest;
};

/// A measure whose metric is the mean over a set's rows of a value of the row.
class LETHE_EXPORT RowMetric : public Metric
{
public:
    using Metric::Metric;
    MetricValue compute(const MetricInfo &info, MetricInputs &inputs) const override;
    /// None where the row has no such value: counted, never averaged. What is to be stored of the row goes into \p record.
    virtual std::optional<double> rowValue(const MetricInfo &info, const EvaluationSet &set, const RowScores &row, SampleRecord &record) const = 0;
};

struct MetricRegistration {
    explicit MetricRegistration(std::unique_ptr<Metric> metric);
};

/// What a variant scores of an answer: open-unlearning drops the last token, which it takes for the EOS.
template<typename T>
std::vector<T> scoredTokens(std::vector<T> tokens, EvaluationVariant variant)
{
    if (variant == EvaluationVariant::OpenUnlearning && !tokens.empty())
        tokens.pop_back();
    return tokens;
}
ScoreVariant scoreVariant(EvaluationVariant variant);

const Metric &metricOf(const MetricInfo &info);
MetricValue undefinedMetric(const MetricInfo &info, std::string reason);

} // namespace lethe
