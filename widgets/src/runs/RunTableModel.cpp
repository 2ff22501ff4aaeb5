#include "RunTableModel.h"

#include "../parts/Text.h"
#include "../welcome/RunStatusText.h"
#include "RunExtras.h"
#include "RunQuery.h"

#include <widgets/Format.h>
#include <widgets/RunLook.h>
#include <widgets/Theme.h>

#include <QtCore/QDateTime>
#include <QtCore/QFileInfo>
#include <QtCore/QLocale>
#include <QtGui/QFont>

#include <algorithm>
#include <limits>
#include <unordered_set>

namespace lethe {

namespace {

const QString kMetricPrefix = QStringLiteral("metric:");
const QString kSettingPrefix = QStringLiteral("setting:");

const char *metricIn(int column)
{
    return column == RunTableModel::Forget ? "forget_exact_match" : "retain_exact_match";
}

/// From the untouched model to the end, as `96 % → 4 %`.
QString course(const RunRow &run, const char *metric)
{
    const auto base = metricOf(run.baseMetrics, metric), last = metricOf(run.finalMetrics, metric);
    if (!base && !last)
        return QStringLiteral("–");
    const QString id = QLatin1String(metric);
    return base ? QStringLiteral("%1 → %2").arg(format::metric(id, base), format::metric(id, last)) : format::metric(id, last);
}

QStringList tagsFrom(const QString &text)
{
    QStringList tags;
    for (const QString &part : text.split(u','))
        if (const QString tag = part.simplified(); !tag.isEmpty() && !tags.contains(tag))
            tags.append(tag);
    return tags;
}

} // namespace

void RunTableModel::setRuns(std::vector<RunRow> runs)
{
    std::unordered_set<RunId> staying;
    for (const RunRow &run : runs)
        staying.insert(run.id);
    for (int row = rowCount() - 1; row >= 0; --row) {
        if (staying.contains(m_runs[static_cast<std::size_t>(row)].id))
            continue;
        beginRemoveRows({}, row, row);
        m_runs.erase(m_runs.begin() + row);
        endRemoveRows();
    }
    std::unordered_set<RunId> here;
    for (const RunRow &run : m_runs)
        here.insert(run.id);
    for (std::size_t at = 0; at < runs.size();) {
        std::size_t end = at;
        while (end < runs.size() && !here.contains(runs[end].id))
            ++end;
        if (end > at) { // a stretch of new ones
            beginInsertRows({}, static_cast<int>(at), static_cast<int>(end) - 1);
            m_runs.insert(m_runs.begin() + static_cast<std::ptrdiff_t>(at), runs.begin() + static_cast<std::ptrdiff_t>(at),
                          runs.begin() + static_cast<std::ptrdiff_t>(end));
            endInsertRows();
            at = end;
            continue;
        }
        if (m_runs[at].id != runs[at].id) { // the store has them in another order now
            beginResetModel();
            m_runs = std::move(runs);
            endResetModel();
            return;
        }
        if (m_runs[at] != runs[at]) {
            m_runs[at] = runs[at];
            Q_EMIT dataChanged(index(static_cast<int>(at), 0), index(static_cast<int>(at), columnCount() - 1));
        }
        ++at;
    }
}

const RunRow *RunTableModel::run(int row) const
{
    return row >= 0 && row < rowCount() ? &m_runs[static_cast<std::size_t>(row)] : nullptr;
}

int RunTableModel::rowOf(RunId run) const
{
    const auto found = std::ranges::find(m_runs, run, &RunRow::id);
    return found == m_runs.end() ? -1 : static_cast<int>(found - m_runs.begin());
}

void RunTableModel::apply(const RunEdit &edit)
{
    const int row = rowOf(edit.run);
    if (row < 0)
        return;
    RunRow &run = m_runs[static_cast<std::size_t>(row)];
    switch (edit.field) {
    case RunEdit::Field::Name: run.name = toStd(edit.after.toString()); break;
    case RunEdit::Field::Tags: run.tags = toStd(edit.after.toStringList()); break;
    case RunEdit::Field::Note: run.note = toStd(edit.after.toString()); break;
    case RunEdit::Field::Star: run.starred = edit.after.toBool(); break;
    case RunEdit::Field::Color: run.color = toStd(edit.after.toString()); break;
    case RunEdit::Field::Bin:
        if (edit.after.toBool() != m_showsBin) {
            beginRemoveRows({}, row, row);
            m_runs.erase(m_runs.begin() + row);
            endRemoveRows();
        }
        return;
    }
    Q_EMIT dataChanged(index(row, 0), index(row, columnCount() - 1));
}

QString RunTableModel::columnId(int column) const
{
    static const char *const kIds[] = {"star", "color", "name",  "status", "method",  "model", "lr", "forget",
                                       "retain", "loss", "steps", "time",   "created", "tags",  "note"};
    return column >= 0 && column < ColumnCount ? QLatin1String(kIds[column]) : m_more.value(column - ColumnCount);
}

int RunTableModel::columnOf(const QString &id) const
{
    for (int column = 0; column < columnCount(); ++column)
        if (columnId(column) == id)
            return column;
    return -1;
}

void RunTableModel::setExtras(RunExtras *extras)
{
    m_extras = extras;
    connect(extras, &RunExtras::arrived, this, [this](const QList<qint64> &arrived) {
        for (const qint64 run : arrived)
            if (const int row = rowOf(run); row >= 0)
                Q_EMIT dataChanged(index(row, Loss), index(row, columnCount() - 1));
    });
}

void RunTableModel::setMoreColumns(const QStringList &ids)
{
    while (!m_more.isEmpty() && m_more != ids.mid(0, m_more.size())) {
        beginRemoveColumns({}, columnCount() - 1, columnCount() - 1);
        m_more.removeLast();
        endRemoveColumns();
    }
    if (m_more.size() == ids.size())
        return;
    beginInsertColumns({}, columnCount(), ColumnCount + static_cast<int>(ids.size()) - 1);
    m_more = ids;
    endInsertColumns();
}

QString RunTableModel::moreText(const RunRow &run, int column) const
{
    const QString id = columnId(column);
    if (id.startsWith(kMetricPrefix)) {
        const QString metric = id.mid(kMetricPrefix.size());
        return format::metric(metric, metricOf(run.finalMetrics, toStd(metric)));
    }
    const RunExtras::Extra *extra = m_extras != nullptr ? m_extras->find(run) : nullptr;
    return extra != nullptr ? extra->settings.value(id.mid(kSettingPrefix.size()), QStringLiteral("–")) : QString();
}

std::optional<double> RunTableModel::moreNumber(const RunRow &run, int column) const
{
    const QString id = columnId(column);
    if (id.startsWith(kMetricPrefix))
        return metricOf(run.finalMetrics, toStd(id.mid(kMetricPrefix.size())));
    bool isNumber = false;
    const double value = moreText(run, column).toDouble(&isNumber);
    return isNumber ? std::optional(value) : std::nullopt;
}

bool RunTableModel::isBefore(int first, int second, int column) const
{
    const RunRow &a = m_runs[static_cast<std::size_t>(first)];
    const RunRow &b = m_runs[static_cast<std::size_t>(second)];
    switch (column) { // straight from the rows: of thousands, variants would be made by the hundred thousand
    case Created: return a.createdAt < b.createdAt;
    case Star: return a.starred < b.starred;
    case Color: return a.id < b.id;
    case LearningRate: return a.learningRate < b.learningRate;
    case Steps: return a.steps < b.steps;
    case Time: return a.seconds < b.seconds;
    case Method: return a.method < b.method;
    case Status: return a.status < b.status;
    case Forget:
    case Retain: return sortKey(a, column).toDouble() < sortKey(b, column).toDouble();
    default: break;
    }
    if (column >= ColumnCount) {
        const auto one = moreNumber(a, column), other = moreNumber(b, column);
        if (one || other)
            return one && (!other || *one < *other); // a run without the number stands behind
        return moreText(a, column) < moreText(b, column);
    }
    return shown(a, column).toString().compare(shown(b, column).toString(), Qt::CaseInsensitive) < 0;
}

int RunTableModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_runs.size());
}

int RunTableModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount + static_cast<int>(m_more.size());
}

QVariant RunTableModel::shown(const RunRow &run, int column) const
{
    switch (column) {
    case Name: return toQt(run.name);
    case Status: return statusWord(run.status);
    case Method: return toQt(run.method);
    case Model: return QFileInfo(toQt(run.model)).fileName();
    case LearningRate: return format::scientific(run.learningRate);
    case Forget:
    case Retain: return course(run, metricIn(column));
    case Steps: return QStringLiteral("%1/%2").arg(format::count(run.steps), format::count(run.plannedSteps));
    case Time: return run.seconds > 0 ? format::duration(run.seconds) : QStringLiteral("–");
    case Created: return format::ago(toQt(run.createdAt));
    case Tags: return toQt(run.tags).join(QLatin1String(", "));
    case Note: return toQt(run.note).simplified();
    default: return column >= ColumnCount ? QVariant(moreText(run, column)) : QVariant();
    }
}

QVariant RunTableModel::sortKey(const RunRow &run, int column) const
{
    switch (column) {
    case Star: return run.starred;
    case Color: return static_cast<qlonglong>(run.id);
    case LearningRate: return run.learningRate;
    // A run without the number stands behind those that have one.
    case Forget: return metricOf(run.finalMetrics, metricIn(column)).value_or(std::numeric_limits<double>::max());
    case Retain: return metricOf(run.finalMetrics, metricIn(column)).value_or(std::numeric_limits<double>::lowest());
    case Steps: return static_cast<qlonglong>(run.steps);
    case Time: return run.seconds;
    case Created: return toQt(run.createdAt);
    default: return shown(run, column);
    }
}

