#pragma once

#include "StoreConnection.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

namespace lethe {

/// Thrown by a write that finds that it must not be done (no such run): that write alone is undone, with this error.
struct StoreRefusal : std::exception {
    explicit StoreRefusal(Error reason) : error(std::move(reason)) {}
    const char *what() const noexcept override { return error.what.c_str(); }
    Error error;
};

/// The thread that owns the only writing connection. Writes are taken in order and committed in batches.
class StoreWriter
{
public:
    /// Called with the connection, inside a transaction. May be called again where the batch could not be committed, so it
    /// only changes the database and what it has captured for its caller.
    using Write = std::function<void(StoreConnection &)>;

    StoreWriter(std::unique_ptr<StoreConnection> connection, std::filesystem::path file);
    ~StoreWriter(); ///< commits what is queued

    /// Returns at once. The write is kept, and tried every second, until it succeeds; one that is wrong in itself is logged.
    void post(Write write);
    /// Returns when the write is committed, or has failed: then it will not be tried again.
    Result<void> perform(Write write);

    void setFailureListener(std::function<void(const std::optional<Error> &)> listener);

private:
    struct Job {
        Write write;
        std::shared_ptr<std::promise<Result<void>>> answer; ///< shared with the caller that waits; none for a posted write
    };

    void run();
    void commitUnwritten();
    void commitSome(std::size_t count);
    void fail(const Error &error);
    void recover();
    void add(Job job);
    void tell(const std::optional<Error> &error);

    const std::filesystem::path m_file;
    std::unique_ptr<StoreConnection> m_connection; ///< the thread's own
    std::deque<Job> m_unwritten;                   ///< the thread's own: taken, not yet committed
    bool m_failing = false;                        ///< the thread's own

    std::mutex m_mutex; ///< guards the members below
    std::condition_variable m_changed;
    std::deque<Job> m_queue;
    bool m_urgent = false; ///< someone waits
    bool m_ending = false;
    std::function<void(const std::optional<Error> &)> m_listener;

    std::thread m_thread; ///< last: it uses all of the above
};

} // namespace lethe
