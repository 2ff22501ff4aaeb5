#include "Pattern.h"

#include "UnicodeClass.h"
#include "Utf8.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>

namespace lethe {

namespace {

class LiteralPattern final : public Pattern
{
public:
    explicit LiteralPattern(std::string text) : m_text(std::move(text)) {}

    void find(std::string_view text, std::vector<Span> &matches) const override
    {
        std::size_t at = 0;
        if (m_text.empty()) { // between all characters
            while (true) {
                matches.push_back({at, at});
                if (at >= text.size())
                    return;
                at += utf8::lengthOf(text[at]);
            }
        }
        while ((at = text.find(m_text, at)) != std::string_view::npos) {
            matches.push_back({at, at + m_text.size()});
            at += m_text.size();
        }
    }

private:
    std::string m_text;
};

enum class Kind : unsigned char { Other, Letter, Number, Space };

constexpr std::array<Kind, 128> kAsciiKinds = [] {
    std::array<Kind, 128> kinds{};
    for (std::size_t c = 0; c < 128; ++c) {
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
            kinds[c] = Kind::Letter;
        else if (c >= '0' && c <= '9')
            kinds[c] = Kind::Number;
        else if (c == ' ' || (c >= 9 && c <= 13))
            kinds[c] = Kind::Space;
    }
    return kinds;
}();

/// Walks a text by kinds of characters: what both scanners do.
struct Walker {
    std::string_view text;

    bool atEnd(std::size_t at) const { return at >= text.size(); }

    /// The kind of the character at \p at, and through \p behind where the next one begins.
    Kind kind(std::size_t at, std::size_t &behind) const
    {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte < 0x80) {
            behind = at + 1;
            return kAsciiKinds[byte];
        }
        behind = at;
        const char32_t c = utf8::next(text, behind);
        if (unicode::isLetter(c))
            return Kind::Letter;
        if (unicode::isNumber(c))
            return Kind::Number;
        return unicode::isSpace(c) ? Kind::Space : Kind::Other;
    }

    bool is(Kind wanted, std::size_t at) const
    {
        std::size_t behind = at;
        return !atEnd(at) && kind(at, behind) == wanted;
    }

    std::size_t run(Kind wanted, std::size_t at) const
    {
        std::size_t behind = at;
        while (!atEnd(at) && kind(at, behind) == wanted)
            at = behind;
        return at;
    }

    /// `\s+(?!\S)|\s+` at white space: a run leaves its last character to what follows, unless it is all there is.
    std::size_t spaces(std::size_t at) const
    {
        const std::size_t end = run(Kind::Space, at);
        if (atEnd(end))
            return end;
        std::size_t last = end;
        utf8::previous(text, last);
        return last > at ? last : end;
    }
};

/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
class Gpt2Pattern final : public Pattern
{
public:
    void find(std::string_view text, std::vector<Span> &matches) const override
    {
        const Walker walker{text};
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = pieceEnd(walker, at);
            matches.push_back({at, end});
            at = end;
        }
    }

private:
    static std::size_t contraction(std::string_view text, std::size_t at)
    {
        if (text[at] != '\'' || at + 1 >= text.size())
            return 0;
        const char first = text[at + 1];
        if (first == 's' || first == 't' || first == 'm' || first == 'd')
            return 2;
        const char second = at + 2 < text.size() ? text[at + 2] : '\0';
        return (first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l') ? 3 : 0;
    }

    static std::size_t pieceEnd(const Walker &walker, std::size_t at)
    {
        if (const std::size_t length = contraction(walker.text, at))
            return at + length;
        std::size_t behind = at;
        Kind kind = walker.kind(at, behind);
        if (walker.text[at] == ' ' && !walker.atEnd(behind))
            kind = walker.kind(behind, behind);
        if (kind == Kind::Space)
            return walker.spaces(at);
        return walker.run(kind, behind);
    }
};

/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
/// with as many digits as \p mostDigits.
class Llama3Pattern final : public Pattern
{
public:
    explicit Llama3Pattern(int mostDigits) : m_mostDigits(mostDigits) {}

