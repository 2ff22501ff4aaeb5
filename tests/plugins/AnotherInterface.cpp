#include <QtCore/QObject>
#include <QtCore/QtPlugin>

/// A plugin built against the headers of the interface before this one: read, refused, never loaded.
class AnotherInterfacePlugin final : public QObject
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID "org.lethe.Method/1" FILE "throwing.json")

public:
    AnotherInterfacePlugin() { qFatal("a plugin of another interface was loaded"); }
};

#include "AnotherInterface.moc"
