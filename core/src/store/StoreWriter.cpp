#include "StoreWriter.h"

#include <lethe/base/Log.h>

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>
#include <vector>

namespace lethe {

namespace {

using namespace std::chrono_literals;

/// A step is on the disk at most this long after it was handed in.
constexpr auto kGatherTime = 200ms;
constexpr auto kRetryTime = 1000ms;
/// Writes in one transaction: a backlog is committed bit by bit, so that a killed process keeps most of it.
constexpr std::size_t kBatchWrites = 20'000;

/// Why the last write to the journal or the database failed: SQLite itself tells a full disk apart, but no quota and no limit.
int lastErrno(SQLite::Database &database)
{
    int value = 0;
    sqlite3_file *journal = nullptr;
    if (sqlite3_file_control(database.getHandle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &journal) == SQLITE_OK && journal != nullptr
        && journal->pMethods != nullptr)
        journal->pMethods->xFileControl(journal, SQLITE_FCNTL_LAST_ERRNO, &value);
    if (value == 0)
        sqlite3_file_control(database.getHandle(), "main", SQLITE_FCNTL_LAST_ERRNO, &value);
    return value != 0 ? value : sqlite3_system_errno(database.getHandle());
}

} // namespace

StoreWriter::StoreWriter(std::unique_ptr<StoreConnection> connection, std::filesystem::path file)
    : m_file(std::move(file)), m_connection(std::move(connection)), m_thread([this] { run(); })
{}

StoreWriter::~StoreWriter()
{
    {
        const std::lock_guard lock(m_mutex);
        m_ending = true;
    }
    m_changed.notify_all();
    m_thread.join();
}

void StoreWriter::add(Job job)
{
    bool wake = false;
    {
        const std::lock_guard lock(m_mutex);
        wake = m_queue.empty() || job.answer;
        m_urgent = m_urgent || job.answer;
        m_queue.push_back(std::move(job));
    }
    if (wake)
        m_changed.notify_all();
}

void StoreWriter::post(Write write)
{
    add({.write = std::move(write), .answer = nullptr});
}

Result<void> StoreWriter::perform(Write write)
{
    auto answer = std::make_shared<std::promise<Result<void>>>();
    auto future = answer->get_future();
    add({.write = std::move(write), .answer = std::move(answer)});
    return future.get();
}

void StoreWriter::setFailureListener(std::function<void(const std::optional<Error> &)> listener)
{
    const std::lock_guard lock(m_mutex);
    m_listener = std::move(listener);
}

void StoreWriter::run()
{
    while (true) {
        bool ending = false;
        {
            std::unique_lock lock(m_mutex);
            if (m_failing)
                m_changed.wait_for(lock, kRetryTime, [this] { return m_urgent || m_ending; });
            else
                m_changed.wait(lock, [this] { return !m_queue.empty() || m_ending; });
            if (!m_failing && !m_ending)
                m_changed.wait_for(lock, kGatherTime, [this] { return m_urgent || m_ending; });
            std::ranges::move(m_queue, std::back_inserter(m_unwritten));
            m_queue.clear();
            m_urgent = false;
            ending = m_ending;
        }
        commitUnwritten();
        if (!ending)
            continue;
        if (!m_unwritten.empty())
            log(LogLevel::Error, "store",
                std::to_string(m_unwritten.size()) + " records could not be written to " + m_file.string() + " and are lost");
        return;
    }
}

void StoreWriter::commitUnwritten()
{
    while (!m_unwritten.empty()) {
        const std::size_t count = std::min(m_unwritten.size(), kBatchWrites);
        try {
            commitSome(count);
        } catch (const SQLite::Exception &exception) {
            const int systemErrno = lastErrno(m_connection->database());
            if (sqlite3_get_autocommit(m_connection->database().getHandle()) == 0)
                m_connection->database().tryExec("ROLLBACK");
            fail(storeError(exception, m_file, systemErrno));
            return;
        } catch (const std::exception &exception) {
            if (sqlite3_get_autocommit(m_connection->database().getHandle()) == 0)
                m_connection->database().tryExec("ROLLBACK");
            fail(Error{.code = ErrorCode::Internal, .what = exception.what(), .where = m_file.string(), .hint = {}});
            return;
        }
    }
    if (m_failing)
        recover();
}

void StoreWriter::commitSome(std::size_t count)
{
    SQLite::Database &database = m_connection->database();
    std::vector<std::optional<Error>> refused(count);
    m_connection->query("BEGIN IMMEDIATE").run();
    for (std::size_t i = 0; i < count; ++i) {
        // A savepoint each: a write that is wrong in itself goes alone and takes nobody else's with it.
        m_connection->query("SAVEPOINT one_write").run();
        try {
            m_unwritten[i].write(*m_connection);
        } catch (const StoreRefusal &refusal) {
            refused[i] = refusal.error;
        } catch (const SQLite::Exception &exception) {
            if (isWorthRetrying(exception) || sqlite3_get_autocommit(database.getHandle()) != 0)
                throw;
            refused[i] = storeError(exception, m_file);
        } catch (const std::bad_alloc &) {
            throw;
        } catch (const std::exception &exception) {
            refused[i] = Error{.code = ErrorCode::Internal, .what = exception.what(), .where = m_file.string(), .hint = {}};
        }
        if (refused[i])
            m_connection->query("ROLLBACK TO one_write").run();
        m_connection->query("RELEASE one_write").run();
    }
    m_connection->query("COMMIT").run();

    for (std::size_t i = 0; i < count; ++i) {
        Job job = std::move(m_unwritten.front());
        m_unwritten.pop_front();
        if (job.answer)
            job.answer->set_value(refused[i] ? Result<void>(*refused[i]) : Result<void>());
        else if (refused[i])
            log(LogLevel::Error, "store", "a record was not stored: " + refused[i]->message());
    }
}

void StoreWriter::fail(const Error &error)
{
    std::vector<std::shared_ptr<std::promise<Result<void>>>> answers;
    std::erase_if(m_unwritten, [&](const Job &job) {
        if (job.answer)
            answers.push_back(job.answer);
        return job.answer != nullptr;
    });
    for (const auto &answer : answers)
        answer->set_value(error);
    if (m_failing)
        return;
    m_failing = true;
    log(LogLevel::Error, "store", error.message());
    tell(error);
}

void StoreWriter::recover()
{
    m_failing = false;
    log(LogLevel::Info, "store", m_file.string() + ": writing works again, nothing was lost");
    tell(std::nullopt);
}

void StoreWriter::tell(const std::optional<Error> &error)
{
    std::function<void(const std::optional<Error> &)> listener;
    {
        const std::lock_guard lock(m_mutex);
        listener = m_listener; // called with no lock held
    }
    if (listener)
        listener(error);
}

} // namespace lethe
