#pragma once

#include "AnswerBook.h"
#include "TextDiff.h"

#include <QtCore/QAbstractTableModel>
#include <QtCore/QSortFilterProxyModel>

namespace lethe {

/// The prompts of a run with how much the answer changed from before to the evaluation in front.
class AnswerListModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { Set, Row, Changed, Prompt, ColumnCount };
    static constexpr int SortRole = Qt::UserRole + 1;

    explicit AnswerListModel(const AnswerBook &book, QObject *parent = nullptr);

    /// The book was filled anew, or has more prompts.
    void reload();
    void setEvaluation(std::size_t evaluation);
    /// Nothing where one of the two answers is missing.
    std::optional<double> changed(std::size_t prompt) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    void compute();

    const AnswerBook &m_book;
    std::size_t m_evaluation = 0;
    std::vector<AnswerBook::Prompt> m_prompts; ///< as told to the views
    std::vector<std::optional<double>> m_changed;
};

/// Filters by words in set, prompt and reference; sorts undefined last whatever the direction.
class AnswerListProxy : public QSortFilterProxyModel
{
    Q_OBJECT

public:
    using QSortFilterProxyModel::QSortFilterProxyModel;
    void setWords(const QString &text);

protected:
    bool filterAcceptsRow(int row, const QModelIndex &parent) const override;
    bool lessThan(const QModelIndex &left, const QModelIndex &right) const override;

private:
    QStringList m_words;
};

} // namespace lethe
