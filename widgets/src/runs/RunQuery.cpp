#include "RunQuery.h"

#include "../parts/Text.h"
#include "../welcome/RunStatusText.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QFileInfo>
#include <QtCore/QRegularExpression>

#include <algorithm>
#include <cmath>

namespace lethe {

namespace {

const QStringList kTextKeys{QStringLiteral("name"), QStringLiteral("status"), QStringLiteral("method"), QStringLiteral("model"),
                            QStringLiteral("tag"), QStringLiteral("note"), QStringLiteral("device"), QStringLiteral("star")};
const QStringList kNumberKeys{QStringLiteral("lr"), QStringLiteral("steps"), QStringLiteral("planned"), QStringLiteral("time"),
                              QStringLiteral("id"), QStringLiteral("forget"), QStringLiteral("retain")};

QString tr(const char *text)
{
    return QCoreApplication::translate("lethe::RunQuery", text);
}

/// Metrics are told by how their ids begin: nothing else of a run does.
bool namesMetric(const QString &key)
{
    return key.startsWith(QLatin1String("forget_")) || key.startsWith(QLatin1String("retain_")) || key.contains(u'_');
}

std::optional<double> numberFrom(QString text)
{
    const bool percent = text.endsWith(u'%');
    if (percent)
        text.chop(1);
    bool isNumber = false;
    const double value = text.trimmed().toDouble(&isNumber);
    if (!isNumber || !std::isfinite(value))
        return std::nullopt;
    return percent ? value / 100 : value;
}

QStringList textsOf(const RunRow &run, const QString &key)
{
    if (key == QLatin1String("name"))
        return {toQt(run.name)};
    if (key == QLatin1String("status"))
        return {statusWord(run.status), toQt(toString(run.status))};
    if (key == QLatin1String("method"))
        return {toQt(run.method)};
    if (key == QLatin1String("model"))
        return {QFileInfo(toQt(run.model)).fileName()};
    if (key == QLatin1String("tag"))
        return toQt(run.tags);
    if (key == QLatin1String("note"))
        return {toQt(run.note)};
    if (key == QLatin1String("device"))
        return {toQt(run.device)};
    return {run.starred ? QStringLiteral("yes") : QStringLiteral("no")};
}

std::optional<double> numberOf(const RunRow &run, const QString &key)
{
    if (key == QLatin1String("lr"))
        return run.learningRate;
    if (key == QLatin1String("steps"))
        return static_cast<double>(run.steps);
    if (key == QLatin1String("planned"))
        return static_cast<double>(run.plannedSteps);
    if (key == QLatin1String("time"))
        return run.seconds;
    if (key == QLatin1String("id"))
        return static_cast<double>(run.id);
    if (key == QLatin1String("forget"))
        return metricOf(run.finalMetrics, "forget_exact_match");
    if (key == QLatin1String("retain"))
        return metricOf(run.finalMetrics, "retain_exact_match");
    return metricOf(run.finalMetrics, toStd(key));
}

/// As typed and as stored differ in their last bits (`1e-5` of a spec, `0.00001` of a keyboard).
bool isSame(double one, double other)
{
    return std::abs(one - other) <= 1e-9 * std::max(std::abs(one), std::abs(other));
}

} // namespace

std::optional<double> metricOf(const std::vector<MetricValue> &metrics, std::string_view id)
{
    const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const MetricValue &metric) { return metric.id == id; });
    return found != metrics.end() ? found->value : std::nullopt;
}

QStringList RunQuery::keys()
{
    return kTextKeys + kNumberKeys;
}

Result<RunQuery> RunQuery::parse(const QString &text)
{
    static const QRegularExpression kWord(QStringLiteral(R"((?:[^\s"]*"[^"]*"?)+[^\s]*|\S+)"));
    static const QRegularExpression kTerm(QStringLiteral(R"(^([A-Za-z][A-Za-z0-9_]*)(!=|<=|>=|:|=|<|>)(.*)$)"));
    const auto wrong = [](const QString &what, const QString &hint) {
        return Error{.code = ErrorCode::InvalidInput, .what = toStd(what), .where = {}, .hint = toStd(hint)};
    };
    RunQuery query;
    auto words = kWord.globalMatch(text);
    while (words.hasNext()) {
        const QString word = words.next().captured();
        Term term;
        const auto match = kTerm.match(word);
        if (word.startsWith(u'"') || !match.hasMatch()) {
            term.text = QString(word).remove(u'"');
            if (!term.text.isEmpty())
                query.m_terms.push_back(std::move(term));
            continue;
        }
        term.key = match.captured(1).toLower();
        if (term.key == QLatin1String("tags"))
            term.key = QStringLiteral("tag");
        term.text = match.captured(3).remove(u'"');
        const QString relation = match.captured(2);
        term.relation = relation == QLatin1String("!=") ? Relation::IsNot
            : relation == QLatin1String("<") ? Relation::Less
            : relation == QLatin1String("<=") ? Relation::AtMost
            : relation == QLatin1String(">") ? Relation::Greater
            : relation == QLatin1String(">=") ? Relation::AtLeast
                                              : Relation::Is;
        const bool isText = kTextKeys.contains(term.key);
        if (!isText && !kNumberKeys.contains(term.key) && !namesMetric(term.key))
            return wrong(tr("Runs have no “%1”").arg(term.key), tr("Known are %1 and the metrics' names").arg(keys().join(QLatin1String(", "))));
        if (term.text.isEmpty())
            return wrong(tr("“%1” needs a value").arg(word), {});
        if (isText && term.relation != Relation::Is && term.relation != Relation::IsNot)
            return wrong(tr("“%1” is a text: it has no order").arg(term.key), tr("Use “:” or “!=”"));
        if (!isText) {
            const auto number = numberFrom(term.text);
            if (!number)
                return wrong(tr("“%1” is no number").arg(term.text), tr("Write it as 0.00001, 1e-5 or 10%"));
            term.number = *number;
        }
        query.m_terms.push_back(std::move(term));
    }
    return query;
}

bool RunQuery::holds(const Term &term, const RunRow &run)
{
    const auto contains = [&](const QString &text) { return text.contains(term.text, Qt::CaseInsensitive); };
    if (term.key.isEmpty())
        return contains(toQt(run.name)) || contains(toQt(run.method)) || contains(toQt(run.note)) || std::ranges::any_of(toQt(run.tags), contains);
    if (kTextKeys.contains(term.key)) {
        // A method or status is a word of its own: `method:ga` is not `graddiff`'s; names and notes are searched.
        const bool whole = term.key == QLatin1String("method") || term.key == QLatin1String("status") || term.key == QLatin1String("tag");
        const bool found = std::ranges::any_of(textsOf(run, term.key), [&](const QString &text) {
            return whole ? text.compare(term.text, Qt::CaseInsensitive) == 0 : contains(text);
        });
        return found == (term.relation == Relation::Is);
    }
    const auto value = numberOf(run, term.key);
    if (!value)
        return term.relation == Relation::IsNot;
    const bool same = isSame(*value, term.number);
    switch (term.relation) {
    case Relation::Is: return same;
    case Relation::IsNot: return !same;
    case Relation::Less: return !same && *value < term.number;
    case Relation::AtMost: return same || *value < term.number;
    case Relation::Greater: return !same && *value > term.number;
    case Relation::AtLeast: break;
    }
    return same || *value > term.number;
}

bool RunQuery::matches(const RunRow &run) const
{
    return std::ranges::all_of(m_terms, [&](const Term &term) { return holds(term, run); });
}

} // namespace lethe
