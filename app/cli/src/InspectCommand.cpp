#include "Output.h"
#include "Program.h"

#include <lethe/model/ModelInfo.h>

namespace lethe::cli {

namespace {

Json orNull(const std::optional<std::int64_t> &value)
{
    return value ? Json(*value) : Json(nullptr);
}

Json toJson(const ModelInfo &info)
{
    Json document{{"architecture", info.architecture},
                  {"model_type", info.modelType},
                  {"parameters", info.parameters},
                  {"dtype", info.dtype},
                  {"vocab_size", info.vocabularySize},
                  {"hidden_size", info.hiddenSize},
                  {"layers", info.layers},
                  {"heads", info.heads},
                  {"kv_heads", info.kvHeads},
                  {"context_length", info.contextLength},
                  {"tied_embeddings", info.tiedEmbeddings},
                  {"tokenizer", nullptr},
                  {"files", info.files}};
    if (info.tokenizer) {
        const TokenizerInfo &tokenizer = *info.tokenizer;
        document["tokenizer"] = Json{{"type", tokenizer.type},
                                     {"vocab_size", tokenizer.vocabularySize},
                                     {"bos_id", orNull(tokenizer.bosId)},
                                     {"eos_id", orNull(tokenizer.eosId)},
                                     {"pad_id", orNull(tokenizer.padId)}};
    }
    for (const AdapterInfo &adapter : info.adapters)
        document["adapters"].push_back({{"folder", adapter.folder.string()},
                                        {"rank", adapter.rank},
                                        {"alpha", adapter.alpha},
                                        {"parameters", adapter.parameters},
                                        {"target_modules", adapter.modules}});
    document["weight_bytes"] = info.weightBytes;
    if (!info.remarks.empty())
        document["remarks"] = info.remarks;
    for (const Error &problem : info.problems)
        document["problems"].push_back(problem.message());
    return document;
}

/// Facts that could be read are printed even where something keeps the model from being used.
int inspect(const std::string &folder)
{
    const Result<ModelInfo> info = inspectModel(folder);
    if (!info.ok())
        return printError(info.error());
    const int printed = printDocument(toJson(*info));
    if (info->usable())
        return printed;
    for (const Error &problem : info->problems)
        printError(problem);
    return kFailed;
}

} // namespace

void addInspect(CLI::App &app, Program &program)
{
    CLI::App *command = addCommand(app, "inspect", "Say what a model folder holds");
    auto folder = std::make_shared<std::string>();
    command->add_option("MODEL", *folder, "Hugging Face model folder")->required();
    command->callback([&program, folder] { program.action = [folder] { return inspect(*folder); }; });
}

} // namespace lethe::cli
