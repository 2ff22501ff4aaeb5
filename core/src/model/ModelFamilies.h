#pragma once

#include "model/DecoderConfig.h"
#include "model/JsonReader.h"

#include <string_view>

namespace lethe {

/// One row of the table of families: how a config.json of this type becomes options of the one decoder.
struct ModelFamily {
    std::string_view type;
    std::string_view architecture;
    bool tiedByDefault = false; ///< what transformers assumes where config.json does not say
    void (*read)(const JsonReader &config, DecoderConfig &decoder) = nullptr;
};

const ModelFamily *findFamily(std::string_view type);


Activation readActivation(const JsonReader &config, const char *key, const std::string &otherwise);
/// \p layerKind: which object of a `rope_parameters` that has one for each kind of layer.
RopeConfig readRope(const JsonReader &config, double defaultTheta, const char *layerKind = "full_attention");

} // namespace lethe
