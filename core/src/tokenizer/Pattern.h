#pragma once

#include "JsonNode.h"

#include <lethe/base/Export.h>

#include <memory>
#include <string_view>
#include <vector>

namespace lethe {

/// A range of bytes.
struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool operator==(const Span &) const = default;
};

/// Something to look for in text: a literal, or a regular expression as Oniguruma (the library's engine) reads it.
/// Immutable; searches may run on several threads.
class LETHE_EXPORT Pattern
{
public:
    virtual ~Pattern() = default;
    /// Appends the matches in \p text (valid UTF-8), in order and not overlapping. An empty match does not touch the end of
    /// the one before it.
    virtual void find(std::string_view text, std::vector<Span> &matches) const = 0;

    static std::unique_ptr<Pattern> literal(std::string text);
    /// Unsupported where the expression uses what is not translated, Corrupt where it is none. The expressions of GPT-2
    /// and of Llama 3 and Qwen 2 have scanners of their own, which give the same matches sooner.
    static Result<std::unique_ptr<Pattern>> regex(const std::string &expression, const JsonNode &at);
    /// As `regex`, never by a scanner of its own: what the scanners are tested against.
    static Result<std::unique_ptr<Pattern>> compiled(const std::string &expression, const JsonNode &at);
    /// The one that ByteLevel splits with.
    static std::unique_ptr<Pattern> gpt2();
    /// `{"String": …}` or `{"Regex": …}`.
    static Result<std::unique_ptr<Pattern>> read(const JsonNode &node);
};

/// \p expression in PCRE2's terms (UTF, UCP, multi-line): what the two engines spell alike and mean differently is spelt
/// out. Unsupported names what has no equal.
LETHE_EXPORT Result<std::string> translatePattern(const std::string &expression, const JsonNode &at);

} // namespace lethe
