#include "Lexer.h"

#include "../Utf8.h"
#include "Value.h"

#include <algorithm>
#include <cctype>

namespace lethe::jinja {

namespace {

/// Line ends as `\n`, and the last one dropped: what Jinja reads.
std::string normalizedSource(std::string_view source)
{
    std::string text;
    text.reserve(source.size());
    for (std::size_t i = 0; i < source.size(); ++i) {
        if (source[i] == '\r') {
            text.push_back('\n');
            i += i + 1 < source.size() && source[i + 1] == '\n' ? 1 : 0;
        } else {
            text.push_back(source[i]);
        }
    }
    if (text.ends_with('\n'))
        text.pop_back();
    return text;
}

class Lexer
{
public:
    explicit Lexer(std::string_view source) : m_source(normalizedSource(source)) {}

    std::vector<Token> run()
    {
        while (m_at < m_source.size())
            textAndTag();
        add(Token::Kind::End, {});
        return std::move(m_tokens);
    }

private:
    [[noreturn]] void fail(const std::string &what, ErrorCode code = ErrorCode::Corrupt) const { throw Failure{code, what, m_line}; }

    char peek(std::size_t ahead = 0) const { return m_at + ahead < m_source.size() ? m_source[m_at + ahead] : '\0'; }
    bool startsWith(std::string_view text) const { return std::string_view(m_source).substr(m_at).starts_with(text); }

    void advance(std::size_t count)
    {
        m_line += static_cast<int>(std::count(m_source.begin() + static_cast<std::ptrdiff_t>(m_at),
                                              m_source.begin() + static_cast<std::ptrdiff_t>(m_at + count), '\n'));
        m_at += count;
    }

    void skipSpace()
    {
        std::size_t at = m_at;
        for (std::size_t behind = at; behind < m_source.size() && isPythonSpace(utf8::next(m_source, behind)); at = behind) {
        }
        advance(at - m_at);
    }

    void add(Token::Kind kind, std::string text) { m_tokens.push_back({kind, std::move(text), m_line}); }

    /// The text up to the next tag, and the tag.
    void textAndTag()
    {
        std::size_t open = m_at;
        while ((open = m_source.find('{', open)) != std::string::npos) {
            const char kind = open + 1 < m_source.size() ? m_source[open + 1] : '\0';
            if (kind == '{' || kind == '%' || kind == '#')
                break;
            ++open;
        }
        if (open == std::string::npos) {
            addText(m_source.substr(m_at));
            advance(m_source.size() - m_at);
            return;
        }
        const char kind = m_source[open + 1];
        const char sign = open + 2 < m_source.size() ? m_source[open + 2] : '\0';
        addText(strippedBefore(std::string_view(m_source).substr(m_at, open - m_at), kind, sign));
        advance(open - m_at + (sign == '-' || sign == '+' ? 3 : 2));
        if (kind == '#')
            comment();
        else if (kind == '%')
            block();
        else
            inside(Token::Kind::PrintBegin, Token::Kind::PrintEnd, "}}");
    }

    void addText(std::string_view text)
    {
        if (!text.empty())
            add(Token::Kind::Text, std::string(text));
    }

    /// \p text before a tag of \p kind with \p sign behind its opening.
    std::string_view strippedBefore(std::string_view text, char kind, char sign) const
    {
        if (sign == '-') {
            std::size_t end = text.size();
            for (std::size_t before = end; end > 0 && isPythonSpace(utf8::previous(text, before)); end = before) {
            }
            return text.substr(0, end);
        }
        if (sign == '+' || kind == '{')
            return text;
        const std::size_t lineBegin = text.rfind('\n') + 1; // npos + 1 is 0
        if (lineBegin == 0 && !m_startsLine)
            return text;
        for (std::size_t at = lineBegin; at < text.size();) {
            if (!isPythonSpace(utf8::next(text, at)))
                return text;
        }
        return text.substr(0, lineBegin);
    }

