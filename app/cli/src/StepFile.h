#pragma once

#include <lethe/base/Result.h>
#include <lethe/run/Records.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

namespace lethe::cli {

/// `--steps-out`: one JSON line a step, on the disk as soon as the step is done.
class StepFile
{
public:
    /// \param resume the lines of the steps before the first one written are kept
    static Result<StepFile> open(const std::string &path, bool resume);

    void write(const StepRecord &step);
    /// The first write that failed.
    const std::optional<Error> &failure() const { return m_failure; }

private:
    struct Close {
        void operator()(std::FILE *file) const { std::fclose(file); }
    };
    StepFile(std::string path, std::unique_ptr<std::FILE, Close> file, bool resume)
        : m_path(std::move(path)), m_file(std::move(file)), m_resume(resume)
    {}
    void dropFrom(std::int64_t step);

    std::string m_path;
    std::unique_ptr<std::FILE, Close> m_file;
    bool m_resume;
    std::optional<Error> m_failure;
};

} // namespace lethe::cli
