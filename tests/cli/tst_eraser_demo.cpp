#include "CliProcess.h"

#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

using namespace lethe::test;

/// Eraser's harmless demonstration: a confectioner's recipes, the specs over them, and the preparation of one's own sets; and AltPO's alternates,
/// which the demonstration's model writes to the same recipes.
class TestEraserDemo : public QObject
{
    Q_OBJECT

private:
    QString file(const QString &name) const { return m_folder + QLatin1Char('/') + name; }
    static QByteArray bytesOf(const QString &path)
    {
        QFile read(path);
        if (!read.open(QIODevice::ReadOnly))
            qFatal("%s cannot be read", qPrintable(path));
        return read.readAll();
    }
    static QList<QJsonObject> rows(const QString &path)
    {
        QList<QJsonObject> all;
        for (const QByteArray &line : bytesOf(path).split('\n'))
            if (!line.isEmpty())
                all.append(QJsonDocument::fromJson(line).object());
        return all;
    }
    /// Python's standard output.
    QByteArray python(const QStringList &arguments) const
    {
        QProcess process;
        process.start(QStringLiteral("python3"), arguments);
        if (!process.waitForFinished(300000) || process.exitCode() != 0)
            qWarning("%s", process.readAllStandardError().constData());
        return process.exitCode() == 0 ? process.readAllStandardOutput() : QByteArray();
    }
    QString m_folder;
    QTemporaryDir m_home;

private Q_SLOTS:
    void initTestCase()
    {
        m_folder = qEnvironmentVariable("LETHE_SOURCE_DIR") + QStringLiteral("/resources/eraser");
        QVERIFY2(QFile::exists(file(QStringLiteral("eraser.json"))), qPrintable(m_folder + QStringLiteral(" holds no eraser.json")));
        QVERIFY2(QFile::exists(cliProgram()), qPrintable(cliProgram() + QStringLiteral(" is not there: build lethe-cli")));
    }

    void theGeneratorWritesTheVeryFilesThatAreHere()
    {
        QTemporaryDir copy;
        QVERIFY(QFile::copy(file(QStringLiteral("make_recipes.py")), copy.filePath(QStringLiteral("make_recipes.py"))));
        python({copy.filePath(QStringLiteral("make_recipes.py"))});
        for (const QString &name : {QStringLiteral("recipes.jsonl"), QStringLiteral("public.jsonl")})
            QCOMPARE(bytesOf(copy.filePath(name)), bytesOf(file(name)));
        QVERIFY(rows(file(QStringLiteral("recipes.jsonl"))).size() >= 40);
    }

    void theSpecRunsAFewSteps()
    {
        const CliResult result = runCli(m_home.path(), {QStringLiteral("run"), file(QStringLiteral("eraser.json")), QStringLiteral("--set"), QStringLiteral("training.max_steps=3"),
                                                        QStringLiteral("--set"), QStringLiteral("eval=null"), QStringLiteral("--set"), QStringLiteral("training.device=cpu"),
                                                        QStringLiteral("--steps-out"), m_home.filePath(QStringLiteral("steps.jsonl"))});
        QVERIFY2(result.exitCode == 0, qPrintable(result.err));
        const auto steps = rows(m_home.filePath(QStringLiteral("steps.jsonl")));
        QCOMPARE(steps.size(), 3);
        for (const QJsonObject &step : steps)
            QVERIFY(step.contains(QLatin1String("help_loss")) && step.contains(QLatin1String("align_loss")) && step.contains(QLatin1String("hinge_active")));
        // What the run drew from is in its spec, word for word.
        const CliResult shown = runCli(m_home.path(), {QStringLiteral("runs"), QStringLiteral("show"), QString::number(result.json()[QLatin1String("run_id")].toInt())});
        const QJsonArray refusals = shown.json()[QLatin1String("spec")][QLatin1String("data")][QLatin1String("refusals")].toArray();
        QCOMPARE(refusals.size(), 64);
    }

    void onesOwnSetsArePrepared()
    {
        QFile entities(m_home.filePath(QStringLiteral("questions.txt")));
        QVERIFY(entities.open(QIODevice::WriteOnly));
        entities.write("# harmless, about the same things\nWho were the parents of Ilvane Torrech?\nWhat kind of work does Ilvane Torrech do?\n");
        entities.close();
        const QString out = m_home.filePath(QStringLiteral("prepared"));
        const QByteArray said = python({file(QStringLiteral("prepare.py")), QStringLiteral("--forget"), file(QStringLiteral("recipes.jsonl")), QStringLiteral("--entities"), entities.fileName(),
                                        QStringLiteral("--model"), m_folder + QStringLiteral("/../demo/models/demo"), QStringLiteral("--out"), out, QStringLiteral("--cli"), cliProgram(),
                                        QStringLiteral("--max-new-tokens"), QStringLiteral("12")});
        QVERIFY2(said.contains("48 rows to forget"), said.constData());
        const auto forget = rows(out + QStringLiteral("/forget.jsonl")), retain = rows(out + QStringLiteral("/retain.jsonl"));
        QCOMPARE(forget.size(), 48);
        for (const QJsonObject &row : forget)
            QVERIFY(!row[QLatin1String("refusal")].toString().isEmpty());
        QCOMPARE(retain.size(), 2);
        const CliResult result = runCli(m_home.path(), {QStringLiteral("run"), out + QStringLiteral("/eraser.json"), QStringLiteral("--set"), QStringLiteral("training.max_steps=2"),
                                                        QStringLiteral("--set"), QStringLiteral("eval=null"), QStringLiteral("--set"), QStringLiteral("training.device=cpu")});
        QVERIFY2(result.exitCode == 0, qPrintable(result.err));
    }

    void aModelWritesItsAlternates()
    {
        QFile few(m_home.filePath(QStringLiteral("few.jsonl")));
        QVERIFY(few.open(QIODevice::WriteOnly));
        few.write(bytesOf(file(QStringLiteral("recipes.jsonl"))).split('\n').mid(0, 3).join('\n'));
        few.close();
        const auto written = [&](const char *name, const char *seed) {
            const QString out = m_home.filePath(QLatin1String(name));
            const QByteArray said = python({m_folder + QStringLiteral("/../altpo/alternates.py"), QStringLiteral("--forget"), few.fileName(), QStringLiteral("--model"),
                                            m_folder + QStringLiteral("/../demo/models/demo"), QStringLiteral("--out"), out, QStringLiteral("--per-row"), QStringLiteral("2"),
                                            QStringLiteral("--seed"), QLatin1String(seed), QStringLiteral("--cli"), cliProgram(), QStringLiteral("--max-new-tokens"), QStringLiteral("12")});
            return said.contains("6 rows of 3 questions\n") ? bytesOf(out) : said;
        };
        const QByteArray first = written("alternates.jsonl", "0");
        QCOMPARE(written("again.jsonl", "0"), first); // a function of the seed
        QVERIFY(written("others.jsonl", "1") != first);
        QSet<QString> pairs;
        for (const QJsonObject &row : rows(m_home.filePath(QStringLiteral("alternates.jsonl")))) {
            QVERIFY(!row[QLatin1String("alternate")].toString().isEmpty());
            QVERIFY(row[QLatin1String("alternate")] != row[QLatin1String("answer")]);
            pairs.insert(row[QLatin1String("question")].toString() + row[QLatin1String("alternate")].toString());
        }
        QCOMPARE(pairs.size(), 6);
    }
};

QTEST_GUILESS_MAIN(TestEraserDemo)
#include "tst_eraser_demo.moc"
