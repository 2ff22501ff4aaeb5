#include "Output.h"
#include "Program.h"
#include "RecordJson.h"
#include "SpecInput.h"

#include <lethe/run/Bench.h>

namespace lethe::cli {

namespace {

int print(const Result<BenchReport> &report)
{
    return report.ok() ? printDocument(toJson(*report)) : printError(report.error());
}

struct TrainOptions {
    std::shared_ptr<SpecArguments> spec = std::make_shared<SpecArguments>();
    std::int64_t steps = 20, warmup = 3;
};

int benchTrain(const TrainOptions &options, const Program &program)
{
    const Result<ExperimentSpec> spec = readSpecArguments(*options.spec, program);
    if (!spec.ok())
        return printError(spec.error(), kUsage);
    const MethodCatalog catalog = program.catalog();
    const Result<ResolvedSpec> resolved = resolveSpec(*spec, catalog);
    if (!resolved.ok())
        return printError(resolved.error(), kUsage);
    return print(benchTraining(*resolved, catalog, options.steps, options.warmup, program.global.threads));
}

const CLI::Range kOneOrMore{std::int64_t{1}, std::int64_t{1} << 40};
const CLI::Range kZeroOrMore{std::int64_t{0}, std::int64_t{1} << 40};

void addTrain(CLI::App &bench, Program &program)
{
    CLI::App *command = addCommand(bench, "train", "Time optimizer steps of a spec");
    auto options = std::make_shared<TrainOptions>();
    addSpecOptions(*command, options->spec, "--spec,SPEC")->required();
    command->add_option("--steps", options->steps, "Timed steps")->check(kOneOrMore)->capture_default_str();
    command->add_option("--warmup", options->warmup, "Steps before the clock")->check(kZeroOrMore)->capture_default_str();
    command->callback([&program, options] { program.action = [&program, options] { return benchTrain(*options, program); }; });
}

void addGeneration(CLI::App &bench, Program &program)
{
    CLI::App *command = addCommand(bench, "generate", "Time greedy generation");
    auto model = std::make_shared<std::string>();
    auto options = std::make_shared<GenerationBench>();
    command->add_option("MODEL", *model, "Hugging Face model folder")->required();
    command->add_option("--batch", options->batch, "Prompts at once")->check(kOneOrMore)->capture_default_str();
    command->add_option("--prompt-tokens", options->promptTokens, "Length of each prompt")->check(kOneOrMore)->capture_default_str();
    command->add_option("--new-tokens", options->newTokens, "Tokens generated for each")->check(kOneOrMore)->capture_default_str();
    command->add_option("--repetitions", options->repetitions, "Timed ones")->check(kOneOrMore)->capture_default_str();
    command->add_option("--warmup", options->warmup, "Ones before the clock")->check(kZeroOrMore)->capture_default_str();
    command->callback([&program, model, options] {
        program.action = [&program, model, options] { return print(benchGeneration(*model, program.loadOptions(), *options)); };
    });
}

void addLogitsBench(CLI::App &bench, Program &program)
{
    CLI::App *command = addCommand(bench, "logits", "Time the logits of every position");
    auto model = std::make_shared<std::string>();
    auto options = std::make_shared<LogitsBench>();
    command->add_option("MODEL", *model, "Hugging Face model folder")->required();
    command->add_option("--batch", options->batch, "Rows")->check(kOneOrMore)->capture_default_str();
    command->add_option("--length", options->length, "Tokens of each row")->check(kOneOrMore)->capture_default_str();
    command->add_option("--repetitions", options->repetitions, "Timed ones")->check(kOneOrMore)->capture_default_str();
    command->add_option("--warmup", options->warmup, "Ones before the clock")->check(kZeroOrMore)->capture_default_str();
    command->callback([&program, model, options] {
        program.action = [&program, model, options] { return print(benchLogits(*model, program.loadOptions(), *options)); };
    });
}

} // namespace

void addBench(CLI::App &app, Program &program)
{
    CLI::App *bench = addCommand(app, "bench", "Measure speed, memory and model FLOP utilisation");
    bench->require_subcommand(1);
    addTrain(*bench, program);
    addGeneration(*bench, program);
    addLogitsBench(*bench, program);
}

} // namespace lethe::cli
