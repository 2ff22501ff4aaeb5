#pragma once

#include <lethe/data/Dataset.h>

#include <QtCore/QAbstractListModel>
#include <QtCore/QAbstractTableModel>

namespace lethe {

/// The first rows of a file, by its fields; the header says what each field is used for.
class PreviewModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    using QAbstractTableModel::QAbstractTableModel;

    void setPreview(const DataPreview &preview);
    void setFields(const DataSource &fields);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    bool isUsed(int column) const;
    DataPreview m_preview;
    DataSource m_fields;
};

/// Rows that cannot be used: `line 41 – "answer" is missing`.
class RejectedModel final : public QAbstractListModel
{
    Q_OBJECT

public:
    using QAbstractListModel::QAbstractListModel;

    void setRows(const std::vector<RejectedRow> &rows);
    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;

private:
    std::vector<RejectedRow> m_rows;
};

} // namespace lethe