QVariant RunTableModel::decoration(const RunRow &run, int column) const
{
    if (column == Star)
        return run.starred ? Theme::icon(QStringLiteral("star-filled"), Theme::warning) : Theme::icon(QStringLiteral("star"), Theme::muted);
    if (column == Color)
        return RunLook::of(run).drawn();
    if (column == Status)
        return statusIcon(run.status);
    return {};
}

QVariant RunTableModel::whole(const RunRow &run, int column) const
{
    switch (column) {
    case Star: return run.starred ? tr("Starred") : tr("Not starred");
    case Color: return tr("Run %1").arg(run.id);
    case Name: return run.modelRun ? tr("%1, begun from the result of run %2").arg(toQt(run.name)).arg(*run.modelRun) : toQt(run.name);
    case Loss: return tr("Forget loss, step by step (the loss itself where a method has no such term)");
    case Steps: return tr("%1 of %2 steps").arg(format::count(run.steps), format::count(run.plannedSteps));
    case Status: return run.failure.empty() ? statusWord(run.status) : tr("%1: %2").arg(statusWord(run.status), toQt(run.failure));
    case Model: return toQt(run.model);
    case LearningRate: return format::full(run.learningRate);
    case Forget:
    case Retain: {
        const auto value = metricOf(run.finalMetrics, metricIn(column));
        return value ? QStringLiteral("%1 = %2").arg(QLatin1String(metricIn(column)), format::full(*value)) : tr("No evaluation after step 0 yet");
    }
    case Created: return QLocale().toString(QDateTime::fromString(toQt(run.createdAt), Qt::ISODateWithMs).toLocalTime(), QLocale::LongFormat);
    case Note: return toQt(run.note);
    default: break;
    }
    if (column < ColumnCount || !columnId(column).startsWith(kMetricPrefix))
        return shown(run, column);
    const std::string metric = toStd(columnId(column).mid(kMetricPrefix.size()));
    const auto found = std::ranges::find(run.finalMetrics, metric, &MetricValue::id);
    if (found == run.finalMetrics.end())
        return tr("This run was not evaluated on it");
    if (!found->value)
        return toQt(found->reason);
    const QString form = format::publishedForm(found->variant);
    return QStringLiteral("%1 = %2").arg(toQt(metric), format::full(*found->value)) + (form.isEmpty() ? QString() : tr(", in the form of %1").arg(form));
}

