#include "StoreFixtures.h"

#include "store/ProcessIdentity.h"

#include <lethe/base/Paths.h>

#include <nlohmann/json.hpp>

#include <QtCore/QElapsedTimer>
#include <QtCore/QProcess>
#include <QtCore/QTemporaryDir>

#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

using namespace lethe;
using namespace lethe::test;
namespace fs = std::filesystem;

namespace {

std::unique_ptr<RunStore> opened(const fs::path &file, RunStore::Mode mode = RunStore::Mode::ReadWrite)
{
    auto store = RunStore::open(file, mode);
    if (!store.ok()) {
        qWarning("%s", store.error().message().c_str());
        return nullptr;
    }
    return std::move(store).value();
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double kSlower = 10;
#else
constexpr double kSlower = 1;
#endif

/// Milliseconds of the fastest of a few calls: what the work costs where the machine has other work too.
template<typename Work>
double bestOfSome(Work work)
{
    double best = std::numeric_limits<double>::infinity();
    for (int time = 0; time < 7; ++time) {
        QElapsedTimer timer;
        timer.start();
        work();
        best = std::min(best, static_cast<double>(timer.nsecsElapsed()) / 1e6);
    }
    return best;
}

/// A process that is gone, by its number.
std::int64_t goneProcess()
{
    QProcess process;
    process.start("true", QStringList{});
    process.waitForStarted();
    const auto id = process.processId();
    process.waitForFinished();
    return id;
}

} // namespace

class TestRunStore : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    fs::path path(const char *name) const { return fs::path(m_folder->path().toStdString()) / name; }

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void cleanup() { m_folder.reset(); }

    // ---- what is stored -------------------------------------------------------------------------------------------

    void newStoreIsEmptyAndItsFolderIsMade()
    {
        const auto store = opened(path("a/b/lethe.sqlite"));
        QVERIFY(store);
        QVERIFY(fs::exists(path("a/b/lethe.sqlite")));
        QVERIFY(!store->isReadOnly());
        QVERIFY(store->runs()->empty());
        VERIFY_OK(store->checkIntegrity());
    }

    void runIsStoredWithAllThatRepeatsIt()
    {
        const auto store = opened(path("lethe.sqlite"));
        const auto first = store->createRun(someRun());
        VERIFY_OK(first);
        NewRun second = someRun("second");
        second.parent = *first;
        const auto id = store->createRun(second);
        VERIFY_OK(id);
        const auto details = store->details(*id);
        VERIFY_OK(details);
        QCOMPARE(details->row.id, *id);
        QCOMPARE(details->row.name, std::string("second"));
        QVERIFY(details->row.status == RunStatus::Queued);
        QCOMPARE(details->row.method, std::string("npo"));
        QCOMPARE(details->row.learningRate, 1e-5);
        QCOMPARE(details->row.plannedSteps, std::int64_t{40});
        QCOMPARE(details->row.parent, first.value());
        QCOMPARE(details->row.folder, (path("runs") / std::to_string(*id)).string());
        QVERIFY(!details->row.createdAt.empty() && details->row.createdAt.back() == 'Z');
        QVERIFY(details->row.endedAt.empty());
        QCOMPARE(details->specJson, second.specJson);
        QVERIFY(details->provenance == second.provenance);

        store->addFileHashes(*id, {{"/models/demo/model.safetensors", "cc"}});
        VERIFY_OK(store->flush());
        QCOMPARE(store->details(*id)->provenance.fileHashes.size(), std::size_t{3});
        QCOMPARE(store->runs()->front().id, *id); // newest first
    }

    void parentMustBeThere()
    {
        const auto store = opened(path("lethe.sqlite"));
        NewRun run = someRun();
        run.parent = 99;
        VERIFY_ERROR(store->createRun(run), ErrorCode::NotFound, "no run 99");
        QVERIFY(store->runs()->empty());
    }

    void coloursComeInTurnAndStay()
    {
        const auto store = opened(path("lethe.sqlite"));
        QStringList colours;
        RunId last = 0;
        for (int i = 0; i < 9; ++i) {
            last = *store->createRun(someRun());
            colours << QString::fromStdString(store->run(last)->color);
        }
        QCOMPARE(colours, (QStringList{"#0072B2", "#D55E00", "#009E73", "#CC79A7", "ink", "#E69F00", "#56B4E9", "#0072B2", "#D55E00"}));
        VERIFY_OK(store->eraseRun(last));
        const RunId next = *store->createRun(someRun());
        QVERIFY(next > last); // an id is never given again: it names a folder
        QCOMPARE(store->run(next)->color, std::string("#009E73"));
        VERIFY_OK(store->setColor(next, "#123abc"));
        QCOMPARE(store->run(next)->color, std::string("#123abc"));
        VERIFY_ERROR(store->setColor(next, "blue"), ErrorCode::InvalidInput, "`blue` is no colour");
    }

