#include "CliProcess.h"

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtTest/QtTest>

#include <cmath>

#include <signal.h>

using namespace lethe::test;

namespace {

QList<QJsonObject> jsonLines(const QString &path)
{
    QList<QJsonObject> rows;
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return rows;
    for (const QByteArray &line : file.readAll().split('\n'))
        if (!line.isEmpty())
            rows << QJsonDocument::fromJson(line).object();
    return rows;
}

void write(const QString &path, const QByteArray &content)
{
    QFile file(path);
    QVERIFY2(file.open(QIODevice::WriteOnly), qPrintable(path));
    file.write(content);
}

} // namespace

/// The fixtures' small models, through the real program and a store of its own.
class TestCliRun : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void stepsAreThoseOfTheReference_data();
    void stepsAreThoseOfTheReference();
    void setChangesTheSpec();
    void theDeviceOptionTakesThePlaceOfTheSpecs();
    void evaluationIsKeyedByMetricAndRow();
    void evalPrintsMetricsAndSamples();
    void anInterruptSavesTheStateAndResumeGoesOnToTheSameSteps();
    void anotherSpecIsNotResumed();
    void runsAreListedComparedAndPutIntoTheBin();
    void aRunBeginsFromAnothersResult();
    void runsTravelBetweenStores();
    void aFolderThatCannotBeWrittenIsAnError();

private:
    CliResult cli(const QStringList &arguments) { return runCli(m_home->path(), arguments); }
    QString path(const char *name) const { return m_home->filePath(QLatin1String(name)); }
    QString losses(const char *name) const { return fixtures() + QStringLiteral("/losses/") + QLatin1String(name); }
    QStringList run(const QString &spec, const QStringList &more = {}) { return QStringList{QStringLiteral("run"), spec} + more; }
    QString longSpec();
    std::unique_ptr<QTemporaryDir> m_home;
};

void TestCliRun::init()
{
    m_home = std::make_unique<QTemporaryDir>();
    QVERIFY2(QFile::exists(losses("ga/spec.json")), "no losses in LETHE_FIXTURES");
}

/// Enough steps to be interrupted among.
QString TestCliRun::longSpec()
{
    write(path("long.json"), R"({"model": ")" + losses("models/llama").toUtf8() + R"(", "data": {"forget": {"path": ")" + losses("data/forget.jsonl").toUtf8()
              + R"("}, "retain": {"path": ")" + losses("data/retain.jsonl").toUtf8()
              + R"("}}, "method": {"id": "npo"}, "training": {"epochs": 200, "learning_rate": 1e-4, "device": "cpu"}})");
    return path("long.json");
}

void TestCliRun::stepsAreThoseOfTheReference_data()
{
    QTest::addColumn<QString>("name");
    for (const char *name : {"ga", "npo-nll", "grad_diff-kl"})
        QTest::newRow(name) << QString::fromLatin1(name);
}

void TestCliRun::stepsAreThoseOfTheReference()
{
    QFETCH(QString, name);
    const QString folder = fixtures() + QStringLiteral("/losses/") + name;
    const CliResult result = cli(run(folder + QStringLiteral("/spec.json"), {QStringLiteral("--steps-out"), path("steps.jsonl")}));
    QVERIFY2(result.exitCode == 0, qPrintable(result.err));
    const QJsonObject summary = result.json();
    for (const char *key : {"run_id", "status", "steps", "seconds", "tokens_per_second", "peak_memory_bytes", "final", "checkpoint"})
        QVERIFY2(summary.contains(QLatin1String(key)), key);
    QCOMPARE(summary[QLatin1String("status")].toString(), QStringLiteral("done"));
    QVERIFY(QDir(summary[QLatin1String("checkpoint")].toString()).exists());
    const QList<QJsonObject> steps = jsonLines(path("steps.jsonl")), expected = jsonLines(folder + QStringLiteral("/expected_steps.jsonl"));
    QCOMPARE(steps.size(), expected.size());
    QVERIFY(!steps.isEmpty());
    for (qsizetype i = 0; i < steps.size(); ++i) {
        for (const char *key : {"step", "epoch", "loss", "forget_loss", "retain_loss", "learning_rate", "grad_norm", "tokens", "seconds"})
            QVERIFY2(steps[i].contains(QLatin1String(key)), key);
        for (const char *key : {"step", "loss", "forget_loss", "retain_loss", "learning_rate", "grad_norm"}) {
            const QJsonValue wanted = expected[i][QLatin1String(key)], given = steps[i][QLatin1String(key)];
            QCOMPARE(given.type(), wanted.type());
            const double tolerance = std::max(2e-6, 1e-4 * std::abs(wanted.toDouble()));
            QVERIFY2(std::abs(given.toDouble() - wanted.toDouble()) <= tolerance, key);
        }
    }
}

