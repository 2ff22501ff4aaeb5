#include "RunCharts.h"

#include <lethe/eval/Statistics.h>

#include <widgets/Format.h>

#include <QtCore/QCoreApplication>

#include <algorithm>
#include <cmath>
#include <map>

namespace lethe {
namespace {

struct ChartWords
{
    Q_DECLARE_TR_FUNCTIONS(lethe::RunCharts)
};

const QString kLogTruthRatio = QStringLiteral("log_truth_ratio");
const QString kReferenceRatio = QStringLiteral("reference_log_truth_ratio");

QString bareName(const QString &metric)
{
    return format::metricName(metric).remove(QStringLiteral("↓")).remove(QStringLiteral("↑")).trimmed();
}

QString arrowOf(const QString &metric)
{
    const int direction = format::metricDirection(metric);
    return direction < 0 ? QStringLiteral(" ↓") : direction > 0 ? QStringLiteral(" ↑") : QString();
}

const MetricValue *find(const std::vector<MetricValue> &metrics, const QString &id)
{
    const auto found = std::ranges::find(metrics, id.toStdString(), &MetricValue::id);
    return found != metrics.end() ? &*found : nullptr;
}

/// An empirical distribution function as a stair.
ChartSeries stairs(const QString &name, const CurveStyle &style, std::vector<double> values)
{
    std::ranges::sort(values);
    ChartSeries series{.name = name, .style = style, .x = {}, .y = {}, .low = {}, .high = {}, .steps = true, .line = true, .markers = false};
    const auto count = static_cast<double>(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i == 0) {
            series.x.append(values[i]);
            series.y.append(0);
        }
        if (i + 1 < values.size() && values[i + 1] == values[i])
            continue; // after all that are equal
        series.x.append(values[i]);
        series.y.append(static_cast<double>(i + 1) / count);
    }
    return series;
}

double shareBelow(const std::vector<double> &sorted, double x)
{
    return static_cast<double>(std::ranges::upper_bound(sorted, x) - sorted.begin()) / static_cast<double>(sorted.size());
}

/// Where two distribution functions are farthest apart.
ChartBar farthest(std::vector<double> one, std::vector<double> other)
{
    std::ranges::sort(one);
    std::ranges::sort(other);
    ChartBar bar;
    double greatest = -1;
    for (const std::vector<double> *values : {&one, &other})
        for (const double x : *values) {
            const double a = shareBelow(one, x), b = shareBelow(other, x);
            if (std::abs(a - b) > greatest) {
                greatest = std::abs(a - b);
                bar = {.x = x, .from = a, .to = b, .style = {}, .text = {}};
            }
        }
    return bar;
}

QString powerText(double p)
{
    if (p >= 0.01)
        return QString::number(p, 'f', 3);
    const double exponent = std::floor(std::log10(p));
    QString raised;
    for (const QChar digit : QString::number(static_cast<int>(exponent)))
        raised += digit == u'-' ? QStringLiteral("⁻") : QString(QStringLiteral("⁰¹²³⁴⁵⁶⁷⁸⁹").at(digit.digitValue()));
    return QStringLiteral("%1·10%2").arg(p / std::pow(10, exponent), 0, 'f', 1).arg(raised);
}

std::vector<double> valuesOf(const RunSamples &run, const std::string &set, const QString &name, double factor)
{
    std::vector<double> values;
    for (const SampleRecord &sample : run.last)
        if (sample.set == set)
            if (const auto value = rowValue(sample, name.toStdString()); value && std::isfinite(*value))
                values.push_back(*value * factor);
    return values;
}

std::vector<const ComparedRun *> visible(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden)
{
    std::vector<const ComparedRun *> shown;
    for (const ComparedRun &run : runs)
        if (!hidden.contains(run.row.id))
            shown.push_back(&run);
    return shown;
}

struct SeedGroup {
    std::vector<const ComparedRun *> runs;
};

std::vector<SeedGroup> seedGroups(const std::vector<const ComparedRun *> &runs)
{
    std::vector<SeedGroup> groups;
    std::map<std::string, std::size_t> places;
    for (const ComparedRun *run : runs) {
        std::string key = experimentWithoutSeed(run->specJson);
        if (key.empty())
            key = "run " + std::to_string(run->row.id);
        const auto [place, isNew] = places.try_emplace(key, groups.size());
        if (isNew)
            groups.emplace_back();
        groups[place->second].runs.push_back(run);
    }
    return groups;
}

std::vector<RunSeries> storedSeries(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden)
{
    std::vector<RunDetails> details;
    for (const ComparedRun *run : visible(runs, hidden)) {
        RunDetails each;
        each.row = run->row;
        each.specJson = run->specJson;
        each.facts = run->facts;
        details.push_back(std::move(each));
    }
    return seriesAmong(details);
}

} // namespace

