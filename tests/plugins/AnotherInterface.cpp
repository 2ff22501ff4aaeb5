#include <QtCore/QObject>
#include <QtCore/QtPlugin>

/// A plugin of an interface that is not this version's: read, refused, never loaded.
class AnotherInterfacePlugin final : public QObject
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID "org.lethe.Method/99" FILE "throwing.json")

public:
    AnotherInterfacePlugin() { qFatal("a plugin of another interface was loaded"); }
};

#include "AnotherInterface.moc"