void TestCliRun::setChangesTheSpec()
{
    const CliResult result = cli(run(losses("ga/spec.json"), {QStringLiteral("--set"), QStringLiteral("training.max_steps=2"), QStringLiteral("--set"),
                                                              QStringLiteral("name=two steps")}));
    QVERIFY2(result.exitCode == 0, qPrintable(result.err));
    QCOMPARE(result.json()[QLatin1String("steps")].toInt(), 2);
    const CliResult shown = cli({QStringLiteral("runs"), QStringLiteral("show"), QStringLiteral("1")});
    QCOMPARE(shown.json()[QLatin1String("name")].toString(), QStringLiteral("two steps"));
    QCOMPARE(shown.json()[QLatin1String("spec")][QLatin1String("training")][QLatin1String("max_steps")].toInt(), 2);
    QCOMPARE(shown.json()[QLatin1String("step_records")].toArray().size(), 2);
    QVERIFY(!shown.json()[QLatin1String("provenance")][QLatin1String("sha256")].toObject().isEmpty());
}

void TestCliRun::theDeviceOptionTakesThePlaceOfTheSpecs()
{
    const CliResult result = cli({QStringLiteral("run"), losses("ga/spec.json"), QStringLiteral("--set"), QStringLiteral("training.device=cuda:77"),
                                  QStringLiteral("--device"), QStringLiteral("cpu"), QStringLiteral("--set"), QStringLiteral("training.max_steps=1")});
    QVERIFY2(result.exitCode == 0, qPrintable(result.err));
    const CliResult failed = cli({QStringLiteral("run"), losses("ga/spec.json"), QStringLiteral("--device"), QStringLiteral("cuda:77")});
    QCOMPARE(failed.exitCode, 1);
    QVERIFY2(failed.err.contains(QLatin1String("cuda:77")), qPrintable(failed.err));
}

void TestCliRun::evaluationIsKeyedByMetricAndRow()
{
    const CliResult result = cli(run(losses("npo-nll/spec.json"), {QStringLiteral("--set"), QStringLiteral(R"(eval={"every_steps": 3})")}));
    QVERIFY2(result.exitCode == 0, qPrintable(result.err));
    const QJsonObject final = result.json()[QLatin1String("final")].toObject();
    for (const char *key : {"forget_prob", "forget_rouge", "forget_exact_match", "retain_prob", "retain_rouge", "retain_exact_match"})
        QVERIFY2(final[QLatin1String(key)].isDouble(), key);
    const CliResult shown = cli({QStringLiteral("runs"), QStringLiteral("show"), QStringLiteral("1"), QStringLiteral("--samples")});
    QStringList steps;
    for (const QJsonValue &evaluation : shown.json()[QLatin1String("evaluations")].toArray())
        steps << QString::number(evaluation[QLatin1String("step")].toInt());
    QCOMPARE(steps, QStringList({QStringLiteral("0"), QStringLiteral("3"), QStringLiteral("6")}));
}

void TestCliRun::evalPrintsMetricsAndSamples()
{
    const QString other = losses("models/llama-other");
    const CliResult own = cli({QStringLiteral("eval"), losses("npo-nll/spec.json")});
    const CliResult replaced = cli({QStringLiteral("eval"), losses("npo-nll/spec.json"), QStringLiteral("--model"), other});
    QVERIFY2(own.exitCode == 0, qPrintable(own.err));
    QVERIFY2(replaced.exitCode == 0, qPrintable(replaced.err));
    QVERIFY(own.json()[QLatin1String("metrics")] != replaced.json()[QLatin1String("metrics")]);
    const QJsonArray samples = own.json()[QLatin1String("samples")].toArray();
    QCOMPARE(samples.size(), 24);
    double sum = 0;
    for (const QJsonValue &sample : samples)
        if (sample[QLatin1String("set")].toString() == QLatin1String("forget"))
            sum += sample[QLatin1String("prob")].toDouble();
    QVERIFY(std::abs(sum / 12 - own.json()[QLatin1String("metrics")][QLatin1String("forget_prob")].toDouble()) < 1e-9);
    QVERIFY(!QFile::exists(path("lethe/lethe.sqlite")));
}

