#pragma once

#include "JsonNode.h"
#include "Vocabulary.h"

#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace lethe {

/// A token of a word, and the bytes of the word it stands for.
struct WordToken {
    std::int32_t id = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
};

/// Words met lately and their ids: natural text repeats itself. Fixed in size; a newcomer replaces whoever is in its place.
/// One encoding at a time uses one.
class WordCache
{
public:
    static constexpr std::size_t kLongestWord = 26;
    static constexpr std::size_t kMostIds = 9;

    WordCache() : m_slots(kSlots) {}

    /// Appends the word's ids if they are known.
    bool find(std::string_view word, std::size_t hash, std::vector<std::int32_t> &ids) const
    {
        const Slot &slot = m_slots[hash & (kSlots - 1)];
        if (slot.length != word.size() || std::memcmp(slot.word.data(), word.data(), word.size()) != 0)
            return false;
        ids.insert(ids.end(), slot.ids.begin(), slot.ids.begin() + slot.count);
        return true;
    }

    void put(std::string_view word, std::size_t hash, const std::int32_t *ids, std::size_t count)
    {
        if (count > kMostIds)
            return;
        Slot &slot = m_slots[hash & (kSlots - 1)];
        slot.length = static_cast<std::uint8_t>(word.size());
        slot.count = static_cast<std::uint8_t>(count);
        std::memcpy(slot.word.data(), word.data(), word.size());
        std::copy(ids, ids + count, slot.ids.begin());
    }

private:
    static constexpr std::size_t kSlots = 1 << 14;
    struct Slot { // 64 bytes, a cache line
        std::array<char, kLongestWord> word{};
        std::uint8_t length = 0;
        std::uint8_t count = 0;
        std::array<std::int32_t, kMostIds> ids{};
    };
    std::vector<Slot> m_slots;
};

/// Cuts one word (what the pre-tokenizers left in one piece) into tokens. Immutable.
class TokenModel
{
public:
    virtual ~TokenModel() = default;

    /// Appends the ids of \p word.
    virtual void encode(std::string_view word, WordCache &cache, std::vector<std::int32_t> &ids) const = 0;
    /// The same tokens with their places.
    virtual void encodeWithPlaces(std::string_view word, std::vector<WordToken> &tokens) const = 0;

    virtual std::string_view type() const = 0;
    const Vocabulary &vocabulary() const { return m_vocabulary; }

    /// The model takes the word's raw bytes where a ByteLevel pre-tokenizer stands last: then that one need not spell them
    /// out. Called while the tokenizer is put together. \return whether this model can.
    virtual bool takeRawBytes() { return false; }

    static Result<std::unique_ptr<TokenModel>> read(const JsonNode &node);

protected:
    Vocabulary m_vocabulary;
};

Result<std::unique_ptr<TokenModel>> readBpeModel(const JsonNode &node);
Result<std::unique_ptr<TokenModel>> readUnigramModel(const JsonNode &node);
Result<std::unique_ptr<TokenModel>> readWordPieceModel(const JsonNode &node);
Result<std::unique_ptr<TokenModel>> readWordLevelModel(const JsonNode &node);

/// A vocabulary given as an object from tokens to ids.
Result<Vocabulary> readVocabulary(const JsonNode &node);

} // namespace lethe
