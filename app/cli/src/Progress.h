#pragma once

#include <chrono>
#include <string>

namespace lethe::cli {

/// Progress on standard error: a bar that is redrawn on a terminal, else now and then a plain line.
class Progress
{
public:
    ~Progress();
    /// \param total 0: not known yet
    void show(const std::string &stage, double done, double total, const std::string &unit, const std::string &remark = {});
    /// A line that stays, above the bar.
    void say(const std::string &line);

private:
    using Clock = std::chrono::steady_clock;
    bool isDue(const std::string &stage, bool last);
    void erase();

    std::string m_stage;
    Clock::time_point m_begun{}; ///< the stage
    Clock::time_point m_shown{};
    std::string m_drawn; ///< the bar on the terminal now
    bool m_finished = false;
};

} // namespace lethe::cli
