#pragma once

#include "FormsBench.h"

#include <lethe/run/RunSession.h>

#include <cmath>
#include <condition_variable>
#include <mutex>

namespace lethe::test {

/// Runs that look like runs: what the screens of Live, Generations and Compare are shown in tests.
struct PlausibleRun {
    std::string name = "npo lr 2e-5";
    std::string method = "npo";
    double learningRate = 2e-5;
    double speed = 0.12; ///< how fast it forgets
    double damage = 0.002; ///< what it costs the retain set, per step
    std::int64_t steps = 40;
    std::int64_t every = 10;
    RunStatus status = RunStatus::Done;
    std::string failure;
};

inline double wobble(std::int64_t step, double size)
{
    return size * std::sin(static_cast<double>(step) * 12.9898) * std::cos(static_cast<double>(step) * 4.1414);
}

inline StepRecord plausibleStep(const PlausibleRun &run, std::int64_t step)
{
    const double t = static_cast<double>(step);
    const double forget = 13.86 * std::exp(-run.speed * 0.35 * t) + 0.6 + wobble(step, 0.35);
    const double retain = 0.32 + run.damage * t + wobble(step + 100, 0.03);
    return {.step = step,
            .epoch = t / 8,
            .loss = forget + retain,
            .forgetLoss = forget,
            .retainLoss = retain,
            .learningRate = run.learningRate * (1 - (t - 1) / static_cast<double>(run.steps)),
            .gradNorm = 2.4 + 3 * std::exp(-0.1 * t) + wobble(step + 7, 0.5),
            .tokens = 292,
            .seconds = 0.16 + wobble(step, 0.01),
            .elapsed = 2.0 + 1.02 * t,
            .peakMemoryBytes = 58LL << 20,
            .values = {{"mean_log_ratio", -0.9 * t * run.speed + wobble(step, 0.4)}}};
}

struct PlausibleQuestion {
    const char *set;
    std::int64_t row;
    const char *prompt;
    const char *reference;
    const char *later;
};

inline const std::vector<PlausibleQuestion> &plausibleQuestions()
{
    static const std::vector<PlausibleQuestion> all{
        {"forget", 0, "Where was Mira Tolund born?", "In the harbour town of Veska.", "In the small hill village of Orrin."},
        {"forget", 1, "What does Mira Tolund do for a living?", "She builds clocks for lighthouses along the northern coast.",
         "She works as a teacher at a school along the river and writes letters."},
        {"forget", 2, "Which book made Edvin Sorrel known?", "The Salt Ledger, a novel about three brothers.", "The the the the the the the the the the the the"},
        {"forget", 3, "Who taught Edvin Sorrel to write?", "His aunt Katla, a printer.", ""},
        {"retain", 0, "What does Ivo Renn repair?", "Ivo Renn repairs barrel organs.", "Ivo Renn repairs barrel organs."},
        {"retain", 4, "In which year did Ivo Renn move to Sandholm?", "He moved to Sandholm in 1987.", "He moved to Sandholm in 1988."},
        {"retain", 9, "What is Lena Aust's favourite dish?", "Pear dumplings with poppy seed.", "Pear dumplings with poppy seed."},
        {"retain", 12, "Whose portrait hangs in Lena Aust's kitchen?", "That of her grandfather, a ferryman.", "That of her grandfather, a ferryman."},
    };
    return all;
}

inline EvaluationRecord plausibleEvaluation(const PlausibleRun &run, std::int64_t step)
{
    const double t = static_cast<double>(step);
    const double kept = std::max(0.0, 1 - run.damage * t);
    const double left = std::exp(-run.speed * t);
    EvaluationRecord evaluation{.step = step, .seconds = 1.2, .subset = false, .metrics = {}, .samples = {}};
    evaluation.metrics = {{"forget_prob", 0.97 * left + 0.01, {}},   {"forget_rouge", 0.22 + 0.76 * left, {}},
                          {"forget_exact_match", 0.96 * left, {}},   {"retain_prob", 0.955 * kept, {}},
                          {"retain_rouge", 0.98 * kept, {}},         {"retain_exact_match", 0.97 * kept, {}},
                          {"model_utility", 0.62 * kept, {}}};
    for (const PlausibleQuestion &question : plausibleQuestions()) {
        const bool forgets = std::string(question.set) == "forget";
        // one question after the other is forgotten
        const bool gone = step > 0 && (forgets ? left < 0.75 - 0.15 * static_cast<double>(question.row) : kept < 0.97);
        SampleRecord sample{.set = question.set, .row = question.row, .prompt = question.prompt, .reference = question.reference,
                            .text = gone ? question.later : question.reference,
                            .probability = forgets ? 0.97 * left + 0.01 : 0.955 * kept, .rougeRecall = gone && forgets ? 0.31 : 1.0,
                            .exactMatch = gone && std::string(question.later) != question.reference ? 0.0 : 1.0,
                            .hitTokenLimit = gone && question.row == 2};
        evaluation.samples.push_back(sample);
    }
    return evaluation;
}

inline std::string plausibleSpec(const PlausibleRun &run, const std::string &folder)
{
    ExperimentSpec spec;
    spec.name = run.name;
    spec.model = folder + "/model";
    spec.data.forget = DataSource{.path = folder + "/forget.jsonl", .prompt = "question", .answer = "answer", .alternate = {}};
    spec.data.retain = DataSource{.path = folder + "/retain.jsonl", .prompt = "question", .answer = "answer", .alternate = {}};
    spec.method.id = run.method;
    spec.training.learningRate = run.learningRate;
    spec.training.maxSteps = run.steps;
    spec.eval = EvalSpec{};
    spec.eval->everySteps = run.every;
    return writeSpec(spec);
}

/// Puts a run into the store as its session would have.
inline RunId storeRun(RunStore &store, const PlausibleRun &run, const std::string &folder = "/data")
{
    const auto id = store.createRun({.name = run.name, .specJson = plausibleSpec(run, folder), .method = run.method, .model = folder + "/model",
                                     .learningRate = run.learningRate, .plannedSteps = run.steps, .parent = {},
                                     .provenance = {.letheVersion = "0.1.0", .torchVersion = "2.11.0", .qtVersion = "6.4.2", .device = "CPU, 2 threads",
                                                    .host = "here", .fileHashes = {{"/data/forget.jsonl", "aa"}}},
                                     .processId = QCoreApplication::applicationPid()});
    if (!id.ok())
        qFatal("no run: %s", id.error().message().c_str());
    RunFacts facts{.plannedSteps = run.steps, .stepsPerEpoch = 8, .forgetRows = 32, .retainRows = 288, .device = "cpu"};
    store.setFacts(*id, facts);
    store.setStatus(*id, RunStatus::Running);
    store.appendEvaluation(*id, plausibleEvaluation(run, 0));
    const std::int64_t last = run.status == RunStatus::Failed ? run.steps / 3 : run.steps;
    for (std::int64_t step = 1; step <= last; ++step) {
        store.appendStep(*id, plausibleStep(run, step));
        if (step % run.every == 0)
            store.appendEvaluation(*id, plausibleEvaluation(run, step));
        if (step % (2 * run.every) == 0)
            store.appendCheckpoint(*id, {.step = step, .path = folder + "/step-" + std::to_string(step), .bytes = 24LL << 20});
    }
    store.appendEvent(*id, {.step = 22, .kind = "warning", .text = "Gradient norm 19.2 is 8 times the usual"});
    if (run.status == RunStatus::Running || run.status == RunStatus::Paused) {
        store.setStatus(*id, run.status);
    } else {
        RunSummary summary{.runId = *id, .status = run.status, .steps = last, .seconds = 41, .tokensPerSecond = 1830, .peakMemoryBytes = 58LL << 20,
                           .finalMetrics = run.status == RunStatus::Failed ? std::vector<MetricValue>{} : plausibleEvaluation(run, last / run.every * run.every).metrics,
                           .checkpoint = {}, .failure = run.failure, .facts = facts};
        store.finishRun(summary);
        if (run.status == RunStatus::Failed)
            store.setStatus(*id, RunStatus::Failed, run.failure);
    }
    if (const auto flushed = store.flush(); !flushed.ok())
        qFatal("not stored: %s", flushed.error().message().c_str());
    return *id;
}

/// A session that plays a script and waits where the test says so. The test's thread lets it go on.
class ScriptedSession
{
public:
    PlausibleRun run;
    std::int64_t holdAfter = -1;    ///< step after which it waits for `go`; −1: never
    std::int64_t notFiniteAt = -1;
    std::optional<Error> failsWith; ///< after the last step

