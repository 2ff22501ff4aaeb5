#include "Screenshots.h"

#include <widgets/MainWindow.h>
#include <widgets/Page.h>
#include <widgets/TaskList.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <QtCore/QDir>
#include <QtCore/QElapsedTimer>
#include <QtCore/QEventLoop>
#include <QtCore/QThreadPool>
#include <QtCore/QTimer>
#include <QtWidgets/QApplication>
#include <QtWidgets/QDialog>
#include <QtWidgets/QTabWidget>

#include <algorithm>
#include <cstdio>

namespace lethe {

namespace {

constexpr int kSettleMilliseconds = 700;   ///< queued replots come within a quarter of a second
constexpr int kTasksMilliseconds = 20000;

void settle(int milliseconds)
{
    QEventLoop loop;
    QTimer::singleShot(milliseconds, &loop, &QEventLoop::quit);
    loop.exec();
}

void waitForTasks(Workspace &workspace)
{
    QElapsedTimer clock;
    clock.start();
    do
        settle(50);
    while (workspace.tasks().running() > 0 && clock.elapsed() < kTasksMilliseconds);
}

} // namespace

int drawScreens(QApplication &application, MainWindow &window, Workspace &workspace, const QString &folder)
{
    if (!QDir().mkpath(folder)) {
        std::fprintf(stderr, "lethe: %s cannot be made\n", qUtf8Printable(folder));
        return 1;
    }
    window.resize(1280, 720); // the smallest that the screens are made for
    window.show();
    // A store that was never looked at shows its newest run
    if (const auto rows = workspace.store().runs(); rows.ok() && !rows->empty() && workspace.shownRun() == 0)
        workspace.setShownRun(rows->front().id);
    if (const auto rows = workspace.store().runs(); rows.ok() && workspace.compared().empty()) {
        std::vector<RunId> runs;
        for (std::size_t i = 0; i < std::min<std::size_t>(rows->size(), 3); ++i)
            runs.push_back((*rows)[i].id);
        workspace.setCompared(runs);
    }
    // and the newest run's experiment, where none is being written
    if (workspace.draft().method.id.empty() && workspace.shownRun() != 0) {
        if (const auto details = workspace.store().details(workspace.shownRun()); details.ok()) {
            workspace.setDraft(readSpec(details->specJson, {}).spec);
            workspace.loadSetsOfDraft();
        }
    }
    waitForTasks(workspace);
    int written = 0;
    QString prefix;
    const auto save = [&](QWidget *shown, const QString &name) {
        settle(100);
        waitForTasks(workspace);
        settle(kSettleMilliseconds);
        const bool saved = shown->grab().save(prefix + name + QStringLiteral(".png"));
        if (!saved)
            std::fprintf(stderr, "lethe: %s%s.png cannot be written\n", qUtf8Printable(prefix), qUtf8Printable(name));
        written += saved ? 1 : 0;
        return saved;
    };
    for (const ThemeChoice theme : {ThemeChoice::Light, ThemeChoice::Dark}) {
        Theme::apply(application, theme);
        prefix = folder + (theme == ThemeChoice::Light ? QStringLiteral("/light-") : QStringLiteral("/dark-"));
        int number = 0;
        for (Page *page : window.pages()) {
            window.showPage(page->objectName());
            const QString name = QStringLiteral("%1-%2").arg(++number, 2, 10, QLatin1Char('0')).arg(page->objectName().mid(4).toLower());
            if (!save(&window, name))
                return 1;
            auto *tabs = page->findChild<QTabWidget *>();
            for (int tab = 1; tabs != nullptr && tabs->isVisible() && tab < tabs->count(); ++tab) {
                tabs->setCurrentIndex(tab);
                if (!save(&window, QStringLiteral("%1-%2").arg(name).arg(tab + 1)))
                    return 1;
            }
            if (tabs != nullptr)
                tabs->setCurrentIndex(0);
        }
        window.showPage(window.pages().front()->objectName());
        window.toggleLog();
        window.openPalette();
        if (!save(&window, QStringLiteral("11-palette")))
            return 1;
        window.toggleLog();
        for (const char *section : {"general", "plots", "storage", "plugins", "keyboard", "about"}) {
            window.openSettings(QLatin1String(section));
            if (!save(window.findChild<QDialog *>(QStringLiteral("settings")), QStringLiteral("12-settings-") + QLatin1String(section)))
                return 1;
        }
        window.findChild<QDialog *>(QStringLiteral("settings"))->close();
    }
    std::printf("%d pictures in %s\n", written, qUtf8Printable(folder));
    return 0;
}

} // namespace lethe
