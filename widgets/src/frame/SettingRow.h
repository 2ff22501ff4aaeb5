#pragma once

#include <QtWidgets/QWidget>

#include <functional>

class QFormLayout;

namespace lethe {

/// A card of settings under a heading.
class SettingCard final : public QWidget
{
    Q_OBJECT

public:
    explicit SettingCard(const QString &heading, QWidget *parent = nullptr);

    /// One setting: what it is, its control, one line on what it does, and its reset (none where \p reset is empty).
    void addRow(const QString &name, QWidget *control, const QString &help, std::function<void()> reset = {});
    /// Something that takes the card's whole width.
    void addWide(QWidget *widget);

private:
    QFormLayout *m_form;
};

} // namespace lethe
