#include "CliProcess.h"

#include <lethe/store/RunStore.h>

#include <QtCore/QElapsedTimer>
#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtCore/QRandomGenerator>
#include <QtTest/QtTest>

#include <csignal>

using namespace lethe::test;

/// A real training run, cut off with SIGKILL at random moments: while it reads the model, trains, evaluates and writes
/// checkpoints. The store must stay sound, the run must show as interrupted, and resuming it must end with the very losses
/// of a run that nothing disturbed.
class TestCliKill : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aRunKilledAgainAndAgainEndsWithTheReferenceLosses();

private:
    static constexpr int kKills = 20;
    static constexpr int kSteps = 90;

    CliResult cli(const QStringList &arguments) { return runCli(m_home.path(), arguments); }
    QJsonObject shown(const QString &run) { return cli({QStringLiteral("runs"), QStringLiteral("show"), run}).json(); }
    QString spec();

    QTemporaryDir m_home;
};

QString TestCliKill::spec()
{
    const QString losses = fixtures() + QStringLiteral("/losses/");
    const QString file = m_home.filePath(QStringLiteral("spec.json"));
    QFile out(file);
    if (!out.open(QIODevice::WriteOnly))
        qFatal("%s cannot be written", qPrintable(file));
    out.write(QStringLiteral(R"({"name": "to be killed", "model": "%1models/llama",
"data": {"forget": {"path": "%1data/forget.jsonl"}, "retain": {"path": "%1data/retain.jsonl"}},
"method": {"id": "npo"},
"training": {"epochs": %2, "learning_rate": 1e-4, "device": "cpu", "save_every_steps": 7},
"eval": {"every_steps": 10, "generations": {"prompts": 2, "max_new_tokens": 8}}})")
                  .arg(losses).arg(kSteps / 3).toUtf8()); // 12 rows in batches of 4
    return file;
}

void TestCliKill::aRunKilledAgainAndAgainEndsWithTheReferenceLosses()
{
    QVERIFY2(QFile::exists(fixtures() + QStringLiteral("/losses/npo-nll/spec.json")), "no losses in LETHE_FIXTURES");
    const QString file = spec();
    QElapsedTimer clock;
    clock.start();
    const CliResult reference = cli({QStringLiteral("run"), file});
    QVERIFY2(reference.exitCode == 0, qPrintable(reference.err));
    QCOMPARE(reference.json()[QLatin1String("steps")].toInt(), kSteps);
    const auto whole = static_cast<int>(clock.elapsed());
    const std::filesystem::path store = m_home.filePath(QStringLiteral("lethe/lethe.sqlite")).toStdString();

    const quint32 seed = QRandomGenerator::global()->generate();
    qInfo("an undisturbed run takes %d ms; seed of the moments: %u", whole, seed);
    QRandomGenerator moments(seed);
    QString run; // none before the first row was written
    int kills = 0, interrupted = 0;
    bool done = false;
    for (int i = 0; i < kKills; ++i) {
        QProcess process;
        prepare(process, m_home.path(), run.isEmpty() ? QStringList{QStringLiteral("run"), file}
                                                      : QStringList{QStringLiteral("run"), QStringLiteral("--resume"), run});
        process.start();
        QVERIFY(process.waitForStarted());
        const bool ended = process.waitForFinished(moments.bounded(20, std::max(40, whole / 3)));
        if (!ended) {
            ::kill(static_cast<pid_t>(process.processId()), SIGKILL);
            QVERIFY(process.waitForFinished());
            ++kills;
        }
        const auto opened = lethe::RunStore::open(store); // as the next start does
        QVERIFY2(opened.ok(), opened.ok() ? "" : opened.error().message().c_str());
        const auto sound = (*opened)->checkIntegrity();
        QVERIFY2(sound.ok(), sound.ok() ? "" : sound.error().message().c_str());
        const auto rows = (*opened)->runs();
        QVERIFY(rows.ok());
        if (rows->size() < 2)
            continue; // killed before its row was there
        run = QString::number(rows->front().id);
        if (ended) {
            QVERIFY2(process.exitCode() == 0, process.readAllStandardError().constData());
            QVERIFY(rows->front().status == lethe::RunStatus::Done);
            done = true;
            run.clear(); // a new one for the next moment
        } else {
            const lethe::RunStatus status = rows->front().status;
            QVERIFY2(status == lethe::RunStatus::Interrupted || status == lethe::RunStatus::Done, std::string(lethe::toString(status)).c_str());
            interrupted += status == lethe::RunStatus::Interrupted;
            if (status == lethe::RunStatus::Done)
                run.clear();
        }
    }
    qInfo("%d kills, %d of them left a run to resume", kills, interrupted);
    QVERIFY(kills >= kKills / 2);
    QVERIFY(interrupted > 0 || done);
    if (run.isEmpty())
        run = QStringLiteral("2");
    else
        QCOMPARE(cli({QStringLiteral("run"), QStringLiteral("--resume"), run}).exitCode, 0);

    const QJsonArray once = shown(QStringLiteral("1"))[QLatin1String("step_records")].toArray();
    const QJsonArray pieces = shown(run)[QLatin1String("step_records")].toArray();
    QCOMPARE(once.size(), kSteps);
    QCOMPARE(pieces.size(), kSteps);
    for (qsizetype i = 0; i < once.size(); ++i)
        for (const char *key : {"step", "loss", "forget_loss", "retain_loss", "learning_rate", "grad_norm"})
            QVERIFY2(pieces[i][QLatin1String(key)] == once[i][QLatin1String(key)],
                     qPrintable(QStringLiteral("step %1: %2").arg(i + 1).arg(QLatin1String(key))));
}

QTEST_GUILESS_MAIN(TestCliKill)

#include "tst_cli_kill.moc"
