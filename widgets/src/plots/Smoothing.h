#pragma once

namespace lethe {

/// Causal exponential smoothing, debiased, right for uneven steps:
/// yᵢ = Σⱼ≤ᵢ w^(tᵢ−tⱼ) xⱼ / Σⱼ≤ᵢ w^(tᵢ−tⱼ), t in steps. A weight of 0 hands every value through.
class DebiasedSmoother
{
public:
    /// \param weight 0 to 0.99
    explicit DebiasedSmoother(double weight = 0);

    /// The smoothed value at \p step, which is not below the step before. A value that is not finite comes back as NaN
    /// and leaves no trace in what follows.
    double next(double step, double value);
    double weight() const { return m_weight; }

private:
    double m_weight;
    double m_sum = 0;
    double m_total = 0;
    double m_lastStep = 0;
};

} // namespace lethe
