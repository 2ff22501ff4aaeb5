#include "Interrupt.h"
#include "Output.h"
#include "Program.h"
#include "ProgressObserver.h"
#include "RecordJson.h"
#include "SpecInput.h"

#include <lethe/run/RunSession.h>

namespace lethe::cli {

namespace {

struct EvalOptions {
    std::shared_ptr<SpecArguments> spec = std::make_shared<SpecArguments>();
    std::string model;
    bool withTokens = false;
};

int eval(const EvalOptions &options, const Program &program)
{
    Result<ExperimentSpec> spec = readSpecArguments(*options.spec, program);
    if (!spec.ok())
        return printError(spec.error(), kUsage);
    if (!options.model.empty()) {
        std::error_code code;
        ExperimentSpec named = *spec;
        named.model = options.model;
        named.baseFolder = std::filesystem::current_path(code);
        if (const auto done = nameRunsOf(named, program); !done.ok())
            return printError(done.error(), kUsage);
        spec->model = std::filesystem::absolute(named.model, code).string();
    }
    if (!spec->eval)
        spec->eval.emplace();
    const MethodCatalog catalog = program.catalog();
    Result<ResolvedSpec> resolved = resolveSpec(*spec, catalog);
    if (!resolved.ok())
        return printError(resolved.error(), kUsage);

    resolved->storeFile = program.storeFile();

    RunControl control;
    const InterruptHandler onSignal([&control] { control.cancel(); });
    const Result<EvaluationRecord> evaluation = [&] {
        ProgressObserver observer;
        return evaluateModel(*resolved, resolved->modelFolder, control, observer, program.global.threads);
    }();
    if (!evaluation.ok())
        return printError(evaluation.error());
    Json document{{"metrics", toJson(evaluation->metrics)}, {"samples", Json::array()}};
    for (const SampleRecord &sample : evaluation->samples)
        document["samples"].push_back(toJson(sample, options.withTokens));
    for (const MetricValue &metric : evaluation->metrics)
        if (!metric.value)
            document["undefined"][metric.id] = metric.reason;
    if (!evaluation->reference.empty())
        document["reference"] = toJson(evaluation->reference); // the target
    document["seconds"] = evaluation->seconds;
    return printDocument(document);
}

} // namespace

void addEval(CLI::App &app, Program &program)
{
    CLI::App *command = addCommand(app, "eval", "Evaluate a model as a spec says, with no training");
    auto options = std::make_shared<EvalOptions>();
    addSpecOptions(*command, options->spec, "SPEC")->required();
    command->add_option("--model", options->model, "This model folder in place of the spec's");
    command->add_flag("--tokens", options->withTokens, "With every scored token of the rows' answers");
    command->callback([&program, options] { program.action = [&program, options] { return eval(*options, program); }; });
}

} // namespace lethe::cli
