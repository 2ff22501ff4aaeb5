#include "CliProcess.h"

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtTest/QtTest>

using namespace lethe::test;

namespace {

void write(const QString &path, const QByteArray &content)
{
    QFile file(path);
    QVERIFY2(file.open(QIODevice::WriteOnly), qPrintable(path));
    file.write(content);
}

} // namespace

class TestCliUsage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void wrongUsageExitsTwo_data();
    void wrongUsageExitsTwo();
    void failedWorkExitsOne_data();
    void failedWorkExitsOne();
    void refusedSpecsExitTwoNamingThePath_data();
    void refusedSpecsExitTwoNamingThePath();
    void everyOffenceIsOnALineOfItsOwn();
    void aSpecIsRefusedBeforeAStoreIsMade_data();
    void aSpecIsRefusedBeforeAStoreIsMade();
    void versionNamesTheDeviceAndWhyNotTheOther();
    void helpExitsZero();
    void globalOptionsStandBeforeOrAfterTheCommand();
    void methodsPrintTheContractsKeys();
    void aBrokenPluginIsListedAndStopsNothing();
    void noStoreYetIsAnEmptyList();
    void inspectSaysWhatTheFixturesSay();

private:
    CliResult cli(const QStringList &arguments) { return runCli(m_home.path(), arguments); }
    QString file(const char *name) const { return m_home.filePath(QLatin1String(name)); }
    QTemporaryDir m_home;
};

void TestCliUsage::initTestCase()
{
    QVERIFY2(QFile::exists(cliProgram()), qPrintable(cliProgram() + QStringLiteral(" is not there: build lethe-cli")));
    QVERIFY2(QDir(fixtures()).exists(QStringLiteral("models")), "no fixtures: set LETHE_FIXTURES");
    const QByteArray spec = R"({"model": ")" + fixtures().toUtf8() + R"(/losses/models/llama", "data": {"forget": {"path": ")" + fixtures().toUtf8()
        + R"(/losses/data/forget.jsonl"}}, "method": {"id": "ga"}, "training": {"max_steps": 1}})";
    write(file("spec.json"), spec);
    write(file("broken.json"), "{\"model\": \"m\",\n");
    write(file("text.txt"), "a");
    write(file("ids.json"), "[1, \"two\"]");
}

void TestCliUsage::wrongUsageExitsTwo_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("words");
    const auto row = [](const char *arguments, const char *words) {
        QTest::newRow(arguments) << QString::fromUtf8(arguments).split(QLatin1Char(' '), Qt::SkipEmptyParts) << QString::fromUtf8(words);
    };
    row("", "subcommand");
    row("inspekt x", "inspekt is not a command");
    row("inspect", "MODEL is required");
    row("inspect a b", "b");
    row("inspect a --nonsense", "--nonsense");
    row("tokenize m", "--text-file or --messages-file");
    row("tokenize m --text-file a --messages-file b", "excludes");
    row("tokenize m --messages-file b --lines", "--text-file");
    row("generate m", "--prompt or --prompts-file");
    row("generate m --prompt x --max-new-tokens 0", "--max-new-tokens");
    row("generate m --prompt x --temperature hot", "--temperature");
    row("generate m --prompt x --logit-weight 1", "--assistant");
    row("logits m --ids-file i", "--out");
    row("run", "SPEC or --resume");
    row("run --resume 1 --set training.seed=2", "--set: there is no SPEC");
    row("run --resume one", "RUN: \"one\" is not a run's number");
    row("runs", "subcommand");
    row("runs show", "RUN");
    row("runs show x", "RUN: \"x\" is not a run's number");
    row("runs compare 1", "RUN");
    row("export 1", "--out");
    row("bench", "subcommand");
    row("bench train", "--spec");
    row("--device gpu methods", "gpu is no device");
    row("methods --dtype f64", "f64");
    row("methods --threads 0", "--threads");
}

void TestCliUsage::wrongUsageExitsTwo()
{
    QFETCH(QStringList, arguments);
    QFETCH(QString, words);
    const CliResult result = cli(arguments);
    QVERIFY2(result.exitCode == 2, qPrintable(QString::number(result.exitCode) + result.err));
    QVERIFY(result.out.isEmpty());
    QVERIFY2(result.firstErrorLine().startsWith(QLatin1String("lethe-cli: ")), qPrintable(result.err));
    QVERIFY2(result.firstErrorLine().contains(words), qPrintable(result.err));
}

