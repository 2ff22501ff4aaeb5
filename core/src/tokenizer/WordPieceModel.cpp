#include "TokenModel.h"
#include "Utf8.h"

namespace lethe {

namespace {

/// The id of the unknown token that \p node names; every one of these models needs one.
Result<std::int32_t> readUnknown(const JsonNode &node, const Vocabulary &vocabulary)
{
    LETHE_TRY(const JsonNode unknown, node.member("unk_token"));
    LETHE_TRY(const std::string token, unknown.string());
    const std::int32_t id = vocabulary.idOf(token);
    if (id < 0)
        return unknown.corrupt("the token \"" + token + "\" is not in the vocabulary");
    return id;
}

/// BERT's word pieces: from the left, always the longest that fits; a word with a rest is unknown as a whole.
class WordPieceModel final : public TokenModel
{
public:
    static Result<std::unique_ptr<TokenModel>> read(const JsonNode &node)
    {
        auto model = std::make_unique<WordPieceModel>();
        LETHE_TRY(const JsonNode vocabulary, node.member("vocab"));
        LETHE_TRY(model->m_vocabulary, readVocabulary(vocabulary));
        LETHE_TRY(model->m_unknownId, readUnknown(node, model->m_vocabulary));
        LETHE_TRY(model->m_prefix, node.string("continuing_subword_prefix"));
        LETHE_TRY(const std::int64_t most, node.integer("max_input_chars_per_word"));
        model->m_mostCharacters = most < 0 ? 0 : static_cast<std::size_t>(most);
        return std::unique_ptr<TokenModel>(std::move(model));
    }

    void encode(std::string_view word, WordCache &, std::vector<std::int32_t> &ids) const override
    {
        std::vector<WordToken> tokens;
        encodeWithPlaces(word, tokens);
        for (const WordToken &token : tokens)
            ids.push_back(token.id);
    }

    void encodeWithPlaces(std::string_view word, std::vector<WordToken> &tokens) const override
    {
        std::size_t characters = 0;
        for (const char byte : word)
            characters += utf8::isContinuation(byte) ? 0 : 1;
        const std::size_t before = tokens.size();
        std::size_t at = 0;
        while (characters <= m_mostCharacters && at < word.size()) {
            const WordToken piece = longest(word, at);
            if (piece.id < 0)
                break;
            tokens.push_back(piece);
            at = piece.end;
        }
        if (at < word.size()) {
            tokens.resize(before);
            tokens.push_back({m_unknownId, 0, static_cast<std::uint32_t>(word.size())});
        }
    }

    std::string_view type() const override { return "WordPiece"; }

private:
    WordToken longest(std::string_view word, std::size_t begin) const
    {
        std::string piece = begin > 0 ? m_prefix : std::string();
        const std::size_t prefix = piece.size();
        piece.append(word.substr(begin));
        for (std::size_t end = word.size(); end > begin;) {
            if (const std::int32_t id = m_vocabulary.idOf(piece); id >= 0)
                return {id, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
            utf8::previous(word, end);
            piece.resize(prefix + end - begin);
        }
        return {-1, 0, 0};
    }

    std::string m_prefix;
    std::size_t m_mostCharacters = 100;
    std::int32_t m_unknownId = 0;
};

/// Whole words.
class WordLevelModel final : public TokenModel
{
public:
    static Result<std::unique_ptr<TokenModel>> read(const JsonNode &node)
    {
        auto model = std::make_unique<WordLevelModel>();
        LETHE_TRY(const JsonNode vocabulary, node.member("vocab"));
        LETHE_TRY(model->m_vocabulary, readVocabulary(vocabulary));
        LETHE_TRY(model->m_unknownId, readUnknown(node, model->m_vocabulary));
        return std::unique_ptr<TokenModel>(std::move(model));
    }

    void encode(std::string_view word, WordCache &, std::vector<std::int32_t> &ids) const override { ids.push_back(idOf(word)); }

    void encodeWithPlaces(std::string_view word, std::vector<WordToken> &tokens) const override
    {
        tokens.push_back({idOf(word), 0, static_cast<std::uint32_t>(word.size())});
    }

    std::string_view type() const override { return "WordLevel"; }

private:
    std::int32_t idOf(std::string_view word) const
    {
        const std::int32_t id = m_vocabulary.idOf(word);
        return id >= 0 ? id : m_unknownId;
    }

    std::int32_t m_unknownId = 0;
};

} // namespace

Result<std::unique_ptr<TokenModel>> readWordPieceModel(const JsonNode &node)
{
    return WordPieceModel::read(node);
}

Result<std::unique_ptr<TokenModel>> readWordLevelModel(const JsonNode &node)
{
    return WordLevelModel::read(node);
}

} // namespace lethe
