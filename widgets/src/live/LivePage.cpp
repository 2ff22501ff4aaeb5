#include <widgets/LivePage.h>

#include "EventTableModel.h"
#include "LiveAsk.h"
#include "LiveHeader.h"
#include "LivePanels.h"
#include "LiveReadout.h"
#include "RunFeed.h"
#include "RunPicker.h"
#include "RunWords.h"
#include "StageList.h"
#include "StateBar.h"

#include "plots/PanelGrid.h"
#include "plots/PlotGroup.h"
#include "plots/PlotPanel.h"

#include <widgets/Dialogs.h>
#include <widgets/Format.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <QtGui/QAction>
#include <QtGui/QClipboard>
#include <QtGui/QGuiApplication>
#include <QtGui/QKeyEvent>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QHeaderView>
#include <QtWidgets/QLabel>
#include <QtWidgets/QMenu>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QStackedWidget>
#include <QtWidgets/QTableView>

#include <algorithm>

namespace lethe {

struct LivePage::Private {
    LivePage &page;
    Workspace &workspace;
    Dialogs &dialogs;
    PlotGroup group;
    RunFeed feed;
    LiveHeader *header = nullptr;
    StateBar *state = nullptr;
    LiveAsk *ask = nullptr;
    QStackedWidget *stack = nullptr;
    QWidget *empty = nullptr;
    QWidget *starting = nullptr;
    QWidget *plots = nullptr;
    QLabel *emptyText = nullptr;
    StageList *stages = nullptr;
    PanelGrid *grid = nullptr;
    LivePanels *panels = nullptr;
    LiveReadout *readout = nullptr;
    EventTableModel *events = nullptr;
    QAction *pause = nullptr;
    QAction *stop = nullptr;
    QAction *cancel = nullptr;
    QAction *evaluate = nullptr;
    QAction *checkpoint = nullptr;
    QAction *askNow = nullptr;
    QAction *freeMemory = nullptr;
    QAction *panelsMenu = nullptr;
    std::vector<QAction *> plotActions;
    bool stopping = false;
    RunId stagesOf = 0;

    Private(LivePage &owner, Workspace &space, Dialogs &asked)
        : page(owner), workspace(space), dialogs(asked), feed(space, false)
    {
        group.setDialogs(&asked);
    }

    void buildActions();
    void buildPlotActions();
    QWidget *buildEmpty();
    QWidget *buildStarting();
    QWidget *buildPlots();
    QAction *action(const char *name, const QString &text, const char *icon, const QKeySequence &key, const QString &tip,
                    const std::function<void()> &act, bool primary = false);
    void refresh();
    void refreshActions();
    void refreshState();
    void refreshStages();
    void compare() const;
    void resume() const;
    void togglePause();
    void askCancel();
};

LivePage::LivePage(Workspace &workspace, Dialogs &dialogs, QWidget *parent)
    : Page(QStringLiteral("pageLive"), tr("Live"), parent), m_private(std::make_unique<Private>(*this, workspace, dialogs))
{
    Private &d = *m_private;
    setFocusPolicy(Qt::ClickFocus);
    d.buildActions();
    d.header = new LiveHeader(workspace, this);
    d.state = new StateBar(this);
    d.ask = new LiveAsk(workspace, this);
    d.stack = new QStackedWidget(this);
    d.stack->addWidget(d.empty = d.buildEmpty());
    d.stack->addWidget(d.starting = d.buildStarting());
    d.stack->addWidget(d.plots = d.buildPlots());
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::space(5), Theme::space(2), Theme::space(5), Theme::space(2));
    column->setSpacing(Theme::space(2));
    column->addWidget(d.header);
    column->addWidget(d.state);
    column->addWidget(d.ask);
    column->addWidget(d.stack, 1);

