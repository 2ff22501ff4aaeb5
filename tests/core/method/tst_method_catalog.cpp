#include <lethe/method/MethodCatalog.h>
#include <lethe/sdk/Method.h>

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

using namespace lethe;

namespace {

constexpr const char *kManifest = R"({
  "id": "toy", "name": "Toy", "api": 2, "summary": "s", "paper": "p", "formula": "f", "needs": ["forget", "retain"],
  "retain_term": {"losses": ["none", "nll", "kl"], "default": "kl", "retain_weight": 0.5, "forget_weight": 2},
  "parameters": [
    {"name": "beta", "type": "float", "default": 1, "min": 0, "max": 10, "exclusive_min": true, "help": "h", "unit": "nats"},
    {"name": "layer_index", "type": "int", "default": 7, "min": 0},
    {"name": "mode", "type": "choice", "default": "a", "choices": ["a", "b"], "advanced": true, "depends_on": "on=true"},
    {"name": "on", "type": "bool", "default": true},
    {"name": "file", "type": "string", "default": null, "label": "Refusals"},
    {"name": "names", "type": "list", "default": ["x"]}
  ],
  "a_key_of_tomorrow": 1
})";

QString pluginFolder()
{
    return qEnvironmentVariable("LETHE_PLUGINS");
}

void write(const QString &path, const QByteArray &content)
{
    QFile file(path);
    QVERIFY2(file.open(QIODevice::WriteOnly), qPrintable(path));
    file.write(content);
}


} // namespace

class TestMethodCatalog : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aManifestIsReadWhole();
    void commonParametersFollowTheMethodsOwn();
    void brokenManifestsAreNamedWithTheirLine_data();
    void brokenManifestsAreNamedWithTheirLine();
    void anotherInterfaceVersionIsRefusedInWords();
    void theShippedMethodsAreThere();
    void aMethodIsMadeFromItsPlugin();
    void aPluginDroppedIntoAFolderIsAllItTakes();
    void aBraceRemovedListsTheMethodAsNotUsableWithTheLine();
    void whatIsNoPluginIsListedAndStopsNothing();
    void aLaterFolderWins();
    void aMissingFolderHoldsNothing();
};

void TestMethodCatalog::aManifestIsReadWhole()
{
    const Result<MethodManifest> manifest = parseMethodManifest(kManifest, "toy.json");
    QVERIFY2(manifest.ok(), manifest.ok() ? "" : manifest.error().message().c_str());
    QCOMPARE(manifest->id, std::string("toy"));
    QCOMPARE(manifest->anchor, std::string("forget"));
    const ParameterSpec *beta = manifest->parameter("beta");
    QVERIFY(beta != nullptr);
    QCOMPARE(std::get<double>(beta->defaultValue), 1.0);
    QVERIFY(beta->exclusiveMinimum);
    QCOMPARE(beta->maximum.value(), 10.0);
    QCOMPARE(beta->unit, std::string("nats"));
    QCOMPARE(manifest->parameter("layer_index")->label, std::string("layer index"));
    QCOMPARE(std::get<std::int64_t>(manifest->parameter("layer_index")->defaultValue), 7);
    QCOMPARE(manifest->parameter("mode")->dependsOn, std::string("on=true"));
    QVERIFY(manifest->parameter("mode")->advanced);
    QVERIFY(std::holds_alternative<std::monostate>(manifest->parameter("file")->defaultValue));
    QCOMPARE(manifest->parameter("file")->label, std::string("Refusals"));
    QVERIFY(manifest->parameter("nothing") == nullptr);
}

void TestMethodCatalog::commonParametersFollowTheMethodsOwn()
{
    const Result<MethodManifest> manifest = parseMethodManifest(kManifest, "toy.json");
    QVERIFY(manifest.ok());
    QStringList names;
    for (const ParameterSpec &parameter : manifest->parameters)
        names << QString::fromStdString(parameter.name);
    QCOMPARE(names.mid(6), QStringList({QStringLiteral("forget_weight"), QStringLiteral("retain_weight"), QStringLiteral("accumulation"),
                                        QStringLiteral("retain_loss"), QStringLiteral("kl_positions")}));
    QCOMPARE(std::get<double>(manifest->parameter("retain_weight")->defaultValue), 0.5);
    QCOMPARE(std::get<double>(manifest->parameter("forget_weight")->defaultValue), 2.0);
    QCOMPARE(std::get<std::string>(manifest->parameter("retain_loss")->defaultValue), std::string("kl"));
    QCOMPARE(manifest->parameter("retain_loss")->choices.size(), std::size_t{3});
    QCOMPARE(manifest->retainLosses.size(), std::size_t{3});
}