    void stepsComeBackAsTheyWere()
    {
        const auto store = opened(path("lethe.sqlite"));
        const RunId id = *store->createRun(someRun());
        std::vector<StepRecord> handedIn;
        for (std::int64_t step = 1; step <= 250; ++step)
            handedIn.push_back(someStep(step));
        handedIn[9].values = {};
        handedIn[10].values = {{"another", std::numeric_limits<double>::infinity()}};
        handedIn[11].loss = -std::numeric_limits<double>::infinity();
        for (const StepRecord &step : handedIn)
            store->appendStep(id, step);
        VERIFY_OK(store->flush());
        const auto steps = store->steps(id);
        VERIFY_OK(steps);
        QCOMPARE(steps->size(), handedIn.size());
        for (std::size_t i = 0; i < handedIn.size(); ++i)
            QVERIFY2((*steps)[i] == handedIn[i], std::to_string(i).c_str());
        QCOMPARE(store->steps(id, 248)->size(), std::size_t{2});
        const auto row = store->run(id);
        QCOMPARE(row->steps, std::int64_t{250});
        QCOMPARE(row->seconds, 125.0);
        QCOMPARE(row->tokensPerSecond, 200.0);
        QCOMPARE(row->peakMemoryBytes, std::int64_t{1'000'250});
        QVERIFY(store->steps(id + 1)->empty());
    }

    void notANumberStaysNotANumber()
    {
        const auto store = opened(path("lethe.sqlite"));
        const RunId id = *store->createRun(someRun());
        StepRecord step = someStep(1);
        step.loss = step.gradNorm = std::numeric_limits<double>::quiet_NaN();
        step.values = {{"v", std::numeric_limits<double>::quiet_NaN()}};
        store->appendStep(id, step);
        VERIFY_OK(store->flush());
        const StepRecord read = store->steps(id)->at(0);
        QVERIFY(std::isnan(read.loss));
        QVERIFY(std::isnan(read.gradNorm));
        QVERIFY(std::isnan(read.values.at(0).second));
        QCOMPARE(read.forgetLoss, step.forgetLoss);
    }

    void evaluationsComeBackWithAndWithoutSamples()
    {
        const auto store = opened(path("lethe.sqlite"));
        const RunId id = *store->createRun(someRun());
        EvaluationRecord changed = someEvaluation(20);
        changed.samples[0].prompt = "Another prompt in the same place";
        for (const EvaluationRecord &evaluation : {someEvaluation(0), someEvaluation(10, true), changed})
            store->appendEvaluation(id, evaluation);
        VERIFY_OK(store->flush());
        const auto evaluations = store->evaluations(id, true);
        VERIFY_OK(evaluations);
        QCOMPARE(evaluations->size(), std::size_t{3});
        QVERIFY((*evaluations)[0] == someEvaluation(0));
        QVERIFY((*evaluations)[1] == someEvaluation(10, true));
        QVERIFY((*evaluations)[2] == changed);
        const auto later = store->evaluations(id, false, 0);
        QCOMPARE(later->size(), std::size_t{2});
        QVERIFY((*later)[0].samples.empty());
        QVERIFY((*later)[0].metrics == someEvaluation(10).metrics);

        // Tables show full evaluations alone.
        QVERIFY(store->run(id)->baseMetrics == someEvaluation(0).metrics);
        QVERIFY(store->run(id)->finalMetrics == changed.metrics);
        store->appendEvaluation(id, someEvaluation(30, true));
        VERIFY_OK(store->flush());
        QVERIFY(store->run(id)->finalMetrics == changed.metrics);
    }

    void laterEvaluationOfAStepTakesTheEarliersPlace()
    {
        const auto store = opened(path("lethe.sqlite"));
        const RunId id = *store->createRun(someRun());
        EvaluationRecord again = someEvaluation(5);
        again.metrics[0].value = 0.875;
        store->appendEvaluation(id, someEvaluation(5));
        store->appendEvaluation(id, again);
        VERIFY_OK(store->flush());
        QCOMPARE(store->evaluations(id, true)->size(), std::size_t{1});
        QVERIFY(store->evaluations(id, true)->at(0) == again);
    }

    void eventsCheckpointsFactsAndLogComeBack()
    {
        const auto store = opened(path("lethe.sqlite"));
        const RunId id = *store->createRun(someRun());
        const EventRecord event{.step = 3, .kind = "warning", .text = "a row\nwas cut"};
        const CheckpointRecord inside{.step = 5, .path = (path("runs") / "1" / "checkpoints" / "step-5").string(), .bytes = 12};
        const CheckpointRecord outside{.step = 9, .path = "/elsewhere/step-9", .bytes = 13};
        const RunFacts facts{.plannedSteps = 41, .stepsPerEpoch = 8, .forgetRows = 32, .retainRows = 288, .forgetTokens = 1, .retainTokens = 2,
                             .cutRows = 3, .boundaryMismatches = 4, .rejectedRows = 5, .rowsWithoutLabels = 6, .parameters = 7,
                             .device = "cuda:0 Somebody's"};
        const LogLine line{.time = std::chrono::system_clock::now(), .level = LogLevel::Warning, .source = "run", .text = "slow"};
        store->appendEvent(id, event);
        store->appendCheckpoint(id, inside);
        store->appendCheckpoint(id, outside);
        store->setFacts(id, facts);
        store->appendLog(id, line);
        VERIFY_OK(store->flush());
        QVERIFY(store->events(id)->at(0) == event);
        QVERIFY(*store->checkpoints(id) == (std::vector{inside, outside}));
        const auto details = store->details(id);
        QVERIFY(details->facts == facts);
        QCOMPARE(details->row.plannedSteps, std::int64_t{41});
        QCOMPARE(details->row.device, std::string("cuda:0 Somebody's"));
        QCOMPARE(store->logLines(id)->size(), std::size_t{1});
        QCOMPARE(store->logLines(id)->at(0).text, line.text);
        QVERIFY(store->logLines(id)->at(0).level == line.level);
        QVERIFY(store->logLines(id)->at(0).time == line.time);
    }

