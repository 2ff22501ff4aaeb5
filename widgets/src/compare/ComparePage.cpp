#include <widgets/ComparePage.h>

#include "CompareAnswers.h"
#include "CompareCharts.h"
#include "CompareCurves.h"
#include "CompareRows.h"
#include "ComparedRuns.h"
#include "MetricTableModel.h"
#include "ReadingModel.h"
#include "RunPickModel.h"
#include "SettingsTableModel.h"
#include "TradeOffPlot.h"

#include "parts/TableLook.h"
#include "plots/PanelGrid.h"
#include "plots/PlotExportDialog.h"
#include "plots/PlotGroup.h"
#include "plots/PlotLegend.h"

#include <lethe/base/Paths.h>

#include <widgets/Dialogs.h>
#include <widgets/Format.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <QtCore/QTimer>
#include <QtGui/QAction>
#include <QtGui/QClipboard>
#include <QtGui/QGuiApplication>
#include <QtGui/QKeyEvent>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QCheckBox>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QHeaderView>
#include <QtWidgets/QLabel>
#include <QtWidgets/QMenu>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QSplitter>
#include <QtWidgets/QStackedWidget>
#include <QtWidgets/QTabWidget>
#include <QtWidgets/QTableView>

#include <algorithm>
#include <cmath>

namespace lethe {
namespace {

const std::string kBaselineKey = "compare/baseline";
constexpr std::size_t kMostSuggested = 100;

QTableView *quietTable(const char *name, const QString &accessible, QWidget *parent)
{
    auto *table = new QTableView(parent);
    table->setObjectName(QString::fromLatin1(name));
    table->setAccessibleName(accessible);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setTabKeyNavigation(false);
    table->setShowGrid(false);
    table->setWordWrap(false);
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(Theme::space(7));
    table->horizontalHeader()->setHighlightSections(false);
    table->horizontalHeader()->setTextElideMode(Qt::ElideMiddle); // what tells two runs apart is at the end as often
    return table;
}

/// The first column as wide as its texts; the runs' columns share the rest, and none is narrower than its name.
void shareWidth(QTableView *table)
{
    table->resizeColumnToContents(0);
    table->setColumnWidth(0, table->columnWidth(0) + Theme::space(4));
    const int runs = table->model()->columnCount() - 1;
    for (int i = 1; i <= runs; ++i)
        table->setColumnWidth(i, std::max({(table->viewport()->width() - table->columnWidth(0)) / runs, Theme::space(36),
                                           table->horizontalHeader()->sectionSizeHint(i) + Theme::space(1)}));
}

} // namespace

struct ComparePage::Private {
    ComparePage &page;
    Workspace &workspace;
    Dialogs &dialogs;
    StoreReads reads;
    ComparedRuns runs;
    PlotGroup group;
    QSet<RunId> hidden;
    RunId baseline = 0;
    RunId pointed = 0; ///< the run under the pointer or in the current column: what `B` means

    PlotLegend *chips = nullptr;
    QPushButton *add = nullptr;
    QMenu *addMenu = nullptr;
    QComboBox *axis = nullptr;
    QLabel *axisLabel = nullptr;
    QStackedWidget *stack = nullptr;
    RunPickModel *picks = nullptr;
    QTableView *pickTable = nullptr;
    QLabel *pickText = nullptr;
    QTabWidget *tabs = nullptr;
    PanelGrid *grid = nullptr;
    CompareCurves *curves = nullptr;
    ReadingModel *reading = nullptr;
    QLabel *readingPlace = nullptr;
    TradeOffPlot *tradeOff = nullptr;
    MetricTableModel *metrics = nullptr;
    QTableView *metricTable = nullptr;
    QLabel *metricNote = nullptr;
    SettingsTableModel *settings = nullptr;
    QTableView *settingsTable = nullptr;
    QLabel *settingsNote = nullptr;
    CompareAnswers *answers = nullptr;
    ComparedSamples samples;
    CompareRows *rowView = nullptr;
    std::vector<CompareCharts *> charts;
    QAction *copyAction = nullptr;
    QAction *saveAction = nullptr;

    Private(ComparePage &owner, Workspace &space, Dialogs &asked)
        : page(owner), workspace(space), dialogs(asked), reads(space.store()), runs(space), samples(space.store())
    {
        group.setDialogs(&asked);
    }

