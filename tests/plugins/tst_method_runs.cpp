#include "model/Decoder.h"
#include "support/Fixtures.h"

#include <lethe/base/Paths.h>
#include <lethe/data/Dataset.h>
#include <lethe/data/Refusals.h>
#include <lethe/method/MethodCatalog.h>
#include <lethe/run/RunSession.h>

#include <ATen/ATen.h>

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <functional>
#include <set>

using namespace lethe;
namespace fs = std::filesystem;

namespace {

struct Recorder : RunObserver {
    void onStep(const StepRecord &record) override
    {
        steps.push_back(record);
        if (afterStep)
            afterStep(record.step);
    }
    void onEvaluation(const EvaluationRecord &record) override { evaluations.push_back(record); }
    void onStage(const StageRecord &stage) override { stages.insert(stage.name); }
    void onEvent(const EventRecord &record) override { events.push_back(record.text); }
    std::vector<StepRecord> steps;
    std::vector<EvaluationRecord> evaluations;
    std::set<std::string> stages;
    std::vector<std::string> events;
    std::function<void(std::int64_t)> afterStep;
};

/// Everything that a step says, as text: what two runs must have in common to the last bit.
std::string described(const StepRecord &record)
{
    const auto exact = [](double value) { return QByteArray::number(value, 'g', 17).toStdString(); };
    std::string text = exact(record.loss) + " " + exact(record.gradNorm) + " " + exact(record.learningRate) + " " + exact(record.retainLoss.value_or(0));
    for (const auto &[name, value] : record.values)
        text += " " + name + "=" + exact(value);
    return text;
}

} // namespace

/// Whole runs of every method that is here: what must hold of each, however its loss is made.
class TestMethodRuns : public QObject
{
    Q_OBJECT

private:
    const MethodCatalog m_catalog = MethodCatalog::scan({test::folderFromEnvironment("LETHE_PLUGINS")});

    enum Training { Full, Lora };

