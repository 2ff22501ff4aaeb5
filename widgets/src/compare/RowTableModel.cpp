#include "RowTableModel.h"

#include "parts/CsvCell.h"
#include "RunCharts.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtCore/QLocale>
#include <QtGui/QIcon>
#include <QtGui/QPixmap>
#include <QtWidgets/QApplication>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace lethe {
namespace {

QString shownValue(const QString &name, const std::optional<double> &value)
{
    if (!value || !std::isfinite(*value))
        return QStringLiteral("–");
    const bool isShare = name == QLatin1String("prob") || name == QLatin1String("rouge") || name == QLatin1String("exact_match");
    return isShare ? format::probability(value) : format::loss(value);
}

QString signedValue(double value)
{
    if (std::abs(value) < 0.0005) // less than what is shown: neither above nor below
        value = 0;
    const QString sign = value < 0 ? QStringLiteral("−") : value > 0 ? QStringLiteral("+") : QStringLiteral("±");
    return sign + format::probability(std::abs(value));
}

} // namespace

bool isForgetSet(const std::string &set)
{
    return set == "forget" || set == "verbatim" || set == "knowledge_forget" || set == "privleak_forget";
}

std::optional<double> RowTableModel::change(int row, std::size_t run) const
{
    const Entry &entry = m_rows[static_cast<std::size_t>(row)];
    if (!entry.starts[run] || !entry.ends[run])
        return std::nullopt;
    return *entry.ends[run] - *entry.starts[run];
}

void RowTableModel::show(const std::vector<RunSamples> &runs, const QString &value, RowOrder order, std::size_t leading, const QString &filter)
{
    beginResetModel();
    m_rows.clear();
    m_runs.clear();
    m_looks.clear();
    m_value = value;
    m_order = order;
    std::map<std::pair<std::string, std::int64_t>, std::size_t> places;
    for (std::size_t r = 0; r < runs.size(); ++r) {
        m_runs.append(runs[r].name);
        m_looks.push_back(runs[r].look);
        const auto take = [&](const std::vector<SampleRecord> &samples, std::vector<std::optional<double>> Entry::*values) {
            for (const SampleRecord &sample : samples) {
                if (order != RowOrder::BySet && isForgetSet(sample.set) != (order == RowOrder::WorstForgotten))
                    continue;
                const auto [place, isNew] = places.try_emplace({sample.set, sample.row}, m_rows.size());
                if (isNew)
                    m_rows.push_back({.key = {sample.set, sample.row}, .prompt = QString::fromStdString(sample.prompt),
                                      .reference = QString::fromStdString(sample.reference), .starts = std::vector<std::optional<double>>(runs.size()),
                                      .ends = std::vector<std::optional<double>>(runs.size())});
                (m_rows[place->second].*values)[r] = rowValue(sample, value.toStdString());
            }
        };
        take(runs[r].first, &Entry::starts);
        take(runs[r].last, &Entry::ends);
    }
    if (!filter.isEmpty())
        std::erase_if(m_rows, [&filter](const Entry &entry) {
            return !entry.prompt.contains(filter, Qt::CaseInsensitive) && !entry.reference.contains(filter, Qt::CaseInsensitive);
        });
    if (order == RowOrder::BySet || leading >= runs.size()) {
        std::ranges::stable_sort(m_rows, {}, [](const Entry &entry) { return std::pair(entry.key.set, entry.key.row); });
    } else {
        const double sign = knowing(value); // above: knows it better
        constexpr double kLast = std::numeric_limits<double>::infinity();
        std::ranges::stable_sort(m_rows, {}, [&](const Entry &entry) {
            const auto &end = entry.ends[leading], &start = entry.starts[leading];
            if (!end || !std::isfinite(*end))
                return kLast; // undefined rows come last
            if (order == RowOrder::WorstForgotten)
                return -sign * *end;
            return start && std::isfinite(*start) ? sign * (*end - *start) : kLast;
        });
    }
    endResetModel();
}

int RowTableModel::rowOf(const Key &key) const
{
    const auto found = std::ranges::find(m_rows, key, &Entry::key);
    return found == m_rows.end() ? -1 : static_cast<int>(found - m_rows.begin());
}

int RowTableModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int RowTableModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : FirstRun + static_cast<int>(m_runs.size());
}

QVariant RowTableModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Entry &entry = m_rows[static_cast<std::size_t>(index.row())];
    const auto run = static_cast<std::size_t>(index.column() - FirstRun);
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>((index.column() >= FirstRun || index.column() == Row ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole && index.column() >= FirstRun) {
        if (!entry.ends[run])
            return tr("This run stored no %1 of this row.").arg(rowValueTitle(m_value));
        QString text = tr("at the end %1").arg(format::full(*entry.ends[run]));
        if (entry.starts[run])
            text += tr("\nbefore %1").arg(format::full(*entry.starts[run]));
        return text;
    }
    if (role == Qt::ToolTipRole && index.column() == Prompt)
        return QString(entry.prompt + QStringLiteral("\n→ ") + entry.reference);
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case Set: return QString::fromStdString(entry.key.set);
    case Row: return QString::number(entry.key.row + 1);
    case Prompt: return (entry.prompt.isEmpty() ? entry.reference : entry.prompt).simplified();
    default: break;
    }
    QString text = shownValue(m_value, entry.ends[run]);
    if (const auto moved = change(index.row(), run); moved && std::isfinite(*moved))
        text += QStringLiteral("  ") + signedValue(*moved);
    return text;
}

QVariant RowTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (section >= FirstRun) {
        const qsizetype run = section - FirstRun;
        if (role == Qt::DisplayRole)
            return QFontMetrics(QApplication::font()).elidedText(m_runs.value(run), Qt::ElideMiddle, Theme::space(40));
        if (role == Qt::ToolTipRole)
            return tr("%1\nat the end, and its change since before the run. Click to sort by this run.").arg(m_runs.value(run));
        if (role == Qt::DecorationRole) {
            QPixmap swatch(Theme::space(3), Theme::space(3));
            swatch.fill(m_looks[static_cast<std::size_t>(run)].drawn());
            return QIcon(swatch);
        }
        return {};
    }
    if (role == Qt::TextAlignmentRole && section == Row)
        return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter); // over its numbers
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Set: return tr("set");
    case Row: return tr("row");
    default: return tr("prompt");
    }
}

QString RowTableModel::csv() const
{
    QString text = QStringLiteral("set,row,prompt,reference");
    for (const QString &run : m_runs)
        text += QLatin1Char(',') + csvCell(run + QStringLiteral(" before")) + QLatin1Char(',') + csvCell(run);
    text += QLatin1String("\r\n");
    const auto number = [](const std::optional<double> &value) {
        return value && std::isfinite(*value) ? QString::number(*value, 'g', QLocale::FloatingPointShortest) : QString();
    };
    for (const Entry &entry : m_rows) {
        text += csvCell(QString::fromStdString(entry.key.set)) + QLatin1Char(',') + QString::number(entry.key.row) + QLatin1Char(',') + csvCell(entry.prompt)
                + QLatin1Char(',') + csvCell(entry.reference);
        for (qsizetype run = 0; run < m_runs.size(); ++run)
            text += QLatin1Char(',') + number(entry.starts[static_cast<std::size_t>(run)]) + QLatin1Char(',') + number(entry.ends[static_cast<std::size_t>(run)]);
        text += QLatin1String("\r\n");
    }
    return text;
}

} // namespace lethe
