#pragma once

#include "eval/Metric.h"

namespace lethe {

/// The spec's choice: `eval.truth_ratio`, else what `eval.variant` takes.
TruthRatioKind truthRatioKind(const EvalSpec &spec);
/// Whether a set's rows have a paraphrase that stands for the right answer; elsewhere the answer itself does.
bool hasParaphrases(const std::string &set);
/// log of false over correct of one row, which it stores.
std::optional<double> rowTruthRatio(const EvaluationSet &set, const RowScores &row, TruthRatioKind kind, SampleRecord &record);

} // namespace lethe
