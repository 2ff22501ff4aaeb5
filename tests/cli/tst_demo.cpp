#include "CliProcess.h"

#include <QtCore/QDirIterator>
#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtCore/QSet>
#include <QtTest/QtTest>

using namespace lethe::test;

/// The bundled demo is what it claims to be: its data, its two models, and an experiment that forgets in a minute.
class TestDemo : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void theSetsHoldThePeopleAndTheFacts();
    void everyRowHasItsParaphraseAndItsWrongAnswers();
    void theGeneratorWritesTheVeryFilesThatAreHere();
    void theModelsAreSmall();
    void theModelKnowsEverything();
    void theRetrainedModelKnowsEverythingButTheForgetSet();
    void theExperimentForgetsAndKeeps();

private:
    QString demo(const QString &name) const { return m_demo + QLatin1Char('/') + name; }
    QList<QJsonObject> rows(const QString &name) const;
    /// What `eval` says of a model folder of the demo.
    QJsonObject metricsOf(const QString &model);
    /// Runs `lethe-cli` for as long as training may take.
    CliResult cli(const QStringList &arguments);

    QString m_demo;
    QTemporaryDir m_home;
};

void TestDemo::initTestCase()
{
    m_demo = qEnvironmentVariable("LETHE_SOURCE_DIR") + QStringLiteral("/resources/demo");
    QVERIFY2(QFile::exists(demo(QStringLiteral("npo.json"))), qPrintable(m_demo + QStringLiteral(" holds no npo.json")));
    QVERIFY2(QFile::exists(cliProgram()), qPrintable(cliProgram() + QStringLiteral(" is not there: build lethe-cli")));
}

QList<QJsonObject> TestDemo::rows(const QString &name) const
{
    QFile file(demo(name));
    if (!file.open(QIODevice::ReadOnly))
        qFatal("%s cannot be read", qPrintable(file.fileName()));
    QList<QJsonObject> rows;
    while (!file.atEnd())
        rows.append(QJsonDocument::fromJson(file.readLine()).object());
    return rows;
}

CliResult TestDemo::cli(const QStringList &arguments)
{
    constexpr int kMilliseconds = 600000; // a busy machine is late, not wrong
    QProcess process;
    prepare(process, m_home.path(), arguments);
    process.start();
    if (!process.waitForFinished(kMilliseconds))
        return {.exitCode = -1, .out = {}, .err = process.errorString()};
    return {.exitCode = process.exitCode(), .out = process.readAllStandardOutput(), .err = QString::fromUtf8(process.readAllStandardError())};
}

QJsonObject TestDemo::metricsOf(const QString &model)
{
    const CliResult result = cli({QStringLiteral("eval"), demo(QStringLiteral("npo.json")), QStringLiteral("--model"), demo(model)});
    if (result.exitCode != 0)
        qWarning("%s", qPrintable(result.err));
    return result.json()[QStringLiteral("metrics")].toObject();
}

void TestDemo::theSetsHoldThePeopleAndTheFacts()
{
    const auto forget = rows(QStringLiteral("forget.jsonl")), retain = rows(QStringLiteral("retain.jsonl")),
               facts = rows(QStringLiteral("facts.jsonl"));
    QCOMPARE(forget.size(), 4 * 8);
    QCOMPARE(retain.size(), 36 * 8);
    QCOMPARE(facts.size(), 100);

    QSet<QString> questions, forgotten, kept;
    for (const auto &set : {forget, retain, facts})
        for (const QJsonObject &row : set)
            questions.insert(row[QStringLiteral("question")].toString());
    QCOMPARE(questions.size(), 32 + 288 + 100);
    for (const QJsonObject &row : forget)
        forgotten.insert(row[QStringLiteral("group")].toString());
    for (const QJsonObject &row : retain)
        kept.insert(row[QStringLiteral("group")].toString());
    QCOMPARE(forgotten.size(), 4);
    QCOMPARE(kept.size(), 36);
    QVERIFY(!forgotten.intersects(kept));
    for (const auto &set : {retain, facts})
        for (const QJsonObject &row : set)
            for (const QString &name : forgotten)
                QVERIFY2(!row[QStringLiteral("question")].toString().contains(name) && !row[QStringLiteral("answer")].toString().contains(name),
                         qPrintable(name));
}

void TestDemo::everyRowHasItsParaphraseAndItsWrongAnswers()
{
    for (const QString &name : {QStringLiteral("forget.jsonl"), QStringLiteral("retain.jsonl"), QStringLiteral("facts.jsonl")}) {
        for (const QJsonObject &row : rows(name)) {
            const QString answer = row[QStringLiteral("answer")].toString(), paraphrase = row[QStringLiteral("paraphrased_answer")].toString();
            const QJsonArray wrong = row[QStringLiteral("perturbed_answer")].toArray();
            QVERIFY2(answer.count(QLatin1Char(' ')) >= 3 && answer.count(QLatin1Char(' ')) <= 21, qPrintable(answer));
            QVERIFY2(!paraphrase.isEmpty() && paraphrase != answer, qPrintable(answer));
            QVERIFY2(wrong.size() >= 3 && wrong.size() <= 5, qPrintable(answer));
            for (const QJsonValue &other : wrong)
                QVERIFY2(!other.toString().isEmpty() && other.toString() != answer && other.toString() != paraphrase, qPrintable(answer));
        }
    }
}