    /// Short, on a small model, with what a method has of state and chance in use.
    ExperimentSpec spec(const std::string &id, Training training) const
    {
        auto read = readSpecFile(test::fixtures() / "losses" / "dpo" / "spec.json"); // rows with replacement answers
        if (!read.ok())
            qFatal("%s", read.error().message().c_str());
        ExperimentSpec asked = *read;
        asked.method = {.id = id, .parameters = {}};
        asked.training.shuffle = true;
        asked.training.optimizer = OptimizerKind::AdamW;
        asked.training.learningRate = 1e-3;
        asked.training.epochs = 3;
        asked.eval.reset();
        if (training == Lora)
            asked.training.lora = LoraSpec{.rank = 4, .alpha = 8, .dropout = 0.1, .rankStabilized = false, .targetModules = {}};
        static const std::map<std::string, std::map<std::string, ParameterValue>> own{
            {"rmu", {{"layer", std::int64_t{1}}}},
            {"uld", {{"assistant_layers", std::int64_t{1}}, {"lora_rank", std::int64_t{4}}, {"lora_dropout", 0.1}}},
            {"ngdiff", {{"lr_every", std::int64_t{2}}, {"lr_noise", 0.0}, {"lr_probe_batches", std::int64_t{2}}}},
            {"pdu", {{"dual_warmup_epochs", std::int64_t{0}}, {"dual_update_upon", std::string("epoch")}, {"retain_weight", 2.0}}},
            {"eraser", {{"prefix_max", std::int64_t{6}}, {"suffix_max", std::int64_t{4}}, {"harm_threshold", 8.0}}}};
        if (const auto found = own.find(id); found != own.end())
            asked.method.parameters.values = found->second;
        return asked;
    }
    ResolvedSpec resolved(const ExperimentSpec &asked) const
    {
        const auto spec = resolveSpec(asked, m_catalog);
        if (!spec.ok())
            qFatal("%s", spec.error().message().c_str());
        return *spec;
    }
    RunSummary run(const ResolvedSpec &spec, const fs::path &folder, Recorder &recorder, RunControl &control, std::optional<fs::path> resume = {}) const
    {
        const auto summary = runSession(spec, m_catalog, {.runFolder = folder, .resumeFrom = resume}, control, recorder);
        if (!summary.ok())
            qFatal("%s", summary.error().message().c_str());
        return *summary;
    }
    static fs::path inside(const QTemporaryDir &folder, const char *name) { return fs::path(folder.path().toStdString()) / name; }
    static std::string hashOf(const RunSummary &summary)
    {
        const fs::path adapter = fs::path(summary.checkpoint) / "adapter_model.safetensors";
        return *sha256OfFile(fs::exists(adapter) ? adapter : fs::path(summary.checkpoint) / "model.safetensors");
    }
    void everyMethodFullAndWithLora() const
    {
        QTest::addColumn<QString>("id");
        QTest::addColumn<int>("training");
        for (const MethodEntry &entry : m_catalog.entries())
            for (const Training training : {Full, Lora})
                if (training == Full || entry.manifest.id != "uld") // whose adapters are its own
                    QTest::newRow((entry.manifest.id + (training == Lora ? ", LoRA" : "")).c_str()) << QString::fromStdString(entry.manifest.id) << int(training);
    }

private Q_SLOTS:
    void aResumedRunGoesOnToTheBit_data() { everyMethodFullAndWithLora(); }
    void aResumedRunGoesOnToTheBit()
    {
        QFETCH(QString, id);
        QFETCH(int, training);
        const ResolvedSpec asked = resolved(spec(id.toStdString(), Training(training)));
        const QTemporaryDir folder;
        Recorder whole, first, second;
        RunControl control, interrupted;
        const RunSummary undisturbed = run(asked, inside(folder, "whole"), whole, control);
        QVERIFY(whole.steps.size() >= 9);
        first.afterStep = [&](std::int64_t step) {
            if (step == 5)
                interrupted.interrupt();
        };
        run(asked, inside(folder, "half"), first, interrupted);
        const RunSummary rest = run(asked, inside(folder, "half"), second, control, newestCheckpoint(inside(folder, "half")));
        first.steps.insert(first.steps.end(), second.steps.begin(), second.steps.end());
        QCOMPARE(first.steps.size(), whole.steps.size());
        for (std::size_t i = 0; i < whole.steps.size(); ++i)
            QCOMPARE(described(first.steps[i]), described(whole.steps[i]));
        QCOMPARE(hashOf(rest), hashOf(undisturbed));
        QVERIFY(whole.steps.front().loss != whole.steps.back().loss);
    }

    void accumulationEqualsTheLargeBatch_data() { everyMethodFullAndWithLora(); }
    void accumulationEqualsTheLargeBatch()
    {
        QFETCH(QString, id);
        QFETCH(int, training);
        ExperimentSpec asked = spec(id.toStdString(), Training(training));
        asked.training.optimizer = OptimizerKind::Sgd;
        if (asked.training.lora)
            asked.training.lora->dropout = 0; // the masks are of a batch
        if (id == QLatin1String("uld"))
            asked.method.parameters.values["lora_dropout"] = 0.0;
        asked.training.maxSteps = 4;
        ExperimentSpec parts = asked;
        parts.training.batchSize = 1;
        parts.training.gradientAccumulation = 4;
        const QTemporaryDir folder;
        RunControl control;
        Recorder large, small;
        run(resolved(asked), inside(folder, "large"), large, control);
        run(resolved(parts), inside(folder, "small"), small, control);
        QCOMPARE(large.steps.size(), small.steps.size());
        for (std::size_t i = 0; i < large.steps.size(); ++i) {
            const double loss = large.steps[i].loss;
            // NGDiff's is a difference of two NLLs, so it is held to their size.
            const double size = std::max({1e-2, std::abs(loss), std::abs(large.steps[i].forgetLoss.value_or(0))});
            QVERIFY2(std::abs(loss - small.steps[i].loss) <= 1e-4 * size,
                     qPrintable(QStringLiteral("step %1: %2 and %3").arg(i + 1).arg(loss, 0, 'g', 9).arg(small.steps[i].loss, 0, 'g', 9)));
        }
    }

