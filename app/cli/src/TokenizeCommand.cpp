#include "Output.h"
#include "Program.h"

#include <lethe/base/Paths.h>
#include <lethe/tokenizer/ChatTemplate.h>
#include <lethe/tokenizer/Tokenizer.h>

namespace lethe::cli {

namespace {

struct TokenizeOptions {
    std::string model, textFile, messagesFile;
    bool noSpecial = false, lines = false, addGenerationPrompt = false;
};

struct DetokenizeOptions {
    std::string model, idsFile;
    bool keepSpecial = false, lines = false;
};

Json encoded(const Tokenizer &tokenizer, std::string_view text, bool addSpecial)
{
    Json document{{"ids", Json::array()}, {"tokens", Json::array()}};
    for (const TokenPiece &piece : tokenizer.encodePieces(text, addSpecial)) {
        document["ids"].push_back(piece.id);
        document["tokens"].push_back(piece.token);
    }
    return document;
}

/// Calls \p line for every line of \p text. A line ends at LF alone; what follows the last LF is a line where it is not empty.
int forEachLine(std::string_view text, const std::function<int(std::string_view line, std::int64_t number)> &line)
{
    std::int64_t number = 0;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (const int code = line(text.substr(0, end), ++number); code != kDone)
            return code;
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return kDone;
}

Result<std::vector<ChatMessage>> readMessages(const std::string &file)
{
    LETHE_TRY(const Json json, readJsonFile(file));
    const Error refused{.code = ErrorCode::InvalidInput, .what = "this is not a list of messages", .where = file,
                        .hint = R"(Give [{"role": "user", "content": "…"}, …])"};
    if (!json.is_array())
        return refused;
    std::vector<ChatMessage> messages;
    for (const Json &message : json) {
        if (!message.is_object() || !message.contains("role") || !message.contains("content") || !message["role"].is_string()
            || !message["content"].is_string())
            return refused;
        messages.push_back({.role = message["role"].get<std::string>(), .content = message["content"].get<std::string>()});
    }
    return messages;
}

Result<Json> tokenizeMessages(const Tokenizer &tokenizer, const TokenizeOptions &options)
{
    LETHE_TRY(const std::vector<ChatMessage> messages, readMessages(options.messagesFile));
    LETHE_TRY(const ChatTemplate chat, ChatTemplate::of(tokenizer));
    LETHE_TRY(const std::string text, chat.render(messages, options.addGenerationPrompt));
    Json document{{"text", text}};
    document.update(encoded(tokenizer, text, false));
    return document;
}

int tokenize(const TokenizeOptions &options)
{
    const Result<Tokenizer> tokenizer = Tokenizer::load(options.model);
    if (!tokenizer.ok())
        return printError(tokenizer.error());
    if (!options.messagesFile.empty()) {
        const Result<Json> document = tokenizeMessages(*tokenizer, options);
        return document.ok() ? printDocument(*document) : printError(document.error());
    }
    const Result<std::string> text = readFile(options.textFile);
    if (!text.ok())
        return printError(text.error());
    if (!options.lines)
        return printDocument(encoded(*tokenizer, *text, !options.noSpecial));
    return forEachLine(*text, [&](std::string_view line, std::int64_t) { return printLine(encoded(*tokenizer, line, !options.noSpecial)); });
}

Result<std::vector<TokenId>> readIds(std::string_view text, const std::string &where)
{
    const Error refused{.code = ErrorCode::InvalidInput, .what = "this is not a list of token ids", .where = where,
                        .hint = "Give a JSON array of whole numbers, 0 or more"};
    const Json json = Json::parse(text.begin(), text.end(), nullptr, false);
    if (!json.is_array())
        return refused;
    std::vector<TokenId> ids;
    for (const Json &id : json) {
        if (!id.is_number_integer() || id.get<std::int64_t>() < 0 || id.get<std::int64_t>() > std::numeric_limits<TokenId>::max())
            return refused;
        ids.push_back(id.get<TokenId>());
    }
    return ids;
}

int detokenize(const DetokenizeOptions &options)
{
    const Result<Tokenizer> tokenizer = Tokenizer::load(options.model);
    if (!tokenizer.ok())
        return printError(tokenizer.error());
    const Result<std::string> text = readFile(options.idsFile);
    if (!text.ok())
        return printError(text.error());
    const auto print = [&](std::string_view json, const std::string &where, int (*output)(const Json &)) {
        const Result<std::vector<TokenId>> ids = readIds(json, where);
        return ids.ok() ? output({{"text", tokenizer->decode(*ids, !options.keepSpecial)}}) : printError(ids.error());
    };
    if (!options.lines)
        return print(*text, options.idsFile, printDocument);
    return forEachLine(*text, [&](std::string_view line, std::int64_t number) {
        return print(line, options.idsFile + ":" + std::to_string(number), printLine);
    });
}

} // namespace

void addTokenize(CLI::App &app, Program &program)
{
    CLI::App *command = addCommand(app, "tokenize", "Encode a text, or messages by the model's chat template");
    auto options = std::make_shared<TokenizeOptions>();
    command->add_option("MODEL", options->model, "Hugging Face model folder")->required();
    CLI::Option *text = command->add_option("--text-file", options->textFile, "The text, byte for byte");
    CLI::Option *messages = command->add_option("--messages-file", options->messagesFile, R"(JSON: [{"role", "content"}, …])");
    command->add_flag("--no-special", options->noSpecial, "Add no special tokens")->needs(text);
    command->add_flag("--lines", options->lines, "Each line of the file is a text of its own")->needs(text);
    command->add_flag("--add-generation-prompt", options->addGenerationPrompt, "End with the start of an answer")->needs(messages);
    text->excludes(messages);
    command->callback([&program, options, text, messages] {
        if (text->count() + messages->count() == 0)
            throw CLI::RequiredError("--text-file or --messages-file");
        program.action = [options] { return tokenize(*options); };
    });
}

void addDetokenize(CLI::App &app, Program &program)
{
    CLI::App *command = addCommand(app, "detokenize", "Decode token ids");
    auto options = std::make_shared<DetokenizeOptions>();
    command->add_option("MODEL", options->model, "Hugging Face model folder")->required();
    command->add_option("--ids-file", options->idsFile, "A JSON array of ids")->required();
    command->add_flag("--keep-special", options->keepSpecial, "Write special tokens too");
    command->add_flag("--lines", options->lines, "Each line of the file is an array of its own");
    command->callback([&program, options] { program.action = [options] { return detokenize(*options); }; });
}

} // namespace lethe::cli