void TestCliRun::anInterruptSavesTheStateAndResumeGoesOnToTheSameSteps()
{
    const QString spec = longSpec();
    QProcess process;
    prepare(process, m_home->path(), run(spec, {QStringLiteral("--steps-out"), path("steps.jsonl")}));
    process.start();
    QTRY_VERIFY_WITH_TIMEOUT(jsonLines(path("steps.jsonl")).size() > 3 || process.state() == QProcess::NotRunning, 60000);
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    QVERIFY(process.waitForFinished(60000));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    const QString err = QString::fromUtf8(process.readAllStandardError());
    QVERIFY2(process.exitCode() == 130, qPrintable(err));
    QVERIFY2(err.contains(QLatin1String("lethe-cli run --resume 1")), qPrintable(err));
    const QJsonObject summary = QJsonDocument::fromJson(process.readAllStandardOutput()).object();
    QCOMPARE(summary[QLatin1String("status")].toString(), QStringLiteral("interrupted"));
    const int done = summary[QLatin1String("steps")].toInt();
    QVERIFY(done > 3 && done < 600);

    const CliResult resumed = cli(run(spec, {QStringLiteral("--resume"), QStringLiteral("1"), QStringLiteral("--steps-out"), path("steps.jsonl")}));
    QVERIFY2(resumed.exitCode == 0, qPrintable(resumed.err));
    QCOMPARE(resumed.json()[QLatin1String("run_id")].toInt(), 1);
    QCOMPARE(resumed.json()[QLatin1String("steps")].toInt(), 600);
    const CliResult whole = cli(run(spec, {QStringLiteral("--steps-out"), path("whole.jsonl")}));
    QVERIFY2(whole.exitCode == 0, qPrintable(whole.err));
    const QList<QJsonObject> pieces = jsonLines(path("steps.jsonl")), once = jsonLines(path("whole.jsonl"));
    QCOMPARE(pieces.size(), 600);
    QCOMPARE(once.size(), 600);
    for (qsizetype i = 0; i < pieces.size(); ++i)
        for (const char *key : {"step", "loss", "forget_loss", "retain_loss", "learning_rate", "grad_norm"})
            QVERIFY2(pieces[i][QLatin1String(key)] == once[i][QLatin1String(key)], qPrintable(QStringLiteral("%1 %2").arg(i).arg(QLatin1String(key))));
}

void TestCliRun::anotherSpecIsNotResumed()
{
    QCOMPARE(cli(run(losses("ga/spec.json"))).exitCode, 0);
    const CliResult other = cli(run(losses("npo-nll/spec.json"), {QStringLiteral("--resume"), QStringLiteral("1")}));
    QCOMPARE(other.exitCode, 2);
    QVERIFY2(other.err.contains(QLatin1String("this is not the spec of run 1")), qPrintable(other.err));
    QCOMPARE(cli({QStringLiteral("run"), QStringLiteral("--resume"), QStringLiteral("9")}).exitCode, 1);
}

void TestCliRun::runsAreListedComparedAndPutIntoTheBin()
{
    QCOMPARE(cli(run(losses("ga/spec.json"))).exitCode, 0);
    QCOMPARE(cli(run(losses("ga-clip/spec.json"), {QStringLiteral("--set"), QStringLiteral(R"(eval={"generations": {"prompts": 0}})")})).exitCode, 0);
    const auto listed = [this](const QStringList &more) {
        QStringList ids;
        for (const QJsonValue &row : cli(QStringList{QStringLiteral("runs"), QStringLiteral("list")} + more).json()[QLatin1String("runs")].toArray())
            ids << QString::number(row[QLatin1String("run_id")].toInt());
        return ids;
    };
    QCOMPARE(listed({}), QStringList({QStringLiteral("2"), QStringLiteral("1")}));
    const CliResult compared = cli({QStringLiteral("runs"), QStringLiteral("compare"), QStringLiteral("1"), QStringLiteral("2")});
    QVERIFY2(compared.exitCode == 0, qPrintable(compared.err));
    const QJsonObject differences = compared.json()[QLatin1String("differences")].toObject();
    QCOMPARE(differences[QLatin1String("training.learning_rate")][QLatin1String("2")].toDouble(), 0.05);
    QVERIFY(!differences.contains(QLatin1String("training.batch_size")));
    const QJsonObject probability = compared.json()[QLatin1String("metrics")][QLatin1String("forget_prob")].toObject();
    QVERIFY(probability[QLatin1String("1")].isNull() && probability[QLatin1String("2")].isDouble());

    QCOMPARE(cli({QStringLiteral("runs"), QStringLiteral("delete"), QStringLiteral("1")}).exitCode, 0);
    QCOMPARE(listed({}), QStringList{QStringLiteral("2")});
    QCOMPARE(listed({QStringLiteral("--deleted")}), QStringList({QStringLiteral("2"), QStringLiteral("1")}));
    QCOMPARE(cli({QStringLiteral("runs"), QStringLiteral("delete"), QStringLiteral("2"), QStringLiteral("--for-good")}).exitCode, 0);
    QVERIFY(!QDir(path("lethe/runs/2")).exists());
    QCOMPARE(cli({QStringLiteral("runs"), QStringLiteral("delete"), QStringLiteral("2")}).exitCode, 1);
}

