#include "SingleInstance.h"

#include <lethe/base/Log.h>

#include <QtCore/QCryptographicHash>
#include <QtNetwork/QLocalServer>
#include <QtNetwork/QLocalSocket>

#include <unistd.h>

namespace lethe {

namespace {

constexpr int kWaitMilliseconds = 500;

} // namespace

SingleInstance::SingleInstance(const QString &storeFile, QObject *parent)
    : QObject(parent)
{
    const QByteArray hash = QCryptographicHash::hash(storeFile.toUtf8(), QCryptographicHash::Sha256).toHex().left(16);
    m_name = QStringLiteral("lethe-%1-%2").arg(::getuid()).arg(QLatin1String(hash));
}

bool SingleInstance::claim(const QString &thing)
{
    QLocalSocket socket;
    socket.connectToServer(m_name);
    if (socket.waitForConnected(kWaitMilliseconds)) {
        socket.write(thing.toUtf8() + '\n');
        socket.waitForBytesWritten(kWaitMilliseconds);
        socket.disconnectFromServer();
        return false;
    }
    m_server = new QLocalServer(this);
    m_server->setSocketOptions(QLocalServer::UserAccessOption);
    QLocalServer::removeServer(m_name); // nobody answered: what lies there was left by a crash
    if (!m_server->listen(m_name))
        log(LogLevel::Warning, "app", "a second start cannot raise this window: " + m_server->errorString().toStdString());
    connect(m_server, &QLocalServer::newConnection, this, &SingleInstance::serve);
    return true;
}

void SingleInstance::serve()
{
    while (QLocalSocket *client = m_server->nextPendingConnection()) {
        connect(client, &QLocalSocket::readyRead, this, [this, client] {
            while (client->canReadLine())
                Q_EMIT raiseAsked(QString::fromUtf8(client->readLine()).trimmed());
        });
        connect(client, &QLocalSocket::disconnected, client, &QObject::deleteLater);
    }
}

} // namespace lethe
