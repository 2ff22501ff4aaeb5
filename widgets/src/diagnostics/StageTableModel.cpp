#include "StageTableModel.h"

#include <widgets/Format.h>

#include <algorithm>
#include <cmath>

namespace lethe {

void StageTableModel::show(const ProbeResult &result)
{
    beginResetModel();
    m_result = result;
    m_metrics = result.metrics();
    endResetModel();
}

QVariant StageTableModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const QString metric = m_metrics[index.row()];
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>((index.column() == 0 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (index.column() == 0)
        return role == Qt::DisplayRole ? QVariant(format::metricName(metric)) : role == Qt::ToolTipRole ? QVariant(metric) : QVariant();
    std::optional<double> value;
    QString reason = tr("undefined");
    if (index.column() + 1 == columnCount()) {
        value = m_result.robustness(metric);
        if (role == Qt::DisplayRole)
            return format::probability(value);
    } else {
        const ProbeStage &stage = m_result.stages[static_cast<std::size_t>(index.column()) - 1];
        const auto found = std::ranges::find(stage.metrics, metric.toStdString(), &MetricValue::id);
        if (found != stage.metrics.end()) {
            value = found->value;
            if (!found->reason.empty())
                reason = QString::fromStdString(found->reason);
        }
        if (role == Qt::DisplayRole)
            return format::metric(metric, value);
    }
    if (role == Qt::ToolTipRole)
        return value ? format::full(*value) : reason;
    return {};
}

QVariant StageTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    const bool last = section + 1 == columnCount();
    if (role == Qt::ToolTipRole && last)
        return tr("From the first value to the last: 1 where no more comes back than should, 0 where all does.");
    if (role != Qt::DisplayRole)
        return {};
    if (section == 0)
        return tr("metric");
    if (last)
        return tr("robustness");
    const ProbeStage &stage = m_result.stages[static_cast<std::size_t>(section) - 1];
    return stage.series == QLatin1String("retrained") ? tr("%1, retrained").arg(stage.name) : stage.name;
}

} // namespace lethe
