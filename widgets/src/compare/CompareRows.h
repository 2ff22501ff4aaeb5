#pragma once

#include "ComparedSamples.h"
#include "RowTableModel.h"

#include <QtWidgets/QWidget>

class QComboBox;
class QLabel;
class QLineEdit;
class QSettings;
class QTableView;
class QVBoxLayout;

namespace lethe {

/// The rows behind the numbers: a table sorted by what is worst, and of the chosen row every answer of every compared run, its
/// reference token by token.
class CompareRows : public QWidget
{
    Q_OBJECT

public:
    CompareRows(ComparedSamples &samples, QSettings &settings, QWidget *parent = nullptr);

    void setBaseline(RunId run) { m_leading = run; }
    QString csv() const { return m_model->csv(); }
    void focusFilter();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    QWidget *buildTable();
    QWidget *buildRow();
    void fillValues();
    void refresh();
    void fitPrompts();
    void showRow();
    void fillRow(const RowTableModel::Key &key, const std::vector<RowHistory> &histories);
    QWidget *runCard(const RunSamples &run, const RowHistory &history);
    RowOrder order() const;

    ComparedSamples &m_samples;
    QSettings &m_settings;
    RowTableModel *m_model = nullptr;
    RunId m_leading = 0;
    std::optional<RowTableModel::Key> m_shown;
    std::uint64_t m_asked = 0;
    QComboBox *m_order = nullptr;
    QComboBox *m_value = nullptr;
    QLineEdit *m_filter = nullptr;
    QTableView *m_table = nullptr;
    QLabel *m_empty = nullptr;
    QLabel *m_prompt = nullptr;
    QLabel *m_reference = nullptr;
    QLabel *m_pointed = nullptr;
    QWidget *m_cards = nullptr;
    QVBoxLayout *m_cardColumn = nullptr;
};

} // namespace lethe
