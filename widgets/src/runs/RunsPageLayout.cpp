#include "RunsPagePrivate.h"

#include "../frame/EmptyState.h"
#include "RunDelegate.h"
#include "RunDetailsPane.h"
#include "RunFilterModel.h"

#include <widgets/Theme.h>

#include <QtGui/QAction>
#include <QtGui/QShortcut>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QHeaderView>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QMenu>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QSplitter>
#include <QtWidgets/QStackedWidget>
#include <QtWidgets/QTableView>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

namespace {

const QString kSplitterKey = QStringLiteral("runs/splitter");

} // namespace

QAction *RunsPage::Private::add(const char *objectName, const QString &text, const char *icon, const QString &tip, const QKeySequence &keys,
                                void (Private::*act)(), bool primary)
{
    auto *action = new QAction(Theme::icon(QLatin1String(icon)), text, &page);
    action->setObjectName(QLatin1String(objectName));
    action->setStatusTip(tip);
    action->setShortcut(keys);
    if (act != nullptr)
        connect(action, &QAction::triggered, &page, [this, act] { (this->*act)(); });
    page.addPageAction(action, primary);
    return action;
}

void RunsPage::Private::buildActions()
{
    showAction = add("actionRunsShow", tr("Show"), "live", tr("Show the selected run's curves on the Live page (Enter)"), {}, &Private::show);
    duplicateAction = add("actionRunsDuplicate", tr("Duplicate as experiment"), "experiment", tr("Take the selected run's spec as the experiment being written"),
                          QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_D), &Private::duplicate);
    resumeAction = add("actionRunsResume", tr("Resume"), "play", tr("Go on from the selected run's last checkpoint"), {}, &Private::resume);
    againAction = add("actionRunsAgain", tr("Run exactly again"), "refresh", tr("Check that model and data are what they were, and run the same spec once more"), {},
                      &Private::runAgain);
    starAction = add("actionRunsStar", tr("Star"), "star", tr("Star the selected runs, or take their stars away (*)"), {}, &Private::star);
    renameAction = add("actionRunsRename", tr("Rename"), "edit", tr("Give the selected run another name"), QKeySequence(Qt::Key_F2), &Private::rename);
    tagAction = add("actionRunsTag", tr("Tag"), "tag", tr("Edit the selected run's tags, parted by commas"), QKeySequence(Qt::CTRL | Qt::Key_T), &Private::tag);
    exportAction = add("actionRunsExport", tr("Export run…"), "save", tr("Write the selected run, without its checkpoints, to a file that another store can import"),
                       {}, &Private::exportRun);
    deleteAction = add("actionRunsDelete", tr("Delete"), "trash", tr("Move the selected runs to the bin; Undo brings them back"), QKeySequence::Delete,
                       &Private::remove);
    restoreAction = add("actionRunsRestore", tr("Restore"), "undo", tr("Bring the selected runs back from the bin"), {}, &Private::restore);
    emptyBinAction = add("actionRunsEmptyBin", tr("Empty bin…"), "trash", tr("Delete the runs of the bin, or those selected in it, for good"), {}, &Private::emptyBin);
    lineageAction = add("actionRunsLineage", tr("Lineage"), "runs", tr("Show a run that began from another one's result beneath that one; Left and Right fold"), {}, nullptr);
    lineageAction->setCheckable(true);
    connect(lineageAction, &QAction::triggered, &page, [this](bool shows) { showLineage(shows); });
    compareAction = add("actionRunsCompare", tr("Compare"), "compare", tr("Add the selected runs to Compare (C)"), {}, &Private::compare, true);
    for (QAction *action : {againAction, starAction, renameAction, tagAction, exportAction, deleteAction, emptyBinAction, lineageAction})
        action->setPriority(QAction::LowPriority);
}

void RunsPage::Private::buildLayout()
{
    stack = new QStackedWidget(&page);
    stack->addWidget(buildEmpty());
    auto *content = new QWidget(&page);
    auto *column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(Theme::space(2));
    column->addWidget(buildTop());
    auto *splitter = new QSplitter(Qt::Vertical, content);
    splitter->setObjectName(QStringLiteral("runsSplitter"));
    splitter->setChildrenCollapsible(false);
    buildTable();
    splitter->addWidget(table);
    details = new RunDetailsPane(workspace.store(), splitter);
    splitter->addWidget(details);
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 2);
    if (!splitter->restoreState(workspace.settings().value(kSplitterKey).toByteArray()))
        splitter->setSizes({600, 400});
    connect(splitter, &QSplitter::splitterMoved, &page, [this, splitter] { workspace.settings().setValue(kSplitterKey, splitter->saveState()); });
    column->addWidget(splitter, 1);
    stack->addWidget(content);
    auto *all = new QVBoxLayout(&page);
    all->setContentsMargins(Theme::space(5), 0, Theme::space(5), Theme::space(4));
    all->addWidget(stack);
}

