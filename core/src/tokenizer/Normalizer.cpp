#include "Normalizer.h"

#include "ByteAlphabet.h"
#include "Pattern.h"
#include "UnicodeClass.h"
#include "UnicodeTables.h"
#include "Utf8.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>

namespace lethe {

namespace {

bool isAllAscii(std::string_view text)
{
    return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

std::string mapped(std::string_view text, utf8proc_option_t form)
{
    utf8proc_uint8_t *bytes = nullptr;
    const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t *>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                                     &bytes, static_cast<utf8proc_option_t>(form | UTF8PROC_STABLE));
    if (length < 0) // no memory: valid text has no other way to fail
        throw std::bad_alloc();
    const std::string result(reinterpret_cast<const char *>(bytes), static_cast<std::size_t>(length));
    std::free(bytes);
    return result;
}

/// What the library leaves as it is though its form would decompose it: always a character that nothing is joined to, so that what
/// stands on its two sides can be mapped apart.
bool isLeft(char32_t c, utf8proc_option_t form)
{
    if (c < unicode::kLaterCompatibility[0].first)
        return false;
    return ((form & UTF8PROC_COMPAT) != 0 && unicode::holds(unicode::kLaterCompatibility, c))
        || ((form & UTF8PROC_DECOMPOSE) != 0 && c == unicode::kLaterCanonical);
}

std::string composed(std::string_view text, utf8proc_option_t form)
{
    if (form == UTF8PROC_COMPOSE)
        return mapped(text, form);
    std::string whole;
    std::size_t from = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        if (!isLeft(utf8::next(text, at), form))
            continue;
        whole += mapped(text.substr(from, begin - from), form);
        whole += text.substr(begin, at - begin);
        from = at;
    }
    return from == 0 ? mapped(text, form) : whole + mapped(text.substr(from), form);
}

class UnicodeForm final : public Normalizer
{
public:
    explicit UnicodeForm(int form) : m_form(static_cast<utf8proc_option_t>(form)) {}

    void apply(AlignedText &text) const override
    {
        if (isAllAscii(text.view()))
            return;
        const std::string whole = composed(text.view(), m_form);
        if (whole == text.view())
            return;
        AlignedText::Rewrite rewrite(text);
        if (text.tracksOrigins())
            putByParts(text.view(), whole, rewrite);
        else
            rewrite.put(whole, Origin{});
        text = rewrite.finish();
    }

private:
    /// Characters that join what stands before them when composed: marks and the later jamos of Hangul.
    static bool joinsWhatIsBefore(char32_t c) { return unicode::isMark(c) || (c >= 0x1160 && c <= 0x11FF); }

    void putByParts(std::string_view text, const std::string &whole, AlignedText::Rewrite &rewrite) const
    {
        std::vector<std::pair<Span, std::string>> parts;
        std::string joined;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t begin = at;
            utf8::next(text, at);
            for (std::size_t behind = at; at < text.size() && joinsWhatIsBefore(utf8::next(text, behind)); at = behind) {
            }
            parts.emplace_back(Span{begin, at}, composed(text.substr(begin, at - begin), m_form));
            joined += parts.back().second;
        }
        if (joined != whole) { // the parts were not independent after all: the text is what counts
            rewrite.put(whole, 0, text.size());
            return;
        }
        for (const auto &[span, part] : parts)
            rewrite.put(part, span.begin, span.end);
    }

    utf8proc_option_t m_form;
};

class Lowercase final : public Normalizer
{
public:
    void apply(AlignedText &text) const override
    {
        mapCharacters(text, [](char32_t c, std::string &lower) { unicode::appendLower(lower, c); });
    }
};

class Strip final : public Normalizer
{
public:
    Strip(bool left, bool right) : m_left(left), m_right(right) {}

    void apply(AlignedText &text) const override
    {
        const std::string_view source = text.view();
        std::size_t begin = 0;
        for (std::size_t behind = 0; m_left && begin < source.size() && unicode::isSpace(utf8::next(source, behind)); begin = behind) {
        }
        std::size_t end = source.size();
        for (std::size_t before = end; m_right && end > begin && unicode::isSpace(utf8::previous(source, before)); end = before) {
        }
        AlignedText::Rewrite rewrite(text);
        rewrite.keep(begin, end);
        text = rewrite.finish();
    }

private:
    bool m_left;
    bool m_right;
};