    void whatASpecLacksIsRefusedBeforeAnythingLoads_data()
    {
        QTest::addColumn<QString>("id");
        QTest::addColumn<QString>("parameter");
        QTest::addColumn<double>("value");
        QTest::addColumn<QString>("key");
        QTest::newRow("a layer that is not there") << "rmu" << "layer" << 99.0 << "method.parameters.layer";
        QTest::newRow("more layers than the model has") << "uld" << "assistant_layers" << 99.0 << "method.parameters.assistant_layers";
        QTest::newRow("a bound retain loss without retain set") << "pdu" << "retain_weight" << 0.0 << "data.retain";
    }
    void whatASpecLacksIsRefusedBeforeAnythingLoads()
    {
        QFETCH(QString, id);
        QFETCH(QString, parameter);
        QFETCH(double, value);
        QFETCH(QString, key);
        ExperimentSpec asked = spec(id.toStdString(), Full);
        asked.method.parameters.values[parameter.toStdString()] = value;
        if (key == QLatin1String("data.retain"))
            asked.data.retain.reset();
        const QTemporaryDir folder;
        RunControl control;
        Recorder recorder;
        const auto summary = runSession(resolved(asked), m_catalog, {.runFolder = inside(folder, "run"), .resumeFrom = {}}, control, recorder);
        QVERIFY(!summary.ok());
        QCOMPARE(QString::fromStdString(summary.error().where), key);
        QVERIFY(!recorder.stages.contains("Reading model"));
    }

    void whatAMethodFindsAmissIsSaid_data()
    {
        QTest::addColumn<QString>("id");
        QTest::addColumn<QString>("parameter");
        QTest::addColumn<double>("value");
        QTest::addColumn<QString>("words"); // empty: nothing is amiss
        // The retain loss of this model begins near 1.3, and its states of layer 1 have a norm of some units.
        QTest::newRow("pdu, a bound that is broken") << "pdu" << "retain_loss_eps" << 0.3 << "retain_loss_eps is 0.3, and the retain loss begins at 1.";
        QTest::newRow("pdu, a bound that holds") << "pdu" << "retain_loss_eps" << 5.0 << "";
        QTest::newRow("rmu, too weak") << "rmu" << "steering_coeff" << 0.01 << "steering_coeff is 0.01, and the states of layer 1 have a norm of ";
        QTest::newRow("rmu, too strong") << "rmu" << "steering_coeff" << 999.0 << "steering_coeff is 999, and the states of layer 1 have a norm of ";
        QTest::newRow("altpo, refusals for alternates") << "altpo" << "" << 0.0 << "The alternates are drawn from a list of refusals, which makes this dpo";
        QTest::newRow("dpo, refusals") << "dpo" << "" << 0.0 << "";
    }
    void whatAMethodFindsAmissIsSaid()
    {
        QFETCH(QString, id);
        QFETCH(QString, parameter);
        QFETCH(double, value);
        QFETCH(QString, words);
        ExperimentSpec asked = spec(id.toStdString(), Full);
        asked.training.maxSteps = 2;
        if (!parameter.isEmpty())
            asked.method.parameters.values[parameter.toStdString()] = value;
        else
            asked.data.refusals = RefusalSpec{.source = "shipped", .answers = {}, .draw = RefusalSpec::Draw::EachAccess};
        const QTemporaryDir folder;
        Recorder recorder;
        RunControl control;
        run(resolved(asked), inside(folder, "run"), recorder, control);
        const QString amiss = words.isEmpty() ? QStringLiteral("steering_coeff|retain_loss_eps|alternates are drawn") : QRegularExpression::escape(words);
        const auto said = std::ranges::count_if(recorder.events, [&amiss](const std::string &text) {
            return QString::fromStdString(text).contains(QRegularExpression(amiss));
        });
        QCOMPARE(said, words.isEmpty() ? 0 : 1); // once, not at every step
    }
    void aRegularExpressionThatIsNoneIsRefused()
    {
        ExperimentSpec asked = spec("rmu", Full);
        asked.method.parameters.values["trainable_params_regex"] = std::vector<std::string>{"model.("};
        const QTemporaryDir folder;
        RunControl control;
        Recorder recorder;
        const auto summary = runSession(resolved(asked), m_catalog, {.runFolder = inside(folder, "run"), .resumeFrom = {}}, control, recorder);
        QVERIFY(!summary.ok());
        QVERIFY2(summary.error().message().find("trainable_params_regex: \"model.(\"") != std::string::npos, summary.error().message().c_str());
    }

