// What the window's actions do: the other half of MainWindow.

#include <widgets/MainWindow.h>

#include "ActionButton.h"
#include "../parts/Background.h"
#include "BenchmarkImport.h"
#include "CommandPalette.h"
#include "HintStrip.h"
#include "LogConsole.h"
#include "MessageBar.h"
#include "Rail.h"
#include "SettingsDialog.h"
#include "WindowActions.h"
#include "WindowLook.h"

#include <widgets/DataPage.h>
#include <widgets/Dialogs.h>
#include <widgets/ExperimentPage.h>
#include <widgets/Format.h>
#include <widgets/Page.h>
#include <widgets/PageList.h>
#include <widgets/TaskList.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <lethe/spec/BenchmarkFolder.h>

#include <QtCore/QDir>
#include <QtCore/QFileInfo>
#include <QtCore/QMimeData>
#include <QtCore/QTimer>
#include <QtCore/QUrl>
#include <QtGui/QAction>
#include <QtGui/QCloseEvent>
#include <QtGui/QDesktopServices>
#include <QtGui/QDropEvent>
#include <QtGui/QUndoStack>
#include <QtWidgets/QApplication>
#include <QtWidgets/QSystemTrayIcon>
#include <QtWidgets/QToolTip>

#include <set>

namespace lethe {

namespace {

constexpr int kPauseToDiskMilliseconds = 10000;
constexpr int kPauseSliceMilliseconds = 20;

Message problem(const QString &key, const Error &error)
{
    return {.level = Message::Level::Error, .text = QString::fromStdString(error.message()), .details = {}, .buttons = {}, .key = key};
}

QString statusSign(RunStatus status)
{
    switch (status) {
    case RunStatus::Done: return QStringLiteral("success");
    case RunStatus::Failed:
    case RunStatus::Interrupted: return QStringLiteral("warning");
    case RunStatus::Running: return QStringLiteral("play");
    case RunStatus::Paused: return QStringLiteral("pause");
    default: return QStringLiteral("stop");
    }
}

bool isModelFolder(const QString &path)
{
    return QFileInfo(QDir(path), QStringLiteral("config.json")).exists();
}

} // namespace

std::vector<Command> MainWindow::commands()
{
    std::vector<Command> all;
    std::set<QString> seen;
    const auto add = [&](QAction *action, const QString &group, const QString &pageId) {
        if (action->isSeparator() || !seen.insert(action->objectName()).second)
            return;
        all.push_back({.id = action->objectName(), .text = plainText(action), .group = group,
                       .shortcut = action->shortcut().toString(QKeySequence::NativeText), .icon = action->icon(),
                       .enabled = action->isEnabled(),
                       .act = [this, action, pageId] {
                           if (!pageId.isEmpty())
                               showPage(pageId);
                           action->trigger();
                       },
                       .actOther = {}});
    };
    for (QAction *action : m_actions->all())
        add(action, action->objectName().startsWith(QLatin1String("actionShow")) ? tr("Screen") : tr("Window"), {});
    for (Page *one : m_pages)
        for (QAction *action : one->pageActions())
            add(action, one->accessibleName(), one->objectName());
    for (const SettingsSection &section : SettingsDialog::sections())
        all.push_back({.id = QStringLiteral("settings-") + section.id, .text = section.title, .group = tr("Settings"), .shortcut = {},
                       .icon = Theme::icon(section.icon), .enabled = true, .act = [this, id = section.id] { openSettings(id); }, .actOther = {}});
    return all;
}

/// Row \p number of either set, as the tables of Data count them.
std::vector<Command> MainWindow::rowsNumbered(int number)
{
    std::vector<Command> found;
    const WorkingSets &sets = m_workspace.sets();
    for (const bool forget : {true, false}) {
        const std::vector<DataRow> &rows = forget ? sets.forget : sets.retain;
        if (number < 1 || number > static_cast<int>(rows.size()))
            continue;
        const QString prompt = QString::fromStdString(rows[static_cast<std::size_t>(number - 1)].prompt).simplified();
        found.push_back({.id = (forget ? QStringLiteral("row-forget-%1") : QStringLiteral("row-retain-%1")).arg(number),
                         .text = QStringLiteral("#%1  %2").arg(number).arg(prompt), .group = forget ? tr("Forget set") : tr("Retain set"), .shortcut = {},
                         .icon = Theme::icon(QStringLiteral("data")), .enabled = true,
                         .act = [this, forget, number] {
                             showPage(QStringLiteral("pageData"));
                             qobject_cast<DataPage *>(page(QStringLiteral("pageData")))->showRow(forget, number - 1);
                         },
                         .actOther = {}});
    }
    return found;
}

void MainWindow::openPalette()
{
    m_palette->open(commands());
    inBackground(m_palette, [&store = m_workspace.store()] { return store.runs(); }, [this](const Result<std::vector<RunRow>> &rows) {
        if (!rows.ok())
            return;
        std::vector<Command> runs;
        for (const RunRow &row : *rows) {
            QString text = QString::fromStdString(row.name);
            for (const std::string &tag : row.tags)
                text += QStringLiteral(" #") + QString::fromStdString(tag);
            runs.push_back({.id = QStringLiteral("run-%1").arg(row.id), .text = text,
                            .group = tr("Run %1 · %2").arg(row.id).arg(QString::fromUtf8(toString(row.status).data())), .shortcut = {},
                            .icon = Theme::icon(statusSign(row.status)), .enabled = true,
                            .act = [this, id = row.id] {
                                m_workspace.setShownRun(id);
                                showPage(QStringLiteral("pageLive"));
                            },
                            .actOther = [this, id = row.id] {
                                auto compared = m_workspace.compared();
                                if (std::find(compared.begin(), compared.end(), id) == compared.end())
                                    compared.push_back(id);
                                m_workspace.setCompared(compared);
                                showPage(QStringLiteral("pageCompare"));
                            }});
        }
        m_palette->addCommands(std::move(runs));
    });
}

void MainWindow::toggleLog()
{
    m_log->setVisible(!m_log->isVisible());
    if (m_log->isVisible())
        m_log->focusFilter();
}

void MainWindow::toggleRail()
{
    m_rail->setFolded(!m_rail->isFolded());
}

void MainWindow::openSettings(const QString &section)
{
    if (m_settings == nullptr)
        m_settings = new SettingsDialog(m_workspace, m_dialogs, *m_actions, this);
    m_settings->showSection(section);
    m_settings->show();
    m_settings->raise();
    m_settings->activateWindow();
}

void MainWindow::startOrQueue()
{
    // The page knows where each problem belongs, and focuses the first
    auto *form = qobject_cast<ExperimentPage *>(page(QStringLiteral("pageExperiment")));
    if (!m_workspace.checkDraft().empty())
        showPage(QStringLiteral("pageExperiment"));
    form->startRun();
}

void MainWindow::togglePause()
{
    if (m_workspace.isPaused())
        m_workspace.resumeActive();
    else
        m_workspace.pauseActive();
}

void MainWindow::stopRun()
{
    m_workspace.stopActive();
}

void MainWindow::cancelRun()
{
    if (m_workspace.activeRun() == nullptr)
        return;
    if (m_dialogs.confirm(this, tr("Cancel “%1”?").arg(m_workspace.activeRunName()),
                          tr("The run ends now. Its steps stay in the store; no checkpoint is written."), tr("Cancel run")))
        m_workspace.cancelActive();
}

void MainWindow::startDemo()
{
    if (const auto started = m_workspace.startDemo(); !started.ok())
        m_messages->post(problem(QStringLiteral("demo"), started.error()));
}

void MainWindow::newExperiment()
{
    m_workspace.newExperiment();
}

void MainWindow::reloadPage()
{
    currentPage()->activate();
}

void MainWindow::focusFilter()
{
    (void)currentPage()->focusFilter();
}

void MainWindow::helpOnFocus()
{
    // The tool tip of what has the focus, for who has no mouse to rest on it
    for (QWidget *at = QApplication::focusWidget(); at != nullptr && at != this; at = at->parentWidget()) {
        if (at->toolTip().isEmpty())
            continue;
        QToolTip::showText(at->mapToGlobal(QPoint(0, at->height())), at->toolTip(), at);
        return;
    }
    openSettings(QStringLiteral("keyboard"));
}

void MainWindow::undo()
{
    if (QUndoStack *stack = currentPage()->undoStack())
        stack->undo();
}

void MainWindow::redo()
{
    if (QUndoStack *stack = currentPage()->undoStack())
        stack->redo();
}

void MainWindow::openModelFolder()
{
    const QString folder = m_dialogs.chooseFolder(this, tr("Open a model folder"), m_workspace.settings().value(kLastFolderKey).toString());
    if (!folder.isEmpty())
        openThing(folder);
}

void MainWindow::openFile()
{
    const QString file = m_dialogs.openFile(this, tr("Open"), m_workspace.settings().value(kLastFolderKey).toString(),
                                            tr("Specs and data (*.json *.jsonl *.csv *.parquet *.txt);;All files (*)"));
    if (!file.isEmpty())
        openThing(file);
}

void MainWindow::copyStore()
{
    const QString file = m_dialogs.saveFile(this, tr("Copy store"), QStringLiteral("lethe-copy.sqlite"), tr("Lethe store (*.sqlite)"));
    if (file.isEmpty())
        return;
    const auto failure = std::make_shared<std::optional<Error>>();
    m_workspace.tasks().start(tr("Copy store"), this, [&store = m_workspace.store(), file, failure](TaskHandle &task) -> QString {
        task.report(tr("Writing"), 0, 0);
        if (const auto copied = store.copyTo(file.toStdString()); !copied.ok()) {
            *failure = copied.error();
            task.fail(QString::fromStdString(copied.error().message()));
        }
        return format::bytes(QFileInfo(file).size());
    }, [this, file, failure] {
        if (*failure)
            m_messages->post(problem(QStringLiteral("copy-store"), **failure));
        else
            m_messages->post({.level = Message::Level::Success, .text = tr("The store was copied to %1.").arg(file), .details = {}, .buttons = {},
                              .key = QStringLiteral("copy-store")});
    });
}

void MainWindow::openStoreFolder()
{
    QDesktopServices::openUrl(QUrl::fromLocalFile(QString::fromStdString(m_workspace.store().file().parent_path().string())));
}

void MainWindow::openThing(const QString &what)
{
    const QFileInfo info(what);
    if (info.isDir()) {
        m_workspace.settings().setValue(kLastFolderKey, info.absolutePath());
        if (!isModelFolder(what)) {
            if (findBenchmark(info.absoluteFilePath().toStdString()).ok()) {
                importBenchmark(m_workspace, m_dialogs, this, info.absoluteFilePath());
                showPage(QStringLiteral("pageData"));
                return;
            }
            m_messages->post({.level = Message::Level::Warning,
                              .text = tr("%1 holds no config.json, so it is no model folder, and none of the files of TOFU or MUSE.").arg(info.absoluteFilePath()),
                              .details = {}, .buttons = {}, .key = QStringLiteral("open")});
            return;
        }
        m_workspace.openModel(info.absoluteFilePath());
        showPage(QStringLiteral("pageModels"));
        return;
    }
    if (info.isFile()) {
        m_workspace.settings().setValue(kLastFolderKey, info.absolutePath());
        if (!openAsSpec(info.absoluteFilePath()))
            importFile(info.absoluteFilePath());
        return;
    }
    const auto rows = m_workspace.store().runs();
    if (rows.ok()) {
        for (const RunRow &row : *rows) {
            if (QString::number(row.id) != what && QString::fromStdString(row.name) != what)
                continue;
            m_workspace.setShownRun(row.id);
            showPage(QStringLiteral("pageLive"));
            return;
        }
    }
    m_messages->post({.level = Message::Level::Warning, .text = tr("%1 is no folder, no file and no run of this store.").arg(what), .details = {},
                      .buttons = {}, .key = QStringLiteral("open")});
}

void MainWindow::dragEnterEvent(QDragEnterEvent *event)
{
    if (event->mimeData()->hasUrls() && event->mimeData()->urls().first().isLocalFile()) {
        const QFileInfo info(event->mimeData()->urls().first().toLocalFile());
        m_messages->post({.level = Message::Level::Info,
                          .text = info.isDir() ? tr("Drop to open the folder %1: a model, or a benchmark's data.").arg(info.fileName()) : tr("Drop to open %1.").arg(info.fileName()),
                          .details = {}, .buttons = {}, .key = QStringLiteral("drop")});
        event->acceptProposedAction();
    }
}

void MainWindow::dragLeaveEvent(QDragLeaveEvent *)
{
    m_messages->dismiss(QStringLiteral("drop"));
}

void MainWindow::dropEvent(QDropEvent *event)
{
    m_messages->dismiss(QStringLiteral("drop"));
    const auto urls = event->mimeData()->urls();
    for (const QUrl &url : urls)
        if (url.isLocalFile())
            openThing(url.toLocalFile());
    event->acceptProposedAction();
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    keepLook();
    if (m_workspace.activeRun() == nullptr || m_quitting) {
        event->accept();
        return;
    }
    event->ignore();
    const int answer = m_dialogs.choose(this, tr("“%1” is still running.").arg(m_workspace.activeRunName()),
                                        tr("Paused, it is written to disk and offered again at the next start."),
                                        {tr("Pause and quit"), tr("Keep running"), tr("Stay")}, 0);
    if (answer == 0)
        pauseAndQuit();
    else if (answer == 1)
        keepRunningUnseen();
}

void MainWindow::keepRunningUnseen()
{
    if (!QSystemTrayIcon::isSystemTrayAvailable()) {
        showMinimized();
        return;
    }
    notify(tr("“%1” goes on. Click to bring the window back.").arg(m_workspace.activeRunName()), true);
    hide();
}

void MainWindow::pauseAndQuit()
{
    if (m_quitting)
        return;
    m_quitting = true;
    setEnabled(false);
    m_messages->post({.level = Message::Level::Info, .text = tr("Writing the run to disk after its current step, then closing…"), .details = {},
                      .buttons = {}, .key = QStringLiteral("quit")});
    m_pauseClock.start();
    auto *timer = new QTimer(this);
    timer->setInterval(kPauseSliceMilliseconds);
    connect(timer, &QTimer::timeout, this, [this, timer] { // in slices: the window stays alive meanwhile
        if (!m_workspace.pauseToDisk(kPauseSliceMilliseconds) && m_pauseClock.elapsed() < kPauseToDiskMilliseconds)
            return;
        timer->stop();
        close();
        QApplication::quit();
    });
    timer->start();
}

} // namespace lethe
