#include "TokenDecoder.h"

#include "ByteAlphabet.h"
#include "Pattern.h"
#include "PreTokenizer.h"
#include "Utf8.h"

#include <algorithm>
#include <charconv>

namespace lethe {

namespace {

void replaceAll(std::string &text, std::string_view from, std::string_view to)
{
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

class ByteLevelDecoder final : public TokenDecoder
{
public:
    void apply(std::vector<std::string> &tokens) const override
    {
        std::string bytes;
        for (const std::string &token : tokens) {
            if (!byteAlphabet::read(token, bytes))
                bytes += token; // an added token, spelt as it is
        }
        tokens.assign(1, utf8::lossy(bytes));
    }

    bool joins() const override { return true; }
};

class ReplaceDecoder final : public TokenDecoder
{
public:
    ReplaceDecoder(std::unique_ptr<Pattern> pattern, std::string content) : m_pattern(std::move(pattern)), m_content(std::move(content)) {}

    void apply(std::vector<std::string> &tokens) const override
    {
        std::vector<Span> matches;
        for (std::string &token : tokens) {
            matches.clear();
            if (!token.empty())
                m_pattern->find(token, matches);
            if (matches.empty())
                continue;
            std::string replaced;
            std::size_t at = 0;
            for (const Span &match : matches) {
                replaced.append(token, at, match.begin - at).append(m_content);
                at = match.end;
            }
            token = replaced.append(token, at);
        }
    }

private:
    std::unique_ptr<Pattern> m_pattern;
    std::string m_content;
};

/// Runs of `<0x41>` become the text that their bytes are; where they are none, each byte becomes U+FFFD.
class ByteFallbackDecoder final : public TokenDecoder
{
public:
    void apply(std::vector<std::string> &tokens) const override
    {
        std::vector<std::string> texts;
        texts.reserve(tokens.size());
        std::string bytes;
        const auto flush = [&] {
            if (bytes.empty())
                return;
            if (utf8::isValid(bytes))
                texts.push_back(bytes);
            else
                texts.insert(texts.end(), bytes.size(), std::string(utf8::kReplacement));
            bytes.clear();
        };
        for (std::string &token : tokens) {
            if (const auto byte = byteOf(token)) {
                bytes.push_back(static_cast<char>(*byte));
                continue;
            }
            flush();
            texts.push_back(std::move(token));
        }
        flush();
        tokens.swap(texts);
    }

    Unsettled unsettled() const override { return Unsettled::ByteRun; } // one broken byte breaks its whole run
};

class FuseDecoder final : public TokenDecoder
{
public:
    void apply(std::vector<std::string> &tokens) const override
    {
        std::string text;
        for (const std::string &token : tokens)
            text += token;
        tokens.assign(1, std::move(text));
    }

    bool joins() const override { return true; }
};

/// Cuts up to so many of one character from the two ends of every token.
class StripDecoder final : public TokenDecoder
{
public:
    StripDecoder(std::string character, std::size_t atStart, std::size_t atEnd)
        : m_character(std::move(character)), m_atStart(atStart), m_atEnd(atEnd)
    {}

    void apply(std::vector<std::string> &tokens) const override
    {
        for (std::string &token : tokens) {
            for (std::size_t i = 0; i < m_atStart && token.starts_with(m_character); ++i)
                token.erase(0, m_character.size());
            for (std::size_t i = 0; i < m_atEnd && token.ends_with(m_character); ++i)
                token.resize(token.size() - m_character.size());
        }
    }

    bool trims() const override { return true; }

private:
    std::string m_character;
    std::size_t m_atStart;
    std::size_t m_atEnd;
};

class MetaspaceDecoder final : public TokenDecoder
{
public:
    explicit MetaspaceDecoder(MetaspaceOptions options) : m_options(std::move(options)) {}

    void apply(std::vector<std::string> &tokens) const override
    {
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            const bool drops = i == 0 && m_options.prefix != MetaspaceOptions::Prefix::Never;
            replaceAll(tokens[i], m_options.replacement, drops ? "" : " ");
        }
    }

private:
    MetaspaceOptions m_options;
};

class WordPieceDecoder final : public TokenDecoder
{
public:
    WordPieceDecoder(std::string prefix, bool cleansUp) : m_prefix(std::move(prefix)), m_cleansUp(cleansUp) {}

