#include "TensorTable.h"

#include "../parts/Background.h"
#include "../parts/TableLook.h"
#include "TensorHistogram.h"

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

#include <algorithm>

namespace lethe {

void TensorModel::setInfo(std::shared_ptr<const ModelInfo> info)
{
    beginResetModel();
    m_info = std::move(info);
    m_facts.assign(m_info ? m_info->tensors.size() : 0, std::nullopt);
    endResetModel();
}

void TensorModel::setFacts(std::size_t row, TensorFacts facts)
{
    if (row >= m_facts.size())
        return;
    m_facts[row] = std::move(facts);
    const QModelIndex cell = index(static_cast<int>(row), static_cast<int>(Column::Norm));
    Q_EMIT dataChanged(cell, cell);
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
    if (role == Qt::TextAlignmentRole && (column == Column::Bytes || column == Column::Shape || column == Column::Norm))
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
    case Column::Norm: {
        const TensorFacts *read = facts(static_cast<std::size_t>(index.row()));
        if (read == nullptr)
            return role == kSortRole ? QVariant(-1.0) : QVariant();
        if (role == kSortRole)
            return read->norm;
        const QString norm = role == Qt::ToolTipRole ? format::full(read->norm) : format::loss(read->norm);
        return read->notFinite > 0 ? tr("%1, %2 not finite").arg(norm, format::count(read->notFinite)) : norm;
    }
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
        const auto column = static_cast<Column>(section);
        const bool number = column == Column::Shape || column == Column::Norm || column == Column::Bytes;
        return int((number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    }
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (static_cast<Column>(section)) {
    case Column::Name: return tr("Name");
    case Column::Shape: return tr("Shape");
    case Column::Dtype: return tr("Type");
    case Column::Norm: return tr("Norm");
    case Column::Bytes: return tr("Size");
    case Column::File: return tr("File");
    case Column::Count: break;
    }
    return {};
}

TensorTable::TensorTable(QWidget *parent)
    : QWidget(parent), m_tensors(new TensorModel(this)), m_sorted(new QSortFilterProxyModel(this)), m_filter(new QLineEdit(this)),
      m_table(new QTableView(this)), m_histogram(new TensorHistogram(this))
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
    m_table->setColumnWidth(3, letter * 10);
    m_table->setColumnWidth(4, letter * 12);
    fitHeaders(m_table);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(0, Theme::space(3), 0, 0);
    all->setSpacing(Theme::space(2));
    all->addWidget(m_filter);
    all->addWidget(m_table, 1);
    all->addWidget(m_histogram);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &TensorTable::showChosen);
    connect(m_filter, &QLineEdit::textChanged, m_sorted, &QSortFilterProxyModel::setFilterFixedString);
    connect(new QShortcut(QKeySequence::Copy, m_table, nullptr, nullptr, Qt::WidgetShortcut), &QShortcut::activated, this, &TensorTable::copy);
}

void TensorTable::setModel(std::shared_ptr<const ModelInfo> info)
{
    const bool other = m_tensors->info() != info;
    if (!other)
        return;
    m_tensors->setInfo(std::move(info));
    m_unread.clear();
    for (std::size_t row = m_tensors->info() ? m_tensors->info()->tensors.size() : 0; row > 0; --row)
        m_unread.push_back(row - 1);
    if (!m_unread.empty())
        m_table->setCurrentIndex(m_sorted->index(0, 0));
    showChosen();
    readNext();
}

void TensorTable::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    readNext();
}

std::optional<std::size_t> TensorTable::chosen() const
{
    const QModelIndex current = m_sorted->mapToSource(m_table->currentIndex());
    return current.isValid() ? std::optional(static_cast<std::size_t>(current.row())) : std::nullopt;
}

void TensorTable::showChosen()
{
    const auto row = chosen();
    if (!row || !m_tensors->info()) {
        m_histogram->clear();
        return;
    }
    const QString name = QString::fromStdString(m_tensors->info()->tensors[*row].name);
    if (const TensorFacts *facts = m_tensors->facts(*row)) {
        m_histogram->setFacts(name, *facts);
        return;
    }
    m_histogram->setPending(name);
    if (const auto waiting = std::find(m_unread.begin(), m_unread.end(), *row); waiting != m_unread.end()) {
        m_unread.erase(waiting); // the one that is looked at comes first
        m_unread.push_back(*row);
    } else if (!m_reading) {
        m_histogram->setFailure(tr("Its values could not be read."));
    }
    readNext();
}

void TensorTable::readNext()
{
    if (m_reading || m_unread.empty() || !isVisible())
        return;
    m_reading = true;
    const std::size_t row = m_unread.back();
    m_unread.pop_back();
    const std::shared_ptr<const ModelInfo> info = m_tensors->info();
    inBackground(this, [info, row] {
        return std::make_shared<Result<TensorFacts>>(readTensorFacts(info->folder, info->tensors[row].file, info->tensors[row].name));
    }, [this, info, row](const std::shared_ptr<Result<TensorFacts>> &read) {
        m_reading = false;
        if (info == m_tensors->info()) {
            if (read->ok())
                m_tensors->setFacts(row, std::move(**read));
            if (chosen() == row && read->ok())
                m_histogram->setFacts(QString::fromStdString(info->tensors[row].name), *m_tensors->facts(row));
            else if (chosen() == row)
                m_histogram->setFailure(QString::fromStdString(read->error().message()));
        }
        readNext();
    });
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