void TestMethodCatalog::brokenManifestsAreNamedWithTheirLine_data()
{
    QTest::addColumn<QString>("remove");
    QTest::addColumn<QString>("put");
    QTest::addColumn<QString>("message");
    QTest::newRow("a brace removed") << "{\"name\": \"on\"," << "\"name\": \"on\","
                                     << "toy.json:8: not valid JSON: unexpected ':'; expected ']'. Mend the method's manifest";
    QTest::newRow("no id") << "\"id\": \"toy\", " << "" << "toy.json:1: id: is missing. Give a short name in lower case. Mend the method's manifest";
    QTest::newRow("an unknown type") << "\"bool\"" << "\"boole\""
                                     << "toy.json:8: parameters[3].type: \"boole\" is not a type. Use int, float, bool, choice, string or list. Mend the method's manifest";
    QTest::newRow("a default out of range") << "\"default\": 7" << "\"default\": -7"
                                            << "toy.json:6: parameters[1].default: -7 is not allowed. Use a whole number, 0 or more. Mend the method's manifest";
    QTest::newRow("a default that is no choice") << "\"default\": \"a\"" << "\"default\": \"c\""
                                                 << "toy.json:7: parameters[2].default: \"c\" is not allowed. Use a or b. Mend the method's manifest";
    QTest::newRow("an unknown need") << "[\"forget\"," << "[\"forgot\"," << "toy.json:2: needs: \"forgot\" is not allowed. Use forget, retain, reference, alternate. Mend the method's manifest";
    QTest::newRow("an unknown retain loss") << "[\"none\"," << "[\"nil\"," << "losses: \"nil\" is not allowed";
    QTest::newRow("a name twice") << "\"on\", \"type\"" << "\"beta\", \"type\"" << "beta is declared twice";
    QTest::newRow("no api") << "\"api\": 2, " << "" << "api: is missing. This Lethe speaks method interface 2";
    QTest::newRow("nothing") << QString::fromUtf8(kManifest) << "" << "toy.json:1: not valid JSON";
    QTest::newRow("a list") << QString::fromUtf8(kManifest) << "[]" << "toy.json:1: the manifest is an empty list, not an object";
}

void TestMethodCatalog::brokenManifestsAreNamedWithTheirLine()
{
    QFETCH(QString, remove);
    QFETCH(QString, put);
    QFETCH(QString, message);
    QString text = QString::fromUtf8(kManifest);
    QVERIFY(text.contains(remove));
    text.replace(remove, put);
    const Result<MethodManifest> manifest = parseMethodManifest(text.toStdString(), "toy.json");
    QVERIFY(!manifest.ok());
    QCOMPARE(manifest.error().code, ErrorCode::Corrupt);
    const QString actual = QString::fromStdString(manifest.error().message());
    QVERIFY2(actual.contains(message), qPrintable(actual));
}

void TestMethodCatalog::anotherInterfaceVersionIsRefusedInWords()
{
    const QString text = QString::fromUtf8(kManifest).replace(QStringLiteral("\"api\": 2"), QStringLiteral("\"api\": 1"));
    const Result<MethodManifest> manifest = parseMethodManifest(text.toStdString(), "toy.json");
    QVERIFY(!manifest.ok());
    QCOMPARE(manifest.error().code, ErrorCode::Unsupported);
    QCOMPARE(manifest.error().what, std::string("the method speaks interface 1, this Lethe speaks 2"));
}

void TestMethodCatalog::theShippedMethodsAreThere()
{
    const MethodCatalog catalog = MethodCatalog::scan({pluginFolder().toStdString()});
    for (const char *id : {"finetune", "ga", "grad_diff", "npo"})
        QVERIFY2(catalog.find(id) != nullptr, qPrintable(QStringLiteral("no %1 in %2").arg(QLatin1String(id), pluginFolder())));
    for (const MethodEntry &entry : catalog.entries())
        QVERIFY2(!entry.error, entry.error ? entry.error->message().c_str() : "");
    QCOMPARE(std::string(LETHE_METHOD_IID), "org.lethe.Method/" + std::to_string(kMethodApi)); // the headers' two names of one number
    QCOMPARE(catalog.find("npo")->parameter("beta")->maximum.value(), 10.0);
    QCOMPARE(catalog.find("finetune")->anchor, std::string("all"));
    QVERIFY(catalog.find("nothing") == nullptr);
}

void TestMethodCatalog::aMethodIsMadeFromItsPlugin()
{
    const MethodCatalog catalog = MethodCatalog::scan({pluginFolder().toStdString()});
    ParameterSet parameters;
    parameters.values["beta"] = 0.1;
    const auto npo = catalog.create("npo", parameters);
    QVERIFY2(npo.ok(), npo.ok() ? "" : npo.error().message().c_str());
    QVERIFY(npo.value() != nullptr);
    // a parameter that is missing is a caller's defect; the plugin's exception still stops at the catalog
    const auto thrown = catalog.create("npo", {});
    QVERIFY(!thrown.ok());
    QCOMPARE(thrown.error().code, ErrorCode::Internal);
    QCOMPARE(catalog.create("nothing", {}).error().code, ErrorCode::NotFound);
}

