#pragma once

#include <lethe/store/RunStore.h>

#include <QtWidgets/QWidget>

class QLabel;
class QPlainTextEdit;
class QTabWidget;

namespace lethe {

/// What the store knows of one run beside its curves: result, spec, events, log, checkpoints, provenance. Read off the GUI thread.
class RunDetailsPane final : public QWidget
{
    Q_OBJECT

public:
    /// \p store outlives the pane.
    explicit RunDetailsPane(RunStore &store, QWidget *parent = nullptr);
    /// 0 shows none.
    void showRun(RunId run);
    /// The same run, as the store has it now.
    void refresh();

Q_SIGNALS:
    void shown(qint64 run);

private:
    void take(const RunDetails &details);
    void takeLog(const Result<std::vector<LogLine>> &log);
    QPlainTextEdit *addTextTab(const QString &title, const QString &objectName);
    void copyTab();

    RunStore &m_store;
    QLabel *m_title;
    QLabel *m_line;
    QTabWidget *m_tabs;
    QPlainTextEdit *m_result;
    QPlainTextEdit *m_spec;
    QPlainTextEdit *m_events;
    QPlainTextEdit *m_log;
    QPlainTextEdit *m_files;
    QPlainTextEdit *m_provenance;
    RunId m_run = 0;
    bool m_reading = false;
    bool m_again = false; ///< asked for while reading
};

} // namespace lethe
