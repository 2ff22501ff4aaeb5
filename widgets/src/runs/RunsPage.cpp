#include "RunsPagePrivate.h"

#include "../parts/Background.h"
#include "../parts/Text.h"
#include "RunCommand.h"
#include "RunDetailsPane.h"
#include "RunExtras.h"
#include "RunFilterModel.h"

#include <lethe/base/Paths.h>
#include <widgets/Dialogs.h>
#include <widgets/TaskList.h>
#include <widgets/Theme.h>

#include <QtCore/QDir>
#include <QtCore/QFileInfo>
#include <QtGui/QAction>
#include <QtGui/QShortcut>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QStackedWidget>
#include <QtWidgets/QTableView>

#include <algorithm>

namespace lethe {

namespace {

const QString kFolderKey = QStringLiteral("runs/folder");

constexpr std::size_t kSettingsFrom = 20; ///< newest runs whose settings are offered as columns

bool canResume(RunStatus status)
{
    return status == RunStatus::Interrupted || status == RunStatus::Stopped || status == RunStatus::Failed;
}

} // namespace

RunsPage::RunsPage(Workspace &workspace, Dialogs &dialogs, QWidget *parent)
    : Page(QStringLiteral("pageRuns"), tr("Runs"), parent), m_private(std::make_unique<Private>(*this, workspace, dialogs))
{
    m_private->buildActions();
    m_private->buildLayout();
    connect(&workspace, &Workspace::storeChanged, this, [this] {
        if (isVisible())
            m_private->read();
    });
    m_private->updateState();
}

RunsPage::~RunsPage() = default;

QString RunsPage::hint() const
{
    return m_private->runs->rowCount() > 0 ? tr("Select two or more runs and press C to compare them; F2 renames, Ctrl+T tags.") : QString();
}

void RunsPage::activate()
{
    m_private->read();
}

bool RunsPage::focusFilter()
{
    m_private->query->setFocus();
    m_private->query->selectAll();
    return true;
}

QUndoStack *RunsPage::undoStack()
{
    return &m_private->undo;
}

RunsPage::Private::Private(RunsPage &owner, Workspace &shared, Dialogs &questions)
    : page(owner), workspace(shared), dialogs(questions), extras(new RunExtras(shared.store(), &owner)), runs(new RunTableModel(&owner)), filtered(new RunFilterModel(runs, &owner))
{
    runs->setExtras(extras);
    connect(runs, &RunTableModel::edited, &page, [this](const RunEdit &edit) {
        const RunRow *run = runs->run(runs->rowOf(edit.run));
        const QString name = run != nullptr ? toQt(run->name) : QString();
        switch (edit.field) {
        case RunEdit::Field::Name: push({edit}, tr("rename of “%1”").arg(name)); break;
        case RunEdit::Field::Tags: push({edit}, tr("tags of “%1”").arg(name)); break;
        case RunEdit::Field::Note: push({edit}, tr("note of “%1”").arg(name)); break;
        default: push({edit}, tr("star of “%1”").arg(name)); break;
        }
    });
}

// ---- reading -------------------------------------------------------------------------------------------------------

void RunsPage::Private::read()
{
    readAgain = reading;
    if (reading)
        return;
    reading = true;
    inBackground(&page, [&store = workspace.store()] { return store.runs(true); }, [this](Result<std::vector<RunRow>> rows) {
        reading = false;
        if (readAgain) { // these rows are older than the last change: showing them would take it back for a moment
            read();
            return;
        }
        if (!rows.ok()) {
            say(Message::Level::Error, tr("The runs cannot be read: %1").arg(toQt(rows.error().message())), QStringLiteral("runs.read"));
            return;
        }
        takeRuns(std::move(*rows));
    });
}

void RunsPage::Private::takeRuns(std::vector<RunRow> rows)
{
    const bool first = !std::exchange(haveRead, true);
    live.clear();
    binned.clear();
    for (RunRow &row : rows)
        (row.deleted ? binned : live).push_back(std::move(row));
    runs->setRuns(runs->showsBin() ? binned : live);
    filtered->settle();
    for (std::size_t i = 0; i < std::min<std::size_t>(live.size(), kSettingsFrom); ++i)
        (void)extras->find(live[i]); // so that the menu of columns knows which settings there are
    if (first && filtered->rowCount() > 0)
        table->selectRow(0);
    details->refresh();
    updateState();
}

void RunsPage::Private::filter()
{
    auto parsed = RunQuery::parse(query->text());
    Theme::mark(query, "invalid", !parsed.ok());
    problem->setText(parsed.ok() ? QString() : toQt(parsed.error().message()));
    problem->setVisible(!parsed.ok());
    if (!parsed.ok())
        return; // the results stay as they were
    const std::vector<RunId> chosen = selectedIds();
    filtered->setQuery(std::move(*parsed));
    select(chosen);
    updateState();
}

std::vector<RunId> RunsPage::Private::selectedIds() const
{
    std::vector<RunId> ids;
    for (const RunRow &run : selected())
        ids.push_back(run.id);
    return ids;
}

void RunsPage::Private::select(const std::vector<RunId> &chosen)
{
    QItemSelection selection;
    QModelIndex first;
    for (const RunId run : chosen) {
        const QModelIndex index = filtered->mapFromSource(runs->index(runs->rowOf(run), 0));
        if (!index.isValid())
            continue;
        selection.select(index, index);
        first = first.isValid() ? first : index;
    }
    table->selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    if (first.isValid())
        table->selectionModel()->setCurrentIndex(first, QItemSelectionModel::NoUpdate);
}

std::vector<RunRow> RunsPage::Private::selected() const
{
    std::vector<RunRow> found;
    QModelIndexList rows = table->selectionModel()->selectedRows();
    std::ranges::sort(rows, {}, [](const QModelIndex &index) { return index.row(); });
    for (const QModelIndex &index : rows)
        if (const RunRow *run = runs->run(filtered->mapToSource(index).row()))
            found.push_back(*run);
    return found;
}

const RunRow *RunsPage::Private::current() const
{
    return runs->run(filtered->mapToSource(table->selectionModel()->currentIndex()).row());
}

void RunsPage::Private::updateState()
{
    stack->setCurrentIndex(haveRead && live.empty() && binned.empty() ? 0 : 1);
    const bool inBin = runs->showsBin();
    const std::vector<RunRow> chosen = selected();
    const bool one = chosen.size() == 1;
    compareAction->setEnabled(!chosen.empty() && !inBin);
    showAction->setEnabled(one);
    duplicateAction->setEnabled(one);
    resumeAction->setEnabled(one && !inBin && canResume(chosen.front().status));
    againAction->setEnabled(one && !inBin && chosen.front().id != workspace.activeRunId());
    starAction->setEnabled(!chosen.empty());
    renameAction->setEnabled(one);
    tagAction->setEnabled(one);
    deleteAction->setEnabled(!chosen.empty() && !inBin);
    restoreAction->setEnabled(!chosen.empty());
    restoreAction->setVisible(inBin);
    emptyBinAction->setEnabled(!binned.empty());
    emptyBinAction->setText(inBin && !chosen.empty() ? tr("Delete for good…") : tr("Empty bin…"));
    bin->setVisible(inBin || !binned.empty());
    bin->setText(tr("Bin (%1)").arg(binned.size()));
    exportAction->setEnabled(one);
    foldKey->setEnabled(filtered->hasBranches()); // else the keys walk from cell to cell
    unfoldKey->setEnabled(filtered->hasBranches());
    details->showRun(one ? chosen.front().id : 0);
    const int shown = filtered->rowCount(), all = runs->rowCount();
    QString text = !haveRead ? tr("Reading…") : shown == all ? tr("%n run(s)", nullptr, all) : shown == 0 ? tr("None of %n run(s) matches", nullptr, all)
                                                                                              : tr("%1 of %n run(s)", nullptr, all).arg(shown);
    if (chosen.size() > 1)
        text += QStringLiteral(" · ") + tr("%n selected", nullptr, static_cast<int>(chosen.size()));
    count->setText(text);
}

// ---- acting --------------------------------------------------------------------------------------------------------

void RunsPage::Private::say(Message::Level level, const QString &text, const QString &key)
{
    workspace.post({.level = level, .text = text, .details = {}, .buttons = {}, .key = key});
}

void RunsPage::Private::push(std::vector<RunEdit> edits, const QString &text)
{
    if (edits.empty())
        return;
    const auto made = [this](const RunEdit &edit) {
        readAgain = reading;
        runs->apply(edit);
        if (edit.field == RunEdit::Field::Bin)
            read(); // it comes back with all that the store knows of it
        else
            details->refresh();
    };
    const auto refused = [this](const Error &error) {
        say(Message::Level::Error, tr("This was not kept: %1").arg(toQt(error.message())), QStringLiteral("runs.edit"));
    };
    undo.push(new RunCommand(workspace.store(), std::move(edits), text, made, refused));
    updateState();
}

void RunsPage::Private::editCell(int column)
{
    const std::vector<RunRow> chosen = selected();
    if (chosen.size() != 1)
        return;
    const QModelIndex index = filtered->mapFromSource(runs->index(runs->rowOf(chosen.front().id), column));
    if (table->isColumnHidden(column))
        table->setColumnHidden(column, false);
    table->scrollTo(index);
    table->setCurrentIndex(index);
    table->edit(index);
}

void RunsPage::Private::compare()
{
    std::vector<RunId> compared = workspace.compared();
    for (const RunRow &run : selected())
        if (std::ranges::find(compared, run.id) == compared.end())
            compared.push_back(run.id);
    workspace.setCompared(compared);
    workspace.showPage(QStringLiteral("pageCompare"));
}

void RunsPage::Private::show()
{
    const std::vector<RunRow> chosen = selected();
    if (chosen.size() != 1)
        return;
    workspace.setShownRun(chosen.front().id);
    workspace.showPage(QStringLiteral("pageLive"));
}

void RunsPage::Private::duplicate()
{
    if (const auto chosen = selected(); chosen.size() == 1)
        workspace.duplicateAsExperiment(chosen.front().id);
}

void RunsPage::Private::resume()
{
    const std::vector<RunRow> chosen = selected();
    if (chosen.size() != 1)
        return;
    const RunId run = chosen.front().id;
    if (const auto resumed = workspace.resumeRun(run); !resumed.ok()) {
        workspace.post({.level = Message::Level::Error, .text = toQt(resumed.error().message()), .details = {},
                        .buttons = {{tr("Change and run again"), [this, run] { workspace.duplicateAsExperiment(run); }}},
                        .key = QStringLiteral("resume")});
        return;
    }
    workspace.showPage(QStringLiteral("pageLive"));
}

void RunsPage::Private::star()
{
    const std::vector<RunRow> chosen = selected();
    // Mixed ones are all starred first.
    const bool starred = !std::ranges::all_of(chosen, &RunRow::starred);
    std::vector<RunEdit> edits;
    for (const RunRow &run : chosen)
        if (run.starred != starred)
            edits.push_back({.run = run.id, .field = RunEdit::Field::Star, .before = run.starred, .after = starred});
    const int number = static_cast<int>(edits.size());
    push(std::move(edits), starred ? tr("star of %n run(s)", nullptr, number) : tr("unstarring of %n run(s)", nullptr, number));
}

void RunsPage::Private::remove()
{
    std::vector<RunEdit> edits;
    for (const RunRow &run : selected()) {
        if (run.id == workspace.activeRunId()) {
            say(Message::Level::Warning, tr("“%1” is still running: stop it first, then delete it.").arg(toQt(run.name)), QStringLiteral("runs.delete"));
            continue;
        }
        edits.push_back({.run = run.id, .field = RunEdit::Field::Bin, .before = false, .after = true});
    }
    if (edits.empty())
        return;
    const int number = static_cast<int>(edits.size());
    const int step = undo.index() + 1;
    push(std::move(edits), tr("deletion of %n run(s)", nullptr, number));
    if (undo.index() != step)
        return; // the store refused, and said so
    workspace.post({.level = Message::Level::Info, .text = tr("%n run(s) moved to the bin.", nullptr, number), .details = {},
                    .buttons = {{tr("Undo"), [this, step] {
                        if (undo.index() == step)
                            undo.undo();
                    }}},
                    .key = QStringLiteral("runs.delete")});
}

void RunsPage::Private::exportRun()
{
    const std::vector<RunRow> chosen = selected();
    if (chosen.size() != 1)
        return;
    QString fileName = toQt(chosen.front().name);
    for (const QChar forbidden : QStringLiteral("/\\:*?\"<>|"))
        fileName.replace(forbidden, u'-');
    const QDir folder(workspace.settings().value(kFolderKey, QDir::homePath()).toString());
    const QString file = dialogs.saveFile(&page, tr("Export run"), folder.filePath(fileName + QStringLiteral(".json")), tr("Run (*.json);;All files (*)"));
    if (file.isEmpty())
        return;
    workspace.settings().setValue(kFolderKey, QFileInfo(file).absolutePath());
    const auto failure = std::make_shared<QString>();
    workspace.tasks().start(tr("Export run"), &page, [&store = workspace.store(), run = chosen.front().id, file, failure](TaskHandle &task) {
        task.report(tr("Writing"), 0, 0);
        const auto json = store.exportRun(run);
        const auto written = json.ok() ? writeFile(toPath(file), *json) : Result<void>(json.error());
        if (!written.ok()) {
            *failure = toQt(written.error().message());
            task.fail(*failure);
        }
        return QFileInfo(file).fileName();
    }, [this, file, failure] {
        if (failure->isEmpty())
            say(Message::Level::Success, tr("Run exported to %1.").arg(QDir::toNativeSeparators(file)), QStringLiteral("runs.export"));
        else
            say(Message::Level::Error, tr("The run was not exported: %1").arg(*failure), QStringLiteral("runs.export"));
    });
}

void RunsPage::Private::tryDemo()
{
    if (const auto started = workspace.startDemo(); !started.ok())
        say(Message::Level::Error, toQt(started.error().message()), QStringLiteral("demo"));
}

} // namespace lethe
