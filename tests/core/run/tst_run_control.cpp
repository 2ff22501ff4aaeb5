#include <lethe/run/RunSession.h>

#include <QtTest/QtTest>

#include <future>
#include <thread>

using namespace lethe;
using Request = RunControl::Request;

class TestRunControl : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void pauseHoldsUntilResumed()
    {
        RunControl control;
        QCOMPARE(control.request(), Request::Continue);
        QCOMPARE(control.waitWhilePaused(), Request::Continue); // does not block
        control.pause();
        QCOMPARE(control.request(), Request::Pause);
        auto waiting = std::async(std::launch::async, [&] { return control.waitWhilePaused(); });
        QCOMPARE(waiting.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
        control.resume();
        QCOMPARE(waiting.get(), Request::Continue);
    }

    void everyEndWakesAPausedRun_data()
    {
        QTest::addColumn<int>("request");
        QTest::newRow("stop") << static_cast<int>(Request::Stop);
        QTest::newRow("interrupt") << static_cast<int>(Request::Interrupt);
        QTest::newRow("cancel") << static_cast<int>(Request::Cancel);
    }

    void everyEndWakesAPausedRun()
    {
        QFETCH(int, request);
        RunControl control;
        control.pause();
        auto waiting = std::async(std::launch::async, [&] { return control.waitWhilePaused(); });
        switch (static_cast<Request>(request)) {
        case Request::Stop: control.stop(); break;
        case Request::Interrupt: control.interrupt(); break;
        default: control.cancel();
        }
        QCOMPARE(static_cast<int>(waiting.get()), request);
    }

    void moreUrgentRequestWinsAndNothingTakesItBack()
    {
        RunControl control;
        control.stop();
        control.pause();
        QCOMPARE(control.request(), Request::Stop);
        control.resume();
        QCOMPARE(control.request(), Request::Stop);
        control.interrupt();
        QCOMPARE(control.request(), Request::Interrupt);
        control.cancel();
        control.stop();
        QCOMPARE(control.request(), Request::Cancel);
        QVERIFY(control.isCancelled());
    }

    void boundedWaitReturnsWhilePaused()
    {
        RunControl control;
        control.pause();
        QCOMPARE(control.waitWhilePaused(1), Request::Pause);
        control.evaluateNow(); // there is something to do: no waiting
        QCOMPARE(control.waitWhilePaused(60'000), Request::Pause);
    }

    void oneOffsAreTakenOnce()
    {
        RunControl control;
        QVERIFY(!control.takeEvaluateNow());
        control.evaluateNow();
        control.evaluateNow();
        control.checkpointNow();
        QVERIFY(control.takeEvaluateNow());
        QVERIFY(!control.takeEvaluateNow());
        QVERIFY(control.takeCheckpointNow());
        QVERIFY(!control.takeCheckpointNow());
    }

    void questionsAreTakenInTheirOrderAndWakeAPausedRun()
    {
        RunControl control;
        QVERIFY(!control.takeQuestion());
        control.pause();
        control.ask({.prompt = "first", .onText = {}, .onAnswered = {}});
        control.ask({.prompt = "second", .onText = {}, .onAnswered = {}});
        QCOMPARE(control.waitWhilePaused(60'000), Request::Pause);
        QCOMPARE(control.takeQuestion()->prompt, std::string("first"));
        QCOMPARE(control.takeQuestion()->prompt, std::string("second"));
        QVERIFY(!control.takeQuestion());
    }
};

QTEST_GUILESS_MAIN(TestRunControl)
#include "tst_run_control.moc"
