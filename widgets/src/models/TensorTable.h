#pragma once

#include <lethe/model/ModelInfo.h>
#include <lethe/model/TensorFacts.h>

#include <QtCore/QAbstractTableModel>
#include <QtWidgets/QWidget>

#include <memory>
#include <optional>
#include <vector>

class QLineEdit;
class QSortFilterProxyModel;
class QTableView;

namespace lethe {

class TensorHistogram;

/// A model's tensors: name, shape, dtype, norm, bytes, file.
class TensorModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum class Column { Name, Shape, Dtype, Norm, Bytes, File, Count };
    static constexpr int kSortRole = Qt::UserRole;

    using QAbstractTableModel::QAbstractTableModel;
    void setInfo(std::shared_ptr<const ModelInfo> info);
    const std::shared_ptr<const ModelInfo> &info() const { return m_info; }
    /// What was read of the tensor at \p row of the model's list.
    void setFacts(std::size_t row, TensorFacts facts);
    const TensorFacts *facts(std::size_t row) const { return row < m_facts.size() && m_facts[row] ? &*m_facts[row] : nullptr; }

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::shared_ptr<const ModelInfo> m_info;
    std::vector<std::optional<TensorFacts>> m_facts; ///< read while the table is looked at
};

/// The tensors with a filter, and how the values of the chosen one are spread; a selection is copied as tab-separated text. Norms are
/// read one tensor after the other while the table is in sight.
class TensorTable final : public QWidget
{
    Q_OBJECT

public:
    explicit TensorTable(QWidget *parent = nullptr);
    void setModel(std::shared_ptr<const ModelInfo> info);

protected:
    void showEvent(QShowEvent *event) override;

private:
    void copy();
    void readNext();
    void showChosen();
    std::optional<std::size_t> chosen() const; ///< index into the model's tensors

    TensorModel *m_tensors;
    QSortFilterProxyModel *m_sorted;
    QLineEdit *m_filter;
    QTableView *m_table;
    TensorHistogram *m_histogram;
    std::vector<std::size_t> m_unread; ///< the next one last
    bool m_reading = false;
};

} // namespace lethe
