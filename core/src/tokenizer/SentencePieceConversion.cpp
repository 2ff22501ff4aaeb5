#include "SentencePieceFile.h"

#include "JsonNode.h"
#include "Utf8.h"

#include <QtCore/QByteArray>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>

namespace lethe {

namespace {

using Json = nlohmann::json;

constexpr int kAllSpaces = 1 << 12;
constexpr const char *kSpace = "\u2581"; // ▁

/// The conversions that transformers has of a file, by class.
enum class Form { Own, Llama, Gemma };

/// A merge of two pieces into a third.
struct Merge {
    std::int32_t left = 0, right = 0;
    double rank = 0; ///< the earliest is the least
    std::size_t leftLength = 0, rightLength = 0; ///< characters
};

std::size_t charactersOf(std::string_view text)
{
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }));
}

/// Every way in which two pieces give a third one, in the order in which they are made: by the third's id, as transformers has it
/// (\p byScore: by its score, as the library itself), the shorter left part first. \p apart: pieces that no text is merged to.
Json mergesOf(const SentencePieceFile &file, const std::set<std::string> &apart, bool byScore)
{
    std::unordered_map<std::string_view, std::int32_t> ids;
    for (std::size_t id = 0; id < file.pieces.size(); ++id)
        if (!apart.contains(file.pieces[id].text))
            ids.emplace(file.pieces[id].text, static_cast<std::int32_t>(id));
    std::vector<Merge> merges;
    for (std::size_t id = 0; id < file.pieces.size(); ++id) {
        const SentencePieceFile::Piece &piece = file.pieces[id];
        const std::string_view text = piece.text;
        if (apart.contains(piece.text) || (byScore && piece.kind != SentencePieceFile::Kind::Normal))
            continue;
        for (std::size_t at = text.empty() ? 0 : utf8::lengthOf(text[0]); at < text.size(); at += utf8::lengthOf(text[at])) {
            const auto first = ids.find(text.substr(0, at));
            const auto second = ids.find(text.substr(at));
            if (first == ids.end() || second == ids.end())
                continue;
            merges.push_back({.left = first->second, .right = second->second, .rank = byScore ? -static_cast<double>(piece.score) : static_cast<double>(id),
                              .leftLength = charactersOf(first->first), .rightLength = charactersOf(second->first)});
        }
    }
    std::ranges::stable_sort(merges, [](const Merge &a, const Merge &b) {
        return std::tie(a.rank, a.leftLength, a.rightLength) < std::tie(b.rank, b.leftLength, b.rightLength);
    });
    Json list = Json::array();
    for (const Merge &merge : merges)
        list.push_back(Json::array({file.textOf(merge.left), file.textOf(merge.right)}));
    return list;
}

Json modelOf(const SentencePieceFile &file, Form form, const std::set<std::string> &apart)
{
    if (form == Form::Own && file.model == SentencePieceFile::Model::Unigram) {
        Json vocabulary = Json::array();
        for (const SentencePieceFile::Piece &piece : file.pieces)
            vocabulary.push_back(Json::array({piece.text, piece.score}));
        return {{"type", "Unigram"}, {"unk_id", file.unknownId}, {"vocab", std::move(vocabulary)}, {"byte_fallback", file.byteFallback}};
    }
    Json vocabulary = Json::object();
    for (std::size_t id = 0; id < file.pieces.size(); ++id)
        vocabulary[file.pieces[id].text] = id;
    Json model{{"type", "BPE"}, {"dropout", nullptr}, {"unk_token", file.textOf(file.unknownId)}, {"continuing_subword_prefix", nullptr},
               {"end_of_word_suffix", nullptr}, {"fuse_unk", true}, {"byte_fallback", form != Form::Own || file.byteFallback}, {"vocab", std::move(vocabulary)}};
    if (form == Form::Llama)
        model["unk_token"] = nullptr; // as its class builds it: what has no bytes falls out
    model["merges"] = mergesOf(file, apart, form == Form::Own);
    return model;
}

Json replaced(const char *pattern, const char *content)
{
    return {{"type", "Replace"}, {"pattern", {{"String", pattern}}}, {"content", content}};
}

