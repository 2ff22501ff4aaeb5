#include "SampleFilter.h"

#include "../parts/Text.h"

#include <QtCore/QRegularExpression>

#include <algorithm>

namespace lethe {

namespace {

/// Words apart, quoted ones together.
QStringList words(const QString &text)
{
    QStringList found;
    static const QRegularExpression kWord(QStringLiteral(R"((?:[^\s"]*"[^"]*"?)+[^\s]*|\S+)"));
    auto match = kWord.globalMatch(text);
    while (match.hasNext())
        found.append(match.next().captured().remove(u'"'));
    found.removeAll(QString());
    return found;
}

} // namespace

unsigned SampleFilter::flagsNamed(const QString &word)
{
    unsigned flags = 0;
    for (const SampleFlag flag : kSampleFlags)
        if (flagWord(flag).startsWith(word, Qt::CaseInsensitive))
            flags |= static_cast<unsigned>(flag);
    if (word == QLatin1String("any") || word == QLatin1String("*"))
        flags = ~0u;
    return flags;
}

bool SampleFilter::parseNumber(const QString &text, Term &term)
{
    static const QRegularExpression kComparison(QStringLiteral(R"(^\s*(<=|>=|<|>|=)?\s*(\d+)\s*$)"));
    const auto match = kComparison.match(text);
    if (!match.hasMatch())
        return false;
    const QString relation = match.captured(1);
    term.relation = relation == QLatin1String("<=") ? 'l' : relation == QLatin1String(">=") ? 'g' : relation.isEmpty() ? '=' : relation.at(0).toLatin1();
    term.number = match.captured(2).toLongLong();
    term.field = Field::Tokens;
    return true;
}

SampleFilter SampleFilter::parse(const QString &text)
{
    SampleFilter filter;
    for (const QString &word : words(text)) {
        Term term;
        if (word.startsWith(QLatin1String("prompt:"), Qt::CaseInsensitive)) {
            term.field = Field::Prompt;
            term.folded = foldText(toStd(word.mid(7)));
        } else if (word.startsWith(QLatin1String("answer:"), Qt::CaseInsensitive)) {
            term.field = Field::Answer;
            term.folded = foldText(toStd(word.mid(7)));
        } else if (word.startsWith(QLatin1String("flag:"), Qt::CaseInsensitive)) {
            term.field = Field::Flag;
            term.flags = flagsNamed(word.mid(5));
        } else if (!(word.startsWith(QLatin1String("tok"), Qt::CaseInsensitive) && parseNumber(word.mid(3), term))) {
            term.folded = foldText(toStd(word));
        }
        filter.m_terms.push_back(std::move(term));
    }
    return filter;
}

SampleFilter SampleFilter::parseColumn(const QString &column, const QString &text)
{
    SampleFilter filter;
    const QString trimmed = text.trimmed();
    if (trimmed.isEmpty())
        return filter;
    Term term;
    if (column == QLatin1String("tok")) {
        if (!parseNumber(trimmed, term))
            return filter; // half typed (`>`): nothing to hold against yet
    } else if (column == QLatin1String("flag")) {
        term.field = Field::Flag;
        term.flags = flagsNamed(trimmed.startsWith(QLatin1String("flag:")) ? trimmed.mid(5) : trimmed);
    } else {
        term.field = column == QLatin1String("prompt") ? Field::Prompt : Field::Answer;
        term.folded = foldText(toStd(trimmed));
    }
    filter.m_terms.push_back(std::move(term));
    return filter;
}

bool SampleFilter::usesFacts() const
{
    return std::any_of(m_terms.begin(), m_terms.end(),
                       [](const Term &term) { return term.field == Field::Tokens || term.field == Field::Flag; });
}

SampleFilter SampleFilter::operator+(const SampleFilter &other) const
{
    SampleFilter both = *this;
    both.m_terms.insert(both.m_terms.end(), other.m_terms.begin(), other.m_terms.end());
    return both;
}

bool SampleFilter::matches(const Sample &sample, const TokenFacts &facts, unsigned flags) const
{
    const auto holds = [&](const Term &term) {
        const std::string_view text = sample.folded;
        switch (term.field) {
        case Field::Any: return text.find(term.folded) != std::string_view::npos;
        case Field::Prompt: return text.substr(0, text.find('\x1f')).find(term.folded) != std::string_view::npos;
        case Field::Answer: return text.substr(text.find('\x1f') + 1).find(term.folded) != std::string_view::npos;
        case Field::Flag: return (flags & term.flags) != 0;
        case Field::Tokens: break;
        }
        if (facts.tokens < 0)
            return false;
        const std::int64_t tokens = facts.tokens + facts.dropped;
        switch (term.relation) {
        case '<': return tokens < term.number;
        case '>': return tokens > term.number;
        case 'l': return tokens <= term.number;
        case 'g': return tokens >= term.number;
        default: return tokens == term.number;
        }
    };
    for (const Term &term : m_terms)
        if (!holds(term))
            return false;
    return true;
}

} // namespace lethe
