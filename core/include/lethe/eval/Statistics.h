#pragma once

#include <lethe/base/Export.h>

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace lethe {

/// Statistics that metrics are made of. Undefined is `nullopt`, never zero: an empty sample, a NaN among the values.

/// Two-sample Kolmogorov–Smirnov test, two-sided, as `scipy.stats.ks_2samp(x, y)`.
struct KsTest {
    double d = 0; ///< largest distance of the two empirical distribution functions
    double p = 1; ///< exact where both samples hold 10 000 values or fewer, else `asymptotic`
    std::int64_t n1 = 0, n2 = 0;
    /// For display: the one-sample distribution of D at round(n1·n2/(n1+n2)). Undefined where that is 0.
    std::optional<double> asymptotic;
    bool saturated() const { return d >= 1; } ///< total separation: p is the least there is for n1 and n2
    bool operator==(const KsTest &) const = default;
};
/// Infinities are legal and sort to the ends.
LETHE_EXPORT std::optional<KsTest> ksTest(std::span<const double> x, std::span<const double> y);
/// Exact p of a distance \p d between samples of \p n1 and \p n2 values, the share of lattice paths that leave the band: full
/// relative precision also at 1e−239. Costs n1·n2.
LETHE_EXPORT double ksExactP(std::int64_t n1, std::int64_t n2, double d);

/// Area under the ROC curve: P(s₁ > s₀) + ½ P(s₁ = s₀), by mid-ranks.
LETHE_EXPORT std::optional<double> auc(std::span<const double> class0, std::span<const double> class1);
/// Standard error of that area (Hanley and McNeil 1982).
LETHE_EXPORT double aucStandardError(double area, std::int64_t n0, std::int64_t n1);

/// `scipy.stats.hmean`: a zero makes it zero, a negative or NaN undefined, infinity is legal.
LETHE_EXPORT std::optional<double> harmonicMean(std::span<const double> values);
LETHE_EXPORT std::optional<double> mean(std::span<const double> values);
LETHE_EXPORT std::optional<double> median(std::vector<double> values);
/// Percentile bootstrap interval of the mean, seeded: the same values give the same interval.
LETHE_EXPORT std::optional<std::pair<double, double>> bootstrapInterval(std::span<const double> values, double level = 0.95, int draws = 1000,
                                                                        std::uint64_t seed = 0);

/// Paired right/wrong counts (McNemar 1947): the original prompt against the rephrased one.
struct McNemarTest {
    double chi2 = 0, p = 1;
    double chi2Corrected = 0, pCorrected = 1; ///< continuity-corrected
    double pExact = 1;                        ///< binomial; the one to use below 25 discordant pairs
};
LETHE_EXPORT McNemarTest mcNemar(std::int64_t rightThenWrong, std::int64_t wrongThenRight);

/// Projection of \p a onto { 0 ≤ w ≤ 1, Σ w = m } (worst-case forget sets, arXiv:2403.07362). Undefined for m outside [0, n].
LETHE_EXPORT std::optional<std::vector<double>> projectOntoCappedSimplex(std::span<const double> a, double m);

} // namespace lethe