    void apply(std::vector<std::string> &tokens) const override
    {
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            if (i > 0 && tokens[i].starts_with(m_prefix))
                tokens[i].erase(0, m_prefix.size());
            else if (i > 0)
                tokens[i].insert(tokens[i].begin(), ' ');
            if (m_cleansUp)
                cleanUp(tokens[i]);
        }
    }

private:
    static void cleanUp(std::string &text)
    {
        constexpr std::pair<std::string_view, std::string_view> kRules[] = {
            {" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"},
            {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
        for (const auto &[from, to] : kRules)
            replaceAll(text, from, to);
    }

    std::string m_prefix;
    bool m_cleansUp;
};

class BpeDecoder final : public TokenDecoder
{
public:
    explicit BpeDecoder(std::string suffix) : m_suffix(std::move(suffix)) {}

    void apply(std::vector<std::string> &tokens) const override
    {
        for (std::size_t i = 0; i < tokens.size() && !m_suffix.empty(); ++i)
            replaceAll(tokens[i], m_suffix, i + 1 < tokens.size() ? " " : "");
    }

private:
    std::string m_suffix;
};

class DecoderSequence final : public TokenDecoder
{
public:
    explicit DecoderSequence(std::vector<std::unique_ptr<TokenDecoder>> steps) : m_steps(std::move(steps)) {}

    void apply(std::vector<std::string> &tokens) const override
    {
        for (const auto &step : m_steps)
            step->apply(tokens);
    }

    Unsettled unsettled() const override
    {
        Unsettled most = Unsettled::LastCharacter;
        bool isJoined = false;
        for (const auto &step : m_steps) {
            // Behind a join a replacement may reach over what were several tokens.
            if (isJoined && !step->joins() && !step->trims())
                return Unsettled::Everything;
            most = std::max(most, step->unsettled());
            isJoined = isJoined || step->joins();
        }
        return most;
    }

    bool joins() const override
    {
        return std::ranges::any_of(m_steps, [](const auto &step) { return step->joins(); });
    }

private:
    std::vector<std::unique_ptr<TokenDecoder>> m_steps;
};

using MadeDecoder = Result<std::unique_ptr<TokenDecoder>>;

MadeDecoder readSequenceDecoder(const JsonNode &node)
{
    LETHE_TRY(const JsonNode list, node.member("decoders"));
    LETHE_TRY(const std::vector<JsonNode> elements, list.elements());
    std::vector<std::unique_ptr<TokenDecoder>> steps;
    for (const JsonNode &element : elements) {
        LETHE_TRY(auto step, TokenDecoder::read(element));
        steps.push_back(std::move(step));
    }
    return std::unique_ptr<TokenDecoder>(std::make_unique<DecoderSequence>(std::move(steps)));
}

MadeDecoder readReplaceDecoder(const JsonNode &node)
{
    LETHE_TRY(const JsonNode where, node.member("pattern"));
    LETHE_TRY(auto pattern, Pattern::read(where));
    LETHE_TRY(std::string content, node.string("content"));
    return std::unique_ptr<TokenDecoder>(std::make_unique<ReplaceDecoder>(std::move(pattern), std::move(content)));
}

MadeDecoder readStripDecoder(const JsonNode &node)
{
    LETHE_TRY(const JsonNode content, node.member("content"));
    LETHE_TRY(std::string character, content.string());
    if (character.empty() || utf8::lengthOf(character[0]) != character.size())
        return content.corrupt("expected one character");
    LETHE_TRY(const std::int64_t start, node.integer("start"));
    LETHE_TRY(const std::int64_t stop, node.integer("stop"));
    if (start < 0 || stop < 0)
        return node.corrupt("start and stop must not be negative");
    return std::unique_ptr<TokenDecoder>(std::make_unique<StripDecoder>(std::move(character), static_cast<std::size_t>(start),
                                                                    static_cast<std::size_t>(stop)));
}

MadeDecoder readMetaspaceDecoder(const JsonNode &node)
{
    LETHE_TRY(MetaspaceOptions options, MetaspaceOptions::read(node));
    return std::unique_ptr<TokenDecoder>(std::make_unique<MetaspaceDecoder>(std::move(options)));
}

MadeDecoder readWordPieceDecoder(const JsonNode &node)
{
    LETHE_TRY(std::string prefix, node.string("prefix"));
    LETHE_TRY(const bool cleansUp, node.boolean("cleanup"));
    return std::unique_ptr<TokenDecoder>(std::make_unique<WordPieceDecoder>(std::move(prefix), cleansUp));
}

MadeDecoder readBpeDecoder(const JsonNode &node)
{
    LETHE_TRY(std::string suffix, node.string("suffix"));
    return std::unique_ptr<TokenDecoder>(std::make_unique<BpeDecoder>(std::move(suffix)));
}

} // namespace

std::optional<unsigned char> TokenDecoder::byteOf(std::string_view token)
{
    if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>')
        return std::nullopt;
    unsigned value = 0;
    const char *begin = token.data() + 3 + (token[3] == '+' ? 1 : 0); // Rust's parser takes a sign
    const auto [end, failure] = std::from_chars(begin, token.data() + 5, value, 16);
    if (failure != std::errc() || end != token.data() + 5)
        return std::nullopt;
    return static_cast<unsigned char>(value);
}

Result<std::unique_ptr<TokenDecoder>> TokenDecoder::read(const JsonNode &node)
{
    LETHE_TRY(const std::string type, node.type());
    if (type == "Sequence")
        return readSequenceDecoder(node);
    if (type == "ByteLevel")
        return std::unique_ptr<TokenDecoder>(std::make_unique<ByteLevelDecoder>());
    if (type == "Replace")
        return readReplaceDecoder(node);
    if (type == "ByteFallback")
        return std::unique_ptr<TokenDecoder>(std::make_unique<ByteFallbackDecoder>());
    if (type == "Fuse")
        return std::unique_ptr<TokenDecoder>(std::make_unique<FuseDecoder>());
    if (type == "Strip")
        return readStripDecoder(node);
    if (type == "Metaspace")
        return readMetaspaceDecoder(node);
    if (type == "WordPiece")
        return readWordPieceDecoder(node);
    if (type == "BPEDecoder")
        return readBpeDecoder(node);
    LETHE_TRY(const JsonNode key, node.member("type"));
    return key.unsupported("the decoder \"" + type + "\" is not supported");
}

} // namespace lethe
