#pragma once

#include <lethe/base/Export.h>

#include <filesystem>
#include <optional>

namespace lethe {

/// How the two models of a pair answer together (ULD, arXiv 2406.08607), as the folder's `lethe_pair.json` says.
struct PairSettings {
    double logitWeight = 0; ///< logits = target + logitWeight · assistant
    double topFilter = 0;   ///< share of the vocabulary that is touched; 0: all
    bool operator==(const PairSettings &) const = default;
};

/// Nothing where \p folder is no pair, or one that cannot be read (loading it says why).
LETHE_EXPORT std::optional<PairSettings> pairSettings(const std::filesystem::path &folder);

} // namespace lethe
