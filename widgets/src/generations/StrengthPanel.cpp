#include "StrengthPanel.h"

#include "live/RunFeed.h"
#include "parts/Background.h"

#include <widgets/Format.h>
#include <widgets/TaskList.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <lethe/model/Pair.h>

#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QDoubleSpinBox>
#include <QtWidgets/QLabel>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QSlider>

#include <algorithm>
#include <cmath>

namespace lethe {

namespace {

constexpr int kSoonMilliseconds = 200; ///< a slider that rests so long is meant
constexpr int kPollMilliseconds = 100;
constexpr int kStrongest = 200;        ///< hundredths

} // namespace

StrengthPanel::StrengthPanel(Workspace &workspace, QWidget *parent)
    : Card(parent), m_workspace(workspace), m_answerer(answerWithPair), m_pair(std::make_shared<LoadedPair>()), m_slider(new QSlider(Qt::Horizontal, this)),
      m_weight(new QDoubleSpinBox(this)), m_reset(new QPushButton(tr("As trained"), this)), m_cancel(new QPushButton(tr("Cancel"), this)), m_note(new QLabel(this))
{
    setObjectName(QStringLiteral("strengthPanel"));
    auto *label = new QLabel(tr("Stren&gth of the subtraction"), this);
    label->setBuddy(m_slider);
    m_slider->setObjectName(QStringLiteral("strengthSlider"));
    m_slider->setAccessibleName(tr("Strength of the subtraction"));
    m_slider->setToolTip(tr("How strongly the assistant's logits are taken off the model's: at 0 the model answers alone. The prompts in sight are answered anew; nothing is trained."));
    m_slider->setRange(0, kStrongest);
    m_slider->setPageStep(10);
    m_slider->setTickPosition(QSlider::TicksBelow);
    m_slider->setTickInterval(50);
    m_slider->setMinimumWidth(Theme::space(36));
    m_weight->setObjectName(QStringLiteral("strengthWeight"));
    m_weight->setAccessibleName(tr("Weight of the assistant's logits"));
    m_weight->setToolTip(tr("logits = model + weight · assistant; the method's parameter logit_weight"));
    m_weight->setRange(-kStrongest / 100.0, 0);
    m_weight->setSingleStep(0.05);
    m_weight->setDecimals(2);
    m_weight->setKeyboardTracking(false);
    m_reset->setObjectName(QStringLiteral("strengthReset"));
    m_cancel->setObjectName(QStringLiteral("strengthCancel"));
    m_note->setObjectName(QStringLiteral("strengthNote"));
    m_note->setMinimumWidth(1);
    Theme::setRole(m_note, TextRole::Muted);
    m_note->setWordWrap(true);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::space(3), Theme::space(1), Theme::space(3), Theme::space(1));
    column->setSpacing(Theme::space(1));
    auto *row = new QHBoxLayout;
    column->addLayout(row);
    column->addWidget(m_note); // a sentence, on a line of its own
    row->setSpacing(Theme::space(2));
    row->addWidget(label);
    row->addWidget(m_slider, 2);
    row->addWidget(m_weight);
    row->addWidget(m_reset);
    row->addWidget(m_cancel);
    hide();

    m_soon.setSingleShot(true);
    m_soon.setInterval(kSoonMilliseconds);
    m_poll.setInterval(kPollMilliseconds);
    connect(&m_soon, &QTimer::timeout, this, &StrengthPanel::begin);
    connect(&m_poll, &QTimer::timeout, this, &StrengthPanel::take);
    connect(m_slider, &QSlider::valueChanged, this, [this](int value) { choose(-value); });
    connect(m_weight, &QDoubleSpinBox::valueChanged, this, [this](double value) { choose(static_cast<int>(std::lround(value * 100))); });
    connect(m_reset, &QPushButton::clicked, this, [this] { choose(m_trained.value_or(0)); });
    connect(m_cancel, &QPushButton::clicked, this, &StrengthPanel::cancel);
    // The device and its memory belong to a run.
    connect(&workspace, &Workspace::runBegan, this, &StrengthPanel::letGo);
}

StrengthPanel::~StrengthPanel()
{
    if (m_task != 0)
        m_workspace.tasks().cancel(m_task);
}

void StrengthPanel::show(const RunHistory &history)
{
    const RunId run = history.row ? history.row->id : 0;
    const std::string folder = history.checkpoints.empty() ? std::string() : history.checkpoints.back().path;
    m_specJson = history.specJson;
    if (run == m_run && folder == m_folder)
        return;
    letGo();
    m_run = run;
    m_folder = folder;
    m_step = history.checkpoints.empty() ? 0 : history.checkpoints.back().step;
    m_trained.reset();
    m_answers.clear();
    m_failure.clear();
    setVisible(false);
    Q_EMIT changed();
    if (folder.empty())
        return;
    inBackground(this, [folder] { return pairSettings(folder); }, [this, folder](const std::optional<PairSettings> &pair) {
        if (folder != m_folder || !pair)
            return;
        m_trained = static_cast<int>(std::lround(pair->logitWeight * 100));
        m_slider->setRange(std::min(0, -*m_trained), std::max(kStrongest, -*m_trained));
        m_weight->setRange(std::min(-kStrongest, *m_trained) / 100.0, std::max(0, *m_trained) / 100.0);
        choose(*m_trained);
        setVisible(true);
        showState();
        Q_EMIT offered();
    });
}

void StrengthPanel::setRows(std::vector<AskedRow> rows)
{
    m_rows = std::move(rows);
    if (chosen() && !m_stopped)
        answerSoon();
}

