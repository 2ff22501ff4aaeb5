#include "CliProcess.h"

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtTest/QtTest>

using namespace lethe::test;

/// What a run of ULD leaves, everywhere that the program takes a model.
class TestCliPair : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void theRunsResultIsInspectedAsAPair();
    void itTokenizesGeneratesAndScoresAsOneModel();
    void itsExportHoldsBothModelsAndGoesAnywhere();
    void itsStrengthIsGivenAnew();
    void anExportOfFewerBitsRoundsBoth();
    void itIsNotTrainedFurther();

private:
    CliResult cli(const QStringList &arguments) { return runCli(m_home.path(), arguments); }
    QString path(const char *name) const { return m_home.filePath(QLatin1String(name)); }
    QByteArray logitsOf(const QString &model, const char *name)
    {
        const CliResult result = cli({QStringLiteral("logits"), model, QStringLiteral("--ids-file"), path("ids.json"), QStringLiteral("--out"), path(name)});
        QFile file(path(name));
        return result.exitCode == 0 && file.open(QIODevice::ReadOnly) ? file.readAll() : result.err.toUtf8();
    }
    QString firstText(const QString &model, const QStringList &more = {})
    {
        const CliResult result = cli(QStringList{QStringLiteral("generate"), model, QStringLiteral("--prompt"), QStringLiteral("Question: Who wrote it?\nAnswer: "),
                                                 QStringLiteral("--max-new-tokens"), QStringLiteral("8")}
                                     << more);
        return result.exitCode == 0 ? result.json()[QLatin1String("generations")][0][QLatin1String("text")].toString() : result.err;
    }

    QTemporaryDir m_home;
    QString m_target, m_pair;
};

void TestCliPair::initTestCase()
{
    const QString spec = fixtures() + QStringLiteral("/losses/uld/spec.json");
    QVERIFY2(QFile::exists(spec), "no losses in LETHE_FIXTURES");
    m_target = fixtures() + QStringLiteral("/losses/models/llama");
    const CliResult result = cli({QStringLiteral("run"), spec, QStringLiteral("--set"), QStringLiteral("training.learning_rate=0.05"), QStringLiteral("--set"),
                                  QStringLiteral("method.parameters.lora_rank=4"), QStringLiteral("--set"), QStringLiteral("method.parameters.top_filter=0.05"),
                                  QStringLiteral("--set"), QStringLiteral("eval={}")});
    QVERIFY2(result.exitCode == 0, qPrintable(result.err));
    m_pair = result.json()[QLatin1String("checkpoint")].toString();
    QVERIFY(result.json()[QLatin1String("final")].toObject().contains(QLatin1String("forget_prob")));
    QFile ids(path("ids.json"));
    QVERIFY(ids.open(QIODevice::WriteOnly));
    ids.write("[[5, 9, 12, 7, 30, 8, 3, 4]]");
}

void TestCliPair::theRunsResultIsInspectedAsAPair()
{
    const CliResult pair = cli({QStringLiteral("inspect"), m_pair}), target = cli({QStringLiteral("inspect"), m_target});
    QVERIFY2(pair.exitCode == 0, qPrintable(pair.err));
    for (const char *key : {"architecture", "layers", "vocab_size", "hidden_size", "parameters"})
        QCOMPARE(pair.json()[QLatin1String(key)], target.json()[QLatin1String(key)]);
    QVERIFY(QFile::exists(m_pair + QStringLiteral("/lethe_pair.json")));
}

void TestCliPair::itTokenizesGeneratesAndScoresAsOneModel()
{
    QFile text(path("text.txt"));
    QVERIFY(text.open(QIODevice::WriteOnly));
    text.write("Who wrote it?");
    text.close();
    const auto tokenized = [this](const QString &model) -> QJsonValue {
        return cli({QStringLiteral("tokenize"), model, QStringLiteral("--text-file"), path("text.txt")}).json()[QLatin1String("ids")];
    };
    QVERIFY(!tokenized(m_pair).toArray().isEmpty());
    QCOMPARE(tokenized(m_pair), tokenized(m_target));
    QVERIFY(!firstText(m_pair).isEmpty());
    const QByteArray pair = logitsOf(m_pair, "pair.safetensors"), target = logitsOf(m_target, "target.safetensors");
    QCOMPARE(pair.size(), target.size());
    QVERIFY(pair != target);

    const CliResult evaluated = cli({QStringLiteral("eval"), fixtures() + QStringLiteral("/losses/uld/spec.json"), QStringLiteral("--model"), m_pair});
    QVERIFY2(evaluated.exitCode == 0, qPrintable(evaluated.err));
    QVERIFY(evaluated.json()[QLatin1String("metrics")].toObject().contains(QLatin1String("forget_prob")));
    const CliResult timed = cli({QStringLiteral("bench"), QStringLiteral("generate"), m_pair, QStringLiteral("--batch"), QStringLiteral("2"),
                                 QStringLiteral("--prompt-tokens"), QStringLiteral("4"), QStringLiteral("--new-tokens"), QStringLiteral("4"),
                                 QStringLiteral("--repetitions"), QStringLiteral("1")});
    QVERIFY2(timed.exitCode == 0, qPrintable(timed.err));
}

