#include "Interrupt.h"
#include "Output.h"
#include "Program.h"
#include "ProgressObserver.h"
#include "RecordJson.h"
#include "SpecInput.h"

#include <lethe/eval/UnlearningScores.h>
#include <lethe/run/Probes.h>

#include <QtCore/QTemporaryDir>

#include <algorithm>

namespace lethe::cli {

namespace {

namespace fs = std::filesystem;

struct ProbeOptions {
    std::shared_ptr<SpecArguments> spec = std::make_shared<SpecArguments>();
    std::string model, retrained;
    std::vector<std::string> weights{"int8", "nf4"};
    RelearnOptions relearn;
};

Json orNull(const std::optional<double> &value)
{
    return value ? Json(*value) : Json(nullptr);
}

Result<ExperimentSpec> specOf(const ProbeOptions &options, const Program &program)
{
    LETHE_TRY(ExperimentSpec spec, readSpecArguments(*options.spec, program));
    if (!options.model.empty()) {
        std::error_code code;
        spec.model = fs::absolute(options.model, code).string();
    }
    if (!spec.eval)
        spec.eval.emplace();
    return spec;
}

/// A score of each metric by its id, where it has one.
template<typename Score>
Json scores(const EvaluationRecord &first, const EvaluationRecord &second, Score score)
{
    Json json = Json::object();
    for (const MetricValue &metric : first.metrics)
        for (const MetricValue &other : second.metrics)
            if (other.id == metric.id && metric.value && other.value)
                json[metric.id] = score(metric.id, *metric.value, *other.value);
    return json;
}

int quantize(const ProbeOptions &options, const Program &program)
{
    std::vector<WeightRounding> roundings;
    for (const std::string &name : options.weights) {
        const auto rounding = weightRoundingFrom(name);
        if (!rounding || *rounding == WeightRounding::None)
            return printError({.code = ErrorCode::InvalidInput, .what = "\"" + name + "\" is no way to round weights", .where = "--weights", .hint = "Use int8 or nf4"},
                              kUsage);
        roundings.push_back(*rounding);
    }
    Result<ExperimentSpec> spec = specOf(options, program);
    if (!spec.ok())
        return printError(spec.error(), kUsage);
    const MethodCatalog catalog = program.catalog();
    Result<ResolvedSpec> resolved = resolveSpec(*spec, catalog);
    if (!resolved.ok())
        return printError(resolved.error(), kUsage);
    resolved->storeFile = program.storeFile();

    RunControl control;
    const InterruptHandler onSignal([&control] { control.cancel(); });
    ProgressObserver observer;
    const auto evaluate = [&](WeightRounding rounding) {
        return evaluateModel(*resolved, resolved->modelFolder, control, observer, program.global.threads, rounding);
    };
    const Result<EvaluationRecord> before = evaluate(WeightRounding::None);
    if (!before.ok())
        return printError(before.error());
    Json document{{"model", resolved->modelFolder.string()}, {"metrics", {{"none", toJson(before->metrics)}}}, {"robustness", Json::object()}};
    for (const WeightRounding rounding : roundings) {
        const Result<EvaluationRecord> after = evaluate(rounding);
        if (!after.ok())
            return printError(after.error());
        const std::string name(toString(rounding));
        document["metrics"][name] = toJson(after->metrics);
        document["robustness"][name] = scores(*before, *after, [](const std::string &, double x, double y) {
            return Json{{"value", orNull(quantisationScore(x, y))}, {"symmetric", orNull(symmetricScore(x, y))}};
        });
    }
    return printDocument(document);
}

Json series(const std::vector<EvaluationRecord> &evaluations)
{
    Json json = Json::array();
    for (const EvaluationRecord &evaluation : evaluations)
        json.push_back(toJson(evaluation, false));
    return json;
}

int relearn(const ProbeOptions &options, const Program &program)
{
    const Result<ExperimentSpec> spec = specOf(options, program);
    if (!spec.ok())
        return printError(spec.error(), kUsage);
    const MethodCatalog catalog = program.catalog();
    const QTemporaryDir scratch;
    RelearnOptions how = options.relearn;
    how.scratchFolder = scratch.path().toStdString();
    how.storeFile = program.storeFile();
    how.threads = program.global.threads;

    RunControl control;
    const InterruptHandler onSignal([&control] { control.cancel(); });
    ProgressObserver observer;
    const fs::path model = spec->resolve(spec->model);
    const auto unlearned = relearn(*spec, model, catalog, how, control, observer);
    if (!unlearned.ok())
        return printError(unlearned.error());
    Json document{{"settings", {{"learning_rate", how.learningRate}, {"batch_size", how.batchSize}, {"steps", unlearned->back().step}, {"seed", how.seed}}},
                  {"unlearned", {{"model", model.string()}, {"evaluations", series(*unlearned)}}}, {"retrained", nullptr}, {"robustness", nullptr}};
    if (!options.retrained.empty()) {
        std::error_code code;
        const fs::path retrainedModel = fs::absolute(options.retrained, code);
        const auto retrained = relearn(*spec, retrainedModel, catalog, how, control, observer);
        if (!retrained.ok())
            return printError(retrained.error());
        document["retrained"] = {{"model", retrainedModel.string()}, {"evaluations", series(*retrained)}};
        document["robustness"] = scores(unlearned->front(), unlearned->back(), [&](const std::string &id, double before, double after) {
            const auto value = [&id](const EvaluationRecord &evaluation) {
                const auto found = std::ranges::find(evaluation.metrics, id, &MetricValue::id);
                return found != evaluation.metrics.end() ? found->value : std::nullopt;
            };
            const auto first = value(retrained->front()), last = value(retrained->back());
            if (!first || !last)
                return Json(nullptr);
            return Json{{"value", orNull(relearningScore(*last - *first, after - before))}, {"symmetric", orNull(symmetricScore(*last - *first, after - before))}};
        });
    }
    return printDocument(document);
}

} // namespace

void addProbe(CLI::App &app, Program &program)
{
    CLI::App *probe = addCommand(app, "probe", "Attack an unlearned model: is it really gone?");
    probe->require_subcommand(1);
    auto options = std::make_shared<ProbeOptions>();
    const auto add = [&](const char *name, const char *help) {
        CLI::App *command = addCommand(*probe, name, help);
        addSpecOptions(*command, options->spec, "SPEC")->required();
        command->add_option("--model", options->model, "This model folder in place of the spec's");
        return command;
    };
    CLI::App *rounding = add("quantize", "Metrics with the weights in 8 and 4 bits");
    rounding->add_option("--weights", options->weights, "int8, nf4")->delimiter(',');
    rounding->callback([&program, options] { program.action = [&program, options] { return quantize(*options, program); }; });

    CLI::App *relearning = add("relearn", "Metrics while the forget set is learned again, beside a retrained model that learns it too");
    relearning->add_option("--retrained", options->retrained, "A model that never saw the forget set");
    relearning->add_option("--epochs", options->relearn.epochs, "Passes over the forget set")->check(CLI::PositiveNumber);
    relearning->add_option("--steps", options->relearn.steps, "Steps in place of epochs")->check(CLI::PositiveNumber);
    relearning->add_option("--every", options->relearn.everySteps, "Steps between evaluations")->check(CLI::PositiveNumber);
    relearning->add_option("--learning-rate", options->relearn.learningRate, "Constant rate")->check(CLI::PositiveNumber);
    relearning->add_option("--batch-size", options->relearn.batchSize, "Rows a step")->check(CLI::PositiveNumber);
    relearning->callback([&program, options] { program.action = [&program, options] { return relearn(*options, program); }; });
}

} // namespace lethe::cli
