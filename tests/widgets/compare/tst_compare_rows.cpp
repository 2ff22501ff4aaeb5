#include "../RunsBench.h"

#include "compare/CompareCharts.h"
#include "parts/HeatStrip.h"
#include "compare/RowTableModel.h"
#include "compare/RunCharts.h"
#include "compare/TradeOffPlot.h"

#include <widgets/ComparePage.h>

#include <QtTest/QAbstractItemModelTester>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QLabel>
#include <QtWidgets/QTabWidget>
#include <QtWidgets/QTableView>

#include <cmath>

using namespace lethe;
using namespace lethe::test;

namespace {

/// What a run with all its rows' values is like: the forget rows lose probability, row by row less; retain row 4 suffers most.
EvaluationRecord scored(std::int64_t step, double shift)
{
    EvaluationRecord evaluation = plausibleEvaluation({}, step);
    for (SampleRecord &sample : evaluation.samples) {
        const bool forget = sample.set == "forget";
        const double loss = forget ? 0.03 + (step > 0 ? 4 - 0.9 * static_cast<double>(sample.row) : 0) + shift : 0.05 + (step > 0 && sample.row == 4 ? 1.2 : 0);
        sample.probability = std::exp(-loss);
        sample.setValue("answer_loss", loss);
        sample.tokens = {{"In", -loss / 2}, {" the", -loss}, {" harbour\n", -1.5 * loss}};
        if (forget) {
            sample.setValue("log_truth_ratio", -1 + 0.2 * static_cast<double>(sample.row) + (step > 0 ? 0.5 + shift : 0));
            sample.setValue("reference_log_truth_ratio", -0.4 + 0.2 * static_cast<double>(sample.row));
        }
    }
    evaluation.reference = {{.id = "forget_prob", .value = 0.11, .reason = {}}, {.id = "model_utility", .value = 0.64, .reason = {}}};
    return evaluation;
}

RunId storeScored(RunStore &store, const std::string &name, double shift, std::int64_t seed = 0, std::optional<RunId> from = {}, std::int64_t forgetRows = 32)
{
    PlausibleRun run{.name = name};
    ExperimentSpec spec = readSpec(plausibleSpec(run, "/data"), {}).spec;
    spec.training.seed = seed;
    spec.data.forget->path = "/data/forget-" + std::to_string(forgetRows) + ".jsonl";
    const auto id = store.createRun({.name = name, .specJson = writeSpec(spec), .method = "npo", .model = "/data/model", .learningRate = 2e-5, .plannedSteps = 40,
                                     .parent = {}, .modelRun = from, .provenance = {}, .processId = QCoreApplication::applicationPid()});
    if (!id.ok())
        qFatal("no run: %s", id.error().message().c_str());
    const RunFacts facts{.plannedSteps = 40, .stepsPerEpoch = 8, .forgetRows = forgetRows, .retainRows = 288, .device = "cpu"};
    store.setFacts(*id, facts);
    store.appendEvaluation(*id, scored(0, 0));
    for (std::int64_t step = 1; step <= 40; ++step)
        store.appendStep(*id, plausibleStep(run, step));
    store.appendEvaluation(*id, scored(20, shift / 2));
    store.appendEvaluation(*id, scored(40, shift));
    store.finishRun({.runId = *id, .status = RunStatus::Done, .steps = 40, .seconds = 41, .tokensPerSecond = 1830, .peakMemoryBytes = 0,
                     .finalMetrics = scored(40, shift).metrics, .checkpoint = {}, .failure = {}, .facts = facts});
    if (const auto flushed = store.flush(); !flushed.ok())
        qFatal("not stored: %s", flushed.error().message().c_str());
    return *id;
}

RunSamples samplesOf(const QString &name, double shift)
{
    return {.run = 1, .name = name, .look = RunLook::of(1, "#0072B2"), .firstStep = 0, .lastStep = 40, .first = scored(0, 0).samples, .last = scored(40, shift).samples};
}

} // namespace