    void whatIsNotTrainedStaysBitForBit()
    {
        const ResolvedSpec asked = resolved(spec("rmu", Full)); // mlp.down_proj of blocks 0 and 1
        const QTemporaryDir folder;
        RunControl control;
        Recorder recorder;
        const RunSummary summary = run(asked, inside(folder, "run"), recorder, control);
        const auto before = Decoder::load(asked.modelFolder, {}), after = Decoder::load(summary.checkpoint, {});
        std::set<std::string> changed;
        for (std::size_t i = 0; i < (*before)->parameters().size(); ++i)
            if (!at::equal((*before)->parameters()[i].value, (*after)->parameters()[i].value))
                changed.insert((*before)->parameters()[i].spec.name);
        QCOMPARE(changed, (std::set<std::string>{"model.layers.0.mlp.down_proj.weight", "model.layers.1.mlp.down_proj.weight"}));
    }

    void whatIsFrozenStaysBitForBit_data() { everyMethodFullAndWithLora(); }
    void whatIsFrozenStaysBitForBit()
    {
        QFETCH(QString, id);
        QFETCH(int, training);
        ExperimentSpec asked = spec(id.toStdString(), Training(training));
        asked.training.maxSteps = 3;
        asked.training.freezeLayers = "0";
        if (training == Full)
            asked.training.freezeNames = {"embed_tokens", "self_attn.?_proj"};
        if (id == QLatin1String("uld")) { // its assistant has the one block; what stands beside it is left to train
            asked.training.freezeLayers.clear();
            asked.method.parameters.values["lora_rank"] = std::int64_t{0};
        }
        const ResolvedSpec whole = resolved(asked);
        const QTemporaryDir folder;
        RunControl control;
        Recorder recorder;
        const RunSummary summary = run(whole, inside(folder, "run"), recorder, control);
        QVERIFY(recorder.steps.back().gradNorm > 0);
        const auto before = Decoder::load(whole.modelFolder, {.asPair = false}), after = Decoder::load(summary.checkpoint, {.asPair = false});
        QVERIFY(before.ok() && after.ok());
        int changed = 0;
        for (std::size_t i = 0; i < (*after)->parameters().size(); ++i) {
            const Parameter &now = (*after)->parameters()[i];
            const auto was = std::ranges::find((*before)->parameters(), now.spec.name, [](const Parameter &parameter) { return parameter.spec.name; });
            const bool same = at::equal(was->value, now.value);
            const bool inFrozenBlock = !asked.training.freezeLayers.empty() && now.spec.name.find(".layers.0.") != std::string::npos;
            const bool named = training == Full && (now.spec.name.find("embed_tokens") != std::string::npos || now.spec.name.find("self_attn") != std::string::npos);
            if (inFrozenBlock || named)
                QVERIFY2(same, now.spec.name.c_str());
            changed += same ? 0 : 1;
        }
        QVERIFY2(changed > 0, "nothing was trained at all");
    }

    void aFrozenRunGoesOnToTheBit()
    {
        ExperimentSpec asked = spec("npo", Full);
        asked.training.freezeLayers = "0";
        asked.training.freezeNames = {"embed_tokens"};
        asked.training.gradientCheckpointing = true;
        const ResolvedSpec whole = resolved(asked);
        const QTemporaryDir folder;
        RunControl control, interrupted;
        Recorder all, first, second;
        const RunSummary undisturbed = run(whole, inside(folder, "whole"), all, control);
        first.afterStep = [&](std::int64_t step) {
            if (step == 4)
                interrupted.interrupt();
        };
        run(whole, inside(folder, "half"), first, interrupted);
        const RunSummary rest = run(whole, inside(folder, "half"), second, control, newestCheckpoint(inside(folder, "half")));
        QCOMPARE(described(second.steps.back()), described(all.steps.back()));
        QCOMPARE(hashOf(rest), hashOf(undisturbed));
    }

