#pragma once

#include "ProbeResult.h"

#include <lethe/run/Probes.h>

#include <functional>

namespace lethe {

class MethodCatalog;
class TaskHandle;

/// What is to be probed, and how.
struct ProbeRequest {
    ProbeKind kind = ProbeKind::Quantize;
    ExperimentSpec spec;              ///< the run's own, with the metrics that are asked for
    std::filesystem::path checkpoint;
    QString model;                    ///< in words
    RunId run = 0;
    std::int64_t step = 0;
    std::vector<WeightRounding> roundings{WeightRounding::Int8, WeightRounding::Nf4};
    std::filesystem::path retrained;  ///< empty: none
    RelearnOptions relearning;        ///< but its folders
    std::filesystem::path storeFile;
};

/// The work itself; tests put a script in its place.
struct ProbeEngine {
    std::function<Result<EvaluationRecord>(const ResolvedSpec &, const std::filesystem::path &, RunControl &, RunObserver &, WeightRounding)> evaluate;
    std::function<Result<std::vector<EvaluationRecord>>(const ExperimentSpec &, const std::filesystem::path &, const MethodCatalog &, const RelearnOptions &,
                                                        RunControl &, RunObserver &)>
        relearn;
    static ProbeEngine real();
};

/// Runs a probe on the thread that calls it. Cancelled by the task: a partial result with what was measured; else the error.
Result<ProbeResult> runProbe(const ProbeRequest &request, const MethodCatalog &catalog, const ProbeEngine &engine, TaskHandle &task);

} // namespace lethe
