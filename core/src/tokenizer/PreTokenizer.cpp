#include "PreTokenizer.h"

#include "ByteAlphabet.h"
#include "UnicodeClass.h"
#include "Utf8.h"

#include <algorithm>

namespace lethe {

namespace {

/// What becomes of the matches when a word is cut by them.
enum class Delimiter { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };

struct Section {
    Span span;
    bool isMatch = false;
};

/// All of a word of \p length bytes in order, matches and what is between.
void sectionsOf(const std::vector<Span> &matches, std::size_t length, bool inverted, std::vector<Section> &sections)
{
    sections.clear();
    std::size_t at = 0;
    for (const Span &match : matches) {
        if (at != match.begin)
            sections.push_back({{at, match.begin}, inverted});
        sections.push_back({match, !inverted});
        at = match.end;
    }
    if (at != length)
        sections.push_back({{at, length}, inverted});
}

void addSpan(std::vector<Span> &spans, std::size_t base, std::size_t begin, std::size_t end)
{
    if (begin < end)
        spans.push_back({base + begin, base + end});
}

void addMergedWithPrevious(const std::vector<Section> &sections, std::size_t base, std::vector<Span> &spans)
{
    bool isOpen = false; // the last section ended without a match: one may join it
    std::size_t begin = 0;
    std::size_t end = 0;
    for (const Section &section : sections) {
        if (!(section.isMatch && isOpen)) {
            addSpan(spans, base, begin, end);
            begin = section.span.begin;
        }
        end = section.span.end;
        isOpen = !section.isMatch;
    }
    addSpan(spans, base, begin, end);
}

void addMergedWithNext(const std::vector<Section> &sections, std::size_t base, std::vector<Span> &spans)
{
    for (std::size_t i = 0; i < sections.size(); ++i) {
        const std::size_t begin = sections[i].span.begin;
        if (sections[i].isMatch && i + 1 < sections.size() && !sections[i + 1].isMatch)
            ++i;
        addSpan(spans, base, begin, sections[i].span.end);
    }
}

void addContiguous(const std::vector<Section> &sections, std::size_t base, std::vector<Span> &spans)
{
    for (std::size_t i = 0; i < sections.size();) {
        const std::size_t begin = sections[i].span.begin;
        const bool isMatch = sections[i].isMatch;
        std::size_t end = begin;
        for (; i < sections.size() && sections[i].isMatch == isMatch; ++i)
            end = sections[i].span.end;
        addSpan(spans, base, begin, end);
    }
}

void addCut(const std::vector<Section> &sections, Delimiter delimiter, std::size_t base, std::vector<Span> &spans)
{
    switch (delimiter) {
    case Delimiter::MergedWithPrevious: addMergedWithPrevious(sections, base, spans); return;
    case Delimiter::MergedWithNext: addMergedWithNext(sections, base, spans); return;
    case Delimiter::Contiguous: addContiguous(sections, base, spans); return;
    case Delimiter::Removed:
    case Delimiter::Isolated: break;
    }
    for (const Section &section : sections) {
        if (delimiter == Delimiter::Isolated || !section.isMatch)
            addSpan(spans, base, section.span.begin, section.span.end);
    }
}

/// Cuts every word by what \p find appends for it.
template<typename Find>
void cut(Pieces &pieces, Delimiter delimiter, bool inverted, Find find)
{
    std::vector<Section> sections;
    pieces.nextSpans.clear();
    for (const Span &span : pieces.spans) {
        const std::string_view word = pieces.text.view().substr(span.begin, span.end - span.begin);
        pieces.matches.clear();
        find(word, pieces.matches);
        sectionsOf(pieces.matches, word.size(), inverted, sections);
        addCut(sections, delimiter, span.begin, pieces.nextSpans);
    }
    pieces.spans.swap(pieces.nextSpans);
}

/// As `cut` with the matches isolated: the common case, without sections.
void isolate(Pieces &pieces, const Pattern &pattern)
{
    pieces.nextSpans.clear();
    for (const Span &span : pieces.spans) {
        const std::string_view word = pieces.text.view().substr(span.begin, span.end - span.begin);
        pieces.matches.clear();
        pattern.find(word, pieces.matches);
        std::size_t at = 0;
        for (const Span &match : pieces.matches) {
            addSpan(pieces.nextSpans, span.begin, at, match.begin);
            addSpan(pieces.nextSpans, span.begin, match.begin, match.end);
            at = match.end;
        }
        addSpan(pieces.nextSpans, span.begin, at, word.size());
    }
    pieces.spans.swap(pieces.nextSpans);
}

/// Every character that \p holds, one by one.
template<typename Holds>
auto eachCharacter(Holds holds)
{
    return [holds](std::string_view word, std::vector<Span> &matches) {
        for (std::size_t at = 0; at < word.size();) {
            const std::size_t begin = at;
            if (holds(utf8::next(word, at)))
                matches.push_back({begin, at});
        }
    };
}

/// Rewrites every word; \p write gets the rewriting and the word's span.
template<typename Write>
void rewriteEach(Pieces &pieces, Write write)
{
    AlignedText::Rewrite rewrite(pieces.text);
    pieces.nextSpans.clear();
    for (const Span &span : pieces.spans) {
        const std::size_t begin = rewrite.size();
        write(rewrite, span);
        if (rewrite.size() > begin)
            pieces.nextSpans.push_back({begin, rewrite.size()});
    }
    pieces.text = rewrite.finish();
    pieces.spans.swap(pieces.nextSpans);
}

class Split final : public PreTokenizer
{
public:
    Split(std::unique_ptr<Pattern> pattern, Delimiter delimiter, bool inverted)
        : m_pattern(std::move(pattern)), m_delimiter(delimiter), m_inverted(inverted)
    {}

