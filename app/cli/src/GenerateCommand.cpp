#include "Output.h"
#include "Program.h"

#include <lethe/model/Pair.h>
#include <lethe/model/TextModel.h>

#include <algorithm>
#include <limits>

namespace lethe::cli {

namespace {

struct GenerateOptions {
    std::string model, prompt, promptsFile, assistant;
    GenerationOptions generation;
    bool weighsPair = false; ///< a weight and no second model: the one of a pair
};

struct LogitsOptions {
    std::string model, idsFile, out;
};

Result<std::vector<std::string>> promptsOf(const GenerateOptions &options)
{
    if (options.promptsFile.empty())
        return std::vector<std::string>{options.prompt};
    LETHE_TRY(const Json json, readJsonFile(options.promptsFile));
    const auto isText = [](const Json &item) { return item.is_string(); };
    if (!json.is_array() || !std::all_of(json.begin(), json.end(), isText))
        return Error{.code = ErrorCode::InvalidInput, .what = "this is not a list of prompts", .where = options.promptsFile,
                     .hint = "Give a JSON array of texts"};
    return json.get<std::vector<std::string>>();
}

int generate(const GenerateOptions &options, const Program &program)
{
    if (options.weighsPair && !pairSettings(options.model))
        return printError({.code = ErrorCode::InvalidInput, .what = "weighs a second model, and " + options.model + " is no pair", .where = "--logit-weight",
                           .hint = "Name the second model with --assistant"},
                          kUsage);
    const Result<std::vector<std::string>> prompts = promptsOf(options);
    if (!prompts.ok())
        return printError(prompts.error());
    Result<TextModel> model = TextModel::load(options.model, program.loadOptions());
    if (!model.ok())
        return printError(model.error());
    if (options.weighsPair)
        if (const Result<void> weighed = model->setPairWeight(options.generation.logitWeight); !weighed.ok())
            return printError(weighed.error());
    GenerationOptions generation = options.generation;
    std::optional<TextModel> assistant;
    if (!options.assistant.empty()) {
        Result<TextModel> loaded = TextModel::load(options.assistant, program.loadOptions());
        if (!loaded.ok())
            return printError(loaded.error());
        generation.assistant = &assistant.emplace(std::move(loaded).value());
    }
    const Result<std::vector<Generation>> generations = model->generate(*prompts, generation);
    if (!generations.ok())
        return printError(generations.error());
    Json document{{"generations", Json::array()}};
    for (const Generation &made : *generations)
        document["generations"].push_back(
            {{"prompt", made.prompt}, {"text", made.text}, {"ids", made.ids}, {"tokens_per_second", made.tokensPerSecond}});
    return printDocument(document);
}

Result<std::vector<std::vector<TokenId>>> readRows(const std::string &file)
{
    LETHE_TRY(const Json json, readJsonFile(file));
    const Error refused{.code = ErrorCode::InvalidInput, .what = "this is not a list of lists of token ids", .where = file,
                        .hint = "Give a JSON array of equal-length arrays of whole numbers"};
    if (!json.is_array() || json.empty())
        return refused;
    std::vector<std::vector<TokenId>> rows;
    for (const Json &row : json) {
        if (!row.is_array())
            return refused;
        rows.emplace_back();
        for (const Json &id : row) {
            if (!id.is_number_integer() || id.get<std::int64_t>() < 0 || id.get<std::int64_t>() > std::numeric_limits<TokenId>::max())
                return refused;
            rows.back().push_back(id.get<TokenId>());
        }
    }
    return rows;
}

int logits(const LogitsOptions &options, const Program &program)
{
    const auto rows = readRows(options.idsFile);
    if (!rows.ok())
        return printError(rows.error());
    Result<TextModel> model = TextModel::load(options.model, program.loadOptions());
    if (!model.ok())
        return printError(model.error());
    const auto report = model->writeLogits(*rows, options.out);
    if (!report.ok())
        return printError(report.error());
    return printDocument({{"shape", {report->batch, report->length, report->vocabulary}},
                          {"dtype", "f32"},
                          {"seconds", report->seconds},
                          {"out", options.out}});
}

} // namespace

void addGenerate(CLI::App &app, Program &program)
{
    CLI::App *command = addCommand(app, "generate", "Continue prompts; greedy unless a temperature is given");
    auto options = std::make_shared<GenerateOptions>();
    GenerationOptions &generation = options->generation;
    command->add_option("MODEL", options->model, "Hugging Face model folder")->required();
    CLI::Option *prompt = command->add_option("--prompt", options->prompt, "The text to go on from");
    CLI::Option *file = command->add_option("--prompts-file", options->promptsFile, "JSON: a list of texts");
    prompt->excludes(file);
    command->add_option("--max-new-tokens", generation.maxNewTokens, "At most so many")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 30))
        ->capture_default_str();
    command->add_option("--temperature", generation.temperature, "0: greedy")
        ->check(CLI::Range(0.0, 1e6))
        ->capture_default_str();
    command->add_option("--top-p", generation.topP, "Nucleus: the likeliest tokens that hold this share")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    command->add_option("--top-k", generation.topK, "The k likeliest tokens; 0: all")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 30))
        ->capture_default_str();
    command->add_option("--seed", generation.seed, "Of sampling")->capture_default_str();
    CLI::Option *assistant = command->add_option("--assistant", options->assistant, "A second model whose logits are added, weighted");
    CLI::Option *weight = command->add_option("--logit-weight", generation.logitWeight,
                                              "Its weight W: model + W · assistant; below 0 what the assistant knows is taken away. Alone: that of a MODEL that is a pair");
    command->add_option("--top-filter", generation.topFilter, "With an assistant: leave out tokens that the model itself finds this unlikely")
        ->check(CLI::Range(0.0, 0.999999))
        ->needs(assistant)
        ->capture_default_str();
    command
        ->add_option_function<std::string>(
            "--filter-mode", [options](const std::string &mode) { options->generation.filterMode = filterModeFrom(mode).value_or(FilterMode::Auto); },
            "What becomes of them: drop, keep_base (the model's own logit), keep_base_raw; auto drops")
        ->check(CLI::IsMember({"auto", "drop", "keep_base", "keep_base_raw"}))
        ->needs(assistant);
    assistant->needs(weight);
    command->callback([&program, options, prompt, file, assistant, weight] {
        options->weighsPair = weight->count() > 0 && assistant->count() == 0;
        if (prompt->count() + file->count() == 0)
            throw CLI::RequiredError("--prompt or --prompts-file");
        program.action = [&program, options] { return generate(*options, program); };
    });
}

void addLogits(CLI::App &app, Program &program)
{
    CLI::App *command = addCommand(app, "logits", "Write the logits of every position to a safetensors file");
    auto options = std::make_shared<LogitsOptions>();
    command->add_option("MODEL", options->model, "Hugging Face model folder")->required();
    command->add_option("--ids-file", options->idsFile, "JSON: equal-length arrays of ids, [B,T]")->required();
    command->add_option("--out", options->out, "Safetensors file with tensor logits, f32 [B,T,V]")->required();
    command->callback([&program, options] { program.action = [&program, options] { return logits(*options, program); }; });
}

} // namespace lethe::cli
