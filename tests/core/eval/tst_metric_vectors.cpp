#include "support/Fixtures.h"

#include <lethe/eval/AnswerScores.h>
#include <lethe/eval/Statistics.h>
#include <lethe/eval/TextMetrics.h>
#include <lethe/eval/UnlearningScores.h>

#include <nlohmann/json.hpp>

#include <QtTest/QtTest>

#include <cmath>
#include <functional>
#include <map>
#include <set>

using namespace lethe;
using nlohmann::json;

namespace {

/// A value of a fixture: a number, a word for what JSON cannot hold, or nothing.
double numberOf(const json &value)
{
    if (value.is_string()) {
        const auto word = value.get<std::string>();
        if (word == "Infinity" || word == "-Infinity")
            return word.front() == '-' ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
        return std::numeric_limits<double>::quiet_NaN();
    }
    return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

std::vector<double> numbersOf(const json &values)
{
    std::vector<double> numbers;
    for (const json &value : values)
        numbers.push_back(numberOf(value));
    return numbers;
}

std::vector<std::vector<double>> rowsOf(const json &values)
{
    std::vector<std::vector<double>> rows;
    for (const json &row : values)
        rows.push_back(numbersOf(row));
    return rows;
}

/// Holds what one vector asks for against what Lethe says, and remembers the greatest distance.
class Comparison
{
public:
    explicit Comparison(const json &file)
        : m_relative(file.at("tolerance").value("rel", 0.0)), m_absolute(file.at("tolerance").value("abs", 0.0))
    {
    }

    void begin(const json &vector) { m_id = vector.at("id").get<std::string>(); }

    void number(const std::string &key, const json &expected, std::optional<double> actual)
    {
        ++m_values;
        const double wanted = numberOf(expected);
        if (std::isnan(wanted) == actual.has_value() || (actual && std::isnan(*actual)))
            return fail(key, std::isnan(wanted) ? "undefined" : std::to_string(wanted), actual ? std::to_string(*actual) : "undefined");
        if (!actual || *actual == wanted)
            return;
        const double distance = std::abs(*actual - wanted), relative = distance / std::abs(wanted);
        m_greatest = std::max(m_greatest, m_relative > 0 ? std::min(relative, m_absolute > 0 ? distance / m_absolute * m_relative : relative) : distance);
        if (!(distance <= m_absolute || relative <= m_relative))
            fail(key, QByteArray::number(wanted, 'g', 17).toStdString(), QByteArray::number(*actual, 'g', 17).toStdString());
    }

    void same(const std::string &key, const json &expected, const json &actual)
    {
        ++m_values;
        if (expected != actual)
            fail(key, expected.dump(), actual.dump());
    }

    int values() const { return m_values; }
    double greatest() const { return m_greatest; }
    const std::vector<std::string> &failures() const { return m_failures; }

private:
    void fail(const std::string &key, const std::string &wanted, const std::string &got)
    {
        m_failures.push_back(m_id + " " + key + ": expected " + wanted + ", got " + got);
    }

    double m_relative, m_absolute;
    std::string m_id;
    int m_values = 0;
    double m_greatest = 0;
    std::vector<std::string> m_failures;
};

using Check = std::function<void(Comparison &, const json &vector, const json &file)>;

void checkEveryKey(Comparison &compare, const json &out, const std::map<std::string, std::function<std::optional<double>()>> &known)
{
    for (const auto &[key, expected] : out.items()) {
        const auto found = known.find(key);
        if (found == known.end())
            compare.same(key, expected, "a key that this test does not know");
        else
            compare.number(key, expected, found->second());
    }
}

void checkRouge(Comparison &compare, const json &vector, const json &)
{
    const json &in = vector.at("in"), &out = vector.at("out");
    const bool stem = in.at("use_stemmer");
    const auto target = in.at("target").get<std::string>(), prediction = in.at("prediction").get<std::string>();
    const RougeScore one = rouge1(target, prediction, stem), longest = rougeL(target, prediction, stem);
    const std::map<std::string, double> scores{{"rouge1_recall", one.recall}, {"rouge1_fmeasure", one.f}, {"rouge1_precision", one.precision},
                                               {"rougeL_recall", longest.recall}, {"rougeL_fmeasure", longest.f}, {"rougeL_precision", longest.precision}};
    for (const auto &[key, expected] : out.items())
        if (key == "target_tokens" || key == "prediction_tokens")
            compare.same(key, expected, rougeTokens(key == "target_tokens" ? target : prediction, stem));
        else
            compare.number(key, expected, scores.at(key));
}

void checkStem(Comparison &compare, const json &vector, const json &)
{
    const std::vector<std::string> tokens = rougeTokens(vector.at("in").get<std::string>(), true);
    compare.same("stem", vector.at("out"), tokens.size() == 1 ? json(tokens.front()) : json(tokens));
}

void checkKs(Comparison &compare, const json &vector, const json &)
{
    const std::optional<KsTest> test = ksTest(numbersOf(vector.at("in").at("x")), numbersOf(vector.at("in").at("y")));
    checkEveryKey(compare, vector.at("out"),
                  {{"statistic", [&] { return test ? std::optional(test->d) : std::nullopt; }},
                   {"pvalue", [&] { return test ? std::optional(test->p) : std::nullopt; }},
                   {"pvalue_asymptotic", [&] { return test ? test->asymptotic : std::nullopt; }}});
}

void checkKsTable(Comparison &compare, const json &vector, const json &)
{
    const json &in = vector.at("in");
    checkEveryKey(compare, vector.at("out"), {{"pvalue", [&] { return std::optional(ksExactP(in.at("n1"), in.at("n2"), in.at("D"))); }}});
}

void checkAuc(Comparison &compare, const json &vector, const json &)
{
    const auto forget = numbersOf(vector.at("in").at("forget")), holdout = numbersOf(vector.at("in").at("holdout"));
    checkEveryKey(compare, vector.at("out"), {{"auc", [&] { return auc(forget, holdout); }}, {"muse_auc", [&] { return auc(holdout, forget); }}});
}

void checkHmean(Comparison &compare, const json &vector, const json &)
{
    compare.number("hmean", vector.at("out"), harmonicMean(numbersOf(vector.at("in"))));
}

void checkLogprob(Comparison &compare, const json &vector, const json &)
{
    const json &in = vector.at("in");
    const auto labels = in.at("labels").get<std::vector<std::int64_t>>();
    const AnswerLoss loss = answerLoss(rowsOf(in.at("logits")), labels);
    const auto unshifted = std::ranges::count_if(labels, [](std::int64_t label) { return label >= 0; });
    checkEveryKey(compare, vector.at("out"),
                  {{"loss_sum", [&] { return std::optional(loss.sum); }},
                   {"tokens", [&] { return std::optional(static_cast<double>(loss.tokens)); }},
                   {"avg_loss", [&] { return loss.mean(); }},
                   {"prob", [&] { return loss.probability(); }},
                   {"tokens_counted_unshifted", [&] { return std::optional(static_cast<double>(unshifted)); }}});
}

void checkOptions(Comparison &compare, const json &vector, const json &)
{
    const double correct = numberOf(vector.at("in").at("correct_avg_loss"));
    const auto wrong = numbersOf(vector.at("in").at("wrong_avg_losses"));
    checkEveryKey(compare, vector.at("out"),
                  {{"prob", [&] { return std::optional(optionProbability(correct, wrong)); }},
                   {"prob_open_unlearning", [&] { return std::optional(guardedOptionProbability(correct, wrong)); }}});
}

void checkTruthRatio(Comparison &compare, const json &vector, const json &)
{
    const double correct = numberOf(vector.at("in").at("correct_avg_loss"));
    const auto wrong = numbersOf(vector.at("in").at("wrong_avg_losses"));
    const auto of = [&](TruthRatioKind kind, double (*form)(double)) {
        return [&, kind, form]() -> std::optional<double> {
            const auto ratio = logTruthRatio(correct, wrong, kind);
            return ratio ? std::optional(form(*ratio)) : std::nullopt;
        };
    };
    const auto plain = [](double ratio) { return std::exp(ratio); };
    const auto reciprocal = [](double ratio) { return std::exp(-ratio); };
    checkEveryKey(compare, vector.at("out"),
                  {{"ratio_geometric", of(TruthRatioKind::Geometric, plain)},
                   {"ratio_arithmetic", of(TruthRatioKind::Arithmetic, plain)},
                   {"ratio_open_unlearning", of(TruthRatioKind::OpenUnlearning, plain)},
                   {"ratio_tofu_aggregate", of(TruthRatioKind::Geometric, reciprocal)},
                   {"forget_score_geometric", of(TruthRatioKind::Geometric, truthRatioForgetScore)},
                   {"forget_score_open_unlearning", of(TruthRatioKind::OpenUnlearning, truthRatioForgetScore)},
                   {"utility_score_geometric", of(TruthRatioKind::Geometric, truthRatioUtilityScore)},
                   {"utility_score_arithmetic", of(TruthRatioKind::Arithmetic, truthRatioUtilityScore)},
                   {"prob_mean", [&] { return truthRatioProbMean(correct, wrong); }}});
}

void checkMemorization(Comparison &compare, const json &vector, const json &)
{
    const json &in = vector.at("in");
    std::vector<bool> right;
    for (std::size_t i = 0; i < in.at("labels").size(); ++i)
        right.push_back(in.at("predicted").at(i) == in.at("labels").at(i));
    checkEveryKey(compare, vector.at("out"),
                  {{"exact_memorization", [&] { return exactMemorization(right); }},
                   {"extraction_strength_strict", [&] { return extractionStrength(right); }},
                   {"extraction_strength_open_unlearning", [&] { return extractionStrength(right, ScoreVariant::OpenUnlearning); }}});
}

void checkMia(Comparison &compare, const json &vector, const json &)
{
    const json &in = vector.at("in");
    const auto logprobs = numbersOf(in.value("token_logprobs", json::array()));
    const double share = in.value("k", 0.0);
    const auto count = logprobs.empty() ? 0.0 : std::max(1.0, std::floor(static_cast<double>(logprobs.size()) * share));
    std::vector<double> scores;
    if (in.contains("probs"))
        for (std::size_t i = 0; i < in.at("labels").size(); ++i)
            scores.push_back(minKPlusPlusScore(numbersOf(in.at("probs").at(i)), in.at("labels").at(i)));
    const std::string text = in.value("text", std::string());
    checkEveryKey(compare, vector.at("out"),
                  {{"min_k", [&] { return minK(logprobs, share, ScoreVariant::OpenUnlearning); }}, // 0 where nothing is scored: its convention
                   {"min_k_muse", [&] { return minK(logprobs, share, ScoreVariant::MuseOriginal); }},
                   {"count", [&] { return std::optional(count); }},
                   {"min_k_plus_plus", [&] { return minK(scores, share); }},
                   {"zlib_bytes", [&] { return std::optional(static_cast<double>(zlibBytes(text))); }},
                   {"score", [&] { return std::optional(in.at("avg_loss").get<double>() / static_cast<double>(zlibBytes(text))); }}});
}

void checkPrivleak(Comparison &compare, const json &vector, const json &)
{
    const double area = vector.at("in").at("auc"), retrained = vector.at("in").at("auc_retrain");
    checkEveryKey(compare, vector.at("out"),
                  {{"privleak", [&] { return std::optional(privacyLeakage(area, retrained)); }},
                   {"rel_diff", [&] { return std::optional(relativeDifference(area, retrained)); }},
                   {"s_mia", [&] { return std::optional(membershipScore(area, retrained)); }}});
}

void checkAggregate(Comparison &compare, const json &vector, const json &)
{
    const json &in = vector.at("in");
    std::vector<std::pair<double, double>> areas;
    for (const json &pair : in.at("aucs"))
        areas.emplace_back(pair.at(0), pair.at(1));
    const auto memorization = memorizationScore(numbersOf(in.at("memorization")));
    const auto privacy = privacyScore(areas);
    const auto utility = harmonicMean(numbersOf(in.at("utility")));
    checkEveryKey(compare, vector.at("out"),
                  {{"memorization", [&] { return memorization; }},
                   {"privacy", [&] { return privacy; }},
                   {"utility", [&] { return utility; }},
                   {"overall", [&] { return harmonicMean(std::vector{memorization.value(), privacy.value(), utility.value()}); }}});
}

void checkCka(Comparison &compare, const json &vector, const json &)
{
    const auto x = rowsOf(vector.at("in").at("X")), y = rowsOf(vector.at("in").at("Y"));
    checkEveryKey(compare, vector.at("out"),
                  {{"linear", [&] { return linearCka(x, y); }}, {"rbf_median", [&] { return rbfCka(x, y); }}, {"linear_debiased", [&] { return debiasedCka(x, y); }}});
}

void checkKrs(Comparison &compare, const json &vector, const json &)
{
    const json &in = vector.at("in"), &expected = vector.at("out").at("krs_by_window");
    for (std::size_t window = 0; window < expected.size(); ++window)
        compare.number("window " + std::to_string(window), expected.at(window),
                       knowledgeRecovery(numbersOf(in.at("loss_unlearned")), numbersOf(in.at("loss_restored_by_window").at(window))));
}

void checkUds(Comparison &compare, const json &vector, const json &)
{
    const json &in = vector.at("in");
    const UnlearningDepth depth = unlearningDepth(numbersOf(in.at("delta_retain")), numbersOf(in.at("delta_unlearned")), in.at("threshold"));
    compare.number("uds", vector.at("out").at("uds"), depth.score);
    compare.same("layers_used", vector.at("out").at("layers_used"), depth.layers);
}

void checkMcNemar(Comparison &compare, const json &vector, const json &)
{
    const McNemarTest test = mcNemar(vector.at("in").at("right_then_wrong"), vector.at("in").at("wrong_then_right"));
    checkEveryKey(compare, vector.at("out"),
                  {{"chi2", [&] { return std::optional(test.chi2); }},
                   {"p", [&] { return std::optional(test.p); }},
                   {"chi2_corrected", [&] { return std::optional(test.chi2Corrected); }},
                   {"p_corrected", [&] { return std::optional(test.pCorrected); }},
                   {"p_exact", [&] { return std::optional(test.pExact); }}});
}

void checkRobustness(Comparison &compare, const json &vector, const json &)
{
    const json relearn = vector.at("in").value("relearn", json::object()), quant = vector.at("in").value("quant", json::object());
    const auto rise = [&](const std::string &model) {
        return relearn.at(model + "_after").get<double>() - relearn.at(model + "_before").get<double>();
    };
    checkEveryKey(compare, vector.at("out"),
                  {{"R", [&] { return relearningScore(rise("retain"), rise("unlearned")); }},
                   {"R_symmetric", [&] { return symmetricScore(rise("retain"), rise("unlearned")); }},
                   {"Q", [&] { return quantisationScore(quant.at("before"), quant.at("after")); }}});
}

void checkForgettingScore(Comparison &compare, const json &vector, const json &)
{
    const json &in = vector.at("in");
    const ForgettingScore score = forgettingScore(in.at("fpr"), in.at("fnr"), in.at("delta"));
    checkEveryKey(compare, vector.at("out"),
                  {{"forgetting", [&] { return std::optional(score.forgetting); }}, {"attack", [&] { return std::optional(score.attack); }}});
}

void checkSimplex(Comparison &compare, const json &vector, const json &)
{
    const auto weights = projectOntoCappedSimplex(numbersOf(vector.at("in").at("a")), vector.at("in").at("m").get<double>());
    const json &expected = vector.at("out").at("w");
    for (std::size_t i = 0; i < expected.size(); ++i)
        compare.number("w" + std::to_string(i), expected.at(i), weights ? std::optional(weights->at(i)) : std::nullopt);
}

void checkTextQuality(Comparison &compare, const json &vector, const json &)
{
    std::string text;
    for (const json &word : vector.at("in"))
        text += word.get<std::string>() + " ";
    const TextQuality quality = textQuality(text);
    checkEveryKey(compare, vector.at("out"),
                  {{"distinct_1", [&] { return quality.distinct1; }},
                   {"distinct_2", [&] { return quality.distinct2; }},
                   {"distinct_3", [&] { return quality.distinct3; }},
                   {"bigram_entropy_bits", [&] { return quality.bigramEntropy; }},
                   {"longest_run", [&] { return std::optional(static_cast<double>(quality.longestRun)); }}});
}

/// One set of a published log, as `tofu_golden.json` keeps it.
struct GoldenSet {
    std::vector<double> answer, correct, rouge;
    std::vector<std::vector<double>> wrong;

    explicit GoldenSet(const json &samples)
        : answer(numbersOf(samples.at("answer_avg_loss"))), correct(numbersOf(samples.at("correct_avg_loss"))), rouge(numbersOf(samples.at("rougeL_recall"))),
          wrong(rowsOf(samples.at("wrong_avg_losses")))
    {
    }

    std::vector<double> ratios(TruthRatioKind kind, std::size_t first = std::string::npos) const
    {
        std::vector<double> logs;
        for (std::size_t i = 0; i < std::min(first, correct.size()); ++i)
            logs.push_back(logTruthRatio(correct[i], wrong[i], kind).value());
        return logs;
    }
    double truthRatio(TruthRatioKind kind, double (*form)(double)) const
    {
        std::vector<double> scores;
        for (const double ratio : ratios(kind))
            scores.push_back(form(ratio));
        return mean(scores).value();
    }
    double probability(bool amongOptions) const
    {
        std::vector<double> values;
        for (std::size_t i = 0; i < answer.size(); ++i)
            values.push_back(amongOptions ? optionProbability(answer[i], wrong[i]) : std::exp(-answer[i]));
        return mean(values).value();
    }
};

std::map<std::string, GoldenSet> goldenSets(const json &file, const std::string &model)
{
    std::map<std::string, GoldenSet> sets;
    for (const auto &[name, samples] : file.at("samples").at(model).items())
        sets.emplace(name, GoldenSet(samples));
    return sets;
}

double utilityOf(const std::map<std::string, GoldenSet> &sets, TruthRatioKind kind)
{
    std::vector<double> parts;
    for (const char *name : {"retain", "real_authors", "world_facts"}) {
        const GoldenSet &set = sets.at(name);
        parts.push_back(set.probability(std::string(name) != "retain"));
        parts.push_back(mean(set.rouge).value());
        parts.push_back(set.truthRatio(kind, truthRatioUtilityScore));
    }
    return harmonicMean(parts).value();
}

void checkTofuGolden(Comparison &compare, const json &vector, const json &file)
{
    const json &in = vector.at("in"), &out = vector.at("out");
    const auto model = goldenSets(file, in.at("model"));
    if (!in.contains("reference")) {
        for (const auto &[name, parts] : out.at("components").items()) {
            const GoldenSet &set = model.at(name);
            checkEveryKey(compare, parts,
                          {{"prob", [&] { return std::optional(set.probability(name != "retain")); }},
                           {"rouge", [&] { return mean(set.rouge); }},
                           {"truth_ratio", [&] { return std::optional(set.truthRatio(TruthRatioKind::Geometric, truthRatioUtilityScore)); }}});
        }
        compare.number("model_utility", out.at("model_utility"), utilityOf(model, TruthRatioKind::Geometric));
        compare.number("model_utility_arithmetic_truth_ratio", out.at("model_utility_arithmetic_truth_ratio"), utilityOf(model, TruthRatioKind::Arithmetic));
        return;
    }
    const auto reference = goldenSets(file, in.at("reference"));
    const auto kind = vector.at("id").get<std::string>().ends_with("arithmetic") ? TruthRatioKind::Arithmetic : TruthRatioKind::Geometric;
    const auto first = in.value("first_samples", std::string::npos);
    const auto own = model.at("forget").ratios(kind, first), other = reference.at("forget").ratios(kind, first);
    const std::optional<KsTest> test = ksTest(own, other);
    const auto meanRatio = [](std::vector<double> logs) {
        std::ranges::transform(logs, logs.begin(), [](double ratio) { return std::exp(ratio); });
        return mean(logs);
    };
    checkEveryKey(compare, out,
                  {{"statistic", [&] { return std::optional(test->d); }},
                   {"pvalue", [&] { return std::optional(test->p); }},
                   {"forget_truth_ratio", [&] { return std::optional(model.at("forget").truthRatio(kind, truthRatioForgetScore)); }},
                   {"mean_ratio_model", [&] { return meanRatio(own); }},
                   {"mean_ratio_reference", [&] { return meanRatio(other); }}});
}

const std::map<std::string, Check> &checks()
{
    static const std::map<std::string, Check> all{
        {"aggregate", checkAggregate}, {"auc", checkAuc}, {"capped_simplex", checkSimplex}, {"cka", checkCka},
        {"forgetting_score", checkForgettingScore}, {"hmean", checkHmean}, {"krs", checkKrs}, {"ks", checkKs}, {"ks_table", checkKsTable},
        {"logprob", checkLogprob}, {"mcnemar", checkMcNemar}, {"memorization", checkMemorization}, {"mia", checkMia}, {"options", checkOptions},
        {"privleak", checkPrivleak}, {"robustness", checkRobustness}, {"rouge", checkRouge}, {"stem", checkStem},
        {"text_quality", checkTextQuality}, {"tofu_golden", checkTofuGolden}, {"truth_ratio", checkTruthRatio}, {"uds", checkUds}};
    return all;
}

std::filesystem::path folder()
{
    return test::fixtures() / "metrics";
}

} // namespace

/// Every vector of the metric fixtures, whatever files lie there: one that this test does not know fails by its name.
class TestMetricVectors : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyFileHolds_data();
    void everyFileHolds();
    void theIndexCountsWhatIsThere();
};

