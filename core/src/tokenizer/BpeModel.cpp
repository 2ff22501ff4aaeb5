#include "ByteAlphabet.h"
#include "TokenModel.h"
#include "Utf8.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>

namespace lethe {

namespace {

constexpr std::int32_t kNoMerge = std::numeric_limits<std::int32_t>::max();
constexpr std::string_view kMetaspace = "\xE2\x96\x81"; // ▁
/// Up to here looking through the whole word for the next merge is quicker than keeping a heap of them.
constexpr std::size_t kShortWord = 48;

std::uint64_t pairKey(std::int32_t left, std::int32_t right)
{
    return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) | static_cast<std::uint32_t>(right);
}

/// Whether a ▁ follows something else inside \p token.
bool crossesIntoMetaspace(std::string_view token)
{
    for (std::size_t at = token.find(kMetaspace, 1); at != std::string_view::npos; at = token.find(kMetaspace, at + 1)) {
        if (at < kMetaspace.size() || token.substr(at - kMetaspace.size(), kMetaspace.size()) != kMetaspace)
            return true;
    }
    return false;
}

/// Byte-pair encoding (Sennrich et al. 2016): of all neighbours in a word the pair with the lowest rank is joined, the
/// leftmost first, until none has a rank.
class BpeModel final : public TokenModel
{
public:
    static Result<std::unique_ptr<TokenModel>> read(const JsonNode &node);

    void encode(std::string_view word, WordCache &cache, std::vector<std::int32_t> &ids) const override;
    void encodeWithPlaces(std::string_view word, std::vector<WordToken> &tokens) const override;
    std::string_view type() const override { return "BPE"; }
    bool takeRawBytes() override;

private:
    struct Symbol {
        std::int32_t id = 0;
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
        std::int32_t rank = kNoMerge; ///< of joining it to the next
        std::int32_t joined = 0; ///< the id that gives
    };
    using Symbols = std::vector<Symbol>;

    Result<void> readOptions(const JsonNode &node);
    Result<void> readMerges(const JsonNode &node);
    Result<void> addMerge(const JsonNode &merges, std::size_t rank, std::string_view left, std::string_view right);

    std::int32_t wholeWord(std::string_view word) const;
    /// Where the part of \p word that begins at \p at ends: no merge reaches over that border.
    std::size_t partEnd(std::string_view word, std::size_t at) const;
    void encodePart(std::string_view part, WordCache &cache, std::vector<std::int32_t> &ids) const;

    void start(std::string_view part, Symbols &symbols) const;
    void startFromCharacters(std::string_view part, Symbols &symbols) const;
    bool addBytes(std::string_view character, std::uint32_t begin, Symbols &symbols) const;
    void join(Symbols &symbols) const;
    void joinShort(Symbols &symbols) const;
    void joinLong(Symbols &symbols) const;
    void rankPair(Symbol &left, const Symbol &right) const;

