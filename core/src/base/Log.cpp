#include <lethe/base/Log.h>

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <map>
#include <memory>
#include <mutex>

namespace lethe {

namespace {

constexpr std::size_t kLogFileBytes = 10u << 20;
constexpr std::size_t kLogFiles = 5;

struct LogState {
    std::mutex mutex; ///< guards everything below
    std::shared_ptr<spdlog::sinks::stderr_color_sink_mt> console = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    std::shared_ptr<spdlog::logger> logger = std::make_shared<spdlog::logger>("lethe", console);
    std::map<int, std::function<void(const LogLine &)>> listeners;
    int nextListener = 1;

    LogState()
    {
        logger->set_level(spdlog::level::debug);
        logger->set_pattern("%H:%M:%S.%e %^%l%$ %v");
        logger->flush_on(spdlog::level::warn);
        console->set_level(spdlog::level::info);
    }
};

LogState &state()
{
    static LogState theState;
    return theState;
}

spdlog::level::level_enum toSpdlog(LogLevel level)
{
    switch (level) {
    case LogLevel::Debug: return spdlog::level::debug;
    case LogLevel::Info: return spdlog::level::info;
    case LogLevel::Warning: return spdlog::level::warn;
    case LogLevel::Error: break;
    }
    return spdlog::level::err;
}

} // namespace

std::string_view toString(LogLevel level)
{
    switch (level) {
    case LogLevel::Debug: return "debug";
    case LogLevel::Info: return "info";
    case LogLevel::Warning: return "warning";
    case LogLevel::Error: break;
    }
    return "error";
}

void log(LogLevel level, std::string_view source, std::string_view text)
{
    LogState &s = state();
    s.logger->log(toSpdlog(level), "[{}] {}", source, text);

    std::map<int, std::function<void(const LogLine &)>> listeners;
    {
        const std::lock_guard lock(s.mutex);
        listeners = s.listeners; // a listener may log or leave: no lock is held while it is called
    }
    if (listeners.empty())
        return;
    const LogLine line{.time = std::chrono::system_clock::now(), .level = level, .source = std::string(source),
                       .text = std::string(text)};
    for (const auto &[id, listener] : listeners)
        listener(line);
}

void setStderrLevel(LogLevel level)
{
    state().console->set_level(toSpdlog(level));
}

void startLogFile(const std::string &folder)
{
    LogState &s = state();
    try {
        auto file = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(folder + "/lethe.log", kLogFileBytes, kLogFiles);
        const std::lock_guard lock(s.mutex);
        auto logger = std::make_shared<spdlog::logger>("lethe", spdlog::sinks_init_list{s.console, file});
        logger->set_level(spdlog::level::debug);
        logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
        logger->flush_on(spdlog::level::info);
        s.logger = std::move(logger);
    } catch (const spdlog::spdlog_ex &error) {
        log(LogLevel::Warning, "log", std::string("no log file: ") + error.what());
    }
}

int addLogListener(std::function<void(const LogLine &)> listener)
{
    LogState &s = state();
    const std::lock_guard lock(s.mutex);
    s.listeners.emplace(s.nextListener, std::move(listener));
    return s.nextListener++;
}

void removeLogListener(int id)
{
    LogState &s = state();
    const std::lock_guard lock(s.mutex);
    s.listeners.erase(id);
}

} // namespace lethe