    connect(&d.header->picker(), &RunPicker::picked, this, [&workspace](qint64 run) { workspace.setShownRun(run); });
    connect(&workspace, &Workspace::shownRunChanged, this, [this] {
        if (m_private->workspace.shownRun() != m_private->feed.run())
            m_private->feed.show(m_private->workspace.shownRun());
    });
    connect(&workspace, &Workspace::runEnded, this, [this] { m_private->stopping = false; });
    connect(&d.feed, &RunFeed::reset, this, [this] {
        m_private->panels->restart(m_private->feed.history());
        m_private->refresh();
    });
    connect(&d.feed, &RunFeed::stepsArrived, this, [this](std::size_t from) {
        m_private->panels->appendSteps(m_private->feed.history(), from);
        m_private->refresh();
    });
    connect(&d.feed, &RunFeed::evaluationsArrived, this, [this](std::size_t from) {
        m_private->panels->appendEvaluations(m_private->feed.history(), from);
        m_private->refresh();
    });
    connect(&d.feed, &RunFeed::changed, this, [this] { m_private->refresh(); });
    connect(&d.group, &PlotGroup::cursorChanged, this, [this] { m_private->readout->show(m_private->feed.history(), *m_private->panels); });
    connect(&d.group, &PlotGroup::marksChanged, this, [this] { m_private->readout->show(m_private->feed.history(), *m_private->panels); });
    connect(d.panels, &LivePanels::noted, this, [this](const QString &text, bool failed) {
        m_private->workspace.post({.level = failed ? Message::Level::Error : Message::Level::Info,
                                   .text = text, .details = {}, .buttons = {}, .key = QStringLiteral("plot")});
    });
    d.feed.show(workspace.shownRun());
}

LivePage::~LivePage()
{
    // the panels leave their group, which goes with the private part
    delete m_private->grid;
}

QString LivePage::hint() const
{
    if (m_private->feed.run() == 0)
        return {};
    return tr("Point at a curve to read all values of that step; drag to pan, turn the wheel to zoom, Home shows all.");
}

void LivePage::activate()
{
    if (m_private->feed.run() != m_private->workspace.shownRun())
        m_private->feed.show(m_private->workspace.shownRun());
    if (!isAncestorOf(focusWidget()))
        setFocus();
}

void LivePage::keyPressEvent(QKeyEvent *event)
{
    // single keys reach the page only where nothing that has the focus took them: text fields and buttons keep theirs
    Private &d = *m_private;
    if (event->modifiers() & ~(Qt::ShiftModifier | Qt::KeypadModifier)) {
        Page::keyPressEvent(event);
        return;
    }
    switch (event->key()) {
    case Qt::Key_Space:
        if (d.pause->isEnabled())
            d.pause->trigger();
        return;
    case Qt::Key_E:
        if (d.evaluate->isEnabled())
            d.evaluate->trigger();
        return;
    case Qt::Key_C:
        if (d.feed.run() != 0)
            d.compare();
        return;
    default: break;
    }
    PlotPanel *front = d.panels->front();
    const bool isPlotKey = event->key() == Qt::Key_L || event->key() == Qt::Key_S || event->key() == Qt::Key_F || event->key() == Qt::Key_M
                           || event->key() == Qt::Key_Home || event->key() == Qt::Key_Backspace || event->key() == Qt::Key_Plus
                           || event->key() == Qt::Key_Minus || event->key() == Qt::Key_Left || event->key() == Qt::Key_Right;
    if (front && isPlotKey && front->handleKey(event->key()))
        return;
    Page::keyPressEvent(event);
}

QAction *LivePage::Private::action(const char *name, const QString &text, const char *icon, const QKeySequence &key, const QString &tip,
                                   const std::function<void()> &act, bool primary)
{
    auto *made = new QAction(Theme::icon(QString::fromLatin1(icon)), text, &page);
    made->setObjectName(QString::fromLatin1(name));
    made->setShortcut(key);
    made->setStatusTip(tip);
    made->setToolTip(key.isEmpty() ? tip : QStringLiteral("%1 (%2)").arg(tip, key.toString(QKeySequence::NativeText)));
    QObject::connect(made, &QAction::triggered, &page, act);
    page.addPageAction(made, primary);
    return made;
}

