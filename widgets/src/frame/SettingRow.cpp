#include "SettingRow.h"

#include <widgets/Theme.h>

#include <QtWidgets/QFormLayout>
#include <QtWidgets/QFrame>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QToolButton>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

SettingCard::SettingCard(const QString &heading, QWidget *parent)
    : QWidget(parent), m_form(new QFormLayout)
{
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(Theme::space(2));
    auto *title = new QLabel(heading, this);
    Theme::setRole(title, TextRole::Heading);
    all->addWidget(title);
    auto *card = new QFrame(this);
    card->setProperty("card", true);
    m_form->setContentsMargins(Theme::space(4), Theme::space(3), Theme::space(4), Theme::space(3));
    m_form->setHorizontalSpacing(Theme::space(6));
    m_form->setVerticalSpacing(Theme::space(3));
    m_form->setLabelAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    card->setLayout(m_form);
    all->addWidget(card);
}

void SettingCard::addRow(const QString &name, QWidget *control, const QString &help, std::function<void()> reset)
{
    auto *label = new QLabel(name, this);
    label->setBuddy(control);
    label->setMinimumSize(fontMetrics().averageCharWidth() * 14, Theme::space(7)); // one column for all cards
    if (control->accessibleName().isEmpty())
        control->setAccessibleName(name);
    auto *field = new QWidget(this);
    auto *column = new QVBoxLayout(field);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(Theme::space(1) / 2);
    auto *line = new QHBoxLayout;
    line->addWidget(control);
    line->addStretch(1);
    if (reset) {
        auto *button = new QToolButton(field);
        button->setIcon(Theme::icon(QStringLiteral("undo"), Theme::muted));
        button->setToolTip(tr("Back to the default"));
        button->setAccessibleName(tr("Reset %1").arg(name));
        QObject::connect(button, &QToolButton::clicked, control, std::move(reset));
        line->addWidget(button);
    }
    column->addLayout(line);
    if (!help.isEmpty()) {
        auto *words = new QLabel(help, field);
        words->setWordWrap(true);
        Theme::setRole(words, TextRole::Caption);
        column->addWidget(words);
        control->setAccessibleDescription(help);
    }
    m_form->addRow(label, field);
}

void SettingCard::addWide(QWidget *widget)
{
    m_form->addRow(widget);
}

} // namespace lethe
