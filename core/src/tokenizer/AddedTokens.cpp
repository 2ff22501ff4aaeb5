#include "AddedTokens.h"

#include "UnicodeClass.h"
#include "Utf8.h"

#include <algorithm>

namespace lethe {

namespace {

constexpr std::size_t kNoToken = static_cast<std::size_t>(-1);

std::size_t spacesBefore(std::string_view text, std::size_t at)
{
    for (std::size_t before = at; before > 0 && unicode::isSpace(utf8::previous(text, before)); at = before) {
    }
    return at;
}

std::size_t spacesBehind(std::string_view text, std::size_t at)
{
    for (std::size_t behind = at; behind < text.size() && unicode::isSpace(utf8::next(text, behind)); at = behind) {
    }
    return at;
}

bool standsAlone(std::string_view text, std::size_t begin, std::size_t end)
{
    std::size_t before = begin;
    std::size_t behind = end;
    return (begin == 0 || !unicode::isWord(utf8::previous(text, before))) && (end == text.size() || !unicode::isWord(utf8::next(text, behind)));
}

} // namespace

void AddedTokens::Finder::add(std::string_view spelling, std::size_t token)
{
    m_begins[static_cast<unsigned char>(spelling[0])] = true;
    std::int32_t node = 0;
    for (std::size_t i = 0; i < spelling.size(); ++i) {
        const std::uint64_t key = (static_cast<std::uint64_t>(node) << 8) | static_cast<unsigned char>(spelling[i]);
        const PairTable::Slot *edge = m_edges.find(key);
        const std::int32_t target = edge ? edge->first : m_nodes++;
        std::int32_t ending = edge ? edge->second : -1;
        if (i + 1 == spelling.size() && ending < 0) // of equal spellings the first is meant
            ending = static_cast<std::int32_t>(token);
        m_edges.put(key, target, ending);
        node = target;
    }
}

std::size_t AddedTokens::Finder::longest(std::string_view text, std::size_t at, std::size_t &end) const
{
    std::size_t found = kNoToken;
    std::uint64_t node = 0;
    for (; at < text.size(); ++at) {
        const PairTable::Slot *edge = m_edges.find((node << 8) | static_cast<unsigned char>(text[at]));
        if (!edge)
            break;
        node = static_cast<std::uint64_t>(edge->first);
        if (edge->second >= 0) {
            found = static_cast<std::size_t>(edge->second);
            end = at + 1;
        }
    }
    return found;
}

Result<AddedToken> AddedTokens::readToken(const JsonNode &node) const
{
    AddedToken token;
    LETHE_TRY(const JsonNode idNode, node.member("id"));
    LETHE_TRY(const std::int64_t id, idNode.integer());
    if (id < 0 || id > INT32_MAX)
        return idNode.corrupt("the id " + std::to_string(id) + " is out of range");
    LETHE_TRY(token.content, node.string("content"));
    LETHE_TRY(token.isSingleWord, node.boolean("single_word"));
    LETHE_TRY(token.stripsLeft, node.boolean("lstrip"));
    LETHE_TRY(token.stripsRight, node.boolean("rstrip"));
    LETHE_TRY(token.isNormalized, node.boolean("normalized"));
    LETHE_TRY(token.isSpecial, node.boolean("special"));
    return token;
}

void AddedTokens::add(AddedToken token, const Vocabulary &vocabulary)
{
    const auto known = m_byContent.find(token.content);
    const auto size = static_cast<std::int32_t>(vocabulary.size());
    if (known != m_byContent.end())
        token.id = m_tokens[known->second].id;
    else if (const std::int32_t id = vocabulary.idOf(token.content); id >= 0)
        token.id = id;
    else
        token.id = m_greatestId >= size ? m_greatestId + 1 : size;
    m_greatestId = std::max(m_greatestId, token.id);
    if (token.isSpecial)
        m_special.insert(token.content);
    if (known != m_byContent.end()) { // said twice: the later word holds
        m_tokens[known->second] = std::move(token);
        return;
    }
    m_byId[token.id] = m_tokens.size();
    m_byContent[token.content] = m_tokens.size();
    m_tokens.push_back(std::move(token));
}

Result<void> AddedTokens::read(const JsonNode &node, const Vocabulary &vocabulary, const Normalizer *normalizer)
{
    LETHE_TRY(const std::vector<JsonNode> elements, node.elements());
    for (const JsonNode &element : elements) {
        LETHE_TRY(AddedToken token, readToken(element));
        if (token.content.empty())
            continue;
        if (m_greatestId == INT32_MAX)
            return element.corrupt("there is no id left behind " + std::to_string(m_greatestId));
        add(std::move(token), vocabulary);
    }
    return index(node, normalizer);
}

Result<void> AddedTokens::index(const JsonNode &node, const Normalizer *normalizer)
{
    // Special ones first: where two spellings become the same, the first added is found.
    for (const bool special : {true, false}) {
        for (std::size_t i = 0; i < m_tokens.size(); ++i) {
            AddedToken &token = m_tokens[i];
            if (m_special.contains(token.content) != special)
                continue;
            AlignedText spelling;
            spelling.assign(token.content, 0, false);
            if (token.isNormalized && normalizer)
                normalizer->apply(spelling);
            if (spelling.size() == 0)
                return node.unsupported("the normalizer leaves nothing of the token \"" + token.content + "\"",
                                        "\"normalized\": false for this token");
            token.spelling = spelling.view();
            (token.isNormalized ? m_normalized : m_raw).add(token.spelling, i);
        }
    }
    return {};
}

void AddedTokens::split(std::string_view text, bool normalized, std::vector<TextPart> &parts) const
{
    const Finder &finder = normalized ? m_normalized : m_raw;
    std::size_t given = 0; // up to where parts were given out
    for (std::size_t at = 0; !finder.isEmpty() && at < text.size();) {
        std::size_t end = 0;
        const std::size_t found = finder.mayBegin(text[at]) ? finder.longest(text, at, end) : kNoToken;
        if (found == kNoToken) {
            ++at;
            continue;
        }
        const AddedToken &token = m_tokens[found];
        std::size_t begin = at;
        at = end;
        if (token.isSingleWord && !standsAlone(text, begin, end))
            continue;
        if (token.stripsLeft)
            begin = std::max(spacesBefore(text, begin), given);
        if (token.stripsRight)
            end = spacesBehind(text, end);
        if (given < begin)
            parts.push_back({-1, {given, begin}});
        // A token inside white space that the one before it ate is found all the same, as in the library, unless it would eat
        // what is before it too: nothing is left of it then.
        if (begin < end)
            parts.push_back({token.id, {begin, end}});
        given = end;
    }
    if (given < text.size())
        parts.push_back({-1, {given, text.size()}});
}

const AddedToken *AddedTokens::byId(std::int32_t id) const
{
    const auto found = m_byId.find(id);
    return found == m_byId.end() ? nullptr : &m_tokens[found->second];
}

const AddedToken *AddedTokens::byContent(const std::string &content) const
{
    const auto found = m_byContent.find(content);
    return found == m_byContent.end() ? nullptr : &m_tokens[found->second];
}

} // namespace lethe
