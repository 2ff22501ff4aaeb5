#include "plots/FollowRange.h"
#include "plots/Thinning.h"

#include <QtTest/QtTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

using namespace lethe;

namespace {

std::vector<double> countUp(std::size_t count)
{
    std::vector<double> x(count);
    std::iota(x.begin(), x.end(), 0.0);
    return x;
}

using Indices = std::vector<std::uint32_t>;

} // namespace

class TestThinning : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void fewPointsAllStay()
    {
        const std::vector<double> x{0, 1, 2, 3};
        const std::vector<double> y{5, 1, 4, 2};
        QCOMPARE(thinned(x, y, {0, 4, 400}), (Indices{0, 1, 2, 3}));
    }

    void aColumnKeepsFirstLowestHighestLast()
    {
        const std::vector<double> x{0, 1, 2, 3, 4, 5, 6};
        const std::vector<double> y{3, 3, 9, 3, -9, 3, 3};
        QCOMPARE(thinned(x, y, {0, 7, 1}), (Indices{0, 2, 4, 6}));
    }

    void aSpikeAmongAMillionStays()
    {
        const std::size_t count = 1'000'000;
        const std::vector<double> x = countUp(count);
        std::vector<double> y(count, 1.0);
        y[777'777] = 50;
        y[123'456] = -50;
        const Indices kept = thinned(x, y, {0, static_cast<double>(count), 800});
        QVERIFY(kept.size() <= 4 * 801);
        QVERIFY(std::ranges::binary_search(kept, 777'777U));
        QVERIFY(std::ranges::binary_search(kept, 123'456U));
        QVERIFY(std::ranges::is_sorted(kept));
        QCOMPARE(kept.front(), 0U);
        QCOMPARE(kept.back(), static_cast<std::uint32_t>(count - 1));
    }

    void theLastPointIsNeverDropped()
    {
        for (std::size_t count = 1; count < 300; ++count) {
            const std::vector<double> x = countUp(count);
            const std::vector<double> y(count, 2.0);
            QCOMPARE(thinned(x, y, {0, static_cast<double>(count), 7}).back(), static_cast<std::uint32_t>(count - 1));
        }
    }

    void onePointOnEitherSideOfTheWindowStays()
    {
        const std::vector<double> x = countUp(100);
        const std::vector<double> y = countUp(100);
        const Indices kept = thinned(x, y, {40.5, 42.5, 100});
        QCOMPARE(kept, (Indices{40, 41, 42, 43}));
    }

    void aGapIsHandedOnOnce()
    {
        const double nan = std::numeric_limits<double>::quiet_NaN();
        const double inf = std::numeric_limits<double>::infinity();
        const std::vector<double> x = countUp(7);
        const std::vector<double> y{1, 2, nan, inf, -inf, 3, 4};
        QCOMPARE(thinned(x, y, {0, 7, 1}), (Indices{0, 1, 2, 5, 6}));
    }

    void nothingToShow()
    {
        QVERIFY(thinned({}, {}, {0, 1, 100}).empty());
        const std::vector<double> x{1}, y{1};
        QVERIFY(thinned(x, y, {1, 1, 100}).empty());
        QVERIFY(thinned(x, y, {0, 2, 0}).empty());
    }

    void airIsFivePercent()
    {
        QCOMPARE(withAir(0, 10, false), (AxisSpan{-0.5, 10.5}));
        QCOMPARE(withAir(4, 4, false), (AxisSpan{3.8, 4.2}));
        QCOMPARE(withAir(0, 0, false), (AxisSpan{-0.05, 0.05}));
        const AxisSpan decades = withAir(1, 100, true);
        QVERIFY(std::abs(std::log10(decades.lower) + 0.1) < 1e-12);
        QVERIFY(std::abs(std::log10(decades.upper) - 2.1) < 1e-12);
    }

    void followHoldsStillWhileTheValuesFit()
    {
        const AxisSpan shown{0, 10};
        QCOMPARE(followed(shown, 1, 9, false), shown);         // 88 % filled
        QCOMPARE(followed(shown, 0.1, 10.1, false), withAir(0.1, 10.1, false)); // does not fit
        QCOMPARE(followed(shown, 4, 6, false), withAir(4, 6, false));           // fills too little
        QCOMPARE(followed({-1, 10}, 1, 9, true), withAir(1, 9, true));          // was not logarithmic before
    }
};

QTEST_GUILESS_MAIN(TestThinning)
#include "tst_thinning.moc"
