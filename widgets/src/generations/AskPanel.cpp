#include "AskPanel.h"

#include "AnswerColumn.h"
#include "TextDiff.h"

#include "live/RunFeed.h"

#include <widgets/Format.h>
#include <widgets/TaskList.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <lethe/data/Dataset.h>
#include <lethe/model/TextModel.h>
#include <lethe/spec/SpecReader.h>

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QSpinBox>

namespace lethe {
namespace {

constexpr std::size_t kMostOwnPrompts = 100;

std::string ownPromptsKey(RunId run)
{
    return "generations/own/" + std::to_string(run);
}

/// Loads the model, frames the question as the run's template does, and generates.
Result<std::string> answerWithModel(const AskPanel::Request &request)
{
    const SpecReading reading = readSpec(request.specJson, {});
    LoadOptions load;
    load.device = "cpu"; // the device belongs to the run
    load.progress = [&request](std::uint64_t done, std::uint64_t total) {
        request.report(AskPanel::tr("Reading model"), static_cast<double>(done), static_cast<double>(total));
        return !request.isCancelled();
    };
    LETHE_TRY(TextModel model, TextModel::load(request.folder, load));
    LETHE_TRY(const SampleEncoder encoder, SampleEncoder::create(model.tokenizer(), reading.spec.data.textTemplate, reading.spec.data.maxLength));
    LETHE_TRY(const std::vector<TokenId> ids, encoder.encodePromptText(request.prompt));
    GenerationOptions options;
    options.maxNewTokens = request.maxNewTokens;
    if (request.sampled) {
        options.temperature = 0.7;
        options.topP = 0.95;
    }
    double tokens = 0;
    LETHE_TRY(const std::vector<Generation> answers, model.generateFromIds({ids}, options, [&](std::size_t, TokenId, std::string_view) {
                  request.report(AskPanel::tr("Answering"), ++tokens, static_cast<double>(request.maxNewTokens));
                  return !request.isCancelled();
              }));
    return answers.empty() ? std::string() : answers.front().text;
}

} // namespace

AskPanel::AskPanel(Workspace &workspace, QWidget *parent)
    : Card(parent), m_workspace(workspace), m_answerer(answerWithModel)
{
    setObjectName(QStringLiteral("askPanel"));
    auto *label = new QLabel(tr("&Ask all columns"), this);
    m_prompt = new QLineEdit(this);
    m_prompt->setObjectName(QStringLiteral("askPrompt"));
    m_prompt->setPlaceholderText(tr("A question of your own"));
    m_prompt->setClearButtonEnabled(true);
    label->setBuddy(m_prompt);
    m_mode = new QComboBox(this);
    m_mode->addItem(tr("greedy"), false);
    m_mode->addItem(tr("sampled"), true);
    m_mode->setAccessibleName(tr("How the answer is generated"));
    m_tokens = new QSpinBox(this);
    m_tokens->setRange(1, 1024);
    m_tokens->setValue(48);
    m_tokens->setSuffix(tr(" tokens"));
    m_tokens->setAccessibleName(tr("Longest answer in tokens"));
    m_button = new QPushButton(tr("Generate"), this);
    m_button->setObjectName(QStringLiteral("askGenerate"));
    m_history = new QComboBox(this);
    m_history->setObjectName(QStringLiteral("askHistory"));
    m_history->setAccessibleName(tr("Your questions"));
    m_history->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_history->setMinimumContentsLength(18);
    m_note = new QLabel(this);
    m_note->setWordWrap(true);
    Theme::setRole(m_note, TextRole::Muted);
    m_columns = new QWidget(this);
    m_before = new AnswerColumn(tr("before"), m_columns);
    m_now = new AnswerColumn(tr("now"), m_columns);
    auto *columns = new QHBoxLayout(m_columns);
    columns->setContentsMargins(0, 0, 0, 0);
    columns->setSpacing(Theme::space(2));
    columns->addWidget(m_before, 1);
    columns->addWidget(m_now, 1);

    auto *row = new QHBoxLayout;
    row->setSpacing(Theme::space(2));
    row->addWidget(label);
    row->addWidget(m_prompt, 1);
    row->addWidget(m_mode);
    row->addWidget(m_tokens);
    row->addWidget(m_button);
    row->addWidget(m_history);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::space(3), Theme::space(2), Theme::space(3), Theme::space(2));
    column->setSpacing(Theme::space(2));
    column->addLayout(row);
    column->addWidget(m_note);
    column->addWidget(m_columns);
    m_columns->hide();
    m_history->hide();

    connect(m_prompt, &QLineEdit::returnPressed, this, &AskPanel::ask);
    connect(m_prompt, &QLineEdit::textChanged, this, [this] { setBusy(m_task != 0); });
    connect(m_button, &QPushButton::clicked, this, [this] {
        if (m_task != 0)
            m_workspace.tasks().cancel(m_task);
        else
            ask();
    });
    connect(m_history, &QComboBox::activated, this, &AskPanel::showAnswer);
    setBusy(false);
}

void AskPanel::show(const RunHistory &history)
{
    const RunId run = history.row ? history.row->id : 0;
    const bool other = run != m_run;
    m_run = run;
    m_specJson = history.specJson;
    m_modelFolder = history.row ? history.row->model : std::string();
    m_checkpoint.reset();
    if (!history.checkpoints.empty())
        m_checkpoint = history.checkpoints.back();
    if (m_run == 0)
        m_note->clear();
    else if (m_checkpoint)
        m_note->setText(tr("Answered by the untouched model and by the checkpoint of step %1, on the CPU.").arg(format::count(m_checkpoint->step)));
    else
        m_note->setText(tr("This run has no checkpoint yet: only the untouched model can answer. “Checkpoint now” in Live writes one."));
    if (other) {
        m_answers.clear();
        m_columns->hide();
        restore();
    }
    setBusy(m_task != 0);
}

