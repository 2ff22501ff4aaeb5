#include "CurveData.h"

#include <algorithm>
#include <cmath>

namespace lethe {

void CurveData::append(double step, double x, double value)
{
    if (std::isfinite(value)) {
        m_low = m_hasFinite ? std::min(m_low, value) : value;
        m_high = m_hasFinite ? std::max(m_high, value) : value;
        m_hasFinite = true;
    } else {
        m_gaps.push_back(m_values.size());
    }
    m_steps.push_back(step);
    m_x.push_back(x);
    m_values.push_back(value);
    if (m_smoother.weight() > 0)
        m_smoothed.push_back(m_smoother.next(step, value));
}

void CurveData::reserve(std::size_t points)
{
    for (std::vector<double> *column : {&m_steps, &m_x, &m_values})
        column->reserve(points);
    if (m_smoother.weight() > 0)
        m_smoothed.reserve(points);
}

void CurveData::clear()
{
    const double weight = m_smoother.weight();
    *this = CurveData();
    m_smoother = DebiasedSmoother(weight);
}

void CurveData::setSmoothing(double weight)
{
    m_smoother = DebiasedSmoother(weight);
    m_smoothed.clear();
    if (m_smoother.weight() <= 0)
        return;
    m_smoothed.reserve(m_values.size());
    for (std::size_t i = 0; i < m_values.size(); ++i)
        m_smoothed.push_back(m_smoother.next(m_steps[i], m_values[i]));
}

std::optional<std::pair<double, double>> CurveData::bounds() const
{
    if (!m_hasFinite)
        return std::nullopt;
    return std::pair{m_low, m_high};
}

std::optional<std::pair<double, double>> CurveData::boundsWithin(double lower, double upper) const
{
    if (m_x.empty() || (m_x.front() >= lower && m_x.back() <= upper))
        return bounds();
    std::optional<std::pair<double, double>> found;
    const auto first = std::lower_bound(m_x.begin(), m_x.end(), lower) - m_x.begin();
    const auto end = std::upper_bound(m_x.begin(), m_x.end(), upper) - m_x.begin();
    for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(end); ++i) {
        const double value = m_values[i];
        if (!std::isfinite(value))
            continue;
        if (!found)
            found = std::pair{value, value};
        found->first = std::min(found->first, value);
        found->second = std::max(found->second, value);
    }
    return found;
}

std::optional<double> CurveData::lowestPositive() const
{
    if (m_hasFinite && m_low > 0)
        return m_low;
    std::optional<double> found;
    for (const double value : m_values) {
        if (std::isfinite(value) && value > 0 && (!found || value < *found))
            found = value;
    }
    return found;
}

std::optional<std::size_t> CurveData::nearest(double x) const
{
    if (m_x.empty())
        return std::nullopt;
    const auto after = static_cast<std::size_t>(std::lower_bound(m_x.begin(), m_x.end(), x) - m_x.begin());
    if (after == 0)
        return 0;
    if (after == m_x.size())
        return after - 1;
    return x - m_x[after - 1] <= m_x[after] - x ? after - 1 : after;
}

} // namespace lethe
