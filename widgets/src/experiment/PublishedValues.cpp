#include "PublishedValues.h"

#include "FieldEditor.h"
#include "JsonPath.h"

#include <QtCore/QCoreApplication>

#include <algorithm>

namespace lethe {

std::optional<std::pair<double, double>> publishedRange(const MethodManifest &manifest, const std::string &parameter)
{
    std::optional<std::pair<double, double>> range;
    for (const MethodPreset &preset : manifest.presets) {
        const auto found = preset.values.find(parameter);
        if (found == preset.values.end())
            continue;
        const QJsonValue json = toJsonValue(found->second);
        if (!json.isDouble())
            continue;
        const double value = json.toDouble();
        range = range ? std::pair(std::min(range->first, value), std::max(range->second, value)) : std::pair(value, value);
    }
    return range;
}

QString publishedAdvice(const MethodManifest &manifest, const std::string &parameter, const QJsonValue &value)
{
    const auto range = publishedRange(manifest, parameter);
    if (!range || !value.isDouble() || (value.toDouble() >= range->first && value.toDouble() <= range->second))
        return {};
    const QString low = jsonText(QJsonValue(range->first)), high = jsonText(QJsonValue(range->second));
    return range->first == range->second ? QCoreApplication::translate("lethe::ExperimentPage", "Published runs used %1.").arg(low)
                                         : QCoreApplication::translate("lethe::ExperimentPage", "Published runs used %1 to %2.").arg(low, high);
}

} // namespace lethe
