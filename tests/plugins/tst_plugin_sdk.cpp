#include "support/Fixtures.h"

#include <lethe/method/MethodCatalog.h>
#include <lethe/run/RunSession.h>
#include <lethe/sdk/Method.h>

#include <QtCore/QDir>
#include <QtCore/QProcess>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <algorithm>

using namespace lethe;
namespace fs = std::filesystem;

namespace {

struct StepKeeper : RunObserver {
    void onStep(const StepRecord &record) override { steps.push_back(record); }
    std::vector<StepRecord> steps;
};

/// Runs a program to its end; empty where all is well, else what it said.
QString failureOf(const QString &program, const QStringList &arguments)
{
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(program, arguments);
    if (!process.waitForFinished(300000))
        return process.errorString();
    const bool well = process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0;
    return well ? QString() : program + QLatin1Char(' ') + arguments.join(QLatin1Char(' ')) + QLatin1Char('\n') + QString::fromUtf8(process.readAll());
}

} // namespace

/// Plugins that come from elsewhere: the example, built against an installed SDK, and ones that misbehave.
class TestPluginSdk : public QObject
{
    Q_OBJECT

private:
    Result<RunSummary> run(const MethodCatalog &catalog, const std::string &id, const std::map<std::string, ParameterValue> &values, StepKeeper &keeper) const
    {
        auto spec = readSpecFile(test::fixtures() / "losses" / "ga" / "spec.json");
        if (!spec.ok())
            return spec.error();
        spec->method = {.id = id, .parameters = {.values = values}};
        const auto resolved = resolveSpec(*spec, catalog);
        if (!resolved.ok())
            return resolved.error();
        const QTemporaryDir folder;
        RunControl control;
        return runSession(*resolved, catalog, {.runFolder = folder.path().toStdString()}, control, keeper);
    }

private Q_SLOTS:
    void theExampleIsBuiltAgainstAnInstalledSdkAndRuns()
    {
        const QTemporaryDir folder;
        const QString prefix = folder.filePath(QStringLiteral("prefix")), build = folder.filePath(QStringLiteral("build"));
        QString failure = failureOf(QStringLiteral(LETHE_CMAKE), {QStringLiteral("--install"), QStringLiteral(LETHE_BUILD), QStringLiteral("--component"),
                                                                  QStringLiteral("sdk"), QStringLiteral("--prefix"), prefix});
        QVERIFY2(failure.isEmpty(), qPrintable(failure));
        // The example as it was installed: nothing of Lethe's own tree is in reach.
        const QString example = prefix + QStringLiteral("/share/lethe/example");
        QVERIFY(QDir(example).exists());
        int lines = 0;
        for (const QFileInfo &file : QDir(example).entryInfoList({QStringLiteral("*.cpp"), QStringLiteral("*.json"), QStringLiteral("CMakeLists.txt")}, QDir::Files)) {
            QFile text(file.filePath());
            QVERIFY(text.open(QIODevice::ReadOnly));
            lines += static_cast<int>(text.readAll().count('\n'));
        }
        QVERIFY2(lines > 0 && lines <= 80, qPrintable(QString::number(lines)));
        failure = failureOf(QStringLiteral(LETHE_CMAKE), {QStringLiteral("-S"), example, QStringLiteral("-B"), build, QStringLiteral("-G"), QStringLiteral("Ninja"),
                                                          QStringLiteral("-DCMAKE_PREFIX_PATH=") + prefix, QStringLiteral("-DCMAKE_CXX_FLAGS=" LETHE_CXX_FLAGS)});
        QVERIFY2(failure.isEmpty(), qPrintable(failure));
        failure = failureOf(QStringLiteral(LETHE_CMAKE), {QStringLiteral("--build"), build});
        QVERIFY2(failure.isEmpty(), qPrintable(failure));

        const MethodCatalog catalog = MethodCatalog::scan({test::folderFromEnvironment("LETHE_PLUGINS"), (build + QStringLiteral("/plugins")).toStdString()});
        QVERIFY(catalog.find("capped_ascent") != nullptr);
        // What no token reaches caps nothing: plain ascent, step by step.
        StepKeeper plain, uncapped, capped;
        QVERIFY(run(catalog, "ga", {}, plain).ok());
        const auto summary = run(catalog, "capped_ascent", {{"cap", 100.0}}, uncapped);
        QVERIFY2(summary.ok(), summary.ok() ? "" : summary.error().message().c_str());
        QVERIFY(run(catalog, "capped_ascent", {{"cap", 1.0}}, capped).ok());
        QVERIFY(!plain.steps.empty());
        QCOMPARE(uncapped.steps.size(), plain.steps.size());
        for (std::size_t i = 0; i < plain.steps.size(); ++i) {
            QCOMPARE(uncapped.steps[i].loss, plain.steps[i].loss);
            QVERIFY(capped.steps[i].loss > plain.steps[i].loss && capped.steps[i].loss >= -1);
            QCOMPARE(uncapped.steps[i].values.front().first, std::string("forgotten_tokens"));
        }
    }

