#pragma once

#include "MetricTable.h"

#include <widgets/RunLook.h>

#include <QtCore/QAbstractTableModel>

namespace lethe {

/// The metric table for a view: first column the metric, then one a run; a cell shows the value and the difference from the
/// baseline run, the best one bold.
class MetricTableModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    using QAbstractTableModel::QAbstractTableModel;

    void setTable(MetricTable table, std::vector<RunLook> looks);
    const MetricTable &table() const { return m_table; }

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    MetricTable m_table;
    std::vector<RunLook> m_looks;
};

} // namespace lethe
