#include "model/Attention.h"
#include "model/Kernels.h"
#include "model/Products.h"

#include <ATen/ATen.h>

#include <QtTest/QtTest>

#include <cmath>
#include <limits>

using namespace lethe;

namespace {

at::Tensor leaf(at::IntArrayRef shape, at::ScalarType type = at::kFloat)
{
    return at::randn(shape, type).requires_grad_(true);
}

bool close(const at::Tensor &a, const at::Tensor &b, double tolerance = 2e-6)
{
    return (a - b).abs().max().item<double>() <= tolerance * std::max(1.0, b.abs().max().item<double>());
}

/// Value and gradients of \p f and \p g at the same point, against the same upstream gradient.
template<typename F, typename G>
bool agree(const std::vector<at::Tensor> &inputs, F f, G g)
{
    const at::Tensor first = f();
    const at::Tensor upstream = at::randn_like(first);
    (first * upstream).sum().backward();
    std::vector<at::Tensor> gradients;
    for (const at::Tensor &input : inputs) {
        gradients.push_back(input.grad().clone());
        input.mutable_grad().reset();
    }
    const at::Tensor second = g();
    (second * upstream).sum().backward();
    bool same = close(first, second);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        same = same && close(gradients[i], inputs[i].grad(), 1e-5);
        inputs[i].mutable_grad().reset();
    }
    return same;
}

} // namespace

