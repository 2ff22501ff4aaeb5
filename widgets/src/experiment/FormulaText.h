#pragma once

#include <QtCore/QString>

namespace lethe {

/// A manifest's formula (`L_f = -(2/beta) mean_b log sigmoid(beta (N_b - N_b^ref))`) as rich text: Greek letters, sums and means
/// with what they run over beneath the line, sub- and superscripts, variables slanted, functions upright.
QString formulaHtml(const QString &formula);

} // namespace lethe
