#include "CurveSummary.h"

#include <widgets/Format.h>

#include <QtCore/QCoreApplication>

#include <algorithm>
#include <cmath>

namespace lethe {
namespace {

struct SummaryWords
{
    Q_DECLARE_TR_FUNCTIONS(lethe::CurveSummary)
};

double meanOf(const std::vector<double> &values, std::size_t from, std::size_t count)
{
    double sum = 0;
    for (std::size_t i = from; i < from + count; ++i)
        sum += values[i];
    return sum / static_cast<double>(count);
}

QString directionWord(const std::vector<double> &values)
{
    const std::size_t fifth = std::max<std::size_t>(1, values.size() / 5);
    const double change = meanOf(values, values.size() - fifth, fifth) - meanOf(values, 0, fifth);
    const auto [low, high] = std::ranges::minmax(values);
    const double size = std::max(std::abs(low), std::abs(high));
    // noise around a level has a range too: a change counts against the greater of range and a tenth of the size
    const double least = 0.02 * std::max(high - low, 0.1 * size);
    if (std::abs(change) <= least)
        return SummaryWords::tr("level");
    return change < 0 ? SummaryWords::tr("falling") : SummaryWords::tr("rising");
}

} // namespace

QString curveSummary(const QString &name, const CurveData &curve)
{
    std::vector<double> finite;
    finite.reserve(curve.size());
    std::ranges::copy_if(curve.values(), std::back_inserter(finite), [](double value) { return std::isfinite(value); });
    if (finite.empty())
        return SummaryWords::tr("%1, no points yet").arg(name);
    const QString points = curve.size() == 1 ? SummaryWords::tr("1 point") : SummaryWords::tr("%L1 points").arg(curve.size());
    QString text;
    if (finite.size() == 1) {
        text = SummaryWords::tr("%1, %2, %3").arg(name, points, format::loss(finite.front()));
    } else {
        text = SummaryWords::tr("%1, %2, from %3 to %4, %5")
                   .arg(name, points, format::loss(finite.front()), format::loss(finite.back()), directionWord(finite));
    }
    if (!curve.gaps().empty())
        text += SummaryWords::tr(", %L1 not finite").arg(curve.gaps().size());
    return text;
}

} // namespace lethe
