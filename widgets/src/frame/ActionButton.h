#pragma once

#include <QtCore/QPointer>
#include <QtWidgets/QPushButton>

class QAction;

namespace lethe {

/// A push button that is a face of an action: its text, icon, tool tip and state are the action's.
class ActionButton final : public QPushButton
{
    Q_OBJECT

public:
    explicit ActionButton(QAction *action, bool primary = false, QWidget *parent = nullptr);

private:
    void follow();

    QPointer<QAction> m_action;
    bool m_primary;
};

/// The action's text with no mnemonic, and its tool tip with the shortcut.
QString plainText(const QAction *action);
QString tipOf(const QAction *action);

} // namespace lethe
