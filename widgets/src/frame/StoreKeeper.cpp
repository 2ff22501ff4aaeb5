#include "StoreKeeper.h"

#include <lethe/store/RunStore.h>

namespace lethe {

StoreKeeper::StoreKeeper(RunStore &store, std::function<void(const std::optional<Error> &)> saved)
    : m_store(store), m_saved(std::move(saved)), m_thread([this] { work(); })
{}

StoreKeeper::~StoreKeeper()
{
    {
        const std::lock_guard lock(m_mutex);
        m_end = true;
    }
    m_wake.notify_all();
    m_thread.join();
}

void StoreKeeper::keep(const std::string &key, std::function<std::string()> make)
{
    const std::lock_guard lock(m_mutex);
    m_waiting.insert_or_assign(key, [key, make = std::move(make)](RunStore &store) { return store.setValue(key, make()); });
    m_wake.notify_all();
}

void StoreKeeper::post(std::function<Result<void>(RunStore &)> write)
{
    const std::lock_guard lock(m_mutex);
    m_waiting.emplace("~" + std::to_string(++m_posted), std::move(write)); // '~' sorts behind every key
    m_wake.notify_all();
}

Result<void> StoreKeeper::drain()
{
    std::unique_lock lock(m_mutex);
    m_idle.wait(lock, [this] { return m_waiting.empty() && !m_busy; });
    if (m_failure)
        return *m_failure;
    return {};
}

void StoreKeeper::work()
{
    std::unique_lock lock(m_mutex);
    while (true) {
        m_wake.wait(lock, [this] { return m_end || !m_waiting.empty(); });
        if (m_waiting.empty())
            return;
        const auto write = std::move(m_waiting.extract(m_waiting.begin()).mapped());
        m_busy = true;
        lock.unlock();
        const Result<void> written = write(m_store);
        const std::optional<Error> failure = written.ok() ? std::nullopt : std::optional(written.error());
        m_saved(failure);
        lock.lock();
        m_busy = false;
        m_failure = failure;
        if (m_waiting.empty())
            m_idle.notify_all();
    }
}

} // namespace lethe
