#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lethe {

/// What a plot shows of a curve: a stretch of x, and how many pixel columns it has.
struct ThinningWindow {
    double lower = 0;
    double upper = 1;
    int columns = 1;
};

/// The indices that draw the same picture as all points: of every pixel column its first, lowest, highest and last point, so
/// that spikes stay and lines enter and leave a column where they did. One point on either side of the window is kept, so
/// that lines run off the edge, and the last point is never dropped while it is in view. A value that is not finite is
/// handed on once per gap. \p x does not fall.
std::vector<std::uint32_t> thinned(std::span<const double> x, std::span<const double> y, const ThinningWindow &window);

} // namespace lethe
