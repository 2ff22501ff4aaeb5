#pragma once

#include <lethe/method/MethodManifest.h>

#include <QtCore/QJsonValue>
#include <QtCore/QString>

#include <optional>
#include <utility>

namespace lethe {

/// Lowest and highest value of a numeric parameter in what the manifest says was published; none where nothing was.
std::optional<std::pair<double, double>> publishedRange(const MethodManifest &manifest, const std::string &parameter);

/// One sentence where \p value lies outside of it; else empty.
QString publishedAdvice(const MethodManifest &manifest, const std::string &parameter, const QJsonValue &value);

} // namespace lethe
