#include "AnswerHistoryModel.h"

#include <widgets/Format.h>

namespace lethe {

AnswerHistoryModel::AnswerHistoryModel(const AnswerBook &book, QObject *parent)
    : QAbstractTableModel(parent), m_book(book)
{}

void AnswerHistoryModel::show(int prompt)
{
    const int rows = prompt < 0 ? 0 : static_cast<int>(m_book.evaluations());
    if (prompt == m_prompt && rows == m_rows)
        return;
    beginResetModel();
    m_prompt = prompt;
    m_rows = rows;
    endResetModel();
}

int AnswerHistoryModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : m_rows;
}

int AnswerHistoryModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant AnswerHistoryModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const auto evaluation = static_cast<std::size_t>(index.row());
    if (evaluation >= m_book.evaluations()) // the book was emptied; the reset is on its way
        return {};
    if (role == Qt::TextAlignmentRole)
        return int((index.column() == Answer ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    const SampleRecord *sample = m_book.answer(evaluation, static_cast<std::size_t>(m_prompt));
    if (role == Qt::ToolTipRole && sample && index.column() == Answer)
        return QString::fromStdString(sample->text.value_or(std::string()));
    if (role != Qt::DisplayRole)
        return {};
    switch (static_cast<Column>(index.column())) {
    case Step: return format::count(m_book.step(evaluation));
    case Probability: return format::probability(sample ? sample->probability : std::nullopt);
    case Rouge: return format::probability(sample ? sample->rougeRecall : std::nullopt);
    case Answer:
        if (!sample)
            return tr("not asked");
        return QString::fromStdString(sample->text.value_or(std::string())).simplified();
    case ColumnCount: break;
    }
    return {};
}

QVariant AnswerHistoryModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return int((section == Answer ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (static_cast<Column>(section)) {
    case Step: return tr("Step");
    case Probability: return tr("p");
    case Rouge: return tr("R-L");
    case Answer: return tr("Answer through the run");
    case ColumnCount: break;
    }
    return {};
}

} // namespace lethe
