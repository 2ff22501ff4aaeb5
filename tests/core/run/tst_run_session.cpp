#include "support/Fixtures.h"

#include <lethe/base/Paths.h>
#include <lethe/method/MethodCatalog.h>
#include <lethe/run/RunSession.h>

#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <sys/resource.h>

using namespace lethe;
namespace fs = std::filesystem;

namespace {

struct Recorder : RunObserver {
    void onStep(const StepRecord &record) override
    {
        steps.push_back(record);
        if (afterStep)
            afterStep(record.step);
    }
    void onEvaluation(const EvaluationRecord &record) override { evaluations.push_back(record); }
    void onCheckpoint(const CheckpointRecord &record) override { checkpoints.push_back(record); }
    void onStatus(RunStatus status) override
    {
        statuses.push_back(status);
        if (onPaused && status == RunStatus::Paused)
            onPaused();
    }
    void onEvent(const EventRecord &record) override { events.push_back(record); }

    std::vector<StepRecord> steps;
    std::vector<EvaluationRecord> evaluations;
    std::vector<CheckpointRecord> checkpoints;
    std::vector<RunStatus> statuses;
    std::vector<EventRecord> events;
    std::function<void(std::int64_t)> afterStep;
    std::function<void()> onPaused;
};

std::vector<double> losses(const Recorder &recorder)
{
    std::vector<double> values;
    for (const StepRecord &record : recorder.steps)
        values.push_back(record.loss);
    return values;
}

} // namespace

/// The session on the fixtures' small models: repeatable to the bit, paused, stopped, resumed.
class TestRunSession : public QObject
{
    Q_OBJECT

private:
    const MethodCatalog m_catalog = MethodCatalog::scan({test::folderFromEnvironment("LETHE_PLUGINS")});

    ResolvedSpec spec(const char *loss = "nll", const fs::path &retain = {}) const
    {
        auto read = readSpecFile(test::fixtures() / "losses" / "npo-nll" / "spec.json");
        Q_ASSERT(read.ok());
        read->training.shuffle = true;
        read->training.optimizer = OptimizerKind::AdamW;
        read->training.epochs = 4;
        read->method.parameters.values["retain_loss"] = std::string(loss);
        read->eval = EvalSpec{.everySteps = 5, .generations = {.prompts = 2, .maxNewTokens = 6}, .rows = 3};
        if (!retain.empty())
            read->data.retain = DataSource{.path = retain.string(), .alternate = {}};
        auto resolved = resolveSpec(*read, m_catalog);
        Q_ASSERT(resolved.ok());
        return *resolved;
    }
    Result<RunSummary> run(const ResolvedSpec &spec, const fs::path &folder, Recorder &recorder, RunControl &control,
                           std::optional<fs::path> resume = {}) const
    {
        return runSession(spec, m_catalog, {.runFolder = folder, .resumeFrom = resume}, control, recorder);
    }
    /// As a window runs it.
    Result<RunSummary> runWatched(const ResolvedSpec &spec, const fs::path &folder, Recorder &recorder, RunControl &control) const
    {
        return runSession(spec, m_catalog, {.runFolder = folder, .resumeFrom = {}, .pauseOnTrouble = true}, control, recorder);
    }
    /// A run of few steps that cannot stay finite.
    ResolvedSpec wild() const
    {
        ResolvedSpec wild = spec("none");
        wild.spec.eval.reset();
        wild.spec.training.optimizer = OptimizerKind::Sgd;
        wild.spec.training.learningRate = 1e30;
        wild.spec.training.maxGradNorm.reset();
        wild.spec.method.parameters.values["retain_weight"] = 0.0;
        return wild;
    }
    static std::vector<std::int64_t> stepsOf(const Recorder &recorder, const std::string &kind)
    {
        std::vector<std::int64_t> steps;
        for (const EventRecord &event : recorder.events)
            if (event.kind == kind)
                steps.push_back(event.step);
        return steps;
    }
    static fs::path inside(const QTemporaryDir &folder, const char *name) { return fs::path(folder.path().toStdString()) / name; }

private Q_SLOTS:
    void aRunRepeatsToTheBit()
    {
        const QTemporaryDir folder;
        std::vector<std::vector<double>> runs;
        std::vector<std::string> weights;
        for (const char *name : {"a", "b"}) {
            Recorder recorder;
            RunControl control;
            const auto summary = run(spec(), inside(folder, name), recorder, control);
            QVERIFY2(summary.ok(), summary.ok() ? "" : summary.error().message().c_str());
            QCOMPARE(summary->status, RunStatus::Done);
            runs.push_back(losses(recorder));
            weights.push_back(*sha256OfFile(fs::path(summary->checkpoint) / "model.safetensors"));
        }
        QCOMPARE(runs[0].size(), std::size_t{12});
        QCOMPARE(runs[0], runs[1]);
        QCOMPARE(weights[0], weights[1]);
    }

