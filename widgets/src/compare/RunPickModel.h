#pragma once

#include <lethe/store/RunStore.h>

#include <QtCore/QAbstractTableModel>

#include <vector>

namespace lethe {

/// The runs of the store with a tick for those that are compared.
class RunPickModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { Name, Status, Method, Forget, Retain, When, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;

    void setRuns(std::vector<RunRow> runs, const std::vector<RunId> &picked);
    void setPicked(const std::vector<RunId> &picked);
    const std::vector<RunRow> &runs() const { return m_runs; }

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    bool setData(const QModelIndex &index, const QVariant &value, int role) override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

Q_SIGNALS:
    void picked(qint64 run, bool on);

private:
    std::vector<RunRow> m_runs;
    std::vector<RunId> m_picked;
};

} // namespace lethe
