#pragma once

#include "ExportPlan.h"

#include <filesystem>
#include <functional>

namespace lethe {

/// What comparing an export with its checkpoint found.
struct ExportCheck {
    double exactDifference = 0;   ///< of the largest logits, both loaded in the export's dtype: the weights are the same where it is 0
    double measuredDifference = 0; ///< as above; where the export is narrower than the checkpoint, both computed in f32
};

using ExportProgress = std::function<bool(std::uint64_t done, std::uint64_t total, const std::string &stage)>;

/// Loads \p folder and the checkpoint and compares their logits on the run's own prompts (or on fixed ids where it has none).
/// Corrupt where the export cannot be loaded or gives what is not finite, Cancelled, and the errors of loading the checkpoint.
Result<ExportCheck> compareWithCheckpoint(const RunStore &store, const ExportPlan &plan, const std::filesystem::path &folder,
                                          const ExportProgress &progress);

} // namespace lethe
