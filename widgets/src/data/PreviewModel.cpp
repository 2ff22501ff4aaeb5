#include "PreviewModel.h"

#include "../parts/Text.h"

#include <widgets/Theme.h>

#include <QtGui/QFont>

namespace lethe {

void PreviewModel::setPreview(const DataPreview &preview)
{
    beginResetModel();
    m_preview = preview;
    endResetModel();
}

void PreviewModel::setFields(const DataSource &fields)
{
    m_fields = fields;
    if (columnCount() > 0) {
        Q_EMIT headerDataChanged(Qt::Horizontal, 0, columnCount() - 1);
        if (rowCount() > 0)
            Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    }
}

int PreviewModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_preview.rows.size());
}

int PreviewModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_preview.fields.size());
}

bool PreviewModel::isUsed(int column) const
{
    const std::string &field = m_preview.fields[static_cast<std::size_t>(column)];
    return field == m_fields.prompt || field == m_fields.answer || (!m_fields.alternate.empty() && field == m_fields.alternate);
}

QVariant PreviewModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const auto &row = m_preview.rows[static_cast<std::size_t>(index.row())];
    if (role == Qt::ForegroundRole)
        return isUsed(index.column()) ? QVariant() : QVariant(Theme::muted());
    if ((role != Qt::DisplayRole && role != Qt::ToolTipRole) || static_cast<std::size_t>(index.column()) >= row.size())
        return {};
    QString text = toQt(std::string_view(row[static_cast<std::size_t>(index.column())]).substr(0, 2000));
    return role == Qt::ToolTipRole ? text : text.left(300).replace(u'\n', QStringLiteral(" ⏎ "));
}

QVariant PreviewModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation == Qt::Vertical)
        return role == Qt::DisplayRole ? QVariant(section + 1) : QVariant();
    if (section < 0 || section >= columnCount())
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::Alignment(Qt::AlignLeft | Qt::AlignVCenter));
    if (role != Qt::DisplayRole)
        return {};
    const std::string &field = m_preview.fields[static_cast<std::size_t>(section)];
    const QString name = toQt(std::string_view(field));
    if (field == m_fields.prompt)
        return tr("%1 → prompt").arg(name);
    if (field == m_fields.answer)
        return tr("%1 → answer").arg(name);
    if (!m_fields.alternate.empty() && field == m_fields.alternate)
        return tr("%1 → replacement").arg(name);
    return name;
}

void RejectedModel::setRows(const std::vector<RejectedRow> &rows)
{
    beginResetModel();
    m_rows = rows;
    endResetModel();
}

int RejectedModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

QVariant RejectedModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid) || (role != Qt::DisplayRole && role != Qt::ToolTipRole))
        return {};
    const RejectedRow &row = m_rows[static_cast<std::size_t>(index.row())];
    return tr("line %L1 – %2").arg(row.line).arg(toQt(std::string_view(row.reason)));
}

} // namespace lethe
