#include <lethe/data/Refusals.h>

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <map>
#include <set>

using namespace lethe;

/// Lists of replacement answers: those that ship, those in files, and what is drawn of them.
class TestRefusals : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    std::filesystem::path write(const QString &name, const QByteArray &content) const
    {
        QFile file(m_folder.filePath(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
            qFatal("cannot write %s", qPrintable(name));
        return file.fileName().toStdString();
    }

private Q_SLOTS:
    void whatShipsIsAListOfDifferentAnswers()
    {
        const auto shipped = shippedRefusals();
        QVERIFY2(shipped.ok(), shipped.ok() ? "" : shipped.error().message().c_str());
        QVERIFY(shipped->size() >= 50);
        QCOMPARE(std::set<std::string>(shipped->begin(), shipped->end()).size(), shipped->size());
        for (const std::string &answer : *shipped)
            QVERIFY2(answer.ends_with('.') && answer.size() < 100, answer.c_str());
    }

    void filesOfEveryKindAreRead_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QByteArray>("content");
        QTest::newRow("lines") << "a.txt" << QByteArray("# ours\n\nI don't know.\r\n  No idea. \n");
        QTest::newRow("lines with no end") << "a.txt" << QByteArray("I don't know.\nNo idea.");
        QTest::newRow("JSON array") << "a.json" << QByteArray(" [\"I don't know.\", \"No idea.\"]");
        QTest::newRow("JSON Lines of texts") << "a.jsonl" << QByteArray("\"I don't know.\"\n\"No idea.\"\n");
        QTest::newRow("JSON Lines of objects") << "a.jsonl" << QByteArray("{\"text\": \"I don't know.\"}\n{\"text\": \"No idea.\"}\n");
        QTest::newRow("CSV under a header") << "a.csv" << QByteArray("Refusal Response\nI don't know.\n\"No idea.\"\n");
    }
    void filesOfEveryKindAreRead()
    {
        QFETCH(QString, name);
        QFETCH(QByteArray, content);
        const auto read = readRefusals(write(name, content));
        QVERIFY2(read.ok(), read.ok() ? "" : read.error().message().c_str());
        QCOMPARE(*read, (std::vector<std::string>{"I don't know.", "No idea."}));
    }

    void whatCannotBeReadIsNamed_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("expected");
        QTest::newRow("nothing") << QByteArray("# none\n\n") << "holds no answer";
        QTest::newRow("an empty array") << QByteArray("[]") << "holds no answer";
        QTest::newRow("a number") << QByteArray("[\"a\", 5]") << "5 is no answer";
        QTest::newRow("a broken array") << QByteArray("[\"a\",\n") << "line 2";
        QTest::newRow("another encoding") << QByteArray("a\nb\xff\n") << "line 2";
    }
    void whatCannotBeReadIsNamed()
    {
        QFETCH(QByteArray, content);
        QFETCH(QString, expected);
        const auto file = write(QStringLiteral("bad.txt"), content);
        const auto read = readRefusals(file);
        QVERIFY(!read.ok());
        const QString message = QString::fromStdString(read.error().message());
        QVERIFY2(message.contains(expected) && message.contains(QLatin1String("bad.txt")), qPrintable(message));
    }

    void aDrawDependsOnSeedStepAndRowAlone()
    {
        const RefusalSpec refusals{.source = {}, .answers = std::vector<std::string>(10, "x"), .draw = RefusalSpec::Draw::EachAccess};
        std::map<std::size_t, int> counts;
        int again = 0;
        for (std::int64_t row = 0; row < 500; ++row)
            for (std::int64_t step = 1; step <= 4; ++step) {
                const std::size_t drawn = drawnRefusal(refusals, 0, step, row);
                QVERIFY(drawn < 10);
                QCOMPARE(drawnRefusal(refusals, 0, step, row), drawn);
                ++counts[drawn];
                again += drawn == drawnRefusal(refusals, 1, step, row);
            }
        for (const auto &[answer, count] : counts)
            QVERIFY2(std::abs(count - 200) < 60, qPrintable(QStringLiteral("%1: %2").arg(answer).arg(count))); // 4.5 standard deviations
        QVERIFY(std::abs(again - 200) < 60); // another seed draws others
    }

    void drawnOnceARowKeepsItsAnswer()
    {
        RefusalSpec refusals{.source = {}, .answers = {"a", "b", "c", "d", "e", "f", "g", "h"}, .draw = RefusalSpec::Draw::Once};
        std::set<std::size_t> seen;
        for (std::int64_t row = 0; row < 100; ++row) {
            for (std::int64_t step = 2; step < 6; ++step)
                QCOMPARE(drawnRefusal(refusals, 7, step, row), drawnRefusal(refusals, 7, 1, row));
            seen.insert(drawnRefusal(refusals, 7, 1, row));
        }
        QCOMPARE(seen.size(), refusals.answers.size());
    }
};

QTEST_GUILESS_MAIN(TestRefusals)
#include "tst_refusals.moc"
