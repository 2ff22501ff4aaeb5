#pragma once

#include "eval/EvaluationSet.h"
#include "eval/Metric.h"
#include "model/Decoder.h"

#include <lethe/base/Result.h>
#include <lethe/run/Records.h>

#include <functional>

namespace lethe {

/// Computes the metrics of a spec on a model: the passes that they ask for, once each, then the metrics from what those left.
class LETHE_EXPORT Evaluator
{
public:
    /// All must outlive the evaluator. The reference's scores, once made, stay in \p inputs for the next evaluation.
    Evaluator(Decoder &model, const Tokenizer &tokenizer, const SampleEncoder &encoder, EvaluationInputs &inputs);

    /// False from it cancels; asked between batches and between tokens.
    using Progress = EvaluationInputs::Progress;
    /// \param wholeSets every row; else the first `eval.rows` of each set, and the record is marked as a subset.
    /// Its seconds are those of this model; what the reference took, once, is not among them.
    /// Cancelled; the reference's errors; what LibTorch threw.
    Result<EvaluationRecord> evaluate(std::int64_t step, bool wholeSets, const Progress &progress);

    void setTokensAPass(std::int64_t tokens) { m_tokensAPass = tokens; }

private:
    Result<void> scoreReference(const Progress &progress);
    Result<EvaluationRecord> measure(Decoder &model, const std::vector<const MetricInfo *> &metrics, const Demands &demands, std::int64_t limit,
                                     const ReferenceScores *reference, const Progress &progress);

    Decoder &m_model;
    const Tokenizer &m_tokenizer;
    const SampleEncoder &m_encoder;
    EvaluationInputs &m_inputs;
    std::optional<std::int64_t> m_tokensAPass;
};

} // namespace lethe