std::optional<double> rowValue(const SampleRecord &sample, const std::string &name)
{
    if (name == "prob")
        return sample.probability ? sample.probability : [&]() -> std::optional<double> {
            const auto loss = sample.value("answer_loss");
            return loss ? std::optional(std::exp(-*loss)) : std::nullopt;
        }();
    if (name == "rouge")
        return sample.rougeRecall;
    if (name == "exact_match")
        return sample.exactMatch;
    return sample.value(name);
}

QStringList rowValueNames(const std::vector<RunSamples> &runs, const std::string &set)
{
    QStringList names;
    const auto add = [&names](const QString &name) {
        if (!names.contains(name))
            names.append(name);
    };
    QStringList stored;
    for (const RunSamples &run : runs)
        for (const SampleRecord &sample : run.last) {
            if (!set.empty() && sample.set != set)
                continue;
            for (const char *name : {"prob", "rouge", "exact_match"})
                if (rowValue(sample, name))
                    add(QString::fromLatin1(name));
            for (const auto &[name, value] : sample.values)
                if (const QString text = QString::fromStdString(name); !stored.contains(text) && text != QLatin1String("truth_ratio"))
                    stored.append(text); // its logarithm does not overflow
        }
    if (stored.removeOne(kLogTruthRatio))
        stored.prepend(kLogTruthRatio);
    for (const QString &name : std::as_const(stored))
        add(name);
    return names;
}

QString rowValueTitle(const QString &name)
{
    if (name == QLatin1String("prob"))
        return ChartWords::tr("answer probability");
    if (name == QLatin1String("rouge"))
        return ChartWords::tr("ROUGE-L recall");
    if (name == QLatin1String("exact_match"))
        return ChartWords::tr("exact match");
    if (name == kLogTruthRatio)
        return ChartWords::tr("truth ratio");
    if (name == kReferenceRatio)
        return ChartWords::tr("truth ratio of the retrained model");
    return QString(name).replace(QLatin1Char('_'), QLatin1Char(' '));
}

int knowing(const QString &name)
{
    const bool isLossLike = name.contains(QLatin1String("loss")) || name.contains(QLatin1String("truth_ratio")) || name.startsWith(QLatin1String("mia_"));
    return isLossLike && name != QLatin1String("truth_ratio_prob_mean") ? -1 : 1;
}

