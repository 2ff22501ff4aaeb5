#include "ReadingModel.h"

#include <widgets/Format.h>

#include <algorithm>
#include <cmath>

namespace lethe {

void ReadingModel::read(const PlotPanel &panel, double x, double y)
{
    const PlotStyle style = PlotStyle::screen(panel);
    std::vector<Line> lines;
    for (const PlotCurve &curve : panel.contents().curves) {
        if (!curve.visible || curve.data->isEmpty())
            continue;
        const std::size_t at = *curve.data->nearest(x);
        const double raw = curve.data->values()[at];
        const double smooth = curve.data->smoothed()[at];
        lines.push_back({curve.name, curve.style.color(style), raw, smooth, std::isfinite(smooth) ? std::abs(smooth - y) : 1e300,
                         panel.formatted(raw), curve.data->smoothing() > 0 ? panel.formatted(smooth) : QString()});
    }
    std::ranges::stable_sort(lines, {}, &Line::distance);
    if (lines.size() == m_lines.size()) {
        m_lines = std::move(lines);
        if (!m_lines.empty())
            Q_EMIT dataChanged(index(0, 0), index(static_cast<int>(m_lines.size()) - 1, ColumnCount - 1));
        return;
    }
    beginResetModel();
    m_lines = std::move(lines);
    endResetModel();
}

void ReadingModel::clear()
{
    beginResetModel();
    m_lines.clear();
    endResetModel();
}

int ReadingModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_lines.size());
}

int ReadingModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant ReadingModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Line &line = m_lines[static_cast<std::size_t>(index.row())];
    if (role == Qt::TextAlignmentRole && index.column() != Run)
        return int(Qt::AlignRight | Qt::AlignVCenter);
    if (role == Qt::DecorationRole && index.column() == Run)
        return line.color;
    if (role == Qt::ToolTipRole)
        return index.column() == Run ? line.name : format::full(index.column() == Value ? line.raw : line.smooth);
    if (role != Qt::DisplayRole)
        return {};
    switch (static_cast<Column>(index.column())) {
    case Run: return line.name;
    case Value: return line.shownRaw;
    case Smooth: return line.shownSmooth;
    case ColumnCount: break;
    }
    return {};
}

QVariant ReadingModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return int((section == Run ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (static_cast<Column>(section)) {
    case Run: return tr("Nearest first");
    case Value: return tr("Value");
    case Smooth: return tr("Smooth");
    case ColumnCount: break;
    }
    return {};
}

} // namespace lethe