    void storeMovesWithItsRuns()
    {
        {
            const auto store = opened(path("before/lethe.sqlite"));
            const RunId id = *store->createRun(someRun());
            store->appendCheckpoint(id, {.step = 1, .path = store->run(id)->folder + "/checkpoints/step-1", .bytes = 1});
        }
        fs::rename(path("before"), path("after"));
        const auto store = opened(path("after/lethe.sqlite"));
        QCOMPARE(store->run(1)->folder, path("after/runs/1").string());
        QCOMPARE(store->checkpoints(1)->at(0).path, path("after/runs/1/checkpoints/step-1").string());
    }

    void statusAndEndAreWritten()
    {
        const auto store = opened(path("lethe.sqlite"));
        const RunId id = *store->createRun(someRun());
        store->setStatus(id, RunStatus::Running);
        VERIFY_OK(store->flush());
        QVERIFY(store->run(id)->status == RunStatus::Running);
        QVERIFY(store->run(id)->endedAt.empty());
        store->setStatus(id, RunStatus::Failed, "Out of memory");
        VERIFY_OK(store->flush());
        QCOMPARE(store->run(id)->failure, std::string("Out of memory"));
        QVERIFY(!store->run(id)->endedAt.empty());

        const RunSummary summary{.runId = id, .status = RunStatus::Done, .steps = 40, .seconds = 41.5, .tokensPerSecond = 1234.5,
                                 .peakMemoryBytes = 99, .finalMetrics = someEvaluation(40).metrics, .checkpoint = "", .failure = "",
                                 .facts = {.plannedSteps = 40, .device = "cpu"}};
        store->finishRun(summary);
        VERIFY_OK(store->flush());
        const auto row = store->run(id);
        QVERIFY(row->status == RunStatus::Done);
        QCOMPARE(row->failure, std::string());
        QCOMPARE(row->steps, std::int64_t{40});
        QCOMPARE(row->seconds, 41.5);
        QCOMPARE(row->tokensPerSecond, 1234.5);
        QVERIFY(row->finalMetrics == summary.finalMetrics);
        QCOMPARE(row->device, std::string("cpu"));
    }

    void statusNamesGoThereAndBack()
    {
        for (const RunStatus status : {RunStatus::Queued, RunStatus::Running, RunStatus::Paused, RunStatus::Done, RunStatus::Stopped,
                                       RunStatus::Cancelled, RunStatus::Failed, RunStatus::Interrupted})
            QVERIFY(runStatusFrom(toString(status)) == status);
        QVERIFY(!runStatusFrom("finished"));
    }

    void rewoundRunForgetsWhatCameAfter()
    {
        const auto store = opened(path("lethe.sqlite"));
        const RunId id = *store->createRun(someRun());
        for (std::int64_t step = 1; step <= 20; ++step)
            store->appendStep(id, someStep(step));
        for (const std::int64_t step : {0, 10, 20})
            store->appendEvaluation(id, someEvaluation(step));
        store->appendCheckpoint(id, {.step = 10, .path = "/c/10", .bytes = 1});
        store->appendCheckpoint(id, {.step = 20, .path = "/c/20", .bytes = 1});
        store->setStatus(id, RunStatus::Failed, "diverged");
        VERIFY_OK(store->rewindRun(id, 10, ::getpid()));
        QCOMPARE(store->steps(id)->size(), std::size_t{10});
        QCOMPARE(store->evaluations(id, true)->size(), std::size_t{2});
        QCOMPARE(store->checkpoints(id)->size(), std::size_t{1});
        const auto row = store->run(id);
        QVERIFY(row->status == RunStatus::Running);
        QCOMPARE(row->failure, std::string());
        QVERIFY(row->endedAt.empty());
        QCOMPARE(row->steps, std::int64_t{10});
        QCOMPARE(row->seconds, 5.0);
        QCOMPARE(row->tokensPerSecond, 200.0);
        QVERIFY(row->finalMetrics == someEvaluation(10).metrics);
        store->appendStep(id, someStep(11));
        VERIFY_OK(store->flush());
        QCOMPARE(store->run(id)->steps, std::int64_t{11});
        VERIFY_OK(store->rewindRun(id, 0, ::getpid()));
        QVERIFY(store->run(id)->finalMetrics.empty());
        QCOMPARE(store->run(id)->seconds, 0.0);
        VERIFY_ERROR(store->rewindRun(77, 1, ::getpid()), ErrorCode::NotFound, "no run 77");
    }

    // ---- edits ----------------------------------------------------------------------------------------------------

