#include <widgets/RunLook.h>

#include <algorithm>
#include <array>

namespace lethe {

RunLook RunLook::of(RunId run, const std::string &storedColor)
{
    constexpr std::array kDashes{Qt::SolidLine, Qt::DashLine, Qt::DotLine, Qt::DashDotLine};
    constexpr std::array kMarkers{CurveMarker::None, CurveMarker::Square, CurveMarker::Diamond, CurveMarker::Triangle,
                                  CurveMarker::Cross};
    const auto round = static_cast<std::size_t>(std::max<RunId>(0, run - 1)) / static_cast<std::size_t>(Theme::runColors().size());
    RunLook look{.color = QString::fromStdString(storedColor),
                 .dash = kDashes[round % kDashes.size()],
                 .marker = kMarkers[round / kDashes.size() % kMarkers.size()]};
    if (look.marker == CurveMarker::None && look.isPale())
        look.marker = CurveMarker::Circle;
    return look;
}

bool RunLook::isPale() const
{
    return color.compare(QLatin1String("#E69F00"), Qt::CaseInsensitive) == 0
        || color.compare(QLatin1String("#56B4E9"), Qt::CaseInsensitive) == 0;
}

} // namespace lethe