class StripAccents final : public Normalizer
{
public:
    void apply(AlignedText &text) const override
    {
        mapCharacters(text, [](char32_t c, std::string &kept) {
            if (!unicode::isStrippedMark(c))
                utf8::append(kept, c);
        });
    }
};

class Replace final : public Normalizer
{
public:
    Replace(std::unique_ptr<Pattern> pattern, std::string content) : m_pattern(std::move(pattern)), m_content(std::move(content)) {}

    void apply(AlignedText &text) const override
    {
        if (text.size() == 0)
            return;
        std::vector<Span> matches;
        m_pattern->find(text.view(), matches);
        if (matches.empty())
            return;
        AlignedText::Rewrite rewrite(text);
        std::size_t at = 0;
        for (const Span &match : matches) {
            rewrite.keep(at, match.begin);
            // As the library has it, what is put in stands where the last replaced character stood.
            std::size_t last = match.end;
            if (last > 0)
                utf8::previous(text.view(), last);
            rewrite.put(m_content, last, match.end);
            at = match.end;
        }
        rewrite.keep(at, text.size());
        text = rewrite.finish();
    }

private:
    std::unique_ptr<Pattern> m_pattern;
    std::string m_content;
};

class Prepend final : public Normalizer
{
public:
    explicit Prepend(std::string content) : m_content(std::move(content)) {}

    void apply(AlignedText &text) const override
    {
        if (text.size() == 0)
            return;
        AlignedText::Rewrite rewrite(text);
        rewrite.put(m_content, 0, 0);
        rewrite.keep(0, text.size());
        text = rewrite.finish();
    }

private:
    std::string m_content;
};

class ByteLevelNormalizer final : public Normalizer
{
public:
    void apply(AlignedText &text) const override
    {
        mapCharacters(text, [](char32_t c, std::string &spelt) { byteAlphabet::spell(utf8::encode(c), spelt); });
    }
};

/// What SentencePiece's `nmt` rules drop and turn into spaces.
class Nmt final : public Normalizer
{
public:
    void apply(AlignedText &text) const override
    {
        mapCharacters(text, [](char32_t c, std::string &kept) {
            if ((c >= 0x01 && c <= 0x08) || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F)
                return;
            const bool isSpace = c == 0x09 || c == 0x0A || c == 0x0C || c == 0x0D || c == 0x1680 || (c >= 0x200B && c <= 0x200F)
                || c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
            utf8::append(kept, isSpace ? U' ' : c);
        });
    }
};

class BertNormalizer final : public Normalizer
{
public:
    struct Options {
        bool cleansText = true;
        bool spacesChinese = true;
        bool stripsAccents = true;
        bool lowers = true;
    };
    explicit BertNormalizer(const Options &options) : m_options(options) {}

    void apply(AlignedText &text) const override
    {
        if (m_options.cleansText)
            mapCharacters(text, clean);
        if (m_options.spacesChinese)
            mapCharacters(text, spaceChinese);
        if (m_options.stripsAccents) {
            UnicodeForm(UTF8PROC_DECOMPOSE).apply(text);
            mapCharacters(text, [](char32_t c, std::string &kept) {
                if (!unicode::isNonspacingMark(c))
                    utf8::append(kept, c);
            });
        }
        if (m_options.lowers)
            Lowercase().apply(text);
    }

private:
    static void clean(char32_t c, std::string &kept)
    {
        const bool isTabOrLineEnd = c == U'\t' || c == U'\n' || c == U'\r';
        if (c == 0 || c == 0xFFFD || (!isTabOrLineEnd && unicode::isControl(c)))
            return;
        utf8::append(kept, isTabOrLineEnd || unicode::isSpace(c) ? U' ' : c);
    }

    static void spaceChinese(char32_t c, std::string &spaced)
    {
        const bool isChinese = (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF)
            || (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF)
            || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
        if (isChinese)
            spaced.push_back(' ');
        utf8::append(spaced, c);
        if (isChinese)
            spaced.push_back(' ');
    }

    Options m_options;
};

