#pragma once

#include <lethe/spec/ExperimentSpec.h>

#include <QtCore/QTimer>
#include <QtWidgets/QDialog>

class QCheckBox;
class QLabel;
class QPlainTextEdit;
class QPushButton;

namespace lethe {

class Dialogs;

/// The list of refusals as text, one a line. It takes effect while it is written: there is nothing to save.
class RefusalsDialog final : public QDialog
{
    Q_OBJECT

public:
    /// \p refusals: the spec's, or the user's own where it has none. \p rowsHaveAnswers: the forget rows bring replacement answers.
    RefusalsDialog(const RefusalSpec &refusals, bool rowsHaveAnswers, Dialogs &dialogs, QWidget *parent = nullptr);
    ~RefusalsDialog() override; ///< what was typed last is announced still

    QStringList answers() const;

Q_SIGNALS:
    /// The list is another one; never an empty one.
    void edited(const lethe::RefusalSpec &refusals);
    /// The rows' own replacement answers are wanted instead.
    void removed();

private:
    void announce();
    void showState();
    void import();
    void setAnswers(const QStringList &answers);

    Dialogs &m_dialogs;
    QPlainTextEdit *m_text;
    QCheckBox *m_once;
    QLabel *m_state;
    QLabel *m_problem;
    QPushButton *m_restore;
    QTimer m_timer; ///< after the last key
    RefusalSpec m_announced;
};

} // namespace lethe
