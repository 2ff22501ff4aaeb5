#pragma once

#include <QtWidgets/QWidget>

class QAction;
class QHBoxLayout;
class QPushButton;

namespace lethe {

/// A calm middle of a page that has nothing to show yet: icon, one heading, one sentence, and what can be done.
class EmptyState final : public QWidget
{
    Q_OBJECT

public:
    EmptyState(const QString &icon, const QString &heading, const QString &sentence, QWidget *parent = nullptr);
    void addAction(QAction *action, bool primary = false);
    void addButton(QPushButton *button);

private:
    QHBoxLayout *m_buttons;
};

} // namespace lethe