/// The rows behind the numbers, and the pictures that are made of whole runs.
class TestCompareRows : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { m_bench = std::make_unique<RunsBench>(); }
    void cleanup()
    {
        m_page.reset();
        m_bench.reset();
    }

    void worstForgottenComesFirst();
    void mostDamagedComesFirst();
    void rowsWithoutTheValueComeLast();
    void theTableIsCsvAtFullPrecision();
    void aClickedRowShowsEveryAnswerAndItsTokens();
    void aStripBreaksLinesAndIsReadByKeys();
    void theDistanceOfDistributionsIsDrawnWhereItIs();
    void withoutARetrainedModelDistancesAreFromTheFirstRun();
    void axesOfAProfileHaveBetterAbove();
    void seedsAreAMeanAndABand();
    void seriesAreDrawnFromLineage();
    void theRetrainedModelIsTheTarget();
    void everyPictureIsAFile();

private:
    ComparePage &open(const std::vector<RunId> &runs, int tab)
    {
        m_bench->workspace->setCompared(runs);
        m_page = std::make_unique<ComparePage>(*m_bench->workspace, m_bench->dialogs);
        m_page->resize(1240, 720);
        m_page->show();
        m_page->activate();
        m_page->findChild<QTabWidget *>(QStringLiteral("compareTabs"))->setCurrentIndex(tab);
        return *m_page;
    }
    RunStore &store() { return *m_bench->FormsBench::store; }
    std::unique_ptr<RunsBench> m_bench;
    std::unique_ptr<ComparePage> m_page;
};

void TestCompareRows::worstForgottenComesFirst()
{
    RowTableModel model;
    const QAbstractItemModelTester tester(&model);
    model.show({samplesOf(QStringLiteral("a"), 0)}, QStringLiteral("prob"), RowOrder::WorstForgotten, 0, {});
    QCOMPARE(model.rowCount(), 4); // forget rows alone
    for (int row = 0; row < 4; ++row) {
        QCOMPARE(model.key(row).set, std::string("forget"));
        QCOMPARE(model.key(row).row, std::int64_t{3 - row}); // row 3 is known best still
    }
    QVERIFY(model.change(0, 0).value() < 0);
    model.show({samplesOf(QStringLiteral("a"), 0)}, QStringLiteral("answer_loss"), RowOrder::WorstForgotten, 0, {});
    QCOMPARE(model.key(0).row, std::int64_t{3}); // a small loss says the same as a large probability
    model.show({samplesOf(QStringLiteral("a"), 0)}, QStringLiteral("prob"), RowOrder::WorstForgotten, 0, QStringLiteral("clocks"));
    QCOMPARE(model.rowCount(), 1);
}

void TestCompareRows::mostDamagedComesFirst()
{
    RowTableModel model;
    model.show({samplesOf(QStringLiteral("a"), 0)}, QStringLiteral("prob"), RowOrder::MostDamaged, 0, {});
    QCOMPARE(model.rowCount(), 4); // rows to be kept alone
    QCOMPARE(model.key(0).row, std::int64_t{4});
    QVERIFY(std::abs(model.change(0, 0).value() - (std::exp(-1.25) - std::exp(-0.05))) < 1e-12);
}

void TestCompareRows::rowsWithoutTheValueComeLast()
{
    RunSamples samples = samplesOf(QStringLiteral("a"), 0);
    samples.last[3].probability.reset();
    std::erase_if(samples.last[3].values, [](const auto &value) { return value.first == "answer_loss"; });
    RowTableModel model;
    model.show({samples}, QStringLiteral("prob"), RowOrder::WorstForgotten, 0, {});
    QCOMPARE(model.key(3).row, std::int64_t{3});
    QCOMPARE(model.index(3, RowTableModel::FirstRun).data().toString(), QStringLiteral("–"));
    QVERIFY(model.index(3, RowTableModel::FirstRun).data(Qt::ToolTipRole).toString().contains(QLatin1String("stored no answer probability")));
    model.show({}, QStringLiteral("prob"), RowOrder::BySet, 0, {});
    QCOMPARE(model.rowCount(), 0);
}

