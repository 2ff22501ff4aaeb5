#include "SpecInput.h"

#include <lethe/base/Paths.h>
#include <lethe/run/RunRecorder.h>

namespace lethe::cli {

namespace fs = std::filesystem;

CLI::Option *addSpecOptions(CLI::App &command, const std::shared_ptr<SpecArguments> &arguments, const std::string &option)
{
    command.add_option("--set", arguments->assignments, "Set a value of the spec by its path: training.learning_rate=1e-5")
        ->type_name("PATH=VALUE")
        ->allow_extra_args(false);
    return command.add_option(option, arguments->file, "The experiment's spec, a JSON file");
}

Result<ExperimentSpec> readSpecArguments(const SpecArguments &arguments, const Program &program)
{
    constexpr std::uint64_t kLargestSpecBytes = 16ull << 20;
    LETHE_TRY(std::string text, readFile(arguments.file, kLargestSpecBytes));
    for (const std::string &assignment : arguments.assignments) {
        LETHE_TRY(std::string changed, setInSpecJson(text, assignment));
        text = std::move(changed);
    }
    std::error_code code;
    const fs::path absolute = fs::absolute(arguments.file, code);
    SpecReading reading = readSpec(text, (code ? fs::path(arguments.file) : absolute).parent_path());
    if (!reading.ok()) {
        Error error = reading.asError();
        if (error.where.starts_with("line "))
            error.where = arguments.file + ", " + error.where;
        return error;
    }
    program.apply(reading.spec.training);
    LETHE_TRY_VOID(nameRunsOf(reading.spec, program));
    return std::move(reading.spec);
}

Result<void> nameRunsOf(ExperimentSpec &spec, const Program &program)
{
    if (!namesRuns(spec))
        return {};
    LETHE_TRY(const std::unique_ptr<RunStore> store, program.openStoreToRead());
    return nameCheckpoints(spec, *store);
}

ExperimentSpec comparableForm(const ResolvedSpec &resolved)
{
    ExperimentSpec spec = resolved.spec;
    spec.name.clear();
    spec.baseFolder.clear();
    spec.training.device.clear();
    spec.model = resolved.modelFolder.string();
    if (spec.referenceModel)
        spec.referenceModel = resolved.referenceFolder.string();
    if (spec.data.forget)
        spec.data.forget->path = resolved.forgetFile.string();
    if (spec.data.retain)
        spec.data.retain->path = resolved.retainFile.string();
    return spec;
}

} // namespace lethe::cli
