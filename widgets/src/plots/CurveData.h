#pragma once

#include "Smoothing.h"

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace lethe {

/// The points of one curve in order of arrival, kept as columns: step, x (the step unless another axis was asked for), value
/// and smoothed value. Append only: what was shown does not change.
class CurveData
{
public:
    void append(double step, double value) { append(step, step, value); }
    void append(double step, double x, double value);
    /// The next point is joined with none before it: it is of another measure.
    void breakLine() { m_breaks.push_back(size()); }
    void clear();
    void reserve(std::size_t points);

    /// Smooths anew, and from here on.
    void setSmoothing(double weight);
    double smoothing() const { return m_smoother.weight(); }

    std::size_t size() const { return m_steps.size(); }
    bool isEmpty() const { return m_steps.empty(); }
    std::span<const double> steps() const { return m_steps; }
    std::span<const double> x() const { return m_x; }
    std::span<const double> values() const { return m_values; }
    /// What is drawn in front: the values themselves without smoothing.
    std::span<const double> smoothed() const { return m_smoother.weight() > 0 ? std::span<const double>(m_smoothed) : values(); }

    /// Lowest and highest finite value of all; nothing where there is none.
    std::optional<std::pair<double, double>> bounds() const;
    /// Those with x in [lower, upper].
    std::optional<std::pair<double, double>> boundsWithin(double lower, double upper) const;
    std::optional<double> lowestPositive() const;
    bool hasNonPositive() const { return m_hasFinite && m_low <= 0; }
    /// Index of the point nearest to \p x.
    std::optional<std::size_t> nearest(double x) const;
    /// Indices of the values that are not finite.
    std::span<const std::size_t> gaps() const { return m_gaps; }
    /// Indices of the points that begin a line of their own, rising.
    std::span<const std::size_t> breaks() const { return m_breaks; }

private:
    std::vector<double> m_steps, m_x, m_values, m_smoothed;
    std::vector<std::size_t> m_gaps, m_breaks;
    DebiasedSmoother m_smoother;
    bool m_hasFinite = false;
    double m_low = 0, m_high = 0;
};

} // namespace lethe
