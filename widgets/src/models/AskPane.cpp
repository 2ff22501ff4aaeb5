#include "AskPane.h"

#include "../plots/FlowLayout.h"

#include <widgets/Format.h>
#include <widgets/TaskList.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <lethe/data/Dataset.h>
#include <lethe/model/TextModel.h>

#include <QtGui/QTextCursor>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QDoubleSpinBox>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QPlainTextEdit>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QSpinBox>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

namespace {

constexpr int kTakeMilliseconds = 50;
enum TemplateChoice { QuestionAnswer, Chat, Raw };

/// What the model is given: the template's prompt as the trainer encodes it, the conversation in the model's own template, or the text alone.
Result<std::vector<TokenId>> promptIds(const TextModel &model, const TemplateSpec &spec, int choice, const std::vector<ChatMessage> &messages,
                                       std::int64_t length)
{
    const std::string &text = messages.back().content;
    if (choice == Raw)
        return model.tokenizer().encode(text);
    if (choice == Chat) {
        LETHE_TRY(const ChatTemplate chat, ChatTemplate::of(model.tokenizer()));
        LETHE_TRY(const std::string rendered, chat.render(messages, true));
        return model.tokenizer().encode(rendered, false);
    }
    TemplateSpec wanted = spec;
    wanted.chat = false;
    LETHE_TRY(const SampleEncoder encoder, SampleEncoder::create(model.tokenizer(), wanted, length));
    return encoder.encodePromptText(text);
}

} // namespace

AskPane::AskPane(Workspace &workspace, QWidget *parent)
    : QWidget(parent), m_workspace(workspace), m_loaded(std::make_shared<Loaded>()), m_prompt(new QLineEdit(this)),
      m_system(new QLineEdit(this)), m_new(new QPushButton(tr("New chat"), this)),
      m_ask(new QPushButton(Theme::icon(QStringLiteral("send")), tr("Answer"), this)),
      m_stop(new QPushButton(Theme::icon(QStringLiteral("stop")), tr("Stop"), this)), m_template(new QComboBox(this)), m_mode(new QComboBox(this)),
      m_temperature(new QDoubleSpinBox(this)), m_seed(new QSpinBox(this)), m_length(new QSpinBox(this)), m_answer(new QPlainTextEdit(this)),
      m_state(new QLabel(this))
{
    m_prompt->setObjectName(QStringLiteral("askPrompt"));
    m_prompt->setAccessibleName(tr("Question"));
    m_prompt->setPlaceholderText(tr("Ask it something"));
    m_prompt->setClearButtonEnabled(true);
    m_system->setObjectName(QStringLiteral("askSystem"));
    m_system->setAccessibleName(tr("System prompt"));
    m_system->setPlaceholderText(tr("System prompt, if any"));
    m_system->setText(QString::fromStdString(workspace.draft().data.textTemplate.systemPrompt));
    m_new->setObjectName(QStringLiteral("askNew"));
    m_ask->setObjectName(QStringLiteral("askAnswer"));
    m_stop->setObjectName(QStringLiteral("askStop"));
    m_answer->setObjectName(QStringLiteral("askText"));
    m_answer->setAccessibleName(tr("Answer"));
    m_answer->setReadOnly(true);
    m_answer->setTabChangesFocus(true);
    m_answer->setPlaceholderText(tr("The answer appears here, token by token."));
    m_state->setObjectName(QStringLiteral("askState"));
    m_state->setWordWrap(true);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(0, Theme::space(3), 0, 0);
    all->setSpacing(Theme::space(2));
    auto *line = new QHBoxLayout;
    line->setSpacing(Theme::space(2));
    line->addWidget(m_prompt, 1);
    line->addWidget(m_ask);
    line->addWidget(m_stop);
    all->addLayout(line);
    auto *chat = new QHBoxLayout;
    chat->setSpacing(Theme::space(2));
    chat->addWidget(m_system, 1);
    chat->addWidget(m_new);
    all->addLayout(chat);
    all->addWidget(makeOptions());
    all->addWidget(m_answer, 1);
    all->addWidget(m_state);
    m_timer.setInterval(kTakeMilliseconds);
    connect(&m_timer, &QTimer::timeout, this, &AskPane::takeArrived);
    connect(m_prompt, &QLineEdit::returnPressed, this, &AskPane::ask);
    connect(m_ask, &QPushButton::clicked, this, &AskPane::ask);
    connect(m_stop, &QPushButton::clicked, this, [this] {
        if (m_stream)
            m_stream->stop = true;
    });
    connect(m_new, &QPushButton::clicked, this, &AskPane::beginTalk);
    connect(m_system, &QLineEdit::textEdited, this, &AskPane::beginTalk); // what was answered under another no longer follows
    connect(m_template, &QComboBox::currentIndexChanged, this, &AskPane::beginTalk);
    connect(&workspace, &Workspace::runStateChanged, this, &AskPane::showState);
    showState();
}

