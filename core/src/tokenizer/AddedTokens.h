#pragma once

#include "Normalizer.h"
#include "Pattern.h"
#include "TokenModel.h"

#include <array>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace lethe {

/// A token that is recognised in text before the model sees it.
struct AddedToken {
    std::string content;
    /// As it is given back: in its normalized spelling if it is looked for in that. A special token whose spelling this
    /// changes is not taken for special when decoding (both as the library has it).
    std::string spelling;
    std::int32_t id = 0;
    bool isSingleWord = false; ///< not inside a word
    bool stripsLeft = false; ///< eats the white space before it
    bool stripsRight = false;
    bool isNormalized = false; ///< looked for in the normalized text, in its own normalized spelling
    bool isSpecial = false;
};

/// A part of a text: an added token, or what stands between two.
struct TextPart {
    std::int32_t id = -1; ///< −1: no token
    Span span;
};

/// The tokens of `added_tokens`, and how they are found: leftmost first, of those the longest, none overlapping.
class AddedTokens
{
public:
    /// Ids are those the library gives: the vocabulary's where it has the token, else counted on from its end.
    Result<void> read(const JsonNode &node, const Vocabulary &vocabulary, const Normalizer *normalizer);

    /// Cuts \p text by the tokens looked for before (\p normalized: after) normalization; appends to \p parts.
    void split(std::string_view text, bool normalized, std::vector<TextPart> &parts) const;

    const std::vector<AddedToken> &tokens() const { return m_tokens; }
    const AddedToken *byId(std::int32_t id) const;
    const AddedToken *byContent(const std::string &content) const;
    bool isSpecial(std::string_view content) const { return m_special.contains(std::string(content)); }

private:
    /// A trie of spellings.
    class Finder
    {
    public:
        void add(std::string_view spelling, std::size_t token);
        bool isEmpty() const { return m_nodes == 1; }
        /// The longest spelling at \p at: its token, and its end through \p end; npos where there is none.
        std::size_t longest(std::string_view text, std::size_t at, std::size_t &end) const;
        bool mayBegin(char byte) const { return m_begins[static_cast<unsigned char>(byte)]; }

    private:
        PairTable m_edges; ///< (node, byte) to (next node, token that ends there or −1)
        std::int32_t m_nodes = 1;
        std::array<bool, 256> m_begins{};
    };

    Result<AddedToken> readToken(const JsonNode &node) const;
    void add(AddedToken token, const Vocabulary &vocabulary);
    Result<void> index(const JsonNode &node, const Normalizer *normalizer);

    std::vector<AddedToken> m_tokens;
    std::unordered_map<std::int32_t, std::size_t> m_byId;
    std::unordered_map<std::string, std::size_t> m_byContent;
    std::unordered_set<std::string> m_special;
    Finder m_raw;
    Finder m_normalized;
    std::int32_t m_greatestId = -1;
};

} // namespace lethe
