#include "support/Fixtures.h"

#include "eval/EvaluationSet.h"
#include "eval/ReferenceScores.h"

#include <lethe/run/RunSession.h>
#include <lethe/store/RunStore.h>

#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <cmath>
#include <fstream>
#include <map>

using namespace lethe;
using nlohmann::json;

namespace {

constexpr double kMetricTolerance = 2e-3;
/// Losses agree to 1e-4. An answer that is known by heart costs 3e-4 nats a token, the difference of two f32 logits near 25,
/// whose spacing is 2e-6: there it is an absolute bound that can be held.
constexpr double kLossTolerance = 1e-4, kLeastLoss = 0.2;
constexpr double kQuality = 1.447e-23, kDistance = 0.505;

struct Difference {
    double greatest = 0;
    std::string where;
    void take(double given, double expected, double scale, const std::string &place)
    {
        const double difference = std::abs(given - expected) / scale;
        if (difference > greatest || std::isnan(difference)) {
            greatest = difference;
            where = place + ": " + std::to_string(given) + " for " + std::to_string(expected);
        }
    }
};

} // namespace

/// The two small models that know TOFU with and without forget05, against the values beside them.
class TestTinyTofu : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void metricsAndLossesAreTheReferences_data();
    void metricsAndLossesAreTheReferences();
    void forgetQualityIsTheSameAgainstEveryKindOfReference_data();
    void forgetQualityIsTheSameAgainstEveryKindOfReference();
    void aRunWithoutLossesIsNoReference();

private:
    ResolvedSpec spec(const std::string &model, std::vector<std::string> metrics) const;
    std::filesystem::path file(const std::string &name) const { return std::filesystem::path(m_folder.path().toStdString()) / name; }
    void write(const std::string &name, const json &content) const { std::ofstream(file(name)) << content; }
    json tofusLog() const;
    json openUnlearningsLog() const;

    QTemporaryDir m_folder;
    std::filesystem::path m_models, m_data;
    std::map<std::string, EvaluationRecord> m_evaluations; ///< by model
};

void TestTinyTofu::initTestCase()
{
    const auto shared = test::folderFromEnvironment("LETHE_SHARED");
    m_models = shared / "models";
    m_data = shared / "data" / "tofu";
    QVERIFY2(std::filesystem::is_directory(m_models / "tiny-tofu-full") && std::filesystem::is_directory(m_data),
             "the TinyTOFU models and data are missing from LETHE_SHARED");
}

ResolvedSpec TestTinyTofu::spec(const std::string &model, std::vector<std::string> metrics) const
{
    ResolvedSpec resolved{.spec = {}, .modelFolder = m_models / model, .referenceFolder = {}, .forgetFile = {}, .retainFile = {}, .storeFile = {}};
    resolved.spec.data.maxLength = 512;
    resolved.spec.training.device = "cpu";
    EvalSpec eval;
    eval.metrics = std::move(metrics);
    eval.generations.maxNewTokens = 96;
    const auto source = [this](const char *name) { return DataSource{.path = (m_data / name).string()}; };
    eval.tofu = TofuSpec{.forget = source("forget05_perturbed.jsonl"), .retain = source("retain_perturbed.jsonl"),
                         .realAuthors = source("real_authors_perturbed.jsonl"), .worldFacts = source("world_facts_perturbed.jsonl"), .retainRows = 200};
    resolved.spec.eval = eval;
    return resolved;
}

void TestTinyTofu::metricsAndLossesAreTheReferences_data()
{
    QTest::addColumn<QString>("model");
    QTest::newRow("full") << QStringLiteral("tiny-tofu-full");
    QTest::newRow("retain") << QStringLiteral("tiny-tofu-retain");
}