AskPane::~AskPane()
{
    if (m_stream)
        m_stream->stop = true;
}

QWidget *AskPane::makeOptions()
{
    auto *options = new QWidget(this);
    auto *line = new FlowLayout(options); // narrow windows take two rows
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(Theme::space(3));
    const auto add = [&](const QString &name, QWidget *field) {
        auto *pair = new QWidget(options);
        auto *both = new QHBoxLayout(pair);
        both->setContentsMargins(0, 0, 0, 0);
        both->setSpacing(Theme::space(2));
        auto *label = new QLabel(name, pair);
        label->setBuddy(field);
        Theme::setRole(label, TextRole::Muted);
        field->setAccessibleName(name);
        both->addWidget(label);
        both->addWidget(field);
        line->addWidget(pair);
    };
    m_template->addItems({tr("question–answer"), tr("chat"), tr("raw text")});
    m_mode->addItems({tr("greedy"), tr("sampled")});
    m_temperature->setRange(0.05, 5.0);
    m_temperature->setSingleStep(0.1);
    m_temperature->setValue(0.8);
    m_seed->setRange(0, 999999);
    m_length->setRange(1, 2048);
    m_length->setValue(48);
    add(tr("Template"), m_template);
    add(tr("Choice"), m_mode);
    add(tr("Temperature"), m_temperature);
    add(tr("Seed"), m_seed);
    add(tr("At most"), m_length);
    m_length->setSuffix(tr(" tokens"));
    const auto follow = [this] {
        const bool sampled = m_mode->currentIndex() == 1;
        m_temperature->setEnabled(sampled);
        m_seed->setEnabled(sampled);
    };
    connect(m_mode, &QComboBox::currentIndexChanged, this, follow);
    follow();
    return options;
}

bool AskPane::isChat() const
{
    return m_template->currentIndex() == Chat;
}

void AskPane::beginTalk()
{
    if (m_stream)
        m_stream->stop = true;
    m_talk.clear();
    m_said.clear();
    m_answer->clear();
    showState();
}

void AskPane::append(const QString &text)
{
    QTextCursor end(m_answer->document());
    end.movePosition(QTextCursor::End);
    end.insertText(text);
}

void AskPane::setModel(std::shared_ptr<const ModelInfo> info)
{
    const bool other = !m_info || !info || m_info->folder != info->folder;
    m_info = std::move(info);
    if (other) {
        if (m_stream)
            m_stream->stop = true;
        m_stream.reset();
        m_timer.stop();
        m_loaded = std::make_shared<Loaded>();
        m_talk.clear();
        m_said.clear();
        m_answer->clear();
        const bool chat = m_info && m_info->tokenizer && m_info->tokenizer->hasChatTemplate;
        m_template->setItemData(Chat, chat ? QVariant() : QVariant(0), Qt::UserRole - 1); // an item that cannot be chosen
        if (!chat && m_template->currentIndex() == Chat)
            m_template->setCurrentIndex(QuestionAnswer);
    }
    showState();
}

void AskPane::showState()
{
    const bool busy = m_stream != nullptr;
    const bool usable = m_info && m_info->usable() && m_info->tokenizer;
    const bool runOn = m_workspace.activeRun() != nullptr;
    m_ask->setEnabled(usable && !busy && !runOn);
    m_stop->setEnabled(busy);
    m_system->setVisible(isChat());
    m_new->setVisible(isChat());
    m_system->setEnabled(!busy);
    m_new->setEnabled(!busy && !m_talk.empty());
    m_template->setEnabled(!busy);
    if (busy)
        return;
    if (m_info && !usable)
        m_state->setText(tr("This folder cannot answer: see its problems in Overview."));
    else if (runOn)
        m_state->setText(tr("A run is using the device. Ask again when it has ended."));
    else if (m_answer->toPlainText().isEmpty())
        m_state->clear();
    Theme::setRole(m_state, TextRole::Muted);
}

