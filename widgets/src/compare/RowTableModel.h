#pragma once

#include "ComparedSamples.h"

#include <QtCore/QAbstractTableModel>
#include <QtCore/QStringList>

#include <optional>
#include <vector>

namespace lethe {

/// In which order the rows of an evaluation are worth reading.
enum class RowOrder {
    WorstForgotten, ///< rows of the forget set that the model still knows best, first
    MostDamaged,    ///< rows to be kept that lost most since before the run, first
    BySet
};

/// The rows that runs were evaluated on, with one value of each run: what it ended at, or how far it moved.
class RowTableModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { Set, Row, Prompt, FirstRun };
    struct Key {
        std::string set;
        std::int64_t row = 0;
        bool operator==(const Key &) const = default;
    };

    using QAbstractTableModel::QAbstractTableModel;

    /// \p leading index into \p runs of the one that rows are sorted by.
    void show(const std::vector<RunSamples> &runs, const QString &value, RowOrder order, std::size_t leading, const QString &filter);
    const Key &key(int row) const { return m_rows[static_cast<std::size_t>(row)].key; }
    int rowOf(const Key &key) const;
    /// Of the row, in the order of the runs.
    std::optional<double> end(int row, std::size_t run) const { return m_rows[static_cast<std::size_t>(row)].ends[run]; }
    std::optional<double> change(int row, std::size_t run) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    /// All columns, at full precision.
    QString csv() const;

private:
    struct Entry {
        Key key;
        QString prompt, reference;
        std::vector<std::optional<double>> starts, ends;
    };
    std::vector<Entry> m_rows;
    QStringList m_runs;
    std::vector<RunLook> m_looks;
    QString m_value;
    RowOrder m_order = RowOrder::WorstForgotten;
};

/// Whether what a set's rows say is to be forgotten.
bool isForgetSet(const std::string &set);

} // namespace lethe