/// Every kernel of ours against its definition over LibTorch's operators, values and gradients.
class TestKernels : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { at::manual_seed(5); }

    void rmsNormIsItsPlainTwin_data()
    {
        QTest::addColumn<bool>("plusOne");
        QTest::addColumn<int>("width");
        QTest::newRow("odd width") << false << 37;
        QTest::newRow("Gemma's") << true << 64;
    }
    void rmsNormIsItsPlainTwin()
    {
        QFETCH(bool, plusOne);
        QFETCH(int, width);
        const at::Tensor x = leaf({53, width}), w = leaf({width});
        QVERIFY(agree({x, w}, [&] { return kernels::rmsNorm(x, w, 1e-5, plusOne); }, [&] { return kernels::plain::rmsNorm(x, w, 1e-5, plusOne); }));
        const at::Tensor heads = leaf({11, 3, width}); // over heads too, and from a view
        QVERIFY(agree({heads, w}, [&] { return kernels::rmsNorm(heads.transpose(0, 1), w, 1e-5, plusOne); },
                      [&] { return kernels::plain::rmsNorm(heads.transpose(0, 1), w, 1e-5, plusOne); }));
    }

    void rotaryIsItsPlainTwin_data()
    {
        QTest::addColumn<int>("half");
        QTest::newRow("the whole head") << 8;
        QTest::newRow("a quarter of it") << 2;
    }
    void rotaryIsItsPlainTwin()
    {
        QFETCH(int, half);
        const at::Tensor x = leaf({19, 3, 16});
        const at::Tensor angles = at::randn({19, half});
        QVERIFY(agree({x}, [&] { return kernels::rotate(x, angles.cos(), angles.sin()); },
                      [&] { return kernels::plain::rotate(x, angles.cos(), angles.sin()); }));
    }

    void siluTimesIsItsPlainTwin()
    {
        const at::Tensor gate = leaf({17, 29}), up = leaf({17, 29});
        QVERIFY(agree({gate, up}, [&] { return kernels::siluTimes(gate, up); }, [&] { return kernels::plain::siluTimes(gate, up); }));
    }

    void linearAddsToTheGradientThatIsThere()
    {
        const at::Tensor x = leaf({13, 7}), w = leaf({5, 7}), b = leaf({5});
        QVERIFY(agree({x, w, b}, [&] { return kernels::linear(x, w, b); }, [&] { return at::linear(x, w, b); })); // no gradient yet
        const at::Tensor before = at::randn({5, 7});
        w.mutable_grad() = before.clone();
        const void *const place = w.grad().data_ptr();
        const at::Tensor upstream = at::randn({13, 5});
        (kernels::linear(x, w) * upstream).sum().backward();
        QCOMPARE(w.grad().data_ptr(), place);
        QVERIFY(close(w.grad(), before + at::mm(upstream.t(), x.detach())));
        // what is no leaf passes its gradient on
        const at::Tensor source = leaf({5, 7});
        x.mutable_grad().reset();
        QVERIFY(agree({x, source}, [&] { return kernels::linear(x, source * 2); }, [&] { return at::linear(x, source * 2); }));
        // both uses of one weight count
        const at::Tensor square = leaf({7, 7});
        square.mutable_grad() = at::zeros({7, 7});
        x.mutable_grad().reset();
        kernels::linear(kernels::linear(x, square), square).sum().backward();
        const at::Tensor twice = square.grad().clone();
        square.mutable_grad().reset();
        at::linear(at::linear(x, square), square).sum().backward();
        QVERIFY(close(twice, square.grad(), 1e-5));
    }

    void linearInBothLayoutsIsItsPlainTwin()
    {
        const at::Tensor x = leaf({7, 12}), w = leaf({12, 9}), b = leaf({9});
        QVERIFY(agree({x, w, b}, [&] { return kernels::linear(x, w, b, true); }, [&] { return at::addmm(b, x, w); }));
        QVERIFY(agree({x, w}, [&] { return kernels::linear(x, w, std::nullopt, true); }, [&] { return at::mm(x, w); }));
    }

    void productsThroughF32AreRoundedOnce_data()
    {
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("inner");
        QTest::addColumn<int>("columns");
        QTest::newRow("one block") << 5 << 33 << 17;
        QTest::newRow("several blocks of rows") << 2100 << 8 << 70;
        QTest::newRow("several blocks of columns") << 3 << 20000 << 150;
    }
    void productsThroughF32AreRoundedOnce()
    {
        QFETCH(int, rows);
        QFETCH(int, inner);
        QFETCH(int, columns);
        for (const at::ScalarType type : {at::kBFloat16, at::kHalf}) {
            const at::Tensor x = at::randn({rows, inner}).to(type), w = at::randn({columns, inner}).to(type), b = at::randn({columns}).to(type);
            const at::Tensor y = at::randn({rows, columns}).to(type);
            // The sum in f64, then rounded: whatever the order of an f32 sum, at most one number of the type away.
            const auto close = [&](const at::Tensor &given, const at::Tensor &exact) {
                const double step = type == at::kHalf ? 1.0 / 1024 : 1.0 / 128;
                return given.scalar_type() == type && ((given.to(at::kDouble) - exact).abs() <= exact.abs() * step + 1e-3).all().item<bool>();
            };
            const at::Tensor product = at::mm(x.to(at::kDouble), w.t().to(at::kDouble));
            QVERIFY(close(products::mmThroughF32(x, w.t()), product));
            QVERIFY(close(products::mmThroughF32(x.t().contiguous().t(), w.t().contiguous()), product)); // either side in either order
            QVERIFY(close(products::mmThroughF32(x, w.t(), b, 0.5), product * 0.5 + b.to(at::kDouble)));
            QVERIFY(close(products::mmThroughF32(x, w.t(), y, 2), product * 2 + y.to(at::kDouble)));
            QVERIFY(close(products::mm(x, w.t()), product));
        }
    }

    /// Values and gradients of a layer and of what an adapter adds to it in bf16, against f32 on the same numbers: off by roundings alone.
    void layersInBf16AreThoseOfF32()
    {
        const at::Tensor x = at::randn({40, 48}), w = at::randn({56, 48}) * 0.2, b = at::randn({56}), a = at::randn({4, 48}) * 0.2, up = at::randn({56, 4});
        const auto gradients = [&](at::ScalarType type, bool inOut) {
            std::vector<at::Tensor> inputs;
            for (const at::Tensor &one : {x, inOut ? w.t().contiguous() : w, b, a, up})
                inputs.push_back(one.to(at::kBFloat16).to(type).requires_grad_(true));
            const at::Tensor y = kernels::linear(inputs[0], inputs[1], inputs[2], inOut);
            const at::Tensor out = kernels::addLowRank(y, inputs[0], inputs[3], inputs[4], 1.5);
            std::vector<at::Tensor> all{out.detach().to(at::kFloat)};
            (out.to(at::kFloat) * at::linspace(-1, 1, 56)).sum().backward();
            for (const at::Tensor &input : inputs)
                all.push_back(input.grad().to(at::kFloat));
            return all;
        };
        for (const bool inOut : {false, true}) {
            const std::vector<at::Tensor> exact = gradients(at::kFloat, inOut), narrow = gradients(at::kBFloat16, inOut);
            for (std::size_t i = 0; i < exact.size(); ++i)
                QVERIFY2(close(narrow[i], exact[i], 0.015), qPrintable(QString::number(i)));
        }
    }

    void attentionIsItsPlainTwin_data()
    {
        QTest::addColumn<QList<int>>("lengths");
        QTest::addColumn<int>("heads");
        QTest::addColumn<int>("keyHeads");
        QTest::addColumn<int>("channels");
        QTest::addColumn<qint64>("window");
        QTest::addColumn<double>("softcap");
        QTest::newRow("one short text") << QList<int>{3} << 1 << 1 << 4 << qint64{0} << 0.0;
        QTest::newRow("one token each") << QList<int>{1, 1, 1} << 2 << 1 << 8 << qint64{0} << 0.0;
        QTest::newRow("several, grouped queries") << QList<int>{17, 16, 1, 45, 33} << 6 << 2 << 32 << qint64{0} << 0.0;
        QTest::newRow("odd width, a head each") << QList<int>{21, 64} << 3 << 3 << 19 << qint64{0} << 0.0;
        QTest::newRow("window of one") << QList<int>{40} << 2 << 2 << 16 << qint64{1} << 0.0;
        QTest::newRow("window") << QList<int>{70, 12, 90} << 4 << 2 << 24 << qint64{13} << 0.0;
        QTest::newRow("window, wider than the text") << QList<int>{20} << 4 << 2 << 24 << qint64{50} << 0.0;
        QTest::newRow("capped") << QList<int>{33, 5} << 4 << 1 << 16 << qint64{0} << 2.0;
        QTest::newRow("capped and windowed") << QList<int>{61, 30} << 4 << 2 << 16 << qint64{7} << 2.0;
        QTest::newRow("the longest") << QList<int>{512, 2} << 2 << 1 << 64 << qint64{0} << 0.0;
        QTest::newRow("long, windowed") << QList<int>{511} << 1 << 1 << 128 << qint64{100} << 0.0;
    }
    void attentionIsItsPlainTwin()
    {
        QFETCH(QList<int>, lengths);
        QFETCH(int, heads);
        QFETCH(int, keyHeads);
        QFETCH(int, channels);
        QFETCH(qint64, window);
        QFETCH(double, softcap);
        std::vector<std::int64_t> offsets{0};
        for (const int length : lengths)
            offsets.push_back(offsets.back() + length);
        const AttentionShape shape(offsets, at::kCPU);
        const AttentionOptions options{.scale = 1 / std::sqrt(channels), .softcap = softcap, .window = window};
        const std::int64_t tokens = offsets.back();
        const at::Tensor q = leaf({tokens, heads, channels}), k = leaf({tokens, keyHeads, channels}), v = leaf({tokens, keyHeads, channels});
        for (int round = 0; round < 2; ++round) // what the first leaves in the scratch must not show in the second
            QVERIFY(agree({q, k, v}, [&] { return attendPacked(q, k, v, shape, options); }, [&] { return plain::attendPacked(q, k, v, shape, options); }));
        // views of one fused projection, read where they lie
        const at::Tensor fused = leaf({tokens, (heads + 2 * keyHeads) * channels});
        const auto part = [&](std::int64_t first, std::int64_t count) {
            return fused.narrow(1, first * channels, count * channels).unflatten(1, {count, channels});
        };
        const auto attended = [&](auto &&attend) { return attend(part(0, heads), part(heads, keyHeads), part(heads + keyHeads, keyHeads), shape, options); };
        QVERIFY(agree({fused}, [&] { return attended(attendPacked); }, [&] { return attended(plain::attendPacked); }));
    }

    /// Beyond the length of our loop, where LibTorch's kernel attends: bf16 against f32 on the same numbers.
    void longTextsInBf16AreThoseOfF32()
    {
        const std::vector<std::int64_t> offsets{0, 600, 640};
        const AttentionShape shape(offsets, c10::Device(c10::DeviceType::CPU));
        const at::Tensor q = at::randn({640, 4, 16}).to(at::kBFloat16), k = at::randn({640, 2, 16}).to(at::kBFloat16), v = at::randn({640, 2, 16}).to(at::kBFloat16);
        const auto run = [&](at::ScalarType type) {
            std::vector<at::Tensor> inputs{q.to(type, false, true).requires_grad_(true), k.to(type, false, true).requires_grad_(true), v.to(type, false, true).requires_grad_(true)};
            const at::Tensor out = attendPacked(inputs[0], inputs[1], inputs[2], shape, {.scale = 0.25});
            std::vector<at::Tensor> all{out.detach()};
            (out.to(at::kFloat) * at::linspace(-1, 1, 16)).sum().backward();
            for (const at::Tensor &input : inputs)
                all.push_back(input.grad());
            return all;
        };
        const std::vector<at::Tensor> exact = run(at::kFloat), narrow = run(at::kBFloat16);
        for (std::size_t i = 0; i < exact.size(); ++i) {
            QCOMPARE(narrow[i].scalar_type(), at::kBFloat16);
            QVERIFY2(close(narrow[i].to(at::kFloat), exact[i], 0.015), qPrintable(QString::number(i)));
        }
    }

    void attentionShowsWhatIsNotANumber()
    {
        const AttentionShape shape({0, 9, 20}, at::kCPU);
        at::Tensor q = at::randn({20, 2, 8});
        const at::Tensor k = at::randn({20, 2, 8}), v = at::randn({20, 2, 8});
        q[12][1][3] = std::numeric_limits<float>::quiet_NaN();
        const at::Tensor bad = attendPacked(q, k, v, shape, {}).isnan();
        QVERIFY(bad[12][1].all().item<bool>());
        QCOMPARE(bad.sum().item<std::int64_t>(), std::int64_t{8}); // that row alone
    }

    void labelNllIsCrossEntropy_data()
    {
        QTest::addColumn<qint64>("chunkBytes");
        QTest::addColumn<double>("softcap");
        QTest::addColumn<bool>("bias");
        QTest::newRow("kept") << (qint64{1} << 28) << 0.0 << false;
        QTest::newRow("in chunks") << qint64{5 * 31 * 4} << 0.0 << true;
        QTest::newRow("capped") << (qint64{1} << 28) << 4.0 << false;
        QTest::newRow("capped, in chunks") << qint64{5 * 31 * 4} << 4.0 << true;
    }
    void labelNllIsCrossEntropy()
    {
        QFETCH(qint64, chunkBytes);
        QFETCH(double, softcap);
        QFETCH(bool, bias);
        const at::Tensor h = leaf({14, 12}), w = leaf({31, 12}), b = leaf({31});
        const at::Tensor labels = at::randint(31, {14}, at::kLong);
        std::vector<at::Tensor> inputs{h, w};
        if (bias)
            inputs.push_back(b);
        const at::Tensor offset = bias ? b : at::Tensor();
        QVERIFY(agree(inputs, [&] { return kernels::labelNll(h, w, offset, labels, softcap, 1, chunkBytes); },
                      [&] {
                          at::Tensor z = at::matmul(h, w.t());
                          if (bias)
                              z = z + b;
                          if (softcap > 0)
                              z = at::tanh(z / softcap) * softcap;
                          return -at::log_softmax(z, 1).gather(1, labels.unsqueeze(1)).squeeze(1);
                      }));
    }

    void forwardKlIsItsDefinitionAndNothingAtTheReference_data()
    {
        QTest::addColumn<qint64>("chunkBytes");
        QTest::newRow("at once") << (qint64{1} << 28);
        QTest::newRow("in chunks") << qint64{4 * 31 * 4};
    }
    void forwardKlIsItsDefinitionAndNothingAtTheReference()
    {
        QFETCH(qint64, chunkBytes);
        const at::Tensor h = leaf({14, 12}), w = leaf({31, 12});
        const at::Tensor hRef = at::randn({14, 12}), wRef = at::randn({31, 12});
        QVERIFY(agree({h, w}, [&] { return kernels::forwardKlSum(h, w, {}, hRef, wRef, {}, 0, 1, chunkBytes); },
                      [&] {
                          const at::Tensor logP = at::log_softmax(at::matmul(h, w.t()), 1);
                          const at::Tensor logRef = at::log_softmax(at::matmul(hRef, wRef.t()), 1);
                          return (logRef.exp() * (logRef - logP)).sum();
                      }));
        const at::Tensor same = kernels::forwardKlSum(h, w, {}, h.detach(), w.detach(), {}, 0, 1, chunkBytes);
        QVERIFY(std::abs(same.item<double>()) < 1e-6);
    }
};

QTEST_GUILESS_MAIN(TestKernels)
#include "tst_kernels.moc"
