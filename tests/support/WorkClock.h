#pragma once

#include <ctime>

namespace lethe::test {

/// A stop watch of the processor time that the calling thread used: another program on the machine makes a test late, not slow.
class WorkClock
{
public:
    WorkClock() { start(); }
    void start() { m_start = now(); }
    /// Since `start`, in milliseconds.
    double milliseconds() const { return now() - m_start; }
    double restart()
    {
        const double since = milliseconds();
        start();
        return since;
    }

private:
    static double now()
    {
        timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
    }

    double m_start = 0;
};

} // namespace lethe::test
