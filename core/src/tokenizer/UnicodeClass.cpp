#include "UnicodeClass.h"

#include "UnicodeTables.h"
#include "Utf8.h"

#include <utf8proc.h>

#include <algorithm>
#include <iterator>

namespace lethe::unicode {

namespace {

utf8proc_category_t categoryOf(char32_t c)
{
    return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

} // namespace

bool isLetter(char32_t c)
{
    if (c < 0x80)
        return (c | 0x20) - U'a' < 26;
    const auto category = categoryOf(c);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool isNumber(char32_t c)
{
    if (c < 0x80)
        return c - U'0' < 10;
    const auto category = categoryOf(c);
    return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

bool isNumeric(char32_t c)
{
    return isNumber(c) || (c >= std::begin(kNewestNumbers)->first && holds(kNewestNumbers, c));
}

bool isMark(char32_t c)
{
    if (c < 0x300)
        return false;
    const auto category = categoryOf(c);
    return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}

bool isStrippedMark(char32_t c)
{
    return (isMark(c) && !holds(kLaterMarks, c)) || c == 0x1CF2 || c == 0x1CF3;
}

bool isNonspacingMark(char32_t c)
{
    return c >= 0x300 && ((categoryOf(c) == UTF8PROC_CATEGORY_MN && !holds(kLaterNonspacing, c)) || c == 0x1734);
}

bool isPunctuation(char32_t c)
{
    if (c < 0x80)
        return (c >= 0x21 && c <= 0x2F) || (c >= 0x3A && c <= 0x40) || (c >= 0x5B && c <= 0x60) || (c >= 0x7B && c <= 0x7E);
    const auto category = categoryOf(c);
    return (category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO && !holds(kLaterPunctuation, c)) || c == 0x166D || c == 0x111C9;
}

bool isSpace(char32_t c)
{
    if (c < 0x80)
        return c == U' ' || (c >= 0x09 && c <= 0x0D);
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F
        || c == 0x205F || c == 0x3000;
}

bool isWord(char32_t c)
{
    if (c < 0x80)
        return isLetter(c) || isNumber(c) || c == U'_';
    const auto category = categoryOf(c);
    if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NL)
        return true; // letters, marks, decimal and letter numbers stand together in the enumeration
    // Alphabetic symbols: circled, parenthesised and squared Latin letters.
    // Joiners too, as the library's engine has it.
    return category == UTF8PROC_CATEGORY_PC || c == 0x200C || c == 0x200D || (c >= 0x24B6 && c <= 0x24E9) || (c >= 0x1F130 && c <= 0x1F149)
        || (c >= 0x1F150 && c <= 0x1F169) || (c >= 0x1F170 && c <= 0x1F189);
}

bool isControl(char32_t c)
{
    if (c < 0x80)
        return c < 0x20 || c == 0x7F;
    const auto category = categoryOf(c);
    return category >= UTF8PROC_CATEGORY_CC && !holds(kLaterFormat, c);
}

void appendLower(std::string &text, char32_t c)
{
    if (c < 0x80)
        text.push_back(static_cast<char>(c - U'A' < 26 ? c + 32 : c));
    else if (c == 0x130)
        text += "i\xCC\x87"; // the only character whose lower case is longer, whatever stands around it
    else if (const auto *newest = std::ranges::find_if(kNewestCapitals, [c](const Capitals &run) { return c >= run.first && c <= run.last; });
             c >= std::begin(kNewestCapitals)->first && newest != std::end(kNewestCapitals))
        utf8::append(text, static_cast<char32_t>(static_cast<std::int32_t>(c) + newest->offset));
    else
        utf8::append(text, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
}

} // namespace lethe::unicode
