#include "PageHeader.h"

#include "ActionButton.h"

#include <widgets/Page.h>
#include <widgets/Theme.h>

#include <QtGui/QAction>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QMenu>
#include <QtWidgets/QToolButton>

namespace lethe {

PageHeader::PageHeader(QWidget *parent)
    : QFrame(parent), m_title(new QLabel(this)), m_actions(new QHBoxLayout), m_more(new QToolButton(this))
{
    setObjectName(QStringLiteral("pageHeader"));
    m_title->setObjectName(QStringLiteral("pageTitle"));
    Theme::setRole(m_title, TextRole::Title);
    m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_more->setObjectName(QStringLiteral("pageMore"));
    m_more->setIcon(Theme::icon(QStringLiteral("more")));
    m_more->setAccessibleName(tr("More actions of this page"));
    m_more->setToolTip(tr("More actions of this page"));
    m_more->setPopupMode(QToolButton::InstantPopup);
    m_more->setMenu(new QMenu(m_more));
    m_more->hide();
    auto *line = new QHBoxLayout(this);
    line->setContentsMargins(Theme::space(5), Theme::space(2), Theme::space(5), Theme::space(2));
    line->setSpacing(Theme::space(2));
    m_actions->setSpacing(Theme::space(2));
    m_title->setMinimumHeight(Theme::space(8)); // pages with and without buttons begin at one height
    line->addWidget(m_title, 1);
    line->addLayout(m_actions);
}

void PageHeader::setPage(Page *page)
{
    if (m_page != nullptr)
        m_page->disconnect(this);
    m_page = page;
    connect(page, &Page::titleChanged, this, [this] { m_title->setText(m_page->title()); });
    build();
}

void PageHeader::build()
{
    m_title->setText(m_page->title());
    for (QWidget *button : std::as_const(m_buttons))
        delete button;
    m_buttons.clear();
    m_secondary.clear();
    delete std::exchange(m_primary, nullptr);
    m_actions->removeWidget(m_more);
    const auto actions = m_page->pageActions();
    for (QAction *action : actions) {
        if (action == m_page->primaryAction() || action->isSeparator())
            continue;
        auto *button = new ActionButton(action, false, this);
        m_actions->addWidget(button);
        m_buttons.append(button);
        m_secondary.append(action);
        connect(action, &QAction::visibleChanged, button, [this] { fit(); });
    }
    m_actions->addWidget(m_more);
    if (m_page->primaryAction() != nullptr) {
        m_primary = new ActionButton(m_page->primaryAction(), true, this);
        m_actions->addWidget(m_primary);
        connect(m_page->primaryAction(), &QAction::visibleChanged, m_primary, [this] { fit(); });
    }
    fit();
}

/// Leaves a third of the width to the title; what is of low priority, then what stands last, moves into the menu.
void PageHeader::fit()
{
    if (m_page == nullptr)
        return;
    const int gap = Theme::space(2);
    int room = width() - Theme::space(10) - std::min(m_title->fontMetrics().horizontalAdvance(m_title->text()) + gap * 2, width() / 3);
    if (m_primary != nullptr)
        m_primary->setVisible(m_page->primaryAction()->isVisible());
    if (m_primary != nullptr && m_page->primaryAction()->isVisible())
        room -= m_primary->sizeHint().width() + gap;
    int needed = 0;
    bool anyLow = false;
    for (qsizetype i = 0; i < m_buttons.size(); ++i) {
        if (!m_secondary[i]->isVisible())
            continue;
        if (m_secondary[i]->priority() == QAction::LowPriority)
            anyLow = true;
        else
            needed += m_buttons[i]->sizeHint().width() + gap;
    }
    if (anyLow || needed > room)
        room -= m_more->sizeHint().width() + gap;
    m_more->menu()->clear();
    bool full = false;
    for (qsizetype i = 0; i < m_buttons.size(); ++i) {
        QAction *action = m_secondary[i];
        const int width = m_buttons[i]->sizeHint().width() + gap;
        bool shown = action->isVisible() && action->priority() != QAction::LowPriority && !full;
        if (shown && width > room) {
            full = true;
            shown = false;
        }
        if (shown)
            room -= width;
        else if (action->isVisible())
            m_more->menu()->addAction(action);
        m_buttons[i]->setVisible(shown);
    }
    m_more->setVisible(!m_more->menu()->isEmpty());
}

QSize PageHeader::minimumSizeHint() const
{
    return {Theme::space(60), layout()->totalMinimumSize().height()};
}

void PageHeader::resizeEvent(QResizeEvent *event)
{
    QFrame::resizeEvent(event);
    fit();
}

} // namespace lethe
