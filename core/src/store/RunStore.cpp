#include "RunStoreData.h"
#include "StoreSchema.h"

#include <lethe/base/Log.h>
#include <lethe/base/Paths.h>

#include <sqlite3.h>

#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>
#include <utility>

namespace lethe {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::pair<RunStatus, std::string_view>, 8> kStatusNames{{
    {RunStatus::Queued, "queued"},
    {RunStatus::Running, "running"},
    {RunStatus::Paused, "paused"},
    {RunStatus::Done, "done"},
    {RunStatus::Stopped, "stopped"},
    {RunStatus::Cancelled, "cancelled"},
    {RunStatus::Failed, "failed"},
    {RunStatus::Interrupted, "interrupted"},
}};

/// Below this a store is checked whole when it is opened: it takes no time that anybody notices.
constexpr std::uintmax_t kCheckedBytes = 32u << 20;
/// How often the change to write-ahead logging is tried while another program starts on the same new store.
constexpr int kJournalTries = 50;

Error damagedStore(const fs::path &file, const std::string &what)
{
    return Error{.code = ErrorCode::Corrupt, .what = "the store is damaged: " + what, .where = file.string(),
                 .hint = "Nothing was changed. Keep a copy; `sqlite3 FILE .recover` reads what can be read"};
}

/// Looks at a file without changing it: a store of ours, of a version that is known, and sound as far as a look can tell.
Result<void> examine(StoreConnection &connection, const fs::path &file, RunStore::Mode mode)
{
    SQLite::Database &database = connection.database();
    const std::int64_t objects = database.execAndGet("SELECT count(*) FROM sqlite_master").getInt64();
    const std::int64_t application = database.execAndGet("PRAGMA application_id").getInt64();
    const std::int64_t version = database.execAndGet("PRAGMA user_version").getInt64();
    if (application != kStoreApplicationId) {
        // SQLite takes a file shorter than its header for an empty one and would write over it.
        std::error_code sizeError;
        if (database.execAndGet("PRAGMA page_count").getInt64() == 0 && fs::file_size(file, sizeError) > 0)
            return storeError(SQLite::Exception("no database", SQLITE_NOTADB), file);
        if (objects == 0 && application == 0 && version == 0 && mode == RunStore::Mode::ReadWrite)
            return {}; // made by a program that died before its first commit
        return Error{.code = ErrorCode::Corrupt, .what = "is an SQLite file of another program, no run store", .where = file.string(),
                     .hint = "Choose another file with --db"};
    }
    const auto known = static_cast<std::int64_t>(storeMigrations().size());
    if (version > known)
        return Error{.code = ErrorCode::Unsupported,
                     .what = "was written by a newer Lethe: its store version is " + std::to_string(version) + ", this Lethe "
                         + LETHE_VERSION + " knows versions up to " + std::to_string(known),
                     .where = file.string(), .hint = "Update Lethe, or choose another store with --db"};
    if (version < known && mode == RunStore::Mode::ReadOnly)
        return Error{.code = ErrorCode::Unsupported,
                     .what = "is of the older store version " + std::to_string(version) + " and must be brought to version "
                         + std::to_string(known) + " first",
                     .where = file.string(), .hint = "Open it once where it may be written"};
    std::error_code error;
    if (fs::file_size(file, error) <= kCheckedBytes && !error) {
        const std::string found = database.execAndGet("PRAGMA quick_check(1)").getString();
        if (found != "ok")
            return damagedStore(file, found);
    }
    return {};
}

/// A reading connection that works: SQLite needs to write shared memory beside a store, which a read-only folder forbids.
std::unique_ptr<StoreConnection> openForReading(const fs::path &file, StoreConnection::Kind &kind)
{
    kind = StoreConnection::Kind::Reading;
    try {
        auto connection = std::make_unique<StoreConnection>(file, kind);
        connection->database().execAndGet("SELECT count(*) FROM sqlite_master");
        return connection;
    } catch (const SQLite::Exception &exception) {
        const int code = exception.getErrorCode() & 0xff;
        if ((code != SQLITE_CANTOPEN && code != SQLITE_READONLY) || ::access(file.c_str(), R_OK) != 0)
            throw;
    }
    kind = StoreConnection::Kind::Frozen;
    std::error_code error;
    if (const auto pending = fs::file_size(file.string() + "-wal", error); !error && pending > 0)
        log(LogLevel::Warning, "store",
            file.string() + ": the last writes lie in a journal that cannot be read in a read-only folder; they are not shown");
    auto connection = std::make_unique<StoreConnection>(file, kind);
    connection->database().execAndGet("SELECT count(*) FROM sqlite_master");
    return connection;
}

/// Write-ahead logging: readers never wait for the writer nor it for them. `synchronous = NORMAL` does not wait for the disk at
/// every commit: a process that is killed loses nothing it committed (the pages are the kernel's by then); a machine that
/// loses power may lose the last commits, and in neither case is the store damaged.
void prepareForWriting(SQLite::Database &database)
{
    for (int tries = 1;; ++tries) {
        try {
            database.exec("PRAGMA journal_mode = WAL");
            break;
        } catch (const SQLite::Exception &exception) {
            // SQLite does not wait for this lock by itself, whatever the busy timeout.
            if ((exception.getErrorCode() & 0xff) != SQLITE_BUSY || tries == kJournalTries)
                throw;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    }
    database.exec("PRAGMA synchronous = NORMAL");
    database.exec("PRAGMA journal_size_limit = 67108864");
}

} // namespace

std::string_view toString(RunStatus status)
{
    for (const auto &[value, name] : kStatusNames)
        if (value == status)
            return name;
    return {};
}

std::optional<RunStatus> runStatusFrom(std::string_view text)
{
    for (const auto &[value, name] : kStatusNames)
        if (name == text)
            return value;
    return std::nullopt;
}

void RunStore::Data::post(StoreWriter::Write write)
{
    if (writer)
        writer->post(std::move(write));
    else
        log(LogLevel::Warning, "store", file.string() + ": open for viewing only, a record was not stored");
}

Result<void> RunStore::Data::perform(StoreWriter::Write write)
{
    if (!writer)
        return Error{.code = ErrorCode::Io, .what = "the store is open for viewing only", .where = file.string(), .hint = {}};
    return writer->perform(std::move(write));
}

std::string RunStore::Data::relative(const fs::path &path) const
{
    const fs::path inside = path.lexically_normal().lexically_relative(folder.lexically_normal());
    return inside.empty() || *inside.begin() == ".." ? path.string() : inside.string();
}

std::string RunStore::Data::resolved(const std::string &stored) const
{
    return stored.empty() || fs::path(stored).is_absolute() ? stored : (folder / stored).string();
}

Error RunStore::Data::noSuchRun(RunId run) const
{
    return Error{.code = ErrorCode::NotFound, .what = "there is no run " + std::to_string(run) + " in this store",
                 .where = file.string(), .hint = "`lethe-cli runs list` shows the runs"};
}

RunStore::RunStore(std::unique_ptr<Data> data) : m_data(std::move(data)) {}
RunStore::~RunStore() = default;

Result<std::unique_ptr<RunStore>> RunStore::open(const fs::path &file, Mode mode)
{
    std::error_code error;
    if (fs::is_directory(file, error))
        return Error{.code = ErrorCode::Io, .what = "is a folder, the store is a file", .where = file.string(), .hint = {}};
    const bool isThere = fs::exists(file, error);
    if (!isThere && mode == Mode::ReadOnly)
        return Error{.code = ErrorCode::NotFound, .what = "there is no run store", .where = file.string(), .hint = {}};
    if (!isThere && !file.parent_path().empty()) {
        fs::create_directories(file.parent_path(), error);
        if (error)
            return systemError(error.value(), "the store's folder cannot be made", file.parent_path());
    }
    try {
        auto readingKind = StoreConnection::Kind::Reading;
        if (isThere && (fs::file_size(file, error) > 0 || mode == Mode::ReadOnly)) {
            const auto look = openForReading(file, readingKind);
            LETHE_TRY_VOID(examine(*look, file, mode));
        }
        if (mode == Mode::ReadOnly)
            return std::unique_ptr<RunStore>(new RunStore(std::make_unique<Data>(file, readingKind)));

        auto connection = std::make_unique<StoreConnection>(file, StoreConnection::Kind::Writing);
        if (sqlite3_db_readonly(connection->database().getHandle(), "main") == 1)
            return storeError(SQLite::Exception("read-only", SQLITE_READONLY), file);
        prepareForWriting(connection->database());
        if (const std::int64_t found = migrateStore(connection->database(), storeMigrations());
            found > 0 && found < static_cast<std::int64_t>(storeMigrations().size()))
            log(LogLevel::Info, "store", file.string() + ": brought from version " + std::to_string(found) + " to "
                    + std::to_string(storeMigrations().size()));
        auto data = std::make_unique<Data>(file, StoreConnection::Kind::Reading);
        data->writer = std::make_unique<StoreWriter>(std::move(connection), file);
        std::unique_ptr<RunStore> store(new RunStore(std::move(data)));
        LETHE_TRY_VOID(store->noticeInterrupted());
        return store;
    } catch (const SQLite::Exception &exception) {
        return storeError(exception, file);
    }
}

const fs::path &RunStore::file() const
{
    return m_data->file;
}

bool RunStore::isReadOnly() const
{
    return !m_data->writer;
}

void RunStore::setFailureListener(std::function<void(const std::optional<Error> &)> listener)
{
    if (m_data->writer)
        m_data->writer->setFailureListener(std::move(listener));
}

} // namespace lethe
