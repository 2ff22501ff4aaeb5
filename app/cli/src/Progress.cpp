#include "Progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <unistd.h>

namespace lethe::cli {

namespace {

constexpr std::chrono::milliseconds kBetweenBars{100};
constexpr std::chrono::seconds kBetweenLines{5};

constexpr std::chrono::seconds kWorthALine{1};
constexpr const char *kTrainingStage = "Training";

bool onTerminal()
{
    static const bool terminal = ::isatty(STDERR_FILENO) != 0;
    return terminal;
}

void put(const std::string &text)
{
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

std::string amount(double value, const std::string &unit)
{
    char text[64];
    if (unit == "bytes")
        std::snprintf(text, sizeof(text), "%.1f MiB", value / (1024.0 * 1024.0));
    else
        std::snprintf(text, sizeof(text), "%.0f", value);
    return text;
}

std::string counts(double done, double total, const std::string &unit)
{
    if (total <= 0)
        return done > 0 ? amount(done, unit) + (unit == "bytes" ? "" : " " + unit) : std::string();
    return amount(done, unit) + " of " + amount(total, unit) + (unit == "bytes" ? "" : " " + unit);
}

std::string bar(double share)
{
    constexpr int kCells = 24;
    const int full = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * kCells));
    std::string text;
    for (int i = 0; i < kCells; ++i)
        text += i < full ? "▮" : "▯";
    return text;
}

} // namespace

Progress::~Progress()
{
    erase();
}

void Progress::erase()
{
    if (!m_drawn.empty())
        put("\r\033[K");
    m_drawn.clear();
}

bool Progress::isDue(const std::string &stage, bool last)
{
    const Clock::time_point now = Clock::now();
    const bool newStage = stage != m_stage;
    if (newStage) {
        m_stage = stage;
        m_begun = now;
        m_shown = onTerminal() ? Clock::time_point() : now;
        m_finished = false;
    }
    if (m_finished)
        return false;
    m_finished = last;
    const auto pause = onTerminal() ? Clock::duration(kBetweenBars) : Clock::duration(kBetweenLines);
    // what is over in no time is not worth a line that stays
    const bool due = last ? onTerminal() || m_stage == kTrainingStage || now - m_begun > kWorthALine : now - m_shown >= pause;
    if (due)
        m_shown = now;
    return due;
}

void Progress::show(const std::string &stage, double done, double total, const std::string &unit, const std::string &remark)
{
    const bool last = total > 0 && done >= total;
    if (!isDue(stage, last))
        return;
    std::string text = stage;
    if (onTerminal() && total > 0)
        text += " " + bar(done / total);
    if (const std::string numbers = counts(done, total, unit); !numbers.empty())
        text += (onTerminal() ? " " : ": ") + numbers;
    if (!remark.empty())
        text += " · " + remark;
    if (onTerminal()) {
        put("\r\033[K" + text);
        m_drawn = text;
    } else {
        put(text + "\n");
    }
}

void Progress::say(const std::string &line)
{
    const std::string drawn = m_drawn;
    erase();
    put(line + "\n");
    if (!drawn.empty()) {
        put(drawn);
        m_drawn = drawn;
    }
}

} // namespace lethe::cli
