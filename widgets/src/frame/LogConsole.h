#pragma once

#include <QtWidgets/QDockWidget>

class QLineEdit;
class QTableView;

namespace lethe {

class Dialogs;
class LogFilter;
class LogModel;

/// The log at the foot of the window: filtered by level and text, copied, saved; follows unless the user scrolls up.
class LogConsole final : public QDockWidget
{
    Q_OBJECT

public:
    explicit LogConsole(Dialogs &dialogs, QWidget *parent = nullptr);
    void focusFilter();

private:
    QString shownText(bool selectedOnly) const;
    void save();

    Dialogs &m_dialogs;
    LogModel *m_lines;
    LogFilter *m_filter;
    QTableView *m_table;
    QLineEdit *m_text;
    bool m_follow = true;
};

} // namespace lethe