    void apply(Pieces &pieces) const override
    {
        if (m_delimiter == Delimiter::Isolated)
            isolate(pieces, *m_pattern);
        else
            cut(pieces, m_delimiter, m_inverted, [this](std::string_view word, std::vector<Span> &matches) { m_pattern->find(word, matches); });
    }

private:
    std::unique_ptr<Pattern> m_pattern;
    Delimiter m_delimiter;
    bool m_inverted;
};

class ByteLevel final : public PreTokenizer
{
public:
    ByteLevel(bool addsPrefixSpace, bool usesRegex) : m_addsPrefixSpace(addsPrefixSpace)
    {
        if (usesRegex)
            m_pattern = Pattern::gpt2();
    }

    void apply(Pieces &pieces) const override
    {
        if (m_addsPrefixSpace)
            addPrefixSpaces(pieces);
        if (m_pattern)
            isolate(pieces, *m_pattern);
        if (!m_keepsRawBytes)
            spellBytes(pieces);
    }

    bool endsInBytes() const override { return true; }
    void keepRawBytes() override { m_keepsRawBytes = true; }
    bool rewrites() const override { return true; }

private:
    static void addPrefixSpaces(Pieces &pieces)
    {
        const std::string_view text = pieces.text.view();
        if (std::ranges::all_of(pieces.spans, [&](const Span &span) { return text[span.begin] == ' '; }))
            return;
        rewriteEach(pieces, [&](AlignedText::Rewrite &rewrite, const Span &span) {
            if (text[span.begin] != ' ')
                rewrite.put(" ", span.begin, span.begin);
            rewrite.keep(span.begin, span.end);
        });
    }

    static void spellBytes(Pieces &pieces)
    {
        const std::string_view text = pieces.text.view();
        std::string spelt;
        rewriteEach(pieces, [&](AlignedText::Rewrite &rewrite, const Span &span) {
            for (std::size_t at = span.begin; at < span.end;) {
                const std::size_t end = at + utf8::lengthOf(text[at]);
                spelt.clear();
                byteAlphabet::spell(text.substr(at, end - at), spelt);
                rewrite.put(spelt, at, end);
                at = end;
            }
        });
    }

    std::unique_ptr<Pattern> m_pattern;
    bool m_addsPrefixSpace;
    bool m_keepsRawBytes = false;
};

class Metaspace final : public PreTokenizer
{
public:
    explicit Metaspace(MetaspaceOptions options) : m_options(std::move(options)), m_pattern(Pattern::literal(m_options.replacement)) {}

    void apply(Pieces &pieces) const override
    {
        const std::string_view text = pieces.text.view();
        rewriteEach(pieces, [&](AlignedText::Rewrite &rewrite, const Span &span) {
            const bool hasOne = text[span.begin] == ' ' || text.substr(span.begin).starts_with(m_options.replacement);
            if (!hasOne && takesPrefix(pieces.text, span))
                rewrite.put(m_options.replacement, span.begin, span.begin);
            std::size_t kept = span.begin;
            for (std::size_t at = span.begin; at < span.end; ++at) {
                if (text[at] != ' ')
                    continue;
                rewrite.keep(kept, at);
                rewrite.put(m_options.replacement, at, at + 1);
                kept = at + 1;
            }
            rewrite.keep(kept, span.end);
        });
        if (m_options.splits)
            cut(pieces, Delimiter::MergedWithNext, false, [this](std::string_view word, std::vector<Span> &matches) { m_pattern->find(word, matches); });
    }

    bool rewrites() const override { return true; }
    bool asksForOrigins(bool wasRewritten) const override
    {
        return wasRewritten && m_options.prefix == MetaspaceOptions::Prefix::First;
    }

private:
    bool takesPrefix(const AlignedText &text, const Span &span) const
    {
        return m_options.prefix == MetaspaceOptions::Prefix::Always
            || (m_options.prefix == MetaspaceOptions::Prefix::First && text.origin(span.begin).begin == 0);
    }