void LivePage::Private::buildActions()
{
    panelsMenu = action("actionLivePanels", LivePage::tr("Panels"), "eye", {}, LivePage::tr("Choose which panels are shown"), [this] {
        QMenu menu(&page);
        grid->fillMenu(&menu);
        menu.exec(QCursor::pos());
    });
    evaluate = action("actionLiveEvaluate", LivePage::tr("Evaluate now"), "flag", QKeySequence(Qt::Key_E),
                      LivePage::tr("Evaluate after this step; the losses stay those of an undisturbed run"), [this] {
                          if (RunController *run = workspace.activeRun())
                              run->control().evaluateNow();
                      });
    checkpoint = action("actionLiveCheckpoint", LivePage::tr("Checkpoint now"), "save", {},
                        LivePage::tr("Write a checkpoint after this step"), [this] {
                            if (RunController *run = workspace.activeRun())
                                run->control().checkpointNow();
                        });
    askNow = action("actionLiveAsk", LivePage::tr("Ask…"), "send", QKeySequence(Qt::CTRL | Qt::Key_L),
                    LivePage::tr("Ask the model in training a question, between two steps"), [this] { ask->open(); });
    freeMemory = action("actionLiveFreeMemory", LivePage::tr("Pause and free memory"), "memory", {},
                        LivePage::tr("Write a checkpoint after this step and take the model off the device; Resume goes on from there"), [this] {
                            if (RunController *run = workspace.activeRun())
                                run->control().interrupt();
                        });
    freeMemory->setPriority(QAction::LowPriority);
    cancel = action("actionLiveCancel", LivePage::tr("Cancel"), "close", QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Period),
                    LivePage::tr("End now: the data stay, no checkpoint is written"), [this] { askCancel(); });
    stop = action("actionLiveStop", LivePage::tr("Stop"), "stop", QKeySequence(Qt::CTRL | Qt::Key_Period),
                  LivePage::tr("Finish this step, evaluate, write a checkpoint and end"), [this] {
                      stopping = true;
                      workspace.stopActive();
                      refresh();
                  });
    pause = action("actionLivePause", LivePage::tr("Pause"), "pause", QKeySequence(Qt::Key_Space),
                   LivePage::tr("Hold after this step, with the model on the device"), [this] { togglePause(); }, true);
    // as window shortcuts these would take Space and letters from whatever has the focus; keyPressEvent hears them instead
    for (QAction *single : {evaluate, pause})
        single->setShortcutContext(Qt::WidgetShortcut);
    buildPlotActions();
}

/// The plots' keys, for the menu and the palette: they act on the panel in front.
void LivePage::Private::buildPlotActions()
{
    const struct {
        const char *name;
        QString text;
        const char *icon;
        Qt::Key key;
        QString tip;
    } all[] = {{"actionLiveSmoothing", LivePage::tr("Smoothing…"), "live", Qt::Key_S, LivePage::tr("How strongly the curves of the panel in front are smoothed")},
               {"actionLiveLog", LivePage::tr("Logarithmic axis"), "log-scale", Qt::Key_L, LivePage::tr("A logarithmic y axis in the panel in front, or a linear one")},
               {"actionLiveFollow", LivePage::tr("Follow the run"), "zoom-in", Qt::Key_F, LivePage::tr("The plots grow with the run, or stay where they are")},
               {"actionLiveMark", LivePage::tr("Mark the step"), "flag", Qt::Key_M, LivePage::tr("Pin a line where the pointer is; two lines show a difference")},
               {"actionLiveShowAll", LivePage::tr("Show all"), "zoom-fit", Qt::Key_Home, LivePage::tr("The whole range of every panel")}};
    for (const auto &one : all) {
        QAction *made = action(one.name, one.text, one.icon, QKeySequence(one.key), one.tip, [this, key = one.key] {
            if (PlotPanel *front = panels->front())
                front->handleKey(key);
        });
        made->setPriority(QAction::LowPriority);
        made->setShortcutContext(Qt::WidgetShortcut);
        plotActions.push_back(made);
    }
}

QWidget *LivePage::Private::buildEmpty()
{
    auto *widget = new QWidget(&page);
    auto *title = new QLabel(LivePage::tr("No run yet"), widget);
    Theme::setRole(title, TextRole::Title);
    title->setAlignment(Qt::AlignCenter);
    emptyText = new QLabel(widget);
    emptyText->setAlignment(Qt::AlignCenter);
    emptyText->setWordWrap(true);
    Theme::setRole(emptyText, TextRole::Muted);
    auto *fresh = new QPushButton(LivePage::tr("New experiment"), widget);
    fresh->setObjectName(QStringLiteral("liveNewExperiment"));
    Theme::mark(fresh, "primary");
    QObject::connect(fresh, &QPushButton::clicked, &page, [this] { workspace.newExperiment(); });
    auto *demo = new QPushButton(LivePage::tr("Try the demo"), widget);
    demo->setObjectName(QStringLiteral("liveDemo"));
    QObject::connect(demo, &QPushButton::clicked, &page, [this] {
        if (const Result<void> started = workspace.startDemo(); !started)
            workspace.post({.level = Message::Level::Error, .text = QString::fromStdString(started.error().message()),
                            .details = {}, .buttons = {}, .key = QStringLiteral("demo")});
    });
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(Theme::space(2));
    buttons->addStretch();
    buttons->addWidget(fresh);
    buttons->addWidget(demo);
    buttons->addStretch();
    auto *column = new QVBoxLayout(widget);
    column->setSpacing(Theme::space(3));
    column->addStretch(2);
    column->addWidget(title);
    column->addWidget(emptyText);
    column->addLayout(buttons);
    column->addStretch(3);
    return widget;
}