QWidget *RunsPage::Private::buildEmpty()
{
    auto *empty = new EmptyState(QStringLiteral("runs"), tr("No run yet"),
                                 tr("Every run is kept here with its spec, its curves and its answers, so that it can be found, compared and repeated."), &page);
    empty->setObjectName(QStringLiteral("runsEmpty"));
    auto *demo = new QPushButton(Theme::icon(QStringLiteral("play")), tr("Try the demo"), empty);
    demo->setObjectName(QStringLiteral("runsDemo"));
    Theme::mark(demo, "primary");
    connect(demo, &QPushButton::clicked, &page, [this] { tryDemo(); });
    empty->addButton(demo);
    return empty;
}

QWidget *RunsPage::Private::buildTop()
{
    auto *top = new QWidget(&page);
    auto *rows = new QVBoxLayout(top);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(Theme::space(1));
    auto *line = new QHBoxLayout;
    line->setSpacing(Theme::space(2));
    query = new QLineEdit(top);
    query->setObjectName(QStringLiteral("runsFilter"));
    query->setAccessibleName(tr("Filter runs"));
    query->setPlaceholderText(tr("Words, or method:npo  status:done  lr<1e-5  forget<10%  tag:paper"));
    query->setToolTip(tr("Words match name, method, tags and note. Keys: %1, and the metrics' names; relations : != < <= > >=").arg(RunQuery::keys().join(QLatin1String(", "))));
    query->setClearButtonEnabled(true);
    connect(query, &QLineEdit::textChanged, &page, [this] { filter(); });
    count = new QLabel(top);
    count->setObjectName(QStringLiteral("runsCount"));
    Theme::setRole(count, TextRole::Muted);
    auto *columns = new QPushButton(tr("Columns"), top);
    columns->setObjectName(QStringLiteral("runsColumns"));
    columns->setToolTip(tr("Choose the columns that are shown"));
    auto *menu = new QMenu(columns);
    connect(menu, &QMenu::aboutToShow, &page, [this, menu] { fillColumnMenu(*menu); });
    columns->setMenu(menu);
    auto *views = new QPushButton(tr("Views"), top);
    views->setObjectName(QStringLiteral("runsViews"));
    views->setToolTip(tr("Columns, order and filter, kept under a name"));
    auto *viewMenu = new QMenu(views);
    connect(viewMenu, &QMenu::aboutToShow, &page, [this, viewMenu] { fillViewMenu(*viewMenu); });
    views->setMenu(viewMenu);
    bin = new QPushButton(Theme::icon(QStringLiteral("trash")), QString(), top);
    bin->setObjectName(QStringLiteral("runsBin"));
    bin->setCheckable(true);
    bin->setToolTip(tr("Show the runs that were deleted; they can be restored until the bin is emptied"));
    connect(bin, &QPushButton::clicked, &page, [this](bool shows) { showBin(shows); });
    lineage = new QPushButton(tr("Lineage"), top);
    lineage->setObjectName(QStringLiteral("runsLineage"));
    lineage->setCheckable(true);
    lineage->setToolTip(lineageAction->statusTip());
    connect(lineage, &QPushButton::clicked, lineageAction, &QAction::trigger);
    line->addWidget(query, 1);
    line->addWidget(count);
    line->addWidget(bin);
    line->addWidget(lineage);
    line->addWidget(views);
    line->addWidget(columns);
    problem = new QLabel(top);
    problem->setObjectName(QStringLiteral("runsProblem"));
    problem->setTextFormat(Qt::PlainText);
    problem->setWordWrap(true);
    Theme::setRole(problem, TextRole::Error);
    problem->hide();
    rows->addLayout(line);
    rows->addWidget(problem);
    QWidget::setTabOrder(query, bin); // as read
    QWidget::setTabOrder(bin, lineage);
    QWidget::setTabOrder(lineage, views);
    QWidget::setTabOrder(views, columns);
    return top;
}

