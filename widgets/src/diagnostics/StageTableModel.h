#pragma once

#include "ProbeResult.h"

#include <QtCore/QAbstractTableModel>

namespace lethe {

/// A probe's numbers: one row a metric, one column an evaluation.
class StageTableModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    using QAbstractTableModel::QAbstractTableModel;
    void show(const ProbeResult &result);
    QString metric(int row) const { return m_metrics.value(row); }

    int rowCount(const QModelIndex &parent = {}) const override { return parent.isValid() ? 0 : static_cast<int>(m_metrics.size()); }
    int columnCount(const QModelIndex &parent = {}) const override { return parent.isValid() ? 0 : static_cast<int>(m_result.stages.size()) + 2; }
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    ProbeResult m_result;
    QStringList m_metrics;
};

} // namespace lethe