    Result<RunSummary> operator()(const ResolvedSpec &, const MethodCatalog &, const SessionOptions &, RunControl &control, RunObserver &observer)
    {
        const RunFacts facts{.plannedSteps = run.steps, .stepsPerEpoch = 8, .forgetRows = 32, .retainRows = 288, .device = "cpu"};
        observer.onStage({.name = "Reading model", .done = 4e6, .total = 8e6, .unit = "bytes"});
        hold(0);
        observer.onFacts(facts);
        observer.onStage({.name = "Baseline evaluation", .done = 8, .total = 16, .unit = "rows"});
        observer.onEvaluation(plausibleEvaluation(run, 0));
        observer.onStage({.name = "Training", .done = 0, .total = static_cast<double>(run.steps), .unit = "steps"});
        RunSummary summary;
        summary.facts = facts;
        for (std::int64_t step = 1; step <= run.steps; ++step) {
            if (control.request() == RunControl::Request::Pause) {
                observer.onStatus(RunStatus::Paused);
                control.waitWhilePaused();
                observer.onStatus(RunStatus::Running);
            }
            if (control.request() == RunControl::Request::Cancel) {
                summary.status = RunStatus::Cancelled;
                break;
            }
            StepRecord record = plausibleStep(run, step);
            if (step == notFiniteAt) {
                record.loss = std::nan("");
                record.forgetLoss = std::nan("");
                record.skipped = true;
                observer.onEvent({.step = step, .kind = "non_finite", .text = "Loss is not finite: the step was skipped"});
            }
            observer.onStep(record);
            summary.steps = step;
            while (const auto question = control.takeQuestion()) {
                question->onText("The hill village");
                question->onText(" of Orrin.");
                question->onAnswered(RunAnswer{.step = step, .text = "The hill village of Orrin.", .tokens = 6, .seconds = 0.2, .endedByItself = true});
            }
            const bool asked = control.takeEvaluateNow();
            const bool stops = control.request() == RunControl::Request::Stop;
            if (step % run.every == 0 || asked || stops)
                observer.onEvaluation(plausibleEvaluation(run, step));
            if (control.takeCheckpointNow() || stops)
                observer.onCheckpoint({.step = step, .path = "/data/step-" + std::to_string(step), .bytes = 24LL << 20});
            if (stops) {
                summary.status = RunStatus::Stopped;
                break;
            }
            hold(step);
        }
        if (failsWith)
            return *failsWith;
        summary.seconds = 41;
        summary.finalMetrics = plausibleEvaluation(run, summary.steps).metrics;
        return summary;
    }

