#pragma once

#include <lethe/model/ModelInfo.h>

#include <QtCore/QAbstractTableModel>
#include <QtWidgets/QWidget>

#include <memory>

class QLineEdit;
class QSortFilterProxyModel;
class QTableView;

namespace lethe {

/// A model's tensors: name, shape, dtype, bytes, file.
class TensorModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum class Column { Name, Shape, Dtype, Bytes, File, Count };
    static constexpr int kSortRole = Qt::UserRole;

    using QAbstractTableModel::QAbstractTableModel;
    void setInfo(std::shared_ptr<const ModelInfo> info);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::shared_ptr<const ModelInfo> m_info;
};

/// The tensors with a filter; a selection is copied as tab-separated text.
class TensorTable final : public QWidget
{
    Q_OBJECT

public:
    explicit TensorTable(QWidget *parent = nullptr);
    void setModel(std::shared_ptr<const ModelInfo> info);

private:
    void copy();

    TensorModel *m_tensors;
    QSortFilterProxyModel *m_sorted;
    QLineEdit *m_filter;
    QTableView *m_table;
};

} // namespace lethe