    void editsOfPeopleAreKept()
    {
        RunId id = 0;
        {
            const auto store = opened(path("lethe.sqlite"));
            id = *store->createRun(someRun());
            VERIFY_OK(store->renameRun(id, "Ümlaut'; DROP TABLE runs; --"));
            VERIFY_OK(store->setTags(id, {"paper", "two words", "\"quoted\""}));
            VERIFY_OK(store->setNote(id, "line\nline"));
            VERIFY_OK(store->setStarred(id, true));
        }
        const auto store = opened(path("lethe.sqlite"));
        const auto row = store->run(id);
        QCOMPARE(row->name, std::string("Ümlaut'; DROP TABLE runs; --"));
        QVERIFY(row->tags == (std::vector<std::string>{"paper", "two words", "\"quoted\""}));
        QCOMPARE(row->note, std::string("line\nline"));
        QVERIFY(row->starred);
        VERIFY_ERROR(store->renameRun(55, "x"), ErrorCode::NotFound, "no run 55");
        VERIFY_ERROR(store->setTags(55, {}), ErrorCode::NotFound, "no run 55");
        VERIFY_ERROR(store->run(55), ErrorCode::NotFound, "no run 55");
    }

    void binHidesAndGivesBack()
    {
        const auto store = opened(path("lethe.sqlite"));
        const RunId id = *store->createRun(someRun());
        VERIFY_OK(store->setDeleted(id, true));
        QVERIFY(store->runs()->empty());
        QCOMPARE(store->runs(true)->size(), std::size_t{1});
        QVERIFY(store->run(id)->deleted);
        VERIFY_OK(store->setDeleted(id, false));
        QCOMPARE(store->runs()->size(), std::size_t{1});
    }

    void erasingTakesRowsAndFolder()
    {
        const auto store = opened(path("lethe.sqlite"));
        const RunId id = *store->createRun(someRun());
        NewRun child = someRun("child");
        child.parent = id;
        const RunId childId = *store->createRun(child);
        store->appendStep(id, someStep(1));
        store->appendEvaluation(id, someEvaluation(1));
        const fs::path folder = store->run(id)->folder;
        fs::create_directories(folder / "checkpoints" / "step-1");

        store->setStatus(id, RunStatus::Running);
        VERIFY_ERROR(store->eraseRun(id), ErrorCode::Busy, "is at work"); // this process runs it
        QVERIFY(fs::exists(folder));
        store->setStatus(id, RunStatus::Done);
        VERIFY_OK(store->eraseRun(id));
        VERIFY_ERROR(store->run(id), ErrorCode::NotFound, "no run");
        QVERIFY(store->steps(id)->empty());
        QVERIFY(!fs::exists(folder));
        QVERIFY(!store->run(childId)->parent);
        VERIFY_OK(store->checkIntegrity());
        VERIFY_ERROR(store->eraseRun(id), ErrorCode::NotFound, "no run");
    }

    void recordOfARunThatIsGoneHarmsNoOther()
    {
        const auto store = opened(path("lethe.sqlite"));
        const RunId id = *store->createRun(someRun());
        store->appendStep(id, someStep(1));
        store->appendStep(4711, someStep(1)); // belongs to nothing
        store->appendEvaluation(4711, someEvaluation(1));
        store->appendStep(id, someStep(2));
        VERIFY_OK(store->flush());
        QCOMPARE(store->steps(id)->size(), std::size_t{2});
        VERIFY_OK(store->checkIntegrity());
    }

    // ---- the user's own -------------------------------------------------------------------------------------------

    void valuesAreKeptByKey()
    {
        const auto store = opened(path("lethe.sqlite"));
        QVERIFY(!*store->value("draft"));
        VERIFY_OK(store->setValue("draft", "{\"a\": 1}"));
        VERIFY_OK(store->setValue("view/b", "2"));
        VERIFY_OK(store->setValue("view/a", "1"));
        VERIFY_OK(store->setValue("viewer", "3"));
        QCOMPARE(**store->value("draft"), std::string("{\"a\": 1}"));
        using Pairs = std::vector<std::pair<std::string, std::string>>;
        QVERIFY(*store->values("view/") == (Pairs{{"view/a", "1"}, {"view/b", "2"}}));
        QCOMPARE(store->values("")->size(), std::size_t{4});
        store->setValueSoon("draft", "2");
        VERIFY_OK(store->flush());
        QCOMPARE(**store->value("draft"), std::string("2"));
        VERIFY_OK(store->setValue("view/a", ""));
        QVERIFY(!*store->value("view/a"));
    }

    void setsKeepAllTheirVersions()
    {
        const auto store = opened(path("lethe.sqlite"));
        QVERIFY(!*store->loadSet("forget"));
        QCOMPARE(*store->saveSet("forget", "{\"q\":1}\n"), std::int64_t{1});
        QCOMPARE(*store->saveSet("forget", "{\"q\":1}\n"), std::int64_t{1}); // the same: no new one
        QCOMPARE(*store->saveSet("forget", "{\"q\":2}\n"), std::int64_t{2});
        QCOMPARE(*store->saveSet("forget", "{\"q\":1}\n"), std::int64_t{3}); // an undo is a version
        QCOMPARE(*store->saveSet("another", "{\"q\":1}\n"), std::int64_t{1});
        const auto newest = store->loadSet("forget");
        QCOMPARE((*newest)->version, std::int64_t{3});
        QCOMPARE((*newest)->rowsJsonLines, std::string("{\"q\":1}\n"));
        QCOMPARE((*newest)->sha256, sha256("{\"q\":1}\n"));
        QCOMPARE((*store->loadSet("forget", 2))->rowsJsonLines, std::string("{\"q\":2}\n"));
        QVERIFY(!*store->loadSet("forget", 9));
        QVERIFY(*store->setNames() == (std::vector<std::string>{"another", "forget"}));
    }

