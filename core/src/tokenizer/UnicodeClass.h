#pragma once

#include <string>

namespace lethe::unicode {

bool isLetter(char32_t c); ///< \\p{L}
bool isNumber(char32_t c); ///< \\p{N}
bool isNumeric(char32_t c); ///< Rust's `char::is_numeric`: \\p{N}, the newest too
bool isMark(char32_t c); ///< \\p{M}
bool isStrippedMark(char32_t c); ///< what StripAccents takes away: \\p{M} of the library's older table
bool isNonspacingMark(char32_t c); ///< what BertNormalizer takes away: \\p{Mn} of the library's older table
bool isPunctuation(char32_t c); ///< \\p{P} of the library's older table, or an ASCII sign (`$+<=>^`|~`): its `is_punc`
bool isSpace(char32_t c); ///< White_Space: Rust's `char::is_whitespace`, Oniguruma's `\s`
bool isWord(char32_t c); ///< Oniguruma's and Rust's `\w`: Alphabetic, marks, decimal digits, connectors
bool isControl(char32_t c); ///< the library's `is_other`: controls, format, private use, but not what is unassigned

/// Appends \p c in lower case: the full mapping without regard to context (İ gives two characters), as Rust's
/// `char::to_lowercase` does.
void appendLower(std::string &text, char32_t c);

} // namespace lethe::unicode
