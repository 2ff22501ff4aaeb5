#pragma once

#include "model/DecoderConfig.h"
#include "model/PairLogits.h"

#include <lethe/base/Result.h>
#include <lethe/sdk/LanguageModel.h>
#include <lethe/spec/ExperimentSpec.h>

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lethe {

/// One tensor of the model under its Hugging Face name.
struct Parameter {
    WeightSpec spec;
    at::Tensor value; ///< a leaf; f32 where the model is trained, the computing dtype elsewhere
};

/// Keys and values of every layer for a batch of growing texts: [B, K, Tmax, headDim] a layer.
struct KvCache {
    std::vector<at::Tensor> keys, values;
    std::vector<std::int64_t> lengths; ///< B: tokens held of each text
};

struct DecoderLoad {
    c10::Device device{c10::DeviceType::CPU};
    c10::ScalarType dtype = c10::ScalarType::Float;      ///< what is computed in
    c10::ScalarType parameterDtype = c10::ScalarType::Float; ///< what the parameters are kept in
    /// Of an adapter folder: folded into the weights in any case where these are f32; else the outermost one stays beside them,
    /// since a small change is below the spacing of 16-bit numbers. True: folded even so.
    bool mergeAdapters = false;
    /// A folder with a pair's manifest is the pair; false: its own weights alone.
    bool asPair = true;
    std::function<bool(std::uint64_t done, std::uint64_t total)> progress;
};

class LoraAdapter;
struct PairManifest;

/// The one decoder that runs every family: embedding, layers, final norm, head, each as DecoderConfig says. Texts are packed:
/// linear layers, norms and MLPs see [N, D]; attention alone knows where one text ends.
class LETHE_EXPORT Decoder final : public LanguageModel
{
public:
    /// Config, headers and weights of a Hugging Face folder, or of an adapter's base with the adapter; nothing is allocated before
    /// all of it was checked.
    static Result<std::unique_ptr<Decoder>> load(const std::filesystem::path &folder, const DecoderLoad &how);
    /// The same weights under the same names, detached and without gradient: a frozen copy, or, with \p share, a second view.
    std::unique_ptr<Decoder> frozenCopy() const;
    /// A model of the first \p layers blocks with embedding, final norm and head of this one: copies, kept in \p parameterDtype.
    std::unique_ptr<Decoder> firstLayers(std::int64_t layers, c10::ScalarType parameterDtype) const;
    ~Decoder() override;

    const DecoderConfig &config() const { return m_config; }
    std::vector<Parameter> &parameters() { return m_parameters; }
    const std::vector<Parameter> &parameters() const { return m_parameters; }
    std::int64_t parameterCount() const;
    c10::Device device() const { return m_device; }
    c10::ScalarType dtype() const { return m_dtype; }
    /// All parameters, or, beside an adapter, the adapter's alone.
    void setTrainable(bool trainable);
    /// What requires gradients: handles on the parameters themselves.
    std::vector<Parameter> trained() const;

    /// Sets a new adapter beside the linear layers (InvalidInput: a target module that is not there), and takes the values of
    /// one that was saved.
    Result<void> addAdapter(const LoraSpec &lora, std::int64_t seed);
    Result<void> readAdapter(const std::filesystem::path &folder);
    const LoraAdapter *adapter() const { return m_adapter.get(); }
    /// Off: the base alone answers. \return what it was.
    bool setAdapterOn(bool on) { return std::exchange(m_adapterOn, on); }
    /// The adapter's dropout in passes that record gradients, from here on: a pass's masks are a function of \p seed and of how
    /// many passes there were since. Nothing: no dropout.
    void setDropoutSeed(std::optional<std::uint64_t> seed)
    {
        m_dropoutSeed = seed;
        m_dropoutPasses = 0;
    }
    /// Only the parameters whose names \p chosen takes. \return how many tensors those are.
    std::int64_t setTrainable(const std::function<bool(const std::string &name)> &chosen);
    /// Say that parameter values changed: copies in the computing dtype are made anew.
    void parametersChanged();
    void setCheckpointing(bool on) { m_checkpointing = on; }

    at::Tensor hidden(const Batch &batch) override;
    at::Tensor layerOutput(const Batch &batch, std::int64_t layer) override;
    OutputHead head() const override;

    /// A second model over the same vocabulary whose logits join this one's in `labelNll`, `rowLogits` and generation. `hidden` and
    /// `head` stay this model's own: a pair has no hidden states that a head turns into its logits.
    void setAssistant(std::unique_ptr<Decoder> assistant, const PairOptions &options);
    Decoder *assistant() const { return m_assistant.get(); }
    const PairOptions &pairOptions() const { return m_pairOptions; }
    void setPairWeight(double weight) { m_pairOptions.weight = weight; }
    at::Tensor labelNll(const Batch &batch) override;
    /// Logits of rows of a batch, f32 [K,V]; of every row where \p rows_K is undefined. Of a pair: joined as for scoring.
    at::Tensor rowLogits(const Batch &batch, const at::Tensor &rows_K);
    /// `hidden` after every layer, for tests and probes: the embedding's output, each layer's, the last with the final norm.
    std::vector<at::Tensor> hiddenStates(const Batch &batch);

    KvCache makeCache(std::int64_t texts, std::int64_t maximumLength) const;
    /// Runs whole prompts (packed) and keeps their keys and values in \p cache. \return last hidden state of each, [B,D].
    at::Tensor prefill(const Batch &prompts, KvCache &cache);
    /// One more token for each text. \p ids_B: the tokens just chosen. \return their hidden states [B,D].
    at::Tensor decode(const at::Tensor &ids_B, KvCache &cache);

private:
    Decoder(DecoderConfig config, c10::Device device, c10::ScalarType dtype);

    struct Layer;
    struct Pass;
    void indexWeights();
    at::Tensor weight(std::int64_t index) const; ///< in the computing dtype
    at::Tensor linear(const at::Tensor &x, std::int64_t weightIndex, std::int64_t biasIndex, const Pass &pass) const;
    static Result<std::unique_ptr<Decoder>> loadPair(const PairManifest &pair, DecoderLoad how);
    std::optional<std::uint64_t> nextDropout();
    at::Tensor norm(const at::Tensor &x, std::int64_t weightIndex, std::int64_t biasIndex) const;
    at::Tensor embed(const at::Tensor &ids_N, const at::Tensor &positions_N) const;
    at::Tensor layerForward(const at::Tensor &x, std::size_t layer, const Pass &pass) const;
    at::Tensor attention(const at::Tensor &x, std::size_t layer, const Pass &pass) const;
    at::Tensor mlp(const at::Tensor &x, const Layer &layer, const Pass &pass) const;
    at::Tensor run(const at::Tensor &ids_N, const Pass &pass, const at::Tensor &positions_N, std::vector<at::Tensor> *states = nullptr);
    at::Tensor layersUpTo(std::size_t end, at::Tensor x, const Pass &pass, std::vector<at::Tensor> *states) const;
    bool trains(std::size_t layer) const; ///< whether a parameter of the block wants a gradient
    void prepareRotary(Pass &pass, const at::Tensor &positions_N, std::int64_t longest) const;
    void prepareCasts();

    DecoderConfig m_config;
    c10::Device m_device;
    c10::ScalarType m_dtype;
    std::vector<Parameter> m_parameters;
    std::vector<at::Tensor> m_casts; ///< parameters in the computing dtype, where that is another one
    bool m_castsValid = false;
    bool m_checkpointing = false;
    std::unique_ptr<LoraAdapter> m_adapter;
    bool m_adapterOn = true;
    std::optional<std::uint64_t> m_dropoutSeed;
    std::uint64_t m_dropoutPasses = 0;
    std::unique_ptr<Decoder> m_assistant;
    PairOptions m_pairOptions;
    std::vector<Layer> m_layers;
    std::int64_t m_embedding = -1, m_positions = -1, m_projectIn = -1, m_projectOut = -1, m_finalNorm = -1, m_finalNormBias = -1,
                 m_head = -1, m_headBias = -1;
};

/// The base alone answers while this lives: the reference model of a run that trains an adapter.
class AdapterOff
{
public:
    explicit AdapterOff(Decoder &model) : m_model(model), m_was(model.setAdapterOn(false)) {}
    ~AdapterOff() { m_model.setAdapterOn(m_was); }
    AdapterOff(const AdapterOff &) = delete;
    AdapterOff &operator=(const AdapterOff &) = delete;

private:
    Decoder &m_model;
    bool m_was;
};

/// Packs samples into a Batch on \p device.
struct PackedSample {
    const std::int32_t *ids = nullptr;
    std::int64_t length = 0;
    std::int64_t labelStart = 0;
    std::int64_t key = 0;
};
LETHE_EXPORT Batch packBatch(const std::vector<PackedSample> &samples, c10::Device device);

/// `cpu`, `cuda`, `cuda:1`, `auto` → a device that is there. Device where it is not, with the reason.
Result<c10::Device> parseDevice(const std::string &text);

} // namespace lethe