    /// Behind the closing \p end of a block or comment at the current place, if it is one. \return whether it is.
    bool closes(std::string_view end)
    {
        if (startsWith("-" + std::string(end))) {
            advance(1 + end.size());
            const std::size_t before = m_at;
            skipSpace();
            m_startsLine = m_at > before && m_source[m_at - 1] == '\n';
            return true;
        }
        const bool keepsLineEnd = startsWith("+" + std::string(end)) && end != "}}";
        if (!keepsLineEnd && !startsWith(end))
            return false;
        advance(end.size() + (keepsLineEnd ? 1 : 0));
        m_startsLine = !keepsLineEnd && end != "}}" && peek() == '\n';
        if (m_startsLine)
            advance(1);
        return true;
    }

    void comment()
    {
        while (m_at < m_source.size()) {
            if (closes("#}"))
                return;
            advance(1);
        }
        fail("a comment has no end");
    }

    void block()
    {
        std::size_t at = m_at;
        while (at < m_source.size() && std::isspace(static_cast<unsigned char>(m_source[at])))
            ++at;
        if (m_source.compare(at, 3, "raw") == 0) {
            std::size_t end = at + 3;
            while (end < m_source.size() && std::isspace(static_cast<unsigned char>(m_source[end])))
                ++end;
            const bool strips = m_source.compare(end, 3, "-%}") == 0;
            if (strips || m_source.compare(end, 2, "%}") == 0) {
                advance(end + (strips ? 3 : 2) - m_at);
                if (strips)
                    skipSpace();
                raw();
                return;
            }
        }
        inside(Token::Kind::BlockBegin, Token::Kind::BlockEnd, "%}");
    }

    void raw()
    {
        for (std::size_t open = m_source.find("{%", m_at); open != std::string::npos; open = m_source.find("{%", open + 2)) {
            std::size_t at = open + 2;
            const char sign = at < m_source.size() ? m_source[at] : '\0';
            at += sign == '-' || sign == '+' ? 1 : 0;
            while (at < m_source.size() && std::isspace(static_cast<unsigned char>(m_source[at])))
                ++at;
            if (m_source.compare(at, 6, "endraw") != 0)
                continue;
            m_startsLine = false;
            addText(strippedBefore(std::string_view(m_source).substr(m_at, open - m_at), '%', sign));
            advance(at + 6 - m_at);
            while (std::isspace(static_cast<unsigned char>(peek())))
                advance(1);
            if (!closes("%}"))
                fail("endraw has no end");
            return;
        }
        fail("a raw block has no end");
    }

    void inside(Token::Kind begin, Token::Kind end, std::string_view closing)
    {
        add(begin, {});
        std::string open; // brackets that wait for their other half: while one does, nothing closes the tag
        while (m_at < m_source.size()) {
            skipSpace();
            if (open.empty() && closes(closing)) {
                add(end, {});
                return;
            }
            if (m_at < m_source.size())
                token(open);
        }
        fail("a tag has no end");
    }

    void token(std::string &open)
    {
        const char c = peek();
        if (std::isalpha(static_cast<unsigned char>(c)) || c == '_' || static_cast<unsigned char>(c) >= 0x80)
            name();
        else if (std::isdigit(static_cast<unsigned char>(c)))
            number();
        else if (c == '\'' || c == '"')
            string(c);
        else
            operation(open);
    }

    void name()
    {
        std::size_t end = m_at;
        while (end < m_source.size() && (std::isalnum(static_cast<unsigned char>(m_source[end])) || m_source[end] == '_'
                                         || static_cast<unsigned char>(m_source[end]) >= 0x80))
            ++end;
        add(Token::Kind::Name, m_source.substr(m_at, end - m_at));
        advance(end - m_at);
    }

    void digits(std::string &text)
    {
        while (std::isdigit(static_cast<unsigned char>(peek())) || (peek() == '_' && std::isdigit(static_cast<unsigned char>(peek(1))))) {
            if (peek() != '_')
                text.push_back(peek());
            advance(1);
        }
    }

