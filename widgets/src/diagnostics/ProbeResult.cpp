#include "ProbeResult.h"

#include <lethe/eval/UnlearningScores.h>

#include <widgets/Format.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QLocale>

#include <algorithm>
#include <cmath>
#include <limits>

namespace lethe {

namespace {

/// Of the axis of a share.
constexpr double kLeastShareSpan = 0.1;

struct ProbeWords {
    Q_DECLARE_TR_FUNCTIONS(lethe::ProbeResult)
};

const QString kUnlearned = QStringLiteral("unlearned");
const QString kRetrained = QStringLiteral("retrained");
const std::string kProbeKey = "probe/";

QString plainName(const QString &metric)
{
    return format::metricName(metric).remove(QStringLiteral("↓")).remove(QStringLiteral("↑")).trimmed();
}

QJsonArray metricsToJson(const std::vector<MetricValue> &metrics)
{
    QJsonArray list;
    for (const MetricValue &metric : metrics) {
        QJsonObject entry{{QStringLiteral("id"), QString::fromStdString(metric.id)}};
        if (metric.value && std::isfinite(*metric.value))
            entry[QStringLiteral("value")] = *metric.value;
        else
            entry[QStringLiteral("reason")] = QString::fromStdString(metric.reason);
        if (!metric.variant.empty())
            entry[QStringLiteral("variant")] = QString::fromStdString(metric.variant);
        list.append(entry);
    }
    return list;
}

std::vector<MetricValue> metricsFromJson(const QJsonArray &list)
{
    std::vector<MetricValue> metrics;
    for (const QJsonValue &entry : list) {
        const QJsonValue value = entry[QLatin1String("value")];
        metrics.push_back({.id = entry[QLatin1String("id")].toString().toStdString(), .value = value.isDouble() ? std::optional(value.toDouble()) : std::nullopt,
                           .reason = entry[QLatin1String("reason")].toString().toStdString(), .parts = {}, .variant = entry[QLatin1String("variant")].toString().toStdString()});
    }
    return metrics;
}

} // namespace

QString probeId(ProbeKind kind)
{
    return kind == ProbeKind::Quantize ? QStringLiteral("quantize") : QStringLiteral("relearn");
}

QString probeTitle(ProbeKind kind)
{
    return kind == ProbeKind::Quantize ? ProbeWords::tr("Quantize") : ProbeWords::tr("Relearn");
}

QString probeQuestion(ProbeKind kind)
{
    return kind == ProbeKind::Quantize ? ProbeWords::tr("Does what was forgotten come back when the weights are rounded to 8 or 4 bits?")
                                       : ProbeWords::tr("How fast does it come back when the forget set is learned again?");
}

QJsonObject ProbeResult::toJson() const
{
    QJsonArray list;
    for (const ProbeStage &stage : stages)
        list.append(QJsonObject{{QStringLiteral("series"), stage.series}, {QStringLiteral("name"), stage.name}, {QStringLiteral("x"), stage.x},
                                {QStringLiteral("metrics"), metricsToJson(stage.metrics)}});
    return {{QStringLiteral("probe"), probeId(kind)}, {QStringLiteral("model"), model}, {QStringLiteral("run"), static_cast<qint64>(run)},
            {QStringLiteral("step"), static_cast<qint64>(step)}, {QStringLiteral("when"), when}, {QStringLiteral("settings"), settings},
            {QStringLiteral("partial"), partial}, {QStringLiteral("stages"), list}};
}

std::optional<ProbeResult> ProbeResult::fromJson(const QJsonObject &json)
{
    ProbeResult result;
    const QString id = json[QLatin1String("probe")].toString();
    if (id != probeId(ProbeKind::Quantize) && id != probeId(ProbeKind::Relearn))
        return std::nullopt; // of a newer Lethe
    result.kind = id == probeId(ProbeKind::Quantize) ? ProbeKind::Quantize : ProbeKind::Relearn;
    result.model = json[QLatin1String("model")].toString();
    result.run = static_cast<RunId>(json[QLatin1String("run")].toDouble());
    result.step = static_cast<std::int64_t>(json[QLatin1String("step")].toDouble());
    result.when = json[QLatin1String("when")].toString();
    result.settings = json[QLatin1String("settings")].toObject();
    result.partial = json[QLatin1String("partial")].toBool();
    for (const QJsonValue &stage : json[QLatin1String("stages")].toArray())
        result.stages.push_back({.series = stage[QLatin1String("series")].toString(), .name = stage[QLatin1String("name")].toString(),
                                 .x = stage[QLatin1String("x")].toDouble(), .metrics = metricsFromJson(stage[QLatin1String("metrics")].toArray())});
    return result;
}

QStringList ProbeResult::metrics() const
{
    QStringList ids;
    if (!stages.empty())
        for (const MetricValue &metric : stages.front().metrics)
            if (metric.value)
                ids.append(QString::fromStdString(metric.id));
    return ids;
}

std::size_t ProbeResult::count(const QString &series) const
{
    return static_cast<std::size_t>(std::ranges::count(stages, series, &ProbeStage::series));
}

std::optional<double> ProbeResult::value(const QString &series, std::size_t index, const QString &metric) const
{
    for (const ProbeStage &stage : stages) {
        if (stage.series != series || index-- > 0)
            continue;
        const auto found = std::ranges::find(stage.metrics, metric.toStdString(), &MetricValue::id);
        return found != stage.metrics.end() ? found->value : std::nullopt;
    }
    return std::nullopt;
}

std::optional<double> ProbeResult::robustness(const QString &metric, const QString &stage) const
{
    const auto before = value(kUnlearned, 0, metric);
    if (kind == ProbeKind::Quantize) {
        for (std::size_t i = 1; i < stages.size(); ++i)
            if (stages[i].name == stage || (stage.isEmpty() && i + 1 == stages.size()))
                if (const auto after = value(kUnlearned, i, metric); before && after)
                    return quantisationScore(*before, *after);
        return std::nullopt;
    }
    const std::size_t own = count(kUnlearned), theirs = count(kRetrained);
    if (own < 2 || theirs < 2)
        return std::nullopt;
    const auto after = value(kUnlearned, own - 1, metric), first = value(kRetrained, 0, metric), last = value(kRetrained, theirs - 1, metric);
    return before && after && first && last ? relearningScore(*last - *first, *after - *before) : std::nullopt;
}

QString ProbeResult::reading(const QString &metric) const
{
    const std::size_t own = count(kUnlearned);
    const auto before = value(kUnlearned, 0, metric), after = own > 0 ? value(kUnlearned, own - 1, metric) : std::nullopt;
    if (own < 2 || !before || !after)
        return partial ? ProbeWords::tr("Cancelled before there was anything to compare.") : ProbeWords::tr("%1 has no value to compare.").arg(plainName(metric));
    const QString from = format::metric(metric, before), to = format::metric(metric, after);
    QString text;
    if (kind == ProbeKind::Quantize)
        text = ProbeWords::tr("With weights in %1, %2 goes from %3 to %4.").arg(stages.back().name, plainName(metric).toLower(), from, to);
    else
        text = ProbeWords::tr("After %1, %2 goes from %3 to %4.").arg(stages[own - 1].name, plainName(metric).toLower(), from, to);
    if (const std::size_t theirs = count(kRetrained); theirs > 1)
        text += QLatin1Char(' ') + ProbeWords::tr("A retrained model that learns the same rows goes from %1 to %2.")
                                       .arg(format::metric(metric, value(kRetrained, 0, metric)), format::metric(metric, value(kRetrained, theirs - 1, metric)));
    else if (kind == ProbeKind::Relearn)
        text += QLatin1Char(' ') + ProbeWords::tr("Without a retrained model beside it, fast relearning cannot be told from a model that learns fast.");
    if (const auto score = robustness(metric))
        text += QLatin1Char(' ') + ProbeWords::tr("Robustness %1 (1: no more comes back than should).").arg(format::probability(score));
    if (partial)
        text += QLatin1Char(' ') + ProbeWords::tr("The probe was cancelled; this is what it had by then.");
    return text;
}

ChartContents ProbeResult::chart(const QString &metric) const
{
    ChartContents chart;
    chart.title = QStringLiteral("%1: %2").arg(probeTitle(kind), plainName(metric));
    chart.yTitle = plainName(metric);
    chart.xTitle = kind == ProbeKind::Relearn ? ProbeWords::tr("relearning step") : ProbeWords::tr("weights");
    chart.empty = ProbeWords::tr("Nothing was measured.");
    for (const QString &series : {kUnlearned, kRetrained}) {
        ChartSeries line{.name = series == kUnlearned ? ProbeWords::tr("unlearned") : ProbeWords::tr("retrained"),
                         .style = CurveStyle::of(series == kUnlearned ? CurveRole::Forget : CurveRole::Retrained), .x = {}, .y = {}, .low = {}, .high = {}};
        line.style.ownMarker = series == kUnlearned ? CurveMarker::Circle : CurveMarker::Diamond;
        for (const ProbeStage &stage : stages) {
            if (stage.series != series)
                continue;
            if (kind == ProbeKind::Quantize) {
                chart.tickAt.append(stage.x);
                chart.tickTexts.append(stage.name);
            }
            const auto found = std::ranges::find(stage.metrics, metric.toStdString(), &MetricValue::id);
            if (found == stage.metrics.end() || !found->value || !std::isfinite(*found->value))
                continue;
            line.x.append(stage.x);
            line.y.append(*found->value);
        }
        if (!line.x.isEmpty())
            chart.series.push_back(std::move(line));
    }
    // shares that hardly differ must not look as if they did
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const ChartSeries &line : chart.series)
        for (const double value : line.y) {
            low = std::min(low, value);
            high = std::max(high, value);
        }
    if (low >= 0 && high <= 1 && high - low < kLeastShareSpan)
        chart.y = AxisSpan{.lower = std::max(0.0, (low + high - kLeastShareSpan) / 2), .upper = std::min(1.0, (low + high + kLeastShareSpan) / 2)};
    chart.summary = reading(metric);
    return chart;
}