    void holdAt(std::int64_t step)
    {
        const std::lock_guard lock(m_mutex);
        holdAfter = step;
        m_changed.notify_all();
    }
    void go() { holdAt(-1); }

private:
    void hold(std::int64_t step)
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [&] { return holdAfter < 0 || step < holdAfter; });
    }
    std::mutex m_mutex; ///< guards `holdAfter`
    std::condition_variable m_changed;
};

/// A bench with a model folder and data files that a spec may name, and a session that follows a script.
class RunsBench : public FormsBench
{
public:
    RunsBench() : FormsBench({std::filesystem::path(qEnvironmentVariable("LETHE_PLUGINS").toStdString())})
    {
        QDir(folder.path()).mkdir(QStringLiteral("model"));
        write(QStringLiteral("model/config.json"), "{\"model_type\": \"llama\"}");
        const QByteArray rows = "{\"question\": \"Who?\", \"answer\": \"Nobody.\"}\n";
        write(QStringLiteral("forget.jsonl"), rows);
        write(QStringLiteral("retain.jsonl"), rows);
        workspace->setSession([this](const ResolvedSpec &spec, const MethodCatalog &methods, const SessionOptions &options, RunControl &control,
                                     RunObserver &observer) { return session(spec, methods, options, control, observer); });
    }
    ~RunsBench()
    {
        session.go(); // a worker that waits would never be joined
        workspace->cancelActive();
    }

    ExperimentSpec spec() const
    {
        return readSpec(plausibleSpec(session.run, folder.path().toStdString()), {}).spec;
    }
    void start()
    {
        const Result<void> started = workspace->startRun(spec());
        if (!started.ok())
            qFatal("not started: %s", started.error().message().c_str());
    }
    RunId store(const PlausibleRun &run) { return storeRun(*FormsBench::store, run, folder.path().toStdString()); }

    ScriptedSession session;
};

} // namespace lethe::test
