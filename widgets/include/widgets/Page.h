#pragma once

#include <QtCore/QList>
#include <QtCore/QString>
#include <QtWidgets/QWidget>

class QAction;
class QUndoStack;

namespace lethe {

class Workspace;

/// One screen of the window. A page brings its own actions: the window puts them into its header (the primary one last, on
/// the right), the menus and the palette. Pages never wait: what takes long is a task of the workspace.
class Page : public QWidget
{
    Q_OBJECT

public:
    /// \p id is the object name of the contract with tests (`pageLive`).
    Page(const QString &id, const QString &title, QWidget *parent = nullptr);

    QString title() const { return m_title; }
    /// In the order in which they are shown; each has text, status tip, object name and, where there is one, a shortcut.
    QList<QAction *> pageActions() const { return m_actions; }
    QAction *primaryAction() const { return m_primary; }
    /// A short sign beside the page's name in the rail (`●`, `▶`, a count); empty for none.
    QString badge() const { return m_badge; }
    /// The one-line hint of what to do next; empty for none.
    virtual QString hint() const { return {}; }

    /// Called when the page comes to the front; and, with F5, again.
    virtual void activate() {}
    /// Focus the page's filter (Ctrl+F); false where there is none.
    virtual bool focusFilter() { return false; }
    /// The undo stack in front, or null.
    virtual QUndoStack *undoStack() { return nullptr; }

Q_SIGNALS:
    void badgeChanged();
    void titleChanged();

protected:
    void addPageAction(QAction *action, bool primary = false);
    void setBadge(const QString &badge);
    void setTitle(const QString &title);

private:
    QString m_title;
    QString m_badge;
    QList<QAction *> m_actions;
    QAction *m_primary = nullptr;
};

} // namespace lethe
