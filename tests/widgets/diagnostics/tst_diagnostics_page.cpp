#include "../RunsBench.h"

#include "diagnostics/DiagnosticsPage.h"

#include <widgets/TaskList.h>

#include <QtGui/QAction>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QSpinBox>
#include <QtWidgets/QTableView>

#include <atomic>

using namespace lethe;
using namespace lethe::test;

namespace {

EvaluationRecord measured(std::int64_t step, double forget)
{
    return {.step = step, .seconds = 0.1, .subset = false, .metrics = {{.id = "forget_prob", .value = forget, .reason = {}}, {.id = "retain_prob", .value = 0.9, .reason = {}}},
            .samples = {}};
}

/// Answers as the work would; waits while it is told to.
struct ScriptedEngine {
    std::atomic<bool> hold = false;
    std::atomic<int> evaluations = 0;
    std::vector<std::string> metrics; ///< asked for
    std::filesystem::path model;

    ProbeEngine engine()
    {
        return {.evaluate = [this](const ResolvedSpec &spec, const std::filesystem::path &folder, RunControl &control, RunObserver &observer,
                                   WeightRounding rounding) -> Result<EvaluationRecord> {
                    metrics = spec.spec.eval->metrics;
                    model = folder;
                    while (hold && evaluations > 0) {
                        observer.onStage({.name = "Evaluating", .done = 1, .total = 2, .unit = "rows"});
                        if (control.isCancelled())
                            return Error{.code = ErrorCode::Cancelled, .what = "the evaluation was cancelled", .where = {}, .hint = {}};
                        QThread::msleep(2);
                    }
                    ++evaluations;
                    return measured(0, rounding == WeightRounding::None ? 0.1 : rounding == WeightRounding::Int8 ? 0.2 : 0.4);
                },
                .relearn = [](const ExperimentSpec &, const std::filesystem::path &folder, const MethodCatalog &, const RelearnOptions &how, RunControl &,
                              RunObserver &) -> Result<std::vector<EvaluationRecord>> {
                    if (folder.filename() == "nowhere")
                        return Error{.code = ErrorCode::NotFound, .what = "there is no such model", .where = folder.string(), .hint = {}};
                    std::vector<EvaluationRecord> all;
                    for (std::int64_t step = 0; step <= *how.steps; step += how.everySteps)
                        all.push_back(measured(step, 0.1 + (folder.filename() == "retrained" ? 0.02 : 0.04) * static_cast<double>(step)));
                    return all;
                }};
    }
};

} // namespace

class TestDiagnosticsPage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_bench = std::make_unique<RunsBench>();
        m_script = std::make_unique<ScriptedEngine>();
    }
    void cleanup()
    {
        m_page.reset();
        m_bench.reset();
        m_script.reset();
    }

    void withoutACheckpointItSaysWhatIsNeeded();
    void roundedWeightsAreProbedAndKept();
    void relearningStandsBesideARetrainedModel();
    void aCancelledProbeKeepsWhatItHad();
    void whatIsWrongIsSaidBesideIt();
    void sharesThatHardlyDifferLookAlike();
    void aResultReadsBackAsItWas();

private:
    DiagnosticsPage &open(bool withRun = true)
    {
        if (withRun) {
            for (const char *step : {"step-20", "step-40"})
                QDir(m_bench->folder.path()).mkdir(QLatin1String(step));
            m_bench->store({.name = "npo"});
        }
        m_page = std::make_unique<DiagnosticsPage>(*m_bench->workspace, m_bench->dialogs);
        m_page->setEngine(m_script->engine());
        m_page->resize(1240, 700);
        m_page->show();
        m_page->activate();
        return *m_page;
    }
    template<typename T> T *child(const char *name) const { return m_page->findChild<T *>(QLatin1String(name)); }
    QString reading() const { return child<QLabel>("probeReading")->text(); }
    void start() const { child<QAction>("actionProbeRun")->trigger(); }

    std::unique_ptr<RunsBench> m_bench;
    std::unique_ptr<ScriptedEngine> m_script;
    std::unique_ptr<DiagnosticsPage> m_page;
};

void TestDiagnosticsPage::withoutACheckpointItSaysWhatIsNeeded()
{
    open(false);
    QTest::qWait(50);
    QVERIFY(!child<QAction>("actionProbeRun")->isEnabled());
    QVERIFY(!child<QComboBox>("probeRun")->isVisible());
}

void TestDiagnosticsPage::roundedWeightsAreProbedAndKept()
{
    open();
    QTRY_COMPARE(child<QComboBox>("probeRun")->count(), 1);
    QCOMPARE(child<QComboBox>("probeCheckpoint")->count(), 2); // newest first
    child<QLineEdit>("probeMetrics")->setText(QStringLiteral("forget_prob, retain_prob"));
    start();
    QTRY_VERIFY2(reading().contains(QLatin1String("goes from")), qPrintable(child<QLabel>("probeState")->text()));
    QCOMPARE(m_script->evaluations.load(), 3); // as trained, int8, nf4
    QVERIFY((m_script->metrics == std::vector<std::string>{"forget_prob", "retain_prob"}));
    QVERIFY(m_script->model.string().ends_with("step-40"));
    QVERIFY2(reading().contains(QLatin1String("0.25")), qPrintable(reading())); // 0.1 / 0.4
    QCOMPARE(child<QTableView>("probeTable")->model()->columnCount(), 5);
    grab(*m_page, QStringLiteral("diagnostics-quantize"), {1240, 700});

    m_page.reset(); // another window on the same store
    open(false);
    QTRY_COMPARE(child<QComboBox>("probeHistory")->count(), 1);
    QVERIFY(reading().contains(QLatin1String("0.25")));
}

