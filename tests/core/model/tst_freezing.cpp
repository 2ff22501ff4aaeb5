#include "support/Fixtures.h"

#include <lethe/model/Freezing.h>
#include <lethe/model/ModelInfo.h>

#include <QtTest/QtTest>

using namespace lethe;

namespace {

const std::vector<std::string> kNames{"model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight", "model.layers.0.mlp.down_proj.weight",
                                      "model.layers.1.self_attn.q_proj.weight", "model.layers.1.mlp.down_proj.weight", "model.layers.10.mlp.down_proj.weight",
                                      "model.norm.weight", "lm_head.weight"};

} // namespace

/// Which parameters are left untrained, and what that saves.
class TestFreezing : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void patternsFitWholePartsOfAName_data()
    {
        QTest::addColumn<QString>("pattern");
        QTest::addColumn<QString>("name");
        QTest::addColumn<bool>("fits");
        const auto row = [](const char *pattern, const char *name, bool fits) { QTest::newRow(qPrintable(QStringLiteral("%1 in %2").arg(QLatin1String(pattern), QLatin1String(name)))) << pattern << name << fits; };
        row("model.layers.1.mlp.down_proj.weight", "model.layers.1.mlp.down_proj.weight", true);
        row("embed_tokens", "model.embed_tokens.weight", true);
        row("embed", "model.embed_tokens.weight", false);
        row("embed*", "model.embed_tokens.weight", true);
        row("layers.1", "model.layers.1.mlp.down_proj.weight", true);
        row("layers.1", "model.layers.10.mlp.down_proj.weight", false);
        row("*_proj", "model.layers.1.mlp.down_proj.weight", true);
        row("mlp.*.weight", "model.layers.1.mlp.down_proj.weight", true);
        row("layers.?", "model.layers.1.mlp.down_proj.weight", true);
        row("layers.??", "model.layers.10.mlp.down_proj.weight", true);
        row("norm", "model.layers.0.input_layernorm.weight", false);
        row("*norm", "model.layers.0.input_layernorm.weight", true);
        row("*", "lm_head.weight", true);
        row("", "lm_head.weight", false);
    }
    void patternsFitWholePartsOfAName()
    {
        QFETCH(QString, pattern);
        QFETCH(QString, name);
        QFETCH(bool, fits);
        QCOMPARE(matchesName(pattern.toStdString(), name.toStdString()), fits);
    }

    void manyStarsTakeNoTime() { QVERIFY(!matchesName("*a*a*a*a*a*a*a*a*b", std::string(4000, 'a'))); }

    void rangesAreOfBlocks()
    {
        TrainingSpec training;
        training.freezeLayers = "0, 10-";
        const auto freezing = Freezing::of(training, 12, kNames);
        QVERIFY2(freezing.ok(), freezing.ok() ? "" : freezing.error().message().c_str());
        for (const std::string &name : kNames)
            QCOMPARE(freezing->freezes(name), name.find("layers.0.") != std::string::npos || name.find("layers.10.") != std::string::npos);
    }

    void rangesAndNamesAddUp()
    {
        TrainingSpec training;
        training.freezeLayers = "0-1";
        training.freezeNames = {"embed_tokens", "lm_head"};
        const auto freezing = Freezing::of(training, 11, kNames);
        QVERIFY(freezing.ok());
        int left = 0;
        for (const std::string &name : kNames)
            left += freezing->freezes(name) ? 0 : 1;
        QCOMPARE(left, 2); // block 10 and the final norm
    }

    void whatIsNotThereIsAnError()
    {
        const auto of = [](const char *layers, std::vector<std::string> names) {
            TrainingSpec training;
            training.freezeLayers = layers;
            training.freezeNames = std::move(names);
            const auto freezing = Freezing::of(training, 11, kNames);
            return freezing.ok() ? QString() : QString::fromStdString(freezing.error().message());
        };
        QVERIFY(of("0-11", {}).startsWith(QLatin1String("training.freeze_layers: there is no block 11: the model has 11, 0 to 10.")));
        QVERIFY(of("11-", {}).startsWith(QLatin1String("training.freeze_layers: there is no block 11")));
        QVERIFY(of("", {"mlp", "router"}).startsWith(QLatin1String("training.freeze_names: \"router\" fits no parameter of the model.")));
        QVERIFY(of("0-", {"embed_tokens", "lm_head", "norm"}).contains(QLatin1String("nothing is left to train")));
        QCOMPARE(of("0-", {}), QString());
    }

    void frozenBlocksCostLess()
    {
        const auto model = inspectModel(test::fixtures() / "losses" / "models" / "llama");
        QVERIFY2(model.ok() && model->usable(), model.ok() ? "" : model.error().message().c_str());
        TrainingSpec training;
        const MemoryEstimate all = estimateMemory(*model, training, 256, 60, 40, false);
        training.freezeNames = {"mlp"};
        const MemoryEstimate parts = estimateMemory(*model, training, 256, 60, 40, false);
        std::int64_t frozen = 0;
        for (const TensorInfo &tensor : model->tensors)
            if (tensor.name.find(".mlp.") != std::string::npos)
                frozen += tensor.shape[0] * tensor.shape[1];
        QVERIFY(frozen > 0);
        QCOMPARE(parts.trainedParameters, all.trainedParameters - frozen);
        QCOMPARE(parts.optimizer, parts.trainedParameters * 8);
        QCOMPARE(parts.weights, all.weights);
        QCOMPARE(parts.activations, all.activations); // the embedding's gradient comes through every block
        training.freezeNames = {"embed_tokens"};
        training.freezeLayers = "0";
        QVERIFY(estimateMemory(*model, training, 256, 60, 40, false).activations < all.activations);
        training.lora = LoraSpec{};
        training.freezeNames.clear();
        const MemoryEstimate half = estimateMemory(*model, training, 256, 60, 40, false);
        training.freezeLayers.clear();
        QCOMPARE(half.trainedParameters * 2, estimateMemory(*model, training, 256, 60, 40, false).trainedParameters); // one of two blocks
    }
};

QTEST_GUILESS_MAIN(TestFreezing)
#include "tst_freezing.moc"