void TestCliUsage::failedWorkExitsOne_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("words");
    const auto row = [](const char *arguments, const char *words) {
        QTest::newRow(arguments) << QString::fromUtf8(arguments).split(QLatin1Char(' '), Qt::SkipEmptyParts) << QString::fromUtf8(words);
    };
    row("inspect nowhere", "nowhere");
    row("tokenize nowhere --text-file text.txt", "nowhere");
    row("tokenize FIX/tokenizers/gpt2 --text-file nothing.txt", "nothing.txt");
    row("detokenize FIX/tokenizers/gpt2 --ids-file ids.json", "ids.json: this is not a list of token ids");
    row("detokenize FIX/tokenizers/gpt2 --ids-file broken.json", "broken.json: this is not a list of token ids");
    row("generate nowhere --prompt x", "nowhere");
    row("generate FIX/models/llama --prompts-file ids.json", "ids.json: this is not a list of prompts");
    row("logits FIX/models/llama --ids-file broken.json --out x.safetensors", "broken.json:2: this is not JSON");
    row("logits FIX/models/llama --ids-file ids.json --out x.safetensors", "ids.json: this is not a list of lists of token ids");
    row("runs show 7", "there is no run store");
    row("--db text.txt runs list", "text.txt");
    row("runs import broken.json", "");
}

void TestCliUsage::failedWorkExitsOne()
{
    QFETCH(QStringList, arguments);
    QFETCH(QString, words);
    for (QString &argument : arguments)
        argument.replace(QLatin1String("FIX"), fixtures());
    const CliResult result = cli(arguments);
    QVERIFY2(result.exitCode == 1, qPrintable(QString::number(result.exitCode) + result.err));
    QVERIFY(result.out.isEmpty());
    QVERIFY2(result.firstErrorLine().startsWith(QLatin1String("lethe-cli: ")), qPrintable(result.err));
    QVERIFY2(result.firstErrorLine().contains(words), qPrintable(result.err));
    QDir(m_home.path()).removeRecursively();
    QDir().mkpath(m_home.path());
    initTestCase();
}

void TestCliUsage::refusedSpecsExitTwoNamingThePath_data()
{
    QTest::addColumn<QString>("assignment");
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("command");
    QTest::newRow("unknown key") << "training.learning_rat=1" << "lethe-cli: training.learning_rat: unknown key (did you mean learning_rate?). Accepted here: " << "run";
    QTest::newRow("wrong type") << "training.batch_size=four" << "lethe-cli: training.batch_size: \"four\" is not a whole number. Use a whole number, 1 or more" << "eval";
    QTest::newRow("out of range") << "training.batch_size=0" << "lethe-cli: training.batch_size: 0 is not allowed. Use a whole number, 1 or more" << "bench train --spec";
    QTest::newRow("unknown method") << "method.id=nppo" << "lethe-cli: method.id: \"nppo\" is not a method (did you mean npo?). Available: " << "run";
    QTest::newRow("unknown parameter") << "method.parameters.beta=1" << "lethe-cli: method.parameters.beta: unknown parameter. ga has no parameters" << "eval";
    QTest::newRow("no model") << "model=nowhere" << "lethe-cli: model: there is no folder " << "bench train --spec";
    QTest::newRow("no file") << "data.forget.path=nowhere" << "lethe-cli: data.forget.path: there is no file " << "run";
    QTest::newRow("no assignment") << "training.batch_size" << "lethe-cli: training.batch_size: there is no = in the assignment" << "run";
}

void TestCliUsage::refusedSpecsExitTwoNamingThePath()
{
    QFETCH(QString, assignment);
    QFETCH(QString, line);
    QFETCH(QString, command);
    const CliResult result = cli(command.split(QLatin1Char(' ')) << QStringLiteral("spec.json") << QStringLiteral("--set") << assignment);
    QVERIFY2(result.exitCode == 2, qPrintable(result.err));
    QVERIFY(result.out.isEmpty());
    QVERIFY2(result.err.startsWith(line), qPrintable(result.err));
}