    void aResumedRunGoesOnToTheVerySameLosses_data()
    {
        QTest::addColumn<QByteArray>("loss");
        QTest::addColumn<int>("optimizer");
        QTest::newRow("nll") << QByteArray("nll") << static_cast<int>(OptimizerKind::AdamW);
        QTest::newRow("kl") << QByteArray("kl") << static_cast<int>(OptimizerKind::AdamW);
        QTest::newRow("8-bit AdamW") << QByteArray("nll") << static_cast<int>(OptimizerKind::AdamW8Bit);
    }
    void aResumedRunGoesOnToTheVerySameLosses()
    {
        QFETCH(QByteArray, loss);
        QFETCH(int, optimizer);
        ResolvedSpec asked = spec(loss);
        asked.spec.training.optimizer = static_cast<OptimizerKind>(optimizer);
        const QTemporaryDir folder;
        Recorder whole;
        RunControl control;
        const auto undisturbed = run(asked, inside(folder, "whole"), whole, control);
        QVERIFY(undisturbed.ok());

        Recorder first;
        RunControl interrupted;
        first.afterStep = [&](std::int64_t step) {
            if (step == 5)
                interrupted.interrupt();
        };
        const auto half = run(asked, inside(folder, "half"), first, interrupted);
        QVERIFY(half.ok());
        QCOMPARE(half->status, RunStatus::Interrupted);
        QCOMPARE(half->steps, 5);
        QVERIFY(half->finalMetrics.empty()); // what the untouched model had is no result
        const auto checkpoint = newestCheckpoint(inside(folder, "half"));
        QVERIFY(checkpoint.has_value());

        Recorder second;
        RunControl goOn;
        const auto rest = run(asked, inside(folder, "half"), second, goOn, checkpoint);
        QVERIFY2(rest.ok(), rest.ok() ? "" : rest.error().message().c_str());
        std::vector<double> joined = losses(first);
        const std::vector<double> tail = losses(second);
        joined.insert(joined.end(), tail.begin(), tail.end());
        QCOMPARE(joined, losses(whole));
        QCOMPARE(*sha256OfFile(fs::path(rest->checkpoint) / "model.safetensors"), *sha256OfFile(fs::path(undisturbed->checkpoint) / "model.safetensors"));
    }

    void evaluationsKeepWithinTheirShareOfTheTime()
    {
        for (const double percent : {1e-6, 100.0}) {
            const QTemporaryDir folder;
            ResolvedSpec bounded = spec();
            bounded.spec.eval->everySteps = 1;
            bounded.spec.eval->budgetPercent = percent;
            Recorder recorder;
            RunControl control;
            const auto summary = run(bounded, inside(folder, "run"), recorder, control);
            QVERIFY(summary.ok());
            const bool all = percent == 100;
            // the first and the last are always there
            QCOMPARE(recorder.evaluations.size(), std::size_t{all ? 13U : 2U});
            QCOMPARE(summary->evaluationsLeftOut, all ? 0 : 11);
            QCOMPARE(summary->evaluationSeconds > 0, all);
            const auto said = std::ranges::count_if(recorder.events, [](const EventRecord &event) { return event.text.find("eval.budget_percent allows") != std::string::npos; });
            QCOMPARE(said, all ? 0 : 1);
            QCOMPARE(recorder.evaluations.back().step, 12);
            QVERIFY(!recorder.evaluations.back().subset);
        }
    }

