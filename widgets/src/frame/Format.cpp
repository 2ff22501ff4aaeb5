#include <widgets/Format.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QDateTime>
#include <QtCore/QHash>
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

/// A name's last part to what a reader calls it, and which way is better.
struct Measure {
    QString name;
    int direction = 0;     ///< as the measure of a set that is to be kept
    bool inPercent = false;
};

const QHash<QString, Measure> &measures()
{
    static const QHash<QString, Measure> all{
        {QStringLiteral("prob"), {QStringLiteral("answer probability"), 1, false}},
        {QStringLiteral("rouge"), {QStringLiteral("ROUGE-L recall"), 1, false}},
        {QStringLiteral("exact_match"), {QStringLiteral("exact match"), 1, true}},
        {QStringLiteral("truth_ratio"), {QStringLiteral("truth ratio"), 1, false}},
        {QStringLiteral("loss"), {QStringLiteral("loss"), -1, false}},
    };
    return all;
}

const QHash<QString, QString> &setNames()
{
    static const QHash<QString, QString> all{
        {QStringLiteral("forget"), QStringLiteral("Forget")}, {QStringLiteral("retain"), QStringLiteral("Retain")},
        {QStringLiteral("ra"), QStringLiteral("Real authors")}, {QStringLiteral("wf"), QStringLiteral("World facts")},
        {QStringLiteral("utility"), QStringLiteral("Utility")}, {QStringLiteral("holdout"), QStringLiteral("Holdout")},
    };
    return all;
}

/// `forget_exact_match` → {`forget`, `exact_match`}
std::pair<QString, QString> split(const QString &id)
{
    const auto border = id.indexOf(QLatin1Char('_'));
    return {id.left(border), border < 0 ? QString() : id.mid(border + 1)};
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

QString metric(const QString &id, std::optional<double> value)
{
    if (!value)
        return kUndefined;
    if (id == QLatin1String("forget_quality")) { // a p-value: as a power of ten where it is small
        if (*value > 0 && *value < 0.001)
            return shortExponent(*value, 1);
        return QString::number(*value, 'g', 3);
    }
    const Measure measure = measures().value(split(id).second);
    if (measure.inPercent)
        return percent(value);
    if (*value >= 0 && *value <= 1)
        return probability(value);
    return loss(value);
}

QString metricName(const QString &id)
{
    const auto [set, measure] = split(id);
    const QString setName = setNames().value(set);
    if (!setName.isEmpty() && measures().contains(measure))
        return setName + QLatin1Char(' ') + measures().value(measure).name;
    QString words = id;
    words.replace(QLatin1Char('_'), QLatin1Char(' '));
    if (!words.isEmpty())
        words[0] = words[0].toUpper();
    return words;
}

int metricDirection(const QString &id)
{
    if (id == QLatin1String("model_utility") || id == QLatin1String("forget_quality"))
        return 1;
    const auto [set, measure] = split(id);
    if (!measures().contains(measure) || !setNames().contains(set))
        return 0;
    // What is lost on the forget set is what unlearning is for; its truth ratio is read together with the retrained model's.
    if (set == QLatin1String("forget"))
        return measure == QLatin1String("truth_ratio") ? 0 : -measures().value(measure).direction;
    return measures().value(measure).direction;
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