    void whatIsLeftToTrainMustBeSomething_data()
    {
        QTest::addColumn<QString>("id");
        QTest::addColumn<int>("training");
        QTest::addColumn<QString>("layers");
        QTest::addColumn<QString>("expected");
        QTest::newRow("an adapter in every block") << "npo" << int(Lora) << "0-" << "nothing is left to train: what carries an adapter is frozen";
        QTest::newRow("the blocks that RMU trains") << "rmu" << int(Full) << "0-1" << "nothing is left to train: what rmu trains is frozen";
        QTest::newRow("a block that the assistant lacks") << "uld" << int(Full) << "1" << "there is no block 1: the model has 1, 0 to 0";
    }
    void whatIsLeftToTrainMustBeSomething()
    {
        QFETCH(QString, id);
        QFETCH(int, training);
        QFETCH(QString, layers);
        QFETCH(QString, expected);
        ExperimentSpec asked = spec(id.toStdString(), Training(training));
        asked.training.freezeLayers = layers.toStdString();
        const QTemporaryDir folder;
        RunControl control;
        Recorder recorder;
        const auto summary = runSession(resolved(asked), m_catalog, {.runFolder = inside(folder, "run"), .resumeFrom = {}}, control, recorder);
        QVERIFY(!summary.ok());
        QCOMPARE(QString::fromStdString(summary.error().where), QStringLiteral("training.freeze_layers"));
        QVERIFY2(QString::fromStdString(summary.error().what).contains(expected), summary.error().message().c_str());
        QVERIFY(recorder.steps.empty());
    }

    void refusalsOfAListAreDrawnAndResumed_data()
    {
        QTest::addColumn<QString>("id");
        for (const char *id : {"flat", "idk", "dpo", "altpo", "eraser"})
            QTest::newRow(id) << id;
    }
    void refusalsOfAListAreDrawnAndResumed()
    {
        QFETCH(QString, id);
        ExperimentSpec asked = spec(id.toStdString(), Full);
        asked.data.forget->alternate.clear();
        asked.data.refusals = RefusalSpec{.source = "shipped", .answers = {}};
        const ResolvedSpec whole = resolved(asked);
        const QTemporaryDir folder;
        RunControl control, interrupted;
        Recorder all, first, second;
        const RunSummary undisturbed = run(whole, inside(folder, "whole"), all, control);
        QVERIFY(std::ranges::any_of(all.events, [](const std::string &text) { return text.starts_with("Replacement answers: 64 that ship with Lethe, one drawn anew"); }));
        if (id == QLatin1String("dpo")) // model and reference are one still: the frozen values are those of the answers that were drawn
            QVERIFY(std::abs(*all.steps.front().forgetLoss - 20 * std::log(2.0)) < 1e-4);
        first.afterStep = [&](std::int64_t step) {
            if (step == 5)
                interrupted.interrupt();
        };
        run(whole, inside(folder, "half"), first, interrupted);
        const RunSummary rest = run(whole, inside(folder, "half"), second, control, newestCheckpoint(inside(folder, "half")));
        first.steps.insert(first.steps.end(), second.steps.begin(), second.steps.end());
        for (std::size_t i = 0; i < all.steps.size(); ++i)
            QCOMPARE(described(first.steps[i]), described(all.steps[i]));
        QCOMPARE(hashOf(rest), hashOf(undisturbed));
    }

    void refusalsDrawnOnceAreThoseOfAFile()
    {
        // The same answers as a field of the rows: no number may differ.
        ExperimentSpec asked = spec("dpo", Full);
        asked.data.forget->alternate.clear();
        asked.data.refusals = RefusalSpec{.source = {}, .answers = {"I don't know.", "No idea.", "I can't say that."}, .draw = RefusalSpec::Draw::Once};
        const QTemporaryDir folder;
        auto rows = *readDataset(asked.resolve(asked.data.forget->path), *asked.data.forget);
        for (std::size_t i = 0; i < rows.rows.size(); ++i)
            rows.rows[i].alternate = asked.data.refusals->answers[drawnRefusal(*asked.data.refusals, asked.training.seed, 1, static_cast<std::int64_t>(i))];
        ExperimentSpec inFile = asked;
        inFile.data.refusals.reset();
        inFile.data.forget->alternate = "refusal_of_this_test";
        inFile.data.forget->path = inside(folder, "forget.jsonl").string();
        QVERIFY(writeJsonLines(inFile.data.forget->path, rows.rows, *inFile.data.forget).ok());
        RunControl control;
        Recorder drawn, given;
        const RunSummary a = run(resolved(asked), inside(folder, "drawn"), drawn, control), b = run(resolved(inFile), inside(folder, "given"), given, control);
        QCOMPARE(drawn.steps.size(), given.steps.size());
        for (std::size_t i = 0; i < drawn.steps.size(); ++i)
            QCOMPARE(described(drawn.steps[i]), described(given.steps[i]));
        QCOMPARE(hashOf(a), hashOf(b));
    }

