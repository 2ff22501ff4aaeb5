#pragma once

#include "Popup.h"

#include <QtCore/QTimer>

class QFormLayout;
class QLabel;
class QProgressBar;

namespace lethe {

/// Which device runs use and why, why not the other, and how its memory stands.
class DevicePanel final : public Popup
{
    Q_OBJECT

public:
    explicit DevicePanel(QWidget *parent = nullptr);

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;

private:
    void look();

    QLabel *m_device;
    QLabel *m_why;
    QLabel *m_processor;
    QLabel *m_library;
    QLabel *m_memory;
    QProgressBar *m_bar;
    QTimer m_timer;
};

} // namespace lethe
