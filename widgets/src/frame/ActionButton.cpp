#include "ActionButton.h"

#include "TintedIcon.h"
#include "Tones.h"

#include <widgets/Theme.h>

#include <QtGui/QAction>

namespace lethe {

QString plainText(const QAction *action)
{
    QString text = action->text();
    text.remove(QLatin1Char('&'));
    const auto tab = text.indexOf(QLatin1Char('\t'));
    return tab < 0 ? text : text.left(tab);
}

QString tipOf(const QAction *action)
{
    QString tip = action->statusTip().isEmpty() ? plainText(action) : action->statusTip();
    // A page that says more in the tool tip (what blocks Start) is heard
    QString own = action->toolTip();
    own.remove(QLatin1Char('&'));
    if (!own.isEmpty() && own != plainText(action) && own != plainText(action).remove(QStringLiteral("…")))
        tip = own;
    const QString keys = action->shortcut().toString(QKeySequence::NativeText);
    return keys.isEmpty() || tip.contains(keys) ? tip : tip + QStringLiteral("  ") + keys;
}

ActionButton::ActionButton(QAction *action, bool primary, QWidget *parent)
    : QPushButton(parent), m_action(action), m_primary(primary)
{
    setObjectName(action->objectName() + QStringLiteral("Button"));
    setIconSize({Theme::space(4), Theme::space(4)});
    setAutoDefault(false);
    if (primary)
        Theme::mark(this, "primary");
    follow();
    connect(action, &QAction::changed, this, &ActionButton::follow);
    connect(this, &QPushButton::clicked, action, &QAction::trigger);
}

void ActionButton::follow()
{
    if (!m_action)
        return;
    // The style sheet's style sets the icon too near to the text
    setText((m_action->icon().isNull() ? QString() : QStringLiteral(" ")) + plainText(m_action));
    setAccessibleName(plainText(m_action));
    setIcon(m_primary ? recolored(m_action->icon(), [] { return Tones::current().onAccent; }) : m_action->icon());
    setToolTip(tipOf(m_action));
    setEnabled(m_action->isEnabled());
    setCheckable(m_action->isCheckable());
    if (m_action->isCheckable())
        setChecked(m_action->isChecked());
}

} // namespace lethe
