#include "../RunsBench.h"

#include "live/EventTableModel.h"
#include "live/LivePanels.h"
#include "live/RunFeed.h"
#include "live/RunWords.h"
#include "live/StateBar.h"

#include "plots/PanelGrid.h"
#include "plots/PlotCanvas.h"
#include "plots/PlotGroup.h"
#include "plots/PlotPanel.h"

#include <widgets/LivePage.h>

#include <QtGui/QAction>
#include <QtTest/QAbstractItemModelTester>
#include <QtTest/QtTest>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QPlainTextEdit>
#include <QtWidgets/QProgressBar>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QTableView>

using namespace lethe;
using namespace lethe::test;

namespace {

QAction *actionOf(const Page &page, const char *name)
{
    for (QAction *action : page.pageActions()) {
        if (action->objectName() == QLatin1String(name))
            return action;
    }
    qFatal("no action %s", name);
}

std::size_t points(const LivePage &page, const char *panel, const char *curve)
{
    const auto *plot = page.findChild<PlotPanel *>(QStringLiteral("plot_") + QString::fromLatin1(panel));
    const auto index = plot ? plot->curve(QString::fromLatin1(curve)) : std::nullopt;
    return index ? plot->contents().curves[*index].data->size() : 0;
}

QString labelText(const QWidget &page, const char *name)
{
    return page.findChild<QLabel *>(QString::fromLatin1(name))->text();
}

StateBar *bar(const LivePage &page)
{
    return page.findChild<StateBar *>();
}

} // namespace