    void buildActions();
    QWidget *buildTop();
    QWidget *buildPick();
    QWidget *buildCurves();
    QWidget *buildTable();
    QWidget *buildSettings();
    void readBaseline();
    void refreshAll();
    void refreshChips();
    void refreshVisible();
    void refreshTables();
    void showCharts();
    void loadFront();
    void followTab();
    void exportPlot(PlotExport plot, const QString &title);
    void shareWidths() const
    {
        shareWidth(metricTable);
        shareWidth(settingsTable);
    }
    void refreshPicks();
    void pick(RunId run, bool on) const;
    void toggle(std::size_t run);
    void solo(std::size_t run);
    void setBaseline(RunId run);
    std::size_t baselineIndex() const;
    void chipMenu(std::size_t run, const QPoint &at);
    void fillAddMenu();
    void copyTable(const QString &text, const QString &format) const;
    void savePicture();
};

ComparePage::ComparePage(Workspace &workspace, Dialogs &dialogs, QWidget *parent)
    : Page(QStringLiteral("pageCompare"), tr("Compare"), parent), m_private(std::make_unique<Private>(*this, workspace, dialogs))
{
    Private &d = *m_private;
    setFocusPolicy(Qt::ClickFocus);
    d.tabs = new QTabWidget; // gets its parent after the row above it: that is the order of the tab key
    d.tabs->setObjectName(QStringLiteral("compareTabs"));
    d.tabs->setDocumentMode(true);
    d.tabs->addTab(d.buildCurves(), tr("Curves"));
    d.tradeOff = new TradeOffPlot(&workspace.settings());
    d.tabs->addTab(d.tradeOff, tr("Trade-off"));
    d.tabs->addTab(d.buildTable(), tr("Table"));
    d.tabs->addTab(d.buildSettings(), tr("Settings"));
    d.answers = new CompareAnswers(workspace);
    d.tabs->addTab(d.answers, tr("Generations"));
    d.rowView = new CompareRows(d.samples, workspace.settings());
    d.tabs->addTab(d.rowView, tr("Rows"));
    for (const auto &[kind, title] : {std::pair{CompareCharts::Kind::Distributions, tr("Distributions")}, {CompareCharts::Kind::Profile, tr("Profile")},
                                      {CompareCharts::Kind::Seeds, tr("Seeds")}, {CompareCharts::Kind::Series, tr("Series")}}) {
        d.charts.push_back(new CompareCharts(kind, d.samples, workspace.settings()));
        d.tabs->addTab(d.charts.back(), title);
    }
    d.stack = new QStackedWidget;
    d.stack->addWidget(d.buildPick());
    d.stack->addWidget(d.tabs);
    d.buildActions();
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::space(5), Theme::space(2), Theme::space(5), Theme::space(3));
    column->setSpacing(Theme::space(2));
    column->addWidget(d.buildTop());
    column->addWidget(d.stack, 1);

    connect(d.tabs, &QTabWidget::currentChanged, this, [this](int index) {
        m_private->workspace.settings().setValue(QStringLiteral("compare/tab"), index);
        QTimer::singleShot(0, this, [this] { m_private->shareWidths(); }); // once it has its size
        m_private->loadFront();
        m_private->followTab();
    });
    connect(&workspace, &Workspace::comparedChanged, this, [this] { m_private->runs.show(m_private->workspace.compared()); });
    connect(&workspace, &Workspace::storeChanged, this, [this] {
        if (isVisible())
            m_private->refreshPicks();
    });
    connect(&d.runs, &ComparedRuns::changed, this, [this] { m_private->refreshAll(); });
    connect(&d.runs, &ComparedRuns::grew, this, [this] {
        m_private->curves->show(m_private->runs.runs(), m_private->hidden);
        m_private->tradeOff->show(m_private->runs.runs(), m_private->hidden);
        m_private->refreshTables();
        m_private->showCharts();
    });
    connect(&d.runs, &ComparedRuns::collapseKnown, this, [this] { m_private->refreshTables(); });
    connect(d.tradeOff, &TradeOffPlot::runClicked, this, [this](qint64 run) { m_private->pointed = run; });
    d.readBaseline();
    d.tabs->setCurrentIndex(std::clamp(workspace.settings().value(QStringLiteral("compare/tab"), 0).toInt(), 0, d.tabs->count() - 1));
    d.runs.show(workspace.compared());
    d.refreshAll();
    d.refreshPicks();
}

