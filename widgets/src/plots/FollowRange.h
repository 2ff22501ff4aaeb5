#pragma once

namespace lethe {

/// A stretch of an axis.
struct AxisSpan {
    double lower = 0;
    double upper = 1;
    bool operator==(const AxisSpan &) const = default;
};

/// [low, high] with 5 % of air on either side; in decades where the axis is logarithmic (then low is above 0).
/// A single value gets air of its own size.
AxisSpan withAir(double low, double high, bool logarithmic);

/// The span that an axis in *follow* shows next: \p shown as long as the values fit into it and fill at least 60 % of it,
/// else a fresh one. This keeps the axis from trembling with every point.
AxisSpan followed(const AxisSpan &shown, double low, double high, bool logarithmic);

} // namespace lethe
