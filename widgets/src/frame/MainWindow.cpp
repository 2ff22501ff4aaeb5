#include <widgets/MainWindow.h>

#include "ActivityPopup.h"
#include "CommandPalette.h"
#include "DevicePanel.h"
#include "HintStrip.h"
#include "LogConsole.h"
#include "MessageBar.h"
#include "PageHeader.h"
#include "Rail.h"
#include "SettingsDialog.h"
#include "StatusParts.h"
#include "WindowActions.h"
#include "WindowLook.h"

#include <widgets/Dialogs.h>
#include <widgets/Page.h>
#include <widgets/PageList.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <QtCore/QTimer>
#include <QtGui/QAction>
#include <QtGui/QStatusTipEvent>
#include <QtGui/QUndoStack>
#include <QtWidgets/QApplication>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QMenuBar>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QScrollArea>
#include <QtWidgets/QStackedWidget>
#include <QtWidgets/QSystemTrayIcon>
#include <QtWidgets/QToolBar>
#include <QtWidgets/QVBoxLayout>

#include <algorithm>

namespace lethe {

namespace {

constexpr int kPrepareMs = 120; ///< between two pages: input and drawing come first

/// A page that is larger than its place scrolls; it never makes the window larger, nor is it cut.
QScrollArea *inScroll(QWidget *page)
{
    auto *area = new QScrollArea;
    area->setFrameShape(QFrame::NoFrame);
    area->setFocusPolicy(Qt::NoFocus);
    area->setWidgetResizable(true);
    area->setWidget(page);
    return area;
}

} // namespace

MainWindow::MainWindow(Workspace &workspace, Dialogs &dialogs, const WindowOptions &options, QWidget *parent)
    : QMainWindow(parent), m_workspace(workspace), m_dialogs(dialogs)
{
    setObjectName(QStringLiteral("mainWindow"));
    setWindowIcon(Theme::icon(QStringLiteral("lethe")));
    setAcceptDrops(true);
    buildFrame();
    buildPages();
    m_actions = new WindowActions(*this, workspace.settings());
    m_actions->buildMenus();
    connectFrame();
    restoreLook(options.defaultLayout);
    showTitle();
    QTimer::singleShot(kPrepareMs, this, [this] { prepareNext(0); });
    if (workspace.store().isReadOnly())
        m_messages->post({.level = Message::Level::Warning, .text = tr("Viewing only: the store file cannot be written."), .details = {},
                          .buttons = {}, .key = QStringLiteral("read-only")});
    if (!workspace.queue().empty())
        m_messages->post({.level = Message::Level::Info,
                          .text = tr("%n run(s) left in the queue by the last session.", nullptr, int(workspace.queue().size())),
                          .details = {}, .buttons = {{tr("Start the queue"), [this] { m_workspace.startQueue(); }}},
                          .key = QStringLiteral("queue")});
}

MainWindow::~MainWindow()
{
    if (m_tray != nullptr)
        m_tray->hide();
}

void MainWindow::buildFrame()
{
    m_rail = new Rail;
    auto *bar = new QToolBar(tr("Screens"), this);
    bar->setObjectName(QStringLiteral("railBar"));
    bar->setMovable(false);
    bar->setContextMenuPolicy(Qt::PreventContextMenu);
    bar->addWidget(m_rail);
    bar->toggleViewAction()->setEnabled(false);
    addToolBar(Qt::LeftToolBarArea, bar);
    setContextMenuPolicy(Qt::NoContextMenu);

    auto *centre = new QWidget(this);
    auto *column = new QVBoxLayout(centre);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_header = new PageHeader(centre);
    m_messages = new MessageBar(centre);
    m_hint = new HintStrip(m_workspace.settings(), centre);
    m_stack = new QStackedWidget(centre);
    column->addWidget(m_header);
    column->addWidget(m_messages);
    column->addWidget(m_hint);
    column->addWidget(m_stack, 1);
    setCentralWidget(centre);

    m_log = new LogConsole(m_dialogs, this);
    addDockWidget(Qt::BottomDockWidgetArea, m_log);
    m_log->hide();
    m_status = new StatusParts(m_workspace, this);
    setStatusBar(m_status);
    m_palette = new CommandPalette(m_workspace.settings(), this);
    m_palette->model().setNumbered([this](int number) { return rowsNumbered(number); });

    auto *search = new QPushButton(tr("Search actions, runs…    Ctrl+K"), menuBar());
    search->setObjectName(QStringLiteral("searchButton"));
    search->setIcon(Theme::icon(QStringLiteral("search"), Theme::muted));
    search->setAccessibleName(tr("Search actions, screens, runs"));
    search->setFocusPolicy(Qt::TabFocus);
    connect(search, &QPushButton::clicked, this, &MainWindow::openPalette);
    auto *corner = new QWidget(menuBar());
    auto *cornerLine = new QHBoxLayout(corner);
    cornerLine->setContentsMargins(0, Theme::space(1), Theme::space(3), Theme::space(1));
    cornerLine->addWidget(search);
    menuBar()->setCornerWidget(corner);
}

void MainWindow::buildPages()
{
    int number = 0;
    for (const PageEntry &entry : pageList()) {
        Page *made = entry.make(m_workspace, m_dialogs, m_stack);
        m_pages.push_back(made);
        m_stack->addWidget(inScroll(made));
        number = (number + 1) % 10;
        m_rail->addPage(entry.id, entry.title, entry.icon, QKeySequence(Qt::CTRL | (Qt::Key_0 + number)).toString(QKeySequence::NativeText));
        m_rail->setBadge(entry.id, made->badge());
        connect(made, &Page::badgeChanged, this, [this, made] { m_rail->setBadge(made->objectName(), made->badge()); });
        if (QUndoStack *stack = made->undoStack()) {
            for (const auto signal : {&QUndoStack::undoTextChanged, &QUndoStack::redoTextChanged})
                connect(stack, signal, this, &MainWindow::followUndo);
            for (const auto signal : {&QUndoStack::canUndoChanged, &QUndoStack::canRedoChanged})
                connect(stack, signal, this, &MainWindow::followUndo);
        }
    }
}

/// A page's first showing is mostly the measuring of its texts. It is done page by page while nobody waits for it.
void MainWindow::prepareNext(std::size_t index)
{
    if (index >= m_pages.size())
        return;
    Page *next = m_pages[index];
    if (!next->isVisible()) {
        for (QWidget *part : next->findChildren<QWidget *>())
            part->ensurePolished();
        (void)next->sizeHint();
        if (next->hasHeightForWidth())
            (void)next->heightForWidth(next->width());
    }
    QTimer::singleShot(kPrepareMs, this, [this, index] { prepareNext(index + 1); });
}

void MainWindow::connectFrame()
{
    connect(m_rail, &Rail::pageChosen, this, &MainWindow::showPage);
    connect(m_rail, &Rail::settingsChosen, this, [this] { openSettings(); });
    connect(m_status, &StatusParts::percentChanged, this, &MainWindow::showTitle);
    connect(m_status, &StatusParts::storeChosen, this, &MainWindow::openStoreFolder);
    connect(m_status, &StatusParts::tasksChosen, this, [this] {
        if (m_activity == nullptr)
            m_activity = new ActivityPopup(m_workspace, this);
        m_activity->showAbove(m_status->tasksPart());
    });
    connect(m_status, &StatusParts::deviceChosen, this, [this] {
        if (m_device == nullptr)
            m_device = new DevicePanel(this);
        m_device->showAbove(m_status->devicePart());
    });
    connect(&m_workspace, &Workspace::pageRequested, this, &MainWindow::showPage);
    connect(&m_workspace, &Workspace::messagePosted, m_messages, &MessageBar::post);
    connect(&m_workspace, &Workspace::runBegan, this, [this] {
        m_messages->dismiss(QStringLiteral("run-end"));
        m_messages->dismiss(QStringLiteral("run-failed"));
    });
    connect(&m_workspace, &Workspace::runStateChanged, this, [this] {
        showTitle();
        if (!m_workspace.isPaused())
            m_messages->dismiss(QStringLiteral("run-trouble"));
    });
    connect(&m_workspace, &Workspace::runEnded, this, [this] { notify(m_messages->topText()); }, Qt::QueuedConnection);
    connect(m_stack, &QStackedWidget::currentChanged, this, &MainWindow::followUndo);
}

Page *MainWindow::page(const QString &id) const
{
    const auto found = std::ranges::find_if(m_pages, [&](const Page *one) { return one->objectName() == id; });
    return found == m_pages.end() ? nullptr : *found;
}

Page *MainWindow::currentPage() const
{
    const int place = m_stack->currentIndex();
    return place < 0 ? nullptr : m_pages[static_cast<std::size_t>(place)];
}

void MainWindow::showPage(const QString &id)
{
    Page *wanted = page(id);
    if (wanted == nullptr)
        return;
    const bool same = wanted == currentPage() && !m_visited.empty();
    const auto enter = [this, wanted] {
        if (QWidget *focus = QApplication::focusWidget(); focus == nullptr || !m_rail->isAncestorOf(focus)) {
            if (QWidget *last = wanted->focusWidget())
                last->setFocus();
            else
                wanted->setFocus();
        }
    };
    m_rail->setCurrent(id);
    if (same) {
        enter(); // from the status bar or the search field: a page's own keys act in it alone
        return;
    }
    if (!m_walking) {
        if (!m_visited.empty())
            m_visited.resize(m_place + 1);
        m_visited.push_back(id);
        m_place = m_visited.size() - 1;
    }
    m_stack->setCurrentIndex(static_cast<int>(std::ranges::find(m_pages, wanted) - m_pages.begin()));
    m_header->setPage(wanted);
    m_hint->setPage(wanted);
    m_actions->giveWayTo(wanted);
    wanted->activate();
    enter();
    Q_EMIT pageShown(id);
}

void MainWindow::goBack()
{
    if (m_place == 0)
        return;
    m_walking = true;
    showPage(m_visited[--m_place]);
    m_walking = false;
}

void MainWindow::goForward()
{
    if (m_place + 1 >= m_visited.size())
        return;
    m_walking = true;
    showPage(m_visited[++m_place]);
    m_walking = false;
}

void MainWindow::followUndo()
{
    const QUndoStack *stack = currentPage() != nullptr ? currentPage()->undoStack() : nullptr;
    if (stack == nullptr)
        m_actions->setUndo(false, {}, false, {});
    else
        m_actions->setUndo(stack->canUndo(), stack->undoText(), stack->canRedo(), stack->redoText());
}

void MainWindow::showTitle()
{
    const QString percent = m_status->runPercent();
    const QString name = m_workspace.activeRunName();
    setWindowTitle(name.isEmpty()     ? tr("Lethe")
                       : percent.isEmpty() ? tr("%1 – Lethe").arg(name)
                                           : tr("%1 · %2 – Lethe").arg(percent, name));
}

void MainWindow::notify(const QString &text, bool anyway)
{
    if ((isActiveWindow() && !anyway) || text.isEmpty() || !QSystemTrayIcon::isSystemTrayAvailable())
        return;
    if (m_tray == nullptr) {
        m_tray = new QSystemTrayIcon(windowIcon(), this);
        connect(m_tray, &QSystemTrayIcon::activated, this, &MainWindow::comeToFront);
        connect(m_tray, &QSystemTrayIcon::messageClicked, this, &MainWindow::comeToFront);
    }
    m_tray->show();
    m_tray->showMessage(tr("Lethe"), text, windowIcon());
}

void MainWindow::comeToFront()
{
    setWindowState(windowState() & ~Qt::WindowMinimized);
    show();
    raise();
    activateWindow();
}

void MainWindow::restoreLook(bool defaults)
{
    restoreWindow(*this, m_workspace.settings(), defaults);
    m_rail->setFolded(!defaults && m_workspace.settings().value(kRailFoldedKey).toBool());
    const QString last = defaults ? QString() : m_workspace.settings().value(kPageKey).toString();
    showPage(page(last) != nullptr ? last : m_pages.front()->objectName());
}

void MainWindow::keepLook()
{
    keepWindow(*this, m_workspace.settings());
    m_workspace.settings().setValue(kRailFoldedKey, m_rail->isFolded());
    m_workspace.settings().setValue(kPageKey, currentPage()->objectName());
}

void MainWindow::changeEvent(QEvent *event)
{
    QMainWindow::changeEvent(event);
    // The desktop went light or dark: ours follows where it was told to
    if (event->type() == QEvent::ThemeChange && Theme::choice() == ThemeChoice::System)
        Theme::apply(*qApp, ThemeChoice::System);
}

bool MainWindow::event(QEvent *event)
{
    if (event->type() == QEvent::StatusTip) {
        m_status->showTip(static_cast<QStatusTipEvent *>(event)->tip());
        return true;
    }
    return QMainWindow::event(event);
}

} // namespace lethe
