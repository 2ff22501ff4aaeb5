#include "RunLineage.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace lethe {

RunLineage::RunLineage(const std::vector<RunRow> &runs, const std::function<bool(int row)> &isShown)
    : m_parents(runs.size(), -1), m_depths(runs.size(), 0), m_hasChildren(runs.size(), false)
{
    std::unordered_map<RunId, int> rows;
    for (std::size_t row = 0; row < runs.size(); ++row)
        rows[runs[row].id] = static_cast<int>(row);
    for (std::size_t row = 0; row < runs.size(); ++row) {
        RunId below = runs[row].id;
        auto above = runs[row].modelRun;
        // A parent is older than its child: that bounds the walk, whatever an imported store says.
        while (above && *above < below) {
            const auto found = rows.find(*above);
            if (found == rows.end())
                break;
            if (isShown(found->second)) {
                m_parents[row] = found->second;
                break;
            }
            below = *above;
            above = runs[static_cast<std::size_t>(found->second)].modelRun;
        }
    }
    for (std::size_t row = 0; row < runs.size(); ++row) {
        for (int up = m_parents[row]; up >= 0; up = m_parents[static_cast<std::size_t>(up)])
            ++m_depths[row];
        if (m_parents[row] < 0 || !isShown(static_cast<int>(row)))
            continue;
        m_any = true;
        m_hasChildren[static_cast<std::size_t>(m_parents[row])] = true;
    }
}

std::vector<int> RunLineage::path(int row) const
{
    std::vector<int> rows;
    for (int at = row; at >= 0; at = parent(at))
        rows.push_back(at);
    std::ranges::reverse(rows);
    return rows;
}

std::vector<int> RunLineage::leaders(const std::function<bool(int, int)> &isBefore) const
{
    std::vector<int> best(m_parents.size()), deepestFirst(m_parents.size());
    std::iota(best.begin(), best.end(), 0);
    std::iota(deepestFirst.begin(), deepestFirst.end(), 0);
    std::ranges::stable_sort(deepestFirst, std::ranges::greater{}, [this](int row) { return depth(row); });
    for (const int row : deepestFirst) {
        const int up = parent(row);
        if (up >= 0 && isBefore(best[static_cast<std::size_t>(row)], best[static_cast<std::size_t>(up)]))
            best[static_cast<std::size_t>(up)] = best[static_cast<std::size_t>(row)];
    }
    return best;
}

} // namespace lethe