void AskPane::ask()
{
    const QString prompt = m_prompt->text();
    if (!m_ask->isEnabled() || prompt.isEmpty())
        return;
    m_stream = std::make_shared<AskStream>();
    m_said.clear();
    std::vector<ChatMessage> messages;
    if (isChat()) {
        if (!m_system->text().isEmpty())
            messages.push_back({.role = "system", .content = m_system->text().toStdString()});
        messages.insert(messages.end(), m_talk.begin(), m_talk.end());
        append((m_talk.empty() ? QString() : QStringLiteral("\n\n")) + tr("You: %1").arg(prompt) + QStringLiteral("\n\n") + tr("Model: "));
        m_talk.push_back({.role = "user", .content = prompt.toStdString()});
        m_prompt->clear();
    } else {
        m_answer->clear();
    }
    messages.push_back({.role = "user", .content = prompt.toStdString()});
    m_state->setText(tr("Reading the model…"));
    showState();
    m_timer.start();
    GenerationOptions options;
    options.maxNewTokens = m_length->value();
    options.temperature = m_mode->currentIndex() == 1 ? m_temperature->value() : 0;
    options.seed = static_cast<std::uint64_t>(m_seed->value());
    const auto work = [loaded = m_loaded, stream = m_stream, options, messages, folder = m_info->folder, choice = m_template->currentIndex(),
                       templateSpec = m_workspace.draft().data.textTemplate, context = m_info->contextLength](TaskHandle &task) -> QString {
        const std::lock_guard lock(loaded->mutex);
        const auto fail = [&](const Error &error) -> QString {
            if (error.code == ErrorCode::Cancelled)
                return {};
            const QString words = QString::fromStdString(error.message());
            task.fail(words);
            const std::lock_guard guard(stream->mutex);
            stream->failure = words;
            return {};
        };
        if (!loaded->model) {
            LoadOptions how;
            how.progress = [&](std::uint64_t done, std::uint64_t total) {
                task.report(tr("Reading weights"), static_cast<double>(done), static_cast<double>(total));
                return !stream->stop && !task.isCancelled();
            };
            auto model = TextModel::load(folder, how);
            if (!model.ok())
                return fail(model.error());
            loaded->model = std::make_unique<TextModel>(std::move(*model));
        }
        auto ids = promptIds(*loaded->model, templateSpec, choice, messages, context);
        if (!ids.ok())
            return fail(ids.error());
        task.report(tr("Answering"), 0, static_cast<double>(options.maxNewTokens));
        const auto answers = loaded->model->generateFromIds({*ids}, options, [&](std::size_t, TokenId, std::string_view text) {
            const int tokens = ++stream->tokens;
            {
                const std::lock_guard guard(stream->mutex);
                stream->arrived += QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
            }
            task.report(tr("Answering"), tokens, static_cast<double>(options.maxNewTokens));
            return !stream->stop && !task.isCancelled();
        });
        if (!answers.ok())
            return fail(answers.error());
        const std::lock_guard guard(stream->mutex);
        stream->tokensPerSecond = answers->front().tokensPerSecond;
        stream->endedByItself = answers->front().stoppedAtEos;
        return tr("%n token(s)", nullptr, int(answers->front().ids.size()));
    };
    m_workspace.tasks().start(tr("Ask %1").arg(QString::fromStdString(m_info->folder.filename().string())), this, work,
                              [this, stream = m_stream] {
                                  if (stream == m_stream)
                                      finished();
                              });
}

void AskPane::takeArrived()
{
    if (!m_stream)
        return;
    QString arrived;
    {
        const std::lock_guard lock(m_stream->mutex);
        arrived.swap(m_stream->arrived);
    }
    if (arrived.isEmpty())
        return;
    m_state->setText(tr("%n token(s)", nullptr, m_stream->tokens.load()));
    m_said += arrived;
    append(arrived);
}

void AskPane::finished()
{
    takeArrived();
    m_timer.stop();
    const auto stream = std::exchange(m_stream, nullptr);
    const std::lock_guard lock(stream->mutex);
    if (isChat() && !m_talk.empty()) {
        if (stream->failure.isEmpty()) // what was stopped is a part of the conversation too
            m_talk.push_back({.role = "assistant", .content = m_said.toStdString()});
        else { // the question was never put: it may be put again
            m_prompt->setText(QString::fromStdString(m_talk.back().content));
            m_talk.pop_back();
        }
    }
    showState();
    if (!stream->failure.isEmpty()) {
        Theme::setRole(m_state, TextRole::Error);
        m_state->setText(stream->failure);
        return;
    }
    QStringList words{tr("%n token(s)", nullptr, stream->tokens.load())};
    if (stream->tokensPerSecond > 0)
        words << format::rate(stream->tokensPerSecond, tr("tok"));
    words << (stream->stop ? tr("stopped") : stream->endedByItself ? tr("ended by itself") : tr("cut at the limit"));
    m_state->setText(words.join(QStringLiteral(" · ")));
    if (m_answer->toPlainText().isEmpty())
        m_answer->setPlaceholderText(tr("The model answered with nothing."));
}

} // namespace lethe
