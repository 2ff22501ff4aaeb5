#include "RunFilterModel.h"

#include "RunTableModel.h"

namespace lethe {

RunFilterModel::RunFilterModel(RunTableModel *runs, QObject *parent)
    : QSortFilterProxyModel(parent), m_runs(runs)
{
    setSourceModel(runs);
    setSortRole(RunTableModel::kSortRole);
    setSortCaseSensitivity(Qt::CaseInsensitive);
}

void RunFilterModel::setQuery(RunQuery query)
{
    beginResetModel();
    {
        const QSignalBlocker quiet(this);
        m_query = std::move(query);
        invalidateFilter();
    }
    endResetModel();
}

bool RunFilterModel::lessThan(const QModelIndex &left, const QModelIndex &right) const
{
    return m_runs->isBefore(left.row(), right.row(), left.column());
}

bool RunFilterModel::filterAcceptsRow(int row, const QModelIndex &) const
{
    const RunRow *run = m_runs->run(row);
    return run != nullptr && m_query.matches(*run);
}

} // namespace lethe
