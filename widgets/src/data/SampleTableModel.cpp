#include "SampleTableModel.h"

#include "../parts/Text.h"
#include "SampleAnalysis.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtCore/QDataStream>
#include <QtCore/QIODevice>
#include <QtCore/QMimeData>

#include <algorithm>
#include <limits>

namespace lethe {

namespace {

/// What a cell shows of a text: the first stretch on one line.
QString oneLine(const std::string &text)
{
    constexpr std::size_t kEnough = 400;
    QString line = toQt(std::string_view(text).substr(0, kEnough));
    return line.replace(QStringLiteral("\r\n"), QStringLiteral(" ⏎ ")).replace(u'\n', QStringLiteral(" ⏎ ")).replace(u'\t', u' ');
}

} // namespace

SampleTableModel::SampleTableModel(SetSide side, const SampleAnalysis *analysis, QObject *parent)
    : QAbstractTableModel(parent), m_side(side), m_analysis(analysis)
{}

TokenFacts SampleTableModel::facts(const Sample &sample) const
{
    return m_analysis ? m_analysis->tokenFacts(sample.key) : TokenFacts{};
}

unsigned SampleTableModel::flagsOf(const Sample &sample) const
{
    return m_analysis ? m_analysis->flags(sample.key) : 0;
}

SurveyedRow SampleTableModel::surveyed(const Sample &sample) const
{
    return m_analysis ? m_analysis->surveyed(sample.key) : SurveyedRow{};
}

void SampleTableModel::replace(std::size_t first, std::size_t removed, const SampleList &inserted)
{
    Q_ASSERT(first + removed <= m_rows.size());
    const auto begin = m_rows.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = begin + static_cast<std::ptrdiff_t>(removed);
    if (!m_plain) {
        beginResetModel();
        m_rows.insert(m_rows.erase(begin, end), inserted.begin(), inserted.end());
        rebuildShown();
        endResetModel();
        return;
    }
    const int at = static_cast<int>(first);
    if (removed == inserted.size()) {
        std::copy(inserted.begin(), inserted.end(), begin);
        if (removed > 0)
            Q_EMIT dataChanged(index(at, 0), index(at + static_cast<int>(removed) - 1, ColumnCount - 1));
        return;
    }
    if (removed > 0) {
        beginRemoveRows({}, at, at + static_cast<int>(removed) - 1);
        m_rows.erase(begin, end);
        endRemoveRows();
    }
    if (!inserted.empty()) {
        beginInsertRows({}, at, at + static_cast<int>(inserted.size()) - 1);
        m_rows.insert(m_rows.begin() + at, inserted.begin(), inserted.end());
        endInsertRows();
    }
}

void SampleTableModel::setFilter(const SampleFilter &filter)
{
    beginResetModel();
    m_filter = filter;
    rebuildShown();
    endResetModel();
}

void SampleTableModel::sort(int column, Qt::SortOrder order)
{
    if (column < 0) { // the set's own order, whatever the indicator says
        column = -1;
        order = Qt::AscendingOrder;
    }
    if (column == m_sortColumn && order == m_sortOrder)
        return;
    beginResetModel();
    m_sortColumn = column;
    m_sortOrder = order;
    rebuildShown();
    endResetModel();
}

void SampleTableModel::rebuildShown()
{
    m_plain = m_filter.isEmpty() && m_sortColumn < 0;
    m_shown.clear();
    if (m_plain)
        return;
    m_shown.reserve(m_rows.size());
    for (std::size_t row = 0; row < m_rows.size(); ++row)
        if (m_filter.isEmpty() || m_filter.matches(*m_rows[row], facts(*m_rows[row]), flagsOf(*m_rows[row])))
            m_shown.push_back(static_cast<int>(row));

    const auto sample = [this](int row) -> const Sample & { return *m_rows[static_cast<std::size_t>(row)]; };
    const auto sortBy = [this](auto key) {
        std::vector<std::pair<decltype(key(0)), int>> keyed;
        keyed.reserve(m_shown.size());
        for (const int row : m_shown)
            keyed.emplace_back(key(row), row);
        std::stable_sort(keyed.begin(), keyed.end(), [](const auto &a, const auto &b) { return a.first < b.first; });
        std::transform(keyed.begin(), keyed.end(), m_shown.begin(), [](const auto &pair) { return pair.second; });
    };
    switch (m_sortColumn) {
    case Prompt: sortBy([&](int row) { return std::string_view(sample(row).folded); }); break;
    case Answer: sortBy([&](int row) { return std::string_view(sample(row).folded).substr(sample(row).folded.find('\x1f') + 1); }); break;
    case Tokens: sortBy([&](int row) { return facts(sample(row)).tokens + facts(sample(row)).dropped; }); break;
    case Flags: sortBy([&](int row) { return ~flagsOf(sample(row)); }); break;
    case Known: sortBy([&](int row) { return surveyed(sample(row)).probability.value_or(-1); }); break;
    case Harm: sortBy([&](int row) { return surveyed(sample(row)).influence.value_or(-std::numeric_limits<double>::infinity()); }); break;
    default: break;
    }
    if (m_sortOrder == Qt::DescendingOrder)
        std::reverse(m_shown.begin(), m_shown.end());
}

int SampleTableModel::shownRow(quint64 key) const
{
    const int count = rowCount();
    for (int shown = 0; shown < count; ++shown)
        if (m_rows[static_cast<std::size_t>(rowInSet(shown))]->key == key)
            return shown;
    return -1;
}

int SampleTableModel::rowCount(const QModelIndex &parent) const
{
    if (parent.isValid())
        return 0;
    return static_cast<int>(m_plain ? m_rows.size() : m_shown.size());
}

int SampleTableModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant SampleTableModel::display(const Sample &sample, Column column) const
{
    switch (column) {
    case Prompt: return sample.row.isDocument ? tr("(document)") : oneLine(sample.row.prompt);
    case Answer: return oneLine(sample.row.answer);
    case Tokens: {
        const TokenFacts known = facts(sample);
        if (known.tokens >= 0)
            return format::count(known.tokens + known.dropped);
        return m_analysis && m_analysis->isCounting() ? QStringLiteral("≈") : QStringLiteral("–");
    }
    case Flags: {
        QStringList words;
        const unsigned flags = flagsOf(sample);
        for (const SampleFlag flag : kSampleFlags)
            if (has(flags, flag))
                words.append(flagSign(flag) + u' ' + flagWord(flag));
        return words.join(QStringLiteral("  "));
    }
    case Known: return format::percent(surveyed(sample).probability);
    case Harm: return format::loss(surveyed(sample).influence);
    case ColumnCount: break;
    }
    return {};
}

QVariant SampleTableModel::toolTip(const Sample &sample, Column column) const
{
    constexpr std::size_t kEnough = 2000;
    switch (column) {
    case Prompt: return toQt(std::string_view(sample.row.prompt).substr(0, kEnough));
    case Answer: return toQt(std::string_view(sample.row.answer).substr(0, kEnough));
    case Tokens: {
        const TokenFacts known = facts(sample);
        if (known.tokens < 0)
            return m_analysis && m_analysis->hasTokenizer() ? tr("Not counted yet.") : tr("Open a model to count tokens.");
        QString text = tr("%L1 tokens, %L2 of them trained.").arg(known.tokens + known.dropped).arg(known.labels);
        if (known.dropped > 0)
            text += u' ' + tr("%L1 fall off at the length of %L2.").arg(known.dropped).arg(known.tokens);
        return text;
    }
    case Flags: {
        QStringList lines;
        for (const SampleFlag flag : kSampleFlags)
            if (has(flagsOf(sample), flag))
                lines.append(flagSign(flag) + u' ' + flagExplanation(flag));
        return lines.join(u'\n');
    }
    case Known: {
        const SurveyedRow row = surveyed(sample);
        return tr("Probability of the answer, a token's mean: %1. ROUGE-L recall of the greedy answer: %2. Extraction strength: %3.")
            .arg(format::percent(row.probability), format::probability(row.rougeRecall), format::probability(row.extractionStrength));
    }
    case Harm: {
        const SurveyedRow row = surveyed(sample);
        return tr("What forgetting this row adds to the retain set's loss, to first order: %1. Cosine of the two gradients: %2.")
            .arg(format::loss(row.influence), format::loss(row.alignment));
    }
    default: return {};
    }
}

QVariant SampleTableModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Sample &sample = *m_rows[static_cast<std::size_t>(rowInSet(index.row()))];
    const auto column = static_cast<Column>(index.column());
    switch (role) {
    case Qt::DisplayRole: return display(sample, column);
    case Qt::EditRole: return column == Prompt ? toQt(sample.row.prompt) : column == Answer ? toQt(sample.row.answer) : display(sample, column);
    case Qt::ToolTipRole: return toolTip(sample, column);
    case Qt::TextAlignmentRole: return QVariant::fromValue(Qt::Alignment((column >= Tokens && column != Flags ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
    case Qt::ForegroundRole:
        if ((column == Tokens && facts(sample).tokens < 0) || (column == Prompt && sample.row.isDocument))
            return Theme::muted();
        if (column == Flags)
            return has(flagsOf(sample), SampleFlag::NoLabel) ? Theme::error() : Theme::warning();
        if (column == Tokens && facts(sample).dropped > 0)
            return Theme::warning();
        return {};
    default: return {};
    }
}

QVariant SampleTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation == Qt::Vertical)
        return role == Qt::DisplayRole && section >= 0 && section < rowCount() ? QVariant(rowInSet(section) + 1) : QVariant();
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::Alignment((section >= Tokens && section != Flags ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
    if (role == Qt::ToolTipRole && section == Tokens)
        return tr("Tokens of the whole row, end-of-text included, before it is cut");
    if (role == Qt::ToolTipRole && section == Known)
        return tr("How well the model knows the answer before it is trained: where that is little, there is nothing to forget");
    if (role == Qt::ToolTipRole && section == Harm)
        return tr("What forgetting the row does to the retain set's loss, to first order: above 0 it does harm");
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Prompt: return tr("prompt");
    case Answer: return tr("answer");
    case Tokens: return tr("tok");
    case Flags: return tr("flag");
    case Known: return tr("known");
    case Harm: return tr("harm");
    default: return {};
    }
}

Qt::ItemFlags SampleTableModel::flags(const QModelIndex &index) const
{
    if (!index.isValid())
        return Qt::ItemIsDropEnabled;
    Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsDragEnabled | Qt::ItemNeverHasChildren;
    const Sample &sample = *m_rows[static_cast<std::size_t>(rowInSet(index.row()))];
    if (index.column() == Answer || (index.column() == Prompt && !sample.row.isDocument))
        flags |= Qt::ItemIsEditable;
    return flags;
}

bool SampleTableModel::setData(const QModelIndex &index, const QVariant &value, int role)
{
    if (role != Qt::EditRole || !checkIndex(index, CheckIndexOption::IndexIsValid) || !(flags(index) & Qt::ItemIsEditable))
        return false;
    const int row = rowInSet(index.row());
    DataRow changed = m_rows[static_cast<std::size_t>(row)]->row;
    (index.column() == Prompt ? changed.prompt : changed.answer) = toStd(value.toString());
    if (changed == m_rows[static_cast<std::size_t>(row)]->row)
        return false;
    Q_EMIT edited(row, changed);
    return true;
}

QStringList SampleTableModel::mimeTypes() const
{
    return {QString::fromLatin1(kSampleMimeType), QStringLiteral("text/plain")};
}

QMimeData *SampleTableModel::mimeData(const QModelIndexList &indexes) const
{
    std::vector<int> taken;
    for (const QModelIndex &index : indexes)
        taken.push_back(rowInSet(index.row()));
    std::sort(taken.begin(), taken.end());
    taken.erase(std::unique(taken.begin(), taken.end()), taken.end());
    SampleList samples;
    QByteArray keys;
    QDataStream stream(&keys, QIODevice::WriteOnly);
    for (const int row : taken) {
        samples.push_back(m_rows[static_cast<std::size_t>(row)]);
        stream << samples.back()->key;
    }
    auto *data = new QMimeData;
    data->setData(QString::fromLatin1(kSampleMimeType), keys);
    data->setText(toTsv(samples));
    return data;
}

bool SampleTableModel::canDropMimeData(const QMimeData *data, Qt::DropAction, int, int, const QModelIndex &) const
{
    return !data->hasUrls() && (data->hasFormat(QString::fromLatin1(kSampleMimeType)) || data->hasText());
}

bool SampleTableModel::dropMimeData(const QMimeData *data, Qt::DropAction action, int row, int column, const QModelIndex &parent)
{
    if (!canDropMimeData(data, action, row, column, parent))
        return false;
    const int shown = row >= 0 ? row : parent.isValid() ? parent.row() : rowCount();
    const int at = shown < rowCount() ? rowInSet(shown) : static_cast<int>(m_rows.size());
    std::vector<quint64> keys;
    QDataStream stream(data->data(QString::fromLatin1(kSampleMimeType)));
    while (!stream.atEnd()) {
        quint64 key = 0;
        stream >> key;
        keys.push_back(key);
    }
    Q_EMIT rowsDropped(at, action == Qt::CopyAction, keys, keys.empty() ? data->text() : QString());
    return false; // the page moves the rows in one undo step; the view must not remove them again
}

void SampleTableModel::refreshFacts()
{
    if (m_filter.usesFacts() || m_sortColumn >= Tokens) {
        std::vector<int> before = m_shown;
        rebuildShown();
        if (m_shown != before) {
            m_shown.swap(before);
            beginResetModel();
            m_shown.swap(before);
            endResetModel();
            return;
        }
    }
    if (const int count = rowCount(); count > 0)
        Q_EMIT dataChanged(index(0, Tokens), index(count - 1, ColumnCount - 1), {Qt::DisplayRole, Qt::ForegroundRole, Qt::ToolTipRole});
}

QString SampleTableModel::toTsv(const SampleList &rows)
{
    // As spreadsheets write it: a cell with a tab, a line break or a quote is quoted, quotes doubled.
    const auto cell = [](const std::string &text) {
        QString value = toQt(std::string_view(text));
        if (value.contains(u'\t') || value.contains(u'\n') || value.contains(u'\r') || value.contains(u'"'))
            value = u'"' + value.replace(u'"', QStringLiteral("\"\"")) + u'"';
        return value;
    };
    QStringList lines;
    for (const SamplePointer &sample : rows) {
        QString line = cell(sample->row.prompt) + u'\t' + cell(sample->row.answer);
        if (!sample->row.alternate.empty())
            line += u'\t' + cell(sample->row.alternate);
        lines.append(line);
    }
    return lines.join(u'\n') + (lines.isEmpty() ? QString() : QStringLiteral("\n"));
}

std::vector<DataRow> SampleTableModel::fromTsv(const QString &text)
{
    std::vector<DataRow> rows;
    QStringList cells(QString{});
    bool quoted = false;
    const auto finishRow = [&] {
        if (cells.size() > 1 || !cells.first().trimmed().isEmpty()) {
            DataRow row;
            row.prompt = toStd(cells.value(0));
            row.answer = toStd(cells.value(1));
            row.alternate = toStd(cells.value(2));
            rows.push_back(std::move(row));
        }
        cells = QStringList(QString{});
    };
    for (qsizetype at = 0; at < text.size(); ++at) {
        const QChar c = text.at(at);
        if (quoted) {
            if (c == u'"' && at + 1 < text.size() && text.at(at + 1) == u'"')
                cells.last().append(text.at(++at));
            else if (c == u'"')
                quoted = false;
            else
                cells.last().append(c);
        } else if (c == u'"' && cells.last().isEmpty()) {
            quoted = true;
        } else if (c == u'\t') {
            cells.append(QString());
        } else if (c == u'\n') {
            finishRow();
        } else if (c != u'\r') {
            cells.last().append(c);
        }
    }
    finishRow();
    return rows;
}

} // namespace lethe
