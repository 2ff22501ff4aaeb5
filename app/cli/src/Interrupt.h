#pragma once

#include <functional>
#include <mutex>

namespace lethe::cli {

/// Takes SIGINT and SIGTERM on a thread of its own. To be made before any other thread, so that all of them leave the
/// signals to it. The first one calls the handler, where one is set, and ends the process otherwise; the second ends it at once.
/// Ending means exit code 130.
class Interrupt
{
public:
    static Interrupt &instance();
    void start();
    /// Called on the signal's thread. Empty takes it away.
    void setHandler(std::function<void()> handler);

private:
    void wait();

    std::mutex m_mutex; ///< guards the handler
    std::function<void()> m_handler;
};

/// Sets a handler for as long as it lives.
class InterruptHandler
{
public:
    explicit InterruptHandler(std::function<void()> handler) { Interrupt::instance().setHandler(std::move(handler)); }
    ~InterruptHandler() { Interrupt::instance().setHandler({}); }
    InterruptHandler(const InterruptHandler &) = delete;
    InterruptHandler &operator=(const InterruptHandler &) = delete;
};

} // namespace lethe::cli
