#pragma once

#include <QtCore/QElapsedTimer>
#include <QtWidgets/QMainWindow>

#include <memory>
#include <vector>

class QStackedWidget;
class QSystemTrayIcon;

namespace lethe {

class ActivityPopup;
class CommandPalette;
class Dialogs;
class DevicePanel;
class HintStrip;
class LogConsole;
class MessageBar;
class Page;
class PageHeader;
class Rail;
class SettingsDialog;
class StatusParts;
class WindowActions;
class Workspace;
struct Command;

struct WindowOptions {
    bool defaultLayout = false; ///< `--safe`: nothing of the last session's look
    bool crashed = false;       ///< the last session did not end properly
};

/// The window: rail, header, messages, pages, log, status. It knows pages by their base class alone; they bring their own
/// actions.
class MainWindow final : public QMainWindow
{
    Q_OBJECT

public:
    /// All three outlive the window.
    MainWindow(Workspace &workspace, Dialogs &dialogs, const WindowOptions &options = {}, QWidget *parent = nullptr);
    ~MainWindow() override;

    const std::vector<Page *> &pages() const { return m_pages; }
    Page *page(const QString &id) const;
    Page *currentPage() const;
    void showPage(const QString &id);
    /// A model folder, a spec, a data file, or a run's number or name; what the command line and a drop hand in.
    void openThing(const QString &what);
    void comeToFront();
    /// Everything the palette offers now, runs left out.
    std::vector<Command> commands();
    CommandPalette &palettePanel() { return *m_palette; }
    MessageBar &messages() { return *m_messages; }

    // What the actions do
    void openPalette();
    void goBack();
    void goForward();
    void toggleLog();
    void toggleRail();
    void openSettings(const QString &section = {});
    void startOrQueue();
    void togglePause();
    void stopRun();
    void cancelRun();
    void startDemo();
    void newExperiment();
    void reloadPage();
    void focusFilter();
    void helpOnFocus();
    void undo();
    void redo();
    void openModelFolder();
    void openFile();
    void importData();
    void importBenchmarkFolder();
    void copyStore();
    void openStoreFolder();
    /// Asks the active run to end with a checkpoint, waits for that with the window alive, and quits: also for SIGTERM.
    void pauseAndQuit();

Q_SIGNALS:
    void pageShown(const QString &id);

protected:
    void closeEvent(QCloseEvent *event) override;
    void changeEvent(QEvent *event) override;
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dragLeaveEvent(QDragLeaveEvent *event) override;
    void dropEvent(QDropEvent *event) override;
    bool event(QEvent *event) override;

private:
    void buildFrame();
    void buildPages();
    void prepareNext(std::size_t index);
    void connectFrame();
    void restoreLook(bool defaults);
    void keepLook();
    void followUndo();
    void showTitle();
    void notify(const QString &text, bool anyway = false);
    bool openAsSpec(const QString &file);
    void importFile(const QString &file);
    void keepRunningUnseen();
    std::vector<Command> rowsNumbered(int number);

    Workspace &m_workspace;
    Dialogs &m_dialogs;
    std::vector<Page *> m_pages;
    QStackedWidget *m_stack = nullptr;
    Rail *m_rail = nullptr;
    PageHeader *m_header = nullptr;
    MessageBar *m_messages = nullptr;
    HintStrip *m_hint = nullptr;
    StatusParts *m_status = nullptr;
    LogConsole *m_log = nullptr;
    CommandPalette *m_palette = nullptr;
    ActivityPopup *m_activity = nullptr;
    DevicePanel *m_device = nullptr;
    SettingsDialog *m_settings = nullptr;
    WindowActions *m_actions = nullptr;
    QSystemTrayIcon *m_tray = nullptr;
    std::vector<QString> m_visited; ///< for back and forward
    std::size_t m_place = 0;
    QElapsedTimer m_pauseClock;
    bool m_walking = false;
    bool m_quitting = false;
};

} // namespace lethe
