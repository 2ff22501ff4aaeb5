#pragma once

#include <lethe/base/Export.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace lethe {

/// What is said of one answer from its tokens' probabilities (evaluation.md §1.1, §2.2, §4). Losses are nats a token.
/// Where published code differs from the definition, its form is a named variant.

/// The scored tokens of one sequence: row t predicts label t+1; labels below 0 count for nothing.
struct AnswerLoss {
    double sum = 0;
    std::int64_t tokens = 0;
    std::optional<double> mean() const { return tokens > 0 ? std::optional(sum / static_cast<double>(tokens)) : std::nullopt; }
    LETHE_EXPORT std::optional<double> probability() const; ///< exp(−mean): the geometric mean of the token probabilities
};
LETHE_EXPORT AnswerLoss answerLoss(const std::vector<std::vector<double>> &logits, std::span<const std::int64_t> labels);

/// exp(−a) / (exp(−a) + Σ exp(−w)), in log space: 800 against 800 is still a fair share.
LETHE_EXPORT double optionProbability(double correct, std::span<const double> wrong);
/// open-unlearning's: in linear space, with 1e−10 in the denominator.
LETHE_EXPORT double guardedOptionProbability(double correct, std::span<const double> wrong);

/// Which mean of the false answers the truth ratio takes.
enum class TruthRatioKind {
    Geometric,     ///< exp(c − mean w): TOFU's `aggregate_eval_stat.py`, the default
    Arithmetic,    ///< mean exp(−w) / exp(−c): the paper's
    OpenUnlearning ///< exp(−mean w) / (exp(−c) + 1e−10)
};
LETHE_EXPORT std::string_view toString(TruthRatioKind kind);
/// log of false over correct. Undefined without false answers or where a loss is NaN.
LETHE_EXPORT std::optional<double> logTruthRatio(double correct, std::span<const double> wrong, TruthRatioKind kind = TruthRatioKind::Geometric);
/// Display form on forget data: min(R, 1/R).
LETHE_EXPORT double truthRatioForgetScore(double logRatio);
/// Form that utility takes: max(0, 1 − R).
LETHE_EXPORT double truthRatioUtilityScore(double logRatio);
/// exp(−c) / (exp(−c) + exp(−mean w) + 1e−10): open-unlearning's `prob_mean`.
LETHE_EXPORT std::optional<double> truthRatioProbMean(double correct, std::span<const double> wrong);

/// Share of scored tokens whose argmax is the label.
LETHE_EXPORT std::optional<double> exactMemorization(const std::vector<bool> &right);
enum class ScoreVariant {
    Strict,         ///< the definition
    OpenUnlearning, ///< extraction strength never below 1/L; nothing to score is 0
    MuseOriginal    ///< Min-K takes ⌊n·k⌋ tokens, which may be none
};
/// 1 − k/L for the smallest k from which on every argmax is right.
LETHE_EXPORT std::optional<double> extractionStrength(const std::vector<bool> &right, ScoreVariant variant = ScoreVariant::Strict);

/// −mean of the ⌊n·share⌋ (at least one) lowest values: Min-K on log-probabilities, Min-K++ on their z-scores.
LETHE_EXPORT std::optional<double> minK(std::span<const double> values, double share, ScoreVariant variant = ScoreVariant::Strict);
/// (log p(y) − μ)/σ, with mean and variance of log p(v) under p(·); the variance is at least 1e−6.
LETHE_EXPORT double minKPlusPlusScore(double logProbability, double mean, double variance);
/// The same from a whole distribution.
LETHE_EXPORT double minKPlusPlusScore(std::span<const double> probabilities, std::int64_t label);
/// Bytes of deflate (zlib, default level) of \p text.
LETHE_EXPORT std::int64_t zlibBytes(std::string_view text);

} // namespace lethe
