#include "GgufExport.h"

#include "tokenizer/TokenDecoder.h"
#include "tokenizer/TokenizerSource.h"

#include <lethe/tokenizer/Tokenizer.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

namespace lethe {

namespace {

using Json = nlohmann::json;

// Kinds of tokens, by the format's numbers.
enum Kind : std::int32_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

Error unsupported(const TokenizerSource &source, const std::string &key, const std::string &what)
{
    return Error{.code = ErrorCode::Unsupported, .what = what, .where = source.file + ": " + key,
                 .hint = "llama.cpp knows the tokenizers of GPT-2, Llama 2 and 3, Qwen 2 and SmolLM; export in the Hugging Face format"};
}

const Json &memberOf(const Json &object, const char *key)
{
    static const Json nothing;
    const auto found = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && found != object.end() ? *found : nothing;
}

bool isType(const Json &node, const char *type)
{
    return memberOf(node, "type") == type;
}

/// llama.cpp's name for the way in which a byte-level tokenizer cuts text into words; nothing where it has none.
std::optional<std::string> splittingOf(const Json &preTokenizer)
{
    constexpr const char *kContractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}";
    constexpr const char *kRest = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    const auto plain = [](const Json &node) { return isType(node, "ByteLevel") && memberOf(node, "add_prefix_space") == false; };
    if (plain(preTokenizer))
        return memberOf(preTokenizer, "use_regex") != false ? std::optional<std::string>("gpt-2") : std::nullopt;
    const Json &steps = memberOf(preTokenizer, "pretokenizers");
    if (!isType(preTokenizer, "Sequence") || !steps.is_array() || steps.size() != 2 || !plain(steps[1]))
        return std::nullopt;
    const Json &first = steps[0];
    const bool words = memberOf(steps[1], "use_regex") != false;
    if (words)
        return isType(first, "Digits") && memberOf(first, "individual_digits") == true ? std::optional<std::string>("smollm") : std::nullopt;
    if (!isType(first, "Split") || memberOf(first, "behavior") != "Isolated" || memberOf(first, "invert") == true)
        return std::nullopt;
    const Json &pattern = memberOf(memberOf(first, "pattern"), "Regex");
    if (pattern == std::string(kContractions) + "{1,3}" + kRest)
        return "llama-bpe";
    if (pattern == std::string(kContractions) + kRest)
        return "qwen2";
    return std::nullopt;
}

/// Whether text is put together with ▁ for the space, as SentencePiece does, and whether one is put before it.
std::optional<bool> prefixOfPieces(const Json &document)
{
    const Json &normalizer = memberOf(document, "normalizer");
    const Json &preTokenizer = memberOf(document, "pre_tokenizer");
    const auto replaces = [](const Json &node) {
        return isType(node, "Replace") && memberOf(memberOf(node, "pattern"), "String") == " " && memberOf(node, "content") == "\u2581";
    };
    if (normalizer.is_null() && isType(preTokenizer, "Metaspace") && memberOf(preTokenizer, "split") == false)
        return memberOf(preTokenizer, "prepend_scheme") != "never";
    if (!preTokenizer.is_null() && !isType(preTokenizer, "Split"))
        return std::nullopt;
    if (replaces(normalizer))
        return false;
    const Json &steps = memberOf(normalizer, "normalizers");
    if (!steps.is_array() || steps.empty() || steps.size() > 2 || !replaces(steps.back()))
        return std::nullopt;
    if (steps.size() == 1)
        return false;
    return isType(steps.front(), "Prepend") && memberOf(steps.front(), "prepend") == "\u2581" ? std::optional<bool>(true) : std::nullopt;
}

/// Left and right of a merge, whichever way the file spells it.
std::optional<std::pair<std::string, std::string>> mergeOf(const Json &merge)
{
    if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string())
        return std::pair(merge[0].get<std::string>(), merge[1].get<std::string>());
    if (!merge.is_string())
        return std::nullopt;
    const std::string text = merge.get<std::string>();
    const std::size_t space = text.find(' ');
    return space == std::string::npos ? std::nullopt : std::optional(std::pair(text.substr(0, space), text.substr(space + 1)));
}

} // namespace

