#pragma once

#include "Output.h"

#include <lethe/run/Bench.h>
#include <lethe/run/Records.h>
#include <lethe/run/RunSeries.h>
#include <lethe/store/RunStore.h>

#include <vector>

namespace lethe::cli {

/// The contract's line of `--steps-out`.
Json toJson(const StepRecord &step);
/// Values by metric id; an undefined one is null.
Json toJson(const std::vector<MetricValue> &metrics);
Json toJson(const MetricValue &metric);
/// \param withTokens each scored token and its log-probability too
Json toJson(const SampleRecord &sample, bool withTokens = false);
/// Step, metrics and, where \p withSamples, the rows' values.
Json toJson(const EvaluationRecord &evaluation, bool withSamples, bool withTokens = false);
Json toJson(const CheckpointRecord &checkpoint);
Json toJson(const EventRecord &event);
/// The contract's summary of `run`.
Json toJson(const RunSummary &summary);
Json toJson(const RunRow &row);
Json toJson(const Provenance &provenance);
Json toJson(const std::vector<RunSeries> &series);
Json toJson(const BenchReport &report);

} // namespace lethe::cli
