#include "Output.h"
#include "Program.h"
#include "Progress.h"

#include <lethe/export/ModelExporter.h>

namespace lethe::cli {

namespace {

struct ExportOptions {
    std::string run, out;
    std::optional<std::int64_t> checkpoint;
    std::uint64_t maxShardBytes = 0;
    std::string format = "hf", quantize;
    bool mergeAdapter = false, overwrite = false, noVerify = false;
};

int exportModel(const ExportOptions &options, const Program &program)
{
    const Result<RunId> run = parseRunId(options.run);
    if (!run.ok())
        return printError(run.error(), kUsage);
    const Result<std::unique_ptr<RunStore>> store = program.openStoreToRead();
    if (!store.ok())
        return printError(store.error());
    ExportRequest request;
    request.run = *run;
    request.target = options.out;
    request.dtype = program.dtype();
    request.checkpoint = options.checkpoint;
    request.mergeAdapter = options.mergeAdapter;
    if (options.maxShardBytes > 0)
        request.maxShardBytes = options.maxShardBytes;
    request.format = options.format == "gguf" ? ExportFormat::Gguf : ExportFormat::HuggingFace;
    request.quantize = !options.quantize.empty();
    request.overwrite = options.overwrite;
    request.verify = !options.noVerify;
    const Result<ExportReport> report = [&] {
        Progress progress;
        return exportRunModel(**store, request, [&progress](std::uint64_t done, std::uint64_t total, const std::string &stage) {
            progress.show(stage, static_cast<double>(done), static_cast<double>(total), "bytes");
            return true;
        });
    }();
    if (!report.ok())
        return printError(report.error());
    Json document{{"path", report->path.string()}, {"files", report->files}, {"bytes", report->bytes}};
    if (report->largestLogitDifference)
        document["largest_logit_difference"] = *report->largestLogitDifference;
    return printDocument(document);
}

} // namespace

void addExport(CLI::App &app, Program &program)
{
    CLI::App *command = addCommand(app, "export", "Write a run's model as a Hugging Face folder; --dtype chooses how it is stored");
    auto options = std::make_shared<ExportOptions>();
    command->add_option("RUN", options->run, "The run's number")->required();
    command->add_option("--out", options->out, "The folder to make")->required();
    command->add_option("--checkpoint", options->checkpoint, "Of this step, not the last")->type_name("STEP");
    command->add_flag("--merge-adapter", options->mergeAdapter, "Write base and adapter as one model");
    command->add_option("--max-shard-size", options->maxShardBytes, "Split weights into files of at most so much: 5GB, 512MiB, bytes")
        ->transform(CLI::AsSizeValue(true));
    command->add_option("--format", options->format, "hf: a folder that transformers loads; gguf: one with a file that llama.cpp loads")
        ->check(CLI::IsMember({"hf", "gguf"}))->capture_default_str();
    command->add_option("--quantize", options->quantize, "gguf: how its matrices are stored, whatever --dtype says")->check(CLI::IsMember({"q8_0"}));
    command->add_flag("--overwrite", options->overwrite, "Take the place of a folder that is there");
    command->add_flag("--no-verify", options->noVerify, "Do not load the result and compare its logits");
    command->callback([&program, options] { program.action = [&program, options] { return exportModel(*options, program); }; });
}

} // namespace lethe::cli
