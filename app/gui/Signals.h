#pragma once

#include <QtCore/QObject>

class QSocketNotifier;

namespace lethe {

/// SIGTERM, SIGINT and SIGHUP as a Qt signal: the handler writes one byte to a pipe that the event loop reads.
class Signals final : public QObject
{
    Q_OBJECT

public:
    explicit Signals(QObject *parent = nullptr);

Q_SIGNALS:
    void terminateAsked();

private:
    QSocketNotifier *m_notifier = nullptr;
};

} // namespace lethe
