#pragma once

#include <QtCore/QObject>
#include <QtGui/QKeySequence>

#include <functional>
#include <vector>

class QAction;
class QMenu;
class QSettings;

namespace lethe {

class MainWindow;
class Page;

/// The window's own commands, and the menus built from them and from the pages'. A page's action stands in the menus as a
/// mirror that brings the page to the front first; so its key acts on its own page alone.
class WindowActions final : public QObject
{
    Q_OBJECT

public:
    WindowActions(MainWindow &window, QSettings &settings);

    void buildMenus();
    QAction *action(const QString &id) const;
    const std::vector<QAction *> &all() const { return m_actions; }
    /// Window keys that the page in front uses itself give way to it.
    void giveWayTo(Page *page);
    void setUndo(bool canUndo, const QString &undoText, bool canRedo, const QString &redoText);

    /// Every action whose key may be changed: the window's and the pages'.
    std::vector<QAction *> changeable() const;
    QKeySequence usualKey(QAction *action) const;
    void setKey(QAction *action, const QKeySequence &key);
    void restoreKeys();

private:
    QAction *make(const char *id, const QString &text, const QString &icon, const QKeySequence &key, const QString &tip,
                  std::function<void()> act);
    void makeFile();
    void makeEdit();
    void makeView();
    void makeRun();
    void makeHelp();
    void mirrorPage(QMenu *menu, const QString &pageId);

    MainWindow &m_window;
    QSettings &m_settings;
    std::vector<QAction *> m_actions;
};

} // namespace lethe
