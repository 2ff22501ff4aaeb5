#include <lethe/eval/AnswerScores.h>
#include <lethe/eval/Statistics.h>
#include <lethe/eval/TextMetrics.h>
#include <lethe/eval/UnlearningScores.h>

#include <QtTest/QtTest>

#include <algorithm>
#include <cmath>
#include <random>

using namespace lethe;

namespace {

constexpr int kTrials = 200;

std::vector<double> randomValues(std::mt19937_64 &random, bool withTies = true)
{
    std::vector<double> values(1 + random() % 40);
    for (double &value : values)
        value = withTies ? static_cast<double>(random() % 12) / 4 - 1 : static_cast<double>(random() % 1'000'003) / 1e5 - 5;
    return values;
}

std::string randomText(std::mt19937_64 &random)
{
    static const std::vector<std::string> words{"The", "author's", "name", "is", "Hsiao", "Yun-Hwa", "José", "running", "1991", "—", "\n", "engineers"};
    std::string text;
    for (std::size_t i = random() % 12; i > 0; --i)
        text += words[random() % words.size()] + " ";
    return text;
}

} // namespace

/// What must hold of the statistics whatever the data: random samples of a fixed seed.
class TestMetricProperties : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void ksIsSymmetricAndItsPWithinBounds();
    void ksOfASampleWithItselfIsOne();
    void ksDependsOnNeitherOrderNorMonotoneMaps();
    void saturatedKsIsTheLeastThereIs();
    void aucOfBothOrdersAddsUpToOne();
    void rougeOfEqualTextsIsOneAndAlwaysWithinBounds();
    void truthRatiosAgreeForOneFalseAnswer();
    void ckaOfASideWithItselfIsOne();
    void projectionLandsOnTheSimplex();
    void meansDoNotDependOnOrder();
    void bootstrapIsSeededAndHoldsTheMean();
    void strictScoresOfNothingAreUndefined();
};

void TestMetricProperties::ksIsSymmetricAndItsPWithinBounds()
{
    std::mt19937_64 random(1);
    for (int trial = 0; trial < kTrials; ++trial) {
        const auto x = randomValues(random), y = randomValues(random);
        const auto one = ksTest(x, y), other = ksTest(y, x);
        QVERIFY(one && other);
        QCOMPARE(one->d, other->d);
        QVERIFY2(std::abs(one->p - other->p) <= 1e-12, qPrintable(QStringLiteral("%1 %2").arg(one->p).arg(other->p)));
        QVERIFY(one->p > 0 && one->p <= 1 && one->d >= 0 && one->d <= 1);
        QVERIFY(!one->asymptotic || (*one->asymptotic >= 0 && *one->asymptotic <= 1));
        QVERIFY(std::abs(ksExactP(one->n1, one->n2, one->d) - one->p) <= 1e-15);
    }
}

void TestMetricProperties::ksOfASampleWithItselfIsOne()
{
    std::mt19937_64 random(2);
    const auto x = randomValues(random);
    QCOMPARE(ksTest(x, x)->p, 1.0);
    QCOMPARE(ksTest(x, x)->d, 0.0);
    QVERIFY(!ksTest(x, {}));
    QVERIFY(!ksTest(std::vector{1.0, std::nan("")}, x));
}

void TestMetricProperties::ksDependsOnNeitherOrderNorMonotoneMaps()
{
    std::mt19937_64 random(3);
    for (int trial = 0; trial < kTrials; ++trial) {
        auto x = randomValues(random, false), y = randomValues(random, false);
        const KsTest before = ksTest(x, y).value();
        std::ranges::shuffle(x, random);
        for (auto *side : {&x, &y})
            std::ranges::transform(*side, side->begin(), [](double value) { return std::exp(value) + value; });
        const KsTest after = ksTest(x, y).value();
        QCOMPARE(after.d, before.d);
        QCOMPARE(after.p, before.p);
    }
}

void TestMetricProperties::saturatedKsIsTheLeastThereIs()
{
    for (const std::int64_t n : {2, 40, 400}) {
        const double floor = ksExactP(n, n, 1);
        double last = floor;
        for (std::int64_t steps = n - 1; steps >= 0; --steps) {
            const double p = ksExactP(n, n, static_cast<double>(steps) / static_cast<double>(n));
            QVERIFY(p >= last);
            last = p;
        }
        QCOMPARE(last, 1.0);
        const double expected = std::log(2.0) + 2 * std::lgamma(static_cast<double>(n) + 1) - std::lgamma(2 * static_cast<double>(n) + 1); // 2/C(2n, n)
        QVERIFY(std::abs(std::log(floor) - expected) < 1e-9);
    }
}

void TestMetricProperties::aucOfBothOrdersAddsUpToOne()
{
    std::mt19937_64 random(4);
    for (int trial = 0; trial < kTrials; ++trial) {
        const auto x = randomValues(random), y = randomValues(random);
        QVERIFY(std::abs(auc(x, y).value() + auc(y, x).value() - 1) < 1e-12);
    }
    QCOMPARE(auc(std::vector{1.0, 1.0}, std::vector{1.0}).value(), 0.5);
    QVERIFY(aucStandardError(0.5, 400, 400) > 0.015 && aucStandardError(0.5, 400, 400) < 0.025);
}

