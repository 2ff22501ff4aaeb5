#pragma once

#include "plots/Card.h"

#include <lethe/store/RunStore.h>

#include <functional>
#include <memory>
#include <vector>

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace lethe {

class AnswerColumn;
class Workspace;
struct RunHistory;

/// A question of the user's own.
struct OwnAnswer {
    QString prompt;
    QString before;      ///< of the untouched model
    QString now;         ///< of the checkpoint; empty where there was none
    std::int64_t step = 0; ///< of that checkpoint
};

/// *Ask all columns*: puts one question to the untouched model and to the newest checkpoint, on a worker. The questions are kept
/// with the run.
class AskPanel : public Card
{
    Q_OBJECT

public:
    AskPanel(Workspace &workspace, QWidget *parent = nullptr);

    void show(const RunHistory &history);
    /// The checkpoint that would answer; null where there is none.
    const CheckpointRecord *checkpoint() const { return m_checkpoint ? &*m_checkpoint : nullptr; }
    void ask();

    /// What answers (model folder, what to ask) → text; the real one loads the model. A test hands in its own.
    struct Request {
        std::string folder;
        std::string specJson;
        std::string prompt;
        std::int64_t maxNewTokens = 48;
        bool sampled = false;
        std::function<bool()> isCancelled;
        std::function<void(const QString &stage, double done, double total)> report;
    };
    using Answerer = std::function<Result<std::string>(const Request &)>;
    void setAnswerer(Answerer answerer) { m_answerer = std::move(answerer); }

Q_SIGNALS:
    void answered();

private:
    void restore();
    void keep();
    void showAnswer(int index);
    void setBusy(bool busy);

    Workspace &m_workspace;
    Answerer m_answerer;
    RunId m_run = 0;
    std::string m_specJson;
    std::string m_modelFolder;
    std::optional<CheckpointRecord> m_checkpoint;
    std::vector<OwnAnswer> m_answers;
    std::int64_t m_task = 0;
    QLineEdit *m_prompt;
    QComboBox *m_mode;
    QSpinBox *m_tokens;
    QPushButton *m_button;
    QComboBox *m_history;
    QLabel *m_note;
    QWidget *m_columns;
    AnswerColumn *m_before;
    AnswerColumn *m_now;
};

} // namespace lethe
