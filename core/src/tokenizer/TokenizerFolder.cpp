#include "TokenizerFolder.h"

#include "JsonNode.h"

#include <array>

namespace lethe {

namespace {

/// A file's document; null where it is not there.
Result<nlohmann::json> readIfThere(const std::filesystem::path &file)
{
    std::error_code failure;
    if (!std::filesystem::exists(file, failure))
        return nlohmann::json();
    LETHE_TRY(const std::string text, readFile(file));
    LETHE_TRY(nlohmann::json document, parseJson(text, file.string()));
    if (!document.is_object())
        return Error{ErrorCode::Corrupt, "expected an object", file.string(), {}};
    return document;
}

/// `"eos_token": "</s>"`, or an object with the `content`. \return whether the key is there at all.
Result<bool> readNamedToken(const JsonNode &document, const std::string &key, TokenizerFolder::Named &named)
{
    if (!document.value().is_object() || !document.value().contains(key))
        return false;
    LETHE_TRY(const JsonNode token, document.member(key.c_str()));
    if (token.isNull())
        return true;
    if (token.value().is_object()) {
        LETHE_TRY(named.token, token.string("content"));
    } else {
        LETHE_TRY(named.token, token.string());
    }
    return true;
}

/// `"eos_token_id": 2`; of a list the first.
Result<void> readNamedId(const JsonNode &document, const std::string &key, TokenizerFolder::Named &named)
{
    if (!document.has(key.c_str()))
        return {};
    LETHE_TRY(const JsonNode node, document.member(key.c_str()));
    const nlohmann::json &value = node.value().is_array() && !node.value().empty() ? node.value()[0] : node.value();
    if (!value.is_number_integer())
        return node.corrupt("expected an id");
    const auto id = value.get<std::int64_t>();
    if (id >= 0 && id <= INT32_MAX)
        named.id = static_cast<std::int32_t>(id);
    return {};
}

Result<std::optional<std::string>> readChatTemplate(const JsonNode &config)
{
    if (!config.has("chat_template"))
        return std::optional<std::string>();
    LETHE_TRY(const JsonNode node, config.member("chat_template"));
    if (!node.value().is_array()) {
        LETHE_TRY(std::string text, node.string());
        return std::optional<std::string>(std::move(text));
    }
    LETHE_TRY(const std::vector<JsonNode> entries, node.elements());
    for (const JsonNode &entry : entries) {
        LETHE_TRY(const std::string name, entry.string("name"));
        LETHE_TRY(std::string text, entry.string("template"));
        if (name == "default")
            return std::optional<std::string>(std::move(text));
    }
    return std::optional<std::string>();
}

} // namespace

Result<TokenizerFolder> TokenizerFolder::read(const std::filesystem::path &folder, const std::filesystem::path &configFolder)
{
    TokenizerFolder read;
    std::array<nlohmann::json, 4> documents;
    std::array<JsonNode, 4> nodes{JsonNode(documents[0], (folder / "tokenizer_config.json").string()),
                                  JsonNode(documents[1], (folder / "special_tokens_map.json").string()),
                                  JsonNode(documents[2], (configFolder / "config.json").string()),
                                  JsonNode(documents[3], (configFolder / "generation_config.json").string())};
    constexpr std::array<const char *, 4> kNames{"tokenizer_config.json", "special_tokens_map.json", "config.json", "generation_config.json"};
    for (std::size_t i = 0; i < documents.size(); ++i) {
        LETHE_TRY(documents[i], readIfThere((i < 2 ? folder : configFolder) / kNames[i]));
    }
    const JsonNode &config = nodes[0];
    // Written by transformers 5 a tokenizer_config.json names every token there is; before, a token that its class
    // implies could be left out, and the model's configuration has its id.
    const bool isComplete = config.has("backend");
    const std::array<std::pair<const char *, Named *>, 3> kinds{{{"bos_token", &read.bos}, {"eos_token", &read.eos}, {"pad_token", &read.pad}}};
    for (const auto &[key, named] : kinds) {
        LETHE_TRY(bool isSaid, readNamedToken(config, key, *named));
        if (!isSaid) {
            LETHE_TRY(isSaid, readNamedToken(nodes[1], key, *named));
        }
        if (isSaid || isComplete)
            continue;
        for (const std::size_t i : {3u, 2u}) { // the later one holds
            LETHE_TRY_VOID(readNamedId(nodes[i], std::string(key) + "_id", *named));
        }
    }
    for (const char *key : {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}) {
        Named named;
        LETHE_TRY(const bool isSaid, readNamedToken(config, key, named));
        if (!isSaid) {
            LETHE_TRY_VOID(readNamedToken(nodes[1], key, named));
        }
        if (named.token)
            read.namedTokens.emplace_back(key, *named.token);
    }
    std::error_code failure;
    if (std::filesystem::exists(folder / "chat_template.jinja", failure)) {
        LETHE_TRY(read.chatTemplate, readFile(folder / "chat_template.jinja"));
    } else {
        LETHE_TRY(read.chatTemplate, readChatTemplate(config));
    }
    return read;
}

} // namespace lethe
