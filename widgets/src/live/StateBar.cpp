#include "StateBar.h"

#include "frame/IconLabel.h"

#include <widgets/Theme.h>

#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QPushButton>

namespace lethe {

StateBar::StateBar(QWidget *parent)
    : Card(parent)
{
    setObjectName(QStringLiteral("runStateBar"));
    m_icon = new IconLabel({}, 5, this);
    m_text = new QLabel(this);
    m_text->setWordWrap(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    QFont strong = m_text->font();
    strong.setWeight(QFont::DemiBold);
    m_text->setFont(strong);
    m_details = new QLabel(this);
    m_details->setWordWrap(true);
    m_details->setTextInteractionFlags(Qt::TextSelectableByMouse);
    Theme::setRole(m_details, TextRole::Muted);
    auto *words = new QVBoxLayout;
    words->setSpacing(Theme::space(1) / 2);
    words->addWidget(m_text);
    words->addWidget(m_details);
    m_buttonRow = new QHBoxLayout;
    m_buttonRow->setSpacing(Theme::space(2));
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(Theme::space(4), Theme::space(2), Theme::space(3), Theme::space(2));
    row->setSpacing(Theme::space(3));
    row->addWidget(m_icon);
    row->addLayout(words, 1);
    row->addLayout(m_buttonRow);
    hide();
}

QString StateBar::text() const
{
    return m_text->text();
}

void StateBar::say(Tone tone, const QString &icon, const QString &text, const QString &details, const std::vector<Button> &buttons)
{
    setTone(tone);
    QColor (*tint)() = tone == Tone::Success ? &Theme::success : tone == Tone::Error ? &Theme::error : &Theme::warning;
    m_icon->setIcon(Theme::icon(icon, tint));
    m_text->setText(text);
    m_details->setText(details);
    m_details->setVisible(!details.isEmpty());
    setAccessibleName(details.isEmpty() ? text : text + QLatin1Char(' ') + details);

    while (m_buttons.size() > buttons.size()) {
        delete m_buttons.back();
        m_buttons.pop_back();
    }
    m_acts.resize(buttons.size());
    for (std::size_t i = 0; i < buttons.size(); ++i) {
        if (i == m_buttons.size()) {
            auto *button = new QPushButton(this);
            connect(button, &QPushButton::clicked, this, [this, i] { m_acts[i](); });
            m_buttons.push_back(button);
            m_buttonRow->addWidget(button);
        }
        m_buttons[i]->setText(buttons[i].text);
        m_buttons[i]->setObjectName(buttons[i].objectName);
        Theme::mark(m_buttons[i], "primary", buttons[i].primary);
        m_acts[i] = buttons[i].act;
    }
    show();
}

} // namespace lethe