    PairTable m_merges;
    std::array<std::int32_t, 256> m_rawIds{}; ///< of the bytes, if the model takes raw bytes
    Vocabulary m_rawWords; ///< the vocabulary in raw bytes, if whole words are looked up
    std::array<std::int32_t, 256> m_fallbackIds{}; ///< of `<0x00>` …, −1 where missing
    std::array<std::int32_t, 128> m_asciiIds{};
    std::string m_prefix; ///< of symbols that do not begin a word
    std::string m_suffix; ///< of the symbol that ends a word
    std::int32_t m_unknownId = -1;
    bool m_fusesUnknown = false;
    bool m_fallsBackToBytes = false;
    bool m_looksUpWholeWords = false; ///< ignore_merges
    bool m_takesRawBytes = false;
    bool m_partsAtMetaspace = false;
};

Result<std::unique_ptr<TokenModel>> BpeModel::read(const JsonNode &node)
{
    auto model = std::make_unique<BpeModel>();
    LETHE_TRY(const JsonNode vocabulary, node.member("vocab"));
    LETHE_TRY(model->m_vocabulary, readVocabulary(vocabulary));
    LETHE_TRY_VOID(model->readOptions(node));
    LETHE_TRY_VOID(model->readMerges(node));
    for (std::size_t c = 0; c < 128; ++c) {
        const char character = static_cast<char>(c);
        model->m_asciiIds[c] = model->m_vocabulary.idOf(std::string_view(&character, 1));
    }
    return std::unique_ptr<TokenModel>(std::move(model));
}

Result<void> BpeModel::readOptions(const JsonNode &node)
{
    if (node.has("dropout")) {
        LETHE_TRY(const JsonNode dropout, node.member("dropout"));
        if (!dropout.value().is_number() || dropout.value().get<double>() != 0.0)
            return dropout.unsupported("merge dropout is not supported", "null: encoding must not be random");
    }
    if (node.has("continuing_subword_prefix")) {
        LETHE_TRY(m_prefix, node.string("continuing_subword_prefix"));
    }
    if (node.has("end_of_word_suffix")) {
        LETHE_TRY(m_suffix, node.string("end_of_word_suffix"));
    }
    LETHE_TRY(m_fusesUnknown, node.boolean("fuse_unk", false));
    LETHE_TRY(m_fallsBackToBytes, node.boolean("byte_fallback", false));
    LETHE_TRY(m_looksUpWholeWords, node.boolean("ignore_merges", false));
    if (node.has("unk_token")) {
        LETHE_TRY(const JsonNode unknown, node.member("unk_token"));
        LETHE_TRY(const std::string token, unknown.string());
        m_unknownId = m_vocabulary.idOf(token);
        if (m_unknownId < 0)
            return unknown.corrupt("the token \"" + token + "\" is not in the vocabulary");
    }
    for (unsigned byte = 0; byte < 256; ++byte) {
        constexpr std::string_view kDigits = "0123456789ABCDEF";
        const std::string token = std::string("<0x") + kDigits[byte >> 4] + kDigits[byte & 15] + ">";
        m_fallbackIds[byte] = m_fallsBackToBytes ? m_vocabulary.idOf(token) : -1;
    }
    return {};
}

Result<void> BpeModel::readMerges(const JsonNode &node)
{
    LETHE_TRY(const JsonNode merges, node.member("merges"));
    if (!merges.value().is_array())
        return merges.corrupt("expected an array");
    m_merges.reserve(merges.value().size());
    m_partsAtMetaspace = m_vocabulary.idOf(kMetaspace) >= 0 && m_prefix.empty() && m_suffix.empty();
    std::size_t rank = 0;
    for (const nlohmann::json &merge : merges.value()) {
        if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
            LETHE_TRY_VOID(addMerge(merges, rank, merge[0].get_ref<const std::string &>(), merge[1].get_ref<const std::string &>()));
        } else if (merge.is_string()) {
            const std::string_view text = merge.get_ref<const std::string &>();
            if (text.starts_with("#version"))
                continue;
            const std::size_t space = text.find(' ');
            if (space == std::string_view::npos || text.find(' ', space + 1) != std::string_view::npos)
                return merges.corrupt("merge " + std::to_string(rank) + " is not two tokens with a space between");
            LETHE_TRY_VOID(addMerge(merges, rank, text.substr(0, space), text.substr(space + 1)));
        } else {
            return merges.corrupt("merge " + std::to_string(rank) + " is not a pair of tokens");
        }
        ++rank;
    }
    return {};
}

Result<void> BpeModel::addMerge(const JsonNode &merges, std::size_t rank, std::string_view left, std::string_view right)
{
    const auto idOf = [&](std::string_view token, std::int32_t &id) -> Result<void> {
        id = m_vocabulary.idOf(token);
        if (id < 0)
            return merges.corrupt("merge " + std::to_string(rank) + " names \"" + std::string(token) + "\", which is not in the vocabulary");
        return {};
    };
    std::int32_t leftId = -1;
    std::int32_t rightId = -1;
    std::int32_t joinedId = -1;
    LETHE_TRY_VOID(idOf(left, leftId));
    LETHE_TRY_VOID(idOf(right, rightId));
    if (right.size() < m_prefix.size())
        return merges.corrupt("merge " + std::to_string(rank) + " has a second token shorter than continuing_subword_prefix");
    const std::string joined = std::string(left) + std::string(right.substr(m_prefix.size()));
    LETHE_TRY_VOID(idOf(joined, joinedId));
    m_merges.put(pairKey(leftId, rightId), static_cast<std::int32_t>(rank), joinedId);
    if (m_partsAtMetaspace && crossesIntoMetaspace(joined))
        m_partsAtMetaspace = false;
    return {};
}

