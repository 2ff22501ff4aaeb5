#pragma once

#include "model/Decoder.h"
#include "model/PairManifest.h"
#include "training/Optimizer.h"

#include <lethe/base/Result.h>
#include <lethe/run/Records.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace lethe {

/// What a checkpoint says of itself (`lethe_checkpoint.json`).
struct CheckpointState {
    std::int64_t step = 0;
    double elapsed = 0; ///< seconds of running time
    std::string specHash; ///< of the resolved spec: a checkpoint resumes its own spec alone
    std::map<std::string, at::Tensor> method; ///< the method's named state; `readMethodState` gives it back
    /// The model is an assistant, the first layers of the folder's own: its config says so.
    std::optional<std::int64_t> assistantLayers;
    bool resumable = true; ///< false: a result that training does not go on from; no optimizer state is kept
    std::optional<PairManifest> pair; ///< of an assistant: what it is used with
};

/// Writes `<runFolder>/checkpoints/step-<N>`: a Hugging Face model folder (weights as they are trained, config and tokenizer files
/// carried over; of a run that trains an adapter a PEFT folder over \p modelFolder), the optimizer's state under `state/`, and `lethe_checkpoint.json`. Written beside and renamed. The state of older
/// checkpoints is removed: only the newest can be resumed from. DiskFull with both numbers, Io.
LETHE_EXPORT Result<CheckpointRecord> writeCheckpoint(const std::filesystem::path &runFolder, const std::filesystem::path &modelFolder, const Decoder &model,
                                                      const Optimizer &optimizer, const CheckpointState &state);
LETHE_EXPORT Result<CheckpointState> readCheckpointState(const std::filesystem::path &checkpoint);

/// The method's named state of a checkpoint; empty where it has none.
Result<std::map<std::string, at::Tensor>> readMethodState(const std::filesystem::path &checkpoint);

} // namespace lethe