    // ---- moving ---------------------------------------------------------------------------------------------------

    void exportedRunComesBackInAnotherStore()
    {
        std::string document;
        RunRow before;
        {
            const auto store = opened(path("a.sqlite"));
            static_cast<void>(store->createRun(someRun("first")));
            const RunId id = *store->createRun(someRun("moves"));
            store->setFacts(id, {.plannedSteps = 3, .forgetRows = 32, .device = "cpu"});
            for (std::int64_t step = 1; step <= 3; ++step)
                store->appendStep(id, someStep(step));
            store->appendEvaluation(id, someEvaluation(0));
            store->appendEvaluation(id, someEvaluation(3));
            store->appendEvent(id, {.step = 1, .kind = "info", .text = "hello"});
            store->appendLog(id, {.time = std::chrono::system_clock::now(), .level = LogLevel::Info, .source = "run", .text = "x"});
            store->appendCheckpoint(id, {.step = 3, .path = "/c", .bytes = 3});
            VERIFY_OK(store->setTags(id, {"t"}));
            RunSummary summary;
            summary.runId = id;
            summary.status = RunStatus::Stopped;
            summary.steps = 3;
            summary.seconds = 2;
            summary.tokensPerSecond = 150;
            store->finishRun(summary);
            VERIFY_OK(store->flush());
            before = *store->run(id);
            const auto text = store->exportRun(id);
            VERIFY_OK(text);
            document = *text;
            VERIFY_ERROR(store->exportRun(99), ErrorCode::NotFound, "no run 99");
        }
        const auto store = opened(path("b.sqlite"));
        const auto id = store->importRun(document);
        VERIFY_OK(id);
        RunRow after = *store->run(*id);
        QCOMPARE(after.id, RunId{1});
        QCOMPARE(after.folder, path("b.runs/1").string()); // a.sqlite lies in the same folder
        after.id = before.id;
        after.folder = before.folder;
        QVERIFY(after == before);
        const auto steps = store->steps(*id);
        QCOMPARE(steps->size(), std::size_t{3});
        QVERIFY((*steps)[2] == someStep(3));
        QVERIFY(store->evaluations(*id, true)->at(1) == someEvaluation(3));
        const auto details = store->details(*id);
        QVERIFY(details->provenance == someRun().provenance);
        QVERIFY2(details->origin.find("run 2 of") == 0, details->origin.c_str());
        QVERIFY(details->checkpoints.empty());
        QCOMPARE(details->facts.forgetRows, std::int64_t{32});
        QCOMPARE(details->events.size(), std::size_t{2});
        QVERIFY(details->events.back().text.find("Imported: run 2") == 0);
        QCOMPARE(store->logLines(*id)->size(), std::size_t{1});
        QVERIFY(nlohmann::json::parse(details->specJson) == nlohmann::json::parse(someRun("moves").specJson));
        VERIFY_OK(store->checkIntegrity());
    }

    void runningRunIsImportedAsInterrupted()
    {
        const auto store = opened(path("a.sqlite"));
        const RunId id = *store->createRun(someRun());
        store->setStatus(id, RunStatus::Running);
        VERIFY_OK(store->flush());
        const RunId imported = *store->importRun(*store->exportRun(id));
        QVERIFY(store->run(imported)->status == RunStatus::Interrupted);
    }

    void badDocumentsAreRefusedWhole_data()
    {
        QTest::addColumn<QString>("change");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("words");
        QTest::newRow("nothing") << "empty" << static_cast<int>(ErrorCode::Corrupt) << "cannot be read";
        QTest::newRow("cut") << "cut" << static_cast<int>(ErrorCode::Corrupt) << "cannot be read";
        QTest::newRow("another document") << "[1, 2]" << static_cast<int>(ErrorCode::Corrupt) << "no exported run";
        QTest::newRow("newer") << "newer" << static_cast<int>(ErrorCode::Unsupported) << "format version is 2";
        QTest::newRow("no steps") << "no steps" << static_cast<int>(ErrorCode::Corrupt) << "steps";
        QTest::newRow("text for a number") << "text" << static_cast<int>(ErrorCode::Corrupt) << "must be number";
    }

    void badDocumentsAreRefusedWhole()
    {
        QFETCH(QString, change);
        QFETCH(int, code);
        QFETCH(QString, words);
        const auto store = opened(path("a.sqlite"));
        const RunId id = *store->createRun(someRun());
        store->appendStep(id, someStep(1));
        VERIFY_OK(store->flush());
        std::string document = *store->exportRun(id);
        auto json = nlohmann::json::parse(document);
        if (change == "empty")
            document.clear();
        else if (change == "cut")
            document.resize(document.size() / 2);
        else if (change == "newer")
            json["version"] = 2;
        else if (change == "no steps")
            json.erase("steps");
        else if (change == "text")
            json["steps"][0]["tokens"] = "many";
        else
            document = change.toStdString();
        if (change == "newer" || change == "no steps" || change == "text")
            document = json.dump();
        VERIFY_ERROR(store->importRun(document), static_cast<ErrorCode>(code), words.toStdString());
        QCOMPARE(store->runs(true)->size(), std::size_t{1});
    }

