#include "RunTableModel.h"

#include "../experiment/JsonPath.h"
#include "../parts/Text.h"

#include <widgets/Format.h>
#include <widgets/RunLook.h>
#include <widgets/Theme.h>

#include <QtCore/QDateTime>

#include <algorithm>
#include <filesystem>

namespace lethe {

namespace {

using Kind = RunColumn::Kind;
const QString kNone = QStringLiteral("–");

bool isActive(RunStatus status)
{
    return status == RunStatus::Running || status == RunStatus::Paused || status == RunStatus::Queued;
}

bool isNumber(Kind kind)
{
    return kind == Kind::Rate || kind == Kind::Steps || kind == Kind::Time || kind == Kind::Speed || kind == Kind::Memory || kind == Kind::Metric;
}

QString arrow(int direction)
{
    return direction < 0 ? QStringLiteral(" ↓") : direction > 0 ? QStringLiteral(" ↑") : QString();
}

} // namespace

QString statusIcon(RunStatus status)
{
    switch (status) {
    case RunStatus::Queued: return QStringLiteral("queue");
    case RunStatus::Running: return QStringLiteral("play");
    case RunStatus::Paused: return QStringLiteral("pause");
    case RunStatus::Done: return QStringLiteral("success");
    case RunStatus::Stopped: return QStringLiteral("stop");
    case RunStatus::Cancelled: return QStringLiteral("close");
    case RunStatus::Failed: return QStringLiteral("error");
    case RunStatus::Interrupted: return QStringLiteral("bolt");
    }
    return {};
}

QColor statusColor(RunStatus status)
{
    switch (status) {
    case RunStatus::Running: return Theme::accent();
    case RunStatus::Done: return Theme::success();
    case RunStatus::Failed: return Theme::error();
    case RunStatus::Interrupted:
    case RunStatus::Paused: return Theme::warning();
    default: return Theme::muted();
    }
}

RunTableModel::RunTableModel(QObject *parent) : QAbstractTableModel(parent)
{
    const auto add = [this](Kind kind, const char *id, const char *key = "") { m_columns.push_back({kind, QLatin1String(id), QLatin1String(key)}); };
    add(Kind::Star, "star");
    add(Kind::Color, "color");
    add(Kind::Name, "name");
    add(Kind::Status, "status");
    add(Kind::Method, "method");
    add(Kind::Model, "model");
    add(Kind::Rate, "lr");
    add(Kind::SetMetric, "forget", "forget");
    add(Kind::SetMetric, "retain", "retain");
    add(Kind::Steps, "steps");
    add(Kind::Time, "time");
    add(Kind::Created, "created");
    add(Kind::Tags, "tags");
    add(Kind::Note, "note");
    add(Kind::Speed, "speed");
    add(Kind::Memory, "memory");
    add(Kind::Device, "device");
    add(Kind::Parent, "parent");
    m_wantedTimer.setSingleShot(true);
    m_wantedTimer.setInterval(40);
    connect(&m_wantedTimer, &QTimer::timeout, this, [this] { Q_EMIT curvesWanted(std::exchange(m_wanted, {})); });
}

bool RunTableModel::isShownAtFirst(const QString &columnId)
{
    static const QStringList kHidden{QStringLiteral("speed"), QStringLiteral("memory"), QStringLiteral("device"), QStringLiteral("parent")};
    return !kHidden.contains(columnId) && (!columnId.contains(u':') || columnId == QLatin1String("metric:model_utility"));
}

const RunRow *RunTableModel::run(RunId id) const
{
    const int row = rowOf(id);
    return row < 0 ? nullptr : &m_runs[static_cast<std::size_t>(row)];
}

int RunTableModel::rowOf(RunId id) const
{
    return m_rowOf.value(id, -1);
}

int RunTableModel::columnOf(const QString &id) const
{
    const auto found = std::ranges::find(m_columns, id, &RunColumn::id);
    return found == m_columns.end() ? -1 : static_cast<int>(found - m_columns.begin());
}

void RunTableModel::setRuns(std::vector<RunRow> runs)
{
    const auto index = [this] {
        m_rowOf.clear();
        for (std::size_t row = 0; row < m_runs.size(); ++row)
            m_rowOf.insert(m_runs[row].id, static_cast<int>(row));
    };
    // The usual news: rows that changed, and new ones in front.
    const std::size_t fresh = runs.size() >= m_runs.size() ? runs.size() - m_runs.size() : 0;
    const bool extends = runs.size() >= m_runs.size() && !m_runs.empty()
        && std::equal(m_runs.begin(), m_runs.end(), runs.begin() + static_cast<std::ptrdiff_t>(fresh), [](const RunRow &a, const RunRow &b) { return a.id == b.id; });
    if (!extends) {
        beginResetModel();
        m_runs = std::move(runs);
        index();
        endResetModel();
    } else {
        if (fresh > 0) {
            beginInsertRows({}, 0, static_cast<int>(fresh) - 1);
            m_runs.insert(m_runs.begin(), runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(fresh));
            index();
            endInsertRows();
        }
        for (std::size_t row = fresh; row < runs.size(); ++row)
            if (m_runs[row] != runs[row]) {
                m_runs[row] = std::move(runs[row]);
                Q_EMIT dataChanged(this->index(static_cast<int>(row), 0), this->index(static_cast<int>(row), columnCount() - 1));
            }
    }
    addMetricColumns();
}

void RunTableModel::addColumns(Kind kind, const QString &prefix, const QStringList &keys)
{
    if (keys.isEmpty())
        return;
    beginInsertColumns({}, columnCount(), columnCount() + static_cast<int>(keys.size()) - 1);
    for (const QString &key : keys)
        m_columns.push_back({kind, prefix + key, key});
    endInsertColumns();
    Q_EMIT columnsChanged();
}

void RunTableModel::addMetricColumns()
{
    QStringList missing;
    for (const RunRow &run : m_runs)
        for (const MetricValue &metric : run.finalMetrics)
            if (const QString id = toQt(std::string_view(metric.id)); !missing.contains(id) && columnOf(QStringLiteral("metric:") + id) < 0)
                missing.append(id);
    addColumns(Kind::Metric, QStringLiteral("metric:"), missing);
}

void RunTableModel::replace(const RunRow &run)
{
    const int row = rowOf(run.id);
    if (row < 0)
        return;
    m_runs[static_cast<std::size_t>(row)] = run;
    Q_EMIT dataChanged(index(row, 0), index(row, columnCount() - 1));
}

void RunTableModel::setSpecs(QHash<RunId, SpecLeaves> specs)
{
    m_specs = std::move(specs);
    QStringList missing;
    for (const SpecLeaves &leaves : std::as_const(m_specs))
        for (auto leaf = leaves.begin(); leaf != leaves.end(); ++leaf)
            if (!missing.contains(leaf.key()) && columnOf(QStringLiteral("spec:") + leaf.key()) < 0)
                missing.append(leaf.key());
    missing.sort();
    addColumns(Kind::Spec, QStringLiteral("spec:"), missing);
    if (!m_runs.empty())
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
}

const SpecLeaves &RunTableModel::spec(RunId id) const
{
    static const SpecLeaves kUnread;
    const auto found = m_specs.constFind(id);
    return found == m_specs.cend() ? kUnread : *found;
}

void RunTableModel::setCurve(RunId run, const QString &metric, std::vector<double> values, std::int64_t atStep)
{
    m_curves[run][metric] = {std::move(values), atStep};
    if (const int row = rowOf(run); row >= 0)
        Q_EMIT dataChanged(index(row, 0), index(row, columnCount() - 1), {CurveRole});
}

int RunTableModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_runs.size());
}

int RunTableModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_columns.size());
}

QVariant RunTableModel::display(const RunRow &run, const RunColumn &column) const
{
    switch (column.kind) {
    case Kind::Star: return run.starred ? QStringLiteral("★") : QString();
    case Kind::Color: return {};
    case Kind::Name: return toQt(std::string_view(run.name));
    case Kind::Status:
        return run.status == RunStatus::Failed && !run.failure.empty() ? statusWord(run.status) + QStringLiteral(": ") + toQt(std::string_view(run.failure))
                                                                       : statusWord(run.status);
    case Kind::Method: return toQt(std::string_view(run.method));
    case Kind::Model: return pathText(std::filesystem::path(run.model).filename());
    case Kind::Rate: return run.learningRate > 0 ? numberText(run.learningRate) : kNone;
    case Kind::SetMetric: {
        const QString id = mainMetric(run.finalMetrics, column.key);
        return format::metric(id, metricOf(run.finalMetrics, id));
    }
    case Kind::Metric: return format::metric(column.key, metricOf(run.finalMetrics, column.key));
    case Kind::Steps: return run.plannedSteps > 0 ? QStringLiteral("%1/%2").arg(run.steps).arg(run.plannedSteps) : QString::number(run.steps);
    case Kind::Time: return run.seconds > 0 ? format::duration(run.seconds) : kNone;
    case Kind::Created: return format::ago(toQt(std::string_view(run.createdAt)));
    case Kind::Tags: return toQt(run.tags).join(QStringLiteral(", "));
    case Kind::Note: return toQt(std::string_view(run.note)).replace(u'\n', u' ');
    case Kind::Speed: return run.tokensPerSecond > 0 ? format::rate(run.tokensPerSecond, tr("tok/s")) : kNone;
    case Kind::Memory: return run.peakMemoryBytes > 0 ? format::bytes(run.peakMemoryBytes) : kNone;
    case Kind::Device: return toQt(std::string_view(run.device));
    case Kind::Parent: {
        if (!run.parent)
            return kNone;
        const RunRow *parent = this->run(*run.parent);
        return parent ? toQt(std::string_view(parent->name)) : tr("run %1").arg(*run.parent);
    }
    case Kind::Spec: {
        const QJsonValue value = spec(run.id).value(column.key, QJsonValue(QJsonValue::Undefined));
        return value.isUndefined() ? kNone : value.isString() ? value.toString() : jsonText(value);
    }
    }
    return {};
}

