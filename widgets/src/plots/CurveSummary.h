#pragma once

#include "CurveData.h"

#include <QtCore/QString>

namespace lethe {

/// A curve in one sentence, for those who do not see it: *forget loss, 25 points, from 13.86 to 4.218, falling*.
/// The direction compares the means of the first and the last fifth; less than 2 % of the curve's range (or of a tenth
/// of its size, where that is more) is *level*.
QString curveSummary(const QString &name, const CurveData &curve);

} // namespace lethe
