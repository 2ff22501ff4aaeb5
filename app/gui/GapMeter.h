#pragma once

#include <QtCore/QElapsedTimer>
#include <QtCore/QObject>
#include <QtCore/QTimer>

namespace lethe {

/// Watches that the event loop comes round: reports every gap above 50 ms on standard error, and a summary at the end.
class GapMeter final : public QObject
{
    Q_OBJECT

public:
    explicit GapMeter(QObject *parent = nullptr);
    ~GapMeter() override;

private:
    void tick();

    QTimer m_timer;
    QElapsedTimer m_since;
    QElapsedTimer m_total;
    qint64 m_longest = 0;
    qint64 m_ticks = 0;
    int m_gaps = 0;
};

} // namespace lethe
