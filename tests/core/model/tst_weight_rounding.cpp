#include "support/Fixtures.h"

#include "model/WeightRounding.h"

#include <ATen/ATen.h>

#include <QtTest/QtTest>

using namespace lethe;

class TestWeightRounding : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void int8KeepsEachRowsGreatestAndItsSteps();
    void nf4KeepsItsLevels();
    void nf4TakesTheNearestLevelOfItsBlock();
    void roundingTwiceChangesNothing();
    void zerosStayZeros();
    void onlyLinearLayersAreRounded();
};

void TestWeightRounding::int8KeepsEachRowsGreatestAndItsSteps()
{
    const at::Tensor weight = at::tensor({127.0F, 1.4F, -63.5F, 0.4F, -2.54F, 0.016F}).view({2, 3});
    const at::Tensor out = rounded(weight, WeightRounding::Int8);
    const std::vector<float> expected{127, 1, -64, 0.4F, -2.54F, 0.02F}; // steps of 1 and of 0.02; a half goes to the even one
    for (int i = 0; i < 6; ++i)
        QVERIFY2(std::abs(out.view({-1})[i].item<float>() - expected[static_cast<std::size_t>(i)]) < 0.011, qPrintable(QString::number(i)));
    QCOMPARE(out[0][2].item<float>(), -64.0F);
    QCOMPARE(out[0][0].item<float>(), 127.0F);
}

void TestWeightRounding::nf4KeepsItsLevels()
{
    // the published ends and neighbours of zero, at a scale of 3
    const at::Tensor weight = at::zeros({1, 64});
    weight[0][0] = 3.0;
    weight[0][1] = -3.0;
    weight[0][2] = 3.0 * 0.07958029955625534;
    weight[0][3] = 3.0 * -0.6961928009986877;
    const at::Tensor out = rounded(weight, WeightRounding::Nf4);
    QVERIFY((out - weight).abs().max().item<float>() < 1e-6F);
}

void TestWeightRounding::nf4TakesTheNearestLevelOfItsBlock()
{
    const at::Tensor weight = at::linspace(-1, 1, 128).view({2, 64}); // two blocks, each with its own scale
    weight[1] *= 10;
    const at::Tensor out = rounded(weight, WeightRounding::Nf4);
    for (int row = 0; row < 2; ++row) {
        const float scale = weight[row].abs().max().item<float>();
        // no level is further from its neighbour than 0.31 of the scale
        QVERIFY((out[row] - weight[row]).abs().max().item<float>() <= 0.155F * scale);
        QVERIFY(std::get<0>(at::_unique(out[row])).numel() <= 16);
    }
}

void TestWeightRounding::roundingTwiceChangesNothing()
{
    const at::Tensor weight = at::randn({7, 33});
    for (const WeightRounding rounding : {WeightRounding::Int8, WeightRounding::Nf4}) {
        const at::Tensor once = rounded(weight, rounding);
        QVERIFY((rounded(once, rounding) - once).abs().max().item<float>() < 1e-6F);
        QVERIFY((once - weight).abs().max().item<float>() > 0);
    }
    QVERIFY(rounded(weight, WeightRounding::None).equal(weight));
}

void TestWeightRounding::zerosStayZeros()
{
    for (const WeightRounding rounding : {WeightRounding::Int8, WeightRounding::Nf4})
        QVERIFY(rounded(at::zeros({3, 5}), rounding).equal(at::zeros({3, 5})));
}

void TestWeightRounding::onlyLinearLayersAreRounded()
{
    auto model = Decoder::load(test::fixtures() / "losses" / "models" / "llama", {});
    QVERIFY(model.ok());
    std::vector<at::Tensor> before;
    for (const Parameter &parameter : (*model)->parameters())
        before.push_back(parameter.value.clone());
    QVERIFY(roundWeights(**model, WeightRounding::Nf4).ok());
    int changed = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
        const Parameter &parameter = (*model)->parameters()[i];
        const bool linear = parameter.spec.name.find("_proj") != std::string::npos;
        QVERIFY2(parameter.value.equal(before[i]) != linear, parameter.spec.name.c_str());
        changed += linear ? 1 : 0;
    }
    QVERIFY(changed > 0);
}

QTEST_GUILESS_MAIN(TestWeightRounding)
#include "tst_weight_rounding.moc"
