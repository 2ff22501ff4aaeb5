#pragma once

#include <lethe/store/RunStore.h>

#include <QtCore/QAbstractTableModel>
#include <QtCore/QStringList>

#include <vector>

namespace lethe {

class RunExtras;

/// What of a run people may change.
struct RunEdit {
    enum class Field { Name, Tags, Note, Star, Color, Bin };
    RunId run = 0;
    Field field = Field::Name;
    QVariant before, after; ///< QString (name, note, colour), QStringList (tags), bool (star, bin)
};

/// The runs of the store as rows. An edit is announced, not made: who holds the undo stack makes it.
class RunTableModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { Star, Color, Name, Status, Method, Model, LearningRate, Forget, Retain, Loss, Steps, Time, Created, Tags, Note, ColumnCount };
    static constexpr int kSortRole = Qt::UserRole;
    static constexpr int kCurveRole = Qt::UserRole + 1; ///< QList<double>: the loss, thinned
    static constexpr int kColorRole = Qt::UserRole + 2; ///< the run's, as drawn
    static constexpr int kShareRole = Qt::UserRole + 3; ///< of the steps that are done, where not all are

    using QAbstractTableModel::QAbstractTableModel;

    /// Where settings and curves come from; without it those columns stay empty. Outlives the model.
    void setExtras(RunExtras *extras);
    /// Columns behind the usual ones, by id: `metric:forget_prob`, `setting:training.batch_size`.
    void setMoreColumns(const QStringList &ids);
    const QStringList &moreColumns() const { return m_more; }
    /// Whether the first run stands before the second by \p column, ascending.
    bool isBefore(int first, int second, int column) const;
    bool showsBin() const { return m_showsBin; }
    /// Whether the rows are those of the bin: a run that is restored leaves them.
    void setShowsBin(bool shows) { m_showsBin = shows; }

    /// Rows that stay keep their place in selections; the others come and go.
    void setRuns(std::vector<RunRow> runs);
    const std::vector<RunRow> &runs() const { return m_runs; }
    /// Null where \p row is none.
    const RunRow *run(int row) const;
    int rowOf(RunId run) const; ///< -1: not here
    /// What the store has taken over, shown before it is read again.
    void apply(const RunEdit &edit);
    /// The name that settings know a column by, whatever its place.
    QString columnId(int column) const;
    int columnOf(const QString &id) const; ///< -1: there is none

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

    QString moreText(const RunRow &run, int column) const;
    std::optional<double> moreNumber(const RunRow &run, int column) const;

    std::vector<RunRow> m_runs;
    QStringList m_more;
    RunExtras *m_extras = nullptr;
    bool m_showsBin = false;
};

} // namespace lethe
