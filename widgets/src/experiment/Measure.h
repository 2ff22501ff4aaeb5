#pragma once

#include <lethe/base/Result.h>
#include <lethe/spec/ExperimentSpec.h>

#include <filesystem>
#include <optional>
#include <vector>

namespace lethe {

class TaskHandle;

/// What a few steps of an experiment took.
struct Measured {
    std::int64_t steps = 0;
    double secondsPerStep = 0; ///< the first step, which warms up, left out
    std::int64_t peakMemoryBytes = 0;
};

/// Trains three steps as \p spec says, and keeps nothing of them: no run, no checkpoint, no evaluation. Blocks; \p task is told of the stages
/// and cancels. Errors: those of `resolveSpec` and `runSession`; Cancelled.
Result<Measured> measureSteps(ExperimentSpec spec, const std::vector<std::filesystem::path> &plugins, int threads, TaskHandle &task);

/// What the time of a step depends on, as text: a measurement holds as long as this is the same.
std::string measuredBy(ExperimentSpec spec);

} // namespace lethe