void TestMetricProperties::rougeOfEqualTextsIsOneAndAlwaysWithinBounds()
{
    std::mt19937_64 random(5);
    for (int trial = 0; trial < kTrials; ++trial) {
        const std::string a = randomText(random), b = randomText(random);
        for (const bool stem : {true, false}) {
            for (const RougeScore &score : {rougeL(a, b, stem), rouge1(a, b, stem)})
                QVERIFY(score.recall >= 0 && score.recall <= 1 && score.precision >= 0 && score.precision <= 1 && score.f >= 0 && score.f <= 1);
            QCOMPARE(rougeL(a, a, stem).recall, rougeTokens(a, stem).empty() ? 0.0 : 1.0);
            QCOMPARE(rougeL(a, b, stem).recall, rougeL(b, a, stem).precision);
            QVERIFY(rouge1(a, b, stem).recall >= rougeL(a, b, stem).recall);
        }
    }
}

void TestMetricProperties::truthRatiosAgreeForOneFalseAnswer()
{
    std::mt19937_64 random(6);
    for (int trial = 0; trial < kTrials; ++trial) {
        const double correct = static_cast<double>(random() % 4000) / 100;
        const std::vector wrong{static_cast<double>(random() % 4000) / 100};
        const double geometric = logTruthRatio(correct, wrong).value();
        QVERIFY(std::abs(geometric - logTruthRatio(correct, wrong, TruthRatioKind::Arithmetic).value()) < 1e-12);
        QVERIFY(truthRatioForgetScore(geometric) <= 1 && truthRatioForgetScore(geometric) > 0);
        QCOMPARE(truthRatioForgetScore(geometric), truthRatioForgetScore(-geometric));
        QVERIFY(truthRatioUtilityScore(geometric) >= 0 && truthRatioUtilityScore(geometric) <= 1);
    }
    QVERIFY(!logTruthRatio(1, {}));
    QVERIFY(std::isfinite(logTruthRatio(900, std::vector{1.0, 2.0}).value())); // exp of it would overflow
}

void TestMetricProperties::ckaOfASideWithItselfIsOne()
{
    std::mt19937_64 random(7);
    FeatureRows x;
    for (int row = 0; row < 12; ++row)
        x.push_back({randomValues(random).front(), randomValues(random).front(), randomValues(random).front()});
    FeatureRows y = x;
    std::ranges::reverse(y);
    for (const auto &cka : {linearCka, rbfCka, debiasedCka}) {
        QVERIFY(std::abs(cka(x, x).value() - 1) < 1e-9);
        QVERIFY(std::abs(cka(x, y).value() - cka(y, x).value()) < 1e-12);
        QVERIFY(!cka(x, FeatureRows(x.begin(), x.end() - 1)));
        QVERIFY(!cka({}, {}));
    }
}

void TestMetricProperties::projectionLandsOnTheSimplex()
{
    std::mt19937_64 random(8);
    for (int trial = 0; trial < kTrials; ++trial) {
        const auto a = randomValues(random);
        const double m = static_cast<double>(random() % (a.size() + 1));
        const auto weights = projectOntoCappedSimplex(a, m).value();
        double sum = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            QVERIFY(weights[i] >= 0 && weights[i] <= 1);
            sum += weights[i];
        }
        QVERIFY2(std::abs(sum - m) < 1e-9, qPrintable(QStringLiteral("%1 for %2").arg(sum).arg(m)));
    }
    QVERIFY(!projectOntoCappedSimplex(std::vector{1.0}, 2));
}

void TestMetricProperties::meansDoNotDependOnOrder()
{
    std::mt19937_64 random(9);
    auto values = randomValues(random, false);
    for (double &value : values)
        value = std::abs(value) + 0.1;
    const double before = harmonicMean(values).value();
    std::ranges::shuffle(values, random);
    QVERIFY(std::abs(harmonicMean(values).value() - before) < 1e-12);
    QVERIFY(before <= mean(values).value());
    QVERIFY(!harmonicMean({}) && !mean({}) && !median({}));
}

void TestMetricProperties::bootstrapIsSeededAndHoldsTheMean()
{
    std::mt19937_64 random(10);
    const auto values = randomValues(random, false);
    const auto interval = bootstrapInterval(values).value();
    QVERIFY(interval.first <= mean(values).value() && mean(values).value() <= interval.second);
    QVERIFY(interval == bootstrapInterval(values).value());
    QVERIFY(interval != bootstrapInterval(values, 0.95, 1000, 1).value());
}

void TestMetricProperties::strictScoresOfNothingAreUndefined()
{
    QVERIFY(!exactMemorization({}) && !extractionStrength({}) && !minK({}, 0.4));
    QVERIFY(!answerLoss({}, {}).mean() && !answerLoss({}, {}).probability());
    QCOMPARE(minK(std::vector{-1.0, -2.0}, 0.4).value(), 2.0);
    QVERIFY(!minK(std::vector{-1.0, -2.0}, 0.4, ScoreVariant::MuseOriginal));
    QVERIFY(!symmetricScore(0, 0) && !relearningScore(0.2, 0));
}

QTEST_GUILESS_MAIN(TestMetricProperties)
#include "tst_metric_properties.moc"
