#include "Output.h"
#include "Program.h"

#include <lethe/spec/BenchmarkFolder.h>
#include <lethe/spec/SpecReader.h>

namespace lethe::cli {

namespace {

struct DataOptions {
    std::string folder, split, model, method;
};

Result<Json> describeFolder(const DataOptions &options)
{
    LETHE_TRY(const BenchmarkFolder benchmark, findBenchmark(options.folder));
    Json document{{"benchmark", benchmark.benchmark}, {"folder", benchmark.folder.string()}, {"splits", benchmark.splits}};
    if (options.split.empty())
        return document;
    ExperimentSpec spec;
    spec.name = benchmark.benchmark + " " + options.split;
    std::error_code code;
    spec.model = options.model.empty() ? "MODEL" : std::filesystem::absolute(options.model, code).lexically_normal().string();
    spec.method.id = options.method;
    LETHE_TRY(const std::vector<std::string> notes, useBenchmark(benchmark, options.split, spec));
    document["notes"] = notes;
    document["spec"] = Json::parse(writeSpec(spec));
    return document;
}

} // namespace

void addData(CLI::App &app, Program &program)
{
    CLI::App *command = addCommand(app, "data", "Tell what a downloaded benchmark's folder holds (TOFU, MUSE), and make a spec of one split");
    auto options = std::make_shared<DataOptions>();
    options->method = "npo";
    command->add_option("FOLDER", options->folder, "The benchmark's folder")->required();
    command->add_option("--split", options->split, "What to forget: forget01, forget05 …; of MUSE a corpus");
    command->add_option("--model", options->model, "The spec's model folder");
    command->add_option("--method", options->method, "The spec's method");
    command->callback([&program, options] {
        program.action = [options] {
            const Result<Json> document = describeFolder(*options);
            return document.ok() ? printDocument(*document) : printError(document.error());
        };
    });
}

} // namespace lethe::cli
