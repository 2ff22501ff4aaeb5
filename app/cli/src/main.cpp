#include "Interrupt.h"
#include "Output.h"
#include "Program.h"

#include <lethe/base/Device.h>
#include <lethe/base/Log.h>

#include <QtCore/QCoreApplication>

#include <cstdio>
#include <exception>

namespace {

using namespace lethe;
using namespace lethe::cli;

std::string versions()
{
    const DeviceReport &report = deviceReport();
    std::string text = "lethe-cli " + letheVersion() + "\nLibTorch " + report.torchVersion + ", Qt " + qVersion() + "\ndevice: " + report.summary();
    if (!report.whyNoCuda.empty())
        text += "\nno CUDA: " + report.whyNoCuda;
    return text;
}

std::string checkDevice(const std::string &device)
{
    const bool numbered = device.size() > 5 && device.starts_with("cuda:") && device.find_first_not_of("0123456789", 5) == std::string::npos;
    if (device == "auto" || device == "cpu" || device == "cuda" || numbered)
        return {};
    return device + " is no device: use auto, cpu, cuda or cuda:N";
}

void addGlobalOptions(CLI::App &app, GlobalOptions &global)
{
    app.add_option("--db", global.store, "The run store (default: $XDG_DATA_HOME/lethe/lethe.sqlite)")->type_name("FILE");
    app.add_option("--device", global.device, "auto, cpu, cuda or cuda:N")->check(CLI::Validator(checkDevice, "", "device"));
    app.add_option("--dtype", global.dtype, "f32, bf16 or f16")->check(CLI::IsMember({"f32", "bf16", "f16"}));
    app.add_option("--threads", global.threads, "Threads to compute with")->check(CLI::Range(1, 4096));
    app.add_option("--plugins", global.plugins, "A further folder of method plugins; repeatable")->type_name("DIR")->allow_extra_args(false);
    app.add_flag("-v,--verbose", global.verbose, "Log everything to standard error");
}

int usageError(const CLI::App &app, const CLI::ParseError &error)
{
    const CLI::App *command = &app;
    while (!command->get_subcommands().empty())
        command = command->get_subcommands().front();
    std::string words = error.what();
    words = words.substr(0, words.find('\n'));
    if (const std::vector<std::string> unknown = command->remaining(); error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) && !unknown.empty())
        words = unknown.front() + " is not a command";
    const std::string name = command == &app ? "lethe-cli" : "lethe-cli " + command->get_name();
    return printError({.code = ErrorCode::InvalidInput, .what = words, .where = {}, .hint = name + " --help shows the usage"}, kUsage);
}

int runProgram(int argc, char **argv)
{
    CLI::App app("Unlearning experiments on language models, with no display", "lethe-cli");
    Program program;
    app.require_subcommand(1);
    app.set_version_flag("--version", versions);
    addGlobalOptions(app, program.global);
    for (const auto add : {addInspect, addTokenize, addDetokenize, addLogits, addGenerate, addMethods, addMetrics, addData, addCurate, addRun, addEval, addProbe, addRuns, addExport, addBench})
        add(app, program);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success &success) { // --help, --version
        return app.exit(success);
    } catch (const CLI::ParseError &error) {
        return usageError(app, error);
    }
    setStderrLevel(program.global.verbose ? LogLevel::Debug : LogLevel::Warning);
    return program.action ? program.action() : kUsage;
}

} // namespace

int main(int argc, char **argv)
{
    Interrupt::instance().start(); // before any other thread
    try {
        const QCoreApplication application(argc, argv);
        return runProgram(argc, argv);
    } catch (const std::bad_alloc &) {
        return printError({.code = ErrorCode::OutOfMemory, .what = "out of memory", .where = {}, .hint = "Use a smaller model, batch or length"});
    } catch (const std::exception &error) {
        return printError({.code = ErrorCode::Internal, .what = std::string("a defect of Lethe: ") + error.what(), .where = {}, .hint = {}});
    }
}