    void copyIsWholeWhileRunsWrite()
    {
        const auto store = opened(path("lethe.sqlite"));
        const RunId id = *store->createRun(someRun());
        std::atomic<bool> ended = false;
        std::thread writing([&] {
            for (std::int64_t step = 1; !ended && step < 200'000; ++step)
                store->appendStep(id, someStep(step));
        });
        VERIFY_OK(store->copyTo(path("copy.sqlite")));
        VERIFY_OK(store->copyTo(path("copy.sqlite"))); // takes the first one's place
        ended = true;
        writing.join();
        VERIFY_ERROR(store->copyTo(path("lethe.sqlite")), ErrorCode::InvalidInput, "the store itself");
        VERIFY_ERROR(store->copyTo(path("no/such/folder/copy.sqlite")), ErrorCode::Io, "cannot be opened");
        const auto copy = opened(path("copy.sqlite"));
        QVERIFY(copy);
        VERIFY_OK(copy->checkIntegrity());
        QCOMPARE(copy->runs()->size(), std::size_t{1});
        const auto steps = copy->steps(id);
        for (std::size_t i = 0; i < steps->size(); ++i)
            QCOMPARE((*steps)[i].step, static_cast<std::int64_t>(i) + 1);
    }

    // ---- together -------------------------------------------------------------------------------------------------

    void writesOfAnotherConnectionAreNoticed()
    {
        const auto one = opened(path("lethe.sqlite"));
        const auto other = opened(path("lethe.sqlite"));
        const auto viewer = opened(path("lethe.sqlite"), RunStore::Mode::ReadOnly);
        const auto before = one->changeCounter();
        const auto viewerBefore = viewer->changeCounter();
        QCOMPARE(*one->changeCounter(), *before);
        const RunId id = *other->createRun(someRun());
        QVERIFY(*one->changeCounter() > *before);
        QVERIFY(*viewer->changeCounter() > *viewerBefore);
        QCOMPARE(one->runs()->size(), std::size_t{1});
        const auto own = one->changeCounter();
        VERIFY_OK(one->setNote(id, "by the first")); // both write
        QVERIFY(*one->changeCounter() > *own);
        QCOMPARE(other->run(id)->note, std::string("by the first"));
    }

    void handedInRecordIsVisibleSoon()
    {
        const auto store = opened(path("lethe.sqlite"));
        const RunId id = *store->createRun(someRun());
        QElapsedTimer timer;
        timer.start();
        store->appendStep(id, someStep(1));
        QTRY_VERIFY_WITH_TIMEOUT(!store->steps(id)->empty(), 5000);
        QVERIFY2(timer.elapsed() < 2000, qPrintable(QString::number(timer.elapsed()))); // 200 ms, and a slow machine
    }

    void queueIsDrainedAtTheEnd()
    {
        {
            const auto store = opened(path("lethe.sqlite"));
            const RunId id = *store->createRun(someRun());
            for (std::int64_t step = 1; step <= 5000; ++step)
                store->appendStep(id, someStep(step));
        }
        QCOMPARE(opened(path("lethe.sqlite"))->steps(1)->size(), std::size_t{5000});
    }

    void closedStoreIsOneFile()
    {
        {
            const auto store = opened(path("lethe.sqlite"));
            store->appendStep(*store->createRun(someRun()), someStep(1));
            QCOMPARE(store->runs()->size(), std::size_t{1});
            QVERIFY(store->changeCounter().ok());
        }
        QVERIFY(!fs::exists(path("lethe.sqlite-wal")));
        fs::copy_file(path("lethe.sqlite"), path("copied by hand.sqlite"));
        QCOMPARE(opened(path("copied by hand.sqlite"))->steps(1)->size(), std::size_t{1});
    }

    void readersAndWritersOfManyThreadsAgree()
    {
        const auto store = opened(path("lethe.sqlite"));
        std::vector<RunId> ids;
        for (int i = 0; i < 4; ++i)
            ids.push_back(*store->createRun(someRun()));
        std::atomic<bool> ended = false;
        std::atomic<int> wrong = 0;
        std::vector<std::thread> threads;
        for (const RunId id : ids) {
            threads.emplace_back([&, id] {
                for (std::int64_t step = 1; step <= 1000; ++step)
                    store->appendStep(id, someStep(step));
            });
            threads.emplace_back([&, id] {
                while (!ended) {
                    const auto steps = store->steps(id);
                    if (!steps.ok() || (!steps->empty() && steps->back().step != static_cast<std::int64_t>(steps->size())))
                        ++wrong;
                }
            });
        }
        for (std::size_t i = 0; i < threads.size(); i += 2)
            threads[i].join();
        VERIFY_OK(store->flush());
        ended = true;
        for (std::size_t i = 1; i < threads.size(); i += 2)
            threads[i].join();
        QCOMPARE(wrong.load(), 0);
        for (const RunId id : ids)
            QCOMPARE(store->steps(id)->size(), std::size_t{1000});
    }

    // ---- processes ------------------------------------------------------------------------------------------------

    void runOfAProcessThatIsGoneIsInterrupted()
    {
        RunId gone = 0, here = 0, done = 0;
        {
            const auto store = opened(path("lethe.sqlite"));
            NewRun run = someRun();
            here = *store->createRun(run);
            store->setStatus(here, RunStatus::Running);
            run.processId = goneProcess();
            gone = *store->createRun(run);
            store->setStatus(gone, RunStatus::Paused);
            done = *store->createRun(run);
            store->setStatus(done, RunStatus::Done);
        }
        const auto store = opened(path("lethe.sqlite"));
        QVERIFY(store->run(gone)->status == RunStatus::Interrupted);
        QVERIFY(!store->run(gone)->endedAt.empty());
        QCOMPARE(store->events(gone)->back().kind, std::string("interrupted"));
        QVERIFY(store->run(here)->status == RunStatus::Running); // its process lives: this one
        QVERIFY(store->run(done)->status == RunStatus::Done);
        QCOMPARE(*store->noticeInterrupted(), std::int64_t{0});
    }

    void viewerChangesNoStatus()
    {
        {
            const auto store = opened(path("lethe.sqlite"));
            NewRun run = someRun();
            run.processId = goneProcess();
            store->setStatus(*store->createRun(run), RunStatus::Running);
        }
        QVERIFY(opened(path("lethe.sqlite"), RunStore::Mode::ReadOnly)->run(1)->status == RunStatus::Running);
    }

    void processIsMoreThanItsNumber()
    {
        const ProcessIdentity self = identityOfProcess(::getpid());
        QVERIFY(self.startTicks > 0);
        QVERIFY(!self.bootId.empty());
        QVERIFY(isProcessAlive(self));
        ProcessIdentity reused = self;
        --reused.startTicks;
        QVERIFY(!isProcessAlive(reused));
        ProcessIdentity otherBoot = self;
        otherBoot.bootId = "00000000-0000-0000-0000-000000000000";
        QVERIFY(!isProcessAlive(otherBoot));
        QVERIFY(!isProcessAlive(identityOfProcess(goneProcess())));
        QVERIFY(!isProcessAlive({}));
    }

    // ---- refusals -------------------------------------------------------------------------------------------------

    void badFilesAreRefusedAndLeftAlone_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("words");
        QTest::newRow("text") << QByteArray("this is no database, but it is long enough to be looked at\n").repeated(40)
                              << static_cast<int>(ErrorCode::Corrupt) << "not an SQLite file";
        QTest::newRow("short") << QByteArray("x") << static_cast<int>(ErrorCode::Corrupt) << "not an SQLite file";
        QTest::newRow("header alone") << QByteArray("SQLite format 3\0", 16) + QByteArray(600, '\x7f')
                                      << static_cast<int>(ErrorCode::Corrupt) << "";
    }