QWidget *LivePage::Private::buildStarting()
{
    auto *widget = new QWidget(&page);
    stages = new StageList(widget);
    auto *column = new QVBoxLayout(widget);
    column->addStretch(1);
    column->addWidget(stages, 0, Qt::AlignHCenter);
    column->addStretch(2);
    return widget;
}

QWidget *LivePage::Private::buildPlots()
{
    auto *widget = new QWidget(&page);
    grid = new PanelGrid(QStringLiteral("live"), &workspace.settings(), widget);
    panels = new LivePanels(*grid, group, &workspace.settings(), &page);

    auto *card = new Card;
    card->setObjectName(QStringLiteral("liveEventsCard"));
    auto *title = new QLabel(LivePage::tr("Events"), card);
    QFont strong = title->font();
    strong.setWeight(QFont::DemiBold);
    title->setFont(strong);
    events = new EventTableModel(&page);
    auto *table = new QTableView(card);
    table->setObjectName(QStringLiteral("liveEvents"));
    table->setAccessibleName(LivePage::tr("Events of the run"));
    table->setModel(events);
    table->setFrameShape(QFrame::NoFrame);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setTabKeyNavigation(false);
    table->setShowGrid(false);
    table->setWordWrap(false);
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(Theme::space(6));
    table->horizontalHeader()->setSectionResizeMode(EventTableModel::What, QHeaderView::Stretch);
    table->setColumnWidth(EventTableModel::Step, page.fontMetrics().horizontalAdvance(QStringLiteral("000 000")) + Theme::space(5));
    table->setColumnWidth(EventTableModel::Time, page.fontMetrics().horizontalAdvance(QStringLiteral("00:00:00")) + Theme::space(5));
    table->horizontalHeader()->setHighlightSections(false);
    QObject::connect(table, &QTableView::clicked, &page, [this](const QModelIndex &index) {
        group.setCursor(static_cast<double>(index.data(EventTableModel::StepRole).toLongLong()));
    });
    auto *column = new QVBoxLayout(card);
    column->setContentsMargins(Theme::space(3), Theme::space(2), Theme::space(2), Theme::space(2));
    column->setSpacing(Theme::space(1));
    column->addWidget(title);
    column->addWidget(table, 1);
    grid->add(QStringLiteral("events"), LivePage::tr("Events"), card, QStringLiteral("rate"));

    readout = new LiveReadout(group, widget);
    auto *all = new QVBoxLayout(widget);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(Theme::space(2));
    all->addWidget(grid, 1);
    all->addWidget(readout);
    return widget;
}

void LivePage::Private::refresh()
{
    header->show(feed);
    header->setVisible(feed.run() != 0);
    const RunHistory &history = feed.history();
    group.setSubject(history.row ? QString::fromStdString(history.row->name) : QString());
    events->setEvents(history.events, history.evaluations, history.checkpoints);
    readout->show(history, *panels);
    refreshActions();
    refreshStages();
    refreshState();

    QString badge;
    if (feed.isActive())
        badge = feed.status() == RunStatus::Paused ? QStringLiteral("⏸") : QStringLiteral("▶");
    page.setBadge(badge);
}

void LivePage::Private::refreshActions()
{
    const bool active = feed.isActive();
    const bool paused = active && workspace.isPaused();
    pause->setText(paused ? LivePage::tr("Resume") : LivePage::tr("Pause"));
    pause->setIcon(Theme::icon(paused ? QStringLiteral("play") : QStringLiteral("pause")));
    pause->setEnabled(active && !stopping);
    stop->setEnabled(active && !stopping);
    cancel->setEnabled(active);
    const bool training = active && !stopping && !feed.history().steps.empty();
    evaluate->setEnabled(training);
    checkpoint->setEnabled(training);
    askNow->setEnabled(active && !stopping);
    freeMemory->setEnabled(training);
    for (QAction *ofPlots : plotActions)
        ofPlots->setEnabled(stack->currentWidget() == plots);
    panelsMenu->setEnabled(stack->currentWidget() == plots);
    const QString elsewhere = feed.run() != 0 && !active && !runwords::isOver(feed.status())
                                  ? LivePage::tr("This run belongs to another program; it can be stopped there") : QString();
    pause->setStatusTip(!elsewhere.isEmpty() ? elsewhere
                        : paused             ? LivePage::tr("Go on with the next step")
                                             : LivePage::tr("Hold after this step, with the model on the device"));
}

