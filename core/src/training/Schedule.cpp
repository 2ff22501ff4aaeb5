#include "training/Schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lethe {

double learningRateAt(const TrainingSpec &training, std::int64_t step, std::int64_t totalSteps)
{
    const double done = static_cast<double>(step - 1);
    const double warmup = static_cast<double>(training.warmupSteps);
    if (done < warmup)
        return training.learningRate * done / std::max(1.0, warmup);
    const double decaying = std::max(1.0, static_cast<double>(totalSteps) - warmup);
    switch (training.schedule) {
    case ScheduleKind::Constant: break;
    case ScheduleKind::Linear:
        return training.learningRate * std::max(0.0, (static_cast<double>(totalSteps) - done) / decaying);
    case ScheduleKind::Cosine:
        return training.learningRate * std::max(0.0, 0.5 * (1 + std::cos(std::numbers::pi * (done - warmup) / decaying)));
    }
    return training.learningRate;
}

} // namespace lethe
