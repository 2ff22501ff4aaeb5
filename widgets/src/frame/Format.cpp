#include <widgets/Format.h>

#include <lethe/eval/Metrics.h>
#include <lethe/eval/Variants.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QDateTime>
#include <QtCore/QLocale>

#include <array>
#include <cmath>

namespace lethe::format {

namespace {

const QString kUndefined = QStringLiteral("–");
constexpr QChar kGroup(0x202F); ///< narrow no-break space: no locale reads it as a decimal sign

QString tr(const char *text)
{
    return QCoreApplication::translate("lethe::format", text);
}

QString notFinite(double value)
{
    if (std::isnan(value))
        return QStringLiteral("NaN");
    return value > 0 ? QStringLiteral("∞") : QStringLiteral("−∞");
}

QString withoutTrailingZeros(QString text)
{
    if (!text.contains(QLatin1Char('.')))
        return text;
    while (text.endsWith(QLatin1Char('0')))
        text.chop(1);
    if (text.endsWith(QLatin1Char('.')))
        text.chop(1);
    return text;
}

/// `1.5e-05` → `1.5e-5`
QString shortExponent(double value, int digits)
{
    const QString text = QString::number(value, 'e', digits);
    const auto split = text.indexOf(QLatin1Char('e'));
    return withoutTrailingZeros(text.left(split)) + QLatin1Char('e') + QString::number(text.mid(split + 1).toInt());
}

/// What the catalog knows of a metric; null for a method's own values, and for ids of another version.
const MetricInfo *known(const QString &id)
{
    return findMetric(id.toStdString());
}

} // namespace

QString loss(std::optional<double> value)
{
    if (!value)
        return kUndefined;
    if (!std::isfinite(*value))
        return notFinite(*value);
    const double size = std::abs(*value);
    if (size == 0)
        return QStringLiteral("0");
    if (size < 1e-4 || size >= 1e6)
        return shortExponent(*value, 3);
    // Rounded first: 9.99996 has its four digits as 10.00
    const double exponent = std::floor(std::log10(QString::number(size, 'e', 3).toDouble()));
    return QString::number(*value, 'f', std::max(0, 3 - static_cast<int>(exponent)));
}

QString scientific(double value)
{
    if (!std::isfinite(value))
        return notFinite(value);
    const double size = std::abs(value);
    if (size != 0 && (size < 0.01 || size >= 1e5))
        return shortExponent(value, 5);
    return QString::number(value, 'g', 6);
}

QString probability(std::optional<double> value)
{
    if (!value)
        return kUndefined;
    if (!std::isfinite(*value))
        return notFinite(*value);
    if (*value > 0 && *value < 0.0005)
        return QStringLiteral("<0.001");
    return QString::number(*value, 'f', std::abs(*value) < 0.1 && *value != 0 ? 3 : 2);
}

QString percent(std::optional<double> fraction)
{
    if (!fraction)
        return kUndefined;
    if (!std::isfinite(*fraction))
        return notFinite(*fraction);
    const double hundredths = *fraction * 100;
    const double rounded = std::round(hundredths);
    if (rounded == 0 && hundredths > 0)
        return QStringLiteral("<1 %");
    if (rounded == 100 && hundredths < 100)
        return QStringLiteral(">99 %");
    return QString::number(rounded, 'f', 0) + QStringLiteral(" %");
}

QString bytes(std::int64_t bytes)
{
    static constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (std::abs(value) >= 1023.95 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    const int decimals = unit > 0 && std::abs(value) < 99.95 ? 1 : 0;
    return withoutTrailingZeros(QString::number(value, 'f', decimals)) + QLatin1Char(' ') + QLatin1String(units[unit]);
}

QString count(std::int64_t count)
{
    QString digits = QString::number(count);
    const qsizetype first = count < 0 ? 1 : 0;
    for (qsizetype at = digits.size() - 3; at > first; at -= 3)
        digits.insert(at, kGroup);
    return digits;
}

QString parameters(std::int64_t count)
{
    static constexpr std::array units{"", " k", " M", " G", " T"};
    auto value = static_cast<double>(count);
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < units.size()) {
        value /= 1000;
        ++unit;
    }
    return QString::number(value, 'g', 3) + QLatin1String(units[unit]);
}

QString duration(double seconds)
{
    if (!(seconds >= 0) || std::isinf(seconds))
        return kUndefined;
    const auto whole = static_cast<std::int64_t>(std::llround(seconds));
    const auto two = [](std::int64_t value) { return QStringLiteral("%1").arg(value, 2, 10, QLatin1Char('0')); };
    if (whole < 3600)
        return QString::number(whole / 60) + QLatin1Char(':') + two(whole % 60);
    if (whole < 86400)
        return QString::number(whole / 3600) + QLatin1Char(':') + two(whole / 60 % 60) + QLatin1Char(':') + two(whole % 60);
    return tr("%1 d %2 h").arg(whole / 86400).arg(whole / 3600 % 24);
}

QString rate(double perSecond, const QString &unit)
{
    if (!(perSecond > 0) || std::isinf(perSecond))
        return kUndefined;
    const QString number = perSecond < 9.95 ? QString::number(perSecond, 'f', 1) : count(std::llround(perSecond));
    return number + QLatin1Char(' ') + unit + QStringLiteral("/s");
}

QString full(double value)
{
    return std::isfinite(value) ? QString::number(value, 'g', QLocale::FloatingPointShortest) : notFinite(value);
}

QString shortest(double value)
{
    QString text = full(value);
    const auto e = text.indexOf(u'e');
    return e < 0 || !std::isfinite(value) ? text : text.left(e + 1) + QString::number(text.mid(e + 1).toInt());
}

QString metric(const QString &id, std::optional<double> value)
{
    if (!value)
        return kUndefined;
    if (id == QLatin1String("forget_quality")) { // a p-value: as a power of ten where it is small
        if (*value > 0 && *value < 0.001)
            return shortExponent(*value, 1);
        return QString::number(*value, 'g', 3);
    }
    const MetricInfo *info = known(id);
    if (info != nullptr && info->measure->inPercent)
        return percent(value);
    if (*value >= 0 && *value <= 1)
        return probability(value);
    return loss(value);
}

QString metricName(const QString &id)
{
    QString words = id;
    words.replace(QLatin1Char('_'), QLatin1Char(' '));
    if (const MetricInfo *info = known(id)) {
        words = QString::fromStdString(info->measure->name);
        if (!info->set.empty())
            words = QString::fromStdString(setTitle(info->set)) + QLatin1Char(' ') + words;
    }
    if (!words.isEmpty())
        words[0] = words[0].toUpper();
    return words;
}

int metricDirection(const QString &id)
{
    const MetricInfo *info = known(id);
    return info != nullptr ? info->direction() : 0;
}

QString publishedForm(const std::string &variant)
{
    for (const VariantManifest &manifest : evaluationVariants())
        if (manifest.variant != EvaluationVariant::Strict && variant.starts_with(manifest.id))
            return QString::fromStdString(manifest.id);
    return variant.starts_with("arithmetic") ? QStringLiteral("arithmetic") : QString(); // of the truth ratio
}

QString ago(const QString &isoUtc)
{
    QDateTime then = QDateTime::fromString(isoUtc, Qt::ISODateWithMs);
    if (!then.isValid())
        return kUndefined;
    if (then.timeSpec() == Qt::LocalTime) // no zone in the text: the store writes UTC
        then.setTimeSpec(Qt::UTC);
    const qint64 seconds = then.secsTo(QDateTime::currentDateTimeUtc());
    if (seconds < 60)
        return tr("just now");
    if (seconds < 3600)
        return tr("%1 min ago").arg(seconds / 60);
    if (seconds < 86400)
        return tr("%1 h ago").arg(seconds / 3600);
    if (seconds < 30 * 86400)
        return tr("%1 d ago").arg(seconds / 86400);
    return QLocale().toString(then.toLocalTime().date(), QLocale::ShortFormat);
}

} // namespace lethe::format
