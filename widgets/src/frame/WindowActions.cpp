#include "WindowActions.h"

#include "ActionButton.h"

#include <widgets/MainWindow.h>
#include <widgets/Page.h>
#include <widgets/PageList.h>
#include <widgets/Theme.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QSettings>
#include <QtGui/QAction>
#include <QtWidgets/QMenu>
#include <QtWidgets/QMenuBar>

#include <algorithm>

namespace lethe {

namespace {

const char *const kUsualKey = "usualKey";

QString settingOf(const QAction *action)
{
    return QStringLiteral("shortcuts/") + action->objectName();
}

} // namespace

WindowActions::WindowActions(MainWindow &window, QSettings &settings)
    : QObject(&window), m_window(window), m_settings(settings)
{
    makeFile();
    makeEdit();
    makeView();
    makeRun();
    makeHelp();
}

QAction *WindowActions::make(const char *id, const QString &text, const QString &icon, const QKeySequence &key, const QString &tip,
                             std::function<void()> act)
{
    auto *action = new QAction(text, &m_window);
    action->setObjectName(QLatin1String(id));
    if (!icon.isEmpty())
        action->setIcon(Theme::icon(icon));
    action->setShortcut(key);
    action->setStatusTip(tip);
    connect(action, &QAction::triggered, &m_window, std::move(act));
    m_window.addAction(action);
    m_actions.push_back(action);
    return action;
}

void WindowActions::makeFile()
{
    make("actionNewExperiment", tr("&New experiment"), QStringLiteral("plus"), QKeySequence::New, tr("Begin an experiment with defaults; model and sets stay"),
         [this] { m_window.newExperiment(); });
    make("actionOpenModel", tr("Open &model…"), QStringLiteral("models"), {}, tr("Choose a Hugging Face model folder"),
         [this] { m_window.openModelFolder(); });
    make("actionOpen", tr("&Open…"), QStringLiteral("folder-open"), QKeySequence::Open, tr("Open a spec or a data file"),
         [this] { m_window.openFile(); });
    make("actionImport", tr("&Import data…"), QStringLiteral("import"), QKeySequence(Qt::CTRL | Qt::Key_I),
         tr("Read rows into the forget or the retain set"), [this] { m_window.importData(); });
    make("actionImportBenchmark", tr("Import &benchmark folder…"), QStringLiteral("import"), {},
         tr("Take forget and retain sets and the files of their metrics from a folder of TOFU, MUSE or open-unlearning"),
         [this] { m_window.importBenchmarkFolder(); });
    make("actionCopyStore", tr("&Copy store…"), QStringLiteral("database"), {}, tr("Write a copy of the whole store, also while a run goes on"),
         [this] { m_window.copyStore(); });
    make("actionStoreFolder", tr("Open store &folder"), QStringLiteral("folder"), {}, tr("Show where runs and checkpoints lie"),
         [this] { m_window.openStoreFolder(); });
    make("actionQuit", tr("&Quit"), QStringLiteral("close"), QKeySequence(Qt::CTRL | Qt::Key_Q), tr("Close Lethe"), [this] { m_window.close(); });
}

void WindowActions::makeEdit()
{
    make("actionUndo", tr("&Undo"), QStringLiteral("undo"), QKeySequence::Undo, tr("Take back the last change of this screen"),
         [this] { m_window.undo(); });
    make("actionRedo", tr("&Redo"), QStringLiteral("redo"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Z),
         tr("Make the change again that was taken back"), [this] { m_window.redo(); });
    make("actionFilter", tr("&Find on this screen"), QStringLiteral("filter"), QKeySequence::Find, tr("Focus the filter"),
         [this] { m_window.focusFilter(); });
    make("actionSettings", tr("&Settings…"), QStringLiteral("settings"), QKeySequence(Qt::CTRL | Qt::Key_Comma),
         tr("Theme, text size, plots, plugins, keys"), [this] { m_window.openSettings(); });
}

void WindowActions::makeView()
{
    int number = 0;
    for (const PageEntry &entry : pageList()) {
        number = (number + 1) % 10;
        const QByteArray id = "actionShow" + entry.id.mid(4).toUtf8();
        make(id.constData(), entry.title, entry.icon, QKeySequence(Qt::CTRL | (Qt::Key_0 + number)), tr("Show this screen"),
             [this, page = entry.id] { m_window.showPage(page); });
    }
    make("actionBack", tr("&Back"), QStringLiteral("arrow-left"), QKeySequence(Qt::ALT | Qt::Key_Left), tr("The screen before"),
         [this] { m_window.goBack(); });
    make("actionForward", tr("&Forward"), QStringLiteral("arrow-right"), QKeySequence(Qt::ALT | Qt::Key_Right), tr("The screen after"),
         [this] { m_window.goForward(); });
    make("actionReload", tr("&Read again"), QStringLiteral("refresh"), QKeySequence(Qt::Key_F5), tr("Read what this screen shows again"),
         [this] { m_window.reloadPage(); });
    make("actionLog", tr("&Log console"), QStringLiteral("log"), QKeySequence(Qt::CTRL | Qt::Key_QuoteLeft), tr("Show or hide the log"),
         [this] { m_window.toggleLog(); });
    make("actionFold", tr("F&old the rail"), QStringLiteral("sidebar"), QKeySequence(Qt::CTRL | Qt::Key_B), tr("Icons alone in the rail, or names too"),
         [this] { m_window.toggleRail(); });
    make("actionFullScreen", tr("F&ull screen"), QStringLiteral("maximize"), QKeySequence(Qt::Key_F11), tr("Fill the screen, or not"),
         [this] { m_window.setWindowState(m_window.windowState() ^ Qt::WindowFullScreen); });
}

void WindowActions::makeRun()
{
    make("actionRunStart", tr("&Start or queue"), QStringLiteral("play"), QKeySequence(Qt::CTRL | Qt::Key_R),
         tr("Run the experiment as it is written now"), [this] { m_window.startOrQueue(); });
    make("actionRunPause", tr("&Pause or resume"), QStringLiteral("pause"), {}, tr("Hold the run after its current step, or go on"),
         [this] { m_window.togglePause(); });
    make("actionRunStop", tr("S&top"), QStringLiteral("stop"), QKeySequence(Qt::CTRL | Qt::Key_Period),
         tr("Finish the run with an evaluation and a checkpoint"), [this] { m_window.stopRun(); });
    make("actionRunCancel", tr("&Cancel run…"), QStringLiteral("close"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Period),
         tr("End the run now, with no checkpoint"), [this] { m_window.cancelRun(); });
    make("actionDemo", tr("Try the &demo"), QStringLiteral("sparkle"), {}, tr("Unlearn four invented people from a small model"),
         [this] { m_window.startDemo(); });
}

void WindowActions::makeHelp()
{
    make("actionPalette", tr("&Command palette"), QStringLiteral("search"), QKeySequence(Qt::CTRL | Qt::Key_K),
         tr("Search actions, screens, runs"), [this] { m_window.openPalette(); });
    make("actionHelp", tr("&Help on what has the focus"), QStringLiteral("help"), QKeySequence::HelpContents,
         tr("What the control in use does and takes; all keys where it has no more to say"), [this] { m_window.helpOnFocus(); });
    make("actionShortcuts", tr("&Keys"), QStringLiteral("keyboard"), {}, tr("All keys, and how to change them"),
         [this] { m_window.openSettings(QStringLiteral("keyboard")); });
    make("actionPlugins", tr("&Plugins"), QStringLiteral("plug"), {}, tr("Methods that were found, and why one cannot be used"),
         [this] { m_window.openSettings(QStringLiteral("plugins")); });
    make("actionAbout", tr("&About Lethe"), QStringLiteral("info"), {}, tr("Versions, device, licences"),
         [this] { m_window.openSettings(QStringLiteral("about")); });
}

void WindowActions::buildMenus()
{
    QMenuBar *bar = m_window.menuBar();
    const auto add = [this](QMenu *menu, std::initializer_list<const char *> ids) {
        for (const char *id : ids) {
            if (*id == '\0')
                menu->addSeparator();
            else
                menu->addAction(action(QLatin1String(id)));
        }
    };
    QMenu *file = bar->addMenu(tr("&File"));
    file->setObjectName(QStringLiteral("menuFile"));
    add(file, {"actionNewExperiment", "actionOpenModel", "actionOpen", "actionImport", "actionImportBenchmark", "", "actionCopyStore", "actionStoreFolder", ""});
    mirrorPage(file, QStringLiteral("pageExport"));
    add(file, {"", "actionQuit"});
    QMenu *edit = bar->addMenu(tr("&Edit"));
    edit->setObjectName(QStringLiteral("menuEdit"));
    add(edit, {"actionUndo", "actionRedo", "", "actionFilter", "", "actionSettings"});
    QMenu *view = bar->addMenu(tr("&View"));
    view->setObjectName(QStringLiteral("menuView"));
    for (const PageEntry &entry : pageList())
        view->addAction(action(QStringLiteral("actionShow") + entry.id.mid(4)));
    add(view, {"", "actionBack", "actionForward", "actionReload", "", "actionLog", "actionFold", "actionFullScreen"});
    QMenu *run = bar->addMenu(tr("&Run"));
    run->setObjectName(QStringLiteral("menuRun"));
    add(run, {"actionRunStart", "actionRunPause", "actionRunStop", "actionRunCancel", "", "actionDemo"});
    const struct {
        const char *page;
        QString title;
        QMenu *menu;
    } parts[] = {{"pageExperiment", tr("&Experiment"), run}, {"pageLive", tr("&Live"), run},
                 {"pageGenerations", tr("&Generations"), run}, {"pageRuns", tr("R&uns"), run}, {"pageCompare", tr("&Compare"), run}};
    run->addSeparator();
    for (const auto &part : parts) {
        QMenu *sub = run->addMenu(part.title);
        mirrorPage(sub, QLatin1String(part.page));
        sub->menuAction()->setVisible(!sub->isEmpty());
    }
    QMenu *data = bar->addMenu(tr("&Data"));
    data->setObjectName(QStringLiteral("menuData"));
    mirrorPage(data, QStringLiteral("pageData"));
    data->menuAction()->setVisible(!data->isEmpty());
    QMenu *tools = bar->addMenu(tr("&Tools"));
    tools->setObjectName(QStringLiteral("menuTools"));
    add(tools, {"actionPalette", "actionPlugins", ""});
    mirrorPage(tools, QStringLiteral("pageModels"));
    QMenu *help = bar->addMenu(tr("&Help"));
    help->setObjectName(QStringLiteral("menuHelp"));
    add(help, {"actionHelp", "actionShortcuts", "actionAbout"});
    for (QAction *one : changeable()) {
        one->setProperty(kUsualKey, one->shortcut());
        if (m_settings.contains(settingOf(one)))
            one->setShortcut(QKeySequence::fromString(m_settings.value(settingOf(one)).toString(), QKeySequence::PortableText));
    }
}

void WindowActions::mirrorPage(QMenu *menu, const QString &pageId)
{
    Page *page = m_window.page(pageId);
    if (page == nullptr)
        return;
    const auto actions = page->pageActions();
    for (QAction *original : actions) {
        if (original->isSeparator()) {
            menu->addSeparator();
            continue;
        }
        auto *mirror = new QAction(menu);
        mirror->setObjectName(original->objectName());
        mirror->setProperty("mirror", true);
        const auto follow = [mirror, original] {
            const QString keys = original->shortcut().toString(QKeySequence::NativeText);
            mirror->setText(plainText(original) + (keys.isEmpty() ? QString() : QLatin1Char('\t') + keys));
            mirror->setIcon(original->icon());
            mirror->setStatusTip(original->statusTip());
            mirror->setEnabled(original->isEnabled());
            mirror->setVisible(original->isVisible());
            mirror->setCheckable(original->isCheckable());
            mirror->setChecked(original->isChecked());
        };
        follow();
        connect(original, &QAction::changed, mirror, follow);
        connect(mirror, &QAction::triggered, original, [this, pageId, original] {
            m_window.showPage(pageId);
            original->trigger();
        });
        menu->addAction(mirror);
    }
}

QAction *WindowActions::action(const QString &id) const
{
    const auto found = std::ranges::find_if(m_actions, [&](const QAction *one) { return one->objectName() == id; });
    return found == m_actions.end() ? nullptr : *found;
}

std::vector<QAction *> WindowActions::changeable() const
{
    std::vector<QAction *> all = m_actions;
    for (const Page *page : m_window.pages())
        for (QAction *one : page->pageActions())
            if (!one->isSeparator())
                all.push_back(one);
    return all;
}

void WindowActions::giveWayTo(Page *page)
{
    for (QAction *own : m_actions) {
        const QKeySequence key = m_settings.contains(settingOf(own))
            ? QKeySequence::fromString(m_settings.value(settingOf(own)).toString(), QKeySequence::PortableText)
            : usualKey(own);
        const auto uses = [&](const QAction *other) { return !key.isEmpty() && other->shortcuts().contains(key); };
        const auto pageActions = page->actions();
        own->setShortcut(std::ranges::any_of(pageActions, uses) ? QKeySequence() : key);
    }
}

void WindowActions::setUndo(bool canUndo, const QString &undoText, bool canRedo, const QString &redoText)
{
    QAction *undo = action(QStringLiteral("actionUndo"));
    undo->setEnabled(canUndo);
    undo->setText(undoText.isEmpty() ? tr("&Undo") : tr("&Undo %1").arg(undoText));
    QAction *redo = action(QStringLiteral("actionRedo"));
    redo->setEnabled(canRedo);
    redo->setText(redoText.isEmpty() ? tr("&Redo") : tr("&Redo %1").arg(redoText));
}

QKeySequence WindowActions::usualKey(QAction *one) const
{
    return one->property(kUsualKey).value<QKeySequence>();
}

void WindowActions::setKey(QAction *one, const QKeySequence &key)
{
    one->setShortcut(key);
    if (key == usualKey(one))
        m_settings.remove(settingOf(one));
    else
        m_settings.setValue(settingOf(one), key.toString(QKeySequence::PortableText));
}

void WindowActions::restoreKeys()
{
    for (QAction *one : changeable())
        setKey(one, usualKey(one));
}

} // namespace lethe
