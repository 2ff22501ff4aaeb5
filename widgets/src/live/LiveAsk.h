#pragma once

#include "plots/Card.h"

#include <QtCore/QTimer>

#include <memory>

class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;

namespace lethe {

class Workspace;

/// A question to the model that is being trained: put between two steps, its answer streamed. The run goes on as if it had been asked nothing.
class LiveAsk : public Card
{
    Q_OBJECT

public:
    explicit LiveAsk(Workspace &workspace, QWidget *parent = nullptr);
    ~LiveAsk() override;

    void ask();
    /// Shows the card with the focus in its field.
    void open();

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    struct Stream;
    void look();
    void refresh();

    Workspace &m_workspace;
    std::shared_ptr<Stream> m_stream; ///< shared with the run's thread; null: nothing is being answered
    QLineEdit *m_prompt;
    QSpinBox *m_tokens;
    QPushButton *m_ask;
    QPlainTextEdit *m_answer;
    QLabel *m_state;
    QTimer m_timer;
};

} // namespace lethe
