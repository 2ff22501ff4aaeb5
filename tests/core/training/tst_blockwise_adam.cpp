#include "training/BlockwiseAdam.h"

#include "support/Fixtures.h"

#include <ATen/ATen.h>

#include <QtTest/QtTest>

#include <cmath>

using namespace lethe;

namespace {

nlohmann::json vectors()
{
    return test::readJson(test::folderFromEnvironment("LETHE_SOURCE_DIR") / "tests/core/training/data/adamw_8bit.json");
}

/// The numbers that make_adamw_8bit_vectors.py draws.
class Draws
{
public:
    float next()
    {
        m_state = m_state * 1664525u + 1013904223u;
        return static_cast<float>(m_state >> 8) / 16777216.0f - 0.5f;
    }

private:
    std::uint32_t m_state = 7;
};

at::Tensor decoded(const at::Tensor &codes, const at::Tensor &scales, bool negative)
{
    return blockwise::dynamicMap(negative).index_select(0, codes.to(at::kInt)) * scales.repeat_interleave(blockwise::kBlock).slice(0, 0, codes.numel());
}

at::Tensor first(const blockwise::Moments &moments) { return decoded(moments.first, moments.firstScale, true); }
at::Tensor second(const blockwise::Moments &moments) { return decoded(moments.second, moments.secondScale, false); }

/// How far every so manieth number is from what it is to be, as shares of \p unit.
struct Distance {
    double greatest = 0;
    int apart = 0; ///< numbers that are off by more than \p rounding
};
Distance distance(const at::Tensor &tensor, const nlohmann::json &expected, std::int64_t every, double unit, double rounding = 1e-5)
{
    const at::Tensor flat = tensor.reshape({-1});
    Distance found;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const double off = std::abs(flat[static_cast<std::int64_t>(i) * every].item<double>() - expected[i].get<double>()) / unit;
        found.greatest = std::max(found.greatest, off);
        found.apart += off > rounding;
    }
    return found;
}

} // namespace

