#pragma once

#include <QtCore/QObject>
#include <QtCore/QString>

class QLocalServer;

namespace lethe {

/// One window a store: a second start hands what it was asked to open to the first, over a local socket, and ends.
class SingleInstance final : public QObject
{
    Q_OBJECT

public:
    explicit SingleInstance(const QString &storeFile, QObject *parent = nullptr);

    /// True where this is the first; otherwise \p thing was handed over.
    bool claim(const QString &thing);

Q_SIGNALS:
    void raiseAsked(const QString &thing);

private:
    void serve();

    QString m_name;
    QLocalServer *m_server = nullptr;
};

} // namespace lethe
