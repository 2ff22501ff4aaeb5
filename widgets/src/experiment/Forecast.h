#pragma once

#include <lethe/base/Device.h>
#include <lethe/data/Dataset.h>
#include <lethe/model/ModelInfo.h>
#include <lethe/spec/ExperimentSpec.h>
#include <lethe/store/RunStore.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace lethe {

/// What a set counts up to under a template and a length.
struct SetFigures {
    std::int64_t rows = 0;
    std::int64_t tokens = 0, labels = 0, cut = 0, withoutLabels = 0;
    bool counted = false;
};

/// What a run of the spec will be, before it starts. Undefined where something it needs is not known.
struct Forecast {
    std::int64_t rowsPerStep = 0;
    std::optional<std::int64_t> stepsPerEpoch, steps;
    std::optional<std::int64_t> tokensPerEpoch; ///< forget and, where the method uses it, retain
    std::optional<std::int64_t> rowsCut, rowsWithoutLabels;
    std::optional<std::int64_t> evaluations, checkpoints;
    std::optional<std::int64_t> checkpointBytes; ///< all of them
    std::optional<MemoryEstimate> memory;
    std::optional<double> seconds;
    int likeRuns = 0; ///< the time was measured on so many
};

struct ForecastInput {
    ExperimentSpec spec;
    SetFigures forget, retain;
    bool usesRetain = false;
    bool needsReference = false;
    const ModelInfo *model = nullptr;
    const std::vector<RunRow> *runs = nullptr; ///< newest first
};
Forecast forecast(const ForecastInput &input);

/// What \p input needs in memory, were it trained as \p training says. Only of a usable model.
MemoryEstimate memoryOf(const ForecastInput &input, const TrainingSpec &training);

} // namespace lethe
