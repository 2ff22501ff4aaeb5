#include "MetricTableModel.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtGui/QFont>
#include <QtGui/QPainter>
#include <QtGui/QPixmap>
#include <QtWidgets/QApplication>

namespace lethe {
namespace {

QPixmap columnSwatch(const QColor &color)
{
    const int size = Theme::space(3);
    QPixmap picture(size * 2, size * 2);
    picture.setDevicePixelRatio(2);
    picture.fill(Qt::transparent);
    QPainter painter(&picture);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawRoundedRect(QRectF(1, 1, size - 2, size - 2), 2, 2);
    return picture;
}

} // namespace

void MetricTableModel::setTable(MetricTable table, std::vector<RunLook> looks)
{
    beginResetModel();
    m_table = std::move(table);
    m_looks = std::move(looks);
    endResetModel();
}

int MetricTableModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_table.rows().size());
}

int MetricTableModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_table.columns().size()) + 1;
}

QVariant MetricTableModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const MetricTable::Row &row = m_table.rows()[static_cast<std::size_t>(index.row())];
    if (index.column() == 0)
        return role == Qt::DisplayRole ? QVariant(row.name) : role == Qt::ToolTipRole ? QVariant(row.id) : QVariant();
    const auto column = static_cast<std::size_t>(index.column()) - 1;
    const MetricTable::Cell &cell = row.cells[column];
    switch (role) {
    case Qt::DisplayRole: {
        QString text = MetricTable::shown(row.id, cell.value);
        if (cell.difference)
            text += QStringLiteral("   ") + MetricTable::shownDifference(row.id, *cell.difference);
        return text;
    }
    case Qt::ToolTipRole:
        if (!cell.value)
            return cell.reason;
        return (cell.difference ? tr("%1, %2 from the baseline run").arg(format::full(*cell.value), format::full(*cell.difference)) : format::full(*cell.value))
            + (cell.variant.isEmpty() ? QString() : tr("\nin the form of %1").arg(cell.variant));
    case Qt::TextAlignmentRole: return int(Qt::AlignRight | Qt::AlignVCenter);
    case Qt::FontRole:
        if (cell.best) {
            QFont bold = QApplication::font();
            bold.setBold(true);
            return bold;
        }
        break;
    case Qt::ForegroundRole:
        if (!cell.value)
            return Theme::muted();
        break;
    case Qt::AccessibleTextRole:
        return tr("%1 of %2: %3%4").arg(row.name, m_table.columns()[column].name, cell.value ? MetricTable::shown(row.id, cell.value) : cell.reason,
                                        cell.best ? tr(", best") : QString());
    default: break;
    }
    return {};
}

QVariant MetricTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (section == 0)
        return role == Qt::DisplayRole ? QVariant(tr("Metric")) : role == Qt::TextAlignmentRole ? QVariant(int(Qt::AlignLeft | Qt::AlignVCenter)) : QVariant();
    const auto at = static_cast<std::size_t>(section) - 1;
    if (at >= m_table.columns().size())
        return {};
    const MetricTable::Column &column = m_table.columns()[at];
    switch (role) {
    case Qt::DisplayRole: {
        QString text = QFontMetrics(QApplication::font()).elidedText(column.name, Qt::ElideMiddle, Theme::space(60));
        if (column.isBaseline)
            text += tr(" (baseline)");
        if (!column.collapse.isEmpty())
            text += QStringLiteral(" ⚑");
        if (!column.notComparable.isEmpty())
            text += QStringLiteral(" ≠");
        return text;
    }
    case Qt::DecorationRole: return at < m_looks.size() ? columnSwatch(m_looks[at].drawn()) : QVariant();
    case Qt::ToolTipRole: {
        QStringList lines{column.name};
        if (!column.collapse.isEmpty())
            lines.append(tr("Collapsed: %1 It never counts as best.").arg(column.collapse));
        if (!column.notComparable.isEmpty())
            lines.append(tr("Not comparable: %1").arg(column.notComparable));
        return lines.join(QLatin1Char('\n'));
    }
    case Qt::TextAlignmentRole: return int(Qt::AlignRight | Qt::AlignVCenter);
    default: break;
    }
    return {};
}

} // namespace lethe
