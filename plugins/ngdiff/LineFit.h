#pragma once

#include <algorithm>
#include <cmath>

namespace lethe::ngdiff {

struct LineFitOptions {
    double maxChange = 2; ///< an estimate changes the rate by no more than this factor
    double momentum = 1;  ///< share of the estimate in the new rate
    double minimum = 0, maximum = 1;
    double noise = 1e-6; ///< smallest second difference, as a share of the loss, that is trusted
};

struct LineFit {
    double slope = 0;     ///< b
    double curvature = 0; ///< a
    bool accepted = false;
    double rate = 0; ///< the new one; the old one where the fit was not accepted
};

/// L(w − ηu) ≈ L(w) − bη + ½aη² through three losses at −η, 0 and +η; the rate goes towards its minimum b/a.
/// Source: GeN, arXiv 2407.02772.
inline LineFit fitRate(double rate, double minus, double atZero, double plus, const LineFitOptions &options)
{
    const double difference = minus - plus;
    const double second = plus + minus - 2 * atZero;
    LineFit fit{.slope = difference / (2 * rate), .curvature = second / (rate * rate), .accepted = false, .rate = rate};
    const bool finite = std::isfinite(minus) && std::isfinite(atZero) && std::isfinite(plus);
    fit.accepted = finite && difference > 0 && second > 0 && second > options.noise * std::abs(atZero);
    if (!fit.accepted)
        return fit;
    const double best = std::clamp(0.5 * rate * difference / second, rate / options.maxChange, rate * options.maxChange);
    fit.rate = std::clamp((1 - options.momentum) * rate + options.momentum * best, options.minimum, options.maximum);
    return fit;
}

} // namespace lethe::ngdiff
