#include "Output.h"

#include "Program.h"

#include <lethe/base/Paths.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <unistd.h>

namespace lethe::cli {

namespace {

int write(const std::string &text)
{
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
    if (written)
        return kDone;
    return printError(systemError(errno, "the result cannot be written", "standard output"));
}

} // namespace

int printDocument(const Json &document)
{
    const int indentation = ::isatty(STDOUT_FILENO) != 0 ? 2 : -1;
    return write(document.dump(indentation, ' ', false, Json::error_handler_t::replace) + "\n");
}

int printText(const std::string &text)
{
    return write(text);
}

int printLine(const Json &document)
{
    return write(document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

int printError(const Error &error, int exitCode)
{
    if (error.code == ErrorCode::Cancelled)
        exitCode = kInterrupted;
    const std::string text = "lethe-cli: " + error.message() + "\n";
    std::fwrite(text.data(), 1, text.size(), stderr);
    return exitCode;
}

void printRemark(const std::string &text)
{
    const std::string line = text + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
}

Result<Json> readJsonFile(const std::string &file)
{
    LETHE_TRY(const std::string text, readFile(file));
    try {
        return Json::parse(text);
    } catch (const Json::parse_error &error) {
        const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(text.size(), error.byte));
        return Error{.code = ErrorCode::Corrupt, .what = "this is not JSON", .where = file + ":" + std::to_string(1 + std::count(text.begin(), end, '\n')),
                     .hint = "Give a JSON file in UTF-8"};
    } catch (const std::exception &) {
        return Error{.code = ErrorCode::Corrupt, .what = "this is not JSON", .where = file, .hint = "Give a JSON file in UTF-8"};
    }
}

} // namespace lethe::cli
