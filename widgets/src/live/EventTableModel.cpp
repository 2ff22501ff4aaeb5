#include "EventTableModel.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtCore/QDateTime>
#include <QtCore/QLocale>

#include <algorithm>

namespace lethe {
namespace {

QString eventIconName(const std::string &kind)
{
    if (kind == "warning" || kind == "non_finite" || kind == "disk_full")
        return QStringLiteral("warning");
    if (kind == "error")
        return QStringLiteral("error");
    if (kind == "pause" || kind == "pause_to_disk")
        return QStringLiteral("pause");
    if (kind == "resume")
        return QStringLiteral("play");
    if (kind == "stop" || kind == "cancel")
        return QStringLiteral("stop");
    if (kind == "checkpoint")
        return QStringLiteral("save");
    if (kind == "evaluation")
        return QStringLiteral("flag");
    if (kind == "question")
        return QStringLiteral("send");
    return QStringLiteral("info");
}

QIcon eventIcon(const std::string &kind)
{
    const QString name = eventIconName(kind);
    if (name == QLatin1String("warning"))
        return Theme::icon(name, Theme::warning);
    if (name == QLatin1String("error"))
        return Theme::icon(name, Theme::error);
    return Theme::icon(name, Theme::muted);
}

} // namespace

void EventTableModel::setEvents(const std::vector<EventRecord> &events, const std::vector<EvaluationRecord> &evaluations,
                                const std::vector<CheckpointRecord> &checkpoints)
{
    std::vector<Line> lines;
    const auto told = [&events](const char *kind, std::int64_t step) {
        return std::ranges::any_of(events, [&](const EventRecord &event) { return event.kind == kind && event.step == step; });
    };
    for (const EventRecord &event : events) {
        if (!lines.empty() && lines.back().event.kind == event.kind && lines.back().event.text == event.text) {
            ++lines.back().count;
            lines.back().event.step = event.step;
            lines.back().event.time = event.time;
        } else {
            lines.push_back({event, 1, true});
        }
    }
    for (const EvaluationRecord &evaluation : evaluations) {
        if (told("evaluation", evaluation.step))
            continue;
        const QString text = evaluation.step == 0 ? tr("Baseline evaluated in %1").arg(format::duration(evaluation.seconds))
                                                  : tr("Evaluated in %1").arg(format::duration(evaluation.seconds));
        lines.push_back({EventRecord{.step = evaluation.step, .kind = "evaluation", .text = text.toStdString(), .time = {}}, 1, false});
    }
    for (const CheckpointRecord &checkpoint : checkpoints) {
        if (told("checkpoint", checkpoint.step))
            continue;
        const QString text = tr("Checkpoint, %1").arg(format::bytes(checkpoint.bytes));
        lines.push_back({EventRecord{.step = checkpoint.step, .kind = "checkpoint", .text = text.toStdString(), .time = {}}, 1, false});
    }
    std::ranges::stable_sort(lines, [](const Line &a, const Line &b) { return a.event.step < b.event.step; });
    std::ranges::reverse(lines);

    const auto same = [](const Line &a, const Line &b) { return a.event == b.event && a.count == b.count; };
    if (std::ranges::equal(lines, m_lines, same))
        return;
    beginResetModel();
    m_lines = std::move(lines);
    endResetModel();
}

int EventTableModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_lines.size());
}

int EventTableModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant EventTableModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Line &line = m_lines[static_cast<std::size_t>(index.row())];
    if (role == StepRole)
        return QVariant::fromValue(static_cast<qlonglong>(line.event.step));
    const auto asTime = [&line] {
        using namespace std::chrono;
        return QDateTime::fromMSecsSinceEpoch(duration_cast<milliseconds>(line.event.time.time_since_epoch()).count());
    };
    switch (static_cast<Column>(index.column())) {
    case Step:
        if (role == Qt::DisplayRole)
            return format::count(line.event.step);
        if (role == Qt::TextAlignmentRole)
            return int(Qt::AlignRight | Qt::AlignVCenter);
        break;
    case What: {
        const QString text = QString::fromStdString(line.event.text);
        if (role == Qt::DisplayRole)
            return line.count > 1 ? tr("%1 ×%2").arg(text).arg(line.count) : text;
        if (role == Qt::ToolTipRole)
            return text;
        if (role == Qt::DecorationRole)
            return eventIcon(line.event.kind);
        break;
    }
    case Time:
        if (role == Qt::DisplayRole)
            return line.hasTime ? QLocale().toString(asTime().time(), QStringLiteral("HH:mm:ss")) : QString();
        if (role == Qt::ToolTipRole && line.hasTime)
            return QLocale().toString(asTime(), QLocale::LongFormat);
        break;
    case ColumnCount: break;
    }
    return {};
}

QVariant EventTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return int((section == Step ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (static_cast<Column>(section)) {
    case Step: return tr("Step");
    case What: return tr("Event");
    case Time: return tr("Time");
    case ColumnCount: break;
    }
    return {};
}

} // namespace lethe
