#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/run/RunSession.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lethe {

/// What one forget row is to a model before anything is trained.
struct SurveyedRow {
    std::int64_t row = 0;                  ///< index into the set's rows that can be used
    std::string prompt, answer;
    // how well it is known: where nothing is, there is nothing to forget
    std::optional<double> probability;     ///< exp(−mean token loss)
    std::optional<double> rougeRecall;     ///< of the greedy answer
    std::optional<double> exactMatch;
    std::optional<double> extractionStrength;
    // what forgetting it does to the rest; none without a retain set
    std::optional<double> influence;       ///< ∇a·∇u: what a step of unit length rate up the row's loss a adds to the retain set's loss u
    std::optional<double> alignment;       ///< cosine of the two gradients: the influence without their lengths
};

/// The rows whose forgetting harms the retain set most, against sets drawn at random.
struct WorstForgetSet {
    std::vector<std::int64_t> rows; ///< the greatest influence first
    double meanInfluence = 0;
    double randomMean = 0, randomDeviation = 0; ///< of the mean influence of as many rows, over the draws
};

/// Asks the model in \p modelFolder of every row of the spec's forget set, with no training: each answer scored and generated, and
/// one gradient a row against the gradient of the retain set's mean loss. That is the change of utility to first order, so a
/// ranking for a first step; the loop of arXiv:2403.07362 retrains instead. Errors of `evaluateModel`; Cancelled.
LETHE_EXPORT Result<std::vector<SurveyedRow>> surveyForgetSet(const ResolvedSpec &spec, const std::filesystem::path &modelFolder, RunControl &control,
                                                              RunObserver &observer, int threads = 0);

/// \p count rows, or as many as have an influence. \param draws random sets of the same size, at least 3 for a deviation
LETHE_EXPORT WorstForgetSet worstForgetSet(const std::vector<SurveyedRow> &rows, std::int64_t count, std::uint64_t seed = 0, int draws = 10);

} // namespace lethe
