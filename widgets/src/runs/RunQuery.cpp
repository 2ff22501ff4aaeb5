#include "RunQuery.h"

#include "../parts/Text.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QLocale>
#include <QtCore/QRegularExpression>

#include <algorithm>

namespace lethe {

namespace {

QString trQuery(const char *text)
{
    return QCoreApplication::translate("RunQuery", text);
}

/// Other spellings of a key.
QString canonical(const QString &key)
{
    static const QMap<QString, QString> kSame{
        {QStringLiteral("learning_rate"), QStringLiteral("lr")}, {QStringLiteral("tags"), QStringLiteral("tag")},
        {QStringLiteral("star"), QStringLiteral("starred")},     {QStringLiteral("seconds"), QStringLiteral("time")},
        {QStringLiteral("step"), QStringLiteral("steps")},       {QStringLiteral("utility"), QStringLiteral("model_utility")}};
    return kSame.value(key, key);
}

const QStringList kTextKeys{QStringLiteral("name"), QStringLiteral("status"), QStringLiteral("method"), QStringLiteral("model"), QStringLiteral("tag"),
                            QStringLiteral("note"), QStringLiteral("device"), QStringLiteral("created"), QStringLiteral("starred")};
const QStringList kNumberKeys{QStringLiteral("id"),   QStringLiteral("lr"),    QStringLiteral("steps"),  QStringLiteral("planned"),
                              QStringLiteral("time"), QStringLiteral("speed"), QStringLiteral("memory"), QStringLiteral("parent")};

bool isMetric(const QString &key)
{
    static const QRegularExpression kMetric(QStringLiteral("^(forget|retain|holdout|ra|wf|model)(_[a-z0-9_]+)?$"));
    return key != QLatin1String("model") && kMetric.match(key).hasMatch();
}

bool isSpecKey(const QString &key)
{
    static const QRegularExpression kPath(QStringLiteral("^(method|training|data|eval)(\\.[a-z0-9_]+)+$"));
    return kPath.match(key).hasMatch();
}

} // namespace

QString statusWord(RunStatus status)
{
    switch (status) {
    case RunStatus::Queued: return trQuery("queued");
    case RunStatus::Running: return trQuery("running");
    case RunStatus::Paused: return trQuery("paused");
    case RunStatus::Done: return trQuery("done");
    case RunStatus::Stopped: return trQuery("stopped");
    case RunStatus::Cancelled: return trQuery("cancelled");
    case RunStatus::Failed: return trQuery("failed");
    case RunStatus::Interrupted: return trQuery("interrupted");
    }
    return {};
}

std::optional<double> metricOf(const std::vector<MetricValue> &metrics, const QString &id)
{
    const std::string wanted = toStd(id);
    const auto found = std::ranges::find(metrics, wanted, &MetricValue::id);
    return found == metrics.end() ? std::nullopt : found->value;
}

QString mainMetric(const std::vector<MetricValue> &metrics, const QString &set)
{
    const QString exact = set + QStringLiteral("_exact_match");
    if (metricOf(metrics, exact))
        return exact;
    const std::string prefix = toStd(set) + "_";
    for (const MetricValue &metric : metrics)
        if (metric.value && metric.id.starts_with(prefix))
            return toQt(std::string_view(metric.id));
    return exact;
}

QStringList RunQuery::keys()
{
    QStringList all;
    for (const QString &key : kTextKeys)
        all << key + u':';
    for (const QString &key : kNumberKeys)
        all << key + u'<';
    for (const char *metric : {"forget_prob", "forget_exact_match", "forget_rouge", "retain_prob", "retain_exact_match", "retain_rouge", "model_utility"})
        all << QLatin1String(metric) + QStringLiteral("<");
    for (const char *path : {"training.epochs", "training.batch_size", "training.seed", "data.max_length"})
        all << QLatin1String(path) + QStringLiteral("=");
    return all;
}

QStringList RunQuery::valuesOf(const QString &key)
{
    if (key == QLatin1String("status")) {
        QStringList words;
        for (int status = 0; status <= static_cast<int>(RunStatus::Interrupted); ++status)
            words << toQt(toString(static_cast<RunStatus>(status)));
        return words;
    }
    if (key == QLatin1String("starred"))
        return {QStringLiteral("yes"), QStringLiteral("no")};
    return {};
}

RunQuery RunQuery::parse(const QString &text)
{
    RunQuery query;
    static const QRegularExpression kTerm(QStringLiteral(R"((-?)(?:([A-Za-z_][A-Za-z0-9_.]*)(!=|<=|>=|:|=|<|>))?("[^"]*"?|[^\s"]*))"));
    int at = 0;
    while (at < text.size()) {
        if (text.at(at).isSpace()) {
            ++at;
            continue;
        }
        const auto match = kTerm.match(text, at, QRegularExpression::NormalMatch, QRegularExpression::AnchorAtOffsetMatchOption);
        const int length = std::max(1, static_cast<int>(match.capturedLength()));
        Term term{.key = canonical(match.captured(2).toLower()), .relation = match.captured(3), .value = match.captured(4), .number = {}, .negated = !match.captured(1).isEmpty()};
        const auto mistake = [&](const QString &why) { query.m_mistakes.push_back({at, length, why}); };
        if (term.value.startsWith(u'"')) {
            if (term.value.size() < 2 || !term.value.endsWith(u'"'))
                mistake(trQuery("a closing quote is missing"));
            term.value = term.value.remove(u'"');
        }
        bool isNumber = false;
        if (const double number = QLocale::c().toDouble(term.value, &isNumber); isNumber)
            term.number = number;
        const bool numeric = kNumberKeys.contains(term.key) || isMetric(term.key);
        const bool compares = term.relation.startsWith(u'<') || term.relation.startsWith(u'>');
        const QStringList values = valuesOf(term.key);
        if (term.relation.isEmpty()) {
            if (!term.value.isEmpty())
                query.m_terms.push_back(term);
        } else if (!kTextKeys.contains(term.key) && !numeric && !isSpecKey(term.key)) {
            mistake(trQuery("“%1” is no column, metric or key path of the spec").arg(match.captured(2)));
        } else if (term.value.isEmpty()) {
            mistake(trQuery("a value is missing after “%1”").arg(match.captured(2) + term.relation));
        } else if ((numeric || compares) && !term.number && term.key != QLatin1String("created")) {
            mistake(trQuery("“%1” is compared with a number").arg(match.captured(2)));
        } else if (!values.isEmpty() && !values.contains(term.value.toLower())) {
            mistake(trQuery("“%1” can be %2").arg(term.key, values.join(QStringLiteral(", "))));
        } else {
            query.m_terms.push_back(term);
        }
        at += length;
    }
    return query;
}

bool RunQuery::needsSpecs() const
{
    return std::any_of(m_terms.begin(), m_terms.end(), [](const Term &term) { return isSpecKey(term.key); });
}

std::optional<double> RunQuery::numberOf(const QString &key, const RunRow &run)
{
    if (key == QLatin1String("id"))
        return static_cast<double>(run.id);
    if (key == QLatin1String("lr"))
        return run.learningRate;
    if (key == QLatin1String("steps"))
        return static_cast<double>(run.steps);
    if (key == QLatin1String("planned"))
        return static_cast<double>(run.plannedSteps);
    if (key == QLatin1String("time"))
        return run.seconds;
    if (key == QLatin1String("speed"))
        return run.tokensPerSecond;
    if (key == QLatin1String("memory"))
        return static_cast<double>(run.peakMemoryBytes) / (1 << 20); // MiB, as it is typed
    if (key == QLatin1String("parent"))
        return run.parent ? std::optional(static_cast<double>(*run.parent)) : std::nullopt;
    if (key == QLatin1String("forget") || key == QLatin1String("retain"))
        return metricOf(run.finalMetrics, mainMetric(run.finalMetrics, key));
    return metricOf(run.finalMetrics, key);
}

QStringList RunQuery::textsOf(const QString &key, const RunRow &run)
{
    if (key == QLatin1String("name"))
        return {toQt(std::string_view(run.name))};
    if (key == QLatin1String("status"))
        return {toQt(toString(run.status))};
    if (key == QLatin1String("method"))
        return {toQt(std::string_view(run.method))};
    if (key == QLatin1String("model"))
        return {toQt(std::string_view(run.model))};
    if (key == QLatin1String("tag"))
        return toQt(run.tags);
    if (key == QLatin1String("note"))
        return {toQt(std::string_view(run.note))};
    if (key == QLatin1String("device"))
        return {toQt(std::string_view(run.device))};
    if (key == QLatin1String("created"))
        return {toQt(std::string_view(run.createdAt))};
    if (key == QLatin1String("starred"))
        return {run.starred ? QStringLiteral("yes") : QStringLiteral("no")};
    return {};
}

bool RunQuery::compare(const Term &term, double value)
{
    const double other = *term.number;
    if (term.relation == QLatin1String("<"))
        return value < other;
    if (term.relation == QLatin1String(">"))
        return value > other;
    if (term.relation == QLatin1String("<="))
        return value <= other;
    if (term.relation == QLatin1String(">="))
        return value >= other;
    return term.relation == QLatin1String("!=") ? value != other : value == other;
}

bool RunQuery::holds(const Term &term, const RunRow &run, const SpecLeaves &spec)
{
    const bool differs = term.relation == QLatin1String("!=");
    if (term.key.isEmpty()) {
        const auto contains = [&term](const std::string &text) { return toQt(std::string_view(text)).contains(term.value, Qt::CaseInsensitive); };
        return contains(run.name) || contains(run.note) || std::any_of(run.tags.begin(), run.tags.end(), contains);
    }
    if (isSpecKey(term.key)) {
        const QJsonValue value = spec.value(term.key, QJsonValue(QJsonValue::Undefined));
        if (value.isDouble() && term.number)
            return compare(term, value.toDouble());
        const QString text = value.isNull() ? QStringLiteral("null") : value.toVariant().toString();
        const bool same = !value.isUndefined() && text.compare(term.value, Qt::CaseInsensitive) == 0;
        return same != differs;
    }
    if (!kTextKeys.contains(term.key)) {
        const std::optional<double> value = numberOf(term.key, run);
        return value && compare(term, *value);
    }
    const QStringList texts = textsOf(term.key, run);
    if (term.relation.startsWith(u'<') || term.relation.startsWith(u'>')) { // dates: ISO texts sort as they are
        const int order = texts.value(0).left(term.value.size()).compare(term.value);
        return term.relation == QLatin1String("<") ? order < 0 : term.relation == QLatin1String(">") ? order > 0 : term.relation == QLatin1String("<=") ? order <= 0 : order >= 0;
    }
    const bool partly = term.relation == QLatin1String(":") && valuesOf(term.key).isEmpty();
    const bool any = std::any_of(texts.begin(), texts.end(), [&](const QString &text) {
        return partly ? text.contains(term.value, Qt::CaseInsensitive) : text.compare(term.value, Qt::CaseInsensitive) == 0;
    });
    return any != differs;
}

bool RunQuery::matches(const RunRow &run, const SpecLeaves &spec) const
{
    return std::all_of(m_terms.begin(), m_terms.end(), [&](const Term &term) { return holds(term, run, spec) != term.negated; });
}

} // namespace lethe
