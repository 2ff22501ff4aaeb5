#include "Utf8.h"

#include <algorithm>

namespace lethe::utf8 {

void append(std::string &text, char32_t codePoint)
{
    const auto put = [&](char32_t byte) { text.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
    if (codePoint < 0x80) {
        put(codePoint);
    } else if (codePoint < 0x800) {
        put(0xC0 | (codePoint >> 6));
        put(0x80 | (codePoint & 0x3F));
    } else if (codePoint < 0x10000) {
        put(0xE0 | (codePoint >> 12));
        put(0x80 | ((codePoint >> 6) & 0x3F));
        put(0x80 | (codePoint & 0x3F));
    } else {
        put(0xF0 | (codePoint >> 18));
        put(0x80 | ((codePoint >> 12) & 0x3F));
        put(0x80 | ((codePoint >> 6) & 0x3F));
        put(0x80 | (codePoint & 0x3F));
    }
}

std::string encode(char32_t codePoint)
{
    std::string text;
    append(text, codePoint);
    return text;
}

std::size_t wellFormedLength(std::string_view text, std::size_t at, std::size_t &invalid)
{
    const auto byte = [&](std::size_t i) -> unsigned {
        return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u; // 0 continues nothing
    };
    const unsigned lead = byte(0);
    if (lead < 0x80)
        return 1;
    invalid = 1;
    // The second byte's bounds keep out overlong forms, surrogates and what lies behind U+10FFFF (Unicode, table 3-7).
    unsigned low = 0x80;
    unsigned high = 0xBF;
    std::size_t length = 0;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        low = lead == 0xE0 ? 0xA0 : low;
        high = lead == 0xED ? 0x9F : high;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        low = lead == 0xF0 ? 0x90 : low;
        high = lead == 0xF4 ? 0x8F : high;
    } else {
        return 0;
    }
    if (byte(1) < low || byte(1) > high)
        return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) {
            invalid = i;
            return 0;
        }
    }
    return length;
}

bool isValid(std::string_view text)
{
    std::size_t at = 0;
    while (at < text.size()) {
        if (static_cast<unsigned char>(text[at]) < 0x80) {
            ++at;
            continue;
        }
        std::size_t invalid = 0;
        const std::size_t length = wellFormedLength(text, at, invalid);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

std::string lossy(std::string_view text, std::vector<std::size_t> *origins)
{
    std::string clean;
    clean.reserve(text.size());
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t invalid = 0;
        const std::size_t length = wellFormedLength(text, at, invalid);
        if (length > 0)
            clean.append(text.substr(at, length));
        else
            clean.append(kReplacement);
        if (origins) {
            for (std::size_t i = origins->size(); i < clean.size(); ++i)
                origins->push_back(at);
        }
        at += length > 0 ? length : invalid;
    }
    if (origins)
        origins->push_back(text.size());
    return clean;
}

std::size_t incompleteTail(std::string_view text)
{
    // A character has at most four bytes: only the last three can be the start of one.
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
        const std::size_t at = text.size() - back;
        if (isContinuation(text[at]))
            continue;
        std::size_t invalid = 0;
        return wellFormedLength(text, at, invalid) == 0 && static_cast<unsigned char>(text[at]) >= 0xC2
                && invalid == back && static_cast<unsigned char>(text[at]) <= 0xF4
            ? back
            : 0;
    }
    return 0;
}

} // namespace lethe::utf8
