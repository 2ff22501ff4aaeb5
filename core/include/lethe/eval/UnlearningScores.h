#pragma once

#include <lethe/base/Export.h>

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace lethe {

/// Scores of a whole model made from other scores (evaluation.md §3–§8). Areas are oriented so that 1 means memorised.

/// (A − A_retrained)/A_retrained · 100 % in MUSE's orientation, A = 1 − auc: 0 ideal, −100 memorised, large: over-unlearned.
LETHE_EXPORT double privacyLeakage(double area, double retrainedArea);
/// Whether an area is one that a model which never saw the forget set can have. A reference that remembers makes leakages explode.
LETHE_EXPORT bool isPlausibleRetrainedArea(double area);
/// (auc − auc_retrained)/auc_retrained · 100.
LETHE_EXPORT double relativeDifference(double area, double retrainedArea);
/// 1 − |auc − auc_retrained|/auc_retrained, within [0, 1].
LETHE_EXPORT double membershipScore(double area, double retrainedArea);

/// Composites as reconstructed by `gnueaj/unlearning-depth-score`; the published benchmark computes none.
LETHE_EXPORT std::optional<double> memorizationScore(std::span<const double> memorized); ///< HM over 1 − x: ES, EM, ParaProb, TR
LETHE_EXPORT std::optional<double> privacyScore(std::span<const std::pair<double, double>> areas); ///< HM of `membershipScore`; (auc, retrained auc)

/// Privacy of an unlearned model against a threshold attack that tells it from a retrained one (arXiv:2508.12730).
struct ForgettingScore {
    double forgetting = 1; ///< 2^−ε
    double attack = 0;     ///< 1 − forgetting
};
LETHE_EXPORT ForgettingScore forgettingScore(double falsePositiveRate, double falseNegativeRate, double delta = 1e-5);

/// Relearning: how much faster the unlearned model comes back than a retrained one learns, min(rise_retrained/rise_unlearned, 1).
/// Undefined where the unlearned model does not move.
LETHE_EXPORT std::optional<double> relearningScore(double riseRetrained, double riseUnlearned);
/// Quantisation: min(before/after, 1) of a knowledge metric.
LETHE_EXPORT std::optional<double> quantisationScore(double before, double after);
/// 1 − |x − y|/(|x| + |y|): the symmetric form of both.
LETHE_EXPORT std::optional<double> symmetricScore(double x, double y);

/// Unlearning depth of one example (arXiv:2605.24614): layers where retraining took something away, and how much of it is gone.
struct UnlearningDepth {
    std::optional<double> score; ///< none where no layer holds the knowledge
    std::vector<std::int64_t> layers;
};
LETHE_EXPORT UnlearningDepth unlearningDepth(std::span<const double> deltaRetrained, std::span<const double> deltaUnlearned, double threshold = 0.05);

/// Knowledge recovery (arXiv:2410.06606): mean over questions of 1 − loss(restored)/loss(unlearned); a question that the unlearned
/// model answers as the original does (loss 0) is left out.
LETHE_EXPORT std::optional<double> knowledgeRecovery(std::span<const double> unlearnedLoss, std::span<const double> restoredLoss);

/// Rows are examples; widths may differ.
using FeatureRows = std::vector<std::vector<double>>;
/// Centred kernel alignment (Kornblith et al. 2019). Undefined where a side is constant or the rows do not match.
LETHE_EXPORT std::optional<double> linearCka(const FeatureRows &x, const FeatureRows &y);
/// RBF kernel, σ² the median of the non-zero squared distances of each side.
LETHE_EXPORT std::optional<double> rbfCka(const FeatureRows &x, const FeatureRows &y);
/// With the unbiased estimate of HSIC (Song et al. 2012); needs four rows, may be negative.
LETHE_EXPORT std::optional<double> debiasedCka(const FeatureRows &x, const FeatureRows &y);

} // namespace lethe
