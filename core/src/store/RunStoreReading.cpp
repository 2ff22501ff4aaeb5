#include "RecordText.h"
#include "RunStoreData.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <map>

namespace lethe {

using Json = nlohmann::ordered_json;

namespace {

/// The columns that `rowFrom` reads, in its order.
#define LETHE_RUN_COLUMNS                                                                                                    \
    "id, name, status, failure, method, model, learning_rate, steps, planned_steps, seconds, "                               \
    "coalesce(tokens_per_second, CASE WHEN seconds > 0 THEN tokens / seconds ELSE 0.0 END), peak_memory_bytes, created_at, " \
    "ended_at, color, starred, tags, note, parent, device, folder, final_metrics, base_metrics, deleted_at IS NOT NULL, model_run"

std::vector<MetricValue> metricsFromText(const std::string &text)
{
    return text == "[]" ? std::vector<MetricValue>{} : metricsFrom(Json::parse(text));
}

} // namespace

struct RunStore::Access {
    static RunRow rowFrom(const StoreQuery &query, const Data &data)
    {
        RunRow row;
        int column = 0;
        row.id = query.integer(column++);
        row.name = query.text(column++);
        row.status = runStatusFrom(query.text(column++)).value_or(RunStatus::Failed);
        row.failure = query.text(column++);
        row.method = query.text(column++);
        row.model = query.text(column++);
        row.learningRate = query.real(column++);
        row.steps = query.integer(column++);
        row.plannedSteps = query.integer(column++);
        row.seconds = query.real(column++);
        row.tokensPerSecond = query.real(column++);
        row.peakMemoryBytes = query.integer(column++);
        row.createdAt = query.text(column++);
        row.endedAt = query.text(column++);
        row.color = query.text(column++);
        row.starred = query.integer(column++) != 0;
        if (const std::string tags = query.text(column++); tags != "[]")
            row.tags = Json::parse(tags).get<std::vector<std::string>>();
        row.note = query.text(column++);
        if (!query.isNull(column))
            row.parent = query.integer(column);
        ++column;
        row.device = query.text(column++);
        row.folder = data.resolved(query.text(column++));
        row.finalMetrics = metricsFromText(query.text(column++));
        row.baseMetrics = metricsFromText(query.text(column++));
        row.deleted = query.integer(column++) != 0;
        if (!query.isNull(column))
            row.modelRun = query.integer(column);
        return row;
    }

    static Result<RunRow> row(StoreConnection &connection, const Data &data, RunId run)
    {
        auto query = connection.query("SELECT " LETHE_RUN_COLUMNS " FROM runs WHERE id = ?");
        if (!query.with(run).next())
            return data.noSuchRun(run);
        return rowFrom(query, data);
    }

    static std::vector<CheckpointRecord> checkpoints(StoreConnection &connection, const Data &data, RunId run)
    {
        std::vector<CheckpointRecord> records;
        auto query = connection.query("SELECT step, path, bytes FROM checkpoints WHERE run = ? ORDER BY step");
        query.with(run);
        while (query.next())
            records.push_back({.step = query.integer(0), .path = data.resolved(query.text(1)), .bytes = query.integer(2)});
        return records;
    }

    static std::vector<EventRecord> events(StoreConnection &connection, RunId run)
    {
        std::vector<EventRecord> records;
        auto query = connection.query("SELECT step, kind, text, time FROM events WHERE run = ? ORDER BY id");
        query.with(run);
        while (query.next())
            records.push_back({.step = query.integer(0), .kind = query.text(1), .text = query.text(2), .time = timeFrom(query.integer(3))});
        return records;
    }