    MetaspaceOptions m_options;
    std::unique_ptr<Pattern> m_pattern;
};

class Digits final : public PreTokenizer
{
public:
    explicit Digits(bool singly) : m_singly(singly) {}
    void apply(Pieces &pieces) const override
    {
        cut(pieces, m_singly ? Delimiter::Isolated : Delimiter::Contiguous, false, eachCharacter(unicode::isNumeric));
    }

private:
    bool m_singly;
};

class Punctuation final : public PreTokenizer
{
public:
    explicit Punctuation(Delimiter delimiter) : m_delimiter(delimiter) {}
    void apply(Pieces &pieces) const override { cut(pieces, m_delimiter, false, eachCharacter(unicode::isPunctuation)); }

private:
    Delimiter m_delimiter;
};

class WhitespaceSplit final : public PreTokenizer
{
public:
    void apply(Pieces &pieces) const override { cut(pieces, Delimiter::Removed, false, eachCharacter(unicode::isSpace)); }
};

/// Runs of `\w`, runs of what is neither `\w` nor white space.
class Whitespace final : public PreTokenizer
{
public:
    void apply(Pieces &pieces) const override
    {
        cut(pieces, Delimiter::Removed, false, eachCharacter(unicode::isSpace));
        cut(pieces, Delimiter::Contiguous, false, eachCharacter(unicode::isWord));
    }
};

class BertPreTokenizer final : public PreTokenizer
{
public:
    void apply(Pieces &pieces) const override
    {
        cut(pieces, Delimiter::Removed, false, eachCharacter(unicode::isSpace));
        cut(pieces, Delimiter::Isolated, false, eachCharacter(unicode::isPunctuation));
    }
};

class CharDelimiterSplit final : public PreTokenizer
{
public:
    explicit CharDelimiterSplit(std::string delimiter) : m_pattern(Pattern::literal(std::move(delimiter))) {}
    void apply(Pieces &pieces) const override
    {
        cut(pieces, Delimiter::Removed, false, [this](std::string_view word, std::vector<Span> &matches) { m_pattern->find(word, matches); });
    }

private:
    std::unique_ptr<Pattern> m_pattern;
};

class PreTokenizerSequence final : public PreTokenizer
{
public:
    explicit PreTokenizerSequence(std::vector<std::unique_ptr<PreTokenizer>> steps) : m_steps(std::move(steps)) {}

    void apply(Pieces &pieces) const override
    {
        for (const auto &step : m_steps)
            step->apply(pieces);
    }

    bool endsInBytes() const override { return !m_steps.empty() && m_steps.back()->endsInBytes(); }
    void keepRawBytes() override { m_steps.back()->keepRawBytes(); }

    bool rewrites() const override
    {
        return std::ranges::any_of(m_steps, [](const auto &step) { return step->rewrites(); });
    }