void TestCliPair::itsExportHoldsBothModelsAndGoesAnywhere()
{
    const CliResult result = cli({QStringLiteral("export"), QStringLiteral("1"), QStringLiteral("--out"), path("made"), QStringLiteral("--dtype"), QStringLiteral("f32")});
    QVERIFY2(result.exitCode == 0, qPrintable(result.err));
    QVERIFY(result.json()[QLatin1String("files")].toArray().contains(QStringLiteral("target/model.safetensors")));
    QCOMPARE(result.json()[QLatin1String("largest_logit_difference")].toDouble(-1), 0.0);
    QVERIFY(QDir().rename(path("made"), path("moved"))); // nothing in it names where it was
    QCOMPARE(logitsOf(path("moved"), "moved.safetensors"), logitsOf(m_pair, "pair.safetensors"));
    QCOMPARE(firstText(path("moved")), firstText(m_pair));
    QCOMPARE(logitsOf(path("moved/target"), "alone.safetensors"), logitsOf(m_target, "target.safetensors"));
    QFile card(path("moved/README.md")), manifest(path("moved/lethe_pair.json"));
    QVERIFY(card.open(QIODevice::ReadOnly) && manifest.open(QIODevice::ReadOnly));
    const QByteArray words = card.readAll(), names = manifest.readAll();
    QVERIFY(words.contains("class Pair(LogitsProcessor)"));
    QVERIFY(words.contains("target + -0.8 × assistant") && words.contains("`top_filter` 0.05"));
    QCOMPARE(QJsonDocument::fromJson(names)[QLatin1String("target")].toString(), QStringLiteral("target"));
    QVERIFY2(!words.contains(m_home.path().toUtf8()), "the card names folders of this machine");
}

void TestCliPair::itsStrengthIsGivenAnew()
{
    const auto weighed = [](const char *weight) { return QStringList{QStringLiteral("--logit-weight"), QLatin1String(weight)}; };
    QCOMPARE(firstText(m_pair, weighed("0")), firstText(m_target)); // no weight: the target alone
    QCOMPARE(firstText(m_pair, weighed("-0.8")), firstText(m_pair)); // as the run's own parameters say
    QVERIFY(firstText(m_pair, weighed("-30")) != firstText(m_target));
    const CliResult single = cli({QStringLiteral("generate"), m_target, QStringLiteral("--prompt"), QStringLiteral("x"), QStringLiteral("--logit-weight"), QStringLiteral("-1")});
    QCOMPARE(single.exitCode, 2);
    QVERIFY2(single.firstErrorLine().startsWith(QLatin1String("lethe-cli: --logit-weight: weighs a second model, and ")), qPrintable(single.err));
    QVERIFY2(single.firstErrorLine().endsWith(QLatin1String("Name the second model with --assistant")), qPrintable(single.err));
}

void TestCliPair::anExportOfFewerBitsRoundsBoth()
{
    const CliResult result = cli({QStringLiteral("export"), QStringLiteral("1"), QStringLiteral("--out"), path("small"), QStringLiteral("--dtype"), QStringLiteral("bf16")});
    QVERIFY2(result.exitCode == 0, qPrintable(result.err));
    const CliResult target = cli({QStringLiteral("inspect"), path("small/target")});
    QCOMPARE(target.json()[QLatin1String("dtype")].toString(), QStringLiteral("bf16"));
    QVERIFY(!firstText(path("small")).isEmpty());
}

void TestCliPair::itIsNotTrainedFurther()
{
    const CliResult result = cli({QStringLiteral("run"), fixtures() + QStringLiteral("/losses/ga/spec.json"), QStringLiteral("--set"), QStringLiteral("model=") + m_pair});
    QCOMPARE(result.exitCode, 1);
    QVERIFY2(result.firstErrorLine().contains(QLatin1String("is a pair of models, which cannot be trained further")), qPrintable(result.err));
}

QTEST_GUILESS_MAIN(TestCliPair)
#include "tst_cli_pair.moc"