void TestCompareRows::theTableIsCsvAtFullPrecision()
{
    RowTableModel model;
    model.show({samplesOf(QStringLiteral("a, \"b\""), 0)}, QStringLiteral("prob"), RowOrder::BySet, 0, {});
    const QStringList lines = model.csv().split(QStringLiteral("\r\n"), Qt::SkipEmptyParts);
    QCOMPARE(lines.size(), 9);
    QCOMPARE(lines[0], QStringLiteral("set,row,prompt,reference,\"a, \"\"b\"\" before\",\"a, \"\"b\"\"\""));
    QVERIFY(lines[1].startsWith(QLatin1String("forget,0,")));
    QCOMPARE(lines[1].section(QLatin1Char(','), -1).toDouble(), std::exp(-4.03));
}

void TestCompareRows::aClickedRowShowsEveryAnswerAndItsTokens()
{
    const RunId first = storeScored(store(), "first", 0), second = storeScored(store(), "second", 0.4, 7);
    ComparePage &page = open({first, second}, 5);
    auto *table = page.findChild<QTableView *>(QStringLiteral("compareRows"));
    QTRY_COMPARE(table->model()->rowCount(), 4);
    auto *splitter = page.findChild<QWidget *>(QStringLiteral("compareRowsSplitter")); // Generations has strips of its own
    const auto strips = [splitter] { return splitter->findChildren<HeatStrip *>(); };
    QTRY_COMPARE(strips().size(), qsizetype{6}); // three evaluations of two runs
    QVERIFY(page.findChild<QLabel *>(QStringLiteral("rowsPrompt"))->text().contains(QLatin1String("Who taught Edvin Sorrel")));
    table->setCurrentIndex(table->model()->index(3, 0));
    QTRY_VERIFY(page.findChild<QLabel *>(QStringLiteral("rowsPrompt"))->text().contains(QLatin1String("Where was Mira")));
    QTRY_COMPARE(strips().size(), qsizetype{6});
    for (const HeatStrip *strip : strips()) {
        QCOMPARE(strip->tokens(), std::size_t{3});
        QVERIFY(!strip->accessibleName().isEmpty() && strip->accessibleDescription().contains(QLatin1String("harbour")));
    }
    auto *order = page.findChild<QComboBox *>(QStringLiteral("rowsOrder"));
    order->setCurrentIndex(1);
    Q_EMIT order->activated(1);
    QTRY_COMPARE(table->model()->index(0, RowTableModel::Row).data().toString(), QStringLiteral("5"));
    grab(page, QStringLiteral("compare-rows"), {1240, 720});
}

void TestCompareRows::aStripBreaksLinesAndIsReadByKeys()
{
    HeatStrip strip;
    std::vector<TokenScore> tokens;
    for (int i = 0; i < 40; ++i)
        tokens.push_back({" word" + std::to_string(i), -0.1 * i});
    tokens.push_back({"", -std::numeric_limits<double>::infinity()});
    strip.show(tokens, QStringLiteral("name"));
    QVERIFY(strip.heightForWidth(200) > 2 * strip.heightForWidth(4000));
    strip.resize(300, strip.heightForWidth(300));
    strip.setVisible(true);
    QVERIFY(QTest::qWaitForWindowExposed(&strip));
    strip.setFocus();
    QTest::keyClick(&strip, Qt::Key_Home);
    QVERIFY(strip.pointedText().contains(QLatin1String("word0")));
    QTest::keyClick(&strip, Qt::Key_Right);
    QVERIFY2(strip.pointedText().contains(QLatin1String("word1")) && strip.pointedText().contains(QLatin1String("0.9")), qPrintable(strip.pointedText()));
    QTest::keyClick(&strip, Qt::Key_End); // a token the model holds impossible
    QVERIFY(!strip.pointedText().isEmpty());
    strip.show({}, QStringLiteral("none"));
    QCOMPARE(strip.heightForWidth(300), 0);
}

