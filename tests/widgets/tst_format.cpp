#include <widgets/Format.h>

#include <QtCore/QDateTime>
#include <QtTest/QtTest>

#include <cmath>
#include <limits>

using namespace lethe;

class TestFormat : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void lossesHaveFourSignificantDigits_data();
    void lossesHaveFourSignificantDigits();
    void ratesAreShortAndAlwaysWithAPoint();
    void probabilitiesShowThreeDigitsBelowATenth();
    void percentNeverRoundsToNoneOrAll();
    void bytesAreBinary_data();
    void bytesAreBinary();
    void countsAreGroupedTheSameEverywhere();
    void durationsReadAsClockThenAsDays();
    void whatIsUndefinedIsADash();
    void metricsShowTheirOwnUnit();
    void metricsKnowWhichWayIsBetter();
    void fullPrecisionReadsBackToTheSameNumber();
    void whatIsSetIsSpelledAsInASpec();
    void agoCountsFromNow();
};

void TestFormat::lossesHaveFourSignificantDigits_data()
{
    QTest::addColumn<double>("value");
    QTest::addColumn<QString>("text");
    QTest::newRow("ones") << 4.21812 << "4.218";
    QTest::newRow("tens") << 13.8629 << "13.86";
    QTest::newRow("below one keeps zeros") << 0.402 << "0.4020";
    QTest::newRow("hundredths") << 0.012345 << "0.01235";
    QTest::newRow("negative") << -2.5 << "-2.500";
    QTest::newRow("rounding up a digit") << 9.99996 << "10.00";
    QTest::newRow("tiny") << 1.2346e-6 << "1.235e-6";
    QTest::newRow("zero") << 0.0 << "0";
    QTest::newRow("not a number") << std::nan("") << "NaN";
    QTest::newRow("infinite") << -std::numeric_limits<double>::infinity() << "−∞";
}

void TestFormat::lossesHaveFourSignificantDigits()
{
    QFETCH(double, value);
    QFETCH(QString, text);
    QCOMPARE(format::loss(value), text);
}

void TestFormat::ratesAreShortAndAlwaysWithAPoint()
{
    QLocale::setDefault(QLocale(QLocale::German));
    QCOMPARE(format::scientific(1e-5), QStringLiteral("1e-5"));
    QCOMPARE(format::scientific(2.5e-5), QStringLiteral("2.5e-5"));
    QCOMPARE(format::scientific(0.05), QStringLiteral("0.05"));
    QCOMPARE(format::scientific(0), QStringLiteral("0"));
    QCOMPARE(format::scientific(1), QStringLiteral("1"));
    QLocale::setDefault(QLocale::c());
}

void TestFormat::probabilitiesShowThreeDigitsBelowATenth()
{
    QCOMPARE(format::probability(0.97), QStringLiteral("0.97"));
    QCOMPARE(format::probability(0.0314), QStringLiteral("0.031"));
    QCOMPARE(format::probability(1e-9), QStringLiteral("<0.001"));
    QCOMPARE(format::probability(0.0), QStringLiteral("0.00"));
}

void TestFormat::percentNeverRoundsToNoneOrAll()
{
    QCOMPARE(format::percent(0.9613), QStringLiteral("96 %"));
    QCOMPARE(format::percent(0.001), QStringLiteral("<1 %"));
    QCOMPARE(format::percent(0.0), QStringLiteral("0 %"));
    QCOMPARE(format::percent(0.999), QStringLiteral(">99 %"));
    QCOMPARE(format::percent(1.0), QStringLiteral("100 %"));
}

void TestFormat::bytesAreBinary_data()
{
    QTest::addColumn<qint64>("bytes");
    QTest::addColumn<QString>("text");
    QTest::newRow("none") << qint64(0) << "0 B";
    QTest::newRow("bytes") << qint64(512) << "512 B";
    QTest::newRow("a tenth is shown") << qint64(8178892) << "7.8 MiB";
    QTest::newRow("a tenth of none is not") << (qint64(15) << 30) << "15 GiB";
    QTest::newRow("no tenths from a hundred on") << (qint64(300) << 20) + (qint64(1) << 19) << "301 MiB";
    QTest::newRow("just below the next unit") << (qint64(1) << 20) - 1 << "1 MiB";
}

void TestFormat::bytesAreBinary()
{
    QFETCH(qint64, bytes);
    QFETCH(QString, text);
    QCOMPARE(format::bytes(bytes), text);
}