QVariant RunTableModel::data(const QModelIndex &index, int role) const
{
    const RunRow *found = index.isValid() ? run(index.row()) : nullptr;
    if (found == nullptr)
        return {};
    const int column = index.column();
    switch (role) {
    case Qt::DisplayRole: return shown(*found, column);
    case Qt::EditRole: return column == Star ? QVariant(found->starred) : column == Note ? QVariant(toQt(found->note)) : shown(*found, column);
    case Qt::DecorationRole: return decoration(*found, column);
    case Qt::ToolTipRole:
    case Qt::AccessibleTextRole: return whole(*found, column);
    case kSortRole: return sortKey(*found, column);
    case kCurveRole: {
        const RunExtras::Extra *extra = column == Loss && m_extras != nullptr ? m_extras->find(*found) : nullptr;
        return extra != nullptr ? QVariant::fromValue(QList<double>(extra->loss.begin(), extra->loss.end())) : QVariant();
    }
    case kColorRole: return RunLook::of(*found).drawn();
    case kShareRole:
        if (column == Steps && found->plannedSteps > 0 && found->steps < found->plannedSteps)
            return static_cast<double>(found->steps) / static_cast<double>(found->plannedSteps);
        return {};
    case Qt::TextAlignmentRole:
        if (column == LearningRate || column == Forget || column == Retain || column == Steps || column == Time || column >= ColumnCount)
            return QVariant(Qt::AlignRight | Qt::AlignVCenter);
        return QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    case Qt::ForegroundRole:
        if (column == Created || column == Model || column == Note)
            return Theme::muted();
        return {};
    default: return {};
    }
}

bool RunTableModel::setData(const QModelIndex &index, const QVariant &value, int role)
{
    const RunRow *found = index.isValid() && role == Qt::EditRole ? run(index.row()) : nullptr;
    if (found == nullptr)
        return false;
    RunEdit edit{.run = found->id};
    switch (index.column()) {
    case Star:
        edit.field = RunEdit::Field::Star;
        edit.before = found->starred;
        edit.after = value.toBool();
        break;
    case Name:
        edit.field = RunEdit::Field::Name;
        edit.before = toQt(found->name);
        edit.after = value.toString().trimmed();
        if (edit.after.toString().isEmpty())
            return false; // a run without a name could not be told apart
        break;
    case Tags:
        edit.field = RunEdit::Field::Tags;
        edit.before = toQt(found->tags);
        edit.after = tagsFrom(value.toString());
        break;
    case Note:
        edit.field = RunEdit::Field::Note;
        edit.before = toQt(found->note);
        edit.after = value.toString();
        break;
    default: return false;
    }
    if (edit.before == edit.after)
        return false;
    Q_EMIT edited(edit);
    return true;
}

QVariant RunTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount())
        return {};
    const bool narrow = section == Star || section == Color;
    if (role == Qt::TextAlignmentRole)
        return QVariant(((section >= LearningRate && section <= Time && section != Loss) || section >= ColumnCount ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if ((role == Qt::DisplayRole && narrow) || (role != Qt::DisplayRole && role != Qt::EditRole && role != Qt::ToolTipRole && role != Qt::AccessibleTextRole))
        return {};
    if (section >= ColumnCount) {
        const QString id = columnId(section);
        if (id.startsWith(kMetricPrefix))
            return format::metricName(id.mid(kMetricPrefix.size()));
        const QString path = id.mid(kSettingPrefix.size());
        return role == Qt::DisplayRole ? path.section(u'.', -1).replace(u'_', u' ') : path;
    }
    switch (section) {
    case Star: return tr("Star");
    case Color: return tr("Colour");
    case Name: return tr("Name");
    case Status: return tr("Status");
    case Method: return tr("Method");
    case Model: return tr("Model");
    case LearningRate: return role == Qt::DisplayRole ? tr("LR") : tr("Learning rate");
    case Forget: return role == Qt::DisplayRole ? tr("Forget EM ↓") : tr("Forget exact match, untouched → last; lower is better");
    case Retain: return role == Qt::DisplayRole ? tr("Retain EM ↑") : tr("Retain exact match, untouched → last; higher is better");
    case Loss: return role == Qt::DisplayRole ? tr("Loss") : tr("Course of the forget loss");
    case Steps: return tr("Steps");
    case Time: return tr("Time");
    case Created: return tr("Created");
    case Tags: return tr("Tags");
    default: return tr("Note");
    }
}

Qt::ItemFlags RunTableModel::flags(const QModelIndex &index) const
{
    const Qt::ItemFlags usual = QAbstractTableModel::flags(index);
    if (!index.isValid())
        return usual;
    const int column = index.column();
    const bool editable = column == Name || column == Tags || column == Note;
    return usual | Qt::ItemNeverHasChildren | (editable ? Qt::ItemIsEditable : Qt::NoItemFlags);
}

} // namespace lethe
