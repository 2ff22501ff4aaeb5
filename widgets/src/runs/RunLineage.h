#pragma once

#include <lethe/store/RunStore.h>

#include <functional>
#include <vector>

namespace lethe {

/// Which run began from whose result, among the runs that are shown: a run whose parent is not shown hangs on the nearest ancestor
/// that is. Rows are those of the list it was made from.
class RunLineage
{
public:
    RunLineage() = default;
    RunLineage(const std::vector<RunRow> &runs, const std::function<bool(int row)> &isShown);

    /// Whether there is a shown run with a shown ancestor.
    bool any() const { return m_any; }
    int parent(int row) const { return m_parents[static_cast<std::size_t>(row)]; } ///< -1: none
    int depth(int row) const { return m_depths[static_cast<std::size_t>(row)]; }
    bool hasChildren(int row) const { return m_hasChildren[static_cast<std::size_t>(row)]; }
    /// From the root down to \p row itself.
    std::vector<int> path(int row) const;
    /// For every row the one of its subtree that stands first by \p isBefore, itself included.
    std::vector<int> leaders(const std::function<bool(int first, int second)> &isBefore) const;

private:
    bool m_any = false;
    std::vector<int> m_parents;
    std::vector<int> m_depths;
    std::vector<bool> m_hasChildren;
};

} // namespace lethe
