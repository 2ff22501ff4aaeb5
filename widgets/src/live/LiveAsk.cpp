#include "LiveAsk.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <QtGui/QKeyEvent>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QPlainTextEdit>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QSpinBox>
#include <QtWidgets/QToolButton>

#include <atomic>
#include <mutex>
#include <optional>

namespace lethe {
namespace {

constexpr int kAskMilliseconds = 50;
constexpr int kAnswerLines = 3;

} // namespace

struct LiveAsk::Stream {
    std::atomic<bool> stop{false};
    std::mutex mutex; ///< guards the rest
    QString arrived;
    std::optional<Result<RunAnswer>> answer;
};

LiveAsk::LiveAsk(Workspace &workspace, QWidget *parent)
    : Card(parent), m_workspace(workspace), m_prompt(new QLineEdit(this)), m_tokens(new QSpinBox(this)), m_ask(new QPushButton(this)),
      m_answer(new QPlainTextEdit(this)), m_state(new QLabel(this))
{
    setObjectName(QStringLiteral("liveAsk"));
    auto *label = new QLabel(tr("&Ask the model as it is now"), this);
    label->setBuddy(m_prompt);
    m_prompt->setObjectName(QStringLiteral("liveAskPrompt"));
    m_prompt->setAccessibleName(tr("Question to the model in training"));
    m_prompt->setPlaceholderText(tr("A question, set in the run's template"));
    m_prompt->setClearButtonEnabled(true);
    m_tokens->setRange(1, 512);
    m_tokens->setValue(48);
    m_tokens->setSuffix(tr(" tokens"));
    m_tokens->setAccessibleName(tr("Longest answer in tokens"));
    m_ask->setObjectName(QStringLiteral("liveAskButton"));
    auto *close = new QToolButton(this);
    close->setIcon(Theme::icon(QStringLiteral("close")));
    close->setAutoRaise(true);
    close->setToolTip(tr("Put the question away (Esc)"));
    close->setAccessibleName(tr("Put the question away"));
    m_answer->setObjectName(QStringLiteral("liveAskAnswer"));
    m_answer->setAccessibleName(tr("Answer"));
    m_answer->setReadOnly(true);
    m_answer->setTabChangesFocus(true);
    m_answer->setPlaceholderText(tr("It answers greedily between two steps; the losses stay those of a run that was asked nothing."));
    m_answer->setFixedHeight(fontMetrics().lineSpacing() * kAnswerLines + Theme::space(4));
    m_state->setObjectName(QStringLiteral("liveAskState"));
    m_state->setWordWrap(true);
    Theme::setRole(m_state, TextRole::Muted);

    auto *line = new QHBoxLayout;
    line->setSpacing(Theme::space(2));
    line->addWidget(label);
    line->addWidget(m_prompt, 1);
    line->addWidget(m_tokens);
    line->addWidget(m_ask);
    line->addWidget(close);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::space(3), Theme::space(2), Theme::space(2), Theme::space(2));
    column->setSpacing(Theme::space(2));
    column->addLayout(line);
    column->addWidget(m_answer);
    column->addWidget(m_state);

    m_timer.setInterval(kAskMilliseconds);
    connect(&m_timer, &QTimer::timeout, this, &LiveAsk::look);
    connect(m_prompt, &QLineEdit::returnPressed, this, &LiveAsk::ask);
    connect(m_prompt, &QLineEdit::textChanged, this, &LiveAsk::refresh);
    connect(m_ask, &QPushButton::clicked, this, [this] {
        if (m_stream)
            m_stream->stop = true;
        else
            ask();
    });
    connect(close, &QToolButton::clicked, this, &QWidget::hide);
    connect(&workspace, &Workspace::runStateChanged, this, &LiveAsk::refresh);
    connect(&workspace, &Workspace::runEnded, this, [this] {
        look();
        if (!m_stream)
            return;
        m_stream.reset();
        m_timer.stop();
        m_state->setText(tr("The run ended before it came to the question."));
        refresh();
    });
    refresh();
    hide();
}

LiveAsk::~LiveAsk()
{
    if (m_stream)
        m_stream->stop = true;
}

void LiveAsk::open()
{
    show();
    m_prompt->setFocus();
    m_prompt->selectAll();
}

void LiveAsk::ask()
{
    RunController *run = m_workspace.activeRun();
    const QString prompt = m_prompt->text().trimmed();
    if (m_stream || run == nullptr || prompt.isEmpty())
        return;
    m_stream = std::make_shared<Stream>();
    m_answer->clear();
    m_state->setText(m_workspace.isPaused() ? tr("Answering…") : tr("Waiting for the end of this step…"));
    run->control().ask({.prompt = prompt.toStdString(), .maxNewTokens = m_tokens->value(),
                        .onText = [stream = m_stream](std::string_view text) {
                            const std::lock_guard lock(stream->mutex);
                            stream->arrived += QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
                            return !stream->stop;
                        },
                        .onAnswered = [stream = m_stream](const Result<RunAnswer> &answer) {
                            const std::lock_guard lock(stream->mutex);
                            stream->answer = answer;
                        }});
    m_timer.start();
    refresh();
}

void LiveAsk::look()
{
    if (!m_stream)
        return;
    QString arrived;
    std::optional<Result<RunAnswer>> answer;
    {
        const std::lock_guard lock(m_stream->mutex);
        arrived.swap(m_stream->arrived);
        answer = m_stream->answer;
    }
    if (!arrived.isEmpty()) {
        m_answer->moveCursor(QTextCursor::End);
        m_answer->insertPlainText(arrived);
    }
    if (!answer)
        return;
    const bool stopped = m_stream->stop;
    m_stream.reset();
    m_timer.stop();
    if (answer->ok()) {
        const RunAnswer &said = **answer;
        m_state->setText(tr("after step %1 · %n token(s) in %2 s · %3", nullptr, int(said.tokens))
                             .arg(format::count(said.step), QString::number(said.seconds, 'f', 1),
                                  stopped ? tr("stopped") : said.endedByItself ? tr("ended by itself") : tr("cut at the limit")));
        if (m_answer->toPlainText().trimmed().isEmpty())
            m_answer->setPlainText(tr("(empty answer)"));
    } else {
        m_state->setText(QString::fromStdString(answer->error().message()));
    }
    Theme::setRole(m_state, answer->ok() ? TextRole::Muted : TextRole::Error);
    refresh();
}

void LiveAsk::refresh()
{
    const bool running = m_workspace.activeRun() != nullptr;
    m_ask->setText(m_stream ? tr("Stop") : tr("Ask"));
    m_ask->setIcon(Theme::icon(m_stream ? QStringLiteral("stop") : QStringLiteral("send")));
    m_ask->setEnabled(m_stream || (running && !m_prompt->text().trimmed().isEmpty()));
    m_ask->setToolTip(running ? QString() : tr("No run is on. Ask its checkpoint in Generations, or the model in Models."));
}

void LiveAsk::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape) {
        hide();
        parentWidget()->setFocus();
        return;
    }
    Card::keyPressEvent(event);
}

} // namespace lethe