    void anAssistantLearnsParaphrasesAndUnlearnsWrongAnswers()
    {
        ExperimentSpec asked = spec("uld", Full);
        const QTemporaryDir folder;
        const auto rows = *readDataset(asked.resolve(asked.data.forget->path), *asked.data.forget);
        std::string lines;
        for (std::size_t i = 0; i < rows.rows.size(); ++i) {
            QJsonObject row{{"question", QString::fromStdString(rows.rows[i].prompt)}, {"answer", QString::fromStdString(rows.rows[i].answer)}};
            row.insert("paraphrased_question", QStringLiteral("In other words, number %1?").arg(i));
            row.insert("paraphrased_answer", QStringLiteral("Said otherwise."));
            row.insert("perturbed_answer", QJsonArray{QStringLiteral("Something else."), QStringLiteral("No, this.")});
            lines += QJsonDocument(row).toJson(QJsonDocument::Compact).toStdString() + "\n";
        }
        const fs::path file = inside(folder, "augmented.jsonl");
        QVERIFY(writeFile(file, lines).ok());
        asked.data.forget = DataSource{.path = file.string()};
        asked.training.epochs = 1;
        asked.training.batchSize = 1;
        asked.method.parameters.values["paraphrases"] = std::int64_t{2};
        asked.method.parameters.values["perturbed"] = std::int64_t{2};
        RunControl control;
        Recorder recorder, bare;
        run(resolved(asked), inside(folder, "run"), recorder, control);
        QCOMPARE(recorder.steps.size(), 3 * rows.rows.size()); // each row, and two of its paraphrases
        const std::string said = "Augmented: " + std::to_string(2 * rows.rows.size()) + " paraphrases beside the forget rows, " + std::to_string(2 * rows.rows.size())
            + " wrong answers beside the retain rows";
        QVERIFY(std::ranges::find(recorder.events, said) != recorder.events.end());
        // Rows without such fields are an error that names them.
        asked.data.forget = DataSource{.path = inside(folder, "plain.jsonl").string()};
        QVERIFY(writeFile(asked.data.forget->path, "{\"question\": \"Who?\", \"answer\": \"Nobody.\"}\n").ok());
        const auto refused = runSession(resolved(asked), m_catalog, {.runFolder = inside(folder, "refused"), .resumeFrom = {}}, control, bare);
        QVERIFY(!refused.ok());
        QVERIFY2(refused.error().message().find("no row has a paraphrase") != std::string::npos, refused.error().message().c_str());
    }