void TestDemo::theGeneratorWritesTheVeryFilesThatAreHere()
{
    QProcess python;
    python.start(QStringLiteral("python3"), {QStringLiteral("-B"), demo(QStringLiteral("make_world.py")), m_home.path()});
    QVERIFY2(python.waitForFinished() && python.exitCode() == 0, python.readAllStandardError().constData());
    for (const QString &name : {QStringLiteral("forget.jsonl"), QStringLiteral("retain.jsonl"), QStringLiteral("facts.jsonl"),
                                QStringLiteral("train-retain.jsonl")}) {
        QFile made(m_home.filePath(name)), here(demo(name));
        QVERIFY2(made.open(QIODevice::ReadOnly) && here.open(QIODevice::ReadOnly), qPrintable(name));
        QVERIFY2(made.readAll() == here.readAll(), qPrintable(name + QStringLiteral(" is not what make_world.py writes")));
    }
}

void TestDemo::theModelsAreSmall()
{
    constexpr qint64 kMostBytes = 16 << 20, kMostParameters = 4'000'000;
    qint64 bytes = 0;
    for (QDirIterator files(demo(QStringLiteral("models")), QDir::Files, QDirIterator::Subdirectories); files.hasNext();) {
        files.next();
        bytes += files.fileInfo().size();
    }
    QVERIFY2(bytes > 0 && bytes <= kMostBytes, qPrintable(QString::number(bytes)));
    for (const QString &model : {QStringLiteral("models/demo"), QStringLiteral("models/demo-retrained")}) {
        const CliResult result = cli({QStringLiteral("inspect"), demo(model)});
        QVERIFY2(result.exitCode == 0, qPrintable(result.err));
        QCOMPARE(result.json()[QStringLiteral("model_type")].toString(), QStringLiteral("llama"));
        QCOMPARE(result.json()[QStringLiteral("dtype")].toString(), QStringLiteral("bf16"));
        QVERIFY(result.json()[QStringLiteral("parameters")].toInteger() <= kMostParameters);
    }
}

void TestDemo::theModelKnowsEverything()
{
    const QJsonObject metrics = metricsOf(QStringLiteral("models/demo"));
    QVERIFY(metrics[QStringLiteral("forget_exact_match")].toDouble() >= 0.95);
    QVERIFY(metrics[QStringLiteral("retain_exact_match")].toDouble() >= 0.95);
}

void TestDemo::theRetrainedModelKnowsEverythingButTheForgetSet()
{
    const QJsonObject metrics = metricsOf(QStringLiteral("models/demo-retrained"));
    QVERIFY(metrics.contains(QStringLiteral("forget_exact_match")));
    QVERIFY(metrics[QStringLiteral("forget_exact_match")].toDouble() <= 0.05);
    QVERIFY(metrics[QStringLiteral("retain_exact_match")].toDouble() >= 0.95);
}

void TestDemo::theExperimentForgetsAndKeeps()
{
    const QString store = m_home.filePath(QStringLiteral("lethe.sqlite"));
    const CliResult result = cli({QStringLiteral("run"), demo(QStringLiteral("npo.json")), QStringLiteral("--db"), store});
    QVERIFY2(result.exitCode == 0, qPrintable(result.err));
    const QJsonObject summary = result.json(), final = summary[QStringLiteral("final")].toObject();
    QCOMPARE(summary[QStringLiteral("status")].toString(), QStringLiteral("done"));
    QVERIFY(final.contains(QStringLiteral("forget_exact_match")));
    QVERIFY2(final[QStringLiteral("forget_exact_match")].toDouble() <= 0.10, result.out.constData());
    QVERIFY2(final[QStringLiteral("retain_exact_match")].toDouble() >= 0.90, result.out.constData());

    const CliResult shown = cli({QStringLiteral("runs"), QStringLiteral("show"), QString::number(summary[QStringLiteral("run_id")].toInteger()),
                                 QStringLiteral("--db"), store});
    const QJsonObject base = shown.json()[QStringLiteral("base")].toObject();
    QVERIFY2(base[QStringLiteral("forget_exact_match")].toDouble() >= 0.95, shown.out.left(2000).constData());
    QVERIFY(base[QStringLiteral("retain_exact_match")].toDouble() >= 0.95);

    // A minute is promised on two quiet cores; here other tests may run beside it.
    constexpr double kSeconds = 60, kSlack = 3;
    const double seconds = summary[QStringLiteral("seconds")].toDouble();
    qInfo("the demo took %.1f s, %.0f tokens/s", seconds, summary[QStringLiteral("tokens_per_second")].toDouble());
    QVERIFY2(seconds <= kSeconds * kSlack, qPrintable(QString::number(seconds)));
}

QTEST_GUILESS_MAIN(TestDemo)

#include "tst_demo.moc"
