#include "WorkspacePrivate.h"

#include "RunSettings.h"

#include <widgets/Format.h>

#include <lethe/base/Device.h>
#include <lethe/base/Log.h>
#include <lethe/base/Paths.h>

#include <QtGui/QClipboard>
#include <QtGui/QGuiApplication>

#include <algorithm>

namespace lethe {

namespace fs = std::filesystem;

namespace {

std::optional<double> valueOf(const std::vector<MetricValue> &metrics, std::string_view id)
{
    for (const MetricValue &metric : metrics)
        if (metric.id == id)
            return metric.value;
    return {};
}

/// `96 → 4 %`, or nothing where one of the two is missing.
QString change(const RunRow &row, const RunSummary &summary, const char *id)
{
    const auto before = valueOf(row.baseMetrics, id);
    const auto after = valueOf(summary.finalMetrics, id);
    if (!before || !after)
        return {};
    QString from = format::percent(before);
    from.remove(QStringLiteral(" %"));
    return from + QStringLiteral(" → ") + format::percent(after);
}

} // namespace

Result<void> Workspace::startRun(ExperimentSpec spec, std::optional<RunId> parent)
{
    return startOrQueue({spec, parent, {}});
}

Result<void> Workspace::startDraft()
{
    if (const auto problems = checkDraft(); !problems.empty())
        return joined(problems);
    LETHE_TRY(const ExperimentSpec spec, draftWithSets());
    return startOrQueue({spec, m_draftParent, {}});
}

Result<void> Workspace::queueDraft()
{
    if (const auto problems = checkDraft(); !problems.empty())
        return joined(problems);
    LETHE_TRY(ExperimentSpec spec, draftWithSets());
    if (const auto problems = checkRun(spec, m_catalog); !problems.empty())
        return joined(problems);
    m_queue.push_back({std::move(spec), m_draftParent, {}});
    m_private->queueDirty = true;
    scheduleKeep();
    Q_EMIT queueChanged();
    return {};
}

Result<void> Workspace::resumeRun(RunId run)
{
    if (m_active && m_active->runId() == run) {
        resumeActive();
        return {};
    }
    LETHE_TRY(const RunDetails details, m_store.details(run));
    const SpecReading reading = readSpec(details.specJson, "/");
    if (!reading.ok())
        return reading.asError();
    return startOrQueue({reading.spec, details.row.parent, run});
}

Result<void> Workspace::queueComparison(const std::vector<ExperimentSpec> &specs)
{
    std::vector<Error> problems;
    for (const ExperimentSpec &spec : specs)
        for (Error problem : checkRun(spec, m_catalog)) {
            problem.where = spec.name + ": " + problem.where;
            problems.push_back(std::move(problem));
        }
    if (!problems.empty())
        return joined(problems);
    setCompared({});
    for (const ExperimentSpec &spec : specs)
        m_queue.push_back({spec, m_draftParent, {}, true});
    m_private->queueDirty = true;
    scheduleKeep();
    Q_EMIT queueChanged();
    startNext();
    return {};
}

Result<void> Workspace::startOrQueue(const Queued &run)
{
    const ExperimentSpec &spec = run.spec;
    if (m_store.isReadOnly())
        return Error{.code = ErrorCode::Io, .what = "the store is open for viewing only", .where = m_store.file().string(), .hint = {}};
    if (const auto problems = checkRun(spec, m_catalog); !problems.empty())
        return joined(problems);
    if (!m_active) {
        startNow(run);
        return {};
    }
    m_queue.push_back(run);
    m_private->queueDirty = true;
    scheduleKeep();
    Q_EMIT queueChanged();
    post({.level = Message::Level::Info,
          .text = tr("“%1” waits in the queue; it starts when the device is free.").arg(QString::fromStdString(spec.name)),
          .details = {}, .buttons = {}, .key = QStringLiteral("queue")});
    return {};
}

void Workspace::startNow(const Queued &queued)
{
    m_activeStage.reset();
    m_activeFacts.reset();
    m_lastStep.reset();
    m_paused = false;
    m_private->activeStatus = RunStatus::Running;
    m_private->activeName = QString::fromStdString(queued.spec.name);
    m_private->activeIsCompared = queued.isCompared;
    m_active = std::make_unique<RunController>();
    connect(m_active.get(), &RunController::created, this, [this](qint64 run) {
        if (const auto row = m_store.run(run); row.ok())
            m_private->activeName = QString::fromStdString(row->name); // the store names those that came without
        setShownRun(run);
        if (m_private->activeIsCompared) {
            std::vector<RunId> runs = m_compared;
            runs.push_back(run);
            setCompared(runs);
        }
        Q_EMIT runBegan(run);
        Q_EMIT runStateChanged();
    });
    connect(m_active.get(), &RunController::recordsArrived, this, &Workspace::takeRecords);
    connect(m_active.get(), &RunController::finished, this,
            [this](const std::shared_ptr<const RunSummary> &summary) { endActive(summary, {}, 0); });
    connect(m_active.get(), &RunController::failed, this,
            [this](const QString &message, int code) { endActive(nullptr, message, code); });

    RecordedRun how;
    how.catalog = &m_catalog;
    how.store = &m_store;
    how.resume = queued.resume;
    how.parent = queued.parent;
    how.session = m_session;
    how.threads = settings().value(kThreadsKey, 0).toInt();
    how.pauseOnTrouble = settings().value(kPauseOnTroubleKey, true).toBool();
    m_active->start(queued.spec, how);
    Q_EMIT runStateChanged();
}

void Workspace::takeRecords(const std::shared_ptr<const RunBatch> &batch)
{
    if (!m_active)
        return;
    if (batch->facts)
        m_activeFacts = batch->facts;
    if (!batch->steps.empty())
        m_lastStep = batch->steps.back();
    bool stateChanged = false;
    if (batch->stage) {
        stateChanged = m_activeStage != batch->stage;
        m_activeStage = batch->stage;
    }
    if (batch->status) {
        stateChanged = stateChanged || m_private->activeStatus != *batch->status;
        m_private->activeStatus = *batch->status;
    }
    const bool paused = m_active->control().request() == RunControl::Request::Pause || m_private->activeStatus == RunStatus::Paused;
    stateChanged = stateChanged || paused != m_paused;
    m_paused = paused;
    announceTrouble(*batch);
    Q_EMIT runRecords(m_active->runId(), batch);
    if (stateChanged)
        Q_EMIT runStateChanged();
}

void Workspace::announceTrouble(const RunBatch &batch)
{
    // What is not finite is news where it holds the run; no room for a checkpoint always does.
    const auto holds = [&batch](const EventRecord &trouble) {
        return trouble.kind == "disk_full" || (trouble.kind == "non_finite" && std::ranges::any_of(batch.events, [&](const EventRecord &event) {
            return event.kind == "pause" && event.step == trouble.step;
        }));
    };
    const auto found = std::ranges::find_if(batch.events, holds);
    if (found == batch.events.end())
        return;
    const RunId run = m_active->runId();
    post({.level = Message::Level::Error,
          .text = tr("“%1” is paused: %2.").arg(m_private->activeName, QString::fromStdString(found->text)),
          .details = {},
          .buttons = {{tr("Resume"), [this] { resumeActive(); }},
                      {tr("Show"), [this, run] {
                           setShownRun(run);
                           showPage(QStringLiteral("pageLive"));
                       }}},
          .key = QStringLiteral("run-trouble")});
}

void Workspace::endActive(const std::shared_ptr<const RunSummary> &summary, const QString &failure, int errorCode)
{
    if (!m_active)
        return;
    const RunId run = summary ? summary->runId : m_active->runId();
    m_active.release()->deleteLater(); // we are in its signal
    m_paused = false;
    m_activeStage.reset();
    Q_EMIT runEnded(run, summary);
    Q_EMIT runStateChanged();
    if (summary)
        announceEnd(*summary);
    else if (static_cast<ErrorCode>(errorCode) != ErrorCode::Cancelled)
        announceFailure(run, failure);
    if (std::exchange(m_private->reloadCatalogLater, false))
        reloadCatalog();
    if (std::exchange(m_private->activeIsCompared, false))
        announceComparison();
    startNext();
}

void Workspace::announceEnd(const RunSummary &summary)
{
    const auto row = m_store.run(summary.runId);
    const QString name = row.ok() ? QString::fromStdString(row->name) : tr("Run %1").arg(summary.runId);
    const QString took = tr("%n step(s) in %1", nullptr, int(summary.steps)).arg(format::duration(summary.seconds));
    const RunId run = summary.runId;
    Message message{.level = Message::Level::Info, .text = {}, .details = {}, .buttons = {}, .key = QStringLiteral("run-end")};
    const Message::Button again{tr("Change and run again"), [this, run] { duplicateAsExperiment(run); }};
    switch (summary.status) {
    case RunStatus::Done: {
        message.level = Message::Level::Success;
        const QString forgotten = row.ok() ? change(*row, summary, "forget_exact_match") : QString();
        const QString kept = row.ok() ? change(*row, summary, "retain_exact_match") : QString();
        message.text = forgotten.isEmpty() ? tr("“%1” is done: %2.").arg(name, took)
            : kept.isEmpty()               ? tr("Forgotten: exact match %1. %2.").arg(forgotten, took)
                                           : tr("Forgotten: exact match %1. Kept: %2. %3.").arg(forgotten, kept, took);
        message.buttons = {{tr("Compare"), [this, run] {
                                std::vector<RunId> runs = m_compared;
                                if (std::find(runs.begin(), runs.end(), run) == runs.end())
                                    runs.push_back(run);
                                setCompared(runs);
                                showPage(QStringLiteral("pageCompare"));
                            }},
                           {tr("Export"), [this, run] {
                                setShownRun(run);
                                showPage(QStringLiteral("pageExport"));
                            }},
                           again};
        break;
    }
    case RunStatus::Stopped:
        message.text = tr("“%1” was stopped after %2. Its checkpoint is kept.").arg(name, took);
        message.buttons = {{tr("Resume"), [this, run] { (void)resumeRun(run); }}, again};
        break;
    case RunStatus::Cancelled:
        message.text = tr("“%1” was cancelled after %2.").arg(name, took);
        message.buttons = {again};
        break;
    case RunStatus::Failed:
        announceFailure(run, QString::fromStdString(summary.failure));
        return;
    default:
        return;
    }
    post(message);
}

void Workspace::announceComparison()
{
    if (std::ranges::any_of(m_queue, &Queued::isCompared))
        return;
    post({.level = Message::Level::Success,
          .text = tr("The comparison is complete: %n run(s).", nullptr, static_cast<int>(m_compared.size())),
          .details = {},
          .buttons = {{tr("Compare"), [this] { showPage(QStringLiteral("pageCompare")); }}},
          .key = QStringLiteral("comparison")});
}

void Workspace::announceFailure(RunId run, const QString &failure)
{
    const auto row = m_store.run(run);
    const QString name = row.ok() ? QString::fromStdString(row->name) : tr("The run");
    log(LogLevel::Error, "run", name.toStdString() + ": " + failure.toStdString());
    Message message{.level = Message::Level::Error, .text = tr("“%1” failed: %2").arg(name, failure), .details = {}, .buttons = {},
                    .key = QStringLiteral("run-failed")};
    if (row.ok() && newestCheckpoint(row->folder))
        message.buttons.append({tr("Resume"), [this, run] {
            if (const auto resumed = resumeRun(run); !resumed.ok())
                post({.level = Message::Level::Error, .text = QString::fromStdString(resumed.error().message()), .details = {},
                      .buttons = {}, .key = QStringLiteral("resume")});
        }});
    if (run != 0)
        message.buttons.append({tr("Change and run again"), [this, run] { duplicateAsExperiment(run); }});
    message.buttons.append({tr("Copy diagnostics"), [name, failure, run] {
        QGuiApplication::clipboard()->setText(QStringLiteral("Lethe %1\nrun %2 “%3”\n%4\n")
                                                  .arg(QString::fromStdString(letheVersion())).arg(run).arg(name, failure));
    }});
    post(message);
}

void Workspace::startNext()
{
    if (m_active || m_queue.empty() || m_private->ending)
        return;
    const Queued next = m_queue.front();
    m_queue.erase(m_queue.begin());
    m_private->queueDirty = true;
    scheduleKeep();
    Q_EMIT queueChanged();
    if (const auto started = startOrQueue(next); !started.ok()) {
        announceFailure(0, QString::fromStdString(next.spec.name + ": " + started.error().message()));
        startNext();
    }
}

void Workspace::startQueue()
{
    startNext();
}

RunId Workspace::activeRunId() const
{
    return m_active ? m_active->runId() : 0;
}

QString Workspace::activeRunName() const
{
    return m_active ? m_private->activeName : QString();
}

std::vector<ExperimentSpec> Workspace::queue() const
{
    std::vector<ExperimentSpec> specs;
    for (const Queued &item : m_queue)
        specs.push_back(item.spec);
    return specs;
}

void Workspace::removeFromQueue(std::size_t index)
{
    if (index >= m_queue.size())
        return;
    m_queue.erase(m_queue.begin() + static_cast<std::ptrdiff_t>(index));
    m_private->queueDirty = true;
    scheduleKeep();
    Q_EMIT queueChanged();
}

void Workspace::moveInQueue(std::size_t from, std::size_t to)
{
    if (from >= m_queue.size() || to >= m_queue.size() || from == to)
        return;
    Queued item = std::move(m_queue[from]);
    m_queue.erase(m_queue.begin() + static_cast<std::ptrdiff_t>(from));
    m_queue.insert(m_queue.begin() + static_cast<std::ptrdiff_t>(to), std::move(item));
    m_private->queueDirty = true;
    scheduleKeep();
    Q_EMIT queueChanged();
}

bool Workspace::isHeld() const
{
    return m_active && m_paused && m_private->activeStatus == RunStatus::Paused;
}

void Workspace::pauseActive()
{
    if (!m_active || m_paused)
        return;
    m_active->control().pause();
    m_paused = true;
    Q_EMIT runStateChanged();
}

void Workspace::resumeActive()
{
    if (!m_active || !m_paused)
        return;
    m_private->activeStatus = RunStatus::Running;
    m_active->control().resume();
    m_paused = false;
    Q_EMIT runStateChanged();
}

void Workspace::stopActive()
{
    if (!m_active)
        return;
    m_active->control().stop();
    m_paused = false;
    Q_EMIT runStateChanged();
}

void Workspace::cancelActive()
{
    if (!m_active)
        return;
    m_active->control().cancel();
    m_paused = false;
    Q_EMIT runStateChanged();
}

bool Workspace::pauseToDisk(int milliseconds)
{
    m_private->ending = true; // what waits in the queue waits for the next start
    const bool ended = !m_active || m_active->pauseToDisk(milliseconds);
    (void)flush();
    return ended;
}

void Workspace::setShownRun(RunId run)
{
    if (m_shownRun == run)
        return;
    m_shownRun = run;
    m_private->viewDirty = true;
    scheduleKeep();
    Q_EMIT shownRunChanged();
}

void Workspace::setCompared(const std::vector<RunId> &runs)
{
    if (m_compared == runs)
        return;
    m_compared = runs;
    m_private->viewDirty = true;
    scheduleKeep();
    Q_EMIT comparedChanged();
}

std::vector<RunRow> Workspace::interruptedRuns() const
{
    auto rows = m_store.runs();
    if (!rows.ok())
        return {};
    std::erase_if(*rows, [](const RunRow &row) { return row.status != RunStatus::Interrupted; });
    return *rows;
}

Result<void> Workspace::startDemo()
{
    const fs::path file = resourceFolder() / "demo" / "npo.json";
    LETHE_TRY(const ExperimentSpec spec, readSpecFile(file));
    setDraftParent({});
    setDraft(spec);
    LETHE_TRY_VOID(startRun(spec));
    showPage(QStringLiteral("pageLive"));
    return {};
}

} // namespace lethe