    void aPauseHoldsAfterTheStepAndChangesNothing()
    {
        const QTemporaryDir folder;
        Recorder plain;
        RunControl control;
        QVERIFY(run(spec(), inside(folder, "plain"), plain, control).ok());

        Recorder paused;
        RunControl pausing;
        std::size_t stepsAtPause = 0;
        paused.afterStep = [&](std::int64_t step) {
            if (step == 4)
                pausing.pause();
        };
        std::jthread resumer;
        paused.onPaused = [&] {
            stepsAtPause = paused.steps.size();
            resumer = std::jthread([&] { pausing.resume(); });
        };
        QVERIFY(run(spec(), inside(folder, "paused"), paused, pausing).ok());
        QCOMPARE(stepsAtPause, std::size_t{4});
        QCOMPARE(losses(paused), losses(plain));
    }

    void aStopEndsWithAnEvaluationAndACheckpoint()
    {
        const QTemporaryDir folder;
        Recorder recorder;
        RunControl control;
        recorder.afterStep = [&](std::int64_t step) {
            if (step == 3)
                control.stop();
        };
        const auto summary = run(spec(), inside(folder, "stop"), recorder, control);
        QVERIFY(summary.ok());
        QCOMPARE(summary->status, RunStatus::Stopped);
        QCOMPARE(summary->steps, 3);
        QCOMPARE(recorder.evaluations.back().step, 3);
        QVERIFY(!recorder.evaluations.back().subset);
        QCOMPARE(recorder.checkpoints.back().step, 3);
    }

    void aCancelledRunLeavesNoCheckpoint()
    {
        const QTemporaryDir folder;
        Recorder recorder;
        RunControl control;
        recorder.afterStep = [&](std::int64_t step) {
            if (step == 2)
                control.cancel();
        };
        const auto summary = run(spec(), inside(folder, "cancel"), recorder, control);
        QVERIFY(summary.ok());
        QCOMPARE(summary->status, RunStatus::Cancelled);
        QCOMPARE(summary->steps, 2);
        QVERIFY(!newestCheckpoint(inside(folder, "cancel")).has_value());
    }

    void evaluationsComeBeforeDuringAndAfterAndOnlyTheMiddleOnesAreSubsets()
    {
        const QTemporaryDir folder;
        Recorder recorder;
        RunControl control;
        QVERIFY(run(spec(), inside(folder, "evaluated"), recorder, control).ok());
        std::vector<std::pair<std::int64_t, bool>> seen;
        for (const EvaluationRecord &record : recorder.evaluations)
            seen.emplace_back(record.step, record.subset);
        QCOMPARE(seen, (std::vector<std::pair<std::int64_t, bool>>{{0, false}, {5, true}, {10, true}, {12, false}}));
        for (const EvaluationRecord &record : recorder.evaluations)
            for (const MetricValue &metric : record.metrics)
                QCOMPARE(metric.subset, record.subset);
        QCOMPARE(recorder.evaluations.front().metrics.size(), std::size_t{6});
        QCOMPARE(recorder.evaluations.front().samples.size(), std::size_t{24});
        for (const SampleRecord &sample : recorder.evaluations.front().samples)
            QVERIFY(sample.probability && *sample.probability > 0 && *sample.probability <= 1 && sample.text && sample.rougeRecall);
    }

    /// A set that is no longer than the rows looked at is looked at as a whole, whatever becomes of the other.
    void aMetricSaysWhetherItIsOfSomeRowsOnly()
    {
        const QTemporaryDir folder;
        const fs::path few = inside(folder, "few.jsonl");
        std::ofstream(few) << R"({"question": "Who wrote it?", "answer": "She did."})" << '\n' << R"({"question": "When?", "answer": "Long ago."})" << '\n';
        const ResolvedSpec asked = spec("nll", few);
        Recorder recorder;
        RunControl control;
        const auto summary = run(asked, inside(folder, "run"), recorder, control);
        QVERIFY2(summary.ok(), summary.ok() ? "" : summary.error().message().c_str());
        QVERIFY(recorder.evaluations.at(1).subset);
        for (const MetricValue &metric : recorder.evaluations.at(1).metrics)
            QCOMPARE(metric.subset, metric.id.starts_with("forget_"));
    }