ComparePage::~ComparePage()
{
    delete m_private->grid; // the panels leave their group, which goes with the private part
}

QString ComparePage::hint() const
{
    if (m_private->runs.runs().size() < 2)
        return {};
    return tr("Click a run's chip to hide it, Alt+click to see it alone; B makes the run pointed at the baseline.");
}

void ComparePage::activate()
{
    m_private->refreshPicks();
    if (!isAncestorOf(focusWidget()))
        setFocus();
}

void ComparePage::resizeEvent(QResizeEvent *event)
{
    Page::resizeEvent(event);
    QTimer::singleShot(0, this, [this] { m_private->shareWidths(); });
}

void ComparePage::keyPressEvent(QKeyEvent *event)
{
    Private &d = *m_private;
    if (event->modifiers() & ~(Qt::ShiftModifier | Qt::KeypadModifier)) {
        Page::keyPressEvent(event);
        return;
    }
    if (event->key() >= Qt::Key_1 && event->key() <= Qt::Key_9) {
        const auto run = static_cast<std::size_t>(event->key() - Qt::Key_1);
        if (run < d.runs.runs().size())
            d.toggle(run);
        return;
    }
    if (event->key() == Qt::Key_B && d.pointed != 0) {
        d.setBaseline(d.pointed);
        return;
    }
    if (PlotPanel *front = d.tabs->currentIndex() == 0 ? d.curves->front() : nullptr; front && front->handleKey(event->key()))
        return;
    Page::keyPressEvent(event);
}

void ComparePage::Private::buildActions()
{
    const auto make = [this](const char *name, const QString &text, const char *icon, const QKeySequence &key, const QString &tip, bool primary) {
        auto *action = new QAction(Theme::icon(QString::fromLatin1(icon)), text, &page);
        action->setObjectName(QString::fromLatin1(name));
        action->setShortcut(key);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        action->setStatusTip(tip);
        action->setToolTip(tip);
        page.addAction(action);
        page.addPageAction(action, primary);
        return action;
    };
    const auto clear = make("actionCompareClear", ComparePage::tr("Clear"), "trash", {}, ComparePage::tr("Take all runs out of the comparison; the runs stay"), false);
    QObject::connect(clear, &QAction::triggered, &page, [this] { workspace.setCompared({}); });
    QAction *markdown = make("actionCompareMarkdown", ComparePage::tr("Copy as Markdown"), "copy", {}, ComparePage::tr("Copy the table of metrics as Markdown"), false);
    QObject::connect(markdown, &QAction::triggered, &page, [this] { copyTable(metrics->table().markdown(), QStringLiteral("Markdown")); });
    QAction *csv = make("actionCompareCsv", ComparePage::tr("Copy as CSV"), "copy", {}, ComparePage::tr("Copy the table of metrics as CSV, at full precision"), false);
    QObject::connect(csv, &QAction::triggered, &page, [this] { copyTable(metrics->table().csv(), QStringLiteral("CSV")); });
    copyAction = make("actionCompareLatex", ComparePage::tr("Copy as LaTeX"), "copy", QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C),
                      ComparePage::tr("Copy the table of metrics as LaTeX, with booktabs"), false);
    QObject::connect(copyAction, &QAction::triggered, &page, [this] { copyTable(metrics->table().latex(), QStringLiteral("LaTeX")); });
    saveAction = make("actionCompareExport", ComparePage::tr("Export…"), "export", QKeySequence(Qt::CTRL | Qt::Key_E),
                      ComparePage::tr("What is in front as a file: a plot, the trade-off, or the table"), true);
    QObject::connect(saveAction, &QAction::triggered, &page, [this] { savePicture(); });
}

