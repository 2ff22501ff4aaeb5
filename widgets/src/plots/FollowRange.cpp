#include "FollowRange.h"

#include <algorithm>
#include <cmath>

namespace lethe {
namespace {

constexpr double kAir = 0.05;
constexpr double kLeastFilled = 0.6;

} // namespace

AxisSpan withAir(double low, double high, bool logarithmic)
{
    if (logarithmic) {
        const AxisSpan decades = withAir(std::log10(low), std::log10(std::max(low, high)), false);
        const double least = 0.05; // of a decade: a flat curve must not fill the axis with one number
        const double middle = (decades.lower + decades.upper) / 2;
        const double half = std::max(least, (decades.upper - decades.lower) / 2);
        if (high <= low)
            return {std::pow(10.0, std::log10(low) - least), std::pow(10.0, std::log10(low) + least)};
        return {std::pow(10.0, middle - half), std::pow(10.0, middle + half)};
    }
    if (high > low) {
        const double air = (high - low) * kAir;
        return {low - air, high + air};
    }
    const double air = low == 0 ? kAir : std::abs(low) * kAir;
    return {low - air, low + air};
}

AxisSpan followed(const AxisSpan &shown, double low, double high, bool logarithmic)
{
    const bool fits = shown.lower <= low && high <= shown.upper;
    const auto length = [logarithmic](double from, double to) { return logarithmic ? std::log10(to / from) : to - from; };
    if (!fits || (logarithmic && shown.lower <= 0))
        return withAir(low, high, logarithmic);
    const AxisSpan fresh = withAir(low, high, logarithmic);
    return length(fresh.lower, fresh.upper) >= kLeastFilled * length(shown.lower, shown.upper) ? shown : fresh;
}

} // namespace lethe
