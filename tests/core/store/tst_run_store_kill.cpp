// What SIGKILL leaves behind: the program starts itself with `--write FILE`, and kills that child at random moments.
#include "StoreFixtures.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QElapsedTimer>
#include <QtCore/QProcess>
#include <QtCore/QRandomGenerator>
#include <QtCore/QTemporaryDir>

#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

using namespace lethe;
using namespace lethe::test;
namespace fs = std::filesystem;

namespace {

constexpr int kKills = 24;
constexpr int kKillsAtBirth = 8;
constexpr std::int64_t kMostLost = 1'000'000'000; // nanoseconds

/// The child: steps at a few thousand a second, an evaluation now and then. Each line on standard output is
/// `step nanoseconds`, written after the step was handed to the store.
int writeForEver(const char *file)
{
    auto store = RunStore::open(file);
    if (!store.ok()) {
        std::fprintf(stderr, "%s\n", store.error().message().c_str());
        return 1;
    }
    const auto run = (*store)->createRun(someRun());
    if (!run.ok())
        return 1;
    (*store)->setStatus(*run, RunStatus::Running);
    std::printf("run %lld\n", static_cast<long long>(*run));
    std::fflush(stdout);
    for (std::int64_t step = 1;; ++step) {
        (*store)->appendStep(*run, someStep(step));
        if (step % 500 == 0)
            (*store)->appendEvaluation(*run, someEvaluation(step));
        const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
        std::printf("%lld %lld\n", static_cast<long long>(step), static_cast<long long>(now));
        std::fflush(stdout);
        std::this_thread::sleep_for(std::chrono::microseconds(200)); // a fast run, not a flood
    }
}

struct HandedIn {
    RunId run = 0;
    std::vector<std::int64_t> times; ///< of step i + 1
};

HandedIn parse(const QByteArray &output)
{
    HandedIn handedIn;
    const QList<QByteArray> lines = output.split('\n');
    for (qsizetype i = 0; i + 1 < lines.size(); ++i) { // the last line may be cut
        const QList<QByteArray> words = lines[i].split(' ');
        if (words[0] == "run")
            handedIn.run = words[1].toLongLong();
        else
            handedIn.times.push_back(words[1].toLongLong());
    }
    return handedIn;
}

} // namespace

class TestRunStoreKill : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    fs::path path(const char *name) const { return fs::path(m_folder.path().toStdString()) / name; }

    /// Starts the child, kills it after \p microseconds (counted from its first line where \p afterFirstLine), and gives what it said.
    static HandedIn startAndKill(const fs::path &file, int microseconds, bool afterFirstLine)
    {
        QProcess child;
        child.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        child.start(QCoreApplication::applicationFilePath(), {QStringLiteral("--write"), QString::fromStdString(file.string())});
        if (!child.waitForStarted())
            return {};
        if (afterFirstLine)
            child.waitForReadyRead(30'000);
        QByteArray output = child.readAllStandardOutput();
        QElapsedTimer timer;
        timer.start();
        while (timer.nsecsElapsed() < 1000LL * microseconds) // reading on, so that the child never waits for the pipe
            if (child.waitForReadyRead(1))
                output += child.readAllStandardOutput();
        child.kill(); // SIGKILL
        child.waitForFinished();
        output += child.readAllStandardOutput();
        return parse(output);
    }

private Q_SLOTS:
    void killedRunLosesAtMostASecondAndNeverTheStore()
    {
        const quint32 seed = QRandomGenerator::system()->generate();
        QRandomGenerator random(seed);
        qInfo("seed %u", seed);
        std::int64_t mostLost = 0;
        for (int kill = 1; kill <= kKills; ++kill) {
            const HandedIn handedIn = startAndKill(path("lethe.sqlite"), random.bounded(1'200'000), true);
            QVERIFY2(handedIn.run > 0, "the child did not start");

            auto opened = RunStore::open(path("lethe.sqlite"));
            VERIFY_OK(opened);
            const RunStore &store = **opened;
            VERIFY_OK(store.checkIntegrity());
            const auto row = store.run(handedIn.run);
            VERIFY_OK(row);
            QVERIFY2(row->status == RunStatus::Interrupted, std::string(toString(row->status)).c_str());
            QCOMPARE(store.events(handedIn.run)->back().kind, std::string("interrupted"));

            const auto steps = store.steps(handedIn.run);
            VERIFY_OK(steps);
            for (std::size_t i = 0; i < steps->size(); ++i) // no hole, nothing half
                QVERIFY((*steps)[i] == someStep(static_cast<std::int64_t>(i) + 1));
            QCOMPARE(row->steps, static_cast<std::int64_t>(steps->size()));
            // What is gone is younger than a second, counted from the first step that is gone to the last word of the child.
            if (steps->size() < handedIn.times.size()) {
                const std::int64_t lost = handedIn.times.back() - handedIn.times[steps->size()];
                mostLost = std::max(mostLost, lost);
                QVERIFY2(lost <= kMostLost, qPrintable(QStringLiteral("%1 ns lost").arg(lost)));
            }
            const auto evaluations = store.evaluations(handedIn.run, true);
            VERIFY_OK(evaluations);
            for (const EvaluationRecord &evaluation : evaluations.value())
                QVERIFY(evaluation == someEvaluation(evaluation.step));
            QCOMPARE(store.runs()->size(), static_cast<std::size_t>(kill)); // the earlier ones are still there
        }
        qInfo("%d kills, at most %.0f ms of steps lost", kKills, static_cast<double>(mostLost) / 1e6);
    }

    void storeKilledWhileItIsMadeIsSound()
    {
        QRandomGenerator random(QRandomGenerator::system()->generate());
        for (int kill = 1; kill <= kKillsAtBirth; ++kill) {
            const fs::path file = path(("new" + std::to_string(kill) + ".sqlite").c_str());
            startAndKill(file, random.bounded(400'000), false); // loading the libraries takes most of it
            auto opened = RunStore::open(file);
            VERIFY_OK(opened);
            VERIFY_OK((*opened)->checkIntegrity());
            VERIFY_OK((*opened)->createRun(someRun()));
        }
    }
};

int main(int argc, char *argv[])
{
    if (argc == 3 && std::string_view(argv[1]) == "--write")
        return writeForEver(argv[2]);
    QCoreApplication application(argc, argv);
    TestRunStoreKill test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_run_store_kill.moc"