QVariant RunTableModel::sortValue(const RunRow &run, const RunColumn &column) const
{
    constexpr double kLast = 1e300; // what is undefined stands behind all numbers
    switch (column.kind) {
    case Kind::Star: return run.starred ? 0 : 1;
    case Kind::Color: return toQt(std::string_view(run.color));
    case Kind::Status: return static_cast<int>(run.status);
    case Kind::Rate: return run.learningRate;
    case Kind::SetMetric: return metricOf(run.finalMetrics, mainMetric(run.finalMetrics, column.key)).value_or(kLast);
    case Kind::Metric: return metricOf(run.finalMetrics, column.key).value_or(kLast);
    case Kind::Steps: return static_cast<qlonglong>(run.steps);
    case Kind::Time: return run.seconds;
    case Kind::Created: return toQt(std::string_view(run.createdAt));
    case Kind::Speed: return run.tokensPerSecond;
    case Kind::Memory: return static_cast<qlonglong>(run.peakMemoryBytes);
    case Kind::Parent: return static_cast<qlonglong>(run.parent.value_or(0));
    case Kind::Spec: {
        const QJsonValue value = spec(run.id).value(column.key);
        return value.isDouble() ? QVariant(value.toDouble()) : display(run, column);
    }
    default: return display(run, column);
    }
}

QVariant RunTableModel::toolTip(const RunRow &run, const RunColumn &column) const
{
    const auto metric = [&run](const QString &id) {
        const auto value = metricOf(run.finalMetrics, id);
        if (!value) {
            const auto found = std::ranges::find(run.finalMetrics, toStd(id), &MetricValue::id);
            return found != run.finalMetrics.end() && !found->reason.empty() ? toQt(std::string_view(found->reason)) : tr("Not measured.");
        }
        const auto before = metricOf(run.baseMetrics, id);
        return id + QStringLiteral(" = ") + format::full(*value) + (before ? u'\n' + tr("before the run: %1").arg(format::full(*before)) : QString());
    };
    switch (column.kind) {
    case Kind::SetMetric: return metric(mainMetric(run.finalMetrics, column.key));
    case Kind::Metric: return metric(column.key);
    case Kind::Rate: return format::full(run.learningRate);
    case Kind::Created: return toQt(std::string_view(run.createdAt));
    case Kind::Model: return toQt(std::string_view(run.model));
    case Kind::Note: return toQt(std::string_view(run.note));
    case Kind::Color: return tr("Colour of this run's curves; double click to choose");
    case Kind::Star: return run.starred ? tr("Starred; click to remove the star") : tr("Click to star");
    default: return display(run, column);
    }
}

QVariant RunTableModel::curve(const RunRow &run, const RunColumn &column) const
{
    if (column.kind != Kind::SetMetric)
        return {};
    const QString metric = mainMetric(run.finalMetrics, column.key);
    const auto curves = m_curves.constFind(run.id);
    const Curve *known = nullptr;
    if (curves != m_curves.cend())
        if (const auto found = curves->constFind(metric); found != curves->cend())
            known = &*found;
    const bool stale = !known || (isActive(run.status) && known->atStep != run.steps);
    if (stale && run.steps > 0 && !m_wanted.contains(run.id)) {
        m_wanted.append(run.id);
        m_wantedTimer.start();
    }
    return known ? QVariant::fromValue(QList<double>(known->values.begin(), known->values.end())) : QVariant();
}

