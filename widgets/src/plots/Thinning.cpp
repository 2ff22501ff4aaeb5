#include "Thinning.h"

#include <algorithm>

namespace lethe {
namespace {

/// The points of one pixel column that are kept.
class ThinningColumn
{
public:
    void add(std::uint32_t index, double value)
    {
        if (m_count++ == 0) {
            m_first = m_lowest = m_highest = m_last = index;
            m_low = m_high = value;
            return;
        }
        m_last = index;
        if (value < m_low) {
            m_low = value;
            m_lowest = index;
        }
        if (value > m_high) {
            m_high = value;
            m_highest = index;
        }
    }

    /// Hands the kept indices on in their order.
    void flush(std::vector<std::uint32_t> &out)
    {
        if (m_count == 0)
            return;
        std::uint32_t kept[] = {m_first, std::min(m_lowest, m_highest), std::max(m_lowest, m_highest), m_last};
        for (const std::uint32_t index : kept) {
            if (out.empty() || out.back() < index)
                out.push_back(index);
        }
        m_count = 0;
    }

private:
    std::size_t m_count = 0;
    std::uint32_t m_first = 0, m_lowest = 0, m_highest = 0, m_last = 0;
    double m_low = 0, m_high = 0;
};

} // namespace

std::vector<std::uint32_t> thinned(std::span<const double> x, std::span<const double> y, const ThinningWindow &window)
{
    std::vector<std::uint32_t> out;
    if (x.empty() || window.columns < 1 || !(window.upper > window.lower))
        return out;
    auto first = std::lower_bound(x.begin(), x.end(), window.lower) - x.begin();
    auto end = std::upper_bound(x.begin(), x.end(), window.upper) - x.begin();
    first = std::max<std::ptrdiff_t>(0, first - 1);
    end = std::min(static_cast<std::ptrdiff_t>(x.size()), end + 1);

    out.reserve(static_cast<std::size_t>(std::min<std::ptrdiff_t>(end - first, 4 * std::ptrdiff_t{window.columns} + 8)));
    const double width = (window.upper - window.lower) / window.columns;
    ThinningColumn column;
    bool inGap = false;
    // x is in order, so a column's points are found by its edge: one comparison a column instead of a division a point
    std::ptrdiff_t from = first;
    for (std::int64_t edge = 0; from < end; ++edge) {
        std::ptrdiff_t to = end;
        if (edge <= window.columns) {
            const double border = edge == window.columns ? window.upper : window.lower + static_cast<double>(edge) * width;
            const auto search = x.begin() + from;
            // columns of a dense curve hold about equally many points: gallop instead of searching all that is left
            std::ptrdiff_t stride = 1;
            while (from + stride < end && search[stride - 1] < border)
                stride *= 2;
            to = std::lower_bound(search, x.begin() + std::min(from + stride, end), border) - x.begin();
        }
        for (std::ptrdiff_t i = from; i < to; ++i) {
            const auto index = static_cast<std::uint32_t>(i);
            const double value = y[static_cast<std::size_t>(i)];
            if (value - value == 0) { // finite
                column.add(index, value);
                inGap = false;
                continue;
            }
            column.flush(out);
            if (!inGap)
                out.push_back(index);
            inGap = true;
        }
        column.flush(out);
        from = to;
    }
    return out;
}

} // namespace lethe
