#pragma once

#include <QtWidgets/QTableView>

namespace lethe {

class FilterHeader;
class SampleTableModel;

/// The view of one set: rows of one height, drags to the other table and to spreadsheets, in-place editing of short texts.
class SampleView final : public QTableView
{
    Q_OBJECT

public:
    SampleView(SampleTableModel &model, const QString &objectName, QWidget *parent = nullptr);

    FilterHeader &filters() { return *m_filters; }
    /// Indices into the set's rows, ascending.
    std::vector<int> selectedSetRows() const;
    /// The current row's index into the set's rows; -1: none.
    int currentSetRow() const;
    void selectKeys(const std::vector<quint64> &keys);
    /// Whether the columns of what the model said of rows are there.
    void setSurveyShown(bool shown);
    /// Shown while the table has no rows.
    void setEmptyText(const QString &text) { m_emptyText = text; }

Q_SIGNALS:
    /// The text is too long for a cell, or has more than one line.
    void editRowRequested(int setRow);
    void focused();

protected:
    bool edit(const QModelIndex &index, EditTrigger trigger, QEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void fitColumns();

    SampleTableModel &m_model;
    FilterHeader *m_filters;
    QString m_emptyText;
    double m_promptShare = 0.45; ///< of what prompt and answer have together
    bool m_fitting = false;
};

} // namespace lethe