class TestLivePage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { Theme::apply(*qApp, ThemeChoice::Light); }

    void withNoRunItSaysWhatToDo()
    {
        RunsBench bench;
        LivePage page(*bench.workspace, bench.dialogs);
        page.show();
        QVERIFY(page.findChild<QPushButton *>(QStringLiteral("liveNewExperiment"))->isVisible());
        QVERIFY(!actionOf(page, "actionLivePause")->isEnabled());
        QVERIFY(!actionOf(page, "actionLiveStop")->isEnabled());
        grab(page, QStringLiteral("live-empty"));
    }

    void aRunIsSeenFromItsStagesToItsResult()
    {
        RunsBench bench;
        bench.session.holdAfter = 0;
        LivePage page(*bench.workspace, bench.dialogs);
        page.resize(1100, 640);
        page.show();
        bench.start();
        QTRY_VERIFY(page.findChild<QWidget *>(QStringLiteral("stageList"))->isVisible());
        QTRY_VERIFY(bench.workspace->activeStage().has_value());
        QCOMPARE(page.badge(), QStringLiteral("▶"));
        grab(page, QStringLiteral("live-starting"));

        bench.session.holdAt(25);
        QTRY_COMPARE(points(page, "loss", "forget"), std::size_t{25});
        QCOMPARE(points(page, "loss", "total"), std::size_t{25});
        QCOMPARE(points(page, "learningRate", "learning rate"), std::size_t{25});
        QCOMPARE(points(page, "forget", "forget_exact_match"), std::size_t{3});
        QCOMPARE(points(page, "value_mean_log_ratio", "value_mean_log_ratio"), std::size_t{25});
        QTRY_VERIFY2(labelText(page, "liveStep").contains(QLatin1String("step 25 of 40")), qPrintable(labelText(page, "liveStep")));
        QVERIFY(labelText(page, "liveRate").contains(QLatin1String("tok/s")));
        QCOMPARE(page.findChild<QProgressBar *>(QStringLiteral("liveProgress"))->value(), 625);
        const auto *forget = page.findChild<PlotPanel *>(QStringLiteral("plot_forget"));
        QCOMPARE(forget->contents().levels.size(), std::size_t{1});
        QVERIFY(labelText(page, "liveReadout").contains(QLatin1String("step 25")));
        grab(page, QStringLiteral("live-running"));

        bench.session.go();
        QTRY_VERIFY(bar(page)->isVisible());
        QTRY_VERIFY2(bar(page)->text().startsWith(QStringLiteral("Forgotten: exact match 96 →")), qPrintable(bar(page)->text()));
        QVERIFY2(bar(page)->text().contains(QLatin1String("40 steps in 0:41.")), qPrintable(bar(page)->text()));
        QVERIFY(page.badge().isEmpty());
        QSignalSpy asked(bench.workspace.get(), &Workspace::pageRequested);
        page.findChild<QPushButton *>(QStringLiteral("liveCompare"))->click();
        QCOMPARE(asked.takeLast().at(0).toString(), QStringLiteral("pageCompare"));
        QCOMPARE(bench.workspace->compared(), (std::vector<RunId>{bench.workspace->shownRun()}));
        page.findChild<QPushButton *>(QStringLiteral("liveExport"))->click();
        QCOMPARE(asked.takeLast().at(0).toString(), QStringLiteral("pageExport"));
        grab(page, QStringLiteral("live-done"));
    }

    void spacePausesAndResumes()
    {
        RunsBench bench;
        bench.session.run.steps = 400;
        bench.session.holdAfter = 10;
        LivePage page(*bench.workspace, bench.dialogs);
        page.show();
        page.activate();
        bench.start();
        QTRY_COMPARE(points(page, "loss", "forget"), std::size_t{10});
        QTest::keyClick(&page, Qt::Key_Space);
        QVERIFY(bench.workspace->isPaused());
        QVERIFY(bar(page)->isVisible());
        QCOMPARE(bar(page)->text(), QStringLiteral("Pausing after this step…")); // it has not got there yet
        bench.session.go(); // it meets the request before its next step
        QTRY_VERIFY2(bar(page)->text().startsWith(QLatin1String("Paused after step")), qPrintable(bar(page)->text()));
        QCOMPARE(bar(page)->tone(), Card::Tone::Hatched);
        QCOMPARE(actionOf(page, "actionLivePause")->text(), QStringLiteral("Resume"));
        QCOMPARE(page.badge(), QStringLiteral("⏸"));
        const std::size_t held = points(page, "loss", "forget");
        QVERIFY2(held <= 11, "it stopped within a step");
        grab(page, QStringLiteral("live-paused"));

        page.findChild<QPushButton *>(QStringLiteral("liveResume"))->click();
        QTRY_COMPARE_WITH_TIMEOUT(points(page, "loss", "forget"), std::size_t{400}, 10000);
    }

    void stopAndCheckpointAndEvaluateNow()
    {
        RunsBench bench;
        bench.session.run.steps = 1000;
        bench.session.run.every = 500;
        bench.session.holdAfter = 5;
        LivePage page(*bench.workspace, bench.dialogs);
        page.show();
        page.activate();
        bench.start();
        QTRY_COMPARE(points(page, "loss", "forget"), std::size_t{5});
        QTest::keyClick(&page, Qt::Key_E);
        actionOf(page, "actionLiveCheckpoint")->trigger();
        bench.session.holdAt(20);
        QTRY_COMPARE(points(page, "forget", "forget_prob"), std::size_t{2}); // step 0 and the one that was asked for
        actionOf(page, "actionLiveStop")->trigger();
        QVERIFY2(bar(page)->text().startsWith(QLatin1String("Stopping after this step")), qPrintable(bar(page)->text()));
        QVERIFY(!actionOf(page, "actionLiveStop")->isEnabled());
        bench.session.go();
        QTRY_VERIFY2(bar(page)->text().startsWith(QLatin1String("Stopped.")), qPrintable(bar(page)->text()));
        QVERIFY(page.findChild<QPushButton *>(QStringLiteral("liveResumeRun")));
    }

    void aQuestionIsAnsweredWhileItTrains()
    {
        RunsBench bench;
        bench.session.run.steps = 400;
        bench.session.holdAfter = 10;
        LivePage page(*bench.workspace, bench.dialogs);
        page.resize(1100, 640);
        page.show();
        QVERIFY(!actionOf(page, "actionLiveAsk")->isEnabled()); // nothing is trained
        bench.start();
        QTRY_COMPARE(points(page, "loss", "forget"), std::size_t{10});
        actionOf(page, "actionLiveAsk")->trigger();
        auto *prompt = page.findChild<QLineEdit *>(QStringLiteral("liveAskPrompt"));
        QVERIFY(prompt->isVisible());
        QTest::keyClicks(prompt, QStringLiteral("Where was Mira Tolund born?"));
        QTest::keyClick(prompt, Qt::Key_Return);
        QCOMPARE(labelText(page, "liveAskState"), QStringLiteral("Waiting for the end of this step…"));
        bench.session.holdAt(20);
        QTRY_VERIFY2(labelText(page, "liveAskState").startsWith(QStringLiteral("after step 11 · 6 tokens in 0.2 s · ended by itself")),
                     qPrintable(labelText(page, "liveAskState")));
        QCOMPARE(page.findChild<QPlainTextEdit *>(QStringLiteral("liveAskAnswer"))->toPlainText(), QStringLiteral("The hill village of Orrin."));
        QTRY_COMPARE(points(page, "loss", "forget"), std::size_t{20}); // it goes on
        grab(page, QStringLiteral("live-ask"));

        QTest::keyClick(prompt, Qt::Key_Return);
        bench.workspace->cancelActive();
        bench.session.go();
        QTRY_COMPARE(labelText(page, "liveAskState"), QStringLiteral("The run ended before it came to the question."));
        QTest::keyClick(prompt, Qt::Key_Escape);
        QVERIFY(!prompt->isVisible());
    }

    void aPauseThatNobodyAskedForSaysWhy()
    {
        RunsBench bench;
        const RunId run = bench.store({.steps = 20, .status = RunStatus::Paused, .failure = {}});
        FormsBench &forms = bench;
        forms.store->appendEvent(run, {.step = 20, .kind = "disk_full", .text = "Cannot write the checkpoint of step 20: 3 MiB free, 25 needed"});
        forms.store->appendEvent(run, {.step = 20, .kind = "pause", .text = "Paused after step 20"});
        QVERIFY(forms.store->flush().ok());
        RunHistory history;
        history.events = forms.store->details(run)->events;
        QVERIFY2(runwords::pauseCause(history).startsWith(QLatin1String("Cannot write the checkpoint of step 20")), qPrintable(runwords::pauseCause(history)));
        history.events.push_back({.step = 20, .kind = "resume", .text = "Resumed"});
        QVERIFY(runwords::pauseCause(history).isEmpty());
        history.events.push_back({.step = 21, .kind = "non_finite", .text = "Loss or gradient of step 21 is not finite"});
        history.events.push_back({.step = 21, .kind = "pause", .text = "Paused after step 21"});
        QVERIFY2(runwords::pauseCause(history).contains(QLatin1String("learning rate that is too high")), qPrintable(runwords::pauseCause(history)));
    }

    void whatWasLaidAsideIsNotCalledACrash()
    {
        RunsBench bench;
        const RunId run = bench.store({.status = RunStatus::Interrupted, .failure = {}});
        FormsBench &forms = bench;
        forms.store->appendEvent(run, {.step = 40, .kind = "pause_to_disk", .text = "Paused to disk after step 40"});
        QVERIFY(forms.store->flush().ok());
        LivePage page(*bench.workspace, bench.dialogs);
        page.show();
        bench.workspace->setShownRun(run);
        QTRY_VERIFY2(bar(page)->text().startsWith(QLatin1String("Paused to disk after step 40.")), qPrintable(bar(page)->text()));
        QCOMPARE(bar(page)->tone(), Card::Tone::Hatched);
    }

    void cancelAsksFirst()
    {
        RunsBench bench;
        bench.session.holdAfter = 5;
        LivePage page(*bench.workspace, bench.dialogs);
        page.show();
        bench.start();
        QTRY_COMPARE(points(page, "loss", "forget"), std::size_t{5});
        actionOf(page, "actionLiveCancel")->trigger();
        QCOMPARE(bench.dialogs.asked, QStringList{QStringLiteral("Cancel run")});
        QVERIFY(bench.workspace->activeRun());
        bench.dialogs.confirmed = true;
        actionOf(page, "actionLiveCancel")->trigger();
        bench.session.go();
        QTRY_VERIFY2(bar(page)->text().startsWith(QLatin1String("Cancelled.")), qPrintable(bar(page)->text()));
    }

    void aFailureKeepsThePictureAndNamesTheCause()
    {
        RunsBench bench;
        bench.session.failsWith = Error{.code = ErrorCode::OutOfMemory, .what = "out of device memory at step 41: needed 2.1 GiB, 0.8 free of 24",
                                        .where = {}, .hint = "lower batch_size"};
        LivePage page(*bench.workspace, bench.dialogs);
        page.show();
        bench.start();
        QTRY_VERIFY2(bar(page)->text().contains(QLatin1String("Out of device memory at step 41")), qPrintable(bar(page)->text()));
        QCOMPARE(bar(page)->tone(), Card::Tone::Error);
        QCOMPARE(points(page, "loss", "forget"), std::size_t{40});
        QVERIFY(page.findChild<QPushButton *>(QStringLiteral("liveAgain"))->isVisible());
        page.findChild<QPushButton *>(QStringLiteral("liveDiagnostics"))->click();
        QVERIFY(QGuiApplication::clipboard()->text().contains(QLatin1String("out of device memory")));
        grab(page, QStringLiteral("live-failed"));
    }

    void aStoredRunIsShownWhole()
    {
        RunsBench bench;
        const RunId run = bench.store({});
        LivePage page(*bench.workspace, bench.dialogs);
        page.resize(1100, 640);
        page.show();
        bench.workspace->setShownRun(run);
        QTRY_COMPARE(points(page, "loss", "forget"), std::size_t{40});
        QCOMPARE(points(page, "forget", "forget_rouge"), std::size_t{5});
        QVERIFY(bar(page)->text().startsWith(QLatin1String("Forgotten")));
        grab(page, QStringLiteral("live-stored"), {1280, 720});
    }

    void aRunOfAnotherProcessIsFollowedThroughTheStore()
    {
        RunsBench bench;
        PlausibleRun other;
        other.status = RunStatus::Running;
        other.steps = 40;
        const RunId run = bench.store(other);
        LivePage page(*bench.workspace, bench.dialogs);
        page.show();
        bench.workspace->setShownRun(run);
        QTRY_COMPARE(points(page, "loss", "forget"), std::size_t{40});
        QVERIFY(!actionOf(page, "actionLivePause")->isEnabled());
        bench.FormsBench::store->appendStep(run, plausibleStep(other, 41));
        bench.FormsBench::store->appendEvaluation(run, plausibleEvaluation(other, 41));
        QTRY_COMPARE_WITH_TIMEOUT(points(page, "loss", "forget"), std::size_t{41}, 3000);
        QTRY_COMPARE(points(page, "forget", "forget_prob"), std::size_t{6});
    }

    void stepsAreNeverShownTwice()
    {
        // the page opens in the middle: the store and the records overlap
        RunsBench bench;
        bench.session.run.steps = 300;
        bench.session.holdAfter = 100;
        bench.start();
        QTRY_VERIFY(bench.workspace->lastStep() && bench.workspace->lastStep()->step == 100);
        LivePage page(*bench.workspace, bench.dialogs);
        page.show();
        bench.session.go();
        QTRY_COMPARE_WITH_TIMEOUT(points(page, "loss", "forget"), std::size_t{300}, 10000);
        const auto *loss = page.findChild<PlotPanel *>(QStringLiteral("plot_loss"));
        const auto steps = loss->contents().curves[0].data->steps();
        for (std::size_t i = 0; i < steps.size(); ++i)
            QCOMPARE(steps[i], static_cast<double>(i + 1));
    }

    void aValueThatIsNotFiniteIsAGapAndAnEvent()
    {
        RunsBench bench;
        bench.session.notFiniteAt = 12;
        LivePage page(*bench.workspace, bench.dialogs);
        page.show();
        bench.start();
        QTRY_COMPARE(points(page, "loss", "forget"), std::size_t{40});
        const auto *loss = page.findChild<PlotPanel *>(QStringLiteral("plot_loss"));
        QCOMPARE(loss->contents().curves[0].data->gaps().size(), std::size_t{1});
        const auto *events = page.findChild<QTableView *>(QStringLiteral("liveEvents"));
        bool found = false;
        for (int row = 0; row < events->model()->rowCount(); ++row)
            found = found || events->model()->index(row, EventTableModel::What).data().toString().contains(QLatin1String("not finite"));
        QVERIFY(found);
        grab(page, QStringLiteral("live-not-finite"));
    }

    void aModelThatKnowsNothingIsWarnedOf()
    {
        RunsBench bench;
        bench.session.run.speed = 0;
        RunHistory history;
        history.evaluations.push_back({.step = 0, .seconds = 1, .subset = false, .metrics = {{"forget_exact_match", 0.0, {}}, {"forget_prob", 0.1, {}}}, .samples = {}});
        QVERIFY2(runwords::nothingToForget(history).contains(QLatin1String("nothing to forget")), qPrintable(runwords::nothingToForget(history)));
        history.evaluations[0].metrics[0].value = 0.9;
        QVERIFY(runwords::nothingToForget(history).isEmpty());
    }

    void noLineJoinsSomeRowsWithAllRows()
    {
        RunsBench bench;
        PlotGroup group;
        PanelGrid grid(QStringLiteral("test"), nullptr);
        LivePanels panels(grid, group, nullptr);
        RunHistory history;
        for (const std::int64_t step : {0, 5, 10, 20}) {
            const bool some = step == 5 || step == 10;
            history.evaluations.push_back({.step = step, .seconds = 1, .subset = some,
                                           .metrics = {{.id = "forget_prob", .value = 0.5, .reason = {}}, {.id = "retain_prob", .value = 0.5, .reason = {}, .subset = some},
                                                       {.id = "privleak", .value = -60.0, .reason = {}}, {.id = "extraction_strength", .value = 0.5, .reason = {}}},
                                           .samples = {}});
        }
        panels.restart(history);
        const auto curveOf = [&grid](const char *panel, const char *key) {
            const auto *plot = grid.findChild<PlotPanel *>(QStringLiteral("plot_") + QLatin1String(panel));
            const auto index = plot ? plot->curve(QLatin1String(key)) : std::nullopt;
            return index ? plot->contents().curves[*index].data : nullptr;
        };
        const auto retain = curveOf("retain", "retain_prob");
        QVERIFY(retain != nullptr);
        QCOMPARE(std::vector<std::size_t>(retain->breaks().begin(), retain->breaks().end()), (std::vector<std::size_t>{1, 3}));
        QCOMPARE(retain->size(), std::size_t{4});
        const auto forget = curveOf("forget", "forget_prob"); // the whole set each time
        QVERIFY(forget != nullptr && forget->breaks().empty());
        QVERIFY(grid.findChild<PlotPanel *>(QStringLiteral("plot_retain"))->contents().xTitle.contains(QLatin1String("some rows")));
        QCOMPARE(grid.findChild<PlotPanel *>(QStringLiteral("plot_forget"))->contents().xTitle, QStringLiteral("step"));
        // measures of forgetting stand with forgetting, and a leakage in percent on no scale of 0 to 1
        QVERIFY(curveOf("forget", "extraction_strength") != nullptr);
        QVERIFY(curveOf("leakage", "privleak") != nullptr);
        QVERIFY(curveOf("retain", "privleak") == nullptr);
    }

    void theResultSaysWhatTheNumbersSay_data()
    {
        QTest::addColumn<double>("forgetBefore");
        QTest::addColumn<double>("forgetAfter");
        QTest::addColumn<double>("retainAfter");
        QTest::addColumn<QString>("text");
        QTest::newRow("forgotten") << 0.96 << 0.04 << 0.95 << QStringLiteral("Forgotten: exact match 96 → 4 %. Kept: 97 → 95 %. 40 steps in 0:41.");
        QTest::newRow("hardly") << 0.96 << 0.95 << 0.97 << QStringLiteral("Hardly changed: exact match 96 → 95 %. Kept: 97 → 97 %. 40 steps in 0:41.");
        QTest::newRow("damaged") << 0.96 << 0.0 << 0.10 << QStringLiteral("Forgotten: exact match 96 → 0 %. Damaged: 97 → 10 %. 40 steps in 0:41.");
        QTest::newRow("learned") << 0.0 << 0.98 << 0.98 << QStringLiteral("Learned: exact match 0 → 98 %. Kept: 97 → 98 %. 40 steps in 0:41.");
    }

    void theResultSaysWhatTheNumbersSay()
    {
        QFETCH(double, forgetBefore);
        QFETCH(double, forgetAfter);
        QFETCH(double, retainAfter);
        QFETCH(QString, text);
        RunHistory history;
        history.evaluations.push_back({.step = 0, .seconds = 1, .subset = false, .metrics = {{"forget_exact_match", forgetBefore, {}}, {"retain_exact_match", 0.97, {}}}, .samples = {}});
        history.evaluations.push_back({.step = 40, .seconds = 1, .subset = false, .metrics = {{"forget_exact_match", forgetAfter, {}}, {"retain_exact_match", retainAfter, {}}}, .samples = {}});
        history.row = RunRow{};
        history.row->steps = 40;
        history.row->seconds = 41;
        QCOMPARE(runwords::resultSentence(history), text);
    }

    void timeLeftComesFromTheLastFifth()
    {
        RunHistory history;
        history.facts = RunFacts{};
        history.facts->plannedSteps = 200;
        for (int step = 1; step <= 100; ++step) {
            StepRecord record = plausibleStep({}, step);
            record.elapsed = step <= 80 ? 0.01 * step : 0.8 + 2.0 * (step - 80);
            history.steps.push_back(record);
        }
        QCOMPARE(runwords::secondsLeft(history), std::optional(200.0)); // two seconds a step, a hundred to go
        history.steps.resize(2);
        QVERIFY(!runwords::secondsLeft(history)); // nothing before three seconds
    }

    void theShareOfEvaluationsIsTold()
    {
        RunHistory history;
        history.facts = RunFacts{};
        history.facts->plannedSteps = 20;
        for (int step = 1; step <= 10; ++step) {
            StepRecord record = plausibleStep({}, step);
            record.seconds = 0.9;
            history.steps.push_back(record);
        }
        history.evaluations = {{.step = 0, .seconds = 50, .subset = false, .metrics = {}, .samples = {}}}; // nothing waits for it
        QVERIFY(!runwords::evaluationShare(history));
        QCOMPARE(runwords::evaluationShareText(history, {}), QString());
        QCOMPARE(runwords::evaluationShareText(history, 25.0), QStringLiteral("evaluations 0 % of at most 25 %"));
        history.evaluations.push_back({.step = 5, .seconds = 1, .subset = true, .metrics = {}, .samples = {}});
        QCOMPARE(runwords::evaluationShare(history).value_or(0), 0.1);
        QCOMPARE(runwords::evaluationShareText(history, {}), QStringLiteral("evaluations 10 %"));
        QCOMPARE(runwords::evaluationShareText(history, 25.0), QStringLiteral("evaluations 10 % of at most 25 %"));
        history.evaluations.push_back({.step = 20, .seconds = 50, .subset = false, .metrics = {}, .samples = {}}); // nor for the last
        QCOMPARE(runwords::evaluationShare(history).value_or(0), 0.1);
    }

    void eventsFoldIntoACount()
    {
        EventTableModel model;
        QAbstractItemModelTester tester(&model);
        std::vector<EventRecord> events;
        for (int i = 1; i <= 8; ++i)
            events.push_back({.step = i, .kind = "warning", .text = "Gradient norm is high"});
        model.setEvents(events, {plausibleEvaluation({}, 0)}, {{.step = 8, .path = "/x", .bytes = 1024}});
        QCOMPARE(model.rowCount(), 3);
        bool folded = false;
        for (int row = 0; row < model.rowCount(); ++row)
            folded = folded || model.index(row, EventTableModel::What).data().toString() == QStringLiteral("Gradient norm is high ×8");
        QVERIFY(folded);
    }

    void everyFocusableWidgetHasAName()
    {
        RunsBench bench;
        const RunId run = bench.store({});
        LivePage page(*bench.workspace, bench.dialogs);
        page.show();
        bench.workspace->setShownRun(run);
        QTRY_COMPARE(points(page, "loss", "forget"), std::size_t{40});
        for (const QWidget *widget : page.findChildren<QWidget *>()) {
            if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible() || widget->objectName().startsWith(QLatin1String("qt_")))
                continue;
            const bool named = !widget->accessibleName().isEmpty() || widget->property("text").toString().size() > 0;
            QVERIFY2(named, qPrintable(QStringLiteral("%1 %2").arg(QString::fromLatin1(widget->metaObject()->className()), widget->objectName())));
        }
        const auto *loss = page.findChild<PlotPanel *>(QStringLiteral("plot_loss"));
        QVERIFY2(loss->summary().contains(QLatin1String("forget, 40 points, from 13.")), qPrintable(loss->summary()));
    }
};

QTEST_MAIN(TestLivePage)
#include "tst_live_page.moc"
