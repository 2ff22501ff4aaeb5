#include "model/Kernels.h"

#include <ATen/ATen.h>

#include <QtTest/QtTest>

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