void TestCliUsage::everyOffenceIsOnALineOfItsOwn()
{
    write(file("bad.json"), R"({"model": "m", "data": {}, "method": {"id": "ga"}, "training": {"seed": -1, "eps": "small"}, "evall": null})");
    const CliResult result = cli({QStringLiteral("run"), QStringLiteral("bad.json")});
    QCOMPARE(result.exitCode, 2);
    const QStringList lines = result.err.trimmed().split(QLatin1Char('\n'));
    QCOMPARE(lines.size(), 3);
    QVERIFY(lines[0].startsWith(QLatin1String("lethe-cli: training.eps: \"small\" is not a number")));
    QVERIFY(lines[1].startsWith(QLatin1String("training.seed: -1 is not allowed")));
    QVERIFY(lines[2].startsWith(QLatin1String("evall: unknown key (did you mean eval?)")));
    const CliResult broken = cli({QStringLiteral("run"), QStringLiteral("broken.json")});
    QCOMPARE(broken.exitCode, 2);
    QVERIFY2(broken.err.startsWith(QLatin1String("lethe-cli: broken.json, line ")), qPrintable(broken.err));
}

void TestCliUsage::aSpecIsRefusedBeforeAStoreIsMade_data()
{
    QTest::addColumn<QStringList>("assignments");
    QTest::addColumn<QString>("line");
    const QString retain = QStringLiteral("data.retain={\"path\": \"%1/losses/data/retain.jsonl\"}").arg(fixtures());
    QTest::newRow("out of range") << QStringList{QStringLiteral("training.seed=-1")} << "lethe-cli: training.seed: -1 is not allowed. ";
    // What a method alone can tell: the model at hand has two layers.
    QTest::newRow("no such layer") << QStringList{retain, QStringLiteral("method.id=rmu"), QStringLiteral("method.parameters={\"layer\": 2}")}
                                   << "lethe-cli: method.parameters.layer: 2 is not allowed: the model has 2 layers, counted from 0. Use 0 to 1";
    QTest::newRow("too deep an assistant") << QStringList{retain, QStringLiteral("method.id=uld"), QStringLiteral("method.parameters={\"assistant_layers\": 3}")}
                                           << "lethe-cli: method.parameters.assistant_layers: the model has 2 layers, not 3. Use 1 to 2";
    QTest::newRow("two kinds of adapters") << QStringList{retain, QStringLiteral("method.id=uld"), QStringLiteral("method.parameters={\"assistant_layers\": 1}"),
                                                          QStringLiteral("training.lora={}")}
                                           << "lethe-cli: training.lora: must be null: the assistant's adapters are the method's own. ";
    QTest::newRow("a retain set after all") << QStringList{QStringLiteral("method.id=pdu"), QStringLiteral("method.parameters={\"retain_weight\": 0}")}
                                            << "lethe-cli: data.retain: is missing, and pdu needs a retain set. ";
    QTest::newRow("a type that is not trained in") << QStringList{QStringLiteral("training.dtype=f16")}
                                                   << "lethe-cli: training.dtype: training in f16 needs loss scaling, which Lethe does not do. Use bf16 or f32";
}

void TestCliUsage::aSpecIsRefusedBeforeAStoreIsMade()
{
    QFETCH(QStringList, assignments);
    QFETCH(QString, line);
    QStringList arguments{QStringLiteral("--db"), QStringLiteral("new.sqlite"), QStringLiteral("run"), QStringLiteral("spec.json")};
    for (const QString &assignment : assignments)
        arguments << QStringLiteral("--set") << assignment;
    const CliResult result = cli(arguments);
    QVERIFY2(result.exitCode == 2, qPrintable(QString::number(result.exitCode) + result.err));
    QVERIFY2(result.err.startsWith(line), qPrintable(result.err));
    QVERIFY(result.out.isEmpty());
    QVERIFY(!QFile::exists(file("new.sqlite")));
}

void TestCliUsage::versionNamesTheDeviceAndWhyNotTheOther()
{
    const CliResult result = cli({QStringLiteral("--version")});
    QCOMPARE(result.exitCode, 0);
    const QString text = QString::fromUtf8(result.out);
    QVERIFY2(text.contains(QLatin1String("LibTorch ")) && text.contains(QLatin1String("device: ")), qPrintable(text));
    QVERIFY2(text.contains(QLatin1String("cuda:0")) || text.contains(QLatin1String("no CUDA: ")), qPrintable(text));
}

void TestCliUsage::helpExitsZero()
{
    for (const QStringList &arguments : {QStringList{QStringLiteral("--help")}, QStringList{QStringLiteral("run"), QStringLiteral("--help")},
                                         QStringList{QStringLiteral("runs"), QStringLiteral("show"), QStringLiteral("--help")}}) {
        const CliResult result = cli(arguments);
        QCOMPARE(result.exitCode, 0);
        QVERIFY(result.out.contains("Usage: "));
    }
}

