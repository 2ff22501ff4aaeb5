#include "CliProcess.h"

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtTest/QtTest>

using namespace lethe::test;

namespace {

QJsonObject jsonFile(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QJsonDocument::fromJson(file.readAll()).object() : QJsonObject();
}

} // namespace

class TestCliGenerate : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void greedyIdsAreTheFixtures_data();
    void greedyIdsAreTheFixtures();
    void anAssistantsLogitsAreAdded();
    void samplingRepeatsWithItsSeed();
    void anAssistantOfAnotherVocabularyIsRefused();
    void logitsAreWrittenWhole();

private:
    CliResult cli(const QStringList &arguments) { return runCli(m_home.path(), arguments); }
    QTemporaryDir m_home;
};

void TestCliGenerate::greedyIdsAreTheFixtures_data()
{
    QTest::addColumn<QString>("folder");
    for (const char *name : {"llama", "llama3", "gpt2"})
        QTest::newRow(name) << fixtures() + QStringLiteral("/models/") + QLatin1String(name);
}

void TestCliGenerate::greedyIdsAreTheFixtures()
{
    QFETCH(QString, folder);
    const QJsonObject expected = jsonFile(folder + QStringLiteral("/generate.json"));
    const QJsonArray cases = expected[QLatin1String("generations")].toArray();
    QVERIFY2(!cases.isEmpty(), qPrintable(folder + QStringLiteral("/generate.json is not there")));
    QJsonArray prompts;
    for (const QJsonValue &one : cases)
        prompts << one[QLatin1String("prompt")];
    QFile file(m_home.filePath(QStringLiteral("prompts.json")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QJsonDocument(prompts).toJson());
    file.close();
    const CliResult result = cli({QStringLiteral("generate"), folder, QStringLiteral("--prompts-file"), file.fileName(), QStringLiteral("--max-new-tokens"),
                                  QString::number(expected[QLatin1String("max_new_tokens")].toInt())});
    QVERIFY2(result.exitCode == 0, qPrintable(result.err));
    const QJsonArray generations = result.json()[QLatin1String("generations")].toArray();
    QCOMPARE(generations.size(), cases.size());
    for (qsizetype i = 0; i < cases.size(); ++i) {
        const QJsonValue given = generations[i], wanted = cases[i];
        for (const char *key : {"prompt", "ids", "text"})
            QVERIFY2(given[QLatin1String(key)] == wanted[QLatin1String(key)], key);
        QVERIFY(given[QLatin1String("tokens_per_second")].toDouble() > 0);
    }
}

void TestCliGenerate::anAssistantsLogitsAreAdded()
{
    const QString folder = fixtures() + QStringLiteral("/assist");
    const QJsonObject expected = jsonFile(folder + QStringLiteral("/generate.json"));
    const QJsonArray cases = expected[QLatin1String("generations")].toArray();
    QVERIFY2(!cases.isEmpty(), "assist/generate.json is not in LETHE_FIXTURES");
    const QDir base(folder);
    for (const QJsonValue &one : cases) {
        const CliResult result = cli({QStringLiteral("generate"), base.filePath(expected[QLatin1String("model")].toString()), QStringLiteral("--prompt"),
                                      one[QLatin1String("prompt")].toString(), QStringLiteral("--assistant"),
                                      base.filePath(expected[QLatin1String("assistant")].toString()), QStringLiteral("--logit-weight"),
                                      QString::number(one[QLatin1String("logit_weight")].toDouble()), QStringLiteral("--max-new-tokens"),
                                      QString::number(expected[QLatin1String("max_new_tokens")].toInt())});
        QVERIFY2(result.exitCode == 0, qPrintable(result.err));
        const QJsonObject given = result.json()[QLatin1String("generations")].toArray()[0].toObject();
        QCOMPARE(given[QLatin1String("ids")], one[QLatin1String("ids")]);
        QCOMPARE(given[QLatin1String("text")], one[QLatin1String("text")]);
    }
}

void TestCliGenerate::samplingRepeatsWithItsSeed()
{
    const auto ids = [this](const char *seed) {
        return cli({QStringLiteral("generate"), fixtures() + QStringLiteral("/models/llama"), QStringLiteral("--prompt"), QStringLiteral("Question"),
                    QStringLiteral("--temperature"), QStringLiteral("3"), QStringLiteral("--seed"), QLatin1String(seed)})
            .json()[QLatin1String("generations")].toArray()[0].toObject()[QLatin1String("ids")].toArray();
    };
    const QJsonArray first = ids("1");
    QVERIFY(!first.isEmpty());
    QCOMPARE(ids("1"), first);
    QVERIFY(ids("2") != first);
}

void TestCliGenerate::anAssistantOfAnotherVocabularyIsRefused()
{
    const CliResult result = cli({QStringLiteral("generate"), fixtures() + QStringLiteral("/models/llama"), QStringLiteral("--prompt"), QStringLiteral("a"),
                                  QStringLiteral("--assistant"), fixtures() + QStringLiteral("/models/gpt2"), QStringLiteral("--logit-weight"), QStringLiteral("1")});
    QCOMPARE(result.exitCode, 1);
    QVERIFY2(result.err.contains(QLatin1String("its vocabulary of 440 is not the model's of 561")), qPrintable(result.err));
}

void TestCliGenerate::logitsAreWrittenWhole()
{
    const QString model = fixtures() + QStringLiteral("/models/llama");
    const QString out = m_home.filePath(QStringLiteral("logits.safetensors"));
    const CliResult result = cli({QStringLiteral("logits"), model, QStringLiteral("--ids-file"), model + QStringLiteral("/ids.json"), QStringLiteral("--out"), out});
    QVERIFY2(result.exitCode == 0, qPrintable(result.err));
    QCOMPARE(result.json()[QLatin1String("shape")].toArray(), QJsonArray({2, 40, 561}));
    QVERIFY(QFile(out).size() > qint64{2} * 40 * 561 * 4);
}

QTEST_GUILESS_MAIN(TestCliGenerate)
#include "tst_cli_generate.moc"