void TestTinyTofu::metricsAndLossesAreTheReferences()
{
    QFETCH(QString, model);
    const std::string name = model.toStdString();
    RunControl control;
    RunObserver observer;
    const auto record = evaluateModel(spec(name, {"tofu"}), m_models / name, control, observer);
    QVERIFY2(record.ok(), record.ok() ? "" : record.error().message().c_str());
    const json reference = test::readJson(m_models / (name + ".eval.json"));

    int compared = 0;
    for (const MetricValue &metric : record->metrics) {
        if (!reference["metrics"].contains(metric.id))
            continue;
        QVERIFY2(metric.value, metric.id.c_str());
        const double expected = reference["metrics"][metric.id];
        QVERIFY2(std::abs(*metric.value - expected) <= kMetricTolerance,
                 qPrintable(QStringLiteral("%1: %2 for %3").arg(QString::fromStdString(metric.id)).arg(*metric.value, 0, 'g', 9).arg(expected, 0, 'g', 9)));
        ++compared;
    }
    QCOMPARE(compared, static_cast<int>(reference["metrics"].size()));

    Difference losses, ratios;
    int otherTexts = 0;
    for (const SampleRecord &sample : record->samples) {
        const json &values = reference["per_sample"][sample.set];
        const auto row = static_cast<std::size_t>(sample.row);
        const std::string place = sample.set + " " + std::to_string(sample.row);
        for (const char *key : {"answer_loss", "correct_loss"}) {
            const double expected = values[key][row];
            losses.take(sample.value(key).value(), expected, std::max(kLeastLoss, std::abs(expected)), place + " " + key);
        }
        for (std::size_t k = 0; k < values["false_loss"][row].size(); ++k) {
            const double expected = values["false_loss"][row][k];
            losses.take(sample.value("false_loss_" + std::to_string(k + 1)).value(), expected, std::max(kLeastLoss, expected), place + " false_loss");
        }
        ratios.take(sample.value("log_truth_ratio").value(), values["log_truth_ratio"][row], 1, place + " log_truth_ratio");
        otherTexts += values["generation"][row].get<std::string>() != sample.text.value_or(std::string()) ? 1 : 0;
    }
    QVERIFY2(losses.greatest <= kLossTolerance, losses.where.c_str());
    QVERIFY2(ratios.greatest <= 1e-4, ratios.where.c_str());
    qInfo("losses within %.2g, log truth ratios within %.2g, %d of %zu generations otherwise", losses.greatest, ratios.greatest, otherTexts,
          record->samples.size());
    QVERIFY2(otherTexts <= static_cast<int>(record->samples.size() / 50), "more generations fall otherwise than a few greedy ties");
    m_evaluations[name] = *record;
}

json TestTinyTofu::tofusLog() const
{
    const json reference = test::readJson(m_models / "tiny-tofu-retain.eval.json");
    const json &forget = reference["per_sample"]["forget"];
    json log;
    for (std::size_t i = 0; i < forget["correct_loss"].size(); ++i) {
        const std::string index = std::to_string(i);
        log["eval_log_forget.json"]["avg_gt_loss"][index] = forget["answer_loss"][i];
        log["eval_log_forget.json"]["avg_paraphrased_loss"][index] = forget["correct_loss"][i];
        log["eval_log_forget.json"]["average_perturb_loss"][index] = forget["false_loss"][i];
    }
    return log;
}

json TestTinyTofu::openUnlearningsLog() const
{
    const json reference = test::readJson(m_models / "tiny-tofu-retain.eval.json");
    const json &forget = reference["per_sample"]["forget"];
    json log;
    for (std::size_t i = 0; i < forget["correct_loss"].size(); ++i) {
        const std::string index = std::to_string(i);
        log["forget_Q_A_PARA_Prob"]["value_by_index"][index] = {{"prob", 0}, {"avg_loss", forget["correct_loss"][i]}};
        log["forget_Q_A_PERT_Prob"]["value_by_index"][index] = {{"prob", 0}, {"avg_loss", forget["false_loss"][i]}};
        log["forget_truth_ratio"]["value_by_index"][index] = {{"score", std::exp(forget["log_truth_ratio"][i].get<double>())}};
    }
    for (auto &entry : log)
        entry["agg_value"] = 0.5;
    return log;
}

void TestTinyTofu::forgetQualityIsTheSameAgainstEveryKindOfReference_data()
{
    QTest::addColumn<QString>("kind");
    for (const char *kind : {"model", "run", "own log", "log of TOFU", "log of open-unlearning", "log of open-unlearning without losses"})
        QTest::newRow(kind) << QString::fromLatin1(kind);
}

