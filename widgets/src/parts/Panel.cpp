#include "Panel.h"

#include <widgets/Theme.h>

#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QLabel>

namespace lethe {

Panel::Panel(const QString &title, QWidget *parent)
    : QFrame(parent), m_title(headingLabel(QString())), m_titleLine(new QHBoxLayout), m_body(new QVBoxLayout)
{
    setProperty("card", true);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(Theme::space(3), Theme::space(3), Theme::space(3), Theme::space(3));
    layout->setSpacing(Theme::space(2));
    m_titleLine->addWidget(m_title);
    m_titleLine->addStretch();
    layout->addLayout(m_titleLine);
    m_body->setSpacing(Theme::space(2));
    layout->addLayout(m_body, 1);
    setTitle(title);
}

void Panel::setTitle(const QString &title)
{
    m_title->setText(title);
    m_title->setVisible(!title.isEmpty());
}

void Panel::addToTitle(QWidget *widget)
{
    m_titleLine->addWidget(widget);
}

void Panel::setLit(bool lit)
{
    Theme::mark(this, "dropping", lit);
}

namespace {

QLabel *labelOf(const QString &text, TextRole role, bool wraps)
{
    auto *label = new QLabel(text);
    Theme::setRole(label, role);
    label->setWordWrap(wraps);
    return label;
}

} // namespace

QLabel *mutedLabel(const QString &text, bool wraps) { return labelOf(text, TextRole::Muted, wraps); }
QLabel *headingLabel(const QString &text) { return labelOf(text, TextRole::Heading, false); }
QLabel *captionLabel(const QString &text, bool wraps) { return labelOf(text, TextRole::Caption, wraps); }

} // namespace lethe
