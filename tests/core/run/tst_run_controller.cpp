#include "ScriptedRun.h"

#include <lethe/run/RunController.h>

#include <QtCore/QElapsedTimer>
#include <QtTest/QSignalSpy>

#include <atomic>
#include <thread>

using namespace lethe;
using namespace lethe::test;

namespace {

RunSummary ended(RunStatus status, std::int64_t steps)
{
    RunSummary summary;
    summary.status = status;
    summary.steps = steps;
    return summary;
}

/// Steps at full speed until it is asked to end.
Result<RunSummary> stepForEver(const ResolvedSpec &, const MethodCatalog &, const SessionOptions &, RunControl &control, RunObserver &observer)
{
    for (std::int64_t step = 1;; ++step) {
        switch (control.waitWhilePaused()) {
        case RunControl::Request::Stop: return ended(RunStatus::Stopped, step - 1);
        case RunControl::Request::Interrupt: return ended(RunStatus::Interrupted, step - 1);
        case RunControl::Request::Cancel: return ended(RunStatus::Cancelled, step - 1);
        default: break;
        }
        observer.onStep(ScriptedRun::step(step));
        std::this_thread::sleep_for(std::chrono::microseconds(500)); // what a step of a tiny model takes
    }
}

} // namespace

class TestRunController : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<ScriptedRun> m_script;