/// 8-bit AdamW against torchao's figures and bitsandbytes' maps, its loop against LibTorch's operators, and its one difference from bitsandbytes.
class TestBlockwiseAdam : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void itGoesAsTorchaoAndBitsandbytesGo_data()
    {
        QTest::addColumn<bool>("plainly");
        QTest::newRow("loop") << false;
        QTest::newRow("operators") << true;
    }
    void itGoesAsTorchaoAndBitsandbytesGo()
    {
        QFETCH(bool, plainly);
        const nlohmann::json file = vectors();
        const std::int64_t rows = file["rows"], columns = file["columns"], every = file["every"];
        for (const auto &[name, values] : file["map"].items())
            for (std::size_t i = 0; i < values.size(); ++i)
                QVERIFY(std::abs(blockwise::dynamicMap(name == "first")[static_cast<std::int64_t>(17 * i)].item<double>() - values[i].get<double>()) <= 1e-7);

        Draws draws;
        at::Tensor weight = at::empty({rows, columns});
        for (std::int64_t i = 0; i < weight.numel(); ++i)
            weight.mutable_data_ptr<float>()[i] = draws.next();
        blockwise::Moments moments = blockwise::zeroMoments(weight);
        constexpr float kShares[] = {1.0f, 0.25f, 0.0625f};
        std::size_t checked = 0;
        for (std::int64_t number = 1; number <= 20; ++number) {
            at::Tensor gradient = at::empty_like(weight);
            for (std::int64_t i = 0; i < gradient.numel(); ++i) {
                const float u = draws.next();
                gradient.mutable_data_ptr<float>()[i] = std::copysign(0.1f + std::abs(u), u) * kShares[i / columns % 3];
            }
            const blockwise::Step step{.learningRate = 1e-3 * (1 - static_cast<double>(number - 1) / 20), .weightDecay = 0.01, .number = number};
            (plainly ? blockwise::plain::adamW : blockwise::adamW)(weight, gradient, moments, step);
            for (const nlohmann::json &expected : file["steps"])
                if (expected["step"] == number) {
                    ++checked;
                    // A number in the middle of two codes may fall to the other side where a sum is rounded otherwise.
                    const Distance weights = distance(weight, expected["weight"], every, 1e-3, 1e-3);
                    const Distance firsts = distance(first(moments), expected["first"], every, first(moments).abs().max().item<double>());
                    const Distance seconds = distance(second(moments), expected["second"], every, second(moments).max().item<double>());
                    qInfo("step %d of %d numbers: weights off by %.1e of the rate (%d), averages by %.1e (%d) and %.1e (%d) of the greatest", static_cast<int>(number),
                          static_cast<int>(expected["weight"].size()), weights.greatest, weights.apart, firsts.greatest, firsts.apart, seconds.greatest, seconds.apart);
                    QVERIFY(weights.greatest < 0.05 && weights.apart <= 1);
                    QVERIFY(firsts.greatest < 0.0145 && firsts.apart <= 1);
                    QVERIFY(seconds.greatest < 0.0075 && seconds.apart <= 1);
                }
        }
        QCOMPARE(checked, file["steps"].size());
    }

    void theLoopIsItsPlainTwin_data()
    {
        QTest::addColumn<int>("numbers");
        QTest::addColumn<double>("spread"); // of the gradients' sizes, in powers of ten
        QTest::newRow("whole blocks") << 256 * 65 << 0.0;
        QTest::newRow("a short last block") << 256 * 65 + 7 << 0.0;
        QTest::newRow("less than a block") << 31 << 0.0;
        QTest::newRow("six decades in a block") << 256 * 33 + 1 << 6.0;
        QTest::newRow("sizes no square of which is a number") << 512 << 40.0;
    }
    void theLoopIsItsPlainTwin()
    {
        QFETCH(int, numbers);
        QFETCH(double, spread);
        at::manual_seed(5);
        at::Tensor looped = at::randn({numbers}), plainly = looped.clone();
        blockwise::Moments a = blockwise::zeroMoments(looped), b = blockwise::zeroMoments(looped);
        for (std::int64_t number = 1; number <= 12; ++number) {
            at::Tensor gradient = at::randn({numbers}) * at::pow(10.0, -spread * at::rand({numbers}));
            gradient.slice(0, 0, std::min(numbers, 20)).zero_();
            if (number % 4 == 0)
                gradient.zero_();
            const blockwise::Step step{.learningRate = 1e-3, .weightDecay = 0.1, .number = number};
            blockwise::adamW(looped, gradient, a, step);
            blockwise::plain::adamW(plainly, gradient, b, step);
        }
        QVERIFY(at::isfinite(looped).all().item<bool>());
        QVERIFY((looped - plainly).abs().max().item<double>() < 1e-4);
        // sums of a fused multiplication are rounded once: some numbers in the middle of two codes differ
        QVERIFY((a.first != b.first).sum().item<double>() <= 0.001 * numbers + 1);
        QVERIFY((a.second != b.second).sum().item<double>() <= 0.001 * numbers + 1);
    }

    void itStaysNearAdamWOfF32()
    {
        at::manual_seed(6);
        at::Tensor coded = at::randn({64, 256}) * 0.02, wide = coded.clone();
        at::Tensor m = at::zeros_like(wide), v = at::zeros_like(wide);
        blockwise::Moments moments = blockwise::zeroMoments(coded);
        const at::Tensor start = coded.clone(), direction = at::randn_like(wide);
        for (std::int64_t number = 1; number <= 100; ++number) {
            const at::Tensor gradient = direction + at::randn_like(wide);
            blockwise::adamW(coded, gradient, moments, {.learningRate = 1e-3, .weightDecay = 0, .number = number});
            m = 0.9 * m + 0.1 * gradient;
            v = 0.999 * v + 0.001 * gradient * gradient;
            const auto t = static_cast<double>(number);
            wide -= 1e-3 * (m / (1 - std::pow(0.9, t))) / ((v / (1 - std::pow(0.999, t))).sqrt() + 1e-8);
        }
        const double off = ((coded - wide).norm() / (wide - start).norm()).item<double>();
        qInfo("the way of 100 steps is off by %.2f %%", 100 * off);
        QVERIFY(off < 0.02);
        QVERIFY(off > 1e-5); // eight bits are eight bits
    }

    /// Where bitsandbytes stores a second average of zero, and the next step without a gradient leaps by m / eps.
    void aSmallSecondAverageIsNotStoredAsZero()
    {
        for (const auto step : {&blockwise::adamW, &blockwise::plain::adamW}) {
            at::Tensor weight = at::zeros({4096});
            blockwise::Moments moments = blockwise::zeroMoments(weight);
            at::Tensor gradient = at::zeros({4096});
            gradient[0] = 1.0;
            gradient[1] = 1e-4; // its square is 1e-8 of the block's greatest
            step(weight, gradient, moments, {.learningRate = 1e-3, .number = 1});
            QVERIFY(second(moments)[1].item<double>() > 0);
            QCOMPARE(second(moments)[2].item<double>(), 0.0);
            step(weight, at::zeros({4096}), moments, {.learningRate = 1e-3, .number = 2});
            QVERIFY(weight.abs().max().item<double>() < 3e-3);
        }
    }

    /// A weight whose memory is not in the order of its indices (GPT-2's layers are views of that kind) is taken as it lies.
    void aTransposedWeightGoesLikeItsOriginal()
    {
        at::manual_seed(8);
        at::Tensor straight = at::randn({96, 64}), turned = straight.clone().t();
        blockwise::Moments a = blockwise::zeroMoments(straight), b = blockwise::zeroMoments(turned);
        const at::Tensor gradient = at::randn({96, 64});
        blockwise::adamW(straight, gradient, a, {.learningRate = 1e-3, .weightDecay = 0.01, .number = 1});
        blockwise::adamW(turned, gradient.clone().t(), b, {.learningRate = 1e-3, .weightDecay = 0.01, .number = 1});
        QVERIFY(at::equal(straight.t(), turned));
        QVERIFY(at::equal(a.first, b.first));
    }
};

QTEST_GUILESS_MAIN(TestBlockwiseAdam)
#include "tst_blockwise_adam.moc"
