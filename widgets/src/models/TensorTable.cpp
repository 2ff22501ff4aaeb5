#include "TensorTable.h"

#include "../parts/TableLook.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtCore/QSortFilterProxyModel>
#include <QtGui/QClipboard>
#include <QtGui/QGuiApplication>
#include <QtGui/QShortcut>
#include <QtWidgets/QHeaderView>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QTableView>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

void TensorModel::setInfo(std::shared_ptr<const ModelInfo> info)
{
    beginResetModel();
    m_info = std::move(info);
    endResetModel();
}

int TensorModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() || !m_info ? 0 : static_cast<int>(m_info->tensors.size());
}

int TensorModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(Column::Count);
}

QVariant TensorModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const TensorInfo &tensor = m_info->tensors[static_cast<std::size_t>(index.row())];
    const auto column = static_cast<Column>(index.column());
    if (role == Qt::TextAlignmentRole && (column == Column::Bytes || column == Column::Shape))
        return int(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole && role != kSortRole)
        return {};
    switch (column) {
    case Column::Name: return QString::fromStdString(tensor.name);
    case Column::Shape: {
        if (role == kSortRole) {
            qlonglong count = 1;
            for (const std::int64_t side : tensor.shape)
                count *= side;
            return count;
        }
        QStringList sides;
        for (const std::int64_t side : tensor.shape)
            sides << QString::number(side);
        return sides.join(QStringLiteral(" × "));
    }
    case Column::Dtype: return QString::fromStdString(tensor.dtype);
    case Column::Bytes:
        return role == Qt::DisplayRole ? QVariant(format::bytes(static_cast<std::int64_t>(tensor.bytes))) : QVariant(qulonglong(tensor.bytes));
    case Column::File: return QString::fromStdString(tensor.file);
    case Column::Count: break;
    }
    return {};
}

QVariant TensorModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation == Qt::Horizontal && role == Qt::TextAlignmentRole) {
        const bool number = static_cast<Column>(section) == Column::Shape || static_cast<Column>(section) == Column::Bytes;
        return int((number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    }
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (static_cast<Column>(section)) {
    case Column::Name: return tr("Name");
    case Column::Shape: return tr("Shape");
    case Column::Dtype: return tr("Type");
    case Column::Bytes: return tr("Size");
    case Column::File: return tr("File");
    case Column::Count: break;
    }
    return {};
}

TensorTable::TensorTable(QWidget *parent)
    : QWidget(parent), m_tensors(new TensorModel(this)), m_sorted(new QSortFilterProxyModel(this)), m_filter(new QLineEdit(this)),
      m_table(new QTableView(this))
{
    m_sorted->setSourceModel(m_tensors);
    m_sorted->setSortRole(TensorModel::kSortRole);
    m_sorted->setFilterKeyColumn(-1);
    m_sorted->setFilterCaseSensitivity(Qt::CaseInsensitive);
    m_filter->setPlaceholderText(tr("Filter tensors by name, shape or type"));
    m_filter->setAccessibleName(tr("Filter tensors"));
    m_filter->setClearButtonEnabled(true);
    m_table->setObjectName(QStringLiteral("tensorTable"));
    m_table->setAccessibleName(tr("Tensors"));
    m_table->setModel(m_sorted);
    m_table->setSortingEnabled(true);
    m_table->horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setShowGrid(false);
    m_table->setAlternatingRowColors(true);
    m_table->setWordWrap(false);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(Theme::space(7));
    m_table->horizontalHeader()->setStretchLastSection(true);
    m_table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    const int letter = fontMetrics().averageCharWidth();
    m_table->setColumnWidth(0, letter * 44);
    m_table->setColumnWidth(1, letter * 15);
    m_table->setColumnWidth(2, letter * 8);
    m_table->setColumnWidth(3, letter * 12);
    fitHeaders(m_table);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(0, Theme::space(3), 0, 0);
    all->setSpacing(Theme::space(2));
    all->addWidget(m_filter);
    all->addWidget(m_table, 1);
    connect(m_filter, &QLineEdit::textChanged, m_sorted, &QSortFilterProxyModel::setFilterFixedString);
    connect(new QShortcut(QKeySequence::Copy, m_table, nullptr, nullptr, Qt::WidgetShortcut), &QShortcut::activated, this, &TensorTable::copy);
}

void TensorTable::setModel(std::shared_ptr<const ModelInfo> info)
{
    m_tensors->setInfo(std::move(info));
}

void TensorTable::copy()
{
    QStringList lines;
    for (int row = 0; row < m_sorted->rowCount(); ++row) {
        if (!m_table->selectionModel()->isRowSelected(row))
            continue;
        QStringList cells;
        for (int column = 0; column < m_sorted->columnCount(); ++column)
            cells << m_sorted->index(row, column).data(Qt::ToolTipRole).toString();
        lines << cells.join(QLatin1Char('\t'));
    }
    QGuiApplication::clipboard()->setText(lines.join(QLatin1Char('\n')));
}

} // namespace lethe