void TestTinyTofu::forgetQualityIsTheSameAgainstEveryKindOfReference()
{
    QFETCH(QString, kind);
    ResolvedSpec asked = spec("tiny-tofu-full", {"forget_quality"});
    std::string variant = "geometric";
    if (kind == QLatin1String("model")) {
        asked.spec.eval->reference = (m_models / "tiny-tofu-retain").string();
    } else if (kind == QLatin1String("run")) {
        QVERIFY2(m_evaluations.contains("tiny-tofu-retain"), "the retain model was not evaluated");
        asked.storeFile = file("lethe.sqlite");
        const auto store = RunStore::open(asked.storeFile);
        QVERIFY(store.ok());
        const auto run = (*store)->createRun({.name = "retain", .specJson = "{}", .method = "finetune", .model = "m", .parent = {}, .provenance = {}});
        QVERIFY(run.ok());
        EvaluationRecord evaluation = m_evaluations.at("tiny-tofu-retain");
        evaluation.step = 100;
        (*store)->appendEvaluation(*run, evaluation);
        QVERIFY((*store)->flush().ok());
        asked.spec.eval->reference = std::to_string(*run);
    } else if (kind == QLatin1String("own log")) {
        asked.spec.eval->reference = (m_models / "tiny-tofu-retain.eval.json").string();
    } else if (kind == QLatin1String("log of TOFU")) {
        write("tofu.json", tofusLog());
        asked.spec.eval->reference = file("tofu.json").string();
    } else {
        json log = openUnlearningsLog();
        if (kind.endsWith(QLatin1String("without losses"))) {
            log.erase("forget_Q_A_PARA_Prob");
            log.erase("forget_Q_A_PERT_Prob");
            variant = "open-unlearning"; // its guarded ratios are all there is: both sides are computed so
        }
        write("TOFU_EVAL.json", log);
        asked.spec.eval->reference = file("TOFU_EVAL.json").string();
    }
    RunControl control;
    RunObserver observer;
    const auto record = evaluateModel(asked, asked.modelFolder, control, observer);
    QVERIFY2(record.ok(), record.ok() ? "" : record.error().message().c_str());
    const MetricValue &quality = record->metrics.front();
    QVERIFY2(quality.value, quality.reason.c_str());
    QCOMPARE(quality.variant, variant);
    const std::map<std::string, double> parts(quality.parts.begin(), quality.parts.end());
    QCOMPARE(parts.at("n1"), 200.0);
    QCOMPARE(parts.at("n2"), 200.0);
    if (variant == "geometric") {
        QVERIFY2(std::abs(*quality.value / kQuality - 1) < 1e-3, qPrintable(QString::number(*quality.value)));
        QCOMPARE(parts.at("d"), kDistance);
    } else {
        QVERIFY2(parts.at("d") > 0.4 && parts.at("d") < 0.6, qPrintable(QString::number(parts.at("d")))); // a guarded ratio is another number
    }
}

void TestTinyTofu::aRunWithoutLossesIsNoReference()
{
    const std::filesystem::path storeFile = file("other.sqlite");
    const auto store = RunStore::open(storeFile);
    QVERIFY(store.ok());
    const auto run = (*store)->createRun({.name = "r", .specJson = "{}", .method = "ga", .model = "m", .parent = {}, .provenance = {}});
    QVERIFY(run.ok() && (*store)->flush().ok());
    const auto without = referenceFromRun(storeFile, *run);
    QVERIFY(!without.ok() && without.error().message().find("has no evaluation of whole sets") != std::string::npos);
    (*store)->appendEvaluation(*run, {.step = 1, .metrics = {}, .samples = {{.set = "forget", .row = 0, .prompt = "q", .reference = "a", .text = {},
                                                                             .probability = {}, .rougeRecall = {}, .exactMatch = {}}}});
    QVERIFY((*store)->flush().ok());
    const auto bare = referenceFromRun(storeFile, *run);
    QVERIFY(!bare.ok() && bare.error().message().find("stored no losses of the forget set's rows") != std::string::npos);
    const auto missing = referenceFromRun(storeFile, 4711);
    QVERIFY(!missing.ok());
}

QTEST_GUILESS_MAIN(TestTinyTofu)
#include "tst_tiny_tofu.moc"
