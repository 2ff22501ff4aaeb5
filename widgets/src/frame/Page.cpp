#include <widgets/Page.h>

#include <QtGui/QAction>

namespace lethe {

Page::Page(const QString &id, const QString &title, QWidget *parent)
    : QWidget(parent), m_title(title)
{
    setObjectName(id);
    setAccessibleName(title);
}

void Page::addPageAction(QAction *action, bool primary)
{
    if (action->parent() == nullptr)
        action->setParent(this);
    // Of window context: Qt leaves out what belongs to a hidden widget, so a page's keys act while it is in front.
    addAction(action);
    m_actions.append(action);
    if (primary)
        m_primary = action;
}

void Page::setBadge(const QString &badge)
{
    if (m_badge == badge)
        return;
    m_badge = badge;
    Q_EMIT badgeChanged();
}

void Page::setTitle(const QString &title)
{
    if (m_title == title)
        return;
    m_title = title;
    setAccessibleName(title);
    Q_EMIT titleChanged();
}

} // namespace lethe