Json normalizerOf(const SentencePieceFile &file, Form form)
{
    if (form == Form::Gemma)
        return replaced(" ", kSpace);
    if (form == Form::Llama)
        return nullptr;
    Json steps = Json::array();
    if (!file.charsmap.empty()) {
        const QByteArray rules(file.charsmap.data(), static_cast<qsizetype>(file.charsmap.size()));
        steps.push_back({{"type", "Precompiled"}, {"precompiled_charsmap", rules.toBase64().toStdString()}});
    }
    if (file.removeExtraWhitespaces) { // of the space itself alone, but behind the text of its sign too
        steps.push_back({{"type", "Replace"}, {"pattern", {{"Regex", "^ +|[ \u2581]+$"}}}, {"content", ""}});
        steps.push_back({{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", " "}});
    }
    if (file.addDummyPrefix) // before a text that begins with a space too
        steps.push_back({{"type", "Prepend"}, {"prepend", kSpace}});
    steps.push_back(replaced(" ", kSpace));
    return {{"type", "Sequence"}, {"normalizers", std::move(steps)}};
}

/// \param strips so many spaces off the front
Json decoderOf(int strips)
{
    Json steps = Json::array({replaced(kSpace, " "), {{"type", "ByteFallback"}}, {{"type", "Fuse"}}});
    if (strips > 0)
        steps.push_back({{"type", "Strip"}, {"content", " "}, {"start", strips}, {"stop", 0}});
    return {{"type", "Sequence"}, {"decoders", std::move(steps)}};
}

/// Tokens that are found in text before the model sees it, in the order of their ids.
class TokenList
{
public:
    explicit TokenList(const SentencePieceFile &file)
    {
        for (std::size_t id = 0; id < file.pieces.size(); ++id)
            m_idOf.emplace(file.pieces[id].text, id);
        m_next = file.pieces.size();
    }

    void add(const std::string &content, bool special, const Json *flags = nullptr)
    {
        if (content.empty())
            return;
        if (const auto there = m_at.find(content); there != m_at.end() && flags == nullptr) {
            m_tokens[there->second]["special"] = special || m_tokens[there->second]["special"].get<bool>();
            return;
        }
        const auto known = m_idOf.find(content);
        const std::size_t id = known != m_idOf.end() ? known->second : m_next++;
        m_idOf.emplace(content, id);
        Json token{{"id", id}, {"content", content}, {"single_word", false}, {"lstrip", false}, {"rstrip", false}, {"normalized", false}, {"special", special}};
        if (flags != nullptr)
            for (const char *flag : {"single_word", "lstrip", "rstrip", "normalized", "special"})
                if (const auto said = flags->find(flag); said != flags->end() && said->is_boolean())
                    token[flag] = *said;
        m_at[content] = id;
        m_tokens[id] = std::move(token);
    }

    Json list() const
    {
        Json list = Json::array();
        for (const auto &[id, token] : m_tokens)
            list.push_back(token);
        return list;
    }

    std::size_t idOf(const std::string &content) const { return m_idOf.at(content); }

private:
    std::unordered_map<std::string, std::size_t> m_idOf;
    std::map<std::string, std::size_t> m_at;
    std::map<std::size_t, Json> m_tokens;
    std::size_t m_next = 0;
};

/// `"<s>"` or `{"content": "<s>"}`; empty for anything else.
std::string contentOf(const Json &token)
{
    if (token.is_string())
        return token.get<std::string>();
    if (token.is_object() && token.contains("content") && token["content"].is_string())
        return token["content"].get<std::string>();
    return {};
}

bool flagOf(const Json &config, const char *key, bool otherwise)
{
    const auto found = config.find(key);
    return found != config.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

} // namespace

Result<Json> SentencePieceFile::asTokenizerJson(const Json &given, const std::string &configFile) const
{
    const Json config = given.is_object() ? given : Json::object();
    const std::string name = config.contains("tokenizer_class") ? contentOf(config["tokenizer_class"]) : std::string();
    Form form = Form::Own;
    if (name == "LlamaTokenizer" || name == "LlamaTokenizerFast")
        form = Form::Llama;
    else if (name == "GemmaTokenizer" || name == "GemmaTokenizerFast")
        form = Form::Gemma;
    else if (!name.empty() && name != "PreTrainedTokenizerFast" && name != "TokenizersBackend")
        return Error{.code = ErrorCode::Unsupported, .what = "a tokenizer.model of the class \"" + name + "\" is not supported",
                     .where = configFile + ": tokenizer_class",
                     .hint = "LlamaTokenizer and GemmaTokenizer are; AutoTokenizer.from_pretrained(folder).save_pretrained(folder) makes a tokenizer.json of any"};
    if (form != Form::Own && model != Model::Bpe)
        return Error{.code = ErrorCode::Unsupported, .what = "the class \"" + name + "\" is for BPE models, and tokenizer.model is a Unigram one",
                     .where = configFile + ": tokenizer_class", .hint = "Take tokenizer_class out"};

    // Special tokens by name: the config's, else those of the class, else the file's own.
    std::map<std::string, std::string> named;
    if (form == Form::Llama)
        named = {{"unk_token", "<unk>"}, {"bos_token", "<s>"}, {"eos_token", "</s>"}};
    else if (form == Form::Gemma)
        named = {{"unk_token", "<unk>"}, {"bos_token", "<bos>"}, {"eos_token", "<eos>"}, {"pad_token", "<pad>"}, {"mask_token", "<mask>"}};
    else
        for (const auto &[key, id] : {std::pair("unk_token", unknownId), std::pair("bos_token", bosId), std::pair("eos_token", eosId), std::pair("pad_token", padId)})
            if (id >= 0)
                named[key] = textOf(id);
    constexpr const char *kNames[] = {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};
    for (const char *key : kNames)
        if (config.contains(key))
            named[key] = contentOf(config[key]);

    TokenList tokens(*this);
    std::vector<std::pair<std::int64_t, const Json *>> described;
    if (const auto list = config.find("added_tokens_decoder"); list != config.end() && list->is_object())
        for (const auto &[id, token] : list->items()) {
            if (id.empty() || id.size() > 9 || id.find_first_not_of("0123456789") != std::string::npos || contentOf(token).empty())
                return Error{.code = ErrorCode::Corrupt, .what = "\"" + id + "\" is no id with its token", .where = configFile + ": added_tokens_decoder", .hint = {}};
            described.emplace_back(std::stoll(id), &token);
        }
    std::ranges::sort(described, {}, &std::pair<std::int64_t, const Json *>::first);
    std::set<std::string> special;
    for (const Piece &piece : pieces)
        if (piece.kind == Kind::Control || piece.kind == Kind::UserDefined) {
            tokens.add(piece.text, piece.kind == Kind::Control);
            special.insert(piece.text);
        }
    for (const auto &[id, token] : described)
        tokens.add(contentOf(*token), flagOf(*token, "special", false), token);
    for (const char *key : kNames)
        if (const auto found = named.find(key); found != named.end())
            tokens.add(found->second, true);
    for (const char *key : {"additional_special_tokens", "extra_special_tokens"})
        if (const auto list = config.find(key); list != config.end() && list->is_array())
            for (const Json &token : *list)
                tokens.add(contentOf(token), true);

    const bool prefix = form == Form::Gemma ? false : form == Form::Llama ? flagOf(config, "add_prefix_space", true) : addDummyPrefix;
    Json document{{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr}, {"added_tokens", tokens.list()}};
    document["normalizer"] = normalizerOf(*this, form);
    if (form == Form::Gemma)
        document["pre_tokenizer"] = {{"type", "Split"}, {"pattern", {{"String", " "}}}, {"behavior", "MergedWithPrevious"}, {"invert", false}};
    else if (form == Form::Llama)
        document["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", kSpace}, {"split", false},
                                     {"prepend_scheme", !prefix ? "never" : flagOf(config, "legacy", false) ? "always" : "first"}};
    Json single = Json::array(), around = Json::object();
    const auto put = [&](const char *flag, const char *key) {
        const auto found = named.find(key);
        if (!flagOf(config, flag, false) || found == named.end() || found->second.empty())
            return;
        single.push_back({{"SpecialToken", {{"id", found->second}, {"type_id", 0}}}});
        around[found->second] = {{"id", found->second}, {"ids", Json::array({tokens.idOf(found->second)})}, {"tokens", Json::array({found->second})}};
    };
    put("add_bos_token", "bos_token");
    single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
    put("add_eos_token", "eos_token");
    const Json pair = Json::array({{{"Sequence", {{"id", "A"}, {"type_id", 0}}}}, {{"Sequence", {{"id", "B"}, {"type_id", 1}}}}});
    document["post_processor"] = {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", around}};
    document["decoder"] = decoderOf(form == Form::Own && removeExtraWhitespaces ? kAllSpaces : prefix ? 1 : 0);
    document["model"] = modelOf(*this, form, form == Form::Own ? special : std::set<std::string>());
    return document;
}

} // namespace lethe