QWidget *ComparePage::Private::buildTop()
{
    auto *widget = new QWidget(&page);
    chips = new PlotLegend(widget);
    chips->setObjectName(QStringLiteral("compareChips"));
    add = new QPushButton(Theme::icon(QStringLiteral("plus")), ComparePage::tr("Runs"), widget);
    add->setObjectName(QStringLiteral("compareAdd"));
    add->setToolTip(ComparePage::tr("Choose the runs that are compared"));
    addMenu = new QMenu(add);
    add->setMenu(addMenu);
    QObject::connect(addMenu, &QMenu::aboutToShow, &page, [this] { fillAddMenu(); });
    axis = new QComboBox(widget);
    axis->setObjectName(QStringLiteral("compareAxis"));
    axisLabel = new QLabel(ComparePage::tr("&x axis"), widget);
    axisLabel->setBuddy(axis);
    axis->setAccessibleName(ComparePage::tr("What x counts"));
    for (const CompareAxis each : {CompareAxis::Step, CompareAxis::Epoch, CompareAxis::Tokens, CompareAxis::Seconds})
        axis->addItem(CompareCurves::axisTitle(each), static_cast<int>(each));
    axis->setCurrentIndex(std::max(0, axis->findData(workspace.settings().value(QStringLiteral("compare/axis"), 0).toInt())));
    curves->setAxis(static_cast<CompareAxis>(axis->currentData().toInt()));
    QObject::connect(axis, &QComboBox::activated, &page, [this] {
        workspace.settings().setValue(QStringLiteral("compare/axis"), axis->currentData());
        curves->setAxis(static_cast<CompareAxis>(axis->currentData().toInt()));
        group.setFollowing(true);
        curves->show(runs.runs(), hidden);
    });
    QObject::connect(chips, &PlotLegend::toggled, &page, [this](std::size_t run) { toggle(run); });
    QObject::connect(chips, &PlotLegend::soloRequested, &page, [this](std::size_t run) { solo(run); });
    QObject::connect(chips, &PlotLegend::raised, &page, [this](std::size_t run, bool on) {
        if (on && run < runs.runs().size())
            pointed = runs.runs()[run].row.id;
        curves->raise(run, on);
    });
    QObject::connect(chips, &PlotLegend::menuRequested, &page, [this](std::size_t run, const QPoint &at) { chipMenu(run, at); });

    auto *row = new QHBoxLayout(widget);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(Theme::space(2));
    row->addWidget(add, 0, Qt::AlignTop);
    row->addWidget(chips, 1);
    row->addWidget(axisLabel, 0, Qt::AlignTop);
    row->addWidget(axis, 0, Qt::AlignTop);
    axisLabel->setMinimumHeight(axis->sizeHint().height());
    return widget;
}

QWidget *ComparePage::Private::buildPick()
{
    auto *widget = new QWidget;
    auto *title = new QLabel(ComparePage::tr("Pick the runs to compare"), widget);
    Theme::setRole(title, TextRole::Title);
    pickText = new QLabel(widget);
    pickText->setWordWrap(true);
    Theme::setRole(pickText, TextRole::Muted);
    picks = new RunPickModel(&page);
    pickTable = quietTable("comparePicks", ComparePage::tr("Runs to choose from"), widget);
    pickTable->setModel(picks);
    pickTable->setSelectionBehavior(QAbstractItemView::SelectRows);
    pickTable->horizontalHeader()->setSectionResizeMode(RunPickModel::Name, QHeaderView::Stretch);
    for (const int each : {RunPickModel::Status, RunPickModel::Method, RunPickModel::When})
        pickTable->setColumnWidth(each, Theme::space(30));
    fitHeaders(pickTable);
    QObject::connect(picks, &RunPickModel::picked, &page, [this](qint64 run, bool on) { pick(run, on); });
    auto *column = new QVBoxLayout(widget);
    column->setContentsMargins(0, Theme::space(3), 0, 0);
    column->setSpacing(Theme::space(2));
    column->addWidget(title);
    column->addWidget(pickText);
    column->addWidget(pickTable, 1);
    return widget;
}

