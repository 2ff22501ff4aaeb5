#include "ScriptedRun.h"

#include <lethe/base/Log.h>

#include <nlohmann/json.hpp>

#include <new>
#include <stdexcept>
#include <thread>

using namespace lethe;
using namespace lethe::test;
namespace fs = std::filesystem;

namespace {

/// Keeps what reaches the observer behind the recorder.
struct Listener : RunObserver {
    std::vector<StepRecord> steps;
    std::vector<std::string> others;
    void onFacts(const RunFacts &) override { others.emplace_back("facts"); }
    void onStage(const StageRecord &stage) override { others.push_back("stage " + stage.name); }
    void onStatus(RunStatus status) override { others.push_back("status " + std::string(toString(status))); }
    void onStep(const StepRecord &step) override { steps.push_back(step); }
    void onEvaluation(const EvaluationRecord &) override { others.emplace_back("evaluation"); }
    void onCheckpoint(const CheckpointRecord &) override { others.emplace_back("checkpoint"); }
    void onEvent(const EventRecord &) override { others.emplace_back("event"); }
};

RunSummary ended(RunStatus status, std::int64_t steps = 3)
{
    RunSummary summary;
    summary.status = status;
    summary.steps = steps;
    summary.seconds = 1.5;
    summary.tokensPerSecond = 20;
    summary.finalMetrics = {{.id = "forget_prob", .value = 0.25, .reason = ""}};
    return summary;
}

} // namespace

