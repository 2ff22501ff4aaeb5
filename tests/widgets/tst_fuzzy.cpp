#include <frame/Fuzzy.h>

#include <QtTest/QtTest>

using namespace lethe;

class TestFuzzy : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void lettersMustComeInOrder();
    void everyWordMustBeFound();
    void startsOfWordsGoFirst();
    void runsOfLettersGoBeforeScatteredOnes();
    void nothingTypedFitsEverything();
};

void TestFuzzy::lettersMustComeInOrder()
{
    QVERIFY(fuzzyScore(QStringLiteral("smoo"), QStringLiteral("Smoothing of the loss")) > 0);
    QVERIFY(fuzzyScore(QStringLiteral("oms"), QStringLiteral("Smoothing")) < 0);
    QVERIFY(fuzzyScore(QStringLiteral("smoothingg"), QStringLiteral("Smoothing")) < 0);
}

void TestFuzzy::everyWordMustBeFound()
{
    QVERIFY(fuzzyScore(QStringLiteral("log con"), QStringLiteral("Log console")) > 0);
    QVERIFY(fuzzyScore(QStringLiteral("log xyz"), QStringLiteral("Log console")) < 0);
}

void TestFuzzy::startsOfWordsGoFirst()
{
    QVERIFY(fuzzyScore(QStringLiteral("fs"), QStringLiteral("Full screen")) > fuzzyScore(QStringLiteral("fs"), QStringLiteral("Offset of x")));
}

void TestFuzzy::runsOfLettersGoBeforeScatteredOnes()
{
    QVERIFY(fuzzyScore(QStringLiteral("port"), QStringLiteral("Export run")) > fuzzyScore(QStringLiteral("port"), QStringLiteral("Simple notorious start")));
}

void TestFuzzy::nothingTypedFitsEverything()
{
    QCOMPARE(fuzzyScore(QString(), QStringLiteral("Runs")), 0);
    QCOMPARE(fuzzyScore(QStringLiteral("  "), QString()), 0);
    QVERIFY(fuzzyScore(QStringLiteral("a"), QString()) < 0);
}

QTEST_GUILESS_MAIN(TestFuzzy)
#include "tst_fuzzy.moc"