Result<GgufMetadata> ggufTokenizer(const std::filesystem::path &folder, std::int64_t vocabulary)
{
    LETHE_TRY(const TokenizerSource source, TokenizerSource::read(folder));
    LETHE_TRY(const Tokenizer tokenizer, Tokenizer::load(folder));
    const Json &model = memberOf(source.document, "model");
    if (tokenizer.type() != "BPE")
        return unsupported(source, "model.type", "a " + std::string(tokenizer.type()) + " tokenizer is not written as GGUF");
    if (tokenizer.vocabularySize() > vocabulary)
        return Error{.code = ErrorCode::InvalidInput, .what = "has " + std::to_string(tokenizer.vocabularySize()) + " tokens, the model " + std::to_string(vocabulary),
                     .where = source.file, .hint = {}};

    const Json &preTokenizer = memberOf(source.document, "pre_tokenizer");
    const std::optional<std::string> splitting = splittingOf(preTokenizer);
    const std::optional<bool> prefix = splitting ? std::nullopt : prefixOfPieces(source.document);
    if (!splitting && !prefix)
        return unsupported(source, "pre_tokenizer", "text is cut in a way that llama.cpp has no name for");
    const Json &normalizer = memberOf(source.document, "normalizer");
    if (splitting && !normalizer.is_null() && !(splitting == "qwen2" && isType(normalizer, "NFC"))) // llama.cpp leaves Qwen's out
        return unsupported(source, "normalizer", "the normalizer of a byte-level tokenizer has no place in a GGUF file");
    if (!splitting && memberOf(model, "byte_fallback") != true)
        return unsupported(source, "model.byte_fallback", "pieces without bytes for unknown characters are not written as GGUF");

    std::vector<std::string> tokens;
    std::vector<std::int32_t> kinds;
    for (std::int64_t id = 0; id < vocabulary; ++id) {
        const auto token = tokenizer.tokenOf(static_cast<TokenId>(id));
        tokens.push_back(token ? *token : "[PAD" + std::to_string(id) + "]");
        kinds.push_back(!token ? kUnused : !splitting && TokenDecoder::byteOf(*token) ? kByte : kNormal);
    }
    for (const Json &added : memberOf(source.document, "added_tokens"))
        if (const auto id = tokenizer.idOf(memberOf(added, "content").get<std::string>()); id && *id < vocabulary)
            kinds[static_cast<std::size_t>(*id)] = memberOf(added, "special") == true ? kControl : kUserDefined;
    std::optional<TokenId> unknown;
    if (const Json &name = memberOf(model, "unk_token"); name.is_string())
        unknown = tokenizer.idOf(name.get<std::string>());
    if (!unknown && !splitting)
        unknown = tokenizer.idOf("<unk>");
    if (unknown && !splitting)
        kinds[static_cast<std::size_t>(*unknown)] = kUnknown;

    GgufMetadata metadata{{"tokenizer.ggml.model", std::string(splitting ? "gpt2" : "llama")}, {"tokenizer.ggml.pre", splitting.value_or("default")}};
    const Json &list = memberOf(model, "merges");
    std::vector<std::string> merges;
    std::map<std::string, float> scores; // of what a merge makes: the earlier, the greater
    for (const Json &entry : list) {
        const auto merge = mergeOf(entry);
        if (!merge)
            return Error{.code = ErrorCode::Corrupt, .what = "holds what is no merge", .where = source.file + ": model.merges", .hint = {}};
        scores.emplace(merge->first + merge->second, -static_cast<float>(merges.size()));
        merges.push_back(merge->first + " " + merge->second);
    }
    if (splitting) {
        metadata.emplace_back("tokenizer.ggml.tokens", tokens);
        metadata.emplace_back("tokenizer.ggml.merges", merges);
    } else {
        // llama.cpp joins the two neighbours whose token has the greatest score: the merges' order as scores. What no merge makes is never joined.
        std::vector<float> byToken;
        for (const std::string &token : tokens) {
            const auto score = scores.find(token);
            byToken.push_back(score != scores.end() ? score->second : -static_cast<float>(merges.size()) - 1);
        }
        metadata.emplace_back("tokenizer.ggml.tokens", tokens);
        metadata.emplace_back("tokenizer.ggml.scores", byToken);
        metadata.emplace_back("tokenizer.ggml.add_space_prefix", *prefix);
    }
    metadata.emplace_back("tokenizer.ggml.token_type", kinds);
    const auto name = [&metadata](const char *key, const std::optional<TokenId> &id) {
        if (id)
            metadata.emplace_back(key, static_cast<std::uint32_t>(*id));
    };
    name("tokenizer.ggml.bos_token_id", tokenizer.bosId());
    name("tokenizer.ggml.eos_token_id", tokenizer.eosId());
    name("tokenizer.ggml.padding_token_id", tokenizer.padId());
    name("tokenizer.ggml.unknown_token_id", unknown);
    const std::vector<TokenId> around = tokenizer.encode("", true);
    metadata.emplace_back("tokenizer.ggml.add_bos_token", !around.empty() && around.front() == tokenizer.bosId());
    metadata.emplace_back("tokenizer.ggml.add_eos_token", !around.empty() && around.back() == tokenizer.eosId());
    if (const auto chat = tokenizer.chatTemplate())
        metadata.emplace_back("tokenizer.chat_template", *chat);
    return metadata;
}

} // namespace lethe
