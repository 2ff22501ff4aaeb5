#include "LogModel.h"

#include <widgets/Theme.h>

#include <QtCore/QDateTime>

namespace lethe {

namespace {

constexpr std::size_t kLinesKept = 5000;
constexpr int kTakeMilliseconds = 200;

QString timeText(const LogLine &line)
{
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(line.time.time_since_epoch()).count();
    return QDateTime::fromMSecsSinceEpoch(milliseconds).toString(QStringLiteral("HH:mm:ss.zzz"));
}

} // namespace

LogModel::LogModel(QObject *parent)
    : QAbstractTableModel(parent)
{
    m_listener = addLogListener([this](const LogLine &line) {
        const std::lock_guard lock(m_mutex);
        m_arrived.push_back(line);
    });
    m_timer.setInterval(kTakeMilliseconds);
    connect(&m_timer, &QTimer::timeout, this, &LogModel::take);
    m_timer.start();
}

LogModel::~LogModel()
{
    removeLogListener(m_listener);
}

void LogModel::take()
{
    std::vector<LogLine> arrived;
    {
        const std::lock_guard lock(m_mutex);
        arrived.swap(m_arrived);
    }
    if (arrived.empty())
        return;
    std::vector<Shown> fresh;
    for (LogLine &line : arrived) {
        const auto same = [&line](const Shown &one) {
            return one.line.text == line.text && one.line.source == line.source && one.line.level == line.level;
        };
        if (!fresh.empty() && same(fresh.back())) {
            ++fresh.back().repeats;
        } else if (fresh.empty() && !m_lines.empty() && same(m_lines.back())) {
            ++m_lines.back().repeats;
            const int row = rowCount() - 1;
            Q_EMIT dataChanged(index(row, 0), index(row, columnCount() - 1));
        } else {
            fresh.push_back({.line = std::move(line), .repeats = 1});
        }
    }
    if (fresh.empty())
        return;
    beginInsertRows({}, rowCount(), rowCount() + static_cast<int>(fresh.size()) - 1);
    m_lines.insert(m_lines.end(), std::make_move_iterator(fresh.begin()), std::make_move_iterator(fresh.end()));
    endInsertRows();
    if (m_lines.size() > kLinesKept) {
        const auto extra = static_cast<std::ptrdiff_t>(m_lines.size() - kLinesKept);
        beginRemoveRows({}, 0, static_cast<int>(extra) - 1);
        m_lines.erase(m_lines.begin(), m_lines.begin() + extra);
        endRemoveRows();
    }
}

int LogModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_lines.size());
}

int LogModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(Column::Count);
}

QVariant LogModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Shown &shown = m_lines[static_cast<std::size_t>(index.row())];
    if (role == kLevelRole)
        return static_cast<int>(shown.line.level);
    if (role == Qt::ForegroundRole && shown.line.level >= LogLevel::Warning)
        return shown.line.level == LogLevel::Error ? Theme::error() : Theme::warning();
    if (role == Qt::ForegroundRole && static_cast<Column>(index.column()) != Column::Text)
        return Theme::muted();
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole)
        return {};
    switch (static_cast<Column>(index.column())) {
    case Column::Time: return timeText(shown.line);
    case Column::Level: return QString::fromUtf8(toString(shown.line.level).data());
    case Column::Source: return QString::fromStdString(shown.line.source);
    case Column::Text: {
        const QString text = QString::fromStdString(shown.line.text);
        return shown.repeats > 1 ? tr("%1  ×%2").arg(text).arg(shown.repeats) : text;
    }
    case Column::Count: break;
    }
    return {};
}

QVariant LogModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (static_cast<Column>(section)) {
    case Column::Time: return tr("Time");
    case Column::Level: return tr("Level");
    case Column::Source: return tr("Source");
    case Column::Text: return tr("Text");
    case Column::Count: break;
    }
    return {};
}

void LogModel::clear()
{
    beginResetModel();
    m_lines.clear();
    endResetModel();
}

QString LogModel::lineText(int row) const
{
    const Shown &shown = m_lines[static_cast<std::size_t>(row)];
    return QStringLiteral("%1 %2 [%3] %4%5")
        .arg(timeText(shown.line), QString::fromUtf8(toString(shown.line.level).data()), QString::fromStdString(shown.line.source),
             QString::fromStdString(shown.line.text), shown.repeats > 1 ? QStringLiteral(" ×%1").arg(shown.repeats) : QString());
}

void LogFilter::setLevel(LogLevel level)
{
    m_level = level;
    invalidateFilter();
}

void LogFilter::setText(const QString &text)
{
    m_text = text;
    invalidateFilter();
}

bool LogFilter::filterAcceptsRow(int row, const QModelIndex &parent) const
{
    const QAbstractItemModel *lines = sourceModel();
    if (lines->index(row, 0, parent).data(LogModel::kLevelRole).toInt() < static_cast<int>(m_level))
        return false;
    if (m_text.isEmpty())
        return true;
    const auto holds = [&](LogModel::Column column) {
        return lines->index(row, static_cast<int>(column), parent).data().toString().contains(m_text, Qt::CaseInsensitive);
    };
    return holds(LogModel::Column::Source) || holds(LogModel::Column::Text);
}

} // namespace lethe