    void accumulationEqualsTheLargeBatch()
    {
        const QTemporaryDir folder;
        ResolvedSpec large = spec("kl");
        large.spec.eval.reset();
        ResolvedSpec small = large;
        small.spec.training.batchSize = 1;
        small.spec.training.gradientAccumulation = 4;
        Recorder a, b;
        RunControl control;
        QVERIFY(run(large, inside(folder, "large"), a, control).ok());
        QVERIFY(run(small, inside(folder, "small"), b, control).ok());
        for (std::size_t i = 0; i < a.steps.size(); ++i)
            QVERIFY(std::abs(a.steps[i].loss - b.steps[i].loss) <= 1e-4 * std::abs(a.steps[i].loss));
    }

    void aDivergingRunStopsWithoutTouchingItsCheckpointsWithNonFiniteWeights()
    {
        const QTemporaryDir folder;
        Recorder recorder;
        RunControl control;
        const auto summary = run(wild(), inside(folder, "wild"), recorder, control);
        QVERIFY(!summary.ok());
        QCOMPARE(summary.error().code, ErrorCode::NotFinite);
        QVERIFY(std::ranges::any_of(recorder.events, [](const EventRecord &event) { return event.kind == "non_finite"; }));
        QVERIFY(recorder.checkpoints.empty());
    }

    void aStepThatIsNotFinitePausesWhereSomebodyWatches()
    {
        const QTemporaryDir folder;
        Recorder recorder;
        RunControl control;
        recorder.onPaused = [&] { control.cancel(); };
        const auto summary = runWatched(wild(), inside(folder, "wild"), recorder, control);
        QVERIFY2(summary.ok(), summary.ok() ? "" : summary.error().message().c_str());
        QCOMPARE(summary->status, RunStatus::Cancelled);
        QCOMPARE(stepsOf(recorder, "non_finite").size(), std::size_t{1}); // the next one was not taken
        QCOMPARE(stepsOf(recorder, "pause"), stepsOf(recorder, "non_finite"));
        QCOMPARE(recorder.steps.back().step, stepsOf(recorder, "pause").front());
    }

    void aCheckpointWithoutRoomWaitsForItWhereSomebodyWatches()
    {
        ResolvedSpec saving = spec();
        saving.spec.training.saveEverySteps = 5;
        const QTemporaryDir folder;
        Recorder whole;
        RunControl undisturbed;
        QVERIFY(run(saving, inside(folder, "whole"), whole, undisturbed).ok());

        std::signal(SIGXFSZ, SIG_IGN); // then writing fails as on a full disk, in place of a signal
        rlimit before{};
        ::getrlimit(RLIMIT_FSIZE, &before);
        const rlimit narrow{.rlim_cur = 4096, .rlim_max = before.rlim_max};
        Recorder recorder;
        RunControl control;
        recorder.afterStep = [&](std::int64_t step) {
            if (step == 5)
                ::setrlimit(RLIMIT_FSIZE, &narrow);
        };
        int pauses = 0;
        recorder.onPaused = [&] {
            if (++pauses == 2) // the first time there is still no room
                ::setrlimit(RLIMIT_FSIZE, &before);
            control.resume();
        };
        const auto summary = runWatched(saving, inside(folder, "full"), recorder, control);
        ::setrlimit(RLIMIT_FSIZE, &before);
        QVERIFY2(summary.ok(), summary.ok() ? "" : summary.error().message().c_str());
        QCOMPARE(summary->status, RunStatus::Done);
        QCOMPARE(stepsOf(recorder, "disk_full"), (std::vector<std::int64_t>{5, 5}));
        QCOMPARE(losses(recorder), losses(whole));
        QCOMPARE(recorder.checkpoints.front().step, 5);
        QCOMPARE(*sha256OfFile(fs::path(summary->checkpoint) / "model.safetensors"), *sha256OfFile(fs::path(whole.checkpoints.back().path) / "model.safetensors"));
        for (const auto &entry : fs::directory_iterator(inside(folder, "full") / "checkpoints"))
            QVERIFY2(entry.path().filename().string().find(".part") == std::string::npos, entry.path().c_str());
    }

