#include "runs/RunQuery.h"

#include <QtTest/QtTest>

using namespace lethe;

class TestRunQuery : public QObject
{
    Q_OBJECT

private:
    static RunRow run()
    {
        RunRow row;
        row.id = 7;
        row.name = "npo lr 2e-5";
        row.status = RunStatus::Done;
        row.method = "npo";
        row.model = "/models/tiny-demo";
        row.learningRate = 2e-5;
        row.steps = 40;
        row.plannedSteps = 40;
        row.seconds = 41;
        row.starred = true;
        row.tags = {"paper", "Second try"};
        row.note = "looks like Tolund is gone";
        row.finalMetrics = {{"forget_exact_match", 0.04, {}}, {"retain_exact_match", 0.95, {}}, {"forget_prob", std::nullopt, "no rows"}};
        return row;
    }

private Q_SLOTS:
    void aTermNarrows_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("matches");
        QTest::newRow("nothing") << "   " << true;
        QTest::newRow("a word of the name, any case") << "NPO" << true;
        QTest::newRow("a word of a tag") << "pap" << true;
        QTest::newRow("a word of the note") << "tolund" << true;
        QTest::newRow("a word that is nowhere") << "graddiff" << false;
        QTest::newRow("all words are needed") << "npo graddiff" << false;
        QTest::newRow("words kept together") << "\"tolund is gone\"" << true;
        QTest::newRow("a quoted key is a word") << "\"lr<1\"" << false;
        QTest::newRow("method") << "method:NPO" << true;
        QTest::newRow("a method is a whole word") << "method:np" << false;
        QTest::newRow("not a method") << "method!=ga" << true;
        QTest::newRow("status") << "status:done" << true;
        QTest::newRow("another status") << "status:failed" << false;
        QTest::newRow("a tag of two words") << "tag:\"second try\"" << true;
        QTest::newRow("no such tag") << "tag!=paper" << false;
        QTest::newRow("the folder's name") << "model:tiny" << true;
        QTest::newRow("not the folder's place") << "model:models" << false;
        QTest::newRow("star") << "star:yes" << true;
        QTest::newRow("less") << "lr<1e-4" << true;
        QTest::newRow("not less than itself") << "lr<0.00002" << false;
        QTest::newRow("at most itself, written otherwise") << "lr<=0.00002" << true;
        QTest::newRow("equal") << "lr:2e-5" << true;
        QTest::newRow("greater") << "steps>39" << true;
        QTest::newRow("at least") << "steps>=41" << false;
        QTest::newRow("a share in percent") << "forget<10%" << true;
        QTest::newRow("a metric by its name") << "retain_exact_match>0.96" << false;
        QTest::newRow("an undefined metric holds against nothing") << "forget_prob<1" << false;
        QTest::newRow("an undefined metric differs") << "forget_prob!=1" << true;
        QTest::newRow("all at once") << "npo status:done lr<1e-4 tag:paper" << true;
    }
    void aTermNarrows()
    {
        QFETCH(QString, text);
        QFETCH(bool, matches);
        const auto query = RunQuery::parse(text);
        QVERIFY2(query.ok(), query.ok() ? "" : query.error().message().c_str());
        QCOMPARE(query->matches(run()), matches);
    }

    void aMistakeIsNamed_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("named");
        QTest::newRow("unknown key") << "colour:red" << "colour";
        QTest::newRow("no value") << "method:" << "method:";
        QTest::newRow("no number") << "lr<fast" << "fast";
        QTest::newRow("not finite") << "lr<nan" << "nan";
        QTest::newRow("an order of texts") << "name<b" << "name";
        QTest::newRow("after good terms") << "npo status:done steps>" << "steps>";
    }
    void aMistakeIsNamed()
    {
        QFETCH(QString, text);
        QFETCH(QString, named);
        const auto query = RunQuery::parse(text);
        QVERIFY(!query.ok());
        QCOMPARE(query.error().code, ErrorCode::InvalidInput);
        QVERIFY2(QString::fromStdString(query.error().what).contains(named), query.error().what.c_str());
    }
};

QTEST_GUILESS_MAIN(TestRunQuery)
#include "tst_run_query.moc"