ChartContents distributionChart(const std::vector<RunSamples> &runs, const std::string &set, const QString &value)
{
    const bool isRatio = value == kLogTruthRatio;
    const double factor = isRatio ? 1 / std::log(10.0) : 1; // decades are read more easily than nats
    ChartContents chart;
    chart.title = ChartWords::tr("%1 on %2").arg(rowValueTitle(value), QString::fromStdString(set));
    chart.title[0] = chart.title[0].toUpper();
    chart.xTitle = isRatio ? ChartWords::tr("log10 of the truth ratio, false over right") : rowValueTitle(value);
    chart.yTitle = ChartWords::tr("share of rows up to here");
    chart.y = AxisSpan{-0.02, 1.02};
    chart.empty = ChartWords::tr("None of these runs stored %1 of the rows of %2.").arg(rowValueTitle(value), QString::fromStdString(set));
    std::vector<std::vector<double>> drawn; // references: one for all runs where it is the same
    std::vector<double> first;
    QString firstName;
    QStringList notes;
    for (const RunSamples &run : runs) {
        std::vector<double> own = valuesOf(run, set, value, factor);
        if (own.empty()) {
            if (run.last.empty())
                notes.append(ChartWords::tr("%1 is not drawn: none of its evaluations after the first looked at whole sets.").arg(run.name));
            continue;
        }
        chart.series.push_back(stairs(run.name, CurveStyle::of(run.look), own));
        std::vector<double> other = isRatio && set == "forget" ? valuesOf(run, set, kReferenceRatio, factor) : std::vector<double>();
        const bool retrained = !other.empty();
        if (retrained && std::ranges::find(drawn, other) == drawn.end()) {
            chart.series.push_back(stairs(ChartWords::tr("retrained"), CurveStyle::of(CurveRole::Retrained), other));
            drawn.push_back(other);
        }
        if (!retrained && first.empty()) {
            first = own;
            firstName = run.name;
            continue;
        }
        if (!retrained)
            other = first;
        const auto test = ksTest(own, other);
        if (!test)
            continue;
        ChartBar bar = farthest(own, other);
        bar.style = CurveStyle::of(run.look);
        bar.text = QStringLiteral("D = %1").arg(test->d, 0, 'f', 3);
        chart.bars.push_back(bar);
        notes.append(ChartWords::tr("%1 against %2: D = %3, p = %4, n = %5 and %6%7")
                         .arg(run.name, retrained ? ChartWords::tr("the retrained model") : firstName)
                         .arg(test->d, 0, 'f', 3)
                         .arg(powerText(test->p))
                         .arg(test->n1)
                         .arg(test->n2)
                         .arg(test->saturated() ? ChartWords::tr(" (saturated: no smaller p for so many rows)") : QString()));
    }
    if (isRatio && set == "forget" && drawn.empty() && !chart.series.empty())
        notes.append(ChartWords::tr("No retrained model was given to these runs (eval.reference): distances are from the first run."));
    chart.summary = notes.join(QLatin1Char('\n'));
    return chart;
}

