#include "Fold.h"

#include <widgets/Theme.h>

#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QToolButton>

namespace lethe {

Fold::Fold(const QString &title, QWidget *parent)
    : QWidget(parent), m_button(new QToolButton(this)), m_content(new QWidget(this)), m_body(new QVBoxLayout(m_content))
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(Theme::space(1));
    m_button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_button->setCheckable(true);
    m_button->setAutoRaise(true);
    m_button->setProperty("fold", true);
    m_button->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    layout->addWidget(m_button, 0, Qt::AlignLeft);
    layout->addWidget(m_content);
    m_body->setContentsMargins(0, 0, 0, 0);
    m_body->setSpacing(Theme::space(2));
    setTitle(title);
    m_button->setIcon(Theme::icon(QStringLiteral("chevron-right")));
    m_content->hide();
    connect(m_button, &QToolButton::toggled, this, [this](bool open) {
        m_button->setIcon(Theme::icon(open ? QStringLiteral("chevron-down") : QStringLiteral("chevron-right")));
        m_content->setVisible(open);
        Q_EMIT toggled(open);
    });
}

void Fold::setTitle(const QString &title)
{
    m_button->setText(title);
}

void Fold::setOpen(bool open)
{
    m_button->setChecked(open);
}

bool Fold::isOpen() const
{
    return m_button->isChecked();
}

} // namespace lethe