void TestCompareRows::theDistanceOfDistributionsIsDrawnWhereItIs()
{
    const ChartContents chart = distributionChart({samplesOf(QStringLiteral("a"), 0.2)}, "forget", QStringLiteral("log_truth_ratio"));
    QCOMPARE(chart.series.size(), std::size_t{2}); // the run, and the retrained model
    QCOMPARE(chart.series[1].name, QStringLiteral("retrained"));
    QCOMPARE(chart.bars.size(), std::size_t{1});
    // own: −0.3 … 0.3, theirs: −0.4 … 0.2, both by 0.2: one of four apart everywhere
    QVERIFY(std::abs(std::abs(chart.bars[0].from - chart.bars[0].to) - 0.25) < 1e-12);
    QVERIFY2(chart.summary.contains(QLatin1String("D = 0.250")) && chart.summary.contains(QLatin1String("n = 4 and 4")), qPrintable(chart.summary));
    for (const ChartSeries &series : chart.series) {
        QVERIFY(series.steps && series.y.first() == 0 && series.y.last() == 1);
        QVERIFY(std::ranges::is_sorted(series.y));
    }
    const ChartContents apart = distributionChart({samplesOf(QStringLiteral("a"), 40)}, "forget", QStringLiteral("log_truth_ratio"));
    QVERIFY2(apart.summary.contains(QLatin1String("saturated")), qPrintable(apart.summary));
}

void TestCompareRows::withoutARetrainedModelDistancesAreFromTheFirstRun()
{
    RunSamples one = samplesOf(QStringLiteral("one"), 0), two = samplesOf(QStringLiteral("two"), 0.3);
    for (RunSamples *run : {&one, &two})
        for (SampleRecord &sample : run->last)
            std::erase_if(sample.values, [](const auto &value) { return value.first == "reference_log_truth_ratio"; });
    const ChartContents chart = distributionChart({one, two}, "forget", QStringLiteral("log_truth_ratio"));
    QCOMPARE(chart.series.size(), std::size_t{2});
    QCOMPARE(chart.bars.size(), std::size_t{1});
    QVERIFY2(chart.summary.contains(QLatin1String("two against one")) && chart.summary.contains(QLatin1String("No retrained model")), qPrintable(chart.summary));
    const ChartContents nothing = distributionChart({one, two}, "wf", QStringLiteral("log_truth_ratio"));
    QVERIFY(nothing.series.empty() && !nothing.empty.isEmpty());
}

void TestCompareRows::axesOfAProfileHaveBetterAbove()
{
    ComparedRun run;
    run.row.id = 1;
    run.row.name = "one";
    run.evaluations = {scored(40, 0)};
    const ChartContents chart = profileChart({run}, {});
    QCOMPARE(chart.series.size(), std::size_t{2});
    QCOMPARE(chart.series[1].name, QStringLiteral("retrained"));
    const auto at = [&](const char *id) {
        const auto &metrics = run.evaluations[0].metrics;
        return static_cast<qsizetype>(std::ranges::find(metrics, id, &MetricValue::id) - metrics.begin());
    };
    const auto value = [&](const char *id) { return run.evaluations[0].metrics[static_cast<std::size_t>(at(id))].value.value(); };
    QVERIFY(std::abs(chart.series[0].y[at("forget_prob")] - (1 - value("forget_prob"))) < 1e-12); // less is better
    QVERIFY(std::abs(chart.series[0].y[at("retain_prob")] - value("retain_prob")) < 1e-12);
    QVERIFY(profileChart({run}, {1}).series.empty()); // hidden
}

void TestCompareRows::seedsAreAMeanAndABand()
{
    std::vector<ComparedRun> runs(3);
    for (std::size_t i = 0; i < runs.size(); ++i) {
        ExperimentSpec spec = readSpec(plausibleSpec({}, "/data"), {}).spec;
        spec.name = "seed " + std::to_string(i);
        spec.training.seed = static_cast<std::int64_t>(i);
        runs[i].row.id = static_cast<RunId>(i) + 1;
        runs[i].row.name = spec.name;
        runs[i].specJson = writeSpec(spec);
        runs[i].evaluations = {scored(0, 0), scored(40, 0)};
        runs[i].evaluations[1].metrics[0].value = 0.1 + 0.1 * static_cast<double>(i); // forget_prob: 0.1, 0.2, 0.3
    }
    const ChartContents chart = seedChart(runs, {}, QStringLiteral("forget_prob"));
    QCOMPARE(chart.series.size(), std::size_t{4}); // three faint, one mean
    const ChartSeries &mean = chart.series.back();
    QVERIFY(!mean.faint && mean.name.contains(QLatin1String("mean of 3 seeds")));
    QVERIFY(std::abs(mean.y.last() - 0.2) < 1e-12 && std::abs(mean.high.last() - 0.3) < 1e-12 && std::abs(mean.low.last() - 0.1) < 1e-12);
    QVERIFY(chart.summary.contains(QLatin1String("n = 3")));
    runs[2].specJson = writeSpec(readSpec(plausibleSpec({.learningRate = 1}, "/data"), {}).spec); // another experiment
    const ChartContents two = seedChart(runs, {}, QStringLiteral("forget_prob"));
    QCOMPARE(two.series.size(), std::size_t{4}); // two faint with their mean, and one alone
    QVERIFY(two.series.back().low.isEmpty());
}