void AskPanel::setBusy(bool busy)
{
    m_button->setText(busy ? tr("Cancel") : tr("Generate"));
    m_button->setEnabled(busy || (m_run != 0 && !m_prompt->text().trimmed().isEmpty()));
    m_prompt->setEnabled(m_run != 0);
}

void AskPanel::ask()
{
    const QString prompt = m_prompt->text().trimmed();
    if (m_task != 0 || m_run == 0 || prompt.isEmpty())
        return;
    struct Shared { // by the worker and what comes after it
        OwnAnswer answer;
        std::optional<Error> error;
    };
    auto shared = std::make_shared<Shared>();
    shared->answer.prompt = prompt;
    shared->answer.step = m_checkpoint ? m_checkpoint->step : 0;
    Request request;
    request.folder = m_modelFolder;
    request.specJson = m_specJson;
    request.prompt = prompt.toStdString();
    request.maxNewTokens = m_tokens->value();
    request.sampled = m_mode->currentData().toBool();
    const std::string checkpoint = m_checkpoint ? m_checkpoint->path : std::string();
    const RunId run = m_run;
    m_task = m_workspace.tasks().start(
        tr("Ask “%1”").arg(prompt), this,
        [request, checkpoint, shared, answerer = m_answerer](TaskHandle &handle) mutable {
            request.isCancelled = [&handle] { return handle.isCancelled(); };
            request.report = [&handle](const QString &stage, double done, double total) { handle.report(stage, done, total); };
            const auto before = answerer(request);
            if (!before) {
                shared->error = before.error();
                return QString::fromStdString(before.error().message());
            }
            shared->answer.before = QString::fromStdString(*before);
            if (!checkpoint.empty()) {
                request.folder = checkpoint;
                const auto now = answerer(request);
                if (!now) {
                    shared->error = now.error();
                    return QString::fromStdString(now.error().message());
                }
                shared->answer.now = QString::fromStdString(*now);
            }
            return AskPanel::tr("answered");
        },
        [this, shared, run] {
            m_task = 0;
            setBusy(false);
            if (run != m_run)
                return;
            if (shared->error) {
                if (shared->error->code != ErrorCode::Cancelled)
                    m_workspace.post({.level = Message::Level::Error, .text = QString::fromStdString(shared->error->message()),
                                      .details = {}, .buttons = {}, .key = QStringLiteral("ask")});
                return;
            }
            m_answers.insert(m_answers.begin(), shared->answer);
            if (m_answers.size() > kMostOwnPrompts)
                m_answers.resize(kMostOwnPrompts);
            keep();
            restore();
            showAnswer(0);
            m_prompt->selectAll();
            Q_EMIT answered();
        });
    setBusy(true);
}

void AskPanel::showAnswer(int index)
{
    if (index < 0 || static_cast<std::size_t>(index) >= m_answers.size())
        return;
    const OwnAnswer &answer = m_answers[static_cast<std::size_t>(index)];
    m_history->setCurrentIndex(index);
    m_prompt->setText(answer.prompt);
    const auto sample = [](const QString &text) {
        SampleRecord record;
        record.text = text.toStdString();
        return record;
    };
    m_before->showAnswer(sample(answer.before));
    if (answer.step > 0) {
        m_now->setTitle(tr("checkpoint of step %1").arg(format::count(answer.step)));
        m_now->showDifference(sample(answer.now), TextDiff(answer.before, answer.now, TextDiff::Unit::Word));
    } else {
        m_now->setTitle(tr("now"));
        m_now->showNothing(tr("There was no checkpoint."));
    }
    m_columns->show();
}

void AskPanel::restore()
{
    if (m_answers.empty() && m_run != 0) {
        const auto stored = m_workspace.store().value(ownPromptsKey(m_run));
        const QJsonArray list = stored && *stored ? QJsonDocument::fromJson(QByteArray::fromStdString(**stored)).array() : QJsonArray();
        for (const QJsonValue &each : list) {
            const QJsonObject object = each.toObject();
            m_answers.push_back({.prompt = object.value(QLatin1String("prompt")).toString(), .before = object.value(QLatin1String("before")).toString(),
                                 .now = object.value(QLatin1String("now")).toString(), .step = object.value(QLatin1String("step")).toInteger()});
        }
    }
    m_history->clear();
    for (const OwnAnswer &answer : m_answers)
        m_history->addItem(answer.prompt);
    m_history->setVisible(!m_answers.empty());
}

void AskPanel::keep()
{
    QJsonArray list;
    for (const OwnAnswer &answer : m_answers)
        list.append(QJsonObject{{QStringLiteral("prompt"), answer.prompt}, {QStringLiteral("before"), answer.before},
                                {QStringLiteral("now"), answer.now}, {QStringLiteral("step"), static_cast<qint64>(answer.step)}});
    const Result<void> kept = m_workspace.store().setValue(ownPromptsKey(m_run), QJsonDocument(list).toJson(QJsonDocument::Compact).toStdString());
    if (!kept)
        m_workspace.post({.level = Message::Level::Warning, .text = QString::fromStdString(kept.error().message()),
                          .details = {}, .buttons = {}, .key = QStringLiteral("ask")});
}

} // namespace lethe
