#pragma once

#include "RunQuery.h"

#include <QtCore/QSortFilterProxyModel>

namespace lethe {

class RunTableModel;

/// The runs that a query leaves, in the order of a column.
class RunFilterModel final : public QSortFilterProxyModel
{
    Q_OBJECT

public:
    explicit RunFilterModel(RunTableModel *runs, QObject *parent = nullptr);
    /// As a reset: of thousands of runs, rows that come and go one by one would stall the view. Who selects, selects anew.
    void setQuery(RunQuery query);

protected:
    bool filterAcceptsRow(int row, const QModelIndex &parent) const override;
    bool lessThan(const QModelIndex &left, const QModelIndex &right) const override;

private:
    RunTableModel *m_runs;
    RunQuery m_query;
};

} // namespace lethe