bool BpeModel::takeRawBytes()
{
    if (!m_prefix.empty() || !m_suffix.empty())
        return false;
    for (unsigned byte = 0; byte < 256; ++byte) {
        m_rawIds[byte] = m_vocabulary.idOf(utf8::encode(byteAlphabet::characterOf(static_cast<unsigned char>(byte))));
        if (m_rawIds[byte] < 0 && (m_unknownId >= 0 || m_fallsBackToBytes))
            return false; // what then happens depends on how the byte is spelt
    }
    if (m_looksUpWholeWords) {
        m_rawWords.reserve(m_vocabulary.size(), 0);
        std::string bytes;
        m_vocabulary.forEach([&](std::string_view token, std::int32_t id) {
            bytes.clear();
            if (byteAlphabet::read(token, bytes))
                m_rawWords.add(bytes, id);
        });
    }
    m_takesRawBytes = true;
    m_partsAtMetaspace = false;
    return true;
}

std::int32_t BpeModel::wholeWord(std::string_view word) const
{
    if (!m_looksUpWholeWords)
        return -1;
    return (m_takesRawBytes ? m_rawWords : m_vocabulary).idOf(word);
}

std::size_t BpeModel::partEnd(std::string_view word, std::size_t at) const
{
    if (!m_partsAtMetaspace)
        return word.size();
    // No token that a merge makes has a ▁ behind anything but a ▁, so merges on the two sides of such a border never
    // meet: the parts are encoded as if each were alone.
    while (word.substr(at, kMetaspace.size()) == kMetaspace)
        at += kMetaspace.size();
    return std::min(word.find(kMetaspace, at), word.size());
}

void BpeModel::encode(std::string_view word, WordCache &cache, std::vector<std::int32_t> &ids) const
{
    if (const std::int32_t id = wholeWord(word); id >= 0) {
        ids.push_back(id);
        return;
    }
    for (std::size_t at = 0; at < word.size();) {
        const std::size_t end = partEnd(word, at);
        encodePart(word.substr(at, end - at), cache, ids);
        at = end;
    }
}

void BpeModel::encodePart(std::string_view part, WordCache &cache, std::vector<std::int32_t> &ids) const
{
    const bool isCached = part.size() <= WordCache::kLongestWord;
    const std::size_t hash = isCached ? std::hash<std::string_view>{}(part) : 0;
    if (isCached && cache.find(part, hash, ids))
        return;
    const std::size_t before = ids.size();
    Symbols symbols;
    start(part, symbols);
    join(symbols);
    for (const Symbol &symbol : symbols)
        ids.push_back(symbol.id);
    if (isCached)
        cache.put(part, hash, ids.data() + before, ids.size() - before);
}

void BpeModel::encodeWithPlaces(std::string_view word, std::vector<WordToken> &tokens) const
{
    if (const std::int32_t id = wholeWord(word); id >= 0) {
        tokens.push_back({id, 0, static_cast<std::uint32_t>(word.size())});
        return;
    }
    Symbols symbols;
    start(word, symbols);
    join(symbols);
    for (const Symbol &symbol : symbols)
        tokens.push_back({symbol.id, symbol.begin, symbol.end});
}

void BpeModel::start(std::string_view part, Symbols &symbols) const
{
    symbols.reserve(part.size());
    if (!m_takesRawBytes) {
        startFromCharacters(part, symbols);
        return;
    }
    for (std::uint32_t i = 0; i < part.size(); ++i) {
        const std::int32_t id = m_rawIds[static_cast<unsigned char>(part[i])];
        if (id >= 0)
            symbols.push_back({id, i, i + 1});
    }
}

void BpeModel::startFromCharacters(std::string_view part, Symbols &symbols) const
{
    Symbol unknown{-1};
    const auto flush = [&] {
        if (unknown.id >= 0)
            symbols.push_back(unknown);
        unknown.id = -1;
    };
    std::string affixed;
    for (std::uint32_t begin = 0; begin < part.size();) {
        const auto end = begin + static_cast<std::uint32_t>(utf8::lengthOf(part[begin]));
        std::string_view character = part.substr(begin, end - begin);
        const bool takesPrefix = begin > 0 && !m_prefix.empty();
        const bool takesSuffix = end == part.size() && !m_suffix.empty();
        if (takesPrefix || takesSuffix) {
            affixed = (takesPrefix ? m_prefix : "") + std::string(character) + (takesSuffix ? m_suffix : "");
            character = affixed;
        }
        const bool isAscii = character.size() == 1;
        const std::int32_t id = isAscii ? m_asciiIds[static_cast<unsigned char>(character[0])] : m_vocabulary.idOf(character);
        if (id >= 0) {
            flush();
            symbols.push_back({id, begin, end});
        } else if (m_fallsBackToBytes && addBytes(character, begin, symbols)) {
            // As the library has it: an unknown run before these bytes is not closed by them, and comes behind them.
        } else if (m_unknownId >= 0) {
            if (unknown.id >= 0 && m_fusesUnknown) {
                unknown.end += end - begin;
            } else {
                flush();
                unknown = {m_unknownId, begin, end};
            }
        }
        begin = end;
    }
    flush();
}

