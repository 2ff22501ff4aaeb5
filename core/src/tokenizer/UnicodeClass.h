#pragma once

#include <string>

namespace lethe::unicode {

bool isLetter(char32_t c); ///< \\p{L}
bool isNumber(char32_t c); ///< \\p{N}: Rust's `char::is_numeric`
bool isMark(char32_t c); ///< \\p{M}
bool isPunctuation(char32_t c); ///< \\p{P}, or an ASCII sign (`$+<=>^`|~`): the library's `is_punc`
bool isSpace(char32_t c); ///< White_Space: Rust's `char::is_whitespace`, Oniguruma's `\s`
bool isWord(char32_t c); ///< Oniguruma's and Rust's `\w`: Alphabetic, marks, decimal digits, connectors
bool isControl(char32_t c); ///< \\p{C}: controls, format, surrogates, private use, unassigned

/// Appends \p c in lower case: the full mapping without regard to context (İ gives two characters), as Rust's
/// `char::to_lowercase` does.
void appendLower(std::string &text, char32_t c);

} // namespace lethe::unicode
