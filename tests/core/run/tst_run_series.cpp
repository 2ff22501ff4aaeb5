#include <lethe/run/RunSeries.h>
#include <lethe/spec/SpecReader.h>

#include <QtTest/QtTest>

using namespace lethe;

namespace {

RunDetails runOf(RunId id, std::int64_t forgetRows, std::optional<RunId> from = {}, const std::string &method = "npo", std::int64_t seed = 0)
{
    ExperimentSpec spec;
    spec.name = "run " + std::to_string(id);
    spec.model = "/models/target";
    spec.data.forget = DataSource{.path = "/data/forget-" + std::to_string(forgetRows) + ".jsonl"};
    spec.data.retain = DataSource{.path = "/data/retain.jsonl"};
    spec.method.id = method;
    spec.training.seed = seed;
    RunDetails run;
    run.row.id = id;
    run.row.name = spec.name;
    run.row.method = method;
    run.row.model = spec.model;
    run.row.modelRun = from;
    run.row.baseMetrics = {{.id = "knowmem_r", .value = 0.9, .reason = {}}};
    run.row.finalMetrics = {{.id = "knowmem_r", .value = 0.9 - 0.1 * static_cast<double>(id), .reason = {}}};
    run.facts.forgetRows = forgetRows;
    run.specJson = writeSpec(spec);
    return run;
}

} // namespace

class TestRunSeries : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void forgetSetsOfSeveralSizesAreAScale();
    void runsThatDifferOtherwiseAreNoScale();
    void runsOneAfterTheOtherAreASequence();
    void aBranchedSequenceGivesOneForEachEnd();
    void fineTuningIsNoSetUnlearned();
    void runsWithoutMetricsAreInNone();
    void equalExperimentsDifferInTheirSeedAlone();
};

void TestRunSeries::forgetSetsOfSeveralSizesAreAScale()
{
    // handed in as a table may have them, newest first; 5 is 2 again
    const auto all = seriesAmong({runOf(5, 200), runOf(3, 400), runOf(2, 200), runOf(1, 100)});
    QCOMPARE(all.size(), std::size_t{1});
    QVERIFY(all[0].kind == SeriesKind::Scalability && all[0].method == "npo" && all[0].model == "/models/target");
    QCOMPARE(all[0].points.size(), std::size_t{3});
    QCOMPARE(all[0].points[1].run, RunId{5});
    QCOMPARE(all[0].points[2].folds, 4.0);
    QCOMPARE(all[0].points[2].forgetRows, std::int64_t{400});
    QCOMPARE(all[0].points[2].metrics[0].value.value(), 0.9 - 0.3);
}

void TestRunSeries::runsThatDifferOtherwiseAreNoScale()
{
    QVERIFY(seriesAmong({runOf(1, 100), runOf(2, 200, {}, "ga")}).empty());
    QVERIFY(seriesAmong({runOf(1, 100), runOf(2, 200, {}, "npo", 7)}).empty());
    QVERIFY(seriesAmong({runOf(1, 100), runOf(2, 100)}).empty());
    QVERIFY(seriesAmong({}).empty());
    RunDetails broken = runOf(2, 200);
    broken.specJson = "no spec";
    QVERIFY(seriesAmong({runOf(1, 100), broken}).empty());
}

void TestRunSeries::runsOneAfterTheOtherAreASequence()
{
    const auto all = seriesAmong({runOf(3, 100, 2), runOf(1, 100), runOf(2, 100, 1)});
    QCOMPARE(all.size(), std::size_t{1});
    QVERIFY(all[0].kind == SeriesKind::Sustainability);
    QCOMPARE(all[0].points.size(), std::size_t{4}); // the model before, and three runs
    QCOMPARE(all[0].points[0].run, RunId{0});
    QCOMPARE(all[0].points[0].metrics[0].value.value(), 0.9);
    for (std::size_t i = 1; i < 4; ++i) {
        QCOMPARE(all[0].points[i].run, static_cast<RunId>(i));
        QCOMPARE(all[0].points[i].folds, static_cast<double>(i));
    }
}

void TestRunSeries::aBranchedSequenceGivesOneForEachEnd()
{
    const auto all = seriesAmong({runOf(1, 100), runOf(2, 100, 1), runOf(3, 100, 1, "ga")});
    QCOMPARE(all.size(), std::size_t{2});
    QCOMPARE(all[0].points.back().run, RunId{2});
    QCOMPARE(all[1].points.back().run, RunId{3});
    QVERIFY(seriesAmong({runOf(2, 100, 1), runOf(3, 100, 9)}).empty()); // their beginnings are not among them
}

void TestRunSeries::fineTuningIsNoSetUnlearned()
{
    // learned, then two sets unlearned one after the other
    const auto all = seriesAmong({runOf(1, 100, {}, "finetune"), runOf(2, 100, 1), runOf(3, 100, 2)});
    QCOMPARE(all.size(), std::size_t{1});
    QCOMPARE(all[0].method, std::string("npo"));
    QCOMPARE(all[0].points.size(), std::size_t{3}); // before, and the two
    QCOMPARE(all[0].points[0].run, RunId{0});
    QCOMPARE(all[0].points[1].run, RunId{2});
    QCOMPARE(all[0].points[1].folds, 1.0);
    QCOMPARE(all[0].points[2].folds, 2.0);

    // a sequence ends where the model is taught again
    const auto taught = seriesAmong({runOf(1, 100), runOf(2, 100, 1), runOf(3, 100, 2, "finetune"), runOf(4, 100, 3)});
    QCOMPARE(taught.size(), std::size_t{1});
    QCOMPARE(taught[0].points.back().run, RunId{2});
    QVERIFY(seriesAmong({runOf(1, 100, {}, "finetune"), runOf(2, 100, 1)}).empty());
    QVERIFY(seriesAmong({runOf(1, 100, {}, "finetune"), runOf(2, 200, {}, "finetune")}).empty()); // nor is it a scale
}

void TestRunSeries::runsWithoutMetricsAreInNone()
{
    RunDetails bare = runOf(2, 200);
    bare.row.finalMetrics.clear();
    QVERIFY(seriesAmong({runOf(1, 100), bare}).empty());
}

void TestRunSeries::equalExperimentsDifferInTheirSeedAlone()
{
    QCOMPARE(experimentWithoutSeed(runOf(1, 100).specJson), experimentWithoutSeed(runOf(2, 100, {}, "npo", 3).specJson));
    QVERIFY(experimentWithoutSeed(runOf(1, 100).specJson) != experimentWithoutSeed(runOf(1, 100, {}, "ga").specJson));
    QVERIFY(experimentWithoutSeed("{").empty());
}

QTEST_GUILESS_MAIN(TestRunSeries)
#include "tst_run_series.moc"
