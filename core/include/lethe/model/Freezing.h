#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/spec/ExperimentSpec.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lethe {

/// Blocks by number, counted from 0: `0-3, 7, 10-` (an open end means up to the last one).
using LayerRanges = std::vector<std::pair<std::int64_t, std::optional<std::int64_t>>>;
/// InvalidInput with what is accepted; where: `training.freeze_layers`.
LETHE_EXPORT Result<LayerRanges> parseLayerRanges(std::string_view text);

/// The block that a parameter belongs to by its Hugging Face name: its first part that is a number.
LETHE_EXPORT std::optional<std::int64_t> blockOf(std::string_view parameter);

/// Whether \p pattern fits a run of whole parts of \p parameter: `embed_tokens`, `mlp.down_proj`, `layers.3`, `*_proj`; * stands for any
/// letters (dots among them), ? for one.
LETHE_EXPORT bool matchesName(std::string_view pattern, std::string_view parameter);

/// What `training.freeze_layers` and `training.freeze_names` leave untrained. Of a run with an adapter: the parameters beside which
/// nothing is trained.
class LETHE_EXPORT Freezing
{
public:
    /// \p parameters: every name of the model that is trained. InvalidInput: a block that \p layers do not have, a pattern that fits no
    /// name, nothing left to train.
    static Result<Freezing> of(const TrainingSpec &training, std::int64_t layers, const std::vector<std::string> &parameters);

    bool any() const { return !m_layers.empty() || !m_names.empty(); }
    bool freezes(std::string_view parameter) const;

private:
    LayerRanges m_layers;
    std::vector<std::string> m_names;
};

/// `Freezing::of` for a model folder, from its config alone. What is wrong with the folder itself is not this function's to say.
LETHE_EXPORT Result<void> checkFreezing(const TrainingSpec &training, const std::filesystem::path &modelFolder);

} // namespace lethe
