#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/data/Dataset.h>
#include <lethe/eval/Metrics.h>
#include <lethe/eval/Variants.h>
#include <lethe/spec/SpecReader.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lethe {

struct Demand;
struct ReferenceScores;

/// One row of an evaluation set, with the answers that TOFU's metrics compare.
struct EvaluationRow {
    DataRow data;
    std::string paraphrased; ///< empty: none
    std::vector<std::string> perturbed;
};

/// Which answer of a row a sequence scores.
enum class AnswerField { Answer, Paraphrased, Perturbed };
struct ScoredSequence {
    std::int64_t row = 0;
    AnswerField field = AnswerField::Answer;
    std::int64_t index = 0; ///< of the perturbed answer
    EncodedSample sample;
};

/// A set as an evaluation sees it. Rows keep the index they have in the file: everything is joined by it.
struct EvaluationSet {
    std::string name;   ///< `forget`, `retain`, `ra`, `wf`, `holdout`, …: the prefix of its metrics
    std::string source; ///< the file
    std::vector<EvaluationRow> rows;
    std::vector<ScoredSequence> sequences;
    /// How it is generated from: the template's prompt, or these texts as they stand.
    std::vector<std::string> rawPrompts;
    std::optional<std::int64_t> maxNewTokens;
    std::vector<std::string> stops; ///< the generated text is cut at the first of each
    EvaluationVariant variant = EvaluationVariant::Strict;
    std::int64_t leftOut = 0; ///< rows of the file behind the variant's cap, or that training cannot use
};

/// Rows that are there to be trained on, already read and encoded.
struct TrainingRows {
    std::string name;
    std::filesystem::path file;
    const std::vector<DataRow> *rows = nullptr;
    const std::vector<EncodedSample> *samples = nullptr;
    std::int64_t leftOut = 0; ///< rows of the file that cannot be used
};

/// What an evaluation works on: which metrics, on which rows, against which reference. Read once a run, before anything is
/// trained, so that a missing field or a log of another split is refused at once.
struct EvaluationInputs {
    EvalSpec spec;
    std::vector<const MetricInfo *> metrics; ///< in the order they are reported
    std::vector<EvaluationSet> sets;
    std::shared_ptr<const ReferenceScores> reference;  ///< shared by the evaluations of a run; none until it is there
    std::filesystem::path referenceModel; ///< a folder that has yet to be scored
    std::string noReference;              ///< why there is none

    const EvaluationSet *set(const std::string &name) const;
    /// Why there is no such set: the key that would name it.
    static std::string missingSet(const std::string &name);

    using Progress = std::function<bool(std::size_t done, std::size_t total)>;
    /// InvalidInput (a field missing in a row: file, line and field named; metrics whose set is not given), the errors of
    /// `readDataset` and of the reference; Cancelled.
    LETHE_EXPORT static Result<EvaluationInputs> read(const ResolvedSpec &spec, const std::filesystem::path &modelFolder, const Tokenizer &tokenizer,
                                                      const SampleEncoder &encoder, const std::vector<TrainingRows> &training, const Progress &progress);
};

} // namespace lethe