std::optional<double> StrengthPanel::chosen() const
{
    return m_trained && m_chosen != *m_trained ? std::optional(m_chosen / 100.0) : std::nullopt;
}

const SampleRecord *StrengthPanel::answer(const std::string &set, std::int64_t row) const
{
    const auto answers = m_answers.find(m_chosen);
    if (answers == m_answers.end())
        return nullptr;
    const auto found = answers->second.find({set, row});
    return found == answers->second.end() ? nullptr : &found->second;
}

void StrengthPanel::choose(int hundredths)
{
    const QSignalBlocker noSlider(m_slider), noWeight(m_weight);
    m_slider->setValue(-hundredths);
    m_weight->setValue(hundredths / 100.0);
    if (hundredths == m_chosen)
        return;
    m_chosen = hundredths;
    m_stopped = false;
    m_failure.clear();
    if (m_task != 0 && m_taskChosen != m_chosen) {
        m_again = true;
        m_workspace.tasks().cancel(m_task);
    }
    answerSoon();
    showState();
    Q_EMIT changed();
}

void StrengthPanel::answerSoon()
{
    if (chosen())
        m_soon.start();
    else
        m_soon.stop();
}

void StrengthPanel::begin()
{
    if (!chosen())
        return;
    if (m_task != 0) {
        m_again = true;
        return;
    }
    PairRequest request{.folder = m_folder, .specJson = m_specJson, .device = m_workspace.activeRun() != nullptr ? "cpu" : "auto", .weight = *chosen()};
    for (const AskedRow &row : m_rows)
        if (answer(row.set, row.row) == nullptr)
            request.rows.push_back(row);
    if (request.rows.empty())
        return;
    m_taskChosen = m_chosen;
    m_shared = std::make_shared<Shared>();
    m_task = m_workspace.tasks().start(
        tr("Answer with weight %1").arg(*chosen(), 0, 'f', 2), this,
        [request, pair = m_pair, shared = m_shared, answerer = m_answerer](TaskHandle &handle) mutable -> QString {
            std::size_t count = 0;
            request.isCancelled = [&handle] { return handle.isCancelled(); };
            request.report = [&handle](const QString &stage, double done, double total) { handle.report(stage, done, total); };
            request.answered = [&](std::size_t, SampleRecord sample) {
                const std::lock_guard lock(shared->mutex);
                shared->arrived.push_back(std::move(sample));
                ++count;
            };
            const auto done = answerer(*pair, request);
            if (done.ok())
                return StrengthPanel::tr("%n answer(s)", nullptr, static_cast<int>(count));
            if (done.error().code == ErrorCode::Cancelled)
                return StrengthPanel::tr("cancelled");
            const std::lock_guard lock(shared->mutex);
            shared->error = done.error();
            handle.fail(QString::fromStdString(done.error().message()));
            return {};
        },
        [this] { finish(); });
    m_poll.start();
    showState();
    Q_EMIT changed();
}

void StrengthPanel::take()
{
    if (!m_shared)
        return;
    std::vector<SampleRecord> arrived;
    {
        const std::lock_guard lock(m_shared->mutex);
        arrived.swap(m_shared->arrived);
    }
    if (arrived.empty())
        return;
    for (SampleRecord &sample : arrived) {
        const std::pair key{sample.set, sample.row};
        m_answers[m_taskChosen][key] = std::move(sample);
    }
    showState();
    Q_EMIT changed();
}

void StrengthPanel::finish()
{
    take();
    m_poll.stop();
    m_task = 0;
    if (m_shared) {
        const std::lock_guard lock(m_shared->mutex);
        if (m_shared->error && m_taskChosen == m_chosen)
            m_failure = QString::fromStdString(m_shared->error->message());
    }
    m_shared.reset();
    if (std::exchange(m_again, false) && !m_stopped)
        begin();
    showState();
    Q_EMIT changed();
}

void StrengthPanel::cancel()
{
    m_soon.stop();
    m_again = false;
    m_stopped = true;
    if (m_task != 0)
        m_workspace.tasks().cancel(m_task);
    showState();
}

void StrengthPanel::letGo()
{
    if (m_task != 0)
        cancel();
    m_shared.reset(); // what it answers still is of a run that is no longer looked at
    m_pair = std::make_shared<LoadedPair>(); // a worker that is at it still keeps the old one until it is done
}

void StrengthPanel::showState()
{
    m_reset->setEnabled(chosen().has_value());
    m_reset->setToolTip(m_trained ? tr("Back to the run's own weight, %1").arg(*m_trained / 100.0, 0, 'f', 2) : QString());
    m_cancel->setVisible(m_task != 0);
    Theme::setRole(m_note, m_failure.isEmpty() ? TextRole::Muted : TextRole::Error);
    const auto done = std::ranges::count_if(m_rows, [this](const AskedRow &row) { return answer(row.set, row.row) != nullptr; });
    QString text;
    if (!m_failure.isEmpty())
        text = m_failure;
    else if (!chosen())
        text = tr("the run's own weight");
    else if (m_task != 0 || m_soon.isActive())
        text = tr("answering anew: %1 of %2").arg(done).arg(m_rows.size());
    else if (m_stopped)
        text = tr("stopped at %1 of %2 answers").arg(done).arg(m_rows.size());
    else
        text = tr("%n answer(s), nothing trained", nullptr, static_cast<int>(done));
    m_note->setText(text);
    m_note->setToolTip(text);
}

} // namespace lethe
