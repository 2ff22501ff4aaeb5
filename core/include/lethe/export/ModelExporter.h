#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/spec/ExperimentSpec.h>
#include <lethe/store/RunStore.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lethe {

enum class ExportFormat {
    HuggingFace, ///< a folder that transformers loads
    Gguf,        ///< a folder with `model.gguf`, tokenizer and all, that llama.cpp loads
};

struct ExportRequest {
    RunId run = 0;
    std::filesystem::path target;
    std::optional<Dtype> dtype;              ///< none: as the original's files
    std::optional<std::int64_t> checkpoint;  ///< step; none: the last
    bool mergeAdapter = true;                ///< of a run that trained an adapter: base and adapter as one model, else a PEFT folder
    std::optional<std::uint64_t> maxShardBytes; ///< none: 5 GB, as transformers splits
    ExportFormat format = ExportFormat::HuggingFace;
    bool quantize = false;                   ///< GGUF: matrices in q8_0, 8.5 bits a number, whatever the dtype
    bool overwrite = false;                  ///< an existing, non-empty folder is refused otherwise, its age named
    bool verify = true;                      ///< load the result and compare logits with the checkpoint
};

struct ExportReport {
    std::filesystem::path path;
    std::vector<std::string> files;
    std::uint64_t bytes = 0;
    /// Where verified: against the checkpoint as it was trained; 0 unless the export is of a narrower dtype.
    std::optional<double> largestLogitDifference;
    /// Where verified: against the checkpoint's weights rounded to the export's dtype. 0, or the export has not passed.
    std::optional<double> differenceAfterRounding;
};

/// Writes a run's checkpoint as a folder that transformers loads: config and tokenizer files carried over, weights in the
/// asked dtype, README.md as model card. Written beside \p target and renamed: whole or not at all. A result that does not
/// verify stays under `<target>-unverified` (Corrupt, says what differed). NotFound (no checkpoint), DiskFull (both
/// numbers), Io, InvalidInput (folder exists), Cancelled.
/// As GGUF: of the families llama, mistral without a window, qwen2 and qwen3, adapters merged; anything else is Unsupported and named.
/// No logits are compared then.
LETHE_EXPORT Result<ExportReport> exportRunModel(const RunStore &store, const ExportRequest &request,
                                                 const std::function<bool(std::uint64_t done, std::uint64_t total, const std::string &stage)> &progress = {});
/// The model card that would be written.
LETHE_EXPORT Result<std::string> modelCard(const RunStore &store, const ExportRequest &request);

} // namespace lethe