QWidget *ComparePage::Private::buildCurves()
{
    auto *splitter = new QSplitter(Qt::Horizontal);
    splitter->setObjectName(QStringLiteral("compareSplitter"));
    splitter->setChildrenCollapsible(false);
    grid = new PanelGrid(QStringLiteral("compare"), &workspace.settings(), splitter);
    curves = new CompareCurves(*grid, group, &workspace.settings(), &page);
    reading = new ReadingModel(&page);
    auto *side = new QWidget(splitter);
    readingPlace = new QLabel(ComparePage::tr("Point at a curve: the values of all runs there stand here."), side);
    readingPlace->setObjectName(QStringLiteral("compareReadingPlace"));
    readingPlace->setWordWrap(true);
    readingPlace->setMinimumHeight(2 * readingPlace->fontMetrics().height()); // the table does not jump
    Theme::setRole(readingPlace, TextRole::Muted);
    auto *table = quietTable("compareReading", ComparePage::tr("Values at the crosshair"), side);
    table->setModel(reading);
    table->setSelectionMode(QAbstractItemView::NoSelection);
    table->setFocusPolicy(Qt::NoFocus);
    table->horizontalHeader()->setSectionResizeMode(ReadingModel::Run, QHeaderView::Stretch);
    fitHeaders(table);
    table->setMinimumWidth(table->horizontalHeader()->sectionSizeHint(ReadingModel::Run) + table->columnWidth(ReadingModel::Value)
                           + table->columnWidth(ReadingModel::Smooth) + Theme::space(5));
    auto *sideColumn = new QVBoxLayout(side);
    sideColumn->setContentsMargins(0, 0, 0, 0);
    sideColumn->setSpacing(Theme::space(1));
    sideColumn->addWidget(readingPlace);
    sideColumn->addWidget(table, 1);
    splitter->addWidget(grid);
    splitter->addWidget(side);
    splitter->setStretchFactor(0, 5);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({Theme::space(210), Theme::space(68)});
    QObject::connect(curves, &CompareCurves::hoveredAt, &page, [this](const QString &kind, double x, double y) {
        const PlotPanel *panel = curves->panel(kind);
        if (!panel)
            return;
        reading->read(*panel, x, y);
        const auto counts = static_cast<CompareAxis>(axis->currentData().toInt());
        const bool isWhole = counts == CompareAxis::Step || counts == CompareAxis::Tokens;
        readingPlace->setText(ComparePage::tr("%1 at %2 %3").arg(panel->title(), CompareCurves::axisTitle(counts),
                                                                 isWhole ? format::count(std::llround(x)) : QString::number(x, 'f', 2)));
    });
    QObject::connect(curves, &CompareCurves::noted, &page, [this](const QString &text, bool failed) {
        workspace.post({.level = failed ? Message::Level::Error : Message::Level::Info, .text = text, .details = {}, .buttons = {}, .key = QStringLiteral("plot")});
    });
    return splitter;
}

QWidget *ComparePage::Private::buildTable()
{
    auto *widget = new QWidget;
    metrics = new MetricTableModel(&page);
    metricTable = quietTable("compareMetrics", ComparePage::tr("Metrics of the runs"), widget);
    metricTable->setModel(metrics);
    metricNote = new QLabel(widget);
    metricNote->setWordWrap(true);
    Theme::setRole(metricNote, TextRole::Muted);
    QObject::connect(metricTable->selectionModel(), &QItemSelectionModel::currentColumnChanged, &page, [this](const QModelIndex &index) {
        const auto run = static_cast<std::size_t>(index.column()) - 1;
        if (index.column() > 0 && run < runs.runs().size())
            pointed = runs.runs()[run].row.id;
    });
    auto *column = new QVBoxLayout(widget);
    column->setContentsMargins(0, Theme::space(2), 0, 0);
    column->setSpacing(Theme::space(2));
    column->addWidget(metricTable, 1);
    column->addWidget(metricNote);
    return widget;
}

QWidget *ComparePage::Private::buildSettings()
{
    auto *widget = new QWidget;
    settings = new SettingsTableModel(&page);
    settingsTable = quietTable("compareSettings", ComparePage::tr("Settings of the runs"), widget);
    settingsTable->setModel(settings);
    settingsNote = new QLabel(widget);
    settingsNote->setObjectName(QStringLiteral("compareSettingsNote"));
    Theme::setRole(settingsNote, TextRole::Muted);
    auto *all = new QCheckBox(ComparePage::tr("Show all"), widget);
    all->setObjectName(QStringLiteral("compareSettingsAll"));
    QObject::connect(all, &QCheckBox::toggled, &page, [this](bool on) { settings->setShowAll(on); });
    auto *top = new QHBoxLayout;
    top->addWidget(settingsNote, 1);
    top->addWidget(all);
    auto *column = new QVBoxLayout(widget);
    column->setContentsMargins(0, Theme::space(2), 0, 0);
    column->setSpacing(Theme::space(2));
    column->addLayout(top);
    column->addWidget(settingsTable, 1);
    return widget;
}

