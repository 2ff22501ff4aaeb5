#pragma once

#include "Program.h"

#include <lethe/spec/SpecReader.h>

#include <string>
#include <vector>

namespace lethe::cli {

/// A spec from the command line: the file, with `--set` and the global options applied, not yet checked against a catalog.
struct SpecArguments {
    std::string file;
    std::vector<std::string> assignments; ///< `a.b=v`
};

CLI::Option *addSpecOptions(CLI::App &command, const std::shared_ptr<SpecArguments> &arguments, const std::string &option);

/// Everything that is wrong with it at once. NotFound and Io where there is no file.
Result<ExperimentSpec> readSpecArguments(const SpecArguments &arguments, const Program &program);

/// Puts runs' newest checkpoints in the place of their numbers.
Result<void> nameRunsOf(ExperimentSpec &spec, const Program &program);

/// Paths absolute, the method's parameters complete: two specs that ask for the same work are equal. Name, device and base folder
/// are left out.
ExperimentSpec comparableForm(const ResolvedSpec &resolved);

} // namespace lethe::cli
