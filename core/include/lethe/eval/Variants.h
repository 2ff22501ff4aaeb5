#pragma once

#include <lethe/base/Export.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lethe {

/// Whose forms an evaluation's metrics are computed in, where published code differs from the definitions (evaluation.md §9).
enum class EvaluationVariant {
    Strict,         ///< the definitions
    TofuOriginal,   ///< `locuslab/tofu`
    OpenUnlearning, ///< `locuslab/open-unlearning`
    MuseOriginal    ///< `jaechan-repo/muse_bench`
};

struct VariantManifest {
    EvaluationVariant variant = EvaluationVariant::Strict;
    std::string id;      ///< of `eval.variant`: `tofu-original`
    std::string summary; ///< one sentence
    /// What it does in each matter in which variants differ: `sample cap`, `the first 300 rows of a set`.
    std::vector<std::pair<std::string, std::string>> topics;
};

LETHE_EXPORT const std::vector<VariantManifest> &evaluationVariants();
LETHE_EXPORT std::optional<EvaluationVariant> evaluationVariantFrom(std::string_view id);
LETHE_EXPORT std::string_view toString(EvaluationVariant variant);

} // namespace lethe