ChartContents profileChart(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden)
{
    constexpr qsizetype kMostAxes = 14;
    ChartContents chart;
    chart.title = ChartWords::tr("Profile of the last evaluations");
    chart.yTitle = ChartWords::tr("better →");
    chart.y = AxisSpan{-0.06, 1.06};
    chart.empty = ChartWords::tr("These runs have no metric in common that has a better and a worse.");
    const std::vector<const ComparedRun *> shown = visible(runs, hidden);
    QStringList ids;
    for (const ComparedRun *run : shown)
        if (const EvaluationRecord *last = run->last())
            for (const MetricValue &metric : last->metrics)
                if (const QString id = QString::fromStdString(metric.id); metric.value && !metric.subset && std::isfinite(*metric.value) && format::metricDirection(id) != 0 && !ids.contains(id))
                    ids.append(id);
    const qsizetype known = ids.size();
    ids = ids.mid(0, kMostAxes);

    std::map<QString, AxisSpan> spans;
    const std::vector<MetricValue> *reference = nullptr;
    for (const ComparedRun *run : shown)
        if (const EvaluationRecord *last = run->last(); last && !last->reference.empty() && !reference)
            reference = &last->reference;
    for (const QString &id : std::as_const(ids)) {
        AxisSpan span{1, 0};
        const auto take = [&span](const MetricValue *metric) {
            if (!metric || !metric->value || metric->subset || !std::isfinite(*metric->value))
                return;
            if (span.lower > span.upper)
                span = {*metric->value, *metric->value};
            span = {std::min(span.lower, *metric->value), std::max(span.upper, *metric->value)};
        };
        for (const ComparedRun *run : shown)
            if (const EvaluationRecord *last = run->last())
                take(find(last->metrics, id));
        if (reference)
            take(find(*reference, id));
        if (span.lower >= 0 && span.upper <= 1)
            span = {0, 1}; // a share keeps its ends: small differences must not look large
        else if (span.lower == span.upper)
            span = {span.lower - 0.5, span.upper + 0.5};
        spans[id] = span;
        const bool down = format::metricDirection(id) < 0;
        chart.tickAt.append(static_cast<double>(chart.tickAt.size()));
        chart.tickTexts.append(ChartWords::tr("%1%2\n%3 … %4").arg(bareName(id).replace(QLatin1Char(' '), QLatin1Char('\n')), arrowOf(id))
                                   .arg(down ? span.upper : span.lower, 0, 'g', 3).arg(down ? span.lower : span.upper, 0, 'g', 3));
    }
    const auto add = [&](const QString &name, const CurveStyle &style, const std::vector<MetricValue> &metrics) {
        ChartSeries series{.name = name, .style = style, .x = {}, .y = {}, .low = {}, .high = {}};
        for (qsizetype i = 0; i < ids.size(); ++i) {
            const MetricValue *metric = find(metrics, ids[i]);
            if (!metric || !metric->value || metric->subset || !std::isfinite(*metric->value))
                continue;
            const AxisSpan span = spans.at(ids[i]);
            const double share = (*metric->value - span.lower) / (span.upper - span.lower);
            series.x.append(static_cast<double>(i));
            series.y.append(format::metricDirection(ids[i]) < 0 ? 1 - share : share);
        }
        if (!series.x.isEmpty())
            chart.series.push_back(std::move(series));
    };
    for (const ComparedRun *run : shown)
        if (const EvaluationRecord *last = run->last())
            add(run->name(), CurveStyle::of(run->look), last->metrics);
    if (reference)
        add(ChartWords::tr("retrained"), CurveStyle::of(CurveRole::Retrained), *reference);
    chart.summary = ids.isEmpty() ? QString() : ChartWords::tr("Better is above on each axis; below a metric's name stand the values at its axis' lower and upper end.");
    for (const ComparedRun *run : shown)
        if (const EvaluationRecord *last = run->last(); last && std::ranges::any_of(last->metrics, &MetricValue::subset))
            chart.summary += QLatin1Char('\n') + ChartWords::tr("%1 ended before an evaluation of all rows; what it has of some rows is not drawn.").arg(run->name());
    if (known > kMostAxes)
        chart.summary += QLatin1Char(' ') + ChartWords::tr("%1 more metrics are in the table.").arg(known - ids.size());
    return chart;
}

ChartContents seedChart(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden, const QString &metric)
{
    ChartContents chart;
    chart.title = bareName(metric) + arrowOf(metric);
    chart.xTitle = ChartWords::tr("step");
    chart.yTitle = bareName(metric);
    chart.empty = ChartWords::tr("None of these runs measured it.");
    QStringList notes;
    for (const SeedGroup &group : seedGroups(visible(runs, hidden))) {
        std::map<double, std::vector<double>> byStep;
        const ComparedRun &first = *group.runs.front();
        for (const ComparedRun *run : group.runs) {
            ChartSeries single{.name = run->name(), .style = CurveStyle::of(first.look), .x = {}, .y = {}, .low = {}, .high = {}};
            single.faint = true;
            single.markers = false;
            for (const EvaluationRecord &evaluation : run->evaluations) {
                const MetricValue *value = find(evaluation.metrics, metric);
                if (evaluation.subset || !value || !value->value || !std::isfinite(*value->value))
                    continue;
                byStep[static_cast<double>(evaluation.step)].push_back(*value->value);
                single.x.append(static_cast<double>(evaluation.step));
                single.y.append(*value->value);
            }
            if (group.runs.size() > 1 && !single.x.isEmpty())
                chart.series.push_back(std::move(single));
        }
        if (byStep.empty())
            continue;
        ChartSeries mean{.name = first.name(), .style = CurveStyle::of(first.look), .x = {}, .y = {}, .low = {}, .high = {}};
        if (group.runs.size() > 1)
            mean.name = ChartWords::tr("%1, mean of %2 seeds").arg(first.name()).arg(group.runs.size());
        double deviation = 0;
        for (const auto &[step, values] : byStep) {
            double sum = 0, squares = 0;
            for (const double value : values)
                sum += value;
            const double average = sum / static_cast<double>(values.size());
            for (const double value : values)
                squares += (value - average) * (value - average);
            deviation = values.size() > 1 ? std::sqrt(squares / static_cast<double>(values.size() - 1)) : 0;
            mean.x.append(step);
            mean.y.append(average);
            if (group.runs.size() > 1) {
                mean.low.append(average - deviation);
                mean.high.append(average + deviation);
            }
        }
        if (group.runs.size() > 1)
            notes.append(ChartWords::tr("%1: %2 ± %3, n = %4").arg(first.name(), format::metric(metric, mean.y.last()), format::metric(metric, deviation)).arg(byStep.rbegin()->second.size()));
        chart.series.push_back(std::move(mean));
    }
    chart.summary = notes.join(QLatin1Char('\n'));
    return chart;
}

