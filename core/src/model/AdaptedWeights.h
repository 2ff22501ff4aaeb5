#pragma once

#include "model/AdapterFiles.h"

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>

#include <filesystem>
#include <memory>
#include <vector>

namespace lethe {

/// Adapters folded into a base's weights: each weight in f32 from the files' own values, so that it is rounded once.
class LETHE_EXPORT AdaptedWeights
{
public:
    /// \p adapters: folders, the innermost first. With \p outermostBeside the last of them is left to stand beside the layers: only
    /// what it does elsewhere (whole tensors, the head) is folded in.
    static Result<AdaptedWeights> open(const DecoderConfig &config, const std::vector<WeightSpec> &weights,
                                       const std::vector<std::filesystem::path> &adapters, bool outermostBeside);

    bool changes(const std::string &weight) const;
    /// The values of \p weight, from those that the base's file holds in \p entry.
    std::vector<float> read(const WeightSpec &weight, const SafetensorsFile &file, const TensorEntry &entry) const;

    struct Adapter {
        std::unique_ptr<SafetensorsFile> file; ///< unique_ptr: the match points into it
        AdapterConfig config;
        AdapterMatch match;
        bool foldsLayers = true;
    };
    const std::vector<Adapter> &adapters() const { return m_adapters; }

private:
    bool folds(const Adapter &adapter, const std::string &weight) const;

    DecoderConfig m_config;
    std::vector<Adapter> m_adapters;
};

} // namespace lethe
