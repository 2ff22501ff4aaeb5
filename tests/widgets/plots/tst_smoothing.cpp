#include "plots/CurveData.h"
#include "plots/Smoothing.h"

#include <QtTest/QtTest>

#include <cmath>
#include <limits>
#include <vector>

using namespace lethe;

namespace {

/// The formula as it is written, term by term.
double byFormula(const std::vector<double> &steps, const std::vector<double> &values, std::size_t i, double weight)
{
    double sum = 0, total = 0;
    for (std::size_t j = 0; j <= i; ++j) {
        if (!std::isfinite(values[j]))
            continue;
        const double share = std::pow(weight, steps[i] - steps[j]);
        sum += share * values[j];
        total += share;
    }
    return sum / total;
}

} // namespace

class TestSmoothing : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void weightZeroHandsValuesThrough()
    {
        DebiasedSmoother smoother(0);
        QCOMPARE(smoother.next(1, 3.5), 3.5);
        QCOMPARE(smoother.next(2, -7.0), -7.0);
    }

    void firstValueIsNotBiasedTowardsZero()
    {
        DebiasedSmoother smoother(0.9);
        QCOMPARE(smoother.next(10, 4.0), 4.0);
    }

    void knownByHand()
    {
        // w = 0.5: y1 = 2; y2 = (0.5·2 + 4)/1.5 = 10/3; after two steps w² = 0.25: y3 = (0.25·(0.5·2 + 4) + 1)/(0.25·1.5 + 1)
        DebiasedSmoother smoother(0.5);
        QCOMPARE(smoother.next(1, 2.0), 2.0);
        QCOMPARE(smoother.next(2, 4.0), 10.0 / 3.0);
        QCOMPARE(smoother.next(4, 1.0), (0.25 * 5.0 + 1.0) / (0.25 * 1.5 + 1.0));
    }

    void equalsTheFormula_data()
    {
        QTest::addColumn<double>("weight");
        for (const double weight : {0.1, 0.6, 0.9, 0.99})
            QTest::newRow(qPrintable(QString::number(weight))) << weight;
    }

    void equalsTheFormula()
    {
        QFETCH(double, weight);
        const std::vector<double> steps{0, 1, 2, 3, 10, 11, 40, 41, 42, 200};
        const std::vector<double> values{5, 4, 4.5, 100, 3, std::numeric_limits<double>::quiet_NaN(), 2, 1.5, -2, 0.25};
        DebiasedSmoother smoother(weight);
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const double smooth = smoother.next(steps[i], values[i]);
            if (!std::isfinite(values[i])) {
                QVERIFY(std::isnan(smooth));
                continue;
            }
            const double expected = byFormula(steps, values, i, weight);
            QVERIFY2(std::abs(smooth - expected) <= 1e-12 * std::max(1.0, std::abs(expected)),
                     qPrintable(QStringLiteral("%1 instead of %2 at %3").arg(smooth).arg(expected).arg(i)));
        }
    }

    void isCausal()
    {
        // what was shown does not change when more arrives
        CurveData data;
        data.setSmoothing(0.8);
        for (int step = 1; step <= 50; ++step)
            data.append(step, std::sin(step));
        const std::vector<double> before(data.smoothed().begin(), data.smoothed().end());
        for (int step = 51; step <= 100; ++step)
            data.append(step, 1000);
        for (std::size_t i = 0; i < before.size(); ++i)
            QCOMPARE(data.smoothed()[i], before[i]);
    }

    void smoothingAnewEqualsSmoothingAsItArrived()
    {
        CurveData live, later;
        live.setSmoothing(0.6);
        for (int step = 1; step <= 30; ++step) {
            live.append(step, 1.0 / step);
            later.append(step, 1.0 / step);
        }
        QCOMPARE(later.smoothed()[29], 1.0 / 30);
        later.setSmoothing(0.6);
        for (std::size_t i = 0; i < 30; ++i)
            QCOMPARE(later.smoothed()[i], live.smoothed()[i]);
        later.setSmoothing(0);
        QCOMPARE(later.smoothed()[29], 1.0 / 30);
    }

    void curveKnowsItsBoundsAndGaps()
    {
        CurveData data;
        QVERIFY(!data.bounds());
        QVERIFY(!data.nearest(3));
        data.append(1, std::numeric_limits<double>::infinity());
        QVERIFY(!data.bounds());
        QVERIFY(!data.hasNonPositive());
        data.append(2, 4);
        data.append(5, 0.5);
        QCOMPARE(data.bounds(), (std::optional{std::pair{0.5, 4.0}}));
        QCOMPARE(data.boundsWithin(1.5, 3), (std::optional{std::pair{4.0, 4.0}}));
        QVERIFY(!data.boundsWithin(2.5, 3));
        QVERIFY(!data.hasNonPositive());
        data.append(6, -1);
        QVERIFY(data.hasNonPositive());
        QCOMPARE(data.lowestPositive(), std::optional(0.5));
        QCOMPARE(data.gaps().size(), std::size_t{1});
        QCOMPARE(data.nearest(-10), std::optional<std::size_t>(0));
        QCOMPARE(data.nearest(3.4), std::optional<std::size_t>(1));
        QCOMPARE(data.nearest(3.6), std::optional<std::size_t>(2));
        QCOMPARE(data.nearest(99), std::optional<std::size_t>(3));
    }
};

QTEST_GUILESS_MAIN(TestSmoothing)
#include "tst_smoothing.moc"