QStringList seedMetrics(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden)
{
    QStringList ids;
    for (const ComparedRun *run : visible(runs, hidden))
        for (const EvaluationRecord &evaluation : run->evaluations)
            for (const MetricValue &metric : evaluation.metrics)
                if (const QString id = QString::fromStdString(metric.id); metric.value && !ids.contains(id))
                    ids.append(id);
    return ids;
}

QStringList seriesMetrics(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden)
{
    QStringList ids;
    for (const RunSeries &series : storedSeries(runs, hidden))
        for (const SeriesPoint &point : series.points)
            for (const MetricValue &metric : point.metrics)
                if (const QString id = QString::fromStdString(metric.id); metric.value && !ids.contains(id))
                    ids.append(id);
    return ids;
}

ChartContents seriesChart(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden, SeriesKind kind, const QString &metric)
{
    const bool scale = kind == SeriesKind::Scalability;
    ChartContents chart;
    chart.title = scale ? ChartWords::tr("Scalability") : ChartWords::tr("Sustainability");
    if (!metric.isEmpty())
        chart.title += QStringLiteral(": ") + bareName(metric) + arrowOf(metric);
    chart.xTitle = scale ? ChartWords::tr("rows of the forget set") : ChartWords::tr("forget sets unlearned, one after the other");
    chart.yTitle = bareName(metric);
    chart.empty = scale ? ChartWords::tr("No two of these runs differ in their forget set alone. Run one experiment on forget sets of several sizes, and compare the runs.")
                        : ChartWords::tr("None of these runs began from another's result. Begin an experiment from a run, and compare both.");
    QStringList notes;
    for (const RunSeries &series : storedSeries(runs, hidden)) {
        if (series.kind != kind)
            continue;
        ChartSeries line{.name = {}, .style = {}, .x = {}, .y = {}, .low = {}, .high = {}};
        QStringList names;
        for (const SeriesPoint &point : series.points) {
            const auto run = std::ranges::find(runs, point.run, [](const ComparedRun &each) { return each.row.id; });
            if (run != runs.end() && names.isEmpty())
                line.style = CurveStyle::of(run->look);
            if (run != runs.end())
                names.append(run->name());
            const MetricValue *value = find(point.metrics, metric);
            if (!value || !value->value || !std::isfinite(*value->value))
                continue;
            line.x.append(scale ? static_cast<double>(point.forgetRows) : point.folds);
            line.y.append(*value->value);
        }
        line.name = QString::fromStdString(series.method);
        notes.append(QStringLiteral("%1: %2").arg(line.name, names.join(QStringLiteral(" → "))));
        if (!line.x.isEmpty())
            chart.series.push_back(std::move(line));
    }
    chart.summary = notes.join(QLatin1Char('\n'));
    return chart;
}

} // namespace lethe