    static std::vector<SampleRecord> samples(StoreConnection &connection, RunId run, std::int64_t evaluation)
    {
        std::vector<SampleRecord> records;
        auto query = connection.query("SELECT s.set_name, s.row, coalesce(s.prompt, p.prompt), coalesce(s.reference, p.reference), s.text, "
                                      "s.probability, s.rouge_recall, s.exact_match, s.hit_token_limit, s.sample_values, s.tokens FROM samples s "
                                      "LEFT JOIN sample_prompts p ON p.run = ? AND p.set_name = s.set_name AND p.row = s.row "
                                      "WHERE s.evaluation = ? ORDER BY s.position");
        query.with(run, evaluation);
        while (query.next()) {
            records.push_back({.set = query.text(0),
                               .row = query.integer(1),
                               .prompt = query.text(2),
                               .reference = query.text(3),
                               .text = query.maybeText(4),
                               .probability = query.maybeReal(5),
                               .rougeRecall = query.maybeReal(6),
                               .exactMatch = query.maybeReal(7),
                               .hitTokenLimit = query.integer(8) != 0});
            if (const auto values = query.maybeText(9))
                records.back().values = valuesFrom(nlohmann::ordered_json::parse(*values));
            if (const auto tokens = query.maybeText(10))
                records.back().tokens = tokensFrom(nlohmann::ordered_json::parse(*tokens));
        }
        return records;
    }
};

namespace {

/// A statement read with SQLite's own functions: SQLiteCpp's column objects cost more than the rest of reading a step.
struct RawStatement {
    sqlite3_stmt *statement = nullptr;

    RawStatement(SQLite::Database &database, const char *sql)
    {
        const int code = sqlite3_prepare_v2(database.getHandle(), sql, -1, &statement, nullptr);
        if (code != SQLITE_OK)
            throw SQLite::Exception(database.getHandle(), code);
    }
    RawStatement(const RawStatement &) = delete;
    RawStatement &operator=(const RawStatement &) = delete;
    ~RawStatement() { sqlite3_finalize(statement); }

    bool next()
    {
        const int code = sqlite3_step(statement);
        if (code != SQLITE_ROW && code != SQLITE_DONE)
            throw SQLite::Exception(sqlite3_db_handle(statement), code);
        return code == SQLITE_ROW;
    }
    bool isNull(int column) { return sqlite3_column_type(statement, column) == SQLITE_NULL; }
    std::int64_t integer(int column) { return sqlite3_column_int64(statement, column); }
    double real(int column)
    {
        const double value = sqlite3_column_double(statement, column);
        // NULL reads as 0: only a 0 has to be asked what it is
        return value == 0 && isNull(column) ? std::numeric_limits<double>::quiet_NaN() : value;
    }
};

/// A method's names of its values, by their id: they are the same at every step, so each list is read once.
class ValueNames
{
public:
    explicit ValueNames(StoreConnection &connection) : m_connection(connection) {}

    const std::vector<std::string> &operator[](std::int64_t id)
    {
        if (id == m_lastId)
            return *m_last;
        auto found = m_names.find(id);
        if (found == m_names.end()) {
            auto query = m_connection.query("SELECT names FROM value_names WHERE id = ?");
            found = m_names.emplace(id, query.with(id).next() ? unpackedNames(query.text(0)) : std::vector<std::string>{}).first;
        }
        m_lastId = id;
        m_last = &found->second;
        return *m_last;
    }

private:
    StoreConnection &m_connection;
    std::map<std::int64_t, std::vector<std::string>> m_names;
    std::int64_t m_lastId = -1;
    const std::vector<std::string> *m_last = nullptr;
};

std::vector<StepRecord> readSteps(StoreConnection &connection, RunId run, std::int64_t afterStep)
{
    RawStatement rows(connection.database(),
                      "SELECT step, epoch, loss, forget_loss, retain_loss, learning_rate, grad_norm, tokens, seconds, elapsed, "
                      "peak_memory_bytes, skipped, value_names, value_numbers FROM steps WHERE run = ? AND step > ? ORDER BY step");
    sqlite3_bind_int64(rows.statement, 1, run);
    sqlite3_bind_int64(rows.statement, 2, afterStep);
    ValueNames names(connection);
    std::vector<StepRecord> steps;
    {
        auto count = connection.query("SELECT steps FROM runs WHERE id = ?").with(run);
        if (count.next()) // a hint, no promise
            steps.reserve(static_cast<std::size_t>(std::clamp<std::int64_t>(count.integer(0) - std::max<std::int64_t>(afterStep, 0), 0, 1'000'000)));
    }
    while (rows.next()) {
        StepRecord &step = steps.emplace_back();
        step.step = rows.integer(0);
        step.epoch = rows.real(1);
        step.loss = rows.real(2);
        if (!rows.isNull(3))
            step.forgetLoss = rows.real(3);
        if (!rows.isNull(4))
            step.retainLoss = rows.real(4);
        step.learningRate = rows.real(5);
        step.gradNorm = rows.real(6);
        step.tokens = rows.integer(7);
        step.seconds = rows.real(8);
        step.elapsed = rows.real(9);
        step.peakMemoryBytes = rows.integer(10);
        step.skipped = rows.integer(11) != 0;
        if (rows.isNull(12))
            continue;
        const std::vector<std::string> &valueNames = names[rows.integer(12)];
        const auto *numbers = static_cast<const char *>(sqlite3_column_blob(rows.statement, 13));
        const std::size_t count
            = std::min(valueNames.size(), static_cast<std::size_t>(sqlite3_column_bytes(rows.statement, 13)) / sizeof(double));
        step.values.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            double number = 0;
            std::memcpy(&number, numbers + i * sizeof number, sizeof number);
            step.values.emplace_back(valueNames[i], number);
        }
    }
    return steps;
}

} // namespace