class NormalizerSequence final : public Normalizer
{
public:
    explicit NormalizerSequence(std::vector<std::unique_ptr<Normalizer>> steps) : m_steps(std::move(steps)) {}

    void apply(AlignedText &text) const override
    {
        for (const auto &step : m_steps)
            step->apply(text);
    }

private:
    std::vector<std::unique_ptr<Normalizer>> m_steps;
};

using MadeNormalizer = Result<std::unique_ptr<Normalizer>>;

MadeNormalizer readSequenceNormalizer(const JsonNode &node)
{
    LETHE_TRY(const JsonNode list, node.member("normalizers"));
    LETHE_TRY(const std::vector<JsonNode> elements, list.elements());
    std::vector<std::unique_ptr<Normalizer>> steps;
    for (const JsonNode &element : elements) {
        LETHE_TRY(auto step, Normalizer::read(element));
        steps.push_back(std::move(step));
    }
    return std::unique_ptr<Normalizer>(std::make_unique<NormalizerSequence>(std::move(steps)));
}

MadeNormalizer readReplaceNormalizer(const JsonNode &node)
{
    LETHE_TRY(const JsonNode pattern, node.member("pattern"));
    LETHE_TRY(auto search, Pattern::read(pattern));
    LETHE_TRY(std::string content, node.string("content"));
    return std::unique_ptr<Normalizer>(std::make_unique<Replace>(std::move(search), std::move(content)));
}

MadeNormalizer readStripNormalizer(const JsonNode &node)
{
    LETHE_TRY(const bool left, node.boolean("strip_left"));
    LETHE_TRY(const bool right, node.boolean("strip_right"));
    return std::unique_ptr<Normalizer>(std::make_unique<Strip>(left, right));
}

MadeNormalizer readPrependNormalizer(const JsonNode &node)
{
    LETHE_TRY(std::string content, node.string("prepend"));
    return std::unique_ptr<Normalizer>(std::make_unique<Prepend>(std::move(content)));
}

MadeNormalizer readBertNormalizer(const JsonNode &node)
{
    BertNormalizer::Options options;
    LETHE_TRY(options.cleansText, node.boolean("clean_text", true));
    LETHE_TRY(options.spacesChinese, node.boolean("handle_chinese_chars", true));
    LETHE_TRY(options.lowers, node.boolean("lowercase", true));
    LETHE_TRY(options.stripsAccents, node.boolean("strip_accents", options.lowers));
    return std::unique_ptr<Normalizer>(std::make_unique<BertNormalizer>(options));
}

template<typename T>
MadeNormalizer simpleNormalizer(auto &&...arguments)
{
    return std::unique_ptr<Normalizer>(std::make_unique<T>(arguments...));
}

} // namespace

Result<std::unique_ptr<Normalizer>> Normalizer::read(const JsonNode &node)
{
    LETHE_TRY(const std::string type, node.type());
    if (type == "Sequence")
        return readSequenceNormalizer(node);
    if (type == "NFC")
        return simpleNormalizer<UnicodeForm>(static_cast<int>(UTF8PROC_COMPOSE));
    if (type == "NFD")
        return simpleNormalizer<UnicodeForm>(static_cast<int>(UTF8PROC_DECOMPOSE));
    if (type == "NFKC")
        return simpleNormalizer<UnicodeForm>(UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
    if (type == "NFKD")
        return simpleNormalizer<UnicodeForm>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
    if (type == "Lowercase")
        return simpleNormalizer<Lowercase>();
    if (type == "StripAccents")
        return simpleNormalizer<StripAccents>();
    if (type == "Strip")
        return readStripNormalizer(node);
    if (type == "Replace")
        return readReplaceNormalizer(node);
    if (type == "Prepend")
        return readPrependNormalizer(node);
    if (type == "Precompiled")
        return readPrecompiledNormalizer(node);
    if (type == "ByteLevel")
        return simpleNormalizer<ByteLevelNormalizer>();
    if (type == "Nmt")
        return simpleNormalizer<Nmt>();
    if (type == "BertNormalizer")
        return readBertNormalizer(node);
    LETHE_TRY(const JsonNode key, node.member("type"));
    return key.unsupported("the normalizer \"" + type + "\" is not supported");
}

} // namespace lethe
