#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace lethe {

/// GPT-2's alphabet: every byte as a printable character (a space is Ġ), so that a vocabulary of bytes is text.
namespace byteAlphabet {

char32_t characterOf(unsigned char byte);
/// The byte that \p character spells; nullopt for any other character.
std::optional<unsigned char> byteOf(char32_t character);

/// Appends every byte of \p text spelt out.
void spell(std::string_view text, std::string &spelt);
/// The bytes that \p spelt spells, appended; false (and nothing appended) where a character of it is none of the alphabet.
bool read(std::string_view spelt, std::string &bytes);

} // namespace byteAlphabet

} // namespace lethe
