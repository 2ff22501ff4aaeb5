#include "Forecast.h"

#include <lethe/spec/SpecReader.h>

#include <algorithm>
#include <utility>

namespace lethe {

namespace {

/// Runs that the time is taken from: the newest of the same method on the same model, finished, a few steps at least.
constexpr int kMostLikeRuns = 5;
constexpr std::int64_t kFewestSteps = 3;

/// Times that the counter of a period fires in \p steps steps, the last step's own left out.
std::int64_t between(const std::optional<std::int64_t> &every, std::int64_t steps)
{
    return every && *every > 0 && steps > 0 ? (steps - 1) / *every : 0;
}

/// Of a row of the set, tokens and labels.
std::pair<double, double> meanRow(const SetFigures &set)
{
    const double rows = std::max<double>(1, double(set.rows));
    return {double(set.tokens) / rows, double(set.labels) / rows};
}

} // namespace

MemoryEstimate memoryOf(const ForecastInput &input, const TrainingSpec &training)
{
    const auto maxLength = double(input.spec.data.maxLength);
    std::pair row{maxLength, maxLength / 2};
    if (input.forget.counted) {
        row = meanRow(input.forget);
        if (input.usesRetain && input.retain.counted) // one term after the other: the longer rows count
            row = std::max(row, meanRow(input.retain));
    }
    return estimateMemory(*input.model, training, input.spec.data.maxLength, row.first, row.second, input.needsReference, input.forget.rows);
}

Forecast forecast(const ForecastInput &input)
{
    const TrainingSpec &training = input.spec.training;
    Forecast result;
    if (training.batchSize < 1 || training.gradientAccumulation < 1)
        return result;
    result.rowsPerStep = training.batchSize * training.gradientAccumulation;
    if (input.forget.rows > 0) {
        TrainingSpec once = training;
        once.epochs = 1;
        once.maxSteps.reset();
        result.stepsPerEpoch = plannedSteps(once, input.forget.rows);
        result.steps = plannedSteps(training, input.forget.rows);
    }
    if (input.forget.counted) {
        // One pass over the forget set, with as many retain rows where the method takes them.
        const double retainRow = input.usesRetain && input.retain.rows > 0 ? double(input.retain.tokens) / double(input.retain.rows) : 0;
        result.tokensPerEpoch = input.forget.tokens + static_cast<std::int64_t>(retainRow * double(input.forget.rows));
        result.rowsCut = input.forget.cut + (input.usesRetain ? input.retain.cut : 0);
        result.rowsWithoutLabels = input.forget.withoutLabels + (input.usesRetain ? input.retain.withoutLabels : 0);
    }
    if (result.steps) {
        result.evaluations = input.spec.eval ? 2 + between(input.spec.eval->everySteps, *result.steps) : 0;
        result.checkpoints = 1 + between(training.saveEverySteps, *result.steps);
    }
    if (input.model && input.model->usable()) {
        result.memory = memoryOf(input, training);
        if (result.checkpoints)
            result.checkpointBytes = *result.checkpoints * result.memory->checkpointBytes();
    }
    if (result.steps && input.runs) {
        const std::string model = input.spec.resolve(input.spec.model).string();
        double seconds = 0;
        std::int64_t steps = 0;
        for (const RunRow &run : *input.runs) {
            const bool like = run.method == input.spec.method.id && run.model == model && run.steps >= kFewestSteps && run.seconds > 0
                && (run.status == RunStatus::Done || run.status == RunStatus::Stopped);
            if (!like || result.likeRuns == kMostLikeRuns)
                continue;
            seconds += run.seconds;
            steps += run.steps;
            ++result.likeRuns;
        }
        if (steps > 0)
            result.seconds = seconds / double(steps) * double(*result.steps);
    }
    return result;
}

} // namespace lethe