QVariant RunTableModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const RunRow &run = m_runs[static_cast<std::size_t>(index.row())];
    const RunColumn &column = m_columns[static_cast<std::size_t>(index.column())];
    switch (role) {
    case Qt::DisplayRole: return display(run, column);
    case Qt::EditRole: return column.kind == Kind::Note ? QVariant(toQt(std::string_view(run.note))) : display(run, column);
    case Qt::ToolTipRole: return toolTip(run, column);
    case Qt::AccessibleTextRole:
        if (column.kind == Kind::Color)
            return toQt(std::string_view(run.color));
        return column.kind == Kind::Star ? QVariant(run.starred ? tr("starred") : tr("not starred")) : display(run, column);
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(Qt::Alignment((isNumber(column.kind) ? Qt::AlignRight : column.kind == Kind::Star ? Qt::AlignHCenter : Qt::AlignLeft) | Qt::AlignVCenter));
    case Qt::ForegroundRole:
        return column.kind == Kind::Created || column.kind == Kind::Model || column.kind == Kind::Note ? QVariant(Theme::muted()) : QVariant();
    case SortRole: return sortValue(run, column);
    case RunIdRole: return QVariant::fromValue<qint64>(run.id);
    case StatusRole: return static_cast<int>(run.status);
    case CurveRole: return curve(run, column);
    case KindRole: return static_cast<int>(column.kind);
    case ColorRole: return RunLook::of(run).drawn();
    default: return {};
    }
}

QVariant RunTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount())
        return {};
    const RunColumn &column = m_columns[static_cast<std::size_t>(section)];
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::Alignment((isNumber(column.kind) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
    if (role == Qt::ToolTipRole && column.kind == Kind::SetMetric)
        return column.key == QLatin1String("forget") ? tr("Exact match on the forget set where it was measured, and its curve; lower is better")
                                                     : tr("Exact match on the retain set where it was measured, and its curve; higher is better");
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole)
        return {};
    switch (column.kind) {
    case Kind::Star: return role == Qt::ToolTipRole ? tr("star") : QStringLiteral("★");
    case Kind::Color: return role == Qt::ToolTipRole ? tr("colour") : QString();
    case Kind::Name: return tr("name");
    case Kind::Status: return tr("status");
    case Kind::Method: return tr("method");
    case Kind::Model: return tr("model");
    case Kind::Rate: return tr("lr");
    case Kind::SetMetric: return column.key == QLatin1String("forget") ? tr("forget") + arrow(-1) : tr("retain") + arrow(1);
    case Kind::Metric: return format::metricName(column.key).toLower() + arrow(format::metricDirection(column.key));
    case Kind::Steps: return tr("steps");
    case Kind::Time: return tr("time");
    case Kind::Created: return tr("created");
    case Kind::Tags: return tr("tags");
    case Kind::Note: return tr("note");
    case Kind::Speed: return tr("speed");
    case Kind::Memory: return tr("peak memory");
    case Kind::Device: return tr("device");
    case Kind::Parent: return tr("made from");
    case Kind::Spec: return role == Qt::ToolTipRole ? column.key : column.key.section(u'.', -1).replace(u'_', u' ');
    }
    return {};
}

Qt::ItemFlags RunTableModel::flags(const QModelIndex &index) const
{
    if (!index.isValid())
        return Qt::NoItemFlags;
    Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren;
    const Kind kind = m_columns[static_cast<std::size_t>(index.column())].kind;
    if (kind == Kind::Name || kind == Kind::Tags || kind == Kind::Note)
        flags |= Qt::ItemIsEditable;
    return flags;
}

bool RunTableModel::setData(const QModelIndex &index, const QVariant &value, int role)
{
    if (role != Qt::EditRole || !checkIndex(index, CheckIndexOption::IndexIsValid) || !(flags(index) & Qt::ItemIsEditable)
        || value.toString() == data(index, Qt::EditRole).toString())
        return false;
    const RunId run = m_runs[static_cast<std::size_t>(index.row())].id;
    switch (m_columns[static_cast<std::size_t>(index.column())].kind) {
    case Kind::Name:
        if (value.toString().trimmed().isEmpty())
            return false;
        Q_EMIT renamed(run, value.toString().trimmed());
        return true;
    case Kind::Note: Q_EMIT noted(run, value.toString()); return true;
    case Kind::Tags: {
        QStringList tags;
        for (const QString &tag : value.toString().split(u','))
            if (const QString trimmed = tag.trimmed(); !trimmed.isEmpty() && !tags.contains(trimmed))
                tags.append(trimmed);
        Q_EMIT tagged(run, tags);
        return true;
    }
    default: return false;
    }
}

} // namespace lethe
