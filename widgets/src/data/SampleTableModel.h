#pragma once

#include "Sample.h"
#include "SampleFilter.h"

#include <QtCore/QAbstractTableModel>

#include <vector>

namespace lethe {

class SampleAnalysis;
struct SurveyedRow;

/// One set as a table: the rows that pass the filter, in the set's order or sorted. Edits do not change it by themselves: they
/// are announced, and the page answers with an undo step that calls `replace`.
class SampleTableModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    /// A row's number in its set stands in the vertical header.
    enum Column { Prompt, Answer, Tokens, Flags, Known, Harm, ColumnCount };

    /// \p analysis may be null (then token columns show `–`); else it outlives the model.
    SampleTableModel(SetSide side, const SampleAnalysis *analysis, QObject *parent = nullptr);

    SetSide side() const { return m_side; }
    const SampleList &rows() const { return m_rows; }
    /// Takes \p removed rows of the set from \p first on out and puts \p inserted in their place.
    void replace(std::size_t first, std::size_t removed, const SampleList &inserted);

    void setFilter(const SampleFilter &filter);
    bool isFiltered() const { return !m_filter.isEmpty(); }
    void sort(int column, Qt::SortOrder order = Qt::AscendingOrder) override;

    /// Index into `rows()` of a shown row, and back (-1: not shown).
    int rowInSet(int shown) const { return m_plain ? shown : m_shown[static_cast<std::size_t>(shown)]; }
    int shownRow(quint64 key) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;
    bool setData(const QModelIndex &index, const QVariant &value, int role = Qt::EditRole) override;

    QStringList mimeTypes() const override;
    QMimeData *mimeData(const QModelIndexList &indexes) const override;
    Qt::DropActions supportedDropActions() const override { return Qt::MoveAction | Qt::CopyAction; }
    bool canDropMimeData(const QMimeData *data, Qt::DropAction action, int row, int column, const QModelIndex &parent) const override;
    bool dropMimeData(const QMimeData *data, Qt::DropAction action, int row, int column, const QModelIndex &parent) override;

    /// Counts and flags have news.
    void refreshFacts();
    /// Rows as tab-separated text: prompt, answer (and the replacement answer where a row has one).
    static QString toTsv(const SampleList &rows);
    static std::vector<DataRow> fromTsv(const QString &text);

Q_SIGNALS:
    void edited(int setRow, const lethe::DataRow &row);
    /// Rows were dropped before row \p at of the set: from the other table, or as text from elsewhere.
    void rowsDropped(int at, bool copy, const std::vector<quint64> &keys, const QString &text);

private:
    void rebuildShown();
    TokenFacts facts(const Sample &sample) const;
    unsigned flagsOf(const Sample &sample) const;
    SurveyedRow surveyed(const Sample &sample) const;
    QVariant display(const Sample &sample, Column column) const;
    QVariant toolTip(const Sample &sample, Column column) const;

    SetSide m_side;
    const SampleAnalysis *m_analysis;
    SampleList m_rows;
    SampleFilter m_filter;
    int m_sortColumn = -1; ///< below 0: the set's order
    Qt::SortOrder m_sortOrder = Qt::AscendingOrder;
    bool m_plain = true; ///< every row is shown, in the set's order: `m_shown` is empty
    std::vector<int> m_shown;
};

/// The MIME type under which rows travel between the two tables: their keys.
inline constexpr char kSampleMimeType[] = "application/x-lethe-samples";

} // namespace lethe
