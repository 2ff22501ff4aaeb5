#pragma once

#include "RunLineage.h"
#include "RunQuery.h"

#include <QtCore/QSet>
#include <QtCore/QSortFilterProxyModel>

namespace lethe {

class RunTableModel;

/// The runs that a query leaves, in the order of a column; as a tree, those that began from a run's result right beneath it. There a
/// family stands where its first member would, and siblings follow the column.
class RunFilterModel final : public QSortFilterProxyModel
{
    Q_OBJECT

public:
    static constexpr int kDepthRole = Qt::UserRole + 20;  ///< of the name, where the tree has branches: generations above it
    static constexpr int kBranchRole = Qt::UserRole + 21; ///< `Branch`
    enum Branch { Leaf, Open, Folded };

    explicit RunFilterModel(RunTableModel *runs, QObject *parent = nullptr);
    /// As a reset: of thousands of runs, rows that come and go one by one would stall the view. Who selects, selects anew.
    void setQuery(RunQuery query);
    void setTree(bool tree);
    bool isTree() const { return m_tree; }
    /// Whether the rows are a tree with branches, and not a list.
    bool hasBranches() const;
    /// After the runs changed: a family moves as a whole.
    void settle();
    void setFolded(const QModelIndex &index, bool folded);
    /// Invalid where there is none.
    QModelIndex parentRun(const QModelIndex &index) const;

    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;

protected:
    bool filterAcceptsRow(int row, const QModelIndex &parent) const override;
    bool lessThan(const QModelIndex &left, const QModelIndex &right) const override;

private:
    const RunLineage &lineage() const;
    bool isFolded(int row) const;
    Branch branch(int row) const;
    bool standsBefore(int first, int second, int column) const;

    RunTableModel *m_runs;
    RunQuery m_query;
    bool m_tree = false;
    QSet<qint64> m_folded; ///< runs whose descendants are hidden
    bool m_isUnsettled = false; ///< the runs changed since families were last put where they belong
    bool m_hadBranches = false;
    mutable bool m_isStale = true;
    mutable RunLineage m_lineage;
    mutable std::vector<int> m_leaders; ///< for the column and order of the last look
    mutable int m_leadersColumn = -1;
    mutable Qt::SortOrder m_leadersOrder = Qt::AscendingOrder;
};

} // namespace lethe