    void anAssistantsRunLeavesThePairThatItEvaluated_data()
    {
        QTest::addColumn<int>("rank");
        QTest::newRow("all of it trained") << 0;
        QTest::newRow("adapters") << 4;
    }
    void anAssistantsRunLeavesThePairThatItEvaluated()
    {
        QFETCH(int, rank);
        ExperimentSpec asked = spec("uld", Full);
        asked.method.parameters.values["lora_rank"] = std::int64_t{rank};
        asked.eval = EvalSpec{.generations = {.prompts = 2, .maxNewTokens = 6}};
        const ResolvedSpec whole = resolved(asked);
        const QTemporaryDir folder;
        RunControl control;
        Recorder recorder, after, unheld;
        const RunSummary summary = run(whole, inside(folder, "run"), recorder, control);
        const auto pair = Decoder::load(summary.checkpoint, {});
        QVERIFY2(pair.ok(), pair.ok() ? "" : pair.error().message().c_str());
        QVERIFY((*pair)->assistant() != nullptr);
        QCOMPARE((*pair)->pairOptions().weight, -0.8);
        const auto target = Decoder::load(whole.modelFolder, {});
        for (std::size_t i = 0; i < (*target)->parameters().size(); ++i)
            QVERIFY(at::equal((*target)->parameters()[i].value, (*pair)->parameters()[i].value));

        const auto again = evaluateModel(whole, summary.checkpoint, control, after);
        QVERIFY2(again.ok(), again.ok() ? "" : again.error().message().c_str());
        const auto &last = recorder.evaluations.back().metrics;
        QCOMPARE(again->metrics.size(), last.size());
        for (std::size_t i = 0; i < last.size(); ++i)
            QVERIFY(std::abs(*again->metrics[i].value - *last[i].value) < 1e-4);

        // Before the first step it is the target that is measured, and not a pair with an assistant that has learned nothing.
        const auto untouched = evaluateModel(whole, whole.modelFolder, control, after);
        for (std::size_t i = 0; i < last.size(); ++i)
            QVERIFY(std::abs(*recorder.evaluations.front().metrics[i].value - *untouched->metrics[i].value) < 1e-4);

        // Of no weight, the assistant changes nothing: the pair answers as the target does.
        asked.method.parameters.values["logit_weight"] = 0.0;
        asked.method.parameters.values["top_filter"] = 0.0;
        run(resolved(asked), inside(folder, "weightless"), unheld, control);
        const auto bare = evaluateModel(whole, whole.modelFolder, control, after);
        for (std::size_t i = 0; i < last.size(); ++i)
            QCOMPARE(*unheld.evaluations.back().metrics[i].value, *bare->metrics[i].value);
    }

    void aTaskVectorGoesAsFarTheOtherWay_data()
    {
        QTest::addColumn<int>("training");
        QTest::newRow("full") << int(Full);
        QTest::newRow("LoRA") << int(Lora);
    }
    void aTaskVectorGoesAsFarTheOtherWay()
    {
        QFETCH(int, training);
        // The same steps without the turn at the end: fine-tuning on the forget set alone.
        ExperimentSpec tuned = spec("finetune", Training(training)), asked = spec("task_vector", Training(training));
        tuned.data.retain.reset();
        asked.method.parameters.values["scale"] = 0.5;
        const QTemporaryDir folder;
        RunControl control;
        Recorder plain, turned;
        const RunSummary there = run(resolved(tuned), inside(folder, "tuned"), plain, control);
        const RunSummary back = run(resolved(asked), inside(folder, "turned"), turned, control);
        for (std::size_t i = 0; i < plain.steps.size(); ++i)
            QCOMPARE(turned.steps[i].loss, plain.steps[i].loss);
        const auto before = Decoder::load(resolved(asked).modelFolder, {}), forth = Decoder::load(there.checkpoint, {}), other = Decoder::load(back.checkpoint, {});
        double moved = 0;
        for (std::size_t i = 0; i < (*before)->parameters().size(); ++i) {
            const at::Tensor &w = (*before)->parameters()[i].value;
            const at::Tensor expected = w - 0.5 * ((*forth)->parameters()[i].value - w);
            QVERIFY(((*other)->parameters()[i].value - expected).abs().max().item<double>() < 1e-6);
            moved += (expected - w).square().sum().item<double>();
        }
        QVERIFY(moved > 0);
        QVERIFY(!newestCheckpoint(inside(folder, "turned")).has_value()); // it does not go on from here
    }

    void anEvaluationOnTheWayChangesNoStep()
    {
        ExperimentSpec asked = spec("uld", Full);
        const QTemporaryDir folder;
        RunControl control;
        Recorder without, with;
        const RunSummary a = run(resolved(asked), inside(folder, "without"), without, control);
        asked.eval = EvalSpec{.everySteps = 3, .generations = {.prompts = 2, .maxNewTokens = 6}};
        const RunSummary b = run(resolved(asked), inside(folder, "with"), with, control);
        for (std::size_t i = 0; i < without.steps.size(); ++i)
            QCOMPARE(described(with.steps[i]), described(without.steps[i]));
        QCOMPARE(hashOf(b), hashOf(a));
    }
};

QTEST_GUILESS_MAIN(TestMethodRuns)
#include "tst_method_runs.moc"
