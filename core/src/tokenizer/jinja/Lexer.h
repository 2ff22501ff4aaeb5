#pragma once

#include "Failure.h"

#include <string>
#include <string_view>
#include <vector>

namespace lethe::jinja {

struct Token {
    enum class Kind { Text, PrintBegin, PrintEnd, BlockBegin, BlockEnd, Name, String, Integer, Float, Operator, End };
    Kind kind = Kind::End;
    std::string text; ///< of a string, what it stands for
    int line = 1;

    bool isOperator(std::string_view spelling) const { return kind == Kind::Operator && text == spelling; }
    bool isName(std::string_view spelling) const { return kind == Kind::Name && text == spelling; }
};

/// Cuts a template into tokens as Jinja does with `trim_blocks` and `lstrip_blocks`: a block or comment takes the line end
/// behind it and the blanks before it on its line, `-` all white space on its side, `+` none. Throws Failure.
std::vector<Token> lex(std::string_view source);

} // namespace lethe::jinja
