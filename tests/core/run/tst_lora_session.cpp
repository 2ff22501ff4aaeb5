#include "model/Decoder.h"
#include "support/Fixtures.h"

#include <lethe/base/Paths.h>
#include <lethe/method/MethodCatalog.h>
#include <lethe/run/RunSession.h>

#include <ATen/ATen.h>

#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

using namespace lethe;
namespace fs = std::filesystem;

namespace {

struct Recorder : RunObserver {
    void onStep(const StepRecord &record) override
    {
        losses.push_back(record.loss);
        if (afterStep)
            afterStep(record.step);
    }
    void onEvaluation(const EvaluationRecord &record) override { evaluations.push_back(record); }
    std::vector<double> losses;
    std::vector<EvaluationRecord> evaluations;
    std::function<void(std::int64_t)> afterStep;
};

} // namespace

/// Runs that train an adapter.
class TestLoraSession : public QObject
{
    Q_OBJECT

private:
    const MethodCatalog m_catalog = MethodCatalog::scan({test::folderFromEnvironment("LETHE_PLUGINS")});

    ResolvedSpec spec(const std::string &loss = "nll", double dropout = 0.1) const
    {
        auto read = readSpecFile(test::fixtures() / "losses" / "npo-nll" / "spec.json");
        Q_ASSERT(read.ok());
        read->training.shuffle = true;
        read->training.optimizer = OptimizerKind::AdamW;
        read->training.learningRate = 1e-3;
        read->training.epochs = 3;
        read->training.lora = LoraSpec{.rank = 4, .alpha = 8, .dropout = dropout, .rankStabilized = false, .targetModules = {}};
        read->method.parameters.values["retain_loss"] = loss;
        read->eval.reset();
        auto resolved = resolveSpec(*read, m_catalog);
        Q_ASSERT(resolved.ok());
        return *resolved;
    }
    RunSummary run(const ResolvedSpec &spec, const fs::path &folder, Recorder &recorder, RunControl &control, std::optional<fs::path> resume = {}) const
    {
        const auto summary = runSession(spec, m_catalog, {.runFolder = folder, .resumeFrom = resume}, control, recorder);
        if (!summary.ok())
            qFatal("%s", summary.error().message().c_str());
        return *summary;
    }
    static fs::path inside(const QTemporaryDir &folder, const char *name) { return fs::path(folder.path().toStdString()) / name; }
    static std::string hashOf(const RunSummary &summary) { return *sha256OfFile(fs::path(summary.checkpoint) / "adapter_model.safetensors"); }

private Q_SLOTS:
    void aRunWithDropoutRepeatsToTheBit()
    {
        const QTemporaryDir folder;
        RunControl control;
        Recorder first, second;
        const RunSummary a = run(spec(), inside(folder, "a"), first, control), b = run(spec(), inside(folder, "b"), second, control);
        QCOMPARE(first.losses.size(), std::size_t{9});
        QCOMPARE(first.losses, second.losses);
        QCOMPARE(hashOf(a), hashOf(b));
        QVERIFY(first.losses.front() != first.losses.back());
    }

    void aResumedRunGoesOnToTheVerySameLosses_data()
    {
        QTest::addColumn<QByteArray>("loss");
        QTest::newRow("nll") << QByteArray("nll");
        QTest::newRow("kl") << QByteArray("kl");
    }
    void aResumedRunGoesOnToTheVerySameLosses()
    {
        QFETCH(QByteArray, loss);
        const ResolvedSpec asked = spec(loss.toStdString());
        const QTemporaryDir folder;
        Recorder whole, first, second;
        RunControl control, interrupted;
        const RunSummary undisturbed = run(asked, inside(folder, "whole"), whole, control);
        first.afterStep = [&](std::int64_t step) {
            if (step == 4)
                interrupted.interrupt();
        };
        run(asked, inside(folder, "half"), first, interrupted);
        const auto checkpoint = newestCheckpoint(inside(folder, "half"));
        QVERIFY(checkpoint.has_value());
        const RunSummary rest = run(asked, inside(folder, "half"), second, control, checkpoint);
        std::vector<double> joined = first.losses;
        joined.insert(joined.end(), second.losses.begin(), second.losses.end());
        QCOMPARE(joined, whole.losses);
        QCOMPARE(hashOf(rest), hashOf(undisturbed));
    }

