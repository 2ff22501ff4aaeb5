#pragma once

#include <lethe/store/RunStore.h>

#include <QtCore/QJsonValue>
#include <QtCore/QMap>
#include <QtCore/QString>
#include <QtCore/QStringList>

#include <optional>
#include <vector>

namespace lethe {

/// A run's spec by key paths (`training.epochs`), where it has been read.
using SpecLeaves = QMap<QString, QJsonValue>;

/// The query line of the Runs page: words match name, tags and note; `key:value`, `key=value`, `key!=value`, `key<value`,
/// `key>=value` narrow; all terms must hold. `-word` must not match. Keys are columns, metric ids and key paths of the spec.
class RunQuery
{
public:
    /// A stretch of the text that means nothing, and why.
    struct Mistake {
        int start = 0;
        int length = 0;
        QString text;
        bool operator==(const Mistake &) const = default;
    };

    static RunQuery parse(const QString &text);

    const std::vector<Mistake> &mistakes() const { return m_mistakes; }
    bool ok() const { return m_mistakes.empty(); }
    bool isEmpty() const { return m_terms.empty(); }
    /// Whether a key path of the spec is asked for, so that specs must be read.
    bool needsSpecs() const;
    bool matches(const RunRow &run, const SpecLeaves &spec = {}) const;

    /// The keys that completion offers, each with its relation: `status:`, `lr<`.
    static QStringList keys();
    static QStringList valuesOf(const QString &key);

private:
    struct Term {
        QString key; ///< empty: a word
        QString relation;
        QString value;
        std::optional<double> number;
        bool negated = false;
    };
    static std::optional<double> numberOf(const QString &key, const RunRow &run);
    static QStringList textsOf(const QString &key, const RunRow &run);
    static bool compare(const Term &term, double value);
    static bool holds(const Term &term, const RunRow &run, const SpecLeaves &spec);

    std::vector<Term> m_terms;
    std::vector<Mistake> m_mistakes;
};

/// The metric's value among \p metrics.
std::optional<double> metricOf(const std::vector<MetricValue> &metrics, const QString &id);
/// The measure that stands for a set in one column: exact match, else the first of that set that has a value.
QString mainMetric(const std::vector<MetricValue> &metrics, const QString &set);
/// The word of a status as it is shown.
QString statusWord(RunStatus status);

} // namespace lethe