    void find(std::string_view text, std::vector<Span> &matches) const override
    {
        const Walker walker{text};
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = pieceEnd(walker, at);
            matches.push_back({at, end});
            at = end;
        }
    }

private:
    static std::size_t contraction(std::string_view text, std::size_t at)
    {
        if (text[at] != '\'' || at + 1 >= text.size())
            return 0;
        const auto lower = [&](std::size_t i) { return i < text.size() ? static_cast<char>(text[i] | 0x20) : '\0'; };
        const char first = lower(at + 1);
        if (first == 's' || first == 't' || first == 'm' || first == 'd')
            return 2;
        if (text.substr(at + 1, 2) == "\xC5\xBF") // ſ folds to s
            return 3;
        const char second = lower(at + 2);
        return (first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l') ? 3 : 0;
    }

    std::size_t pieceEnd(const Walker &walker, std::size_t at) const
    {
        const std::string_view text = walker.text;
        if (const std::size_t length = contraction(text, at))
            return at + length;
        std::size_t behind = at;
        const Kind kind = walker.kind(at, behind);
        if (kind == Kind::Letter)
            return walker.run(Kind::Letter, behind);
        if (kind == Kind::Number) {
            for (int digits = 1; digits < m_mostDigits && walker.is(Kind::Number, behind); ++digits)
                walker.kind(behind, behind);
            return behind;
        }
        const bool isLineEnd = text[at] == '\r' || text[at] == '\n';
        if (!isLineEnd && walker.is(Kind::Letter, behind))
            return walker.run(Kind::Letter, behind);
        if (kind == Kind::Other || (text[at] == ' ' && walker.is(Kind::Other, behind))) {
            std::size_t end = walker.run(Kind::Other, behind);
            while (!walker.atEnd(end) && (text[end] == '\r' || text[end] == '\n'))
                ++end;
            return end;
        }
        const std::size_t end = walker.run(Kind::Space, at);
        const std::size_t lineEnd = text.substr(at, end - at).find_last_of("\r\n");
        return lineEnd == std::string_view::npos ? walker.spaces(at) : at + lineEnd + 1;
    }

    int m_mostDigits;
};

struct FreeCode {
    void operator()(pcre2_code *code) const { pcre2_code_free(code); }
};
struct FreeMatch {
    void operator()(pcre2_match_data *match) const { pcre2_match_data_free(match); }
};

/// Bounds of one search: what a hostile expression may take of time, and of memory (the interpreter's; compiled code has a small stack).
pcre2_match_context *searchBounds()
{
    constexpr std::uint32_t kMostSteps = 5'000'000;
    constexpr std::uint32_t kMostKilobytes = 32 * 1024;
    static pcre2_match_context *const bounds = [] {
        pcre2_match_context *made = pcre2_match_context_create(nullptr);
        pcre2_set_match_limit(made, kMostSteps);
        pcre2_set_heap_limit(made, kMostKilobytes);
        return made;
    }();
    return bounds;
}

class CompiledPattern final : public Pattern
{
public:
    explicit CompiledPattern(pcre2_code *code) : m_code(code) {}

    void find(std::string_view text, std::vector<Span> &matches) const override
    {
        const std::unique_ptr<pcre2_match_data, FreeMatch> match(pcre2_match_data_create_from_pattern(m_code.get(), nullptr));
        pcre2_match_context *const bounds = searchBounds();
        const auto *subject = reinterpret_cast<PCRE2_SPTR>(text.data());
        std::size_t at = 0;
        std::size_t lastEnd = std::string_view::npos;
        while (at <= text.size()) {
            int found = pcre2_match(m_code.get(), subject, text.size(), at, PCRE2_NO_UTF_CHECK, match.get(), bounds);
            if (found == PCRE2_ERROR_JIT_STACKLIMIT) // the interpreter keeps its state on the heap
                found = pcre2_match(m_code.get(), subject, text.size(), at, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, match.get(), bounds);
            // No match, or a search that outgrew the engine's own bounds: what is left stays in one piece.
            if (found < 0)
                return;
            const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(match.get());
            const Span span{offsets[0], offsets[1]};
            const bool isEmpty = span.begin >= span.end;
            if (!isEmpty || span.begin != lastEnd) {
                matches.push_back({span.begin, isEmpty ? span.begin : span.end});
                lastEnd = span.end;
            }
            at = span.end;
            if (isEmpty) {
                if (at >= text.size())
                    return;
                at += utf8::lengthOf(text[at]);
            }
        }
    }

private:
    std::unique_ptr<pcre2_code, FreeCode> m_code;
};

constexpr std::string_view kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

} // namespace

std::unique_ptr<Pattern> Pattern::literal(std::string text)
{
    return std::make_unique<LiteralPattern>(std::move(text));
}

std::unique_ptr<Pattern> Pattern::gpt2()
{
    return std::make_unique<Gpt2Pattern>();
}

Result<std::unique_ptr<Pattern>> Pattern::regex(const std::string &expression, const JsonNode &at)
{
    if (expression == kGpt2)
        return gpt2();
    if (expression == kLlama3)
        return std::unique_ptr<Pattern>(std::make_unique<Llama3Pattern>(3));
    if (expression == kQwen2)
        return std::unique_ptr<Pattern>(std::make_unique<Llama3Pattern>(1));
    return compiled(expression, at);
}

Result<std::unique_ptr<Pattern>> Pattern::compiled(const std::string &expression, const JsonNode &at)
{
    LETHE_TRY(const std::string translated, translatePattern(expression, at));
    int code = 0;
    PCRE2_SIZE offset = 0;
    pcre2_compile_context *context = pcre2_compile_context_create(nullptr);
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_code *compiled = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                                         PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, &code, &offset, context);
    pcre2_compile_context_free(context);
    if (!compiled) {
        std::array<PCRE2_UCHAR, 256> reason{};
        pcre2_get_error_message(code, reason.data(), reason.size());
        return at.unsupported("the regular expression is not understood: "
                              + std::string(reinterpret_cast<const char *>(reason.data())));
    }
    pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE); // where it fails the interpreter matches the same
    return std::unique_ptr<Pattern>(std::make_unique<CompiledPattern>(compiled));
}

Result<std::unique_ptr<Pattern>> Pattern::read(const JsonNode &node)
{
    if (node.has("String")) {
        LETHE_TRY(std::string text, node.string("String"));
        return literal(std::move(text));
    }
    LETHE_TRY(const JsonNode expression, node.member("Regex"));
    LETHE_TRY(const std::string text, expression.string());
    return regex(text, expression);
}

} // namespace lethe
