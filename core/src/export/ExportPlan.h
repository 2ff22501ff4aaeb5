#pragma once

#include <lethe/export/ModelExporter.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace lethe {

/// Of a pair's export: the folder within it that holds the target.
inline constexpr const char *kTargetFolder = "target";
/// The one file of weights in an export as GGUF.
inline constexpr const char *kGgufName = "model.gguf";

/// What an export will read and write, decided before the first byte is written.
struct ExportPlan {
    RunDetails run;
    CheckpointRecord checkpoint;
    std::filesystem::path weightsFolder; ///< whose weights are written: the checkpoint's; of one that is merged, the base's
    std::vector<std::filesystem::path> merged; ///< adapters to be folded in
    bool asAdapter = false;                    ///< a PEFT folder
    std::shared_ptr<ExportPlan> target;        ///< of a pair, whose assistant this plan is
    std::uint64_t maxShardBytes = 5'000'000'000;
    bool isLastCheckpoint = true;
    Dtype checkpointDtype = Dtype::F32; ///< the widest float of its weights
    Dtype dtype = Dtype::F32;           ///< to be written
    std::vector<std::filesystem::path> companions; ///< files that are carried over as they are
    std::uint64_t weightBytes = 0;      ///< to be written
    std::uint64_t neededBytes = 0;      ///< with all that goes beside the weights
};

/// NotFound (run, checkpoint, its folder), Corrupt.
LETHE_EXPORT Result<ExportPlan> planExport(const RunStore &store, const ExportRequest &request);

/// InvalidInput where \p target must not be written to: a file, a folder that holds something (its age is named) unless it may
/// be overwritten, a folder that is no model's, the model that the run began from. DiskFull with both numbers.
LETHE_EXPORT Result<void> checkTarget(const ExportPlan &plan, const ExportRequest &request);

/// README.md.
Result<std::string> cardText(const RunStore &store, const ExportPlan &plan);

} // namespace lethe
