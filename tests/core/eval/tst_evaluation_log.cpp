#include "support/Fixtures.h"

#include "eval/ReferenceScores.h"

#include <QtTest/QtTest>

using namespace lethe;
using nlohmann::json;

namespace {

json byIndex(const json &values)
{
    json object = json::object();
    for (std::size_t i = 0; i < values.size(); ++i)
        object[std::to_string(i)] = values[i];
    return object;
}

/// A published run's numbers, laid out as TOFU's evaluator writes them.
json tofuLog(const json &samples)
{
    const auto part = [&](const std::string &set, bool paraphrased) {
        const json &from = samples.at(set);
        json log{{"avg_gt_loss", byIndex(from.at("answer_avg_loss"))}, {"average_perturb_loss", byIndex(from.at("wrong_avg_losses"))}};
        if (paraphrased)
            log["avg_paraphrased_loss"] = byIndex(from.at("correct_avg_loss"));
        return log;
    };
    return {{"eval_log_forget.json", part("forget", true)}, {"eval_log.json", part("retain", true)},
            {"eval_real_author_wo_options.json", part("real_authors", false)}, {"eval_real_world_wo_options.json", part("world_facts", false)}};
}

json openUnlearningLog(const json &samples)
{
    const json &forget = samples.at("forget");
    json log{{"model_utility", {{"agg_value", 0.6}}}, {"mia_min_k", {{"agg_value", 0.4}, {"auc", 0.4}}}};
    for (std::size_t i = 0; i < forget.at("correct_avg_loss").size(); ++i) {
        const std::string index = std::to_string(i);
        log["forget_Q_A_PARA_Prob"]["value_by_index"][index] = {{"prob", 0}, {"avg_loss", forget.at("correct_avg_loss")[i]}};
        log["forget_Q_A_PERT_Prob"]["value_by_index"][index] = {{"prob", json::array()}, {"avg_loss", forget.at("wrong_avg_losses")[i]}};
        log["forget_truth_ratio"]["value_by_index"][index] = {{"score", 0.5}};
    }
    for (const char *metric : {"forget_Q_A_PARA_Prob", "forget_Q_A_PERT_Prob", "forget_truth_ratio"})
        log[metric]["agg_value"] = 0.1;
    return log;
}

EvaluationSet setOf(std::size_t rows, const std::string &answer = "a")
{
    EvaluationSet set{.name = "forget", .source = "forget.jsonl", .rows = {}, .sequences = {}, .rawPrompts = {}, .maxNewTokens = {}, .stops = {}};
    for (std::size_t i = 0; i < rows; ++i) {
        EvaluationRow row;
        row.data.answer = answer + " " + std::to_string(i);
        set.rows.push_back(row);
    }
    return set;
}

} // namespace

/// Logs that others publish, as references of forget quality.
class TestEvaluationLog : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { m_samples = test::readJson(test::fixtures() / "metrics" / "tofu_golden.json").at("samples").at("retain90"); }
    void tofusOwnLogIsRead();
    void openUnlearningsLogIsRead();
    void perSampleLossesAreRead();
    void bareWordsOfPythonAreRead();
    void whatIsNoLogIsRefused_data();
    void whatIsNoLogIsRefused();
    void aLogOfAnotherSplitIsRefused();
    void aLogWithOtherAnswersIsRefused();

private:
    json m_samples;
};

void TestEvaluationLog::tofusOwnLogIsRead()
{
    const auto log = parseEvaluationLog(tofuLog(m_samples).dump(), "log.json");
    QVERIFY(log.ok());
    QCOMPARE(log->sets.at("forget").size(), std::size_t{300});
    QCOMPARE(log->sets.at("wf").size(), std::size_t{117});
    const ReferenceRow &row = log->sets.at("forget").at(299);
    QCOMPARE(row.correctLoss.value(), m_samples["forget"]["correct_avg_loss"][299].get<double>());
    QVERIFY(row.falseLosses == m_samples["forget"]["wrong_avg_losses"][299].get<std::vector<double>>());
    QCOMPARE(log->sets.at("ra").at(0).correctLoss, log->sets.at("ra").at(0).answerLoss);
    QVERIFY(checkReferenceRows(*log, setOf(300)).ok());
}