void TestMethodCatalog::aPluginDroppedIntoAFolderIsAllItTakes()
{
    QTemporaryDir folder;
    QVERIFY(MethodCatalog::scan({folder.path().toStdString()}).entries().empty());
    QVERIFY(QFile::copy(pluginFolder() + QStringLiteral("/ga.so"), folder.filePath(QStringLiteral("ga.so"))));
    const MethodCatalog catalog = MethodCatalog::scan({folder.path().toStdString()});
    QCOMPARE(catalog.entries().size(), std::size_t{1});
    QVERIFY2(!catalog.entries().front().error, catalog.entries().front().error ? catalog.entries().front().error->message().c_str() : "");
    QVERIFY(catalog.create("ga", {}).ok());
}

void TestMethodCatalog::aBraceRemovedListsTheMethodAsNotUsableWithTheLine()
{
    QTemporaryDir folder;
    for (const char *name : {"npo.so", "npo.json", "ga.so", "ga.json"})
        QVERIFY2(QFile::copy(pluginFolder() + QLatin1Char('/') + QLatin1String(name), folder.filePath(QLatin1String(name))), name);
    QFile manifest(folder.filePath(QStringLiteral("npo.json")));
    QVERIFY(manifest.open(QIODevice::ReadOnly));
    QString text = QString::fromUtf8(manifest.readAll());
    manifest.close();
    text.truncate(text.lastIndexOf(QLatin1Char('}')));
    QFile::setPermissions(manifest.fileName(), QFile::ReadOwner | QFile::WriteOwner);
    write(manifest.fileName(), text.toUtf8());

    const MethodCatalog catalog = MethodCatalog::scan({folder.path().toStdString()});
    QCOMPARE(catalog.entries().size(), std::size_t{2});
    QCOMPARE(catalog.entries()[0].manifest.id, std::string("ga"));
    QVERIFY(!catalog.entries()[0].error);
    const MethodEntry &broken = catalog.entries()[1];
    QCOMPARE(broken.manifest.id, std::string("npo"));
    QVERIFY(broken.error.has_value());
    const QString where = QString::fromStdString(broken.error->where);
    QVERIFY2(where.startsWith(manifest.fileName() + QLatin1Char(':')), qPrintable(where));
    QVERIFY2(where.section(QLatin1Char(':'), -1).toInt() >= text.count(QLatin1Char('\n')), qPrintable(where));
    QVERIFY(catalog.find("npo") == nullptr);
}

void TestMethodCatalog::whatIsNoPluginIsListedAndStopsNothing()
{
    QTemporaryDir folder;
    write(folder.filePath(QStringLiteral("empty.so")), {});
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("failed to map to memory")));
    write(folder.filePath(QStringLiteral("text.so")), "not a library");
    write(folder.filePath(QStringLiteral("alone.json")), kManifest);
    write(folder.filePath(QStringLiteral("notes.txt")), "passed over");
    QVERIFY(QFile::copy(pluginFolder() + QStringLiteral("/ga.so"), folder.filePath(QStringLiteral("ga.so"))));
    const MethodCatalog catalog = MethodCatalog::scan({folder.path().toStdString()});
    QCOMPARE(catalog.entries().size(), std::size_t{4});
    QVERIFY(catalog.find("ga") != nullptr);
    QStringList words;
    for (const MethodEntry &entry : catalog.entries())
        if (entry.error)
            words << QString::fromStdString(entry.manifest.id + ": " + entry.error->what);
    QCOMPARE(words, QStringList({QStringLiteral("alone: a manifest with no plugin beside it"), QStringLiteral("empty: the file is empty"),
                                 QStringLiteral("text: this is not a Lethe method plugin")}));
}

void TestMethodCatalog::aLaterFolderWins()
{
    QTemporaryDir folder;
    QVERIFY(QFile::copy(pluginFolder() + QStringLiteral("/ga.so"), folder.filePath(QStringLiteral("ga.so"))));
    const MethodCatalog catalog = MethodCatalog::scan({pluginFolder().toStdString(), folder.path().toStdString()});
    int found = 0;
    for (const MethodEntry &entry : catalog.entries()) {
        if (entry.manifest.id != "ga")
            continue;
        ++found;
        QVERIFY(QString::fromStdString(entry.file.string()).startsWith(folder.path()));
    }
    QCOMPARE(found, 1);
}

void TestMethodCatalog::aMissingFolderHoldsNothing()
{
    QVERIFY(MethodCatalog::scan({"/nowhere/at/all"}).entries().empty());
}

QTEST_GUILESS_MAIN(TestMethodCatalog)
#include "tst_method_catalog.moc"