void RunsPage::Private::buildTable()
{
    table = new QTableView(&page);
    table->setObjectName(QStringLiteral("runTable"));
    table->setAccessibleName(tr("Runs"));
    table->setModel(filtered);
    table->setItemDelegate(new RunDelegate(table));
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers); // a double click shows the run; the actions edit
    table->setShowGrid(false);
    table->setAlternatingRowColors(false);
    table->setWordWrap(false);
    table->setTextElideMode(Qt::ElideMiddle); // seeds and rates, which tell runs apart, stand at the end of a name
    table->setTabKeyNavigation(false);
    table->setContextMenuPolicy(Qt::CustomContextMenu);
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(Theme::space(8));
    table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    QHeaderView *header = table->horizontalHeader();
    header->setSectionsMovable(true);
    header->setStretchLastSection(true);
    header->setHighlightSections(false);
    header->setTextElideMode(Qt::ElideRight);
    header->setContextMenuPolicy(Qt::CustomContextMenu);
    header->setMinimumSectionSize(Theme::space(6));
    table->setSortingEnabled(true);
    restoring = true;
    showLineage(true);
    restoring = false;
    restoreColumns();
    for (const auto signal : {&QHeaderView::sectionMoved, &QHeaderView::sectionResized})
        connect(header, signal, &page, [this] { keepColumns(); });
    connect(header, &QHeaderView::sortIndicatorChanged, &page, [this] { keepColumns(); });
    connect(header, &QHeaderView::customContextMenuRequested, &page, [this](const QPoint &at) {
        QMenu menu(&page);
        fillColumnMenu(menu);
        menu.exec(table->horizontalHeader()->mapToGlobal(at));
    });
    connect(table, &QTableView::customContextMenuRequested, &page, [this](const QPoint &at) { showContextMenu(at); });
    connect(table, &QTableView::activated, &page, [this] { show(); });
    connect(table, &QTableView::clicked, &page, [this](const QModelIndex &index) {
        if (index.column() == RunTableModel::Star && selected().size() == 1)
            star();
        if (index.column() == RunTableModel::Color && selected().size() == 1) {
            QMenu menu(&page);
            fillColorMenu(menu);
            menu.exec(table->viewport()->mapToGlobal(table->visualRect(index).bottomLeft()));
        }
    });
    connect(table->selectionModel(), &QItemSelectionModel::selectionChanged, &page, [this] { updateState(); });
    // Single letters act only where no text field has the focus.
    connect(new QShortcut(QKeySequence(Qt::Key_C), table, nullptr, nullptr, Qt::WidgetShortcut), &QShortcut::activated, &page, [this] {
        if (compareAction->isEnabled())
            compare();
    });
    foldKey = new QShortcut(QKeySequence(Qt::Key_Left), table, nullptr, nullptr, Qt::WidgetShortcut);
    unfoldKey = new QShortcut(QKeySequence(Qt::Key_Right), table, nullptr, nullptr, Qt::WidgetShortcut);
    connect(foldKey, &QShortcut::activated, &page, [this] { foldOrGoUp(); });
    connect(unfoldKey, &QShortcut::activated, &page, [this] { unfoldOrGoDown(); });
    connect(new QShortcut(QKeySequence(Qt::Key_Asterisk), table, nullptr, nullptr, Qt::WidgetShortcut), &QShortcut::activated, &page, [this] { star(); });
}

void RunsPage::Private::showContextMenu(const QPoint &at)
{
    if (selected().empty())
        return;
    QMenu menu(&page);
    menu.addActions({showAction, compareAction});
    menu.addSeparator();
    menu.addActions({duplicateAction, againAction, resumeAction});
    menu.addSeparator();
    menu.addActions({starAction, renameAction, tagAction});
    QMenu *colors = menu.addMenu(tr("Colour"));
    fillColorMenu(*colors);
    QAction *note = menu.addAction(Theme::icon(QStringLiteral("note")), tr("Edit note"));
    note->setEnabled(renameAction->isEnabled());
    connect(note, &QAction::triggered, &page, [this] { editCell(RunTableModel::Note); });
    menu.addSeparator();
    menu.addActions({exportAction, deleteAction});
    if (runs->showsBin())
        menu.addActions({restoreAction, emptyBinAction});
    menu.exec(table->viewport()->mapToGlobal(at));
}

// ---- lineage -------------------------------------------------------------------------------------------------------

void RunsPage::Private::showLineage(bool shows)
{
    lineageAction->setChecked(shows);
    lineage->setChecked(shows);
    filtered->setTree(shows);
    keepColumns();
    if (details != nullptr)
        updateState();
}

void RunsPage::Private::foldOrGoUp()
{
    const QModelIndex index = table->currentIndex();
    if (index.siblingAtColumn(RunTableModel::Name).data(RunFilterModel::kBranchRole).toInt() == RunFilterModel::Open)
        filtered->setFolded(index, true);
    else if (const QModelIndex up = filtered->parentRun(index); up.isValid())
        table->setCurrentIndex(up);
    updateState();
}

void RunsPage::Private::unfoldOrGoDown()
{
    const QModelIndex index = table->currentIndex();
    const int branch = index.siblingAtColumn(RunTableModel::Name).data(RunFilterModel::kBranchRole).toInt();
    if (branch == RunFilterModel::Folded)
        filtered->setFolded(index, false);
    else if (branch == RunFilterModel::Open)
        table->setCurrentIndex(index.siblingAtRow(index.row() + 1)); // the first that began from it
    updateState();
}

} // namespace lethe