void LivePage::Private::refreshStages()
{
    const RunHistory &history = feed.history();
    if (feed.run() == 0 || !feed.failure().isEmpty()) {
        emptyText->setText(!feed.failure().isEmpty() ? feed.failure()
                                                     : LivePage::tr("Start an experiment and its curves appear here while it learns to forget."));
        stack->setCurrentWidget(empty);
        return;
    }
    const bool nothingYet = history.steps.empty() && history.evaluations.empty();
    if (feed.isActive() && history.steps.empty()) {
        if (stagesOf != feed.run()) {
            stages->clear();
            stagesOf = feed.run();
        }
        stages->show(workspace.activeStage());
        stack->setCurrentWidget(starting);
        return;
    }
    if (nothingYet && !feed.isLoading() && !feed.isActive() && feed.status() == RunStatus::Running) {
        if (stagesOf != feed.run()) {
            stages->clear();
            stagesOf = feed.run();
        }
        stages->show(StageRecord{.name = LivePage::tr("Another program runs it; the first values come with its baseline evaluation").toStdString(),
                                 .done = 0, .total = 0, .unit = {}});
        stack->setCurrentWidget(starting);
        return;
    }
    stagesOf = 0;
    if (nothingYet && !feed.isLoading() && runwords::isOver(feed.status()))
        grid->panel(QStringLiteral("events"))->show();
    stack->setCurrentWidget(plots);
}

