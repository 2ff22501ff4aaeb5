#include "Program.h"

#include "Output.h"
#include "Progress.h"

#include <lethe/base/Paths.h>

#include <charconv>

namespace lethe::cli {

namespace fs = std::filesystem;

fs::path Program::storeFile() const
{
    return global.store.empty() ? defaultStoreFile() : fs::path(global.store);
}

MethodCatalog Program::catalog() const
{
    std::vector<fs::path> folders{pluginFolder()};
    folders.insert(folders.end(), global.plugins.begin(), global.plugins.end());
    return MethodCatalog::scan(folders);
}

std::optional<Dtype> Program::dtype() const
{
    for (const Dtype dtype : {Dtype::F32, Dtype::BF16, Dtype::F16})
        if (toString(dtype) == global.dtype)
            return dtype;
    return std::nullopt;
}

LoadOptions Program::loadOptions() const
{
    LoadOptions options;
    if (!global.device.empty())
        options.device = global.device;
    options.dtype = dtype();
    options.threads = global.threads;
    options.progress = [progress = std::make_shared<Progress>()](std::uint64_t done, std::uint64_t total) {
        progress->show("Reading model", static_cast<double>(done), static_cast<double>(total), "bytes");
        return true;
    };
    return options;
}

void Program::apply(TrainingSpec &training) const
{
    if (!global.device.empty())
        training.device = global.device;
    if (const std::optional<Dtype> given = dtype())
        training.dtype = *given;
}

Result<std::unique_ptr<RunStore>> Program::openStore(bool create) const
{
    std::error_code code;
    if (!create && !fs::exists(storeFile(), code))
        return Error{.code = ErrorCode::NotFound, .what = "there is no run store", .where = storeFile().string(),
                     .hint = "Name one with --db, or make one with lethe-cli run"};
    return RunStore::open(storeFile());
}

Result<std::unique_ptr<RunStore>> Program::openStoreToRead() const
{
    Result<std::unique_ptr<RunStore>> store = openStore(false);
    if (store.ok() || (store.error().code != ErrorCode::Io && store.error().code != ErrorCode::Busy && store.error().code != ErrorCode::DiskFull))
        return store;
    return RunStore::open(storeFile(), RunStore::Mode::ReadOnly);
}

CLI::App *addCommand(CLI::App &parent, const std::string &name, const std::string &description)
{
    CLI::App *command = parent.add_subcommand(name, description);
    command->fallthrough();
    return command;
}

Result<RunId> parseRunId(const std::string &text)
{
    RunId id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc() || end != text.data() + text.size() || id <= 0)
        return Error{.code = ErrorCode::InvalidInput, .what = "\"" + text + "\" is not a run's number", .where = "RUN",
                     .hint = "lethe-cli runs list shows them"};
    return id;
}

} // namespace lethe::cli
