#include "Pattern.h"

#include <cctype>

namespace lethe {

namespace {

// Inside brackets. White_Space; PCRE2's own \s has U+180E too.
constexpr std::string_view kSpace = R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
constexpr std::string_view kNotSpace =
    R"(\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff})";
// Alphabetic, marks, decimal digits, connectors; PCRE2's own \w is letters, all numbers and the underscore.
constexpr std::string_view kWord =
    R"(\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189})";
constexpr std::string_view kHex = "0-9a-fA-F";

class Translation
{
public:
    Translation(std::string_view source, const JsonNode &at) : m_source(source), m_where(at) {}

    Result<std::string> run()
    {
        while (m_at < m_source.size()) {
            const char c = m_source[m_at];
            if (c == '\\')
                LETHE_TRY_VOID(escape(false));
            else if (c == '[')
                LETHE_TRY_VOID(brackets());
            else if (c == '(')
                LETHE_TRY_VOID(group());
            else if (c == '{')
                LETHE_TRY_VOID(interval());
            else
                take(1);
        }
        return std::move(m_out);
    }

private:
    Error refuse(std::string_view what) const
    {
        return m_where.unsupported("the regular expression uses " + std::string(what) + " at byte " + std::to_string(m_at));
    }

    char peek(std::size_t ahead) const { return m_at + ahead < m_source.size() ? m_source[m_at + ahead] : '\0'; }

    void take(std::size_t count)
    {
        m_out.append(m_source.substr(m_at, count));
        m_at += count;
    }

    void replace(std::size_t count, std::string_view with)
    {
        m_out.append(with);
        m_at += count;
    }

    void set(std::string_view members, bool negated, bool inBrackets)
    {
        if (!inBrackets)
            m_out.append(negated ? "[^" : "[");
        m_out.append(members);
        if (!inBrackets)
            m_out.push_back(']');
        m_at += 2;
    }

    Result<void> escape(bool inBrackets)
    {
        const char c = peek(1);
        switch (c) {
        case '\0': return refuse("a lone backslash");
        case 's': set(kSpace, false, inBrackets); return {};
        case 'S': set(inBrackets ? kNotSpace : kSpace, true, inBrackets); return {};
        case 'w': set(kWord, false, inBrackets); return {};
        case 'h': set(kHex, false, inBrackets); return {};
        case 'v': replace(2, R"(\x{b})"); return {};
        case 'W':
        case 'H':
            if (inBrackets)
                return refuse(std::string("\\") + c + " inside brackets");
            set(c == 'W' ? kWord : kHex, true, false);
            return {};
        case 'b':
        case 'B':
            if (inBrackets) {
                if (c == 'B')
                    return refuse("\\B inside brackets");
                replace(2, R"(\x{8})");
            } else {
                wordBorder(c == 'B');
            }
            return {};
        case 'u': return codeUnit();
        case 'p':
        case 'P': return property();
        case 'x': return hex();
        case 'd': case 'D': case 'n': case 'r': case 't': case 'f': case 'a': case 'e': case '0':
            take(2);
            return {};
        case 'A': case 'z': case 'Z': case 'G': case 'K': case 'R': case 'X':
            if (inBrackets)
                return refuse(std::string("\\") + c + " inside brackets");
            take(2);
            return {};
        default:
            if (std::isalnum(static_cast<unsigned char>(c)) && !(c >= '1' && c <= '9' && !inBrackets))
                return refuse(std::string("\\") + c);
            take(2);
            return {};
        }
    }

    void wordBorder(bool negated)
    {
        const std::string word = "[" + std::string(kWord) + "]";
        if (negated)
            m_out += "(?:(?<=" + word + ")(?=" + word + ")|(?<!" + word + ")(?!" + word + "))";
        else
            m_out += "(?:(?<=" + word + ")(?!" + word + ")|(?<!" + word + ")(?=" + word + "))";
        m_at += 2;
    }

    Result<void> codeUnit()
    {
        for (std::size_t i = 2; i < 6; ++i) {
            if (!std::isxdigit(static_cast<unsigned char>(peek(i))))
                return refuse("\\u without four digits");
        }
        m_out += "\\x{" + std::string(m_source.substr(m_at + 2, 4)) + "}";
        m_at += 6;
        return {};
    }

    Result<void> property()
    {
        if (peek(2) != '{')
            return refuse("\\p without braces");
        const std::size_t close = m_source.find('}', m_at);
        if (close == std::string_view::npos)
            return refuse("\\p without an end");
        take(close + 1 - m_at);
        return {};
    }

    Result<void> hex()
    {
        if (peek(2) == '{') {
            const std::size_t close = m_source.find('}', m_at);
            if (close == std::string_view::npos)
                return refuse("\\x without an end");
            take(close + 1 - m_at);
            return {};
        }
        // Bytes above 0x7F written this way would be half a character to Oniguruma.
        if (peek(2) < '0' || peek(2) > '7' || !std::isxdigit(static_cast<unsigned char>(peek(3))))
            return refuse("\\x with other than two digits below 80");
        take(4);
        return {};
    }

    Result<void> brackets()
    {
        take(1);
        if (peek(0) == '^')
            take(1);
        if (peek(0) == ']')
            replace(1, "\\]");
        while (true) {
            const char c = peek(0);
            if (m_at >= m_source.size())
                return refuse("brackets without an end");
            if (c == ']') {
                take(1);
                return {};
            }
            if (c == '[')
                return refuse(peek(1) == ':' ? "a POSIX bracket" : "brackets inside brackets");
            if (c == '&' && peek(1) == '&')
                return refuse("an intersection of brackets");
            if (c == '\\')
                LETHE_TRY_VOID(escape(true));
            else
                take(1);
        }
    }

    Result<void> group()
    {
        if (peek(1) == '*')
            return refuse("a verb");
        if (peek(1) != '?') {
            take(1);
            return {};
        }
        const char kind = peek(2);
        if (kind == ':' || kind == '=' || kind == '!' || kind == '>') {
            take(3);
            return {};
        }
        if (kind == '<' && (peek(3) == '=' || peek(3) == '!' || std::isalpha(static_cast<unsigned char>(peek(3))))) {
            take(4);
            return {};
        }
        if (kind == 'i' && peek(3) == ':') {
            take(4);
            return {};
        }
        // Elsewhere the two engines let it reach over different alternatives.
        if (kind == 'i' && peek(3) == ')' && m_at == 0) {
            take(4);
            return {};
        }
        return refuse("the group (?" + std::string(1, kind));
    }

    Result<void> interval()
    {
        if (peek(1) == ',') { // {,n}: PCRE2 10.42 takes it literally
            replace(1, "{0");
            return {};
        }
        const std::size_t close = m_source.find('}', m_at);
        if (std::isdigit(static_cast<unsigned char>(peek(1))) && close != std::string_view::npos) {
            take(close + 1 - m_at);
            if (peek(0) == '+') // possessive to PCRE2, a second quantifier to Oniguruma
                return refuse("a + behind a counted repetition");
            return {};
        }
        take(1);
        return {};
    }

    std::string_view m_source;
    const JsonNode &m_where;
    std::size_t m_at = 0;
    std::string m_out;
};

} // namespace

Result<std::string> translatePattern(const std::string &expression, const JsonNode &at)
{
    return Translation(expression, at).run();
}

} // namespace lethe
