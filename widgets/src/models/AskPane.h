#pragma once

#include <lethe/model/ModelInfo.h>
#include <lethe/tokenizer/ChatTemplate.h>

#include <QtCore/QTimer>
#include <QtWidgets/QWidget>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;

namespace lethe {

class TextModel;
class Workspace;

/// What a worker and the pane share while an answer is written.
struct AskStream {
    std::atomic<bool> stop{false};
    std::atomic<int> tokens{0};
    std::mutex mutex; ///< guards the rest
    QString arrived;
    QString failure;
    double tokensPerSecond = 0;
    bool endedByItself = false;
};

/// A prompt to the model and its answer, streamed; with the model's chat template a conversation, which goes on until a new one is
/// begun. The model is loaded at the first question and kept until another is chosen.
class AskPane final : public QWidget
{
    Q_OBJECT

public:
    explicit AskPane(Workspace &workspace, QWidget *parent = nullptr);
    ~AskPane() override;
    void setModel(std::shared_ptr<const ModelInfo> info);
    void ask();

private:
    /// The loaded model, and the one thread at a time that may use it.
    struct Loaded {
        std::mutex mutex;
        std::unique_ptr<TextModel> model;
    };
    QWidget *makeOptions();
    void takeArrived();
    void finished();
    void showState();
    void beginTalk();
    bool isChat() const;
    void append(const QString &text);

    Workspace &m_workspace;
    std::shared_ptr<const ModelInfo> m_info;
    std::shared_ptr<Loaded> m_loaded; ///< shared with the worker that may still be ending
    std::shared_ptr<AskStream> m_stream;
    QLineEdit *m_prompt;
    QLineEdit *m_system;
    QPushButton *m_new;
    std::vector<ChatMessage> m_talk; ///< what was said and answered, without the system prompt
    QString m_said; ///< the answer that is being written
    QPushButton *m_ask;
    QPushButton *m_stop;
    QComboBox *m_template;
    QComboBox *m_mode;
    QDoubleSpinBox *m_temperature;
    QSpinBox *m_seed;
    QSpinBox *m_length;
    QPlainTextEdit *m_answer;
    QLabel *m_state;
    QTimer m_timer;
};

} // namespace lethe
