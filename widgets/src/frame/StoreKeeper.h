#pragma once

#include <lethe/base/Result.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace lethe {

class RunStore;

/// Writes small values of the store from a thread of its own: making their JSON and waiting for the disk never holds up the
/// window. The last value of a key wins; what is not yet written when the keeper goes is written then.
class StoreKeeper
{
public:
    /// \p saved is called on the keeper's thread after every value, with the error where there was one.
    StoreKeeper(RunStore &store, std::function<void(const std::optional<Error> &)> saved);
    ~StoreKeeper();

    /// \p make is called on the keeper's thread.
    void keep(const std::string &key, std::function<std::string()> make);
    void post(std::function<Result<void>(RunStore &)> write);
    /// Waits until everything handed in so far was written; the last failure if there was one.
    Result<void> drain();

private:
    void work();

    RunStore &m_store;
    std::function<void(const std::optional<Error> &)> m_saved;
    std::mutex m_mutex; ///< guards what follows
    std::condition_variable m_wake;
    std::condition_variable m_idle;
    std::map<std::string, std::function<Result<void>(RunStore &)>> m_waiting;
    int m_posted = 0;
    bool m_busy = false;
    bool m_end = false;
    std::optional<Error> m_failure;
    std::thread m_thread;
};

} // namespace lethe
