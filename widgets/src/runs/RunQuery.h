#pragma once

#include <lethe/base/Result.h>
#include <lethe/store/RunStore.h>

#include <QtCore/QString>
#include <QtCore/QStringList>

#include <vector>

namespace lethe {

/// Which runs a table shows. Words match name, method, tags or note; `method:npo`, `tag:paper`, `lr<1e-5`, `steps>=40`,
/// `status!=failed` narrow further; all terms must hold. Numbers may be percentages (`forget<10%`). Quotes keep words
/// together and make them plain words.
class RunQuery
{
public:
    /// InvalidInput: an unknown key, no value, a number that is none, an order asked of a text.
    static Result<RunQuery> parse(const QString &text);
    /// What may stand before a relation; any metric's id may too.
    static QStringList keys();

    bool isEmpty() const { return m_terms.empty(); }
    bool matches(const RunRow &run) const;

private:
    enum class Relation { Is, IsNot, Less, AtMost, Greater, AtLeast };
    struct Term {
        QString key; ///< empty: a plain word
        Relation relation = Relation::Is;
        QString text;
        double number = 0;
    };
    static bool holds(const Term &term, const RunRow &run);
    std::vector<Term> m_terms;
};

/// A run's value of a metric in \p metrics; undefined where it is missing or has none.
std::optional<double> metricOf(const std::vector<MetricValue> &metrics, std::string_view id);

} // namespace lethe
