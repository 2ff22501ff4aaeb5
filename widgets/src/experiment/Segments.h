#pragma once

#include <QtCore/QStringList>
#include <QtWidgets/QWidget>

class QButtonGroup;

namespace lethe {

/// A choice of few, all visible: one button each, side by side. Arrow keys move within it.
class Segments final : public QWidget
{
    Q_OBJECT

public:
    Segments(const QStringList &choices, QWidget *parent = nullptr);

    QString choice() const;
    /// What is no choice leaves all buttons up.
    void setChoice(const QString &choice);

Q_SIGNALS:
    void edited();

private:
    QButtonGroup *m_group;
    QStringList m_choices;
};

} // namespace lethe
