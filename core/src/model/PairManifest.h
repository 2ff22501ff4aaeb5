#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/model/TextModel.h>

#include <filesystem>
#include <optional>

namespace lethe {

inline constexpr const char *kPairFile = "lethe_pair.json";

/// Two models over one vocabulary that answer as one: logits = target + logitWeight · assistant (ULD, arXiv 2406.08607). A folder
/// that holds `lethe_pair.json` is such a pair, and goes wherever a model goes:
/// `{"target": "…", "assistant": ".", "logit_weight": -0.8, "top_filter": 0.01, "filter_mode": "auto"}`.
/// Paths are relative to the folder. What a ULD run leaves is its assistant's model folder with this file in it.
struct PairManifest {
    std::filesystem::path target;
    std::filesystem::path assistant; ///< the pair's folder itself where the manifest says "." or nothing
    double logitWeight = -0.8;
    double topFilter = 0; ///< in [0, 1); 0: none
    FilterMode filterMode = FilterMode::Auto;
    bool operator==(const PairManifest &) const = default;
};

/// Nothing where \p folder has no manifest; its paths absolute otherwise. Corrupt names the key.
LETHE_EXPORT Result<std::optional<PairManifest>> readPairManifest(const std::filesystem::path &folder);

/// Writes `lethe_pair.json` into \p folder; an assistant that is empty or \p folder itself is written as ".".
LETHE_EXPORT Result<void> writePairManifest(const std::filesystem::path &folder, const PairManifest &manifest);

} // namespace lethe
