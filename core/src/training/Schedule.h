#pragma once

#include <lethe/base/Export.h>
#include <lethe/spec/ExperimentSpec.h>

#include <cstdint>

namespace lethe {

/// The rate that step \p step (from 1) of \p totalSteps runs at: what a transformers scheduler gives. Its n-th step uses the
/// factor at n − 1, so with no warm-up step 1 runs at the full rate, and with one it runs at 0.
LETHE_EXPORT double learningRateAt(const TrainingSpec &training, std::int64_t step, std::int64_t totalSteps);

} // namespace lethe
