#include "Interrupt.h"
#include "Output.h"
#include "Program.h"
#include "ProgressObserver.h"
#include "RecordJson.h"
#include "SpecInput.h"

#include <lethe/run/RunRecorder.h>

namespace lethe::cli {

namespace {

struct RunOptions {
    std::shared_ptr<SpecArguments> spec = std::make_shared<SpecArguments>();
    std::string stepsOut;
    std::string resume;
};

/// The spec of the run that is to go on; what the command line names has to ask for the same.
Result<ExperimentSpec> specOfRun(const RunStore &store, RunId run, const RunOptions &options, const Program &program, const MethodCatalog &catalog)
{
    LETHE_TRY(const RunDetails details, store.details(run));
    SpecReading reading = readSpec(details.specJson, {});
    if (!reading.ok())
        return reading.asError();
    program.apply(reading.spec.training);
    if (options.spec->file.empty())
        return std::move(reading.spec);
    LETHE_TRY(const ExperimentSpec given, readSpecArguments(*options.spec, program));
    LETHE_TRY(const ResolvedSpec stored, resolveSpec(reading.spec, catalog));
    LETHE_TRY(const ResolvedSpec resolved, resolveSpec(given, catalog));
    if (comparableForm(stored) != comparableForm(resolved))
        return Error{.code = ErrorCode::InvalidInput, .what = "this is not the spec of run " + std::to_string(run), .where = options.spec->file,
                     .hint = "Leave the spec out to go on with the run's own, or start a new run"};
    return std::move(reading.spec);
}

int exitCodeOf(RunStatus status)
{
    switch (status) {
    case RunStatus::Done:
    case RunStatus::Stopped: return kDone;
    case RunStatus::Interrupted:
    case RunStatus::Cancelled: return kInterrupted;
    default: return kFailed;
    }
}

/// Runs a spec that has been read and checked.
int runSpec(const ExperimentSpec &spec, const MethodCatalog &catalog, RunStore &store, std::optional<RunId> resume, const RunOptions &options,
            const Program &program)
{
    std::optional<StepFile> steps;
    if (!options.stepsOut.empty()) {
        Result<StepFile> file = StepFile::open(options.stepsOut, resume.has_value());
        if (!file.ok())
            return printError(file.error());
        steps.emplace(std::move(file).value());
    }
    RunControl control;
    const InterruptHandler onSignal([&control] {
        printRemark("\nlethe-cli: saving the run's state; once more ends it at once");
        control.interrupt();
    });
    RunId id = resume.value_or(0);
    Result<RunSummary> summary = [&] {
        ProgressObserver observer(steps ? &*steps : nullptr);
        RecordedRun how;
        how.catalog = &catalog;
        how.store = &store;
        how.control = &control;
        how.observer = &observer;
        how.resume = resume;
        how.onCreated = [&id](RunId created) { id = created; };
        how.threads = program.global.threads;
        return runAndRecord(spec, how);
    }();
    if (!summary.ok()) {
        const int code = printError(summary.error());
        if (id > 0)
            printRemark("The run's number is " + std::to_string(id));
        return code;
    }
    int code = exitCodeOf(summary->status);
    if (code == kFailed)
        printError({.code = ErrorCode::Internal, .what = summary->failure.empty() ? "the run failed" : summary->failure,
                    .where = "run " + std::to_string(id), .hint = {}});
    if (summary->status == RunStatus::Interrupted)
        printRemark("Run " + std::to_string(id) + " was interrupted after step " + std::to_string(summary->steps) + "; go on with: lethe-cli run --resume "
                    + std::to_string(id));
    if (const int printed = printDocument(toJson(*summary)); printed != kDone && code == kDone)
        code = printed;
    if (steps && steps->failure())
        return printError(*steps->failure());
    return code;
}

int run(const RunOptions &options, const Program &program)
{
    const MethodCatalog catalog = program.catalog();
    if (options.resume.empty()) {
        const Result<ExperimentSpec> spec = readSpecArguments(*options.spec, program);
        if (!spec.ok())
            return printError(spec.error(), kUsage);
        if (const std::vector<Error> problems = checkRun(*spec, catalog); !problems.empty())
            return printError(joinErrors(problems), kUsage);
        Result<std::unique_ptr<RunStore>> store = program.openStore(true);
        if (!store.ok())
            return printError(store.error());
        return runSpec(*spec, catalog, **store, std::nullopt, options, program);
    }
    const Result<RunId> id = parseRunId(options.resume);
    if (!id.ok())
        return printError(id.error(), kUsage);
    Result<std::unique_ptr<RunStore>> store = program.openStore(false);
    if (!store.ok())
        return printError(store.error());
    const Result<ExperimentSpec> spec = specOfRun(**store, *id, options, program, catalog);
    if (!spec.ok())
        return printError(spec.error(), spec.error().code == ErrorCode::InvalidInput ? kUsage : kFailed);
    return runSpec(*spec, catalog, **store, *id, options, program);
}

} // namespace

void addRun(CLI::App &app, Program &program)
{
    CLI::App *command = addCommand(app, "run", "Run an experiment's spec and store it");
    auto options = std::make_shared<RunOptions>();
    CLI::Option *spec = addSpecOptions(*command, options->spec, "SPEC");
    command->add_option("--steps-out", options->stepsOut, "Write one JSON line a step");
    CLI::Option *resume = command->add_option("--resume", options->resume, "Go on with this run from its newest checkpoint")->type_name("RUN");
    command->callback([&program, options, spec, resume] {
        if (spec->count() + resume->count() == 0)
            throw CLI::RequiredError("SPEC or --resume RUN");
        if (spec->count() == 0 && !options->spec->assignments.empty())
            throw CLI::ValidationError("--set", "there is no SPEC to set values in; a resumed run keeps its own");
        program.action = [&program, options] { return run(*options, program); };
    });
}

} // namespace lethe::cli
