// lethe: the window. Builds the parts, joins them, runs.

#include "GapMeter.h"
#include "Screenshots.h"
#include "Signals.h"
#include "SingleInstance.h"

#include <widgets/Appearance.h>
#include <widgets/Dialogs.h>
#include <widgets/MainWindow.h>
#include <widgets/Workspace.h>

#include <lethe/base/Device.h>
#include <lethe/base/Log.h>
#include <lethe/base/Paths.h>
#include <lethe/method/MethodCatalog.h>
#include <lethe/store/RunStore.h>

#include <QtCore/QCommandLineParser>
#include <QtCore/QDir>
#include <QtCore/QFileInfo>
#include <QtCore/QSettings>
#include <QtCore/QTemporaryDir>
#include <QtCore/QTimer>
#include <QtWidgets/QApplication>
#include <QtWidgets/QMessageBox>

#include <cstdio>

namespace {

const QString kOpenKey = QStringLiteral("session/open");
const QString kCrashedKey = QStringLiteral("session/crashed");

struct Options {
    QString thing;       ///< folder, spec or run
    QString screen;
    QString store;
    QStringList plugins;
    QString screenshots; ///< folder
    bool safe = false;
    bool meter = false;
};

Options read(QCoreApplication &application)
{
    QCommandLineParser parser;
    parser.setApplicationDescription(QCoreApplication::translate("main", "Lethe – workbench for unlearning experiments on language models"));
    parser.addHelpOption();
    parser.addVersionOption();
    const QCommandLineOption screen(QStringLiteral("screen"), QStringLiteral("Show this screen first (welcome, models, data, …)."), QStringLiteral("NAME"));
    const QCommandLineOption db(QStringLiteral("db"), QStringLiteral("The run store."), QStringLiteral("FILE"));
    const QCommandLineOption plugins(QStringLiteral("plugins"), QStringLiteral("A folder of method plugins; repeatable."), QStringLiteral("DIR"));
    const QCommandLineOption safe(QStringLiteral("safe"), QStringLiteral("No plugins, no last model, default layout."));
    const QCommandLineOption meter(QStringLiteral("meter"), QStringLiteral("Report event-loop gaps above 50 ms on standard error."));
    const QCommandLineOption screenshots(QStringLiteral("screenshots"), QStringLiteral("Draw every screen in both themes to PNG and quit."),
                                         QStringLiteral("DIR"));
    parser.addOptions({screen, db, plugins, safe, meter, screenshots});
    parser.addPositionalArgument(QStringLiteral("FOLDER|SPEC|RUN"), QStringLiteral("A model folder, a spec, a data file, or a run."),
                                 QStringLiteral("[FOLDER|SPEC|RUN]"));
    parser.process(application);
    Options options;
    options.thing = parser.positionalArguments().value(0);
    if (QFileInfo::exists(options.thing))
        options.thing = QFileInfo(options.thing).absoluteFilePath();
    options.screen = parser.value(screen);
    options.store = parser.isSet(db) ? QFileInfo(parser.value(db)).absoluteFilePath() : QString::fromStdString(lethe::defaultStoreFile().string());
    options.plugins = parser.values(plugins);
    options.safe = parser.isSet(safe);
    options.meter = parser.isSet(meter);
    options.screenshots = parser.value(screenshots);
    return options;
}

/// An unreadable settings file is set aside and defaults are used.
std::unique_ptr<QSettings> openSettings()
{
    auto settings = std::make_unique<QSettings>(QSettings::IniFormat, QSettings::UserScope, QStringLiteral("lethe"), QStringLiteral("lethe"));
    if (settings->status() == QSettings::NoError)
        return settings;
    const QString file = settings->fileName();
    settings.reset();
    QFile::remove(file + QStringLiteral(".bad"));
    QFile::rename(file, file + QStringLiteral(".bad"));
    lethe::log(lethe::LogLevel::Warning, "settings", (file + QStringLiteral(" could not be read; it was renamed to .bad and defaults are used")).toStdString());
    return std::make_unique<QSettings>(QSettings::IniFormat, QSettings::UserScope, QStringLiteral("lethe"), QStringLiteral("lethe"));
}

/// Read-only where it cannot be written.
lethe::Result<std::unique_ptr<lethe::RunStore>> openStore(const QString &file)
{
    QDir().mkpath(QFileInfo(file).absolutePath());
    auto store = lethe::RunStore::open(file.toStdString());
    if (store.ok() || store.error().code != lethe::ErrorCode::Io || !QFileInfo(file).isReadable())
        return store;
    lethe::log(lethe::LogLevel::Warning, "store", store.error().message());
    return lethe::RunStore::open(file.toStdString(), lethe::RunStore::Mode::ReadOnly);
}

/// The store as it is now, to be looked at: the copy may be written, the store is not. An empty one where there is none yet.
lethe::Result<std::unique_ptr<lethe::RunStore>> copyOfStore(const QString &file, const QString &copy)
{
    if (QFileInfo::exists(file)) {
        LETHE_TRY(const std::unique_ptr<lethe::RunStore> original, lethe::RunStore::open(file.toStdString(), lethe::RunStore::Mode::ReadOnly));
        LETHE_TRY_VOID(original->copyTo(copy.toStdString()));
        const QFileInfo from(file), to(copy);
        for (const QString &runs : {QStringLiteral("/runs"), QLatin1Char('/') + from.completeBaseName() + QStringLiteral(".runs")}) // checkpoints
            QFile::link(from.absolutePath() + runs, to.absolutePath() + runs);
    }
    return lethe::RunStore::open(copy.toStdString());
}

std::vector<std::filesystem::path> pluginFolders(const Options &options, const QSettings &settings)
{
    std::vector<std::filesystem::path> folders;
    if (options.safe)
        return folders;
    folders.push_back(lethe::pluginFolder());
    for (const QString &folder : settings.value(QStringLiteral("plugins/folders")).toStringList() + options.plugins)
        folders.emplace_back(folder.toStdString());
    return folders;
}

int refuse(const lethe::Error &error, bool drawing)
{
    const QString text = QString::fromStdString(error.message());
    std::fprintf(stderr, "lethe: %s\n", qUtf8Printable(text));
    if (!drawing)
        QMessageBox::critical(nullptr, QStringLiteral("Lethe"), text);
    return 1;
}

int run(QApplication &application)
{
    const Options options = read(application);
    const bool drawing = !options.screenshots.isEmpty();
    lethe::SingleInstance instance(options.store);
    if (!drawing && !instance.claim(options.thing))
        return 0; // the first one has been raised

    const QString logFolder = QFileInfo(options.store).absolutePath() + QStringLiteral("/log");
    if (!drawing && QDir().mkpath(logFolder))
        lethe::startLogFile(logFolder.toStdString());
    const std::unique_ptr<QSettings> settings = openSettings();
    lethe::applyAppearance(*settings);
    const QTemporaryDir copyFolder; // pictures are drawn of a copy: nothing of the store is touched
    auto store = drawing ? copyOfStore(options.store, copyFolder.filePath(QStringLiteral("copy.sqlite"))) : openStore(options.store);
    if (!store.ok())
        return refuse(store.error(), drawing);
    lethe::MethodCatalog catalog = lethe::MethodCatalog::scan(pluginFolders(options, *settings));

    const bool crashed = !drawing && settings->value(kOpenKey).toBool();
    if (!drawing) {
        settings->setValue(kCrashedKey, crashed);
        settings->setValue(kOpenKey, true);
        settings->sync();
    }
    int code = 0;
    {
        lethe::SystemDialogs dialogs;
        lethe::Workspace workspace(**store, catalog, drawing ? nullptr : settings.get());
        workspace.setPluginFolders(pluginFolders(options, *settings));
        if (options.safe || crashed)
            workspace.leaveModelUnread();
        lethe::MainWindow window(workspace, dialogs, {.defaultLayout = options.safe || drawing, .crashed = crashed});
        if (drawing)
            return lethe::drawScreens(application, window, workspace, options.screenshots);
        std::unique_ptr<lethe::GapMeter> meter;
        if (options.meter)
            meter = std::make_unique<lethe::GapMeter>();
        lethe::Signals signals;
        QObject::connect(&signals, &lethe::Signals::terminateAsked, &window, &lethe::MainWindow::pauseAndQuit);
        QObject::connect(&application, &QGuiApplication::commitDataRequest, &window, [&workspace] { (void)workspace.pauseToDisk(8000); });
        QObject::connect(&instance, &lethe::SingleInstance::raiseAsked, &window, [&window](const QString &thing) {
            window.comeToFront();
            if (!thing.isEmpty())
                window.openThing(thing);
        });
        window.show();
        if (!options.screen.isEmpty())
            window.showPage(options.screen.startsWith(QLatin1String("page"))
                                ? options.screen
                                : QStringLiteral("page") + options.screen.left(1).toUpper() + options.screen.mid(1).toLower());
        if (!options.thing.isEmpty())
            QTimer::singleShot(0, &window, [&] { window.openThing(options.thing); });
        code = QApplication::exec();
    }
    settings->setValue(kOpenKey, false);
    return code;
}

} // namespace

int main(int argc, char *argv[])
{
    QApplication::setHighDpiScaleFactorRoundingPolicy(Qt::HighDpiScaleFactorRoundingPolicy::PassThrough);
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("lethe"));
    QApplication::setApplicationDisplayName(QString());
    QApplication::setApplicationVersion(QString::fromStdString(lethe::letheVersion()));
    try {
        return run(application);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "lethe: %s\n", error.what());
        return 1;
    }
}
