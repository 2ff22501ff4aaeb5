#pragma once

#include <lethe/base/Result.h>
#include <lethe/method/MethodCatalog.h>
#include <lethe/model/TextModel.h>
#include <lethe/spec/ExperimentSpec.h>
#include <lethe/store/RunStore.h>

#include <CLI/CLI.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lethe::cli {

/// The contract's exit codes.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kInterrupted = 130;

/// Options that every command takes, before or after its name.
struct GlobalOptions {
    std::string store;
    std::string device;
    std::string dtype;
    int threads = 0;
    std::vector<std::string> plugins;
    bool verbose = false;
};

/// What the command line asks for: its options, and what is to be done.
struct Program {
    GlobalOptions global;
    std::function<int()> action; ///< set by the command that was named; its exit code

    std::filesystem::path storeFile() const;
    /// Every plugin folder: the default one, then those of `--plugins`.
    MethodCatalog catalog() const;
    /// `--device`, `--dtype`, `--threads`, with progress on standard error.
    LoadOptions loadOptions() const;
    std::optional<Dtype> dtype() const;
    /// `--device` and `--dtype`, where given, take the place of the spec's.
    void apply(TrainingSpec &training) const;

    /// For changing it. Made where it is missing and \p create says so.
    Result<std::unique_ptr<RunStore>> openStore(bool create) const;
    /// For reading: as above, and for viewing where the file cannot be written.
    Result<std::unique_ptr<RunStore>> openStoreToRead() const;
};

/// A subcommand of \p parent whose unknown options are looked up among the global ones.
CLI::App *addCommand(CLI::App &parent, const std::string &name, const std::string &description);

/// A run's number, from what the user wrote.
Result<RunId> parseRunId(const std::string &text);

void addInspect(CLI::App &app, Program &program);
void addTokenize(CLI::App &app, Program &program);
void addDetokenize(CLI::App &app, Program &program);
void addLogits(CLI::App &app, Program &program);
void addGenerate(CLI::App &app, Program &program);
void addMethods(CLI::App &app, Program &program);
void addCurate(CLI::App &app, Program &program);
void addData(CLI::App &app, Program &program);
void addMetrics(CLI::App &app, Program &program);
void addRun(CLI::App &app, Program &program);
void addEval(CLI::App &app, Program &program);
void addProbe(CLI::App &app, Program &program);
void addRuns(CLI::App &app, Program &program);
void addExport(CLI::App &app, Program &program);
void addBench(CLI::App &app, Program &program);

} // namespace lethe::cli
