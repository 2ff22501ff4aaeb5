#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>

#include <filesystem>
#include <vector>

namespace lethe {

/// Where the parts of a model lie that a path names: a Hugging Face folder holds all of them, a PEFT adapter folder points to its
/// base (which may be an adapter over yet another).
struct ModelFolder {
    std::filesystem::path folder;                ///< as it was named
    std::filesystem::path base;                  ///< config.json and whole weights
    std::vector<std::filesystem::path> adapters; ///< over the base, the innermost first
    std::filesystem::path tokenizer;             ///< the outermost folder that has one
};

/// NotFound (the folder, an adapter's base: looked for beside the adapter, then from here, then among what huggingface_hub has
/// downloaded), Corrupt (adapter_config.json), InvalidInput (adapters in a circle).
LETHE_EXPORT Result<ModelFolder> resolveModelFolder(const std::filesystem::path &folder);

/// A folder whose weights are an adapter's.
LETHE_EXPORT bool isAdapterFolder(const std::filesystem::path &folder);

} // namespace lethe
