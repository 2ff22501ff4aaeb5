#pragma once

#include "ExportPlan.h"
#include "GgufFile.h"

#include <lethe/base/Export.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace lethe {

/// The tokenizer of \p folder as llama.cpp reads it from a GGUF file: tokens, kinds, merges or scores, ends of a text, template.
/// \param vocabulary of the model; what the tokenizer lacks of it is filled with unused tokens
/// Unsupported (the component named) where llama.cpp would cut text in another way than the tokenizer does.
LETHE_EXPORT Result<GgufMetadata> ggufTokenizer(const std::filesystem::path &folder, std::int64_t vocabulary);

/// What a GGUF export writes, decided before the first byte.
struct GgufPlan {
    GgufMetadata metadata;
    std::vector<GgufTensor> tensors;
    std::uint64_t bytes = 0; ///< of the tensors
};
/// Unsupported names the family, the rotary scaling or the window that the format's `llama`, `qwen2` and `qwen3` do not have.
LETHE_EXPORT Result<GgufPlan> planGguf(const ExportPlan &plan, bool quantize);

/// Writes \p file. InvalidInput (a value that f16 cannot hold), Io, DiskFull, Cancelled.
LETHE_EXPORT Result<void> writeGguf(const ExportPlan &plan, const GgufPlan &gguf, const std::filesystem::path &file,
                                    const std::function<bool(std::uint64_t done, std::uint64_t total, const std::string &stage)> &progress);

} // namespace lethe
