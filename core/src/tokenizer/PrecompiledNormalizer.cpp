#include "Normalizer.h"

#include <utf8proc.h>

#include <QtCore/QByteArray>

#include <optional>

namespace lethe {

namespace {

/// SentencePiece's character map: a double-array trie (Darts) from a few characters to a place in a block of replacements,
/// each ended by a zero byte.
class CharacterMap
{
public:
    /// False where \p bytes are no such map.
    bool read(const QByteArray &bytes)
    {
        const auto word = [&](qsizetype at) {
            std::uint32_t value = 0;
            for (qsizetype i = 3; i >= 0; --i)
                value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
            return value;
        };
        if (bytes.size() < 4)
            return false;
        const std::uint32_t size = word(0);
        if (size % 4 != 0 || size == 0 || static_cast<qsizetype>(size) > bytes.size() - 4)
            return false;
        for (qsizetype at = 4; at < 4 + static_cast<qsizetype>(size); at += 4)
            m_units.push_back(word(at));
        m_replacements.assign(bytes.constData() + 4 + size, static_cast<std::size_t>(bytes.size()) - 4 - size);
        return utf8::isValid(m_replacements);
    }

    /// What replaces \p chunk: decided by the shortest key that it begins with, whatever follows.
    std::optional<std::string_view> find(std::string_view chunk) const
    {
        std::size_t node = 0;
        std::uint32_t unit = m_units[0];
        node ^= offset(unit);
        for (const char c : chunk) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte == 0)
                return std::nullopt;
            node ^= byte;
            if (node >= m_units.size())
                return std::nullopt;
            unit = m_units[node];
            if ((unit & 0x800000FFu) != byte)
                return std::nullopt;
            node ^= offset(unit);
            if (node >= m_units.size())
                return std::nullopt;
            if ((unit >> 8) & 1)
                return replacement(m_units[node] & 0x7FFFFFFFu);
        }
        return std::nullopt;
    }

private:
    static std::size_t offset(std::uint32_t unit) { return static_cast<std::size_t>(unit >> 10) << ((unit & 0x200u) >> 6); }

    std::optional<std::string_view> replacement(std::uint32_t at) const
    {
        if (at >= m_replacements.size() || utf8::isContinuation(m_replacements[at]))
            return std::nullopt;
        const std::string_view rest = std::string_view(m_replacements).substr(at);
        return rest.substr(0, rest.find('\0'));
    }

    std::vector<std::uint32_t> m_units;
    std::string m_replacements;
};

class PrecompiledNormalizer final : public Normalizer
{
public:
    explicit PrecompiledNormalizer(CharacterMap map) : m_map(std::move(map)) {}

    void apply(AlignedText &text) const override
    {
        const std::string_view source = text.view();
        AlignedText::Rewrite rewrite(text);
        for (std::size_t at = 0; at < source.size();) {
            const std::size_t end = clusterEnd(source, at);
            // The library tries a short cluster as a whole, and what its first characters map to stands for all of it.
            if (end - at < 6 && put(source, at, end, rewrite)) {
                at = end;
                continue;
            }
            while (at < end) {
                const std::size_t next = at + utf8::lengthOf(source[at]);
                if (!put(source, at, next, rewrite))
                    rewrite.keep(at, next);
                at = next;
            }
        }
        text = rewrite.finish();
    }

private:
    static std::size_t clusterEnd(std::string_view text, std::size_t at)
    {
        utf8proc_int32_t state = 0;
        char32_t before = utf8::next(text, at);
        while (at < text.size()) {
            std::size_t behind = at;
            const char32_t c = utf8::next(text, behind);
            if (utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(before), static_cast<utf8proc_int32_t>(c), &state))
                break;
            before = c;
            at = behind;
        }
        return at;
    }

    bool put(std::string_view text, std::size_t begin, std::size_t end, AlignedText::Rewrite &rewrite) const
    {
        const auto replacement = m_map.find(text.substr(begin, end - begin));
        if (replacement)
            rewrite.put(*replacement, begin, end);
        return replacement.has_value();
    }

    CharacterMap m_map;
};

} // namespace

Result<std::unique_ptr<Normalizer>> readPrecompiledNormalizer(const JsonNode &node)
{
    LETHE_TRY(const JsonNode map, node.member("precompiled_charsmap"));
    LETHE_TRY(const std::string base64, map.string());
    const auto decoded = QByteArray::fromBase64Encoding(QByteArray::fromStdString(base64), QByteArray::AbortOnBase64DecodingErrors);
    CharacterMap characters;
    if (!decoded || !characters.read(*decoded))
        return map.corrupt("it is no character map of SentencePiece");
    return std::unique_ptr<Normalizer>(std::make_unique<PrecompiledNormalizer>(std::move(characters)));
}

} // namespace lethe
