#include "TokenModel.h"
#include "Utf8.h"

#include <algorithm>
#include <functional>
#include <limits>

namespace lethe {

namespace {

/// A unigram language model (Kudo 2018): of all ways to cut a word into tokens the one with the greatest sum of scores.
class UnigramModel final : public TokenModel
{
public:
    static Result<std::unique_ptr<TokenModel>> read(const JsonNode &node);

    void encode(std::string_view word, WordCache &cache, std::vector<std::int32_t> &ids) const override;
    void encodeWithPlaces(std::string_view word, std::vector<WordToken> &tokens) const override;
    std::string_view type() const override { return "Unigram"; }

private:
    /// The best way to reach a byte: its score, where its last token begins and which that is.
    struct Step {
        double score = 0;
        std::uint32_t begin = 0;
        std::int32_t id = -1; ///< −1: not reached
    };

    Result<void> readPieces(const JsonNode &pieces);
    void addToTrie(std::string_view token, std::int32_t id);
    std::vector<Step> bestSteps(std::string_view word) const;
    void addUnknown(std::string_view word, std::uint32_t begin, std::uint32_t end, std::vector<WordToken> &tokens) const;

    std::vector<double> m_scores;
    PairTable m_trie; ///< (node, byte) to (next node, id of the token that ends there or −1)
    std::int32_t m_nodes = 1;
    double m_unknownScore = 0;
    std::int32_t m_unknownId = 0;
    bool m_fallsBackToBytes = false;
    std::array<std::int32_t, 256> m_fallbackIds{};
};

/// The library's penalty of an unknown character below the least score.
constexpr double kUnknownPenalty = 10.0;

Result<std::unique_ptr<TokenModel>> UnigramModel::read(const JsonNode &node)
{
    auto model = std::make_unique<UnigramModel>();
    LETHE_TRY(const JsonNode pieces, node.member("vocab"));
    LETHE_TRY_VOID(model->readPieces(pieces));
    if (!node.has("unk_id"))
        return node.unsupported("a Unigram model without unk_id is not supported", "the id of the unknown token");
    LETHE_TRY(const JsonNode unknown, node.member("unk_id"));
    LETHE_TRY(const std::int64_t unknownId, unknown.integer());
    if (unknownId < 0 || unknownId >= static_cast<std::int64_t>(model->m_scores.size()))
        return unknown.corrupt("the id " + std::to_string(unknownId) + " is not in the vocabulary");
    model->m_unknownId = static_cast<std::int32_t>(unknownId);
    LETHE_TRY(model->m_fallsBackToBytes, node.boolean("byte_fallback", false));
    for (unsigned byte = 0; byte < 256; ++byte) {
        constexpr std::string_view kDigits = "0123456789ABCDEF";
        model->m_fallbackIds[byte] = model->m_vocabulary.idOf(std::string("<0x") + kDigits[byte >> 4] + kDigits[byte & 15] + ">");
    }
    return std::unique_ptr<TokenModel>(std::move(model));
}

Result<void> UnigramModel::readPieces(const JsonNode &pieces)
{
    if (!pieces.value().is_array() || pieces.value().empty())
        return pieces.corrupt("expected an array of [token, score]");
    const auto count = pieces.value().size();
    m_scores.reserve(count);
    m_vocabulary.reserve(count, count * 8);
    double least = std::numeric_limits<double>::infinity();
    for (const nlohmann::json &piece : pieces.value()) {
        const auto id = static_cast<std::int32_t>(m_scores.size());
        if (!piece.is_array() || piece.size() != 2 || !piece[0].is_string() || !piece[1].is_number())
            return pieces.corrupt("entry " + std::to_string(id) + " is not [token, score]");
        const std::string &token = piece[0].get_ref<const std::string &>();
        if (m_vocabulary.idOf(token) >= 0)
            return pieces.corrupt("the token \"" + token + "\" stands twice, last in entry " + std::to_string(id));
        m_vocabulary.add(token, id);
        m_scores.push_back(piece[1].get<double>());
        least = std::min(least, m_scores.back());
        addToTrie(token, id);
    }
    m_unknownScore = least - kUnknownPenalty;
    return {};
}

void UnigramModel::addToTrie(std::string_view token, std::int32_t id)
{
    std::int32_t node = 0;
    for (std::size_t i = 0; i < token.size(); ++i) {
        const std::uint64_t key = (static_cast<std::uint64_t>(node) << 8) | static_cast<unsigned char>(token[i]);
        const PairTable::Slot *edge = m_trie.find(key);
        const std::int32_t target = edge ? edge->first : m_nodes++;
        const std::int32_t ending = i + 1 == token.size() ? id : edge ? edge->second : -1;
        if (!edge || edge->second != ending)
            m_trie.put(key, target, ending);
        node = target;
    }
}

std::vector<UnigramModel::Step> UnigramModel::bestSteps(std::string_view word) const
{
    std::vector<Step> steps(word.size() + 1);
    const auto reach = [&](std::size_t begin, std::size_t end, std::int32_t id, double score) {
        Step &step = steps[end];
        const double total = steps[begin].score + score;
        if (step.id < 0 || total > step.score)
            step = {total, static_cast<std::uint32_t>(begin), id};
    };
    for (std::size_t begin = 0; begin < word.size();) {
        const std::size_t characterEnd = begin + utf8::lengthOf(word[begin]);
        bool hasCharacter = false;
        std::uint64_t node = 0;
        for (std::size_t at = begin; at < word.size(); ++at) {
            const PairTable::Slot *edge = m_trie.find((node << 8) | static_cast<unsigned char>(word[at]));
            if (!edge)
                break;
            node = static_cast<std::uint64_t>(edge->first);
            if (edge->second < 0)
                continue;
            reach(begin, at + 1, edge->second, m_scores[static_cast<std::size_t>(edge->second)]);
            hasCharacter = hasCharacter || at + 1 == characterEnd;
        }
        if (!hasCharacter)
            reach(begin, characterEnd, m_unknownId, m_unknownScore);
        begin = characterEnd;
    }
    return steps;
}

/// A run of unknown characters is one token: the run itself if the vocabulary has it, its bytes, or the unknown token.
void UnigramModel::addUnknown(std::string_view word, std::uint32_t begin, std::uint32_t end, std::vector<WordToken> &tokens) const
{
    const std::string_view run = word.substr(begin, end - begin);
    if (const std::int32_t id = m_vocabulary.idOf(run); id >= 0) {
        tokens.push_back({id, begin, end});
        return;
    }
    const bool hasBytes = m_fallsBackToBytes
        && std::ranges::all_of(run, [&](char byte) { return m_fallbackIds[static_cast<unsigned char>(byte)] >= 0; });
    if (!hasBytes) {
        tokens.push_back({m_unknownId, begin, end});
        return;
    }
    for (const char byte : run)
        tokens.push_back({m_fallbackIds[static_cast<unsigned char>(byte)], begin, end});
}

void UnigramModel::encodeWithPlaces(std::string_view word, std::vector<WordToken> &tokens) const
{
    const std::vector<Step> steps = bestSteps(word);
    std::vector<WordToken> path;
    for (auto end = static_cast<std::uint32_t>(word.size()); end > 0; end = steps[end].begin)
        path.push_back({steps[end].id, steps[end].begin, end});
    std::ranges::reverse(path);
    for (std::size_t i = 0; i < path.size();) {
        if (path[i].id != m_unknownId) {
            tokens.push_back(path[i++]);
            continue;
        }
        const std::uint32_t begin = path[i].begin;
        while (i < path.size() && path[i].id == m_unknownId)
            ++i;
        addUnknown(word, begin, path[i - 1].end, tokens);
    }
}

void UnigramModel::encode(std::string_view word, WordCache &cache, std::vector<std::int32_t> &ids) const
{
    const bool isCached = word.size() <= WordCache::kLongestWord;
    const std::size_t hash = isCached ? std::hash<std::string_view>{}(word) : 0;
    if (word.empty() || (isCached && cache.find(word, hash, ids)))
        return;
    const std::size_t before = ids.size();
    std::vector<WordToken> tokens;
    encodeWithPlaces(word, tokens);
    for (const WordToken &token : tokens)
        ids.push_back(token.id);
    if (isCached)
        cache.put(word, hash, ids.data() + before, ids.size() - before);
}

} // namespace

Result<std::unique_ptr<TokenModel>> readUnigramModel(const JsonNode &node)
{
    return UnigramModel::read(node);
}

} // namespace lethe