void TestCliRun::aRunBeginsFromAnothersResult()
{
    const CliResult first = cli(run(losses("ga/spec.json"), {QStringLiteral("--set"), QStringLiteral("training.max_steps=2")}));
    QVERIFY2(first.exitCode == 0, qPrintable(first.err));
    const QStringList from{QStringLiteral("--set"), QStringLiteral("model=\"1\""), QStringLiteral("--set"), QStringLiteral("training.max_steps=2"),
                           QStringLiteral("--steps-out"), path("steps.jsonl")};
    const CliResult second = cli(run(losses("npo/spec.json"), from));
    QVERIFY2(second.exitCode == 0, qPrintable(second.err));
    // Its reference is the model that it began from: the loss of the first step is (2/β) ln 2.
    const CliResult shown = cli({QStringLiteral("runs"), QStringLiteral("show"), QStringLiteral("2")});
    const double beta = shown.json()[QLatin1String("spec")][QLatin1String("method")][QLatin1String("parameters")][QLatin1String("beta")].toDouble();
    QVERIFY(std::abs(jsonLines(path("steps.jsonl")).first()[QLatin1String("loss")].toDouble() - 2 / beta * std::log(2.0)) < 1e-4);
    QCOMPARE(shown.json()[QLatin1String("model_run")].toInt(), 1);
    QCOMPARE(shown.json()[QLatin1String("spec")][QLatin1String("model")].toString(), first.json()[QLatin1String("checkpoint")].toString());
    const CliResult third = cli(run(losses("ga/spec.json"), {QStringLiteral("--set"), QStringLiteral("model=\"2\""), QStringLiteral("--set"),
                                                            QStringLiteral("training.max_steps=1")}));
    QVERIFY2(third.exitCode == 0, qPrintable(third.err));
    QCOMPARE(cli({QStringLiteral("runs"), QStringLiteral("show"), QStringLiteral("3")}).json()[QLatin1String("model_run")].toInt(), 2);
    QVERIFY(cli({QStringLiteral("runs"), QStringLiteral("show"), QStringLiteral("1")}).json()[QLatin1String("model_run")].isNull());
    const CliResult evaluated = cli({QStringLiteral("eval"), losses("ga/spec.json"), QStringLiteral("--model"), QStringLiteral("2")});
    QVERIFY2(evaluated.exitCode == 0, qPrintable(evaluated.err));

    const CliResult unknown = cli(run(losses("ga/spec.json"), {QStringLiteral("--set"), QStringLiteral("model=\"77\"")}));
    QCOMPARE(unknown.exitCode, 2);
    QVERIFY2(unknown.firstErrorLine().contains(QLatin1String("model: there is neither a folder nor a run 77")), qPrintable(unknown.err));
}

void TestCliRun::runsTravelBetweenStores()
{
    QCOMPARE(cli(run(losses("ga/spec.json"))).exitCode, 0);
    const CliResult exported = cli({QStringLiteral("runs"), QStringLiteral("export"), QStringLiteral("1"), QStringLiteral("--out"), path("run.json")});
    QVERIFY2(exported.exitCode == 0, qPrintable(exported.err));
    const CliResult imported = cli({QStringLiteral("--db"), path("other.sqlite"), QStringLiteral("runs"), QStringLiteral("import"), path("run.json")});
    QVERIFY2(imported.exitCode == 0, qPrintable(imported.err));
    const CliResult shown = cli({QStringLiteral("runs"), QStringLiteral("show"), QStringLiteral("1"), QStringLiteral("--db"), path("other.sqlite")});
    QCOMPARE(shown.json()[QLatin1String("name")].toString(), QStringLiteral("ga"));
    QCOMPARE(shown.json()[QLatin1String("step_records")].toArray().size(), 6);
}

void TestCliRun::aFolderThatCannotBeWrittenIsAnError()
{
    const CliResult steps = cli(run(losses("ga/spec.json"), {QStringLiteral("--steps-out"), QStringLiteral("/proc/steps.jsonl")}));
    QCOMPARE(steps.exitCode, 1);
    QVERIFY2(steps.firstErrorLine().contains(QLatin1String("/proc/steps.jsonl")), qPrintable(steps.err));
    const CliResult store = cli(run(losses("ga/spec.json"), {QStringLiteral("--db"), QStringLiteral("/proc/x/lethe.sqlite")}));
    QCOMPARE(store.exitCode, 1);
    QVERIFY2(store.firstErrorLine().contains(QLatin1String("/proc/x")), qPrintable(store.err));
}

QTEST_GUILESS_MAIN(TestCliRun)
#include "tst_cli_run.moc"
