#include "Popup.h"

#include <widgets/Theme.h>

#include <QtGui/QKeyEvent>
#include <QtGui/QScreen>
#include <QtWidgets/QLabel>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

Popup::Popup(const QString &title, QWidget *parent)
    : QFrame(parent, Qt::Popup | Qt::FramelessWindowHint), m_body(new QVBoxLayout)
{
    setObjectName(QStringLiteral("popup"));
    setAccessibleName(title);
    setWindowTitle(title);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(Theme::space(4), Theme::space(3), Theme::space(4), Theme::space(4));
    all->setSpacing(Theme::space(2));
    auto *heading = new QLabel(title, this);
    Theme::setRole(heading, TextRole::Heading);
    all->addWidget(heading);
    m_body->setSpacing(Theme::space(2));
    all->addLayout(m_body);
}

void Popup::showAbove(QWidget *anchor)
{
    adjustSize();
    QPoint at = anchor->mapToGlobal(QPoint(0, -height() - Theme::space(1)));
    if (const QScreen *screen = anchor->screen()) {
        const QRect room = screen->availableGeometry();
        at.setX(std::clamp(at.x(), room.left(), std::max(room.left(), room.right() - width())));
        at.setY(std::max(room.top(), at.y()));
    }
    move(at);
    show();
    setFocus();
}

void Popup::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape)
        hide();
    else
        QFrame::keyPressEvent(event);
}

} // namespace lethe
