#include "Interrupt.h"

#include "Output.h"
#include "Program.h"

#include <thread>

#include <csignal>
#include <unistd.h>

namespace lethe::cli {

namespace {

sigset_t awaitedSignals()
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

} // namespace

Interrupt &Interrupt::instance()
{
    static Interrupt interrupt;
    return interrupt;
}

void Interrupt::start()
{
    const sigset_t signals = awaitedSignals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    // lives as long as the process: it only waits
    std::thread([this] { wait(); }).detach();
}

void Interrupt::setHandler(std::function<void()> handler)
{
    const std::lock_guard lock(m_mutex);
    m_handler = std::move(handler);
}

void Interrupt::wait()
{
    const sigset_t signals = awaitedSignals();
    bool asked = false;
    while (true) {
        int signal = 0;
        if (sigwait(&signals, &signal) != 0)
            continue;
        const std::lock_guard lock(m_mutex);
        if (asked || !m_handler)
            ::_exit(kInterrupted);
        asked = true;
        m_handler();
    }
}

} // namespace lethe::cli