QString ProbeResult::csv() const
{
    const QStringList ids = metrics();
    QString text = QStringLiteral("series,stage,") + ids.join(QLatin1Char(',')) + QLatin1String("\r\n");
    for (const ProbeStage &stage : stages) {
        text += stage.series + QLatin1Char(',') + stage.name;
        for (const QString &id : ids) {
            const auto found = std::ranges::find(stage.metrics, id.toStdString(), &MetricValue::id);
            const bool known = found != stage.metrics.end() && found->value && std::isfinite(*found->value);
            text += QLatin1Char(',') + (known ? QString::number(*found->value, 'g', QLocale::FloatingPointShortest) : QString());
        }
        text += QLatin1String("\r\n");
    }
    return text;
}

std::vector<ProbeResult> storedProbes(const RunStore &store)
{
    std::vector<ProbeResult> results;
    const auto stored = store.values(kProbeKey);
    if (!stored.ok())
        return results;
    for (const auto &[key, json] : *stored)
        if (auto result = ProbeResult::fromJson(QJsonDocument::fromJson(QByteArray::fromStdString(json)).object()))
            results.push_back(std::move(*result));
    std::ranges::sort(results, std::ranges::greater{}, &ProbeResult::when);
    return results;
}

Result<void> storeProbe(RunStore &store, const ProbeResult &result)
{
    return store.setValue(kProbeKey + result.when.toStdString() + "-" + probeId(result.kind).toStdString(),
                          QJsonDocument(result.toJson()).toJson(QJsonDocument::Compact).toStdString());
}

} // namespace lethe