    void theBaseWithItsAdapterOffIsTheReferenceThatASecondCopyWouldBe()
    {
        for (const char *loss : {"nll", "kl"}) {
            ResolvedSpec own = spec(loss, 0);
            ResolvedSpec other = own;
            other.spec.referenceModel = other.spec.model;
            other.referenceFolder = other.modelFolder;
            const QTemporaryDir folder;
            RunControl control;
            Recorder a, b;
            run(own, inside(folder, "own"), a, control);
            run(other, inside(folder, "other"), b, control);
            QCOMPARE(a.losses, b.losses);
        }
    }

    void recomputedLayersTrainAlike()
    {
        const QTemporaryDir folder;
        RunControl control;
        Recorder kept, recomputed;
        ResolvedSpec asked = spec();
        run(asked, inside(folder, "kept"), kept, control);
        asked.spec.training.gradientCheckpointing = true;
        run(asked, inside(folder, "recomputed"), recomputed, control);
        for (std::size_t i = 0; i < kept.losses.size(); ++i)
            QVERIFY(std::abs(kept.losses[i] - recomputed.losses[i]) < 1e-5 * std::abs(kept.losses[i]));
    }

    void theCheckpointIsAnAdapterOverTheUntouchedBase()
    {
        const QTemporaryDir folder;
        RunControl control;
        Recorder recorder;
        const ResolvedSpec asked = spec();
        const fs::path checkpoint = run(asked, inside(folder, "run"), recorder, control).checkpoint;
        QVERIFY(fs::exists(checkpoint / "adapter_config.json"));
        QVERIFY(!fs::exists(checkpoint / "model.safetensors"));
        const auto config = test::readJson(checkpoint / "adapter_config.json");
        QCOMPARE(config["base_model_name_or_path"].get<std::string>(), asked.modelFolder.string());
        QCOMPARE(config["r"].get<int>(), 4);
        QCOMPARE(config["target_modules"].size(), std::size_t{7});
        const auto model = Decoder::load(checkpoint, {});
        QVERIFY2(model.ok(), model.ok() ? "" : model.error().message().c_str());
        const auto base = Decoder::load(asked.modelFolder, {});
        std::size_t changed = 0;
        for (std::size_t i = 0; i < (*base)->parameters().size(); ++i)
            changed += !at::equal((*base)->parameters()[i].value, (*model)->parameters()[i].value);
        QCOMPARE(changed, std::size_t{14});
    }

    void aCheckpointIsEvaluatedAsItWasDuringTheRun()
    {
        ResolvedSpec asked = spec();
        asked.spec.eval = EvalSpec{.generations = {.prompts = 2, .maxNewTokens = 6}};
        const QTemporaryDir folder;
        RunControl control;
        Recorder recorder, after;
        const RunSummary summary = run(asked, inside(folder, "run"), recorder, control);
        const auto again = evaluateModel(asked, summary.checkpoint, control, after);
        QVERIFY2(again.ok(), again.ok() ? "" : again.error().message().c_str());
        const auto &last = recorder.evaluations.back().metrics;
        QCOMPARE(again->metrics.size(), last.size());
        for (std::size_t i = 0; i < last.size(); ++i)
            QVERIFY(std::abs(*again->metrics[i].value - *last[i].value) < 1e-4);
    }

    void aBf16BaseIsKeptInBf16AndLearns()
    {
        ResolvedSpec asked = spec("nll", 0);
        asked.spec.training.dtype = Dtype::BF16;
        const QTemporaryDir folder;
        RunControl control;
        Recorder bf16, f32;
        run(asked, inside(folder, "bf16"), bf16, control);
        run(spec("nll", 0), inside(folder, "f32"), f32, control);
        for (std::size_t i = 0; i < f32.losses.size(); ++i)
            QVERIFY(std::abs(bf16.losses[i] - f32.losses[i]) < 2e-2 * std::abs(f32.losses[i]));
    }

    void aTargetThatIsNotThereEndsTheRunByName()
    {
        ResolvedSpec asked = spec();
        asked.spec.training.lora->targetModules = {"c_attn"};
        const QTemporaryDir folder;
        RunControl control;
        Recorder recorder;
        const auto summary = runSession(asked, m_catalog, {.runFolder = inside(folder, "run"), .resumeFrom = {}}, control, recorder);
        QVERIFY(!summary.ok());
        QVERIFY2(summary.error().message().find("c_attn") != std::string::npos, summary.error().message().c_str());
    }
};

QTEST_GUILESS_MAIN(TestLoraSession)
#include "tst_lora_session.moc"