    void aQuestionIsAnsweredAndTheStepsStayTheSame()
    {
        const QTemporaryDir folder;
        Recorder whole;
        RunControl undisturbed;
        QVERIFY(run(spec(), inside(folder, "whole"), whole, undisturbed).ok());

        Recorder recorder;
        RunControl control;
        std::vector<RunAnswer> answers;
        std::string streamed;
        const auto ask = [&](double temperature) {
            control.ask({.prompt = "Who?", .maxNewTokens = 6, .temperature = temperature, .seed = 7,
                         .onText = [&](std::string_view text) {
                             streamed += text;
                             return true;
                         },
                         .onAnswered = [&](const Result<RunAnswer> &answer) {
                             QVERIFY2(answer.ok(), answer.ok() ? "" : answer.error().message().c_str());
                             answers.push_back(*answer);
                         }});
        };
        recorder.afterStep = [&](std::int64_t step) {
            if (step == 3)
                ask(0.9);
            if (step == 7)
                control.pause();
        };
        recorder.onPaused = [&] { // asked while it is paused, and answered before it goes on
            ask(0);
            control.ask({.prompt = "Who else?", .maxNewTokens = 1, .onText = {}, .onAnswered = [&](const Result<RunAnswer> &) { control.resume(); }});
        };
        QVERIFY(run(spec(), inside(folder, "asked"), recorder, control).ok());
        QCOMPARE(answers.size(), std::size_t{2});
        QCOMPARE(answers[0].step, 3);
        QCOMPARE(answers[1].step, 7);
        QVERIFY(answers[0].tokens > 0 && answers[0].tokens <= 6);
        QCOMPARE(streamed, answers[0].text + answers[1].text);
        QCOMPARE(stepsOf(recorder, "question"), (std::vector<std::int64_t>{3, 7, 7}));
        QCOMPARE(losses(recorder), losses(whole));
        QCOMPARE(*sha256OfFile(fs::path(recorder.checkpoints.back().path) / "model.safetensors"),
                 *sha256OfFile(fs::path(whole.checkpoints.back().path) / "model.safetensors"));
    }

    void aQuestionThatCannotBePutIsSaidAndTheRunGoesOn()
    {
        const QTemporaryDir folder;
        Recorder recorder;
        RunControl control;
        std::optional<ErrorCode> refused;
        recorder.afterStep = [&](std::int64_t step) {
            if (step == 2)
                control.ask({.prompt = "Who?", .maxNewTokens = 6, .onText = [](std::string_view) -> bool { throw std::runtime_error("gone"); },
                             .onAnswered = [&](const Result<RunAnswer> &answer) {
                                 if (!answer.ok())
                                     refused = answer.error().code;
                             }});
        };
        const auto summary = run(spec(), inside(folder, "asked"), recorder, control);
        QVERIFY(summary.ok());
        QCOMPARE(summary->status, RunStatus::Done);
        QCOMPARE(refused, std::optional(ErrorCode::Internal));
    }

    void aCheckpointOfAnotherSpecIsRefused()
    {
        const QTemporaryDir folder;
        Recorder recorder;
        RunControl control;
        QVERIFY(run(spec(), inside(folder, "one"), recorder, control).ok());
        ResolvedSpec other = spec();
        other.spec.training.learningRate *= 2;
        const auto summary = run(other, inside(folder, "one"), recorder, control, newestCheckpoint(inside(folder, "one")));
        QVERIFY(!summary.ok());
        QVERIFY(summary.error().what.find("another spec") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestRunSession)
#include "tst_run_session.moc"