void TestDiagnosticsPage::relearningStandsBesideARetrainedModel()
{
    open();
    QTRY_COMPARE(child<QComboBox>("probeRun")->count(), 1);
    child<QComboBox>("probeKind")->setCurrentIndex(1);
    child<QSpinBox>("probeSteps")->setValue(4);
    child<QLineEdit>("probeRetrained")->setText(QStringLiteral("/models/retrained"));
    start();
    QTRY_VERIFY(reading().contains(QLatin1String("A retrained model")));
    QVERIFY2(reading().contains(QLatin1String("Robustness 0.5")), qPrintable(reading())); // it rises half as fast
    QCOMPARE(child<Chart>("probeChart")->contents().series.size(), std::size_t{2});
    grab(*m_page, QStringLiteral("diagnostics-relearn"), {1240, 700});
    child<QLineEdit>("probeRetrained")->setText(QStringLiteral("/models/nowhere"));
    start();
    QTRY_VERIFY(child<QLabel>("probeState")->text().contains(QLatin1String("there is no such model")));
    QCOMPARE(child<QComboBox>("probeHistory")->count(), 1);
}

void TestDiagnosticsPage::aCancelledProbeKeepsWhatItHad()
{
    open();
    QTRY_COMPARE(child<QComboBox>("probeRun")->count(), 1);
    m_script->hold = true;
    start();
    QTRY_COMPARE(m_script->evaluations.load(), 1);
    auto *cancel = child<QPushButton>("probeCancel");
    QTRY_VERIFY(cancel->isVisible());
    QVERIFY(!child<QAction>("actionProbeRun")->isEnabled());
    QTest::mouseClick(cancel, Qt::LeftButton);
    QTRY_COMPARE(child<QComboBox>("probeHistory")->count(), 1);
    QVERIFY2(reading().contains(QLatin1String("Cancelled")), qPrintable(reading()));
    QTRY_VERIFY(!cancel->isVisible());
    QVERIFY(child<QAction>("actionProbeRun")->isEnabled());
}

void TestDiagnosticsPage::whatIsWrongIsSaidBesideIt()
{
    open();
    QTRY_COMPARE(child<QComboBox>("probeRun")->count(), 1);
    child<QLineEdit>("probeMetrics")->setText(QStringLiteral("forget_probb"));
    start();
    QVERIFY(child<QLabel>("probeState")->text().contains(QLatin1String("there is no metric \"forget_probb\"")));
    child<QLineEdit>("probeMetrics")->clear();
    child<QComboBox>("probeKind")->setCurrentIndex(1);
    child<QLineEdit>("probeRate")->setText(QStringLiteral("fast"));
    start();
    QVERIFY(child<QLabel>("probeState")->text().contains(QLatin1String("\"fast\" is no learning rate")));
    QCOMPARE(m_script->evaluations.load(), 0);
}

void TestDiagnosticsPage::sharesThatHardlyDifferLookAlike()
{
    ProbeResult result;
    for (const double value : {0.9995, 0.9994})
        result.stages.push_back({.series = QStringLiteral("unlearned"), .name = QStringLiteral("w"), .x = static_cast<double>(result.stages.size()),
                                 .metrics = {{.id = "forget_prob", .value = value, .reason = {}}, {.id = "forget_rouge", .value = 1000 * (value - 0.999), .reason = {}},
                                             {.id = "forget_perplexity", .value = 2 + value, .reason = {}}}});
    const auto span = result.chart(QStringLiteral("forget_prob")).y;
    QVERIFY(span && span->upper == 1.0 && span->lower < 0.96 && span->lower > 0.9);
    QVERIFY(!result.chart(QStringLiteral("forget_rouge")).y); // from 0.5 to 0.4: by the data
    QVERIFY(!result.chart(QStringLiteral("forget_perplexity")).y); // no share
}

void TestDiagnosticsPage::aResultReadsBackAsItWas()
{
    ProbeResult result;
    result.kind = ProbeKind::Relearn;
    result.model = QStringLiteral("npo, step 40");
    result.run = 7;
    result.step = 40;
    result.when = QStringLiteral("2026-11-21T10:00:00.000Z");
    result.stages = {{.series = QStringLiteral("unlearned"), .name = QStringLiteral("step 0"), .x = 0, .metrics = measured(0, 1.0 / 3).metrics}};
    result.stages[0].metrics.push_back({.id = "forget_quality", .value = {}, .reason = "no reference"});
    const auto back = ProbeResult::fromJson(result.toJson());
    QVERIFY(back && back->kind == ProbeKind::Relearn && back->model == result.model && back->run == 7 && back->when == result.when);
    QVERIFY(back->stages[0].metrics == result.stages[0].metrics);
    QVERIFY(!ProbeResult::fromJson({{QStringLiteral("probe"), QStringLiteral("a newer one")}}));
    QVERIFY(!ProbeResult::fromJson({}));
    QVERIFY(!result.robustness(QStringLiteral("forget_prob"))); // one point is no rise
}

QTEST_MAIN(TestDiagnosticsPage)
#include "tst_diagnostics_page.moc"