    bool asksForOrigins(bool wasRewritten) const override
    {
        for (const auto &step : m_steps) {
            if (step->asksForOrigins(wasRewritten))
                return true;
            wasRewritten = wasRewritten || step->rewrites();
        }
        return false;
    }

private:
    std::vector<std::unique_ptr<PreTokenizer>> m_steps;
};

using MadePreTokenizer = Result<std::unique_ptr<PreTokenizer>>;

Result<Delimiter> readBehavior(const JsonNode &node, bool isOptional)
{
    if (isOptional && !node.has("behavior"))
        return Delimiter::Isolated;
    LETHE_TRY(const JsonNode behavior, node.member("behavior"));
    LETHE_TRY(const std::string name, behavior.string());
    if (name == "Removed")
        return Delimiter::Removed;
    if (name == "Isolated")
        return Delimiter::Isolated;
    if (name == "MergedWithPrevious")
        return Delimiter::MergedWithPrevious;
    if (name == "MergedWithNext")
        return Delimiter::MergedWithNext;
    if (name == "Contiguous")
        return Delimiter::Contiguous;
    return behavior.unsupported("the behavior \"" + name + "\" is not supported");
}

MadePreTokenizer readSequencePreTokenizer(const JsonNode &node)
{
    LETHE_TRY(const JsonNode list, node.member("pretokenizers"));
    LETHE_TRY(const std::vector<JsonNode> elements, list.elements());
    std::vector<std::unique_ptr<PreTokenizer>> steps;
    for (const JsonNode &element : elements) {
        LETHE_TRY(auto step, PreTokenizer::read(element));
        steps.push_back(std::move(step));
    }
    return std::unique_ptr<PreTokenizer>(std::make_unique<PreTokenizerSequence>(std::move(steps)));
}

MadePreTokenizer readSplitPreTokenizer(const JsonNode &node)
{
    LETHE_TRY(const JsonNode where, node.member("pattern"));
    LETHE_TRY(auto pattern, Pattern::read(where));
    LETHE_TRY(const Delimiter delimiter, readBehavior(node, false));
    LETHE_TRY(const bool inverted, node.boolean("invert", false));
    return std::unique_ptr<PreTokenizer>(std::make_unique<Split>(std::move(pattern), delimiter, inverted));
}

MadePreTokenizer readByteLevelPreTokenizer(const JsonNode &node)
{
    LETHE_TRY(const bool addsPrefixSpace, node.boolean("add_prefix_space"));
    LETHE_TRY(const bool usesRegex, node.boolean("use_regex", true));
    return std::unique_ptr<PreTokenizer>(std::make_unique<ByteLevel>(addsPrefixSpace, usesRegex));
}

MadePreTokenizer readDigitsPreTokenizer(const JsonNode &node)
{
    LETHE_TRY(const bool singly, node.boolean("individual_digits"));
    return std::unique_ptr<PreTokenizer>(std::make_unique<Digits>(singly));
}

MadePreTokenizer readPunctuationPreTokenizer(const JsonNode &node)
{
    LETHE_TRY(const Delimiter delimiter, readBehavior(node, true));
    return std::unique_ptr<PreTokenizer>(std::make_unique<Punctuation>(delimiter));
}

MadePreTokenizer readMetaspacePreTokenizer(const JsonNode &node)
{
    LETHE_TRY(MetaspaceOptions options, MetaspaceOptions::read(node));
    return std::unique_ptr<PreTokenizer>(std::make_unique<Metaspace>(std::move(options)));
}

MadePreTokenizer readDelimiterPreTokenizer(const JsonNode &node)
{
    LETHE_TRY(std::string delimiter, node.string("delimiter"));
    return std::unique_ptr<PreTokenizer>(std::make_unique<CharDelimiterSplit>(std::move(delimiter)));
}

} // namespace

Result<MetaspaceOptions> MetaspaceOptions::read(const JsonNode &node)
{
    MetaspaceOptions options;
    LETHE_TRY(const JsonNode replacement, node.member("replacement"));
    LETHE_TRY(options.replacement, replacement.string());
    if (options.replacement.empty() || utf8::lengthOf(options.replacement[0]) != options.replacement.size())
        return replacement.corrupt("expected one character");
    LETHE_TRY(options.splits, node.boolean("split", true));
    if (node.has("prepend_scheme")) {
        LETHE_TRY(const JsonNode scheme, node.member("prepend_scheme"));
        LETHE_TRY(const std::string name, scheme.string());
        if (name != "always" && name != "first" && name != "never")
            return scheme.unsupported("the scheme \"" + name + "\" is not supported", "always, first or never");
        options.prefix = name == "always" ? Prefix::Always : name == "first" ? Prefix::First : Prefix::Never;
    }
    // Files before prepend_scheme.
    LETHE_TRY(const bool addsPrefixSpace, node.boolean("add_prefix_space", options.prefix != Prefix::Never));
    if (!addsPrefixSpace && node.has("prepend_scheme") && options.prefix != Prefix::Never)
        return node.corrupt("add_prefix_space is false, and prepend_scheme is not \"never\"");
    if (!addsPrefixSpace)
        options.prefix = Prefix::Never;
    return options;
}

Result<std::unique_ptr<PreTokenizer>> PreTokenizer::read(const JsonNode &node)
{
    LETHE_TRY(const std::string type, node.type());
    if (type == "Sequence")
        return readSequencePreTokenizer(node);
    if (type == "Split")
        return readSplitPreTokenizer(node);
    if (type == "ByteLevel")
        return readByteLevelPreTokenizer(node);
    if (type == "Metaspace")
        return readMetaspacePreTokenizer(node);
    if (type == "Digits")
        return readDigitsPreTokenizer(node);
    if (type == "Punctuation")
        return readPunctuationPreTokenizer(node);
    if (type == "Whitespace")
        return std::unique_ptr<PreTokenizer>(std::make_unique<Whitespace>());
    if (type == "WhitespaceSplit")
        return std::unique_ptr<PreTokenizer>(std::make_unique<WhitespaceSplit>());
    if (type == "BertPreTokenizer")
        return std::unique_ptr<PreTokenizer>(std::make_unique<BertPreTokenizer>());
    if (type == "CharDelimiterSplit")
        return readDelimiterPreTokenizer(node);
    LETHE_TRY(const JsonNode key, node.member("type"));
    return key.unsupported("the pre-tokenizer \"" + type + "\" is not supported");
}

} // namespace lethe