void ComparePage::Private::readBaseline()
{
    const auto stored = workspace.store().value(kBaselineKey);
    if (stored && *stored)
        baseline = QString::fromStdString(**stored).toLongLong();
}

std::size_t ComparePage::Private::baselineIndex() const
{
    return runs.find(baseline).value_or(0);
}

void ComparePage::Private::setBaseline(RunId run)
{
    baseline = run;
    if (const Result<void> kept = workspace.store().setValue(kBaselineKey, std::to_string(run)); !kept)
        workspace.post({.level = Message::Level::Warning, .text = QString::fromStdString(kept.error().message()), .details = {}, .buttons = {}, .key = QStringLiteral("baseline")});
    refreshChips();
    refreshTables();
    answers->show(runs.runs(), hidden, baselineIndex());
    showCharts();
}

void ComparePage::Private::pick(RunId run, bool on) const
{
    std::vector<RunId> picked = workspace.compared();
    std::erase(picked, run);
    if (on)
        picked.push_back(run);
    workspace.setCompared(picked);
}

void ComparePage::Private::toggle(std::size_t run)
{
    if (run >= runs.runs().size())
        return;
    const RunId id = runs.runs()[run].row.id;
    if (!hidden.remove(id))
        hidden.insert(id);
    refreshVisible();
}

void ComparePage::Private::solo(std::size_t run)
{
    const RunId id = runs.runs()[run].row.id;
    QSet<RunId> others;
    for (const ComparedRun &each : runs.runs()) {
        if (each.row.id != id)
            others.insert(each.row.id);
    }
    hidden = hidden == others ? QSet<RunId>() : others;
    refreshVisible();
}

void ComparePage::Private::refreshVisible()
{
    refreshChips();
    curves->setHidden(runs.runs(), hidden);
    tradeOff->show(runs.runs(), hidden);
    answers->show(runs.runs(), hidden, baselineIndex());
    showCharts();
}

void ComparePage::Private::showCharts()
{
    samples.setRuns(runs.runs(), hidden);
    rowView->setBaseline(runs.runs().empty() ? 0 : runs.runs()[baselineIndex()].row.id);
    for (CompareCharts *each : charts)
        each->show(runs.runs(), hidden);
    loadFront();
}

/// Rows and answers are read once somebody looks.
void ComparePage::Private::loadFront()
{
    const QWidget *front = tabs->currentWidget();
    if (front == answers)
        answers->load();
    else if (front == rowView || (!charts.empty() && front == charts.front()))
        samples.load();
}

/// The x axis is that of the curves, and answers are copied on their own page: what does nothing here is not offered.
void ComparePage::Private::followTab()
{
    const bool ofCurves = tabs->currentIndex() == 0;
    axis->setVisible(ofCurves);
    axisLabel->setVisible(ofCurves);
    saveAction->setEnabled(workspace.compared().size() >= 2 && tabs->currentWidget() != answers);
}

void ComparePage::Private::refreshAll()
{
    const std::vector<ComparedRun> &all = runs.runs();
    page.setBadge(workspace.compared().empty() ? QString() : QString::number(workspace.compared().size()));
    refreshChips();
    const bool enough = workspace.compared().size() >= 2;
    stack->setCurrentIndex(enough ? 1 : 0);
    picks->setPicked(workspace.compared());
    for (QAction *action : page.pageActions())
        action->setEnabled(enough);
    followTab();
    if (!enough) {
        pickText->setText(workspace.compared().size() == 1 ? ComparePage::tr("One run is picked; one more and they are drawn together.")
                                                           : ComparePage::tr("Tick two runs or more. Their curves, answers, metrics and settings are put side by side."));
        return;
    }
    if (runs.isLoading())
        return; // what is shown stays until the new runs are read
    curves->show(all, hidden);
    tradeOff->show(all, hidden);
    refreshTables();
    answers->show(all, hidden, baselineIndex());
    showCharts();
}