void TestFormat::countsAreGroupedTheSameEverywhere()
{
    const QChar group(0x202F);
    QCOMPARE(format::count(999), QStringLiteral("999"));
    QCOMPARE(format::count(1204), QStringLiteral("1") + group + QStringLiteral("204"));
    QCOMPARE(format::count(-1234567), QStringLiteral("-1") + group + QStringLiteral("234") + group + QStringLiteral("567"));
    QCOMPARE(format::parameters(3870000), QStringLiteral("3.87 M"));
    QCOMPARE(format::parameters(1240000000), QStringLiteral("1.24 G"));
    QCOMPARE(format::parameters(999), QStringLiteral("999"));
    QCOMPARE(format::rate(1830.2, QStringLiteral("tok")), QStringLiteral("1") + group + QStringLiteral("830 tok/s"));
    QCOMPARE(format::rate(2.34, QStringLiteral("rows")), QStringLiteral("2.3 rows/s"));
}

void TestFormat::durationsReadAsClockThenAsDays()
{
    QCOMPARE(format::duration(41), QStringLiteral("0:41"));
    QCOMPARE(format::duration(3723), QStringLiteral("1:02:03"));
    QCOMPARE(format::duration(3 * 86400 + 4 * 3600 + 59), QStringLiteral("3 d 4 h"));
    QCOMPARE(format::duration(59.6), QStringLiteral("1:00"));
}

void TestFormat::whatIsUndefinedIsADash()
{
    const QString dash = QStringLiteral("–");
    QCOMPARE(format::loss({}), dash);
    QCOMPARE(format::probability({}), dash);
    QCOMPARE(format::percent({}), dash);
    QCOMPARE(format::duration(-1), dash);
    QCOMPARE(format::duration(std::nan("")), dash);
    QCOMPARE(format::rate(0, QStringLiteral("tok")), dash);
    QCOMPARE(format::metric(QStringLiteral("forget_prob"), {}), dash);
    QCOMPARE(format::ago(QStringLiteral("yesterday")), dash);
}

void TestFormat::metricsShowTheirOwnUnit()
{
    QCOMPARE(format::metric(QStringLiteral("forget_exact_match"), 0.04), QStringLiteral("4 %"));
    QCOMPARE(format::metric(QStringLiteral("retain_prob"), 0.94), QStringLiteral("0.94"));
    QCOMPARE(format::metric(QStringLiteral("forget_quality"), 2.061e-7), QStringLiteral("2.1e-7"));
    QCOMPARE(format::metricName(QStringLiteral("forget_exact_match")), QStringLiteral("Forget exact match"));
    QCOMPARE(format::metricName(QStringLiteral("retain_rouge")), QStringLiteral("Retain ROUGE-L recall"));
    QCOMPARE(format::metricName(QStringLiteral("mean_log_ratio")), QStringLiteral("Mean log ratio"));
}

void TestFormat::metricsKnowWhichWayIsBetter()
{
    QCOMPARE(format::metricDirection(QStringLiteral("forget_prob")), -1);
    QCOMPARE(format::metricDirection(QStringLiteral("retain_prob")), 1);
    QCOMPARE(format::metricDirection(QStringLiteral("model_utility")), 1);
    QCOMPARE(format::metricDirection(QStringLiteral("mean_log_ratio")), 0);
}

void TestFormat::whatIsSetIsSpelledAsInASpec()
{
    QCOMPARE(format::shortest(2e-5), QStringLiteral("2e-5"));
    QCOMPARE(format::shortest(1.5e-10), QStringLiteral("1.5e-10"));
    QCOMPARE(format::shortest(0.15), QStringLiteral("0.15"));
    QCOMPARE(format::shortest(60), QStringLiteral("60"));
}

void TestFormat::fullPrecisionReadsBackToTheSameNumber()
{
    for (const double value : {0.1, 1.0 / 3, 6.02214076e23, 5e-324})
        QCOMPARE(format::full(value).toDouble(), value);
}

void TestFormat::agoCountsFromNow()
{
    const auto before = [](qint64 seconds) {
        return format::ago(QDateTime::currentDateTimeUtc().addSecs(-seconds).toString(Qt::ISODate));
    };
    QCOMPARE(before(3), QStringLiteral("just now"));
    QCOMPARE(before(130), QStringLiteral("2 min ago"));
    QCOMPARE(before(7300), QStringLiteral("2 h ago"));
    QCOMPARE(before(3 * 86400), QStringLiteral("3 d ago"));
    const QString withoutZone = QDateTime::currentDateTimeUtc().addSecs(-130).toString(QStringLiteral("yyyy-MM-dd hh:mm:ss"));
    QCOMPARE(format::ago(QString(withoutZone).replace(QLatin1Char(' '), QLatin1Char('T'))), QStringLiteral("2 min ago"));
}

QTEST_GUILESS_MAIN(TestFormat)
#include "tst_format.moc"
