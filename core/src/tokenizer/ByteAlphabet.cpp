#include "ByteAlphabet.h"

#include "Utf8.h"

namespace lethe::byteAlphabet {

namespace {

/// Printable Latin-1 stands for itself; the 68 others follow from U+0100 in order (Radford et al. 2019, `encoder.py`).
constexpr bool standsForItself(unsigned byte)
{
    return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct Tables {
    std::array<char32_t, 256> characters{};
    std::array<short, 0x144> bytes{};
};

constexpr Tables kTables = [] {
    Tables tables;
    tables.bytes.fill(-1);
    char32_t next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
        const char32_t character = standsForItself(byte) ? byte : next++;
        tables.characters[byte] = character;
        tables.bytes[character] = static_cast<short>(byte);
    }
    return tables;
}();

} // namespace

char32_t characterOf(unsigned char byte)
{
    return kTables.characters[byte];
}

std::optional<unsigned char> byteOf(char32_t character)
{
    if (character >= kTables.bytes.size() || kTables.bytes[character] < 0)
        return std::nullopt;
    return static_cast<unsigned char>(kTables.bytes[character]);
}

void spell(std::string_view text, std::string &spelt)
{
    for (const char c : text)
        utf8::append(spelt, characterOf(static_cast<unsigned char>(c)));
}

bool read(std::string_view spelt, std::string &bytes)
{
    const std::size_t before = bytes.size();
    for (std::size_t at = 0; at < spelt.size();) {
        const auto byte = byteOf(utf8::next(spelt, at));
        if (!byte) {
            bytes.resize(before);
            return false;
        }
        bytes.push_back(static_cast<char>(*byte));
    }
    return true;
}

} // namespace lethe::byteAlphabet