bool BpeModel::addBytes(std::string_view character, std::uint32_t begin, Symbols &symbols) const
{
    for (const char byte : character) {
        if (m_fallbackIds[static_cast<unsigned char>(byte)] < 0)
            return false;
    }
    const auto end = begin + static_cast<std::uint32_t>(character.size());
    for (const char byte : character)
        symbols.push_back({m_fallbackIds[static_cast<unsigned char>(byte)], begin, end});
    return true;
}

void BpeModel::rankPair(Symbol &left, const Symbol &right) const
{
    const PairTable::Slot *merge = m_merges.find(pairKey(left.id, right.id));
    left.rank = merge ? merge->first : kNoMerge;
    left.joined = merge ? merge->second : 0;
}

void BpeModel::join(Symbols &symbols) const
{
    if (symbols.size() < 2)
        return;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i)
        rankPair(symbols[i], symbols[i + 1]);
    if (symbols.size() <= kShortWord)
        joinShort(symbols);
    else
        joinLong(symbols);
}

void BpeModel::joinShort(Symbols &symbols) const
{
    while (true) {
        std::size_t best = 0;
        for (std::size_t i = 1; i + 1 < symbols.size(); ++i) {
            if (symbols[i].rank < symbols[best].rank)
                best = i;
        }
        Symbol &left = symbols[best];
        if (left.rank == kNoMerge)
            return;
        left.id = left.joined;
        left.end = symbols[best + 1].end;
        left.rank = kNoMerge;
        symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best + 1));
        if (best + 1 < symbols.size())
            rankPair(left, symbols[best + 1]);
        if (best > 0)
            rankPair(symbols[best - 1], left);
    }
}

void BpeModel::joinLong(Symbols &symbols) const
{
    struct Merge {
        std::int32_t rank;
        std::uint32_t left;
        bool operator<(const Merge &other) const { return rank != other.rank ? rank > other.rank : left > other.left; }
    };
    constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
    const auto count = static_cast<std::uint32_t>(symbols.size());
    std::vector<std::uint32_t> next(count);
    std::vector<std::uint32_t> previous(count);
    std::vector<Merge> waiting;
    waiting.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        next[i] = i + 1 < count ? i + 1 : kNone;
        previous[i] = i > 0 ? i - 1 : kNone;
        if (symbols[i].rank != kNoMerge)
            waiting.push_back({symbols[i].rank, i});
    }
    std::priority_queue<Merge> queue(std::less<Merge>{}, std::move(waiting));
    while (!queue.empty()) {
        const Merge merge = queue.top();
        queue.pop();
        Symbol &left = symbols[merge.left];
        if (left.id < 0 || left.rank != merge.rank) // gone, or its neighbour has changed since
            continue;
        const std::uint32_t right = next[merge.left];
        left.id = left.joined;
        left.end = symbols[right].end;
        left.rank = kNoMerge;
        symbols[right].id = -1;
        next[merge.left] = next[right];
        if (next[right] != kNone) {
            previous[next[right]] = merge.left;
            rankPair(left, symbols[next[right]]);
            if (left.rank != kNoMerge)
                queue.push({left.rank, merge.left});
        }
        if (const std::uint32_t before = previous[merge.left]; before != kNone) {
            rankPair(symbols[before], left);
            if (symbols[before].rank != kNoMerge)
                queue.push({symbols[before].rank, before});
        }
    }
    std::erase_if(symbols, [](const Symbol &symbol) { return symbol.id < 0; });
}

} // namespace

Result<std::unique_ptr<TokenModel>> readBpeModel(const JsonNode &node)
{
    return BpeModel::read(node);
}

} // namespace lethe
