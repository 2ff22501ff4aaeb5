#pragma once

#include "eval/Metric.h"
#include "model/Decoder.h"

#include <lethe/base/Result.h>
#include <lethe/data/Dataset.h>
#include <lethe/spec/ExperimentSpec.h>

#include <functional>
#include <vector>

namespace lethe {

/// The passes of an evaluation: every sequence of every set runs forward once, every prompt is generated from once. Sequences
/// of all sets share batches, sorted by length; what a row gets does not depend on its batch (up to rounding).
class LETHE_EXPORT SequenceScorer
{
public:
    using Progress = EvaluationInputs::Progress;

    /// All must outlive the scorer.
    SequenceScorer(Decoder &model, const Tokenizer &tokenizer, const SampleEncoder &encoder, const GenerationSpec &generations);

    /// \param limit rows of each set, the first ones. \return a list for each of \p sets, in its order, one entry a row. Cancelled.
    Result<std::vector<std::vector<RowScores>>> score(const std::vector<EvaluationSet> &sets, const Demands &demands, std::int64_t limit,
                                                      const Progress &progress);
    /// Tokens that one forward pass takes; tests make it small.
    void setTokensAPass(std::int64_t tokens) { m_tokensAPass = tokens; }

private:
    struct Job;
    bool runForward(std::vector<Job> &jobs, const Progress &progress);
    void scoreBatch(std::vector<Job *> &jobs);
    bool measureGradients(const EvaluationSet &set, std::vector<RowScores> &rows, const Progress &progress);
    Result<bool> generate(const EvaluationSet &set, std::vector<RowScores> &rows, const Progress &progress);

    Decoder &m_model;
    const Tokenizer &m_tokenizer;
    const SampleEncoder &m_encoder;
    const GenerationSpec m_generations;
    std::int64_t m_tokensAPass;
};

} // namespace lethe