void ComparePage::Private::refreshChips()
{
    std::vector<PlotCurve> entries;
    const std::size_t base = baselineIndex();
    for (std::size_t i = 0; i < runs.runs().size(); ++i) {
        const ComparedRun &run = runs.runs()[i];
        PlotCurve entry{.key = QString::number(run.row.id), .name = run.name(), .style = CurveStyle::of(run.look)};
        if (i == base && runs.runs().size() > 1)
            entry.name = ComparePage::tr("%1 (baseline)").arg(entry.name);
        if (run.row.deleted)
            entry.name = ComparePage::tr("%1 (in the bin)").arg(entry.name);
        entry.visible = !hidden.contains(run.row.id);
        entries.push_back(std::move(entry));
    }
    chips->setCurves(entries);
    chips->setVisible(true); // it keeps the room between the buttons
}

void ComparePage::Private::refreshTables()
{
    const std::vector<ComparedRun> &all = runs.runs();
    std::vector<RunLook> looks;
    for (const ComparedRun &run : all)
        looks.push_back(run.look);
    metrics->setTable(MetricTable(all, baselineIndex()), std::move(looks));
    shareWidth(metricTable);
    QStringList notes;
    for (const MetricTable::Column &column : metrics->table().columns()) {
        if (!column.collapse.isEmpty())
            notes.append(ComparePage::tr("⚑ %1: %2 It never counts as best.").arg(column.name, column.collapse));
        if (!column.notComparable.isEmpty())
            notes.append(ComparePage::tr("≠ %1 is not comparable: %2.").arg(column.name, column.notComparable));
    }
    notes.append(ComparePage::tr("Bold is best by the arrow's direction; the small number is the difference from the baseline run. Point at a value for all its digits."));
    metricNote->setText(notes.join(QLatin1Char('\n')));

    settings->setRuns(all);
    shareWidth(settingsTable);
    settingsNote->setText(settings->differing() == 0 ? ComparePage::tr("All %1 settings are equal.").arg(settings->total())
                                                     : ComparePage::tr("%1 of %2 settings differ").arg(settings->differing()).arg(settings->total()));
}

void ComparePage::Private::refreshPicks()
{
    reads.read<std::vector<RunRow>>(
        &page,
        [](const RunStore &store) {
            auto rows = store.runs();
            return rows ? std::move(*rows) : std::vector<RunRow>{};
        },
        [this](std::vector<RunRow> rows) {
            if (rows.empty())
                pickText->setText(ComparePage::tr("There are no runs yet. Two runs of an experiment, and they can be compared here."));
            picks->setRuns(std::move(rows), workspace.compared());
        });
}

void ComparePage::Private::fillAddMenu()
{
    addMenu->clear();
    if (picks->runs().empty()) {
        addMenu->addAction(ComparePage::tr("No runs yet"))->setEnabled(false);
        return;
    }
    const std::vector<RunId> picked = workspace.compared();
    std::size_t count = 0;
    for (const RunRow &row : picks->runs()) {
        if (++count > kMostSuggested)
            break;
        QAction *action = addMenu->addAction(QString::fromStdString(row.name).replace(QLatin1Char('&'), QLatin1String("&&")));
        action->setCheckable(true);
        action->setChecked(std::ranges::find(picked, row.id) != picked.end());
        QObject::connect(action, &QAction::toggled, &page, [this, id = row.id](bool on) { pick(id, on); });
    }
    addMenu->addSeparator();
    QAction *all = addMenu->addAction(ComparePage::tr("Choose in Runs…"));
    QObject::connect(all, &QAction::triggered, &page, [this] { workspace.showPage(QStringLiteral("pageRuns")); });
}