void LivePage::Private::refreshState()
{
    const RunHistory &history = feed.history();
    if (feed.run() == 0 || !history.row) {
        state->hide();
        return;
    }
    const StateBar::Button toCompare{QStringLiteral("liveCompare"), LivePage::tr("Compare"), [this] { compare(); }, true};
    const StateBar::Button toExport{QStringLiteral("liveExport"), LivePage::tr("Export"), [this] {
                                        workspace.setShownRun(feed.run());
                                        workspace.showPage(QStringLiteral("pageExport"));
                                    }};
    const StateBar::Button again{QStringLiteral("liveAgain"), LivePage::tr("Change and run again"),
                                 [this] { workspace.duplicateAsExperiment(feed.run()); }};
    const auto plain = [](StateBar::Button button) {
        button.primary = false;
        return button;
    };
    std::vector<StateBar::Button> resumable;
    if (!history.checkpoints.empty()) {
        const std::int64_t step = history.checkpoints.back().step;
        resumable.push_back({QStringLiteral("liveResumeRun"), LivePage::tr("Resume from step %1").arg(format::count(step)),
                             [this] { resume(); }, true});
    }
    const auto withResume = [&resumable](std::initializer_list<StateBar::Button> others) {
        std::vector<StateBar::Button> buttons = resumable;
        buttons.insert(buttons.end(), others);
        return buttons;
    };

    switch (feed.status()) {
    case RunStatus::Queued:
    case RunStatus::Running: {
        const QString warning = runwords::nothingToForget(history);
        if (stopping)
            state->say(Card::Tone::Warning, QStringLiteral("stop"), LivePage::tr("Stopping after this step; then one evaluation and a checkpoint."), {}, {});
        else if (!warning.isEmpty())
            state->say(Card::Tone::Warning, QStringLiteral("warning"), warning,
                       LivePage::tr("The untouched model does not answer these questions as the set has them."), {});
        else
            state->hide();
        break;
    }
    case RunStatus::Paused: {
        const QString where = history.steps.empty() ? LivePage::tr("Paused before the first step.")
                                                    : LivePage::tr("Paused after step %1.").arg(format::count(history.steps.back().step));
        const QString cause = runwords::pauseCause(history);
        if (feed.isActive() && !cause.isEmpty())
            state->say(Card::Tone::Error, QStringLiteral("warning"), where + u' ' + cause, LivePage::tr("The model stays on the device; nothing is lost."),
                       {{QStringLiteral("liveResume"), LivePage::tr("Resume"), [this] { togglePause(); }, true}, again});
        else if (feed.isActive() && !workspace.isHeld())
            state->say(Card::Tone::Hatched, QStringLiteral("pause"),
                       history.steps.empty() ? LivePage::tr("Pausing after the first step…") : LivePage::tr("Pausing after this step…"), {},
                       {{QStringLiteral("liveResume"), LivePage::tr("Resume"), [this] { togglePause(); }, true}});
        else if (feed.isActive())
            state->say(Card::Tone::Hatched, QStringLiteral("pause"), where, LivePage::tr("The model stays on the device; nothing is lost."),
                       {{QStringLiteral("liveResume"), LivePage::tr("Resume"), [this] { togglePause(); }, true}});
        else
            state->say(Card::Tone::Hatched, QStringLiteral("pause"), where, LivePage::tr("It belongs to another program."), {});
        break;
    }
    case RunStatus::Failed: {
        QString cause = QString::fromStdString(history.row->failure);
        if (!cause.isEmpty())
            cause[0] = cause[0].toUpper(); // the core's sentences begin small: they follow a place
        const QString at = history.steps.empty() ? LivePage::tr("Failed before the first step.")
                                                 : LivePage::tr("Failed after step %1. Everything up to there is stored.").arg(format::count(history.steps.back().step));
        state->say(Card::Tone::Error, QStringLiteral("error"), cause.isEmpty() ? LivePage::tr("The run failed.") : cause, at,
                   withResume({again, {QStringLiteral("liveDiagnostics"), LivePage::tr("Copy diagnostics"), [this] {
                                           QGuiApplication::clipboard()->setText(runwords::diagnostics(feed.history()));
                                       }}}));
        break;
    }
    case RunStatus::Interrupted:
        if (runwords::isPausedToDisk(history)) {
            state->say(Card::Tone::Hatched, QStringLiteral("pause"),
                       LivePage::tr("Paused to disk after step %1.").arg(format::count(history.steps.back().step)),
                       LivePage::tr("It takes no memory. Resuming continues to the same losses."), withResume({again}));
            break;
        }
        state->say(Card::Tone::Warning, QStringLiteral("bolt"),
                   history.steps.empty() ? LivePage::tr("Interrupted before the first step.")
                                         : LivePage::tr("Interrupted after step %1: its program ended without warning.").arg(format::count(history.steps.back().step)),
                   resumable.empty() ? LivePage::tr("It has no checkpoint to go on from.") : LivePage::tr("Resuming continues to the same losses."),
                   withResume({again}));
        break;
    case RunStatus::Cancelled:
        state->say(Card::Tone::Warning, QStringLiteral("close"), LivePage::tr("Cancelled. %1").arg(runwords::resultSentence(history)),
                   resumable.empty() ? LivePage::tr("It has no checkpoint.") : QString(), withResume({plain(toCompare), again}));
        break;
    case RunStatus::Stopped:
        state->say(Card::Tone::Success, QStringLiteral("stop"), LivePage::tr("Stopped. %1").arg(runwords::resultSentence(history)), {},
                   withResume({plain(toCompare), toExport, again}));
        break;
    case RunStatus::Done:
        state->say(Card::Tone::Success, QStringLiteral("success"), runwords::resultSentence(history), {}, {toCompare, toExport, again});
        break;
    }
}

void LivePage::Private::compare() const
{
    std::vector<RunId> runs = workspace.compared();
    if (std::ranges::find(runs, feed.run()) == runs.end())
        runs.push_back(feed.run());
    workspace.setCompared(runs);
    workspace.showPage(QStringLiteral("pageCompare"));
}

void LivePage::Private::resume() const
{
    if (const Result<void> resumed = workspace.resumeRun(feed.run()); !resumed)
        workspace.post({.level = Message::Level::Error, .text = QString::fromStdString(resumed.error().message()),
                        .details = {}, .buttons = {}, .key = QStringLiteral("resume")});
}

void LivePage::Private::togglePause()
{
    if (workspace.isPaused())
        workspace.resumeActive();
    else
        workspace.pauseActive();
    refresh();
}

void LivePage::Private::askCancel()
{
    if (!feed.isActive())
        return;
    const QString name = feed.history().row ? QString::fromStdString(feed.history().row->name) : QString();
    if (dialogs.confirm(&page, LivePage::tr("Cancel the run “%1”?").arg(name),
                        LivePage::tr("It ends now. Steps and answers so far stay; no checkpoint is written."), LivePage::tr("Cancel run")))
        workspace.cancelActive();
}

} // namespace lethe