Result<std::vector<RunRow>> RunStore::runs(bool withDeleted) const
{
    return m_data->readers.read([&](StoreConnection &connection) -> Result<std::vector<RunRow>> {
        std::vector<RunRow> rows;
        auto query = connection.query("SELECT " LETHE_RUN_COLUMNS " FROM runs WHERE ? OR deleted_at IS NULL ORDER BY id DESC");
        query.with(withDeleted);
        while (query.next())
            rows.push_back(Access::rowFrom(query, *m_data));
        return rows;
    });
}

Result<RunRow> RunStore::run(RunId run) const
{
    return m_data->readers.read([&](StoreConnection &connection) { return Access::row(connection, *m_data, run); });
}

Result<RunDetails> RunStore::details(RunId run) const
{
    return m_data->readers.read([&](StoreConnection &connection) -> Result<RunDetails> {
        RunDetails details;
        LETHE_TRY(details.row, Access::row(connection, *m_data, run));
        {
            auto query = connection.query("SELECT spec, facts, lethe_version, torch_version, qt_version, device, host, origin "
                                          "FROM run_documents WHERE run = ?");
            if (query.with(run).next()) {
                details.specJson = query.text(0);
                details.facts = factsFrom(Json::parse(query.text(1)));
                details.provenance = {.letheVersion = query.text(2), .torchVersion = query.text(3), .qtVersion = query.text(4),
                                      .device = query.text(5), .host = query.text(6), .fileHashes = {}};
                details.origin = query.text(7);
            }
        }
        auto files = connection.query("SELECT path, sha256 FROM run_files WHERE run = ? ORDER BY path");
        files.with(run);
        while (files.next())
            details.provenance.fileHashes.emplace_back(files.text(0), files.text(1));
        details.checkpoints = Access::checkpoints(connection, *m_data, run);
        details.events = Access::events(connection, run);
        return details;
    });
}

Result<std::vector<StepRecord>> RunStore::steps(RunId run, std::int64_t afterStep) const
{
    return m_data->readers.read(
        [&](StoreConnection &connection) -> Result<std::vector<StepRecord>> { return readSteps(connection, run, afterStep); });
}

Result<StepSeries> RunStore::stepSeries(RunId run) const
{
    return m_data->readers.read([&](StoreConnection &connection) -> Result<StepSeries> {
        StepSeries series;
        // in the table's own order of columns: SQLite decodes a row from the left
        const std::array columns{&series.step, &series.epoch, &series.loss, &series.forgetLoss, &series.retainLoss, &series.tokens, &series.elapsed};
        {
            auto count = connection.query("SELECT steps FROM runs WHERE id = ?").with(run);
            if (count.next()) // a hint, no promise
                for (std::vector<double> *column : columns)
                    column->reserve(static_cast<std::size_t>(std::clamp<std::int64_t>(count.integer(0), 0, 1'000'000)));
        }
        RawStatement rows(connection.database(),
                          "SELECT step, epoch, loss, forget_loss, retain_loss, tokens, elapsed FROM steps WHERE run = ? ORDER BY step");
        sqlite3_bind_int64(rows.statement, 1, run);
        while (rows.next())
            for (std::size_t column = 0; column < columns.size(); ++column)
                columns[column]->push_back(rows.real(static_cast<int>(column)));
        return series;
    });
}

