#include "RunPickModel.h"

#include "live/RunWords.h"

#include <widgets/Format.h>
#include <widgets/RunLook.h>

#include <algorithm>

namespace lethe {

void RunPickModel::setRuns(std::vector<RunRow> runs, const std::vector<RunId> &picked)
{
    beginResetModel();
    m_runs = std::move(runs);
    m_picked = picked;
    endResetModel();
}

void RunPickModel::setPicked(const std::vector<RunId> &picked)
{
    m_picked = picked;
    if (!m_runs.empty())
        Q_EMIT dataChanged(index(0, Name), index(static_cast<int>(m_runs.size()) - 1, Name), {Qt::CheckStateRole});
}

int RunPickModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_runs.size());
}

int RunPickModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant RunPickModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const RunRow &run = m_runs[static_cast<std::size_t>(index.row())];
    if (index.column() == Name && role == Qt::CheckStateRole)
        return std::ranges::find(m_picked, run.id) != m_picked.end() ? Qt::Checked : Qt::Unchecked;
    if (index.column() == Name && role == Qt::DecorationRole)
        return RunLook::of(run).drawn();
    if (role == Qt::TextAlignmentRole && (index.column() == Forget || index.column() == Retain))
        return int(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    const auto change = [&run](const char *id) {
        const auto value = runwords::metricOf(run.finalMetrics, id);
        return format::metric(QString::fromLatin1(id), value);
    };
    switch (static_cast<Column>(index.column())) {
    case Name: return QString::fromStdString(run.name);
    case Status: return runwords::statusWord(run.status);
    case Method: return QString::fromStdString(run.method);
    case Forget: return change("forget_exact_match");
    case Retain: return change("retain_exact_match");
    case When: return format::ago(QString::fromStdString(run.createdAt));
    case ColumnCount: break;
    }
    return {};
}

bool RunPickModel::setData(const QModelIndex &index, const QVariant &value, int role)
{
    if (role != Qt::CheckStateRole || !checkIndex(index, CheckIndexOption::IndexIsValid) || index.column() != Name)
        return false;
    const bool on = value.toInt() == Qt::Checked;
    const RunId run = m_runs[static_cast<std::size_t>(index.row())].id;
    std::erase(m_picked, run);
    if (on)
        m_picked.push_back(run);
    Q_EMIT dataChanged(index, index, {Qt::CheckStateRole});
    Q_EMIT picked(run, on);
    return true;
}

Qt::ItemFlags RunPickModel::flags(const QModelIndex &index) const
{
    Qt::ItemFlags flags = QAbstractTableModel::flags(index);
    if (index.column() == Name)
        flags |= Qt::ItemIsUserCheckable;
    return flags;
}

QVariant RunPickModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return int((section == Forget || section == Retain ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (static_cast<Column>(section)) {
    case Name: return tr("Run");
    case Status: return tr("Status");
    case Method: return tr("Method");
    case Forget: return tr("Forget exact ↓");
    case Retain: return tr("Retain exact ↑");
    case When: return tr("Begun");
    case ColumnCount: break;
    }
    return {};
}

} // namespace lethe