void TestCliUsage::globalOptionsStandBeforeOrAfterTheCommand()
{
    const QString model = fixtures() + QStringLiteral("/models/llama");
    for (const QStringList &arguments : {QStringList{QStringLiteral("--threads"), QStringLiteral("1"), QStringLiteral("-v"), QStringLiteral("inspect"), model},
                                         QStringList{QStringLiteral("inspect"), model, QStringLiteral("--threads"), QStringLiteral("1"), QStringLiteral("-v")},
                                         QStringList{QStringLiteral("inspect"), QStringLiteral("--device"), QStringLiteral("cpu"), model}}) {
        const CliResult result = cli(arguments);
        QVERIFY2(result.exitCode == 0, qPrintable(result.err));
    }
}

void TestCliUsage::methodsPrintTheContractsKeys()
{
    const CliResult result = cli({QStringLiteral("methods")});
    QCOMPARE(result.exitCode, 0);
    QStringList ids;
    for (const QJsonValue &method : result.json().value(QLatin1String("methods")).toArray()) {
        ids << method[QLatin1String("id")].toString();
        for (const char *key : {"id", "name", "summary", "paper", "needs", "parameters", "plugin"})
            QVERIFY2(method.toObject().contains(QLatin1String(key)), key);
        for (const QJsonValue &parameter : method[QLatin1String("parameters")].toArray())
            for (const char *key : {"name", "type", "default", "min", "max", "help"})
                QVERIFY2(parameter.toObject().contains(QLatin1String(key)), key);
    }
    for (const char *id : {"finetune", "ga", "grad_diff", "npo"})
        QVERIFY2(ids.contains(QLatin1String(id)), id);
}

void TestCliUsage::aBrokenPluginIsListedAndStopsNothing()
{
    QDir(m_home.path()).mkpath(QStringLiteral("plugins"));
    write(file("plugins/toy.so"), "no library");
    const CliResult result = cli({QStringLiteral("methods"), QStringLiteral("--plugins"), QStringLiteral("plugins")});
    QVERIFY2(result.exitCode == 0, qPrintable(result.err));
    const QJsonArray broken = result.json().value(QLatin1String("not_usable")).toArray();
    QCOMPARE(broken.size(), 1);
    QVERIFY(broken[0].toObject().value(QLatin1String("error")).toString().contains(QLatin1String("this is not a Lethe method plugin")));
    QVERIFY(result.json().value(QLatin1String("methods")).toArray().size() >= 4);
}

void TestCliUsage::noStoreYetIsAnEmptyList()
{
    const CliResult result = cli({QStringLiteral("runs"), QStringLiteral("list")});
    QVERIFY2(result.exitCode == 0, qPrintable(result.err));
    QCOMPARE(result.out.trimmed(), QByteArray("{\"runs\":[]}"));
    QVERIFY(!QFile::exists(file("lethe/lethe.sqlite")));
}

void TestCliUsage::inspectSaysWhatTheFixturesSay()
{
    const QDir models(fixtures() + QStringLiteral("/models"));
    const QStringList names = models.entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    QVERIFY(!names.isEmpty());
    for (const QString &name : names) {
        QFile expectedFile(models.filePath(name + QStringLiteral("/inspect.json")));
        QVERIFY2(expectedFile.open(QIODevice::ReadOnly), qPrintable(expectedFile.fileName()));
        const QJsonObject expected = QJsonDocument::fromJson(expectedFile.readAll()).object();
        const CliResult result = cli({QStringLiteral("inspect"), models.filePath(name)});
        QVERIFY2(result.exitCode == 0, qPrintable(name + result.err));
        const QJsonObject actual = result.json();
        for (const QString &key : expected.keys()) {
            const QJsonValue wanted = expected[key];
            if (!wanted.isObject()) {
                QVERIFY2(actual[key] == wanted, qPrintable(name + QLatin1Char(' ') + key));
                continue;
            }
            for (const QString &inner : wanted.toObject().keys())
                QVERIFY2(actual[key][inner] == wanted[inner], qPrintable(name + QLatin1Char(' ') + key + QLatin1Char('.') + inner));
        }
    }
}

QTEST_GUILESS_MAIN(TestCliUsage)
#include "tst_cli_usage.moc"
