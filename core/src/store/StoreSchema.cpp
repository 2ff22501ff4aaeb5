#include "StoreSchema.h"

#include <SQLiteCpp/Transaction.h>

#include <array>
#include <string>

namespace lethe {

namespace {

/// Times in columns named `…_at` are ISO 8601 text in UTC, those named `time` are nanoseconds since 1970. Metrics, tags and
/// facts are JSON. Folders below the store's own are kept relative to it, so that the store can be moved with its runs.
void makeVersion1(SQLite::Database &database)
{
    database.exec(R"sql(
        -- AUTOINCREMENT: an id names a folder, and is never given to another run.
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            status TEXT NOT NULL,
            failure TEXT NOT NULL DEFAULT '',
            method TEXT NOT NULL,
            model TEXT NOT NULL,
            learning_rate REAL NOT NULL,
            steps INTEGER NOT NULL DEFAULT 0,
            planned_steps INTEGER NOT NULL DEFAULT 0,
            seconds REAL NOT NULL DEFAULT 0,
            tokens INTEGER NOT NULL DEFAULT 0,
            tokens_per_second REAL,          -- as the run's end reported it; before that, tokens / seconds
            peak_memory_bytes INTEGER NOT NULL DEFAULT 0,
            created_at TEXT NOT NULL,
            ended_at TEXT NOT NULL DEFAULT '',
            color TEXT NOT NULL DEFAULT '',
            starred INTEGER NOT NULL DEFAULT 0,
            tags TEXT NOT NULL DEFAULT '[]',
            note TEXT NOT NULL DEFAULT '',
            parent INTEGER REFERENCES runs(id) ON DELETE SET NULL,
            device TEXT NOT NULL DEFAULT '',
            folder TEXT NOT NULL DEFAULT '',
            base_metrics TEXT NOT NULL DEFAULT '[]',
            final_metrics TEXT NOT NULL DEFAULT '[]',
            deleted_at TEXT,                 -- in the bin since
            process_id INTEGER NOT NULL DEFAULT 0,
            process_start INTEGER NOT NULL DEFAULT 0, -- of that process, in clock ticks since boot
            boot_id TEXT NOT NULL DEFAULT ''
        );
        CREATE INDEX runs_by_parent ON runs(parent);

        -- What is long and seldom read, apart from the table that is read whole.
        CREATE TABLE run_documents (
            run INTEGER PRIMARY KEY REFERENCES runs(id) ON DELETE CASCADE,
            spec TEXT NOT NULL,
            facts TEXT NOT NULL DEFAULT '{}',
            lethe_version TEXT NOT NULL DEFAULT '',
            torch_version TEXT NOT NULL DEFAULT '',
            qt_version TEXT NOT NULL DEFAULT '',
            device TEXT NOT NULL DEFAULT '',
            host TEXT NOT NULL DEFAULT '',
            origin TEXT NOT NULL DEFAULT ''  -- of an imported run: where it was exported
        );
        CREATE TABLE run_files (
            run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
            path TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            PRIMARY KEY (run, path)
        ) WITHOUT ROWID;

        -- A method's own values: their names once, the numbers of a step as packed little-endian doubles.
        CREATE TABLE value_names (
            id INTEGER PRIMARY KEY,
            names TEXT NOT NULL UNIQUE
        );
        CREATE TABLE steps (
            run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
            step INTEGER NOT NULL,
            epoch REAL, loss REAL, forget_loss REAL, retain_loss REAL, -- NULL where the number is not a number
            learning_rate REAL, grad_norm REAL,
            tokens INTEGER NOT NULL,
            seconds REAL, elapsed REAL,
            peak_memory_bytes INTEGER NOT NULL,
            skipped INTEGER NOT NULL,
            value_names INTEGER REFERENCES value_names(id),
            value_numbers BLOB,
            PRIMARY KEY (run, step)
        ) WITHOUT ROWID;
        CREATE TRIGGER steps_are_counted AFTER INSERT ON steps BEGIN
            UPDATE runs SET steps = NEW.step, seconds = NEW.elapsed, tokens = tokens + NEW.tokens,
                peak_memory_bytes = max(peak_memory_bytes, NEW.peak_memory_bytes)
            WHERE id = NEW.run;
        END;

        CREATE TABLE evaluations (
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
            step INTEGER NOT NULL,
            subset INTEGER NOT NULL,
            seconds REAL,
            metrics TEXT NOT NULL,
            UNIQUE (run, step, subset)
        );
        -- A row's prompt and reference are the same at every evaluation of a run: kept once.
        CREATE TABLE sample_prompts (
            run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
            set_name TEXT NOT NULL,
            row INTEGER NOT NULL,
            prompt TEXT NOT NULL,
            reference TEXT NOT NULL,
            PRIMARY KEY (run, set_name, row)
        ) WITHOUT ROWID;
        CREATE TABLE samples (
            evaluation INTEGER NOT NULL REFERENCES evaluations(id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            set_name TEXT NOT NULL,
            row INTEGER NOT NULL,
            prompt TEXT,                     -- these two only where they differ from sample_prompts
            reference TEXT,
            text TEXT,
            probability REAL, rouge_recall REAL, exact_match REAL,
            hit_token_limit INTEGER NOT NULL,
            PRIMARY KEY (evaluation, position)
        ) WITHOUT ROWID;

        CREATE TABLE checkpoints (
            run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
            step INTEGER NOT NULL,
            path TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            PRIMARY KEY (run, step)
        ) WITHOUT ROWID;
        CREATE TABLE events (
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
            step INTEGER NOT NULL,
            kind TEXT NOT NULL,
            text TEXT NOT NULL,
            time INTEGER NOT NULL
        );
        CREATE INDEX events_by_run ON events(run);
        CREATE TABLE log_lines (
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
            time INTEGER NOT NULL,
            level TEXT NOT NULL,
            source TEXT NOT NULL,
            text TEXT NOT NULL
        );
        CREATE INDEX log_lines_by_run ON log_lines(run);

        CREATE TABLE key_values (
            key TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE set_contents (
            sha256 TEXT PRIMARY KEY,
            rows TEXT NOT NULL
        );
        CREATE TABLE sets (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE
        );
        CREATE TABLE set_versions (
            set_id INTEGER NOT NULL REFERENCES sets(id) ON DELETE CASCADE,
            version INTEGER NOT NULL,
            sha256 TEXT NOT NULL REFERENCES set_contents(sha256),
            saved_at TEXT NOT NULL,
            PRIMARY KEY (set_id, version)
        ) WITHOUT ROWID;
    )sql");
}

/// What metrics say of single rows, by name, as JSON: which ones there are is the metrics' affair.
void makeVersion2(SQLite::Database &database)
{
    database.exec("ALTER TABLE samples ADD COLUMN sample_values TEXT");
}

/// Whose result a run began from: forget set 2 after forget set 1.
void makeVersion3(SQLite::Database &database)
{
    database.exec("ALTER TABLE runs ADD COLUMN model_run INTEGER REFERENCES runs(id) ON DELETE SET NULL");
}

/// The scored tokens of a row's reference answer, and the retrained model's metrics; both as JSON.
void makeVersion4(SQLite::Database &database)
{
    database.exec("ALTER TABLE samples ADD COLUMN tokens TEXT");
    database.exec("ALTER TABLE evaluations ADD COLUMN reference_metrics TEXT");
}

constexpr std::array<StoreMigration, 4> kMigrations{makeVersion1, makeVersion2, makeVersion3, makeVersion4};

} // namespace

std::span<const StoreMigration> storeMigrations()
{
    return kMigrations;
}

std::int64_t migrateStore(SQLite::Database &database, std::span<const StoreMigration> migrations)
{
    const auto newest = static_cast<std::int64_t>(migrations.size());
    const auto versionNow = [&] { return database.execAndGet("PRAGMA user_version").getInt64(); };
    if (const std::int64_t version = versionNow(); version >= newest)
        return version; // no lock taken where nothing is to be done
    // The version is asked again inside: two programs may start on a new store at once.
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    const std::int64_t found = versionNow();
    for (std::int64_t version = found; version < newest; ++version)
        migrations[static_cast<std::size_t>(version)](database);
    if (found < newest) {
        database.exec("PRAGMA application_id = " + std::to_string(kStoreApplicationId));
        database.exec("PRAGMA user_version = " + std::to_string(newest));
    }
    transaction.commit();
    return found;
}

} // namespace lethe
