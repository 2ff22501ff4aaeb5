#include "AnswerListModel.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <algorithm>

namespace lethe {

AnswerListModel::AnswerListModel(const AnswerBook &book, QObject *parent)
    : QAbstractTableModel(parent), m_book(book)
{}

void AnswerListModel::reload()
{
    const auto same = [](const AnswerBook::Prompt &a, const AnswerBook::Prompt &b) { return a.set == b.set && a.row == b.row; };
    const std::vector<AnswerBook::Prompt> &all = m_book.prompts();
    // prompts are only ever added while a run goes on: the selection stays then
    if (all.size() >= m_prompts.size() && std::equal(m_prompts.begin(), m_prompts.end(), all.begin(), same)) {
        if (all.size() > m_prompts.size()) {
            beginInsertRows({}, static_cast<int>(m_prompts.size()), static_cast<int>(all.size()) - 1);
            m_prompts = all;
            m_changed.resize(m_prompts.size());
            endInsertRows();
        }
        compute();
        return;
    }
    beginResetModel();
    m_prompts = all;
    m_changed.assign(m_prompts.size(), std::nullopt);
    endResetModel();
    compute();
}

void AnswerListModel::setEvaluation(std::size_t evaluation)
{
    m_evaluation = evaluation;
    compute();
}

void AnswerListModel::compute()
{
    if (m_prompts.empty())
        return;
    const auto baseline = m_book.baseline();
    for (std::size_t i = 0; i < m_prompts.size(); ++i) {
        const SampleRecord *before = baseline ? m_book.answer(*baseline, i) : nullptr;
        const SampleRecord *now = m_book.answer(m_evaluation, i);
        if (!before || !now) {
            m_changed[i].reset();
            continue;
        }
        m_changed[i] = *before->text == *now->text
                           ? 0.0
                           : TextDiff(QString::fromStdString(*before->text), QString::fromStdString(*now->text), TextDiff::Unit::Word).changedShare();
    }
    Q_EMIT dataChanged(index(0, Changed), index(static_cast<int>(m_prompts.size()) - 1, Changed));
}

std::optional<double> AnswerListModel::changed(std::size_t prompt) const
{
    return m_changed.at(prompt);
}

int AnswerListModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_prompts.size());
}

int AnswerListModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant AnswerListModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const auto at = static_cast<std::size_t>(index.row());
    const AnswerBook::Prompt &prompt = m_prompts[at];
    switch (static_cast<Column>(index.column())) {
    case Set:
        if (role == Qt::DisplayRole || role == SortRole)
            return QString::fromStdString(prompt.set);
        if (role == Qt::ForegroundRole && (prompt.set == "forget" || prompt.set == "retain"))
            return {};
        break;
    case Row:
        if (role == Qt::DisplayRole)
            return format::count(prompt.row + 1);
        if (role == SortRole)
            return static_cast<qlonglong>(prompt.row);
        if (role == Qt::TextAlignmentRole)
            return int(Qt::AlignRight | Qt::AlignVCenter);
        break;
    case Changed:
        if (role == Qt::DisplayRole)
            return m_changed[at] ? format::percent(m_changed[at]) : QStringLiteral("–");
        if (role == SortRole)
            return m_changed[at] ? QVariant(*m_changed[at]) : QVariant();
        if (role == Qt::ToolTipRole && !m_changed[at])
            return tr("There is no answer before or at this step");
        if (role == Qt::TextAlignmentRole)
            return int(Qt::AlignRight | Qt::AlignVCenter);
        break;
    case Prompt:
        if (role == Qt::DisplayRole || role == SortRole)
            return prompt.prompt.simplified();
        if (role == Qt::ToolTipRole)
            return prompt.prompt;
        break;
    case ColumnCount: break;
    }
    if (role == Qt::AccessibleTextRole && index.column() == Prompt)
        return tr("%1 %2: %3").arg(QString::fromStdString(prompt.set)).arg(prompt.row + 1).arg(prompt.prompt);
    return {};
}

QVariant AnswerListModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return int((section == Row || section == Changed ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole && section == Changed)
        return tr("Share of words that are not common to the answer before and now");
    if (role != Qt::DisplayRole)
        return {};
    switch (static_cast<Column>(section)) {
    case Set: return tr("Set");
    case Row: return tr("Row");
    case Changed: return tr("Changed");
    case Prompt: return tr("Prompt");
    case ColumnCount: break;
    }
    return {};
}

void AnswerListProxy::setWords(const QString &text)
{
    m_words = text.simplified().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    invalidateFilter();
}

bool AnswerListProxy::filterAcceptsRow(int row, const QModelIndex &parent) const
{
    if (m_words.isEmpty())
        return true;
    const QString text = sourceModel()->index(row, AnswerListModel::Set, parent).data().toString() + QLatin1Char(' ')
                         + sourceModel()->index(row, AnswerListModel::Row, parent).data().toString() + QLatin1Char(' ')
                         + sourceModel()->index(row, AnswerListModel::Prompt, parent).data().toString();
    return std::ranges::all_of(m_words, [&text](const QString &word) { return text.contains(word, Qt::CaseInsensitive); });
}

bool AnswerListProxy::lessThan(const QModelIndex &left, const QModelIndex &right) const
{
    const QVariant a = left.data(AnswerListModel::SortRole);
    const QVariant b = right.data(AnswerListModel::SortRole);
    if (a.isValid() != b.isValid())
        return sortOrder() == Qt::AscendingOrder ? a.isValid() : b.isValid();
    if (left.column() == AnswerListModel::Set || left.column() == AnswerListModel::Prompt)
        return QString::localeAwareCompare(a.toString(), b.toString()) < 0;
    return a.toDouble() < b.toDouble();
}

} // namespace lethe
