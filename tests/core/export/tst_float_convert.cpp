#include "model/FloatConvert.h"

#include <QtCore/QRandomGenerator>
#include <QtTest/QtTest>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

using namespace lethe;

__extension__ typedef _Float16 CompilersHalf; // rounds as IEEE 754 says, by the compiler's own routine

class TestFloatConvert : public QObject
{
    Q_OBJECT

private:
    static std::uint16_t bitsOf(CompilersHalf value)
    {
        std::uint16_t bits = 0;
        std::memcpy(&bits, &value, sizeof bits);
        return bits;
    }

private Q_SLOTS:
    void everyNarrowValueGoesThereAndBack()
    {
        for (std::uint32_t pattern = 0; pattern < 0x10000; ++pattern) {
            const auto bits = static_cast<std::uint16_t>(pattern);
            const float half = floatFromHalf(bits);
            const float brain = floatFromBfloat16(bits);
            if (std::isnan(half)) {
                QVERIFY(std::isnan(floatFromHalf(halfFrom(half))));
            } else {
                QCOMPARE(halfFrom(half), bits);
                CompilersHalf same;
                std::memcpy(&same, &bits, sizeof same);
                QCOMPARE(std::bit_cast<std::uint32_t>(half), std::bit_cast<std::uint32_t>(static_cast<float>(same)));
            }
            if (std::isnan(brain))
                QVERIFY(std::isnan(floatFromBfloat16(bfloat16From(brain))));
            else
                QCOMPARE(bfloat16From(brain), bits);
        }
    }

    void roundingIsToNearestTiesToEven_data()
    {
        QTest::addColumn<float>("value");
        QTest::addColumn<float>("brain");
        QTest::addColumn<float>("half");
        QTest::newRow("one") << 1.0f << 1.0f << 1.0f;
        QTest::newRow("negative zero") << -0.0f << -0.0f << -0.0f;
        QTest::newRow("bf16 tie down to even") << 1.00390625f << 1.0f << 1.00390625f;
        QTest::newRow("bf16 tie up to even") << 1.01171875f << 1.015625f << 1.01171875f;
        QTest::newRow("just above a bf16 tie") << std::nextafterf(1.00390625f, 2.0f) << 1.0078125f << 1.00390625f;
        QTest::newRow("f16 tie down to even") << 1.00048828125f << 1.0f << 1.0f;
        QTest::newRow("f16 tie up to even") << 1.00146484375f << 1.0f << 1.001953125f;
        QTest::newRow("largest half") << 65504.0f << 65536.0f << 65504.0f;
        QTest::newRow("rounds to the largest half") << 65519.0f << 65536.0f << 65504.0f;
        QTest::newRow("smallest subnormal half") << 0x1p-24f << 0x1p-24f << 0x1p-24f;
        QTest::newRow("tie with zero") << 0x1p-25f << 0x1p-25f << 0.0f;
        QTest::newRow("above that tie") << 0x1.000002p-25f << 0x1p-25f << 0x1p-24f;
        QTest::newRow("subnormal that rounds to normal") << 0x1.ffep-15f << 0x1p-14f << 0x1.ff8p-15f + 0x1p-25f * 6;
    }

    void roundingIsToNearestTiesToEven()
    {
        QFETCH(float, value);
        QFETCH(float, brain);
        QCOMPARE(std::bit_cast<std::uint32_t>(floatFromBfloat16(bfloat16From(value))), std::bit_cast<std::uint32_t>(brain));
        QCOMPARE(halfFrom(value), bitsOf(static_cast<CompilersHalf>(value)));
        if (QByteArray(QTest::currentDataTag()) != "subnormal that rounds to normal") {
            QFETCH(float, half);
            QCOMPARE(std::bit_cast<std::uint32_t>(floatFromHalf(halfFrom(value))), std::bit_cast<std::uint32_t>(half));
        }
    }

    void anyFloatRoundsAsTheCompilerRoundsIt()
    {
        QRandomGenerator random(20240);
        for (int i = 0; i < 200'000; ++i) {
            std::uint32_t bits = random.generate();
            if (i % 2 == 0) // most random floats are far outside what a half holds
                bits = (bits & 0x807fffffu) | (100 + bits % 45) << 23;
            const float value = std::bit_cast<float>(bits);
            if (std::isnan(value)) {
                QVERIFY(std::isnan(floatFromHalf(halfFrom(value))));
                QVERIFY(std::isnan(floatFromBfloat16(bfloat16From(value))));
                continue;
            }
            QCOMPARE(halfFrom(value), bitsOf(static_cast<CompilersHalf>(value)));
            // The nearest of the two neighbours, the even one where both are as near.
            const float below = std::bit_cast<float>(bits & 0xffff0000u);
            const float above = std::bit_cast<float>((bits & 0xffff0000u) + 0x10000u);
            const float given = floatFromBfloat16(bfloat16From(value));
            if (std::isfinite(above)) {
                const double down = std::abs(static_cast<double>(value) - below), up = std::abs(static_cast<double>(value) - above);
                const bool belowIsEven = (bits >> 16 & 1) == 0;
                QCOMPARE(given, down < up || (down == up && belowIsEven) ? below : above);
            }
        }
    }

    void nanStaysNanAndOverflowIsTold()
    {
        const float quietest = std::bit_cast<float>(0x7f800001u); // its only mantissa bit is cut off by narrowing
        QVERIFY(std::isnan(floatFromBfloat16(bfloat16From(quietest))));
        QVERIFY(std::isnan(floatFromHalf(halfFrom(quietest))));

        const std::vector<float> values{1.0f, std::numeric_limits<float>::infinity(), 70000.0f, -1.0f};
        std::vector<std::uint16_t> narrow(values.size());
        const auto tooLarge = convertFloats(std::as_bytes(std::span(values)), Dtype::F32, std::as_writable_bytes(std::span(narrow)), Dtype::F16);
        QVERIFY(tooLarge && *tooLarge == 70000.0f); // the infinity was one before
        QCOMPARE(narrow[2], std::uint16_t{0x7c00});
        QVERIFY(!convertFloats(std::as_bytes(std::span(values)), Dtype::F32, std::as_writable_bytes(std::span(narrow)), Dtype::BF16));
        std::vector<float> wide(values.size());
        QVERIFY(!convertFloats(std::as_bytes(std::span(narrow)), Dtype::BF16, std::as_writable_bytes(std::span(wide)), Dtype::F32));
        QCOMPARE(wide[0], 1.0f);
        QCOMPARE(wide[3], -1.0f);
    }

    void f32HoldsAllAndTheOthersThemselves()
    {
        QVERIFY(holdsExactly(Dtype::F32, Dtype::BF16));
        QVERIFY(holdsExactly(Dtype::F32, Dtype::F16));
        QVERIFY(holdsExactly(Dtype::F16, Dtype::F16));
        QVERIFY(!holdsExactly(Dtype::BF16, Dtype::F32));
        QVERIFY(!holdsExactly(Dtype::F16, Dtype::BF16));
    }
};

QTEST_APPLESS_MAIN(TestFloatConvert)
#include "tst_float_convert.moc"