void TestCompareRows::seriesAreDrawnFromLineage()
{
    const RunId one = storeScored(store(), "one fold", 0), two = storeScored(store(), "two folds", 0.1, 0, {}, 64), next = storeScored(store(), "next", 0.2, 0, one);
    ComparePage &page = open({one, two, next}, 9);
    auto *charts = page.findChild<CompareCharts *>(QStringLiteral("compare_series"));
    QTRY_COMPARE(charts->charts().size(), std::size_t{2});
    QTRY_VERIFY(!charts->charts()[0]->isEmpty() && !charts->charts()[1]->isEmpty());
    QCOMPARE(charts->charts()[0]->contents().series[0].x, (QVector<double>{32, 64}));
    QCOMPARE(charts->charts()[1]->contents().series[0].x, (QVector<double>{0, 1, 2})); // before, and two sets
    QVERIFY(charts->charts()[1]->contents().summary.contains(QStringLiteral("one fold → next")));
    grab(page, QStringLiteral("compare-series"), {1240, 720});
}

void TestCompareRows::theRetrainedModelIsTheTarget()
{
    const RunId first = storeScored(store(), "first", 0), second = storeScored(store(), "second", 0.4, 7);
    ComparePage &page = open({first, second}, 1);
    auto *plot = page.findChild<TradeOffPlot *>(QStringLiteral("tradeOff"));
    QTRY_VERIFY(plot->hasTarget());
    QVERIFY(plot->summary().contains(QLatin1String("target")));
    QVERIFY2(plot->csv().contains(QLatin1String("retrained,,,0.11,0.64")), qPrintable(plot->csv()));
    auto *tabs = page.findChild<QTabWidget *>(QStringLiteral("compareTabs"));
    tabs->setCurrentIndex(2);
    QTRY_COMPARE(page.findChild<QTableView *>(QStringLiteral("compareMetrics"))->model()->columnCount(), 4); // metric, two runs, retrained
    tabs->setCurrentIndex(1);
    grab(page, QStringLiteral("compare-tradeoff"), {1240, 720});
}

void TestCompareRows::everyPictureIsAFile()
{
    const RunId first = storeScored(store(), "first", 0), second = storeScored(store(), "second", 0.4, 7);
    ComparePage &page = open({first, second}, 6);
    const char *names[] = {"compare_distributions", "compare_profile", "compare_seeds"};
    for (int i = 0; i < 3; ++i) {
        page.findChild<QTabWidget *>(QStringLiteral("compareTabs"))->setCurrentIndex(6 + i);
        auto *charts = page.findChild<CompareCharts *>(QLatin1String(names[i]));
        QTRY_VERIFY2(charts->front() != nullptr, names[i]);
        const PlotExport plot = charts->front()->exporter();
        QVERIFY(plot.svg({.paperWidthCm = 8.4}).contains("<svg"));
        QVERIFY(plot.pdf({}).startsWith("%PDF"));
        QCOMPARE(plot.image({.scale = 2, .paperWidthCm = 8.4}).width(), 840);
        const QString csv = plot.csv(false);
        QVERIFY(csv.startsWith(QLatin1String("series,x,y,low,high\r\n")) && csv.count(QLatin1Char('\n')) > 4);
        QVERIFY(!charts->front()->contents().summary.isEmpty() || i == 2);
        grab(page, QString::fromLatin1(names[i]).replace(QLatin1Char('_'), QLatin1Char('-')), {1240, 720});
    }
}

QTEST_MAIN(TestCompareRows)
#include "tst_compare_rows.moc"
