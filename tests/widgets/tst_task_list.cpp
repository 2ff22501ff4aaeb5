#include <widgets/TaskList.h>

#include <QtTest/QtTest>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

using namespace lethe;

namespace {

/// Holds a worker until the test lets it go.
class Gate
{
public:
    void open()
    {
        const std::lock_guard lock(m_mutex);
        m_open = true;
        m_changed.notify_all();
    }
    void wait()
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] { return m_open; });
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    bool m_open = false;
};

} // namespace

class TestTaskList : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void workRunsElsewhereAndDoneRunsHere();
    void reportsShowWhileItRuns();
    void aCancelReachesTheWorker();
    void aFailureTakesTheResultsPlace();
    void anExceptionStopsAtTheThreadsEntry();
    void doneIsNotCalledForAContextThatIsGone();
    void destroyingTheListCancelsAndJoins();
    void runningOnesComeFirstAndTwentyFinishedAreKept();
};

void TestTaskList::workRunsElsewhereAndDoneRunsHere()
{
    TaskList list;
    QThread *worker = nullptr;
    QThread *doneOn = nullptr;
    list.start(QStringLiteral("read"), nullptr, [&](TaskHandle &) {
        worker = QThread::currentThread();
        return QStringLiteral("7 rows");
    }, [&] { doneOn = QThread::currentThread(); });
    QCOMPARE(list.running(), 1);
    QTRY_VERIFY(doneOn != nullptr);
    QVERIFY(worker != QThread::currentThread());
    QCOMPARE(doneOn, QThread::currentThread());
    QCOMPARE(list.running(), 0);
    QCOMPARE(list.tasks().front().result, QStringLiteral("7 rows"));
    QVERIFY(list.tasks().front().finished);
}

void TestTaskList::reportsShowWhileItRuns()
{
    TaskList list;
    Gate gate;
    bool done = false;
    list.start(QStringLiteral("hash"), nullptr, [&](TaskHandle &task) {
        task.report(QStringLiteral("hashing"), 3, 10);
        gate.wait();
        return QString();
    }, [&] { done = true; });
    QTRY_COMPARE(list.tasks().front().stage, QStringLiteral("hashing"));
    QCOMPARE(list.tasks().front().done, 3.0);
    QCOMPARE(list.tasks().front().total, 10.0);
    QCOMPARE(list.tasks().front().secondsLeft, -1.0); // nothing is promised in the first three seconds
    gate.open();
    QTRY_VERIFY(done);
}

void TestTaskList::aCancelReachesTheWorker()
{
    TaskList list;
    Gate gate;
    bool done = false;
    std::atomic<bool> seen{false};
    const auto id = list.start(QStringLiteral("export"), nullptr, [&](TaskHandle &task) {
        gate.wait();
        seen = task.isCancelled();
        return QString();
    }, [&] { done = true; });
    list.cancel(id);
    QCOMPARE(list.tasks().front().stage, QStringLiteral("stopping…"));
    gate.open();
    QTRY_VERIFY(done);
    QVERIFY(seen);
    QCOMPARE(list.tasks().front().result, QStringLiteral("cancelled"));
}

void TestTaskList::aFailureTakesTheResultsPlace()
{
    TaskList list;
    bool done = false;
    list.start(QStringLiteral("read"), nullptr, [](TaskHandle &task) {
        task.fail(QStringLiteral("config.json is not there"));
        return QStringLiteral("unused");
    }, [&] { done = true; });
    QTRY_VERIFY(done);
    QVERIFY(list.tasks().front().failed);
    QCOMPARE(list.tasks().front().result, QStringLiteral("config.json is not there"));
}

void TestTaskList::anExceptionStopsAtTheThreadsEntry()
{
    TaskList list;
    bool done = false;
    list.start(QStringLiteral("read"), nullptr, [](TaskHandle &) -> QString { throw std::runtime_error("no room"); }, [&] { done = true; });
    QTRY_VERIFY(done);
    QVERIFY(list.tasks().front().failed);
    QCOMPARE(list.tasks().front().result, QStringLiteral("no room"));
}

void TestTaskList::doneIsNotCalledForAContextThatIsGone()
{
    TaskList list;
    Gate gate;
    bool done = false;
    auto context = std::make_unique<QObject>();
    list.start(QStringLiteral("read"), context.get(), [&](TaskHandle &) {
        gate.wait();
        return QString();
    }, [&] { done = true; });
    context.reset();
    gate.open();
    QTRY_COMPARE(list.running(), 0);
    QVERIFY(!done);
}

void TestTaskList::destroyingTheListCancelsAndJoins()
{
    std::atomic<bool> left{false};
    {
        TaskList list;
        list.start(QStringLiteral("encode"), nullptr, [&](TaskHandle &task) {
            while (!task.isCancelled())
                std::this_thread::yield();
            left = true;
            return QString();
        }, [] { QFAIL("the list is gone"); });
    }
    QVERIFY(left);
}

void TestTaskList::runningOnesComeFirstAndTwentyFinishedAreKept()
{
    TaskList list;
    int done = 0;
    for (int i = 0; i < 25; ++i)
        list.start(QStringLiteral("short"), nullptr, [](TaskHandle &) { return QString(); }, [&] { ++done; });
    QTRY_COMPARE(done, 25);
    Gate gate;
    list.start(QStringLiteral("long"), nullptr, [&](TaskHandle &) {
        gate.wait();
        return QString();
    }, [&] { ++done; });
    QCOMPARE(list.tasks().front().name, QStringLiteral("long"));
    QCOMPARE(list.tasks().size(), std::size_t(21));
    gate.open();
    QTRY_COMPARE(done, 26);
}

QTEST_GUILESS_MAIN(TestTaskList)
#include "tst_task_list.moc"
