#pragma once

#include "model/AdapterFiles.h"

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lethe {

struct Parameter;

/// A tensor as it lies in a mapped file.
at::Tensor tensorView(const SafetensorsFile &file, const TensorEntry &entry);

/// A LoRA adapter beside a decoder's linear layers: y = W·x + scale · B·(A·dropout(x)). A and B are f32 leaves, cast to the
/// computing dtype for each pass.
class LETHE_EXPORT LoraAdapter
{
public:
    /// A uniform in ±1/√in, as PEFT starts it, drawn on the CPU from \p seed alone; B zero, so that nothing changes yet.
    static Result<LoraAdapter> create(const DecoderConfig &config, const std::vector<WeightSpec> &weights, const LoraSpec &lora, std::int64_t seed,
                                      c10::Device device);
    /// \p match must be without problems; what is adapted outside the layers, and whole tensors, are not looked at.
    static LoraAdapter load(const AdapterMatch &match, const AdapterConfig &described, const DecoderConfig &config, const std::vector<WeightSpec> &weights,
                            c10::Device device);

    /// \p y plus the adapter's part for weight \p index, where that one is adapted. \p dropoutSeed: of the pass; none: no dropout.
    /// The mask is a function of seed and weight: a pass that is computed again has the same one.
    at::Tensor added(const at::Tensor &x, const at::Tensor &y, std::int64_t index, std::optional<std::uint64_t> dropoutSeed) const;

    const LoraSpec &spec() const { return m_spec; }
    /// A and B of every adapted weight; names as PEFT's files have them.
    std::vector<Parameter> &parameters() { return m_parameters; }
    const std::vector<Parameter> &parameters() const { return m_parameters; }
    /// The ends of the adapted modules' names, each once.
    std::vector<std::string> moduleNames() const;
    std::int64_t parameterCount() const;
    /// Whether A and B of weight \p index want gradients; nothing where that one is not adapted.
    void setTrainable(std::int64_t index, bool trainable);
    /// What the adapter adds to weight \p index when it is folded in, f32, in that one's shape; undefined where it is not adapted.
    at::Tensor delta(const DecoderConfig &config, const WeightSpec &weight, std::int64_t index) const;

    void prepareCasts(c10::ScalarType dtype);
    void parametersChanged() { m_castsValid = false; }

private:
    struct Pair {
        std::size_t a = 0, b = 0; ///< of the parameters
        double scale = 1;
    };
    const at::Tensor &value(std::size_t parameter) const;
    void add(const WeightSpec &weight, std::int64_t index, double scale, at::Tensor a, at::Tensor b);

    LoraSpec m_spec;
    std::vector<Parameter> m_parameters;
    std::vector<at::Tensor> m_casts;
    bool m_castsValid = false;
    std::vector<Pair> m_pairs;
    std::vector<std::int64_t> m_pairOf; ///< by weight; -1: not adapted
};

} // namespace lethe
