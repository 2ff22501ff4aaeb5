#include "ProcessIdentity.h"
#include "RecordText.h"
#include "RunStoreData.h"

#include <array>

namespace lethe {

namespace {

/// Okabe and Ito's colours without the yellow, which is too pale to be a line; `ink` is the theme's own black or white.
constexpr std::array<const char *, 7> kColors{"#0072B2", "#D55E00", "#009E73", "#CC79A7", "ink", "#E69F00", "#56B4E9"};

bool isEnd(RunStatus status)
{
    switch (status) {
    case RunStatus::Done:
    case RunStatus::Stopped:
    case RunStatus::Cancelled:
    case RunStatus::Failed:
    case RunStatus::Interrupted:
        return true;
    default:
        return false;
    }
}

void storeFacts(StoreConnection &connection, RunId run, const std::string &factsJson, const RunFacts &facts)
{
    connection.query("UPDATE run_documents SET facts = ? WHERE run = ?").with(factsJson, run).run();
    connection.query("UPDATE runs SET planned_steps = CASE WHEN ?1 > 0 THEN ?1 ELSE planned_steps END, "
                     "device = CASE WHEN ?2 <> '' THEN ?2 ELSE device END WHERE id = ?3")
        .with(facts.plannedSteps, facts.device, run)
        .run();
}

/// The prompt and reference of a row as the run keeps them once; NULL where they are the ones kept.
struct OwnTexts {
    std::optional<std::string> prompt;
    std::optional<std::string> reference;
};

OwnTexts keepTexts(StoreConnection &connection, RunId run, const SampleRecord &sample)
{
    if (auto known = connection.query("SELECT prompt, reference FROM sample_prompts WHERE run = ? AND set_name = ? AND row = ?")
                         .with(run, sample.set, sample.row);
        known.next()) {
        OwnTexts own;
        if (known.text(0) != sample.prompt)
            own.prompt = sample.prompt;
        if (known.text(1) != sample.reference)
            own.reference = sample.reference;
        return own;
    }
    connection.query("INSERT INTO sample_prompts (run, set_name, row, prompt, reference) VALUES (?, ?, ?, ?, ?)")
        .with(run, sample.set, sample.row, sample.prompt, sample.reference)
        .run();
    return {};
}

} // namespace

namespace {

/// Relative to the store's folder. Two stores may lie in one folder, and both count their runs from 1.
std::string runFolder(StoreConnection &connection, RunId run)
{
    const std::string stem = std::filesystem::path(connection.database().getFilename()).stem().string();
    return (stem == "lethe" ? "runs/" : stem + ".runs/") + std::to_string(run);
}

} // namespace

RunId insertRun(StoreConnection &connection, const NewRun &run, const std::string &color)
{
    const ProcessIdentity process = identityOfProcess(run.processId);
    connection.query("INSERT INTO runs (name, status, method, model, learning_rate, planned_steps, created_at, parent, model_run, device, "
                     "process_id, process_start, boot_id) VALUES (?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .with(run.name, run.method, run.model, run.learningRate, run.plannedSteps, isoNow(), run.parent, run.modelRun, run.provenance.device,
              process.id, process.startTicks, process.bootId)
        .run();
    const RunId id = connection.lastInsertId();
    connection.query("UPDATE runs SET color = ?, folder = ? WHERE id = ?")
        .with(color.empty() ? std::string(kColors[static_cast<std::size_t>(id - 1) % kColors.size()]) : color,
              runFolder(connection, id), id)
        .run();
    connection.query("INSERT INTO run_documents (run, spec, lethe_version, torch_version, qt_version, device, host) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?)")
        .with(id, run.specJson, run.provenance.letheVersion, run.provenance.torchVersion, run.provenance.qtVersion,
              run.provenance.device, run.provenance.host)
        .run();
    insertFileHashes(connection, id, run.provenance.fileHashes);
    return id;
}

void insertFileHashes(StoreConnection &connection, RunId run, const std::vector<std::pair<std::string, std::string>> &hashes)
{
    for (const auto &[path, sha] : hashes)
        connection.query("INSERT OR REPLACE INTO run_files (run, path, sha256) VALUES (?, ?, ?)").with(run, path, sha).run();
}

void insertStep(StoreConnection &connection, RunId run, const StepRecord &step, const std::string &names, const std::string &numbers)
{
    std::optional<std::int64_t> nameId;
    std::optional<StoreBlob> packed;
    if (!step.values.empty()) {
        if (auto known = connection.query("SELECT id FROM value_names WHERE names = ?").with(names); known.next())
            nameId = known.integer(0);
        if (!nameId) {
            connection.query("INSERT INTO value_names (names) VALUES (?)").with(names).run();
            nameId = connection.lastInsertId();
        }
        packed = StoreBlob{numbers};
    }
    connection.query("INSERT OR REPLACE INTO steps (run, step, epoch, loss, forget_loss, retain_loss, learning_rate, grad_norm, tokens, "
                     "seconds, elapsed, peak_memory_bytes, skipped, value_names, value_numbers) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .with(run, step.step, step.epoch, step.loss, step.forgetLoss, step.retainLoss, step.learningRate, step.gradNorm, step.tokens,
              step.seconds, step.elapsed, step.peakMemoryBytes, step.skipped, nameId, packed)
        .run();
}

void insertStep(StoreConnection &connection, RunId run, const StepRecord &step)
{
    insertStep(connection, run, step, packedNames(step.values), packedNumbers(step.values));
}

void insertEvaluation(StoreConnection &connection, RunId run, const EvaluationRecord &evaluation, const std::string &metrics)
{
    // One evaluation of a kind at a step: a later one (asked for by hand) takes the earlier one's place.
    connection.query("DELETE FROM evaluations WHERE run = ? AND step = ? AND subset = ?")
        .with(run, evaluation.step, evaluation.subset)
        .run();
    connection.query("INSERT INTO evaluations (run, step, subset, seconds, metrics, reference_metrics) VALUES (?, ?, ?, ?, ?, ?)")
        .with(run, evaluation.step, evaluation.subset, evaluation.seconds, metrics,
              evaluation.reference.empty() ? std::optional<std::string>() : dumped(toJson(evaluation.reference)))
        .run();
    const std::int64_t id = connection.lastInsertId();
    std::int64_t position = 0;
    for (const SampleRecord &sample : evaluation.samples) {
        const OwnTexts own = keepTexts(connection, run, sample);
        connection.query("INSERT INTO samples (evaluation, position, set_name, row, prompt, reference, text, probability, rouge_recall, "
                         "exact_match, hit_token_limit, sample_values, tokens) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .with(id, position++, sample.set, sample.row, own.prompt, own.reference, sample.text, sample.probability,
                  sample.rougeRecall, sample.exactMatch, sample.hitTokenLimit,
                  sample.values.empty() ? std::optional<std::string>() : dumped(valuesToJson(sample.values)),
                  sample.tokens.empty() ? std::optional<std::string>() : dumped(toJson(sample.tokens)))
            .run();
    }
    if (evaluation.subset)
        return; // never mixed with full ones
    if (evaluation.step == 0)
        connection.query("UPDATE runs SET base_metrics = ? WHERE id = ?").with(metrics, run).run();
    else
        connection.query("UPDATE runs SET final_metrics = ? WHERE id = ?").with(metrics, run).run();
}

void insertEvent(StoreConnection &connection, RunId run, const EventRecord &event)
{
    connection.query("INSERT INTO events (run, step, kind, text, time) VALUES (?, ?, ?, ?, ?)")
        .with(run, event.step, event.kind, event.text, nanoseconds(event.time))
        .run();
}

void insertLog(StoreConnection &connection, RunId run, const LogLine &line)
{
    connection.query("INSERT INTO log_lines (run, time, level, source, text) VALUES (?, ?, ?, ?, ?)")
        .with(run, nanoseconds(line.time), toString(line.level), line.source, line.text)
        .run();
}

Result<RunId> RunStore::createRun(const NewRun &run)
{
    RunId id = 0;
    LETHE_TRY_VOID(m_data->perform([&](StoreConnection &connection) {
        if (run.parent) {
            auto parent = connection.query("SELECT 1 FROM runs WHERE id = ?").with(*run.parent);
            if (!parent.next())
                throw StoreRefusal(m_data->noSuchRun(*run.parent));
        }
        id = insertRun(connection, run, {});
    }));
    return id;
}

void RunStore::setStatus(RunId run, RunStatus status, const std::string &failure)
{
    m_data->post([run, status, failure, now = isEnd(status) ? isoNow() : std::string()](StoreConnection &connection) {
        connection.query("UPDATE runs SET status = ?, failure = ?, ended_at = ? WHERE id = ?")
            .with(toString(status), failure, now, run)
            .run();
    });
}

void RunStore::setFacts(RunId run, const RunFacts &facts)
{
    m_data->post([run, facts, json = dumped(toJson(facts))](StoreConnection &connection) { storeFacts(connection, run, json, facts); });
}

void RunStore::appendStep(RunId run, const StepRecord &step)
{
    m_data->post([run, step, names = packedNames(step.values), numbers = packedNumbers(step.values)](StoreConnection &connection) {
        insertStep(connection, run, step, names, numbers);
    });
}

void RunStore::appendEvaluation(RunId run, const EvaluationRecord &evaluation)
{
    m_data->post([run, evaluation, metrics = dumped(toJson(evaluation.metrics))](StoreConnection &connection) {
        insertEvaluation(connection, run, evaluation, metrics);
    });
}

void RunStore::appendCheckpoint(RunId run, const CheckpointRecord &checkpoint)
{
    m_data->post([run, checkpoint, path = m_data->relative(checkpoint.path)](StoreConnection &connection) {
        connection.query("INSERT OR REPLACE INTO checkpoints (run, step, path, bytes) VALUES (?, ?, ?, ?)")
            .with(run, checkpoint.step, path, checkpoint.bytes)
            .run();
    });
}

void RunStore::appendEvent(RunId run, const EventRecord &event)
{
    m_data->post([run, event](StoreConnection &connection) { insertEvent(connection, run, event); });
}

void RunStore::appendLog(RunId run, const LogLine &line)
{
    m_data->post([run, line](StoreConnection &connection) { insertLog(connection, run, line); });
}

void RunStore::addFileHashes(RunId run, const std::vector<std::pair<std::string, std::string>> &hashes)
{
    m_data->post([run, hashes](StoreConnection &connection) { insertFileHashes(connection, run, hashes); });
}

void RunStore::finishRun(const RunSummary &summary)
{
    m_data->post([summary, metrics = dumped(toJson(summary.finalMetrics)), now = isoNow()](StoreConnection &connection) {
        connection.query("UPDATE runs SET status = ?, failure = ?, ended_at = ?, steps = ?, seconds = ?, tokens_per_second = ?, "
                         "peak_memory_bytes = ? WHERE id = ?")
            .with(toString(summary.status), summary.failure, now, summary.steps, summary.seconds, summary.tokensPerSecond,
                  summary.peakMemoryBytes, summary.runId)
            .run();
        if (!summary.finalMetrics.empty())
            connection.query("UPDATE runs SET final_metrics = ? WHERE id = ?").with(metrics, summary.runId).run();
        if (summary.facts != RunFacts{})
            storeFacts(connection, summary.runId, dumped(toJson(summary.facts)), summary.facts);
    });
}

Result<void> RunStore::rewindRun(RunId run, std::int64_t step, std::int64_t processId)
{
    return m_data->perform([&, process = identityOfProcess(processId)](StoreConnection &connection) {
        connection.query("DELETE FROM steps WHERE run = ? AND step > ?").with(run, step).run();
        connection.query("DELETE FROM evaluations WHERE run = ? AND step > ?").with(run, step).run();
        connection.query("DELETE FROM checkpoints WHERE run = ? AND step > ?").with(run, step).run();
        const int changed
            = connection
                  .query("UPDATE runs SET status = 'running', failure = '', ended_at = '', tokens_per_second = NULL, "
                         "process_id = ?, process_start = ?, boot_id = ?, "
                         "steps = coalesce((SELECT max(step) FROM steps WHERE run = id), 0), "
                         "seconds = coalesce((SELECT elapsed FROM steps WHERE run = id ORDER BY step DESC LIMIT 1), 0), "
                         "tokens = coalesce((SELECT sum(tokens) FROM steps WHERE run = id), 0), "
                         "final_metrics = coalesce((SELECT metrics FROM evaluations WHERE run = runs.id AND subset = 0 AND step > 0 "
                         "ORDER BY step DESC LIMIT 1), '[]') WHERE id = ?")
                  .with(process.id, process.startTicks, process.bootId, run)
                  .run();
        if (changed == 0)
            throw StoreRefusal(m_data->noSuchRun(run));
    });
}

Result<void> RunStore::flush()
{
    return m_data->perform([](StoreConnection &) {});
}

Result<std::int64_t> RunStore::noticeInterrupted()
{
    const auto runsWithoutProcess = [](StoreConnection &connection) {
        std::vector<std::pair<RunId, std::int64_t>> gone;
        auto live = connection.query("SELECT id, process_id, process_start, boot_id, steps FROM runs "
                                     "WHERE status IN ('queued', 'running', 'paused')");
        while (live.next())
            if (!isProcessAlive({.id = live.integer(1), .startTicks = live.integer(2), .bootId = live.text(3)}))
                gone.emplace_back(live.integer(0), live.integer(4));
        return gone;
    };
    // asked again and again by a window that stays open: no write lock is taken where there is nothing to write
    LETHE_TRY(const bool any, m_data->readers.read([&](StoreConnection &connection) -> Result<bool> { return !runsWithoutProcess(connection).empty(); }));
    if (!any)
        return 0;
    std::int64_t found = 0;
    LETHE_TRY_VOID(m_data->perform([&](StoreConnection &connection) {
        const auto gone = runsWithoutProcess(connection);
        for (const auto &[run, steps] : gone) {
            connection.query("UPDATE runs SET status = 'interrupted', ended_at = ? WHERE id = ?").with(isoNow(), run).run();
            insertEvent(connection, run, {.step = steps, .kind = "interrupted", .text = "The program that ran it is gone"});
        }
        found = static_cast<std::int64_t>(gone.size());
    }));
    return found;
}

} // namespace lethe