    void badFilesAreRefusedAndLeftAlone()
    {
        QFETCH(QByteArray, content);
        QFETCH(int, code);
        QFETCH(QString, words);
        const std::string bytes = content.toStdString();
        VERIFY_OK(writeFile(path("bad.sqlite"), bytes));
        for (const auto mode : {RunStore::Mode::ReadWrite, RunStore::Mode::ReadOnly}) {
            VERIFY_ERROR(RunStore::open(path("bad.sqlite"), mode), static_cast<ErrorCode>(code), words.toStdString());
            QCOMPARE(*readFile(path("bad.sqlite")), bytes);
            QVERIFY(!fs::exists(path("bad.sqlite-wal")));
        }
    }

    void damagedStoreIsRefusedAndLeftAlone_data()
    {
        QTest::addColumn<double>("from");
        QTest::addColumn<double>("to");
        QTest::addColumn<bool>("cut");
        QTest::newRow("cut in half") << 0.5 << 1.0 << true;
        QTest::newRow("schema overwritten") << 0.0 << 0.02 << false;
        QTest::newRow("middle overwritten") << 0.3 << 0.7 << false;
    }

    void damagedStoreIsRefusedAndLeftAlone()
    {
        QFETCH(double, from);
        QFETCH(double, to);
        QFETCH(bool, cut);
        {
            const auto store = opened(path("lethe.sqlite"));
            const RunId id = *store->createRun(someRun());
            for (std::int64_t step = 1; step <= 2000; ++step)
                store->appendStep(id, someStep(step));
        }
        std::string bytes = *readFile(path("lethe.sqlite"));
        const auto first = static_cast<std::size_t>(static_cast<double>(bytes.size()) * from);
        const auto last = static_cast<std::size_t>(static_cast<double>(bytes.size()) * to);
        if (cut)
            bytes.resize(first);
        else
            for (std::size_t i = std::max<std::size_t>(first, 100); i < last; ++i)
                bytes[i] = static_cast<char>(i * 7);
        VERIFY_OK(writeFile(path("lethe.sqlite"), bytes));
        for (const auto mode : {RunStore::Mode::ReadWrite, RunStore::Mode::ReadOnly}) {
            VERIFY_ERROR(RunStore::open(path("lethe.sqlite"), mode), ErrorCode::Corrupt, "damaged");
            QCOMPARE(*readFile(path("lethe.sqlite")), bytes);
        }
    }

    void emptyFileBecomesAStore()
    {
        VERIFY_OK(writeFile(path("lethe.sqlite"), ""));
        VERIFY_ERROR(RunStore::open(path("lethe.sqlite"), RunStore::Mode::ReadOnly), ErrorCode::Corrupt, "no run store");
        QVERIFY(opened(path("lethe.sqlite")));
    }