class TestRunRecorder : public QObject
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

    void recordsReachStoreAndObserver()
    {
        Listener listener;
        RecordedRun how = m_script->recorded();
        how.observer = &listener;
        how.threads = 3;
        RunId created = 0;
        how.onCreated = [&](RunId run) { created = run; };
        const EvaluationRecord evaluation{.step = 3, .seconds = 1, .subset = false,
                                          .metrics = {{.id = "forget_prob", .value = 0.25, .reason = ""}}, .samples = {}};
        const EvaluationRecord ofSome{.step = 2, .seconds = 1, .subset = true,
                                      .metrics = {{.id = "forget_prob", .value = 0.5, .reason = "", .subset = true}}, .samples = {}};
        how.session = [&](const ResolvedSpec &spec, const MethodCatalog &, const SessionOptions &options, RunControl &,
                          RunObserver &observer) -> Result<RunSummary> {
            // The row is there, and running, before the session begins.
            if (created == 0 || options.resumeFrom || options.threads != 3)
                return Error{.code = ErrorCode::Internal, .what = "wrong options", .where = {}, .hint = {}};
            if (spec.modelFolder != m_script->path("model") || options.runFolder != m_script->path("store/runs/1"))
                return Error{.code = ErrorCode::Internal, .what = "wrong folders", .where = {}, .hint = {}};
            observer.onFacts({.plannedSteps = 3, .forgetRows = 1, .device = "cpu"});
            observer.onStage({.name = "Training", .done = 0, .total = 3, .unit = "steps"});
            for (std::int64_t step = 1; step <= 3; ++step)
                observer.onStep(ScriptedRun::step(step));
            observer.onStatus(RunStatus::Paused);
            observer.onStatus(RunStatus::Running);
            observer.onEvent({.step = 2, .kind = "warning", .text = "a row was cut"});
            log(LogLevel::Info, "run", "said by the session");
            std::thread([] { log(LogLevel::Info, "elsewhere", "said by another"); }).join();
            observer.onEvaluation(ofSome);
            observer.onEvaluation(evaluation);
            observer.onCheckpoint({.step = 3, .path = (options.runFolder / "checkpoints" / "step-3").string(), .bytes = 5});
            return ended(RunStatus::Done);
        };
        const auto summary = runAndRecord(m_script->spec(), how);
        VERIFY_OK(summary);
        QCOMPARE(summary->runId, created);
        QCOMPARE(listener.steps.size(), std::size_t{3});
        QCOMPARE(listener.others.size(), std::size_t{8});

        const RunStore &store = *m_script->store;
        const auto details = store.details(created);
        VERIFY_OK(details);
        QVERIFY(details->row.status == RunStatus::Done);
        QCOMPARE(details->row.name, std::string("scripted"));
        QCOMPARE(details->row.steps, std::int64_t{3});
        QCOMPARE(details->row.device, std::string("cpu"));
        QVERIFY(details->row.finalMetrics == evaluation.metrics);
        const auto evaluations = store.evaluations(created, false);
        VERIFY_OK(evaluations);
        QVERIFY(*evaluations == (std::vector<EvaluationRecord>{ofSome, evaluation}));
        QCOMPARE(store.steps(created)->size(), std::size_t{3});
        QCOMPARE(details->checkpoints.size(), std::size_t{1});
        QCOMPARE(details->events.size(), std::size_t{1});
        QCOMPARE(store.logLines(created)->size(), std::size_t{1}); // what other threads say is not this run's
        QCOMPARE(store.logLines(created)->at(0).text, std::string("said by the session"));
    }

    void rowRepeatsTheRunFromAnywhere()
    {
        RecordedRun how = m_script->recorded();
        how.session = [](auto &&...) -> Result<RunSummary> { return ended(RunStatus::Done); };
        const auto summary = runAndRecord(m_script->spec(), how);
        VERIFY_OK(summary);
        const auto details = m_script->store->details(summary->runId);
        const SpecReading reading = readSpec(details->specJson, "/somewhere/else");
        QVERIFY2(reading.ok(), details->specJson.c_str());
        QCOMPARE(reading.spec.model, m_script->path("model").string());
        QCOMPARE(reading.spec.data.forget->path, m_script->path("forget.jsonl").string());
        QCOMPARE(details->row.model, m_script->path("model").string());
        for (const ParameterSpec &parameter : m_script->catalog->find("ga")->parameters) // written out, whatever a later default is
            QVERIFY2(reading.spec.method.parameters.contains(parameter.name), parameter.name.c_str());

        const std::map<std::string, std::string> hashes(details->provenance.fileHashes.begin(), details->provenance.fileHashes.end());
        QCOMPARE(hashes.size(), std::size_t{4}); // config, tokenizer, weights, data
        QCOMPARE(hashes.at(m_script->path("model/model.safetensors").string()), sha256("weights"));
        QCOMPARE(details->provenance.qtVersion, std::string(qVersion()));
        QVERIFY(!details->provenance.torchVersion.empty());
        QVERIFY(!details->provenance.letheVersion.empty());
        QVERIFY(!details->provenance.host.empty());
    }

    void largeFilesAreHashedWhileTheRunGoes()
    {
        const std::string large(33u << 20, 'w');
        VERIFY_OK(writeFile(m_script->path("model/model.safetensors"), large));
        std::size_t hashedAtStart = 0;
        RecordedRun how = m_script->recorded();
        how.onCreated = [&](RunId run) { hashedAtStart = m_script->store->details(run)->provenance.fileHashes.size(); };
        how.session = [](auto &&...) -> Result<RunSummary> { return ended(RunStatus::Done); };
        const std::string sha = sha256(large);
        for (int time = 1; time <= 2; ++time) { // the second from what the first has found
            const auto summary = runAndRecord(m_script->spec(), how);
            VERIFY_OK(summary);
            QCOMPARE(hashedAtStart, std::size_t{3});
            const auto details = m_script->store->details(summary->runId);
            const std::map<std::string, std::string> hashes(details->provenance.fileHashes.begin(), details->provenance.fileHashes.end());
            QCOMPARE(hashes.at(m_script->path("model/model.safetensors").string()), sha);
        }
        const auto known = m_script->store->values("sha256/");
        QCOMPARE(known->size(), std::size_t{1});
    }

    void brokenSpecLeavesNoRow()
    {
        ExperimentSpec spec = m_script->spec();
        spec.method.id = "gaa";
        RecordedRun how = m_script->recorded();
        how.session = [](auto &&...) -> Result<RunSummary> { return ended(RunStatus::Done); };
        const auto summary = runAndRecord(spec, how);
        QVERIFY(!summary.ok());
        QCOMPARE(summary.error().code, ErrorCode::InvalidInput);
        QVERIFY2(summary.error().message().find("gaa") != std::string::npos, summary.error().message().c_str());
        QVERIFY(m_script->store->runs(true)->empty());
    }

    void endsAreRecordedAsTheyWere_data()
    {
        QTest::addColumn<QString>("status");
        QTest::newRow("done") << "done";
        QTest::newRow("stopped") << "stopped";
        QTest::newRow("cancelled") << "cancelled";
        QTest::newRow("interrupted") << "interrupted";
    }

    void endsAreRecordedAsTheyWere()
    {
        QFETCH(QString, status);
        RecordedRun how = m_script->recorded();
        how.session = [&](auto &&...) -> Result<RunSummary> { return ended(*runStatusFrom(status.toStdString())); };
        const auto summary = runAndRecord(m_script->spec(), how);
        VERIFY_OK(summary);
        const auto row = m_script->store->run(summary->runId);
        QCOMPARE(QString::fromStdString(std::string(toString(row->status))), status);
        QVERIFY(!row->endedAt.empty());
        QCOMPARE(row->seconds, 1.5);
    }

    void stopForASignalIsAnInterruption()
    {
        RecordedRun how = m_script->recorded();
        how.session = [](const ResolvedSpec &, const MethodCatalog &, const SessionOptions &, RunControl &control,
                         RunObserver &) -> Result<RunSummary> {
            control.interrupt();
            return ended(RunStatus::Stopped, 2);
        };
        const auto summary = runAndRecord(m_script->spec(), how);
        VERIFY_OK(summary);
        QVERIFY(summary->status == RunStatus::Interrupted);
        QVERIFY(m_script->store->run(summary->runId)->status == RunStatus::Interrupted);
    }

    void cancelWhileReadingIsNoFailure()
    {
        RecordedRun how = m_script->recorded();
        how.session = [](auto &&...) -> Result<RunSummary> {
            return Error{.code = ErrorCode::Cancelled, .what = "reading was cancelled", .where = {}, .hint = {}};
        };
        const auto summary = runAndRecord(m_script->spec(), how);
        VERIFY_OK(summary);
        QVERIFY(summary->status == RunStatus::Cancelled);
        QVERIFY(m_script->store->run(summary->runId)->status == RunStatus::Cancelled);
        QVERIFY(m_script->store->run(summary->runId)->failure.empty());
    }

    void failureKeepsWhatWasDone()
    {
        Listener listener;
        RecordedRun how = m_script->recorded();
        how.observer = &listener;
        how.session = [](const ResolvedSpec &, const MethodCatalog &, const SessionOptions &, RunControl &,
                         RunObserver &observer) -> Result<RunSummary> {
            observer.onStep(ScriptedRun::step(1));
            observer.onStep(ScriptedRun::step(2));
            return Error{.code = ErrorCode::OutOfMemory, .what = "2.1 GiB needed, 0.8 free", .where = "step 3", .hint = "Try batch_size 2"};
        };
        const auto summary = runAndRecord(m_script->spec(), how);
        QVERIFY(!summary.ok());
        QCOMPARE(summary.error().code, ErrorCode::OutOfMemory);
        const auto row = m_script->store->runs()->at(0);
        QVERIFY(row.status == RunStatus::Failed);
        QCOMPARE(row.failure, std::string("step 3: 2.1 GiB needed, 0.8 free. Try batch_size 2"));
        QCOMPARE(row.steps, std::int64_t{2});
        QCOMPARE(row.seconds, 2.0);
        QCOMPARE(m_script->store->steps(row.id)->size(), std::size_t{2});
        QCOMPARE(m_script->store->events(row.id)->back().kind, std::string("error"));
    }

    void exceptionsBecomeErrors_data()
    {
        QTest::addColumn<int>("kind");
        QTest::addColumn<int>("code");
        QTest::newRow("no memory") << 0 << static_cast<int>(ErrorCode::OutOfMemory);
        QTest::newRow("a library's") << 1 << static_cast<int>(ErrorCode::Internal);
        QTest::newRow("no exception class") << 2 << static_cast<int>(ErrorCode::Internal);
    }

    void exceptionsBecomeErrors()
    {
        QFETCH(int, kind);
        QFETCH(int, code);
        RecordedRun how = m_script->recorded();
        how.session = [kind](auto &&...) -> Result<RunSummary> {
            if (kind == 0)
                throw std::bad_alloc();
            if (kind == 1)
                throw std::runtime_error("index out of range");
            throw 7;
        };
        const auto summary = runAndRecord(m_script->spec(), how);
        QVERIFY(!summary.ok());
        QCOMPARE(summary.error().code, static_cast<ErrorCode>(code));
        const auto row = m_script->store->runs()->at(0);
        QVERIFY(row.status == RunStatus::Failed);
        if (kind == 1)
            QVERIFY(row.failure.find("index out of range") != std::string::npos);
    }

    void resumedRunGoesOnFromItsCheckpoint()
    {
        RecordedRun how = m_script->recorded();
        how.session = [&](const ResolvedSpec &, const MethodCatalog &, const SessionOptions &options, RunControl &,
                          RunObserver &observer) -> Result<RunSummary> {
            for (std::int64_t step = 1; step <= 3; ++step) {
                observer.onStep(ScriptedRun::step(step));
                if (step == 2) {
                    const fs::path folder = options.runFolder / "checkpoints" / "step-2";
                    fs::create_directories(folder);
                    static_cast<void>(writeFile(folder / "lethe_checkpoint.json", "{\"step\": 2}"));
                    observer.onCheckpoint({.step = 2, .path = folder.string(), .bytes = 1});
                }
            }
            return ended(RunStatus::Interrupted);
        };
        const RunId run = runAndRecord(m_script->spec(), how)->runId;

        VERIFY_OK(writeFile(m_script->path("forget.jsonl"), "{\"question\": \"Who else?\", \"answer\": \"Nobody.\"}\n"));
        how.resume = run;
        how.findCheckpoint = [](const fs::path &folder) { return std::optional(folder / "checkpoints" / "step-2"); };
        RunId created = 0;
        how.onCreated = [&](RunId id) { created = id; };
        how.session = [&](const ResolvedSpec &spec, const MethodCatalog &, const SessionOptions &options, RunControl &,
                          RunObserver &observer) -> Result<RunSummary> {
            if (options.resumeFrom != options.runFolder / "checkpoints" / "step-2" || spec.modelFolder != m_script->path("model"))
                return Error{.code = ErrorCode::Internal, .what = "wrong options", .where = {}, .hint = {}};
            if (m_script->store->steps(run)->size() != 2 || m_script->store->run(run)->status != RunStatus::Running)
                return Error{.code = ErrorCode::Internal, .what = "not rewound", .where = {}, .hint = {}};
            observer.onStep(ScriptedRun::step(3));
            return ended(RunStatus::Done);
        };
        const auto summary = runAndRecord({}, how); // the spec is the stored one
        VERIFY_OK(summary);
        QCOMPARE(created, run);
        QCOMPARE(summary->runId, run);
        QCOMPARE(m_script->store->runs()->size(), std::size_t{1});
        QCOMPARE(m_script->store->steps(run)->size(), std::size_t{3});
        QVERIFY(m_script->store->run(run)->status == RunStatus::Done);
        const auto events = m_script->store->events(run);
        QCOMPARE(events->at(0).kind, std::string("resume"));
        QCOMPARE(events->at(0).text, std::string("Resumed from the checkpoint of step 2"));
        QCOMPARE(events->at(1).kind, std::string("warning")); // the data are not what they were
        QVERIFY(events->at(1).text.find("forget.jsonl has changed") != std::string::npos);
    }

    void runWithoutACheckpointBeginsAgain()
    {
        RecordedRun how = m_script->recorded();
        how.session = [](const ResolvedSpec &, const MethodCatalog &, const SessionOptions &, RunControl &,
                         RunObserver &observer) -> Result<RunSummary> {
            observer.onStep(ScriptedRun::step(1));
            return ended(RunStatus::Interrupted, 1);
        };
        const RunId run = runAndRecord(m_script->spec(), how)->runId;
        how.resume = run;
        bool resumed = true;
        how.session = [&](const ResolvedSpec &, const MethodCatalog &, const SessionOptions &options, RunControl &,
                          RunObserver &) -> Result<RunSummary> {
            resumed = options.resumeFrom.has_value();
            return ended(RunStatus::Done, 0);
        };
        VERIFY_OK(runAndRecord({}, how));
        QVERIFY(!resumed);
        QVERIFY(m_script->store->steps(run)->empty());
    }

    void runsThatCannotBeResumedSaySo()
    {
        RecordedRun how = m_script->recorded();
        how.session = [](auto &&...) -> Result<RunSummary> { return ended(RunStatus::Done); };
        const RunId run = runAndRecord(m_script->spec(), how)->runId;
        how.resume = run;
        QCOMPARE(runAndRecord({}, how).error().code, ErrorCode::InvalidInput);
        m_script->store->setStatus(run, RunStatus::Running); // by this process, which lives
        QCOMPARE(runAndRecord({}, how).error().code, ErrorCode::Busy);
        how.resume = 99;
        QCOMPARE(runAndRecord({}, how).error().code, ErrorCode::NotFound);
    }
};

QTEST_GUILESS_MAIN(TestRunRecorder)
#include "tst_run_recorder.moc"
