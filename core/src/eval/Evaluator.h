#pragma once

#include "model/Decoder.h"

#include <lethe/base/Result.h>
#include <lethe/data/Dataset.h>
#include <lethe/run/Records.h>
#include <lethe/run/RunSession.h>

#include <functional>
#include <string>
#include <vector>

namespace lethe {

/// A set as an evaluation sees it.
struct EvaluationSet {
    std::string name; ///< `forget`, `retain`: the prefix of its metrics
    const std::vector<DataRow> *rows = nullptr;
    const std::vector<EncodedSample> *samples = nullptr;
};

/// The basic metrics of evaluation.md: answer probability (mean over rows of exp(−mean token NLL)), ROUGE-L recall (stemmed) and
/// exact match of greedy generations. A row runs forward once and is generated from once, whatever is asked of it.
class LETHE_EXPORT Evaluator
{
public:
    /// All must outlive the evaluator.
    Evaluator(Decoder &model, const Tokenizer &tokenizer, const SampleEncoder &encoder, const EvalSpec &spec);

    /// False from it cancels; asked between batches and between tokens.
    using Progress = std::function<bool(std::size_t done, std::size_t total)>;
    /// \param wholeSets every row; else the first `eval.rows` of each set, and the record is marked as a subset.
    /// Cancelled; what LibTorch threw.
    Result<EvaluationRecord> evaluate(const std::vector<EvaluationSet> &sets, std::int64_t step, bool wholeSets, const Progress &progress);

    /// The metric ids that a spec's `metrics` ask for on one set: groups spelled out. InvalidInput for an id nobody knows.
    static Result<std::vector<std::string>> metricsOf(const EvalSpec &spec);

private:
    bool wants(const std::string &metric) const;
    Result<std::vector<SampleRecord>> evaluateSet(const EvaluationSet &set, std::int64_t rows, const Progress &progress);
    bool scoreProbabilities(const EvaluationSet &set, std::int64_t rows, std::vector<SampleRecord> &records, const Progress &progress);
    Result<bool> generateAnswers(const EvaluationSet &set, std::int64_t rows, std::vector<SampleRecord> &records, const Progress &progress);

    Decoder &m_model;
    const Tokenizer &m_tokenizer;
    const SampleEncoder &m_encoder;
    EvalSpec m_spec;
};

} // namespace lethe