    void aPluginOfAnotherInterfaceIsListedWithItsReasonAndNeverLoaded_data()
    {
        QTest::addColumn<QString>("plugin");
        QTest::addColumn<int>("besideIt"); // the api of the manifest beside the plugin; 0: only the one within
        QTest::newRow("its library alone is of interface 1") << "another_interface" << 0;
        QTest::newRow("its library is, whatever the manifest says") << "another_interface" << 2;
        QTest::newRow("its library and its manifest are") << "another_interface" << 1;
        QTest::newRow("its manifest alone is") << "throwing" << 1;
    }
    void aPluginOfAnotherInterfaceIsListedWithItsReasonAndNeverLoaded()
    {
        QFETCH(QString, plugin);
        QFETCH(int, besideIt);
        const QTemporaryDir folder;
        const QString file = folder.filePath(plugin + QStringLiteral(".so"));
        QVERIFY(QFile::copy(QStringLiteral(LETHE_BROKEN_PLUGINS "/") + plugin + QStringLiteral(".so"), file));
        if (besideIt != 0) {
            QFile manifest(QStringLiteral(LETHE_THROWING_MANIFEST));
            QVERIFY(manifest.open(QIODevice::ReadOnly));
            const QByteArray text = manifest.readAll();
            QCOMPARE(text.count("\"api\": 2"), 1);
            QFile beside(folder.filePath(plugin + QStringLiteral(".json")));
            QVERIFY(beside.open(QIODevice::WriteOnly));
            beside.write(QByteArray(text).replace("\"api\": 2", "\"api\": " + QByteArray::number(besideIt)));
        }
        const MethodCatalog catalog = MethodCatalog::scan({folder.path().toStdString()});
        QCOMPARE(catalog.entries().size(), std::size_t{1});
        const MethodEntry &entry = catalog.entries().front();
        QCOMPARE(entry.manifest.id, plugin.toStdString());
        QVERIFY(entry.error.has_value());
        QCOMPARE(entry.error->code, ErrorCode::Unsupported);
        QCOMPARE(entry.error->what, std::string("the method speaks interface 1, this Lethe speaks 2"));
        const auto made = catalog.create(plugin.toStdString(), {}); // to load `another_interface` would end the program
        QVERIFY(!made.ok());
        QCOMPARE(made.error().code, ErrorCode::NotFound);
    }

    void whatAPluginThrowsIsAnErrorOfTheRunThatNamesIt_data()
    {
        QTest::addColumn<QString>("place");
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("words");
        for (const char *place : {"create", "begin", "term", "after a step", "state"}) {
            QTest::addRow("an exception, %s", place) << place << "exception" << "thrown on purpose";
            QTest::addRow("LibTorch's, %s", place) << place << "tensor" << "size of tensor";
            QTest::addRow("a number, %s", place) << place << "number" << "no exception";
        }
    }
    void whatAPluginThrowsIsAnErrorOfTheRunThatNamesIt()
    {
        QFETCH(QString, place);
        QFETCH(QString, what);
        QFETCH(QString, words);
        const MethodCatalog catalog = MethodCatalog::scan({LETHE_BROKEN_PLUGINS});
        StepKeeper keeper;
        const auto summary = run(catalog, "throwing", {{"place", place.toStdString()}, {"what", what.toStdString()}}, keeper);
        QVERIFY(!summary.ok());
        const QString message = QString::fromStdString(summary.error().message());
        QVERIFY2(message.contains(words), qPrintable(message));
        QVERIFY2(message.contains(QLatin1String("throwing")), qPrintable(message));
        // The next run of the same process is none the worse for it.
        QVERIFY(run(catalog, "throwing", {}, keeper).ok());
    }
};

QTEST_GUILESS_MAIN(TestPluginSdk)
#include "tst_plugin_sdk.moc"
