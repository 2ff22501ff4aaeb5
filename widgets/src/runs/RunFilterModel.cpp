#include "RunFilterModel.h"

#include "RunTableModel.h"

#include <utility>

namespace lethe {

RunFilterModel::RunFilterModel(RunTableModel *runs, QObject *parent)
    : QSortFilterProxyModel(parent), m_runs(runs)
{
    // Before the proxy's own connections: what it asks while it takes a change in must be of the new rows.
    const auto stale = [this] { m_isStale = m_isUnsettled = true; };
    connect(runs, &QAbstractItemModel::dataChanged, this, [this](const QModelIndex &from) {
        m_isUnsettled = true;
        if (from.column() == 0)
            m_isStale = true;
        else
            m_leadersColumn = -1; // what was read of a run besides: the tree is what it was
    });
    connect(runs, &QAbstractItemModel::rowsInserted, this, stale);
    connect(runs, &QAbstractItemModel::rowsRemoved, this, stale);
    connect(runs, &QAbstractItemModel::modelReset, this, stale);
    setSourceModel(runs);
    setSortRole(RunTableModel::kSortRole);
    setSortCaseSensitivity(Qt::CaseInsensitive);
}

void RunFilterModel::setQuery(RunQuery query)
{
    beginResetModel();
    {
        const QSignalBlocker quiet(this);
        const bool had = hasBranches();
        m_query = std::move(query);
        m_isStale = true;
        if (had || hasBranches())
            invalidate(); // what stays hangs elsewhere now
        else
            invalidateFilter();
    }
    endResetModel();
}

void RunFilterModel::setTree(bool tree)
{
    if (std::exchange(m_tree, tree) == tree)
        return;
    m_isStale = true;
    invalidate();
}

bool RunFilterModel::hasBranches() const
{
    return m_tree && lineage().any();
}

void RunFilterModel::settle()
{
    const bool has = hasBranches();
    if (std::exchange(m_isUnsettled, false) && (has || m_hadBranches))
        invalidate();
    m_hadBranches = has;
}

void RunFilterModel::setFolded(const QModelIndex &index, bool folded)
{
    const RunRow *run = m_runs->run(mapToSource(index).row());
    if (run == nullptr || isFolded(mapToSource(index).row()) == folded || !hasBranches())
        return;
    if (folded)
        m_folded.insert(run->id);
    else
        m_folded.remove(run->id);
    invalidateFilter();
    Q_EMIT dataChanged(index, index.siblingAtColumn(columnCount() - 1));
}

QModelIndex RunFilterModel::parentRun(const QModelIndex &index) const
{
    const int row = mapToSource(index).row();
    const int up = row < 0 || !hasBranches() ? -1 : lineage().parent(row);
    return up < 0 ? QModelIndex() : mapFromSource(m_runs->index(up, index.column()));
}

QVariant RunFilterModel::data(const QModelIndex &index, int role) const
{
    if ((role != kDepthRole && role != kBranchRole) || index.column() != RunTableModel::Name || !hasBranches())
        return QSortFilterProxyModel::data(index, role);
    const int row = mapToSource(index).row();
    return row < 0 ? QVariant() : role == kDepthRole ? QVariant(lineage().depth(row)) : QVariant(int(branch(row)));
}

const RunLineage &RunFilterModel::lineage() const
{
    if (std::exchange(m_isStale, false)) {
        const std::vector<RunRow> &all = m_runs->runs();
        m_lineage = RunLineage(all, [this, &all](int row) { return m_query.matches(all[static_cast<std::size_t>(row)]); });
        m_leadersColumn = -1;
    }
    return m_lineage;
}

bool RunFilterModel::isFolded(int row) const
{
    const RunRow *run = m_runs->run(row);
    return run != nullptr && m_folded.contains(run->id);
}

RunFilterModel::Branch RunFilterModel::branch(int row) const
{
    return !lineage().hasChildren(row) ? Leaf : isFolded(row) ? Folded : Open;
}

bool RunFilterModel::filterAcceptsRow(int row, const QModelIndex &) const
{
    const RunRow *run = m_runs->run(row);
    if (run == nullptr || !m_query.matches(*run))
        return false;
    if (m_tree && !m_folded.isEmpty())
        for (int up = lineage().parent(row); up >= 0; up = lineage().parent(up))
            if (isFolded(up))
                return false;
    return true;
}

bool RunFilterModel::standsBefore(int first, int second, int column) const
{
    return sortOrder() == Qt::AscendingOrder ? m_runs->isBefore(first, second, column) : m_runs->isBefore(second, first, column);
}

bool RunFilterModel::lessThan(const QModelIndex &left, const QModelIndex &right) const
{
    const int column = left.column();
    if (!hasBranches())
        return m_runs->isBefore(left.row(), right.row(), column);
    const RunLineage &tree = lineage();
    if (m_leadersColumn != column || m_leadersOrder != sortOrder()) {
        m_leaders = tree.leaders([this, column](int first, int second) { return standsBefore(first, second, column); });
        m_leadersColumn = column;
        m_leadersOrder = sortOrder();
    }
    // The proxy turns the question round where the order is descending; what stands above must not be turned with it.
    const auto above = [this, &tree, column](int first, int second) {
        const std::vector<int> one = tree.path(first), other = tree.path(second);
        std::size_t at = 0;
        while (at < one.size() && at < other.size() && one[at] == other[at])
            ++at;
        if (at == one.size() || at == other.size())
            return at == one.size() && at != other.size(); // an ancestor stands above its descendants
        const int a = m_leaders[static_cast<std::size_t>(one[at])], b = m_leaders[static_cast<std::size_t>(other[at])];
        if (standsBefore(a, b, column))
            return true;
        return !standsBefore(b, a, column) && one[at] < other[at];
    };
    return sortOrder() == Qt::AscendingOrder ? above(left.row(), right.row()) : above(right.row(), left.row());
}

} // namespace lethe