    void number()
    {
        const auto isDigit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
        std::string text;
        bool isFloat = false;
        if (peek() == '0' && std::isalpha(static_cast<unsigned char>(peek(1))))
            fail("only decimal numbers are supported", ErrorCode::Unsupported);
        digits(text);
        if (peek() == '.' && isDigit(peek(1))) {
            isFloat = true;
            text.push_back('.');
            advance(1);
            digits(text);
        }
        const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
        if ((peek() == 'e' || peek() == 'E') && isDigit(peek(1 + sign))) {
            isFloat = true;
            text.append(m_source, m_at, 1 + sign);
            advance(1 + sign);
            digits(text);
        }
        add(isFloat ? Token::Kind::Float : Token::Kind::Integer, std::move(text));
    }

    void string(char quote)
    {
        const int line = m_line;
        std::string text;
        advance(1);
        while (m_at < m_source.size() && peek() != quote) {
            if (peek() == '\\') {
                escape(text);
            } else {
                text.push_back(peek());
                advance(1);
            }
        }
        if (m_at >= m_source.size())
            throw Failure{ErrorCode::Corrupt, "a string has no end", line};
        advance(1);
        m_tokens.push_back({Token::Kind::String, std::move(text), line});
    }

    void escape(std::string &text)
    {
        const char c = peek(1);
        constexpr std::string_view kNames = "abfnrtv\\'\"";
        constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\'\"";
        if (const std::size_t known = kNames.find(c); c != '\0' && known != std::string_view::npos) {
            text.push_back(kMeanings[known]);
            advance(2);
        } else if (c == '\n') {
            advance(2);
        } else if (c == 'x' || c == 'u' || c == 'U') {
            codePoint(text, c == 'x' ? 2 : c == 'u' ? 4 : 8);
        } else if (c >= '0' && c <= '7') {
            octal(text);
        } else if (c == 'N') {
            fail("character names in strings are not supported", ErrorCode::Unsupported);
        } else { // Python keeps what it does not know
            text.push_back('\\');
            advance(1);
        }
    }

    void octal(std::string &text)
    {
        char32_t value = 0;
        advance(1);
        for (int i = 0; i < 3 && peek() >= '0' && peek() <= '7'; ++i) {
            value = value * 8 + static_cast<char32_t>(peek() - '0');
            advance(1);
        }
        utf8::append(text, value);
    }

    void codePoint(std::string &text, std::size_t digitCount)
    {
        char32_t value = 0;
        for (std::size_t i = 2; i < 2 + digitCount; ++i) {
            const char digit = peek(i);
            if (!std::isxdigit(static_cast<unsigned char>(digit)))
                fail("a character escape is cut short");
            const int low = digit | 0x20;
            value = value * 16 + static_cast<char32_t>(low <= '9' ? digit - '0' : low - 'a' + 10);
        }
        if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
            fail("a character escape names no character");
        utf8::append(text, value);
        advance(2 + digitCount);
    }

    void operation(std::string &open)
    {
        constexpr std::string_view kLong[] = {"//", "**", "==", "!=", ">=", "<="};
        const char c = peek();
        for (const std::string_view spelling : kLong) {
            if (startsWith(spelling)) {
                add(Token::Kind::Operator, std::string(spelling));
                advance(2);
                return;
            }
        }
        if (std::string_view("+-/*%~[](){}><=.:|,;").find(c) == std::string_view::npos || c == '\0')
            fail(std::string("unexpected character '") + c + "'");
        if (c == '(' || c == '[' || c == '{')
            open.push_back(c == '(' ? ')' : c == '[' ? ']' : '}');
        if (c == ')' || c == ']' || c == '}') {
            if (open.empty() || open.back() != c)
                fail(std::string("unexpected '") + c + "'");
            open.pop_back();
        }
        add(Token::Kind::Operator, std::string(1, c));
        advance(1);
    }

    std::string m_source;
    std::size_t m_at = 0;
    int m_line = 1;
    bool m_startsLine = true; ///< the text to come begins a line
    std::vector<Token> m_tokens;
};

} // namespace

std::vector<Token> lex(std::string_view source)
{
    return Lexer(source).run();
}

} // namespace lethe::jinja
