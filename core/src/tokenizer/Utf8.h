#pragma once

#include <lethe/base/Export.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lethe::utf8 {

inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD"; ///< U+FFFD

/// Bytes of the character whose first byte is \p lead, in text known to be valid.
inline std::size_t lengthOf(char lead)
{
    const auto byte = static_cast<unsigned char>(lead);
    return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

inline bool isContinuation(char byte)
{
    return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

/// The code point that starts at \p at, in text known to be valid; \p at moves behind it.
inline char32_t next(std::string_view text, std::size_t &at)
{
    const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
    const char32_t lead = byte(at);
    if (lead < 0x80) {
        ++at;
        return lead;
    }
    if (lead < 0xE0) {
        at += 2;
        return ((lead & 0x1F) << 6) | (byte(at - 1) & 0x3F);
    }
    if (lead < 0xF0) {
        at += 3;
        return ((lead & 0x0F) << 12) | ((byte(at - 2) & 0x3F) << 6) | (byte(at - 1) & 0x3F);
    }
    at += 4;
    return ((lead & 0x07) << 18) | ((byte(at - 3) & 0x3F) << 12) | ((byte(at - 2) & 0x3F) << 6) | (byte(at - 1) & 0x3F);
}

/// The code point that ends at \p at, in text known to be valid; \p at moves to its first byte.
inline char32_t previous(std::string_view text, std::size_t &at)
{
    do {
        --at;
    } while (isContinuation(text[at]));
    std::size_t begin = at;
    return next(text, begin);
}

void append(std::string &text, char32_t codePoint);
std::string encode(char32_t codePoint);

/// How many bytes at \p at form one well-formed character; 0 where they do not, and then \p invalid is the length of the
/// longest start of a well-formed character there (at least 1): what one U+FFFD stands for.
std::size_t wellFormedLength(std::string_view text, std::size_t at, std::size_t &invalid);

bool isValid(std::string_view text);

/// \p text with every maximal broken part replaced by U+FFFD, as Rust's `from_utf8_lossy` does (Unicode, "substitution of
/// maximal subparts"). \param origins if given, receives for each byte of the result the byte of \p text that it came from,
/// and the end as a last entry.
LETHE_EXPORT std::string lossy(std::string_view text, std::vector<std::size_t> *origins = nullptr);

/// Bytes at the end of \p text that are the well-formed start of a character still to be completed.
LETHE_EXPORT std::size_t incompleteTail(std::string_view text);

} // namespace lethe::utf8