private Q_SLOTS:
    void init()
    {
        m_script = std::make_unique<ScriptedRun>();
        const std::string missing = m_script->prepare();
        QVERIFY2(missing.empty(), missing.c_str());
    }
    void cleanup() { m_script.reset(); }

    void everyRecordArrivesOnceAndInOrderOnThisThread()
    {
        constexpr std::int64_t kSteps = 2000;
        RecordedRun how = m_script->recorded();
        how.session = [](const ResolvedSpec &, const MethodCatalog &, const SessionOptions &, RunControl &,
                         RunObserver &observer) -> Result<RunSummary> {
            observer.onFacts({.plannedSteps = kSteps});
            for (std::int64_t step = 1; step <= kSteps; ++step) {
                observer.onStage({.name = "Training", .done = static_cast<double>(step), .total = kSteps, .unit = "steps"});
                observer.onStep(ScriptedRun::step(step));
                if (step % 1000 == 0)
                    observer.onEvaluation({.step = step, .seconds = 0, .subset = false, .metrics = {}, .samples = {}});
            }
            observer.onStatus(RunStatus::Done);
            return ended(RunStatus::Done, kSteps);
        };
        RunController controller;
        QStringList order;
        std::vector<std::int64_t> steps;
        std::size_t evaluations = 0;
        bool elsewhere = false;
        std::optional<RunFacts> facts;
        connect(&controller, &RunController::created, this, [&](qint64 run) {
            order << "created";
            QCOMPARE(run, controller.runId());
        });
        connect(&controller, &RunController::recordsArrived, this, [&](const std::shared_ptr<const RunBatch> &batch) {
            order << "records";
            elsewhere = elsewhere || QThread::currentThread() != thread();
            for (const StepRecord &step : batch->steps)
                steps.push_back(step.step);
            evaluations += batch->evaluations.size();
            if (batch->facts)
                facts = batch->facts;
        });
        QSignalSpy finished(&controller, &RunController::finished);
        connect(&controller, &RunController::finished, this, [&] {
            order << "finished";
            QVERIFY(!controller.isRunning());
        });
        controller.start(m_script->spec(), how);
        QVERIFY(controller.isRunning());
        QVERIFY(finished.wait(20'000));
        QVERIFY(!elsewhere);
        QCOMPARE(order.first(), QStringLiteral("created"));
        QCOMPARE(order.last(), QStringLiteral("finished"));
        QCOMPARE(steps.size(), static_cast<std::size_t>(kSteps));
        for (std::size_t i = 0; i < steps.size(); ++i)
            QCOMPARE(steps[i], static_cast<std::int64_t>(i) + 1);
        QCOMPARE(evaluations, std::size_t{2});
        QVERIFY(facts && facts->plannedSteps == kSteps);
        const auto summary = finished.at(0).at(0).value<std::shared_ptr<const RunSummary>>();
        QVERIFY(summary && summary->status == RunStatus::Done && summary->runId == controller.runId());
        QCOMPARE(m_script->store->steps(controller.runId())->size(), static_cast<std::size_t>(kSteps));
    }

    void atMostTwentyPostsASecond()
    {
        RecordedRun how = m_script->recorded();
        how.session = stepForEver;
        RunController controller;
        QSignalSpy posts(&controller, &RunController::recordsArrived);
        controller.start(m_script->spec(), how);
        QVERIFY(posts.wait(20'000));
        QElapsedTimer timer;
        timer.start();
        const auto before = posts.count();
        QTRY_VERIFY_WITH_TIMEOUT(posts.count() - before >= 10, 20'000);
        QVERIFY2(timer.elapsed() >= 9 * 50, qPrintable(QString::number(timer.elapsed())));
    }

    void pauseHoldsAndResumeGoesOn()
    {
        RecordedRun how = m_script->recorded();
        how.session = stepForEver;
        RunController controller;
        std::int64_t seen = 0;
        connect(&controller, &RunController::recordsArrived, this,
                [&](const std::shared_ptr<const RunBatch> &batch) { seen = batch->steps.empty() ? seen : batch->steps.back().step; });
        QSignalSpy posts(&controller, &RunController::recordsArrived);
        QSignalSpy finished(&controller, &RunController::finished);
        controller.start(m_script->spec(), how);
        QTRY_VERIFY_WITH_TIMEOUT(seen > 3, 20'000);
        controller.control().pause();
        while (posts.wait(200)) { // until no more come
        }
        const std::int64_t held = seen;
        QVERIFY(!posts.wait(200));
        QCOMPARE(seen, held);
        controller.control().resume();
        QTRY_VERIFY_WITH_TIMEOUT(seen > held, 20'000);
        controller.control().stop();
        QVERIFY(finished.wait(20'000));
        QVERIFY(finished.at(0).at(0).value<std::shared_ptr<const RunSummary>>()->status == RunStatus::Stopped);
    }

    void failureIsToldInWords()
    {
        RecordedRun how = m_script->recorded();
        how.session = [](auto &&...) -> Result<RunSummary> {
            return Error{.code = ErrorCode::Device, .what = "CUDA stopped working", .where = "step 37", .hint = {}};
        };
        RunController controller;
        QSignalSpy failed(&controller, &RunController::failed);
        controller.start(m_script->spec(), how);
        QVERIFY(failed.wait(20'000));
        QCOMPARE(failed.at(0).at(0).toString(), QStringLiteral("step 37: CUDA stopped working"));
        QCOMPARE(failed.at(0).at(1).toInt(), static_cast<int>(ErrorCode::Device));
        QVERIFY(!controller.isRunning());
    }

    void sameControllerRunsAgain()
    {
        RecordedRun how = m_script->recorded();
        how.session = stepForEver;
        RunController controller;
        QSignalSpy finished(&controller, &RunController::finished);
        QSignalSpy created(&controller, &RunController::created);
        for (int time = 1; time <= 2; ++time) {
            controller.start(m_script->spec(), how);
            QVERIFY(created.wait(20'000));
            controller.control().cancel(); // the first run's cancelling is not the second's
            QVERIFY(finished.wait(20'000));
            QCOMPARE(controller.runId(), static_cast<RunId>(time));
        }
        QVERIFY(m_script->store->run(2)->status == RunStatus::Cancelled);
    }

    void pauseToDiskEndsTheRunAsInterrupted()
    {
        RecordedRun how = m_script->recorded();
        how.session = stepForEver;
        RunController controller;
        QSignalSpy finished(&controller, &RunController::finished);
        QSignalSpy posts(&controller, &RunController::recordsArrived);
        controller.start(m_script->spec(), how);
        QVERIFY(posts.wait(20'000));
        QVERIFY(controller.pauseToDisk(10'000));
        QVERIFY(!controller.isRunning());
        QCOMPARE(finished.count(), 1); // told before it returned
        QVERIFY(m_script->store->run(controller.runId())->status == RunStatus::Interrupted);
        QVERIFY(controller.pauseToDisk(0)); // nothing runs
        QTest::qWait(0);
        QCOMPARE(finished.count(), 1);
    }

    void pauseToDiskWaitsNoLongerThanAsked()
    {
        std::atomic<bool> release = false;
        RecordedRun how = m_script->recorded();
        how.session = [&](auto &&...) -> Result<RunSummary> {
            release.wait(false); // a step that takes long
            return ended(RunStatus::Interrupted, 0);
        };
        RunController controller;
        QSignalSpy finished(&controller, &RunController::finished);
        controller.start(m_script->spec(), how);
        QVERIFY(!controller.pauseToDisk(20));
        QVERIFY(controller.isRunning());
        release = true;
        release.notify_all();
        QVERIFY(finished.wait(20'000));
    }

    void destroyingItCancelsAndJoins()
    {
        RecordedRun how = m_script->recorded();
        how.session = stepForEver;
        {
            RunController controller;
            QSignalSpy posts(&controller, &RunController::recordsArrived);
            controller.start(m_script->spec(), how);
            QVERIFY(posts.wait(20'000));
        }
        QCoreApplication::processEvents(); // nothing of it is left to be delivered
        QVERIFY(m_script->store->run(1)->status == RunStatus::Cancelled);
        {
            RunController never;
        }
    }
};

QTEST_GUILESS_MAIN(TestRunController)
#include "tst_run_controller.moc"
