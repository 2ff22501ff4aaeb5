#include "Segments.h"

#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QButtonGroup>
#include <QtWidgets/QPushButton>

namespace lethe {

Segments::Segments(const QStringList &choices, QWidget *parent) : QWidget(parent), m_group(new QButtonGroup(this)), m_choices(choices)
{
    auto *line = new QHBoxLayout(this);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(2);
    for (int at = 0; at < choices.size(); ++at) {
        auto *button = new QPushButton(choices.at(at), this);
        button->setCheckable(true);
        button->setObjectName(choices.at(at));
        m_group->addButton(button, at);
        line->addWidget(button);
    }
    line->addStretch();
    setFocusProxy(m_group->button(0));
    connect(m_group, &QButtonGroup::idClicked, this, &Segments::edited);
}

QString Segments::choice() const
{
    return m_choices.value(m_group->checkedId());
}

void Segments::setChoice(const QString &choice)
{
    const qsizetype index = m_choices.indexOf(choice);
    if (index >= 0) {
        m_group->button(static_cast<int>(index))->setChecked(true);
        return;
    }
    m_group->setExclusive(false);
    for (QAbstractButton *button : m_group->buttons())
        button->setChecked(false);
    m_group->setExclusive(true);
}

} // namespace lethe
