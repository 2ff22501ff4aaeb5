#include "StepFile.h"

#include "RecordJson.h"

#include <lethe/base/Paths.h>

#include <cerrno>

namespace lethe::cli {

Result<StepFile> StepFile::open(const std::string &path, bool resume)
{
    std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), resume ? "ae" : "we"));
    if (!file)
        return systemError(errno, "the steps cannot be written", path);
    return StepFile(path, std::move(file), resume);
}

void StepFile::dropFrom(std::int64_t step)
{
    const Result<std::string> text = readFile(m_path);
    if (!text.ok())
        return;
    std::string kept;
    std::string_view rest = *text;
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        const Json json = Json::parse(line.begin(), line.end(), nullptr, false);
        if (json.is_object() && json.value("step", std::int64_t{0}) < step)
            kept += std::string(line) + "\n";
    }
    if (const Result<void> written = writeFile(m_path, kept); !written.ok()) {
        m_failure = written.error();
        return;
    }
    m_file.reset(std::fopen(m_path.c_str(), "ae")); // the file was renamed into place
    if (!m_file)
        m_failure = systemError(errno, "the steps cannot be written", m_path);
}

void StepFile::write(const StepRecord &step)
{
    if (m_resume && !m_failure)
        dropFrom(step.step);
    m_resume = false;
    if (m_failure)
        return;
    const std::string line = toJson(step).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    if (std::fwrite(line.data(), 1, line.size(), m_file.get()) != line.size() || std::fflush(m_file.get()) != 0)
        m_failure = systemError(errno, "the steps cannot be written", m_path);
}

} // namespace lethe::cli
