#include "ActionCard.h"

#include "../frame/IconLabel.h"

#include <widgets/Theme.h>

#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

ActionCard::ActionCard(const QString &icon, const QString &title, const QString &words, QWidget *parent)
    : QPushButton(parent), m_words(new QLabel(words, this))
{
    setProperty("action-card", true);
    setAutoDefault(true); // Enter acts where it has the focus
    setCursor(Qt::PointingHandCursor);
    setAccessibleName(title);
    setAccessibleDescription(words);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    auto *sign = new IconLabel(Theme::icon(icon, Theme::accent), 7, this);
    auto *heading = new QLabel(title, this);
    Theme::setRole(heading, TextRole::Heading);
    m_words->setWordWrap(true);
    Theme::setRole(m_words, TextRole::Muted);
    for (QLabel *label : {heading, m_words})
        label->setAttribute(Qt::WA_TransparentForMouseEvents);
    auto *line = new QHBoxLayout(this);
    line->setContentsMargins(Theme::space(5), Theme::space(4), Theme::space(5), Theme::space(4));
    line->setSpacing(Theme::space(4));
    line->addWidget(sign, 0, Qt::AlignVCenter);
    auto *text = new QVBoxLayout;
    text->setSpacing(Theme::space(1));
    text->addStretch();
    text->addWidget(heading);
    text->addWidget(m_words);
    text->addStretch();
    line->addLayout(text, 1);
}

void ActionCard::setWords(const QString &words)
{
    m_words->setText(words);
    setAccessibleDescription(words);
}

QSize ActionCard::sizeHint() const
{
    const int lines = 2;
    return {fontMetrics().averageCharWidth() * 30, Theme::space(8) + fontMetrics().lineSpacing() * (lines + 1) + Theme::space(3)};
}

} // namespace lethe