void ComparePage::Private::chipMenu(std::size_t run, const QPoint &at)
{
    if (run >= runs.runs().size())
        return;
    const ComparedRun &chosen = runs.runs()[run];
    const RunId id = chosen.row.id;
    auto *menu = new QMenu(&page);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    QAction *base = menu->addAction(ComparePage::tr("Make it the baseline\tB"));
    QObject::connect(base, &QAction::triggered, &page, [this, id] { setBaseline(id); });
    QAction *go = menu->addAction(ComparePage::tr("Show in Live"));
    QObject::connect(go, &QAction::triggered, &page, [this, id] {
        workspace.setShownRun(id);
        workspace.showPage(QStringLiteral("pageLive"));
    });
    QAction *rename = menu->addAction(ComparePage::tr("Rename…"));
    QObject::connect(rename, &QAction::triggered, &page, [this, id, name = chosen.name()] {
        const auto text = dialogs.askText(&page, ComparePage::tr("Rename run"), ComparePage::tr("Name"), name);
        if (!text || text->trimmed().isEmpty())
            return;
        if (const Result<void> renamed = workspace.store().renameRun(id, text->trimmed().toStdString()); !renamed)
            workspace.post({.level = Message::Level::Error, .text = QString::fromStdString(renamed.error().message()), .details = {}, .buttons = {}, .key = QStringLiteral("rename")});
    });
    QMenu *colors = menu->addMenu(ComparePage::tr("Colour"));
    for (const QString &stored : Theme::runColors()) {
        QPixmap swatch(Theme::space(4), Theme::space(4));
        swatch.fill(Theme::runColor(stored));
        QAction *color = colors->addAction(QIcon(swatch), stored == QLatin1String("ink") ? ComparePage::tr("Ink") : stored);
        QObject::connect(color, &QAction::triggered, &page, [this, id, stored] {
            if (const Result<void> set = workspace.store().setColor(id, stored.toStdString()); !set)
                workspace.post({.level = Message::Level::Error, .text = QString::fromStdString(set.error().message()), .details = {}, .buttons = {}, .key = QStringLiteral("color")});
        });
    }
    if (chosen.row.deleted) {
        QAction *restore = menu->addAction(ComparePage::tr("Restore from the bin"));
        QObject::connect(restore, &QAction::triggered, &page, [this, id] { (void)workspace.store().setDeleted(id, false).ok(); });
    }
    menu->addSeparator();
    QAction *remove = menu->addAction(ComparePage::tr("Take out of the comparison"));
    QObject::connect(remove, &QAction::triggered, &page, [this, id] { pick(id, false); });
    menu->popup(at);
}

void ComparePage::Private::copyTable(const QString &text, const QString &format) const
{
    QGuiApplication::clipboard()->setText(text);
    workspace.post({.level = Message::Level::Info, .text = ComparePage::tr("Table of metrics copied as %1.").arg(format), .details = {}, .buttons = {}, .key = QStringLiteral("copied")});
}

void ComparePage::Private::exportPlot(PlotExport plot, const QString &title)
{
    PlotExportDialog dialog(std::move(plot), title, dialogs, &workspace.settings(), &page);
    if (dialog.exec() == QDialog::Accepted)
        workspace.post({.level = Message::Level::Success, .text = ComparePage::tr("Written to %1.").arg(dialog.writtenPath()), .details = {}, .buttons = {},
                        .key = QStringLiteral("compare-export")});
}

void ComparePage::Private::savePicture()
{
    if (tabs->currentIndex() == 0) {
        if (PlotPanel *front = curves->front())
            front->exportAs();
        return;
    }
    if (tabs->currentWidget() == tradeOff) {
        exportPlot(tradeOff->exporter(), ComparePage::tr("Trade-off"));
        return;
    }
    for (const CompareCharts *each : charts) {
        if (tabs->currentWidget() != each)
            continue;
        if (const Chart *front = each->front())
            exportPlot(front->exporter(), front->contents().title);
        return;
    }
    const bool ofRows = tabs->currentWidget() == rowView, ofSettings = tabs->currentWidget()->isAncestorOf(settingsTable);
    const QString name = ofRows ? QStringLiteral("rows.csv") : ofSettings ? QStringLiteral("settings.csv") : QStringLiteral("comparison.csv");
    const QString path = dialogs.saveFile(&page, ComparePage::tr("Export table"), name,
                                          ofRows || ofSettings ? ComparePage::tr("CSV (*.csv)") : ComparePage::tr("CSV (*.csv);;LaTeX (*.tex);;Markdown (*.md)"));
    if (path.isEmpty())
        return;
    const MetricTable &table = metrics->table();
    const QString text = ofRows ? rowView->csv() : ofSettings ? settings->csv() : path.endsWith(QLatin1String(".tex")) ? table.latex() : path.endsWith(QLatin1String(".md")) ? table.markdown() : table.csv();
    const Result<void> written = writeFile(path.toStdString(), text.toStdString());
    workspace.post({.level = written ? Message::Level::Success : Message::Level::Error,
                    .text = written ? ComparePage::tr("Written to %1.").arg(path) : QString::fromStdString(written.error().message()),
                    .details = {}, .buttons = {}, .key = QStringLiteral("compare-export")});
}

} // namespace lethe