void TestEvaluationLog::openUnlearningsLogIsRead()
{
    const auto log = parseEvaluationLog(openUnlearningLog(m_samples).dump(), "TOFU_EVAL.json");
    QVERIFY(log.ok());
    const ReferenceRow &row = log->sets.at("forget").at(7);
    QCOMPARE(row.correctLoss.value(), m_samples["forget"]["correct_avg_loss"][7].get<double>());
    QCOMPARE(row.falseLosses.size(), std::size_t{5});
    QCOMPARE(row.guardedRatio.value(), 0.5);
    QCOMPARE(log->metrics.at("mia_min_k"), 0.4);
}

void TestEvaluationLog::perSampleLossesAreRead()
{
    const auto log = parseEvaluationLog(R"({"metrics": {"model_utility": 0.5, "forget_quality": {"value": 0.1}},
        "per_sample": {"forget": {"answer_loss": [1, 2], "correct_loss": [3, 4], "false_loss": [[5, 6], [7, 8]]}}})", "x");
    QVERIFY(log.ok());
    QCOMPARE(log->sets.at("forget").at(1).falseLosses, (std::vector<double>{7, 8}));
    QCOMPARE(log->metrics.at("forget_quality"), 0.1);
}

void TestEvaluationLog::bareWordsOfPythonAreRead()
{
    const auto log = parseEvaluationLog(R"({"avg_paraphrased_loss": {"0": NaN, "1": Infinity}, "average_perturb_loss": {"0": [1, -Infinity], "1": [1, 2]},
        "generated_text": {"0": ["q", "NaN \" NaN", "the answer: NaN"], "1": ["", "", ""]}})", "x");
    QVERIFY2(log.ok(), log.ok() ? "" : log.error().message().c_str());
    const auto &rows = log->sets.at("forget");
    QVERIFY(std::isnan(rows.at(0).correctLoss.value()) && std::isinf(rows.at(1).correctLoss.value()) && rows.at(0).falseLosses[1] < 0);
    QCOMPARE(rows.at(0).answer, std::string("the answer: NaN"));
}

void TestEvaluationLog::whatIsNoLogIsRefused_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("message");
    QTest::newRow("nothing") << QByteArray() << QStringLiteral("is no JSON");
    QTest::newRow("cut off") << QByteArray("{\"eval_log_forget.json\": {\"avg_gt_loss\": {\"0\": 1") << QStringLiteral("is no JSON");
    QTest::newRow("another object") << QByteArray("{\"a\": 1}") << QStringLiteral("is no evaluation log");
    QTest::newRow("a list") << QByteArray("[1, 2]") << QStringLiteral("is no evaluation log");
    QTest::newRow("rows of different widths")
        << QByteArray("{\"avg_paraphrased_loss\": {\"0\": 1, \"1\": 1}, \"average_perturb_loss\": {\"0\": [1, 2], \"1\": [1]}}")
        << QStringLiteral("row 1 of the forget set has 1 losses of perturbed answers, the first row 2");
}

void TestEvaluationLog::whatIsNoLogIsRefused()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, message);
    const auto log = parseEvaluationLog(text.toStdString(), "x.json");
    QVERIFY(!log.ok());
    QCOMPARE(log.error().code, ErrorCode::Corrupt);
    QVERIFY2(QString::fromStdString(log.error().message()).contains(message), log.error().message().c_str());
}

void TestEvaluationLog::aLogOfAnotherSplitIsRefused()
{
    const auto log = parseEvaluationLog(tofuLog(m_samples).dump(), "log.json");
    const auto refused = checkReferenceRows(*log, setOf(200));
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().where, std::string("eval.reference"));
    QVERIFY2(refused.error().message().find("log.json (a log of TOFU) is of other rows than the forget set: it holds 300 rows, 0–299") != std::string::npos,
             refused.error().message().c_str());
}

void TestEvaluationLog::aLogWithOtherAnswersIsRefused()
{
    ReferenceScores reference{.source = "r", .exactTexts = false, .isTheModel = false, .sets = {}, .metrics = {}};
    for (int i = 0; i < 3; ++i)
        reference.sets["forget"][i].answer = "A, " + std::to_string(i); // what a decoder makes of it
    QVERIFY(checkReferenceRows(reference, setOf(3)).ok());
    reference.sets["forget"][2].answer = "something else";
    const auto refused = checkReferenceRows(reference, setOf(3));
    QVERIFY(!refused.ok() && refused.error().message().find("row 2 answers \"something else\" there and \"a 2\" here") != std::string::npos);
    reference.exactTexts = true;
    QVERIFY(!checkReferenceRows(reference, setOf(3)).ok());
}

QTEST_GUILESS_MAIN(TestEvaluationLog)
#include "tst_evaluation_log.moc"
