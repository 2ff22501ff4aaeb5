#include <lethe/tokenizer/ChatTemplate.h>

#include <lethe/tokenizer/Tokenizer.h>

#include "Utf8.h"
#include "jinja/Interpreter.h"

namespace lethe {

namespace {

Error errorOf(const jinja::Failure &failure)
{
    return Error{failure.code, failure.what, failure.isRefusal ? std::string() : "chat template: line " + std::to_string(failure.line), {}};
}

} // namespace

struct ChatTemplate::Data {
    std::string source;
    jinja::Body body;
    std::vector<std::pair<std::string, std::string>> tokens; ///< `bos_token` … and their text
};

ChatTemplate::ChatTemplate(std::unique_ptr<const Data> data) : m_data(std::move(data)) {}
ChatTemplate::ChatTemplate(ChatTemplate &&) noexcept = default;
ChatTemplate &ChatTemplate::operator=(ChatTemplate &&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

Result<ChatTemplate> ChatTemplate::of(const Tokenizer &tokenizer)
{
    std::optional<std::string> source = tokenizer.chatTemplate();
    if (!source)
        return Error{ErrorCode::NotFound, "the model has no chat template", {}, "chat_template.jinja, or chat_template in tokenizer_config.json"};
    return parse(std::move(*source), tokenizer.namedTokens());
}

Result<ChatTemplate> ChatTemplate::parse(std::string source, std::string bosToken, std::string eosToken)
{
    std::vector<std::pair<std::string, std::string>> tokens;
    if (!bosToken.empty())
        tokens.emplace_back("bos_token", std::move(bosToken));
    if (!eosToken.empty())
        tokens.emplace_back("eos_token", std::move(eosToken));
    return parse(std::move(source), std::move(tokens));
}

Result<ChatTemplate> ChatTemplate::parse(std::string source, std::vector<std::pair<std::string, std::string>> tokens)
{
    auto data = std::make_unique<Data>();
    data->source = utf8::lossy(source);
    data->tokens = std::move(tokens);
    try {
        data->body = jinja::parse(data->source);
    } catch (const jinja::Failure &failure) {
        return errorOf(failure);
    }
    return ChatTemplate(std::move(data));
}

Result<std::string> ChatTemplate::render(const std::vector<ChatMessage> &messages, bool addGenerationPrompt) const
{
    using jinja::Value;
    try {
        std::vector<Value> list;
        for (const ChatMessage &message : messages)
            list.push_back(Value::dict({{Value("role"), Value(utf8::lossy(message.role))}, {Value("content"), Value(utf8::lossy(message.content))}}));
        std::vector<std::pair<std::string, Value>> variables{{"messages", Value::list(std::move(list))},
                                                             {"tools", Value(jinja::None{})},
                                                             {"documents", Value(jinja::None{})},
                                                             {"add_generation_prompt", Value(addGenerationPrompt)}};
        for (const auto &[name, text] : m_data->tokens)
            variables.emplace_back(name, Value(text));
        return jinja::Interpreter(std::move(variables), jinja::Bounds{}).render(m_data->body);
    } catch (const jinja::Failure &failure) {
        return errorOf(failure);
    }
}

} // namespace lethe
