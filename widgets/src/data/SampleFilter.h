#pragma once

#include "Sample.h"

#include <QtCore/QString>

#include <string>
#include <vector>

namespace lethe {

/// Which rows a table shows. Words match prompt or answer; `prompt:word`, `answer:word`, `tok>200` (`<`, `>=`, `<=`, `=`) and
/// `flag:cut` narrow further; all terms must hold. Quotes keep words together.
class SampleFilter
{
public:
    static SampleFilter parse(const QString &text);
    /// The text of one column's own field: \p column `prompt`, `answer`, `tok` or `flag`.
    static SampleFilter parseColumn(const QString &column, const QString &text);

    bool isEmpty() const { return m_terms.empty(); }
    /// Whether counts or flags decide, so that news of them may change what is shown.
    bool usesFacts() const;
    bool matches(const Sample &sample, const TokenFacts &facts, unsigned flags) const;
    SampleFilter operator+(const SampleFilter &other) const;

private:
    enum class Field { Any, Prompt, Answer, Tokens, Flag };
    struct Term {
        Field field = Field::Any;
        std::string folded;
        char relation = '='; ///< `<`, `>`, `=`, `l` (at most), `g` (at least)
        std::int64_t number = 0;
        unsigned flags = 0;
    };
    static bool parseNumber(const QString &text, Term &term);
    static unsigned flagsNamed(const QString &word);
    std::vector<Term> m_terms;
};

} // namespace lethe
