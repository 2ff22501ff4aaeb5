#pragma once

#include <lethe/store/RunStore.h>

#include <QtCore/QAbstractTableModel>

#include <vector>

namespace lethe {

/// What of a run people may change.
struct RunEdit {
    enum class Field { Name, Tags, Note, Star, Bin };
    RunId run = 0;
    Field field = Field::Name;
    QVariant before, after; ///< QString, QStringList (tags), bool (star, bin)
};

/// The runs of the store as rows. An edit is announced, not made: who holds the undo stack makes it.
class RunTableModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { Star, Color, Name, Status, Method, Model, LearningRate, Forget, Retain, Steps, Time, Created, Tags, Note, ColumnCount };
    static constexpr int kSortRole = Qt::UserRole;

    using QAbstractTableModel::QAbstractTableModel;

    /// Rows that stay keep their place in selections; the others come and go.
    void setRuns(std::vector<RunRow> runs);
    const std::vector<RunRow> &runs() const { return m_runs; }
    /// Null where \p row is none.
    const RunRow *run(int row) const;
    int rowOf(RunId run) const; ///< -1: not here
    /// What the store has taken over, shown before it is read again.
    void apply(const RunEdit &edit);
    /// The name that settings know a column by, whatever its place.
    static QString columnId(int column);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    bool setData(const QModelIndex &index, const QVariant &value, int role = Qt::EditRole) override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;

Q_SIGNALS:
    void edited(const lethe::RunEdit &edit);

private:
    QVariant shown(const RunRow &run, int column) const;
    QVariant sortKey(const RunRow &run, int column) const;
    QVariant decoration(const RunRow &run, int column) const;
    QVariant whole(const RunRow &run, int column) const;

    std::vector<RunRow> m_runs;
};

} // namespace lethe
