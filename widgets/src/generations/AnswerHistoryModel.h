#pragma once

#include "AnswerBook.h"

#include <QtCore/QAbstractTableModel>

namespace lethe {

/// One prompt through the run: what each evaluation answered.
class AnswerHistoryModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { Step, Probability, Rouge, Answer, ColumnCount };

    explicit AnswerHistoryModel(const AnswerBook &book, QObject *parent = nullptr);
    /// \p prompt −1: none.
    void show(int prompt);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    const AnswerBook &m_book;
    int m_prompt = -1;
    int m_rows = 0; ///< as told to the views
};

} // namespace lethe
