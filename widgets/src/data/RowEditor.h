#pragma once

#include <lethe/data/Dataset.h>

#include <QtWidgets/QDialog>

class QPlainTextEdit;

namespace lethe {

/// One row in a window of its own: for texts that do not fit a cell.
class RowEditor final : public QDialog
{
    Q_OBJECT

public:
    RowEditor(const QString &title, const DataRow &row, QWidget *parent = nullptr);
    /// The row with what stands in the fields.
    DataRow row() const;

private:
    DataRow m_row;
    QPlainTextEdit *m_prompt;
    QPlainTextEdit *m_answer;
    QPlainTextEdit *m_alternate;
};

} // namespace lethe
