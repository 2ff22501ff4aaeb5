#include "Smoothing.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lethe {

DebiasedSmoother::DebiasedSmoother(double weight)
    : m_weight(std::clamp(weight, 0.0, 0.99))
{}

double DebiasedSmoother::next(double step, double value)
{
    if (!std::isfinite(value))
        return std::numeric_limits<double>::quiet_NaN();
    if (m_weight <= 0)
        return value;
    const double distance = step - m_lastStep;
    // pow costs more than all the rest, and nearly every step is one after the last
    const double fade = m_total == 0 ? 0 : distance == 1 ? m_weight : std::pow(m_weight, std::max(0.0, distance));
    m_sum = m_sum * fade + value;
    m_total = m_total * fade + 1;
    m_lastStep = step;
    return m_sum / m_total;
}

} // namespace lethe
