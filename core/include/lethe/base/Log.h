#pragma once

#include <lethe/base/Export.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace lethe {

enum class LogLevel { Debug, Info, Warning, Error };

LETHE_EXPORT std::string_view toString(LogLevel level);

struct LogLine {
    std::chrono::system_clock::time_point time;
    LogLevel level = LogLevel::Info;
    std::string source; ///< the drawer that speaks: `tokenizer`, `run`, `store` …
    std::string text;   ///< finished: the public header formats nothing
};

/// Writes one line to the log file and to standard error (at `Info` and above, unless `setStderrLevel` says otherwise),
/// and hands it to every listener. Any thread.
LETHE_EXPORT void log(LogLevel level, std::string_view source, std::string_view text);

LETHE_EXPORT void setStderrLevel(LogLevel level);

/// Starts the rotating log file (10 MiB × 5) in \p folder. Without it there is standard error alone.
LETHE_EXPORT void startLogFile(const std::string &folder);

/// \p listener is called on the thread that logs, one line at a time, until `removeLogListener(id)`.
LETHE_EXPORT int addLogListener(std::function<void(const LogLine &)> listener);
LETHE_EXPORT void removeLogListener(int id);

} // namespace lethe