Result<std::vector<EvaluationRecord>> RunStore::evaluations(RunId run, bool withSamples, std::int64_t afterStep) const
{
    return m_data->readers.read([&](StoreConnection &connection) -> Result<std::vector<EvaluationRecord>> {
        std::vector<EvaluationRecord> records;
        auto query = connection.query("SELECT id, step, subset, seconds, metrics, reference_metrics FROM evaluations WHERE run = ? AND step > ? "
                                      "ORDER BY step, id");
        query.with(run, afterStep);
        while (query.next()) {
            EvaluationRecord &record = records.emplace_back();
            record.step = query.integer(1);
            record.subset = query.integer(2) != 0;
            record.seconds = query.real(3);
            record.metrics = metricsFromText(query.text(4));
            if (const auto reference = query.maybeText(5))
                record.reference = metricsFromText(*reference);
            if (withSamples)
                record.samples = Access::samples(connection, run, query.integer(0));
        }
        return records;
    });
}

Result<std::vector<CheckpointRecord>> RunStore::checkpoints(RunId run) const
{
    return m_data->readers.read([&](StoreConnection &connection) -> Result<std::vector<CheckpointRecord>> {
        return Access::checkpoints(connection, *m_data, run);
    });
}

Result<std::vector<EventRecord>> RunStore::events(RunId run) const
{
    return m_data->readers.read(
        [&](StoreConnection &connection) -> Result<std::vector<EventRecord>> { return Access::events(connection, run); });
}

Result<std::vector<LogLine>> RunStore::logLines(RunId run) const
{
    return m_data->readers.read([&](StoreConnection &connection) -> Result<std::vector<LogLine>> {
        std::vector<LogLine> lines;
        auto query = connection.query("SELECT time, level, source, text FROM log_lines WHERE run = ? ORDER BY id");
        query.with(run);
        while (query.next()) {
            LogLine &line = lines.emplace_back();
            line.time = timeFrom(query.integer(0));
            const std::string level = query.text(1);
            for (const LogLevel candidate : {LogLevel::Debug, LogLevel::Info, LogLevel::Warning, LogLevel::Error})
                if (toString(candidate) == level)
                    line.level = candidate;
            line.source = query.text(2);
            line.text = query.text(3);
        }
        return lines;
    });
}

Result<std::int64_t> RunStore::changeCounter() const
{
    const std::lock_guard lock(m_data->watchMutex);
    try {
        if (!m_data->watcher)
            m_data->watcher = std::make_unique<StoreConnection>(m_data->file, m_data->readingKind);
        // Differs from the last answer when any other connection, of whatever process, has committed meanwhile; the writer's is
        // another connection too.
        auto query = m_data->watcher->query("PRAGMA data_version");
        query.next();
        if (const std::int64_t version = query.integer(0); version != m_data->watchedVersion) {
            m_data->watchedVersion = version;
            ++m_data->changes;
        }
        return m_data->changes;
    } catch (const SQLite::Exception &exception) {
        return storeError(exception, m_data->file);
    }
}

Result<void> RunStore::checkIntegrity() const
{
    return m_data->readers.read([&](StoreConnection &connection) -> Result<void> {
        const auto damaged = [&](const std::string &what) {
            return Error{.code = ErrorCode::Corrupt, .what = "the store is damaged: " + what, .where = m_data->file.string(), .hint = {}};
        };
        auto check = connection.query("PRAGMA integrity_check(1)");
        if (!check.next() || check.text(0) != "ok")
            return damaged(check.text(0));
        auto keys = connection.query("PRAGMA foreign_key_check");
        if (keys.next())
            return damaged("a row of `" + keys.text(0) + "` belongs to nothing");
        return {};
    });
}

} // namespace lethe