    void placesThatHoldNoStoreAreNamed()
    {
        VERIFY_OK(writeFile(path("plain"), "x"));
        VERIFY_ERROR(RunStore::open(path("plain/lethe.sqlite")), ErrorCode::Io, "plain");
        VERIFY_ERROR(RunStore::open(path(".")), ErrorCode::Io, "is a folder");
        VERIFY_ERROR(RunStore::open(path("none.sqlite"), RunStore::Mode::ReadOnly), ErrorCode::NotFound, "no run store");
        QVERIFY(!fs::exists(path("none.sqlite")));
    }

    void viewerReadsAndCannotWrite()
    {
        {
            const auto store = opened(path("lethe.sqlite"));
            store->appendStep(*store->createRun(someRun()), someStep(1));
        }
        const std::string before = *readFile(path("lethe.sqlite"));
        {
            const auto viewer = opened(path("lethe.sqlite"), RunStore::Mode::ReadOnly);
            QVERIFY(viewer->isReadOnly());
            QCOMPARE(viewer->runs()->size(), std::size_t{1});
            QCOMPARE(viewer->steps(1)->size(), std::size_t{1});
            VERIFY_ERROR(viewer->createRun(someRun()), ErrorCode::Io, "viewing only");
            VERIFY_ERROR(viewer->renameRun(1, "x"), ErrorCode::Io, "viewing only");
            viewer->appendStep(1, someStep(2));
            VERIFY_OK(viewer->copyTo(path("copy.sqlite")));
        }
        QCOMPARE(*readFile(path("lethe.sqlite")), before);
    }

    // ---- trouble --------------------------------------------------------------------------------------------------

    void fullDiskLosesNothing()
    {
        const auto store = opened(path("lethe.sqlite"));
        const RunId id = *store->createRun(someRun());
        std::mutex mutex;
        std::vector<std::optional<Error>> told;
        store->setFailureListener([&](const std::optional<Error> &error) {
            const std::lock_guard lock(mutex);
            told.push_back(error);
        });
        const auto tellings = [&] {
            const std::lock_guard lock(mutex);
            return told.size();
        };
        FileSizeLimit limit(fs::file_size(path("lethe.sqlite-wal")) + 8192);
        for (std::int64_t step = 1; step <= 3000; ++step)
            store->appendStep(id, someStep(step));
        VERIFY_ERROR(store->flush(), ErrorCode::DiskFull, "cannot be written");
        VERIFY_ERROR(store->renameRun(id, "never"), ErrorCode::DiskFull, "lethe.sqlite");
        QCOMPARE(tellings(), std::size_t{1}); // once, not every second
        QVERIFY(told[0] && told[0]->code == ErrorCode::DiskFull);
        QVERIFY(store->steps(id).ok()); // reading goes on

        limit.lift();
        QTRY_COMPARE_WITH_TIMEOUT(tellings(), std::size_t{2}, 5000); // tried again by itself
        QVERIFY(!told[1]);
        VERIFY_OK(store->flush());
        QCOMPARE(store->steps(id)->size(), std::size_t{3000});
        QCOMPARE(store->run(id)->name, someRun().name);
        VERIFY_OK(store->checkIntegrity());
        store->setFailureListener({});
    }

    void lockOfAnotherProgramIsWaitedFor()
    {
        const auto one = opened(path("lethe.sqlite"));
        const auto other = opened(path("lethe.sqlite"));
        const RunId a = *one->createRun(someRun());
        const RunId b = *other->createRun(someRun());
        std::thread writing([&] {
            for (std::int64_t step = 1; step <= 5000; ++step)
                one->appendStep(a, someStep(step));
        });
        for (std::int64_t step = 1; step <= 5000; ++step)
            other->appendStep(b, someStep(step));
        writing.join();
        VERIFY_OK(one->flush());
        VERIFY_OK(other->flush());
        QCOMPARE(one->steps(b)->size(), std::size_t{5000});
        QCOMPARE(other->steps(a)->size(), std::size_t{5000});
    }

    // ---- size -----------------------------------------------------------------------------------------------------

    void tenThousandRunsAreReadInASecond()
    {
        const auto store = opened(path("lethe.sqlite"));
        const RunId id = *store->createRun(someRun());
        store->appendEvaluation(id, someEvaluation(0));
        store->appendEvaluation(id, someEvaluation(40));
        VERIFY_OK(store->setTags(id, {"a", "b"}));
        const std::string document = *store->exportRun(id);
        for (int i = 1; i < 500; ++i)
            VERIFY_OK(store->importRun(document));
        // 10 000 in a second, with as many metrics.
        const double milliseconds = bestOfSome([&] { QCOMPARE(store->runs()->size(), std::size_t{500}); });
        qInfo("500 runs in %.1f ms", milliseconds);
        QVERIFY2(milliseconds < 50 * kSlower, qPrintable(QString::number(milliseconds)));
    }

    void tenThousandStepsAreReadAtOnce()
    {
        const auto store = opened(path("lethe.sqlite"));
        const RunId id = *store->createRun(someRun());
        for (std::int64_t step = 1; step <= 10'000; ++step)
            store->appendStep(id, someStep(step));
        VERIFY_OK(store->flush());
        const double milliseconds = bestOfSome([&] { QCOMPARE(store->steps(id)->size(), std::size_t{10'000}); });
        qInfo("10000 steps in %.1f ms", milliseconds);
        QVERIFY2(milliseconds < 50 * kSlower, qPrintable(QString::number(milliseconds)));
    }
};

QTEST_GUILESS_MAIN(TestRunStore)
#include "tst_run_store.moc"
