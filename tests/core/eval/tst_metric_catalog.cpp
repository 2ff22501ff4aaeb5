#include <lethe/eval/Metrics.h>
#include <lethe/eval/Variants.h>
#include <lethe/spec/SpecReader.h>

#include <QtTest/QtTest>

#include <set>

using namespace lethe;

class TestMetricCatalog : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyMetricSaysWhatItIs();
    void idsAreUniqueAndFound();
    void tofuIsComplete();
    void basicStaysWithTheTrainedSets();
    void directionsAreThoseOfUnlearning();
    void whatIsNotComputedSaysWhy();
    void variantsAreNamedOnce();
    void namesNobodyKnowsGiveNothing();
};

void TestMetricCatalog::everyMetricSaysWhatItIs()
{
    QVERIFY(!metricManifests().empty());
    for (const MetricManifest *manifest : metricManifests()) {
        QVERIFY2(!manifest->name.empty() && !manifest->summary.empty() && !manifest->cost.empty() && !manifest->needs.empty(), manifest->id.c_str());
        QVERIFY2(!manifest->groups.empty(), manifest->id.c_str());
        for (const std::string &group : manifest->groups)
            QVERIFY2(std::ranges::find(metricGroups(), group) != metricGroups().end(), group.c_str());
    }
}

void TestMetricCatalog::idsAreUniqueAndFound()
{
    std::set<std::string> ids(metricGroups().begin(), metricGroups().end());
    for (const MetricInfo &info : allMetrics()) {
        QVERIFY2(ids.insert(info.id).second, info.id.c_str());
        QCOMPARE(findMetric(info.id), &info);
        QVERIFY(std::ranges::find(knownMetrics(), info.id) != knownMetrics().end());
    }
}

void TestMetricCatalog::tofuIsComplete()
{
    std::set<std::string> ids;
    for (const MetricInfo *info : metricsNamed("tofu"))
        ids.insert(info->id);
    std::set<std::string> expected{"model_utility", "forget_quality"};
    for (const char *set : {"forget_", "retain_", "ra_", "wf_"})
        for (const char *measure : {"prob", "rouge", "exact_match", "truth_ratio"})
            expected.insert(std::string(set) + measure);
    QVERIFY(ids == expected);
}

void TestMetricCatalog::basicStaysWithTheTrainedSets()
{
    const auto basic = metricsNamed("basic");
    QCOMPARE(basic.size(), std::size_t{6});
    for (const MetricInfo *info : basic)
        QVERIFY(info->set == "forget" || info->set == "retain");
}

void TestMetricCatalog::directionsAreThoseOfUnlearning()
{
    QCOMPARE(findMetric("forget_prob")->direction(), -1);
    QCOMPARE(findMetric("ra_prob")->direction(), 1);
    QCOMPARE(findMetric("forget_truth_ratio")->direction(), 0);
    QCOMPARE(findMetric("retain_truth_ratio")->direction(), 1);
    QCOMPARE(findMetric("forget_quality")->direction(), 1);
    QCOMPARE(findMetric("extraction_strength")->direction(), -1);
    QCOMPARE(findMetric("forget_distinct_2")->direction(), 1); // collapse is no success
}

void TestMetricCatalog::whatIsNotComputedSaysWhy()
{
    QVERIFY(!uncomputedMetrics().empty());
    for (const UncomputedMetric &metric : uncomputedMetrics()) {
        QVERIFY2(!metric.name.empty() && !metric.reason.empty(), metric.id.c_str());
        QVERIFY2(findMetric(metric.id) == nullptr, metric.id.c_str());
    }
}

void TestMetricCatalog::variantsAreNamedOnce()
{
    std::set<std::string> ids;
    for (const VariantManifest &manifest : evaluationVariants()) {
        QVERIFY(ids.insert(manifest.id).second && !manifest.summary.empty() && !manifest.topics.empty());
        QVERIFY(evaluationVariantFrom(manifest.id) == manifest.variant && toString(manifest.variant) == manifest.id);
    }
    QVERIFY((ids == std::set<std::string>{"strict", "tofu-original", "open-unlearning", "muse-original"}));
    QVERIFY(!evaluationVariantFrom("mine"));
}

void TestMetricCatalog::namesNobodyKnowsGiveNothing()
{
    QVERIFY(findMetric("prob") == nullptr && findMetric("") == nullptr && findMetric("holdout_prob") == nullptr);
    QVERIFY(metricsNamed("nothing").empty());
}

QTEST_GUILESS_MAIN(TestMetricCatalog)
#include "tst_metric_catalog.moc"