void TestMetricVectors::everyFileHolds_data()
{
    QTest::addColumn<QString>("name");
    for (const auto &entry : std::filesystem::directory_iterator(folder()))
        if (entry.path().extension() == ".json" && entry.path().stem() != "index")
            QTest::newRow(entry.path().stem().c_str()) << QString::fromStdString(entry.path().stem().string());
}

void TestMetricVectors::everyFileHolds()
{
    QFETCH(QString, name);
    const auto check = checks().find(name.toStdString());
    QVERIFY2(check != checks().end(), qPrintable(QStringLiteral("nothing here knows what %1.json asks for").arg(name)));
    const json file = test::readJson(folder() / (name.toStdString() + ".json"));
    QVERIFY2(!file.at("vectors").empty(), "the file holds no vector");
    Comparison compare(file);
    for (const json &vector : file.at("vectors")) {
        compare.begin(vector);
        const int before = compare.values();
        check->second(compare, vector, file);
        QVERIFY2(compare.values() > before, qPrintable(QStringLiteral("nothing of %1 was compared").arg(QString::fromStdString(vector.at("id")))));
    }
    std::string text;
    for (const std::string &failure : compare.failures())
        text += "\n  " + failure;
    QVERIFY2(compare.failures().empty(), text.c_str());
    qInfo("%s: %d vectors, %d values, greatest error %.2g", qPrintable(name), static_cast<int>(file.at("vectors").size()), compare.values(), compare.greatest());
}

void TestMetricVectors::theIndexCountsWhatIsThere()
{
    const json index = test::readJson(folder() / "index.json");
    std::set<std::string> counted;
    for (const auto &[name, count] : index.at("files").items()) {
        QCOMPARE(test::readJson(folder() / (name + ".json")).at("vectors").size(), count.get<std::size_t>());
        counted.insert(name);
    }
    for (const auto &entry : std::filesystem::directory_iterator(folder()))
        if (entry.path().extension() == ".json" && entry.path().stem() != "index")
            QVERIFY2(counted.contains(entry.path().stem().string()), entry.path().c_str());
}

QTEST_GUILESS_MAIN(TestMetricVectors)
#include "tst_metric_vectors.moc"
