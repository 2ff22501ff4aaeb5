#pragma once

#include "plots/Card.h"

#include <functional>
#include <vector>

class QHBoxLayout;
class QLabel;
class QPushButton;

namespace lethe {

class IconLabel;

/// The bar over the panels that says how a run stands, with what can be done next: paused, failed, done, a warning.
class StateBar : public Card
{
    Q_OBJECT

public:
    struct Button {
        QString objectName;
        QString text;
        std::function<void()> act;
        bool primary = false;
    };

    explicit StateBar(QWidget *parent = nullptr);
    /// Leaves buttons alone that are already there, so that the focus stays.
    void say(Tone tone, const QString &icon, const QString &text, const QString &details, const std::vector<Button> &buttons);
    QString text() const;

private:
    IconLabel *m_icon;
    QLabel *m_text;
    QLabel *m_details;
    QHBoxLayout *m_buttonRow;
    std::vector<QPushButton *> m_buttons;
    std::vector<std::function<void()>> m_acts;
};

} // namespace lethe
