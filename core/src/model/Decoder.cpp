#include "model/Decoder.h"

#include "model/Attention.h"
#include "model/Kernels.h"
#include "model/LoraAdapter.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>

namespace lethe {

namespace {

/// Both models' logits of some rows, at once.
constexpr std::int64_t kPairChunkBytes = std::int64_t{128} << 20;

} // namespace

/// Indices into the parameters; -1 is a part that the family does not have.
struct Decoder::Layer {
    std::int64_t attentionNorm = -1, attentionNormBias = -1, afterAttentionNorm = -1, mlpNorm = -1, mlpNormBias = -1, afterMlpNorm = -1;
    std::int64_t queryNorm = -1, keyNorm = -1;
    std::int64_t query = -1, queryBias = -1, key = -1, keyBias = -1, value = -1, valueBias = -1, fusedQkv = -1, fusedQkvBias = -1;
    std::int64_t output = -1, outputBias = -1;
    std::int64_t gate = -1, gateBias = -1, up = -1, upBias = -1, fusedGateUp = -1, down = -1, downBias = -1;
};

/// What all layers of one forward pass share.
struct Decoder::Pass {
    AttentionShape shape;
    at::Tensor cos_NR, sin_NR;           ///< [N, rotaryDim/2, rounded up]
    at::Tensor localCos_NR, localSin_NR; ///< for windowed layers, where they differ
    KvCache *cache = nullptr;            ///< filled (prefill) or extended (decode)
    bool decoding = false;
    std::optional<std::uint64_t> dropout; ///< the seed of the adapter's masks
};

Decoder::Decoder(DecoderConfig config, c10::Device device, c10::ScalarType dtype)
    : m_config(std::move(config)), m_device(device), m_dtype(dtype)
{
}

Decoder::~Decoder() = default;

void Decoder::indexWeights()
{
    std::map<std::string, std::int64_t> byName;
    for (std::size_t i = 0; i < m_parameters.size(); ++i)
        byName[m_parameters[i].spec.name] = static_cast<std::int64_t>(i);
    const auto find = [&byName](const std::string &name) {
        const auto found = byName.find(name);
        return found == byName.end() ? std::int64_t{-1} : found->second;
    };
    const FamilyNames &n = m_config.names;
    // An empty role finds nothing: "layers.0..weight" is no name.
    m_embedding = find(n.base + n.embedding + ".weight");
    m_positions = find(n.base + n.positions + ".weight");
    m_projectIn = find(n.base + n.projectIn + ".weight");
    m_projectOut = find(n.base + n.projectOut + ".weight");
    m_finalNorm = find(n.base + n.finalNorm + ".weight");
    m_finalNormBias = find(n.base + n.finalNorm + ".bias");
    m_head = find(n.head + ".weight");
    if (m_head < 0)
        m_head = find("lm_head.weight");
    m_headBias = find(n.head + ".bias");
    m_layers.clear();
    for (std::int64_t index = 0; index < m_config.layers; ++index) {
        const std::string base = n.base + n.layer + std::to_string(index) + ".";
        const auto weightOf = [&](const std::string &role) { return find(base + role + ".weight"); };
        const auto biasOf = [&](const std::string &role) { return find(base + role + ".bias"); };
        m_layers.push_back({.attentionNorm = weightOf(n.attentionNorm), .attentionNormBias = biasOf(n.attentionNorm),
                            .afterAttentionNorm = weightOf(n.afterAttentionNorm),
                            .mlpNorm = weightOf(n.mlpNorm), .mlpNormBias = biasOf(n.mlpNorm), .afterMlpNorm = weightOf(n.afterMlpNorm),
                            .queryNorm = weightOf(n.queryNorm), .keyNorm = weightOf(n.keyNorm),
                            .query = weightOf(n.query), .queryBias = biasOf(n.query), .key = weightOf(n.key), .keyBias = biasOf(n.key),
                            .value = weightOf(n.value), .valueBias = biasOf(n.value),
                            .fusedQkv = weightOf(n.fusedQkv), .fusedQkvBias = biasOf(n.fusedQkv),
                            .output = weightOf(n.output), .outputBias = biasOf(n.output),
                            .gate = weightOf(n.gate), .gateBias = biasOf(n.gate), .up = weightOf(n.up), .upBias = biasOf(n.up),
                            .fusedGateUp = weightOf(n.fusedGateUp), .down = weightOf(n.down), .downBias = biasOf(n.down)});
    }
}

std::int64_t Decoder::parameterCount() const
{
    std::int64_t count = 0;
    for (const Parameter &parameter : m_parameters)
        count += parameter.value.numel();
    return count;
}

void Decoder::setTrainable(bool trainable)
{
    for (Parameter &parameter : m_parameters)
        parameter.value.requires_grad_(trainable && !m_adapter);
    if (m_adapter)
        for (Parameter &parameter : m_adapter->parameters())
            parameter.value.requires_grad_(trainable);
}

std::vector<Parameter> Decoder::trained() const
{
    std::vector<Parameter> trained;
    const auto add = [&trained](const std::vector<Parameter> &parameters) {
        std::ranges::copy_if(parameters, std::back_inserter(trained), [](const Parameter &parameter) { return parameter.value.requires_grad(); });
    };
    add(m_parameters);
    if (m_adapter)
        add(m_adapter->parameters());
    return trained;
}

void Decoder::parametersChanged()
{
    m_castsValid = false;
    if (m_adapter)
        m_adapter->parametersChanged();
}

std::optional<std::uint64_t> Decoder::nextDropout()
{
    if (!m_dropoutSeed || !m_adapter || !m_adapterOn || !c10::GradMode::is_enabled())
        return std::nullopt;
    return *m_dropoutSeed + ++m_dropoutPasses * 0xd1342543de82ef95u;
}

std::int64_t Decoder::setTrainable(const std::function<bool(const std::string &name)> &chosen)
{
    std::int64_t count = 0;
    for (std::size_t i = 0; i < m_parameters.size(); ++i) {
        const bool taken = chosen(m_parameters[i].spec.name);
        m_parameters[i].value.requires_grad_(taken && !m_adapter);
        if (m_adapter)
            m_adapter->setTrainable(static_cast<std::int64_t>(i), taken);
    }
    for (const Parameter &parameter : trained())
        count += parameter.value.requires_grad() ? 1 : 0;
    return count;
}

std::unique_ptr<Decoder> Decoder::firstLayers(std::int64_t layers, c10::ScalarType parameterDtype) const
{
    DecoderConfig config = m_config;
    config.layers = layers;
    if (static_cast<std::int64_t>(config.windows.size()) > layers)
        config.windows.resize(static_cast<std::size_t>(layers));
    std::unique_ptr<Decoder> copy(new Decoder(config, m_device, m_dtype));
    std::map<std::string, const Parameter *> mine;
    for (const Parameter &parameter : m_parameters)
        mine[parameter.spec.name] = &parameter;
    for (const WeightSpec &spec : expectedWeights(config))
        copy->m_parameters.push_back({.spec = spec, .value = mine.at(spec.name)->value.detach().to(parameterDtype, /*non_blocking=*/false, /*copy=*/true)});
    copy->indexWeights();
    return copy;
}

std::unique_ptr<Decoder> Decoder::frozenCopy() const
{
    std::unique_ptr<Decoder> copy(new Decoder(m_config, m_device, m_dtype));
    for (const Parameter &parameter : m_parameters)
        copy->m_parameters.push_back({.spec = parameter.spec, .value = parameter.value.detach().to(m_dtype, /*non_blocking=*/false, /*copy=*/true)});
    copy->indexWeights();
    return copy;
}

void Decoder::prepareCasts()
{
    if (m_adapter)
        m_adapter->prepareCasts(m_dtype);
    if (m_parameters.front().value.scalar_type() == m_dtype)
        return;
    // With gradients the casts are part of the graph, which the backward pass frees; without, they live until a step.
    const bool recording = c10::GradMode::is_enabled()
        && std::ranges::any_of(m_parameters, [](const Parameter &parameter) { return parameter.value.requires_grad(); });
    if (!recording && m_castsValid)
        return;
    m_casts.clear();
    for (const Parameter &parameter : m_parameters)
        m_casts.push_back(parameter.value.to(m_dtype));
    m_castsValid = !recording;
}

at::Tensor Decoder::weight(std::int64_t index) const
{
    const auto at = static_cast<std::size_t>(index);
    return m_casts.empty() ? m_parameters[at].value : m_casts[at];
}

at::Tensor Decoder::linear(const at::Tensor &x, std::int64_t weightIndex, std::int64_t biasIndex, const Pass &pass) const
{
    const at::Tensor w = weight(weightIndex);
    const std::optional<at::Tensor> bias = biasIndex < 0 ? std::nullopt : std::optional<at::Tensor>(weight(biasIndex));
    const at::Tensor y = kernels::linear(x, w, bias, m_config.conv1d);
    return m_adapter && m_adapterOn ? m_adapter->added(x, y, weightIndex, pass.dropout) : y;
}

at::Tensor Decoder::norm(const at::Tensor &x, std::int64_t weightIndex, std::int64_t biasIndex) const
{
    switch (m_config.norm) {
    case NormKind::Rms: return kernels::rmsNorm(x, weight(weightIndex), m_config.normEps, false);
    case NormKind::RmsPlusOne: return kernels::rmsNorm(x, weight(weightIndex), m_config.normEps, true);
    case NormKind::Layer: return at::layer_norm(x, {x.size(-1)}, weight(weightIndex), weight(biasIndex), m_config.normEps);
    case NormKind::LayerPlain: break;
    }
    return at::layer_norm(x.to(at::kFloat), {x.size(-1)}, {}, {}, m_config.normEps).to(x.scalar_type());
}

at::Tensor Decoder::embed(const at::Tensor &ids_N, const at::Tensor &positions_N) const
{
    at::Tensor x = at::embedding(weight(m_embedding), ids_N);
    if (m_config.embeddingScale != 1)
        x = x * at::scalar_tensor(m_config.embeddingScale, x.options()); // rounded to the dtype first, as transformers does
    if (m_projectIn >= 0)
        x = kernels::linear(x, weight(m_projectIn));
    if (m_positions >= 0)
        x = x + at::embedding(weight(m_positions), positions_N + m_config.positionOffset);
    return x;
}

void Decoder::prepareRotary(Pass &pass, const at::Tensor &positions_N, std::int64_t longest) const
{
    if (m_config.rope.kind == RopeKind::None)
        return;
    const auto tables = [&](const RopeConfig &rope, at::Tensor &cos, at::Tensor &sin) {
        const RotaryFrequencies frequencies = rotaryFrequencies(rope, m_config.rotaryDim, longest);
        const at::Tensor inverse = at::tensor(frequencies.inverse, at::kFloat).to(m_device);
        const at::Tensor angles = positions_N.to(at::kFloat).unsqueeze(1) * inverse.unsqueeze(0);
        cos = (angles.cos() * frequencies.attentionFactor).to(m_dtype);
        sin = (angles.sin() * frequencies.attentionFactor).to(m_dtype);
    };
    tables(m_config.rope, pass.cos_NR, pass.sin_NR);
    if (m_config.localRope)
        tables(*m_config.localRope, pass.localCos_NR, pass.localSin_NR);
}

at::Tensor Decoder::attention(const at::Tensor &x, std::size_t index, const Pass &pass) const
{
    const Layer &layer = m_layers[index];
    const DecoderConfig &c = m_config;
    const std::int64_t tokens = x.size(0);
    const std::int64_t queryWidth = c.heads * c.headDim;
    const std::int64_t keyWidth = c.kvHeads * c.headDim;

    at::Tensor q, k, v;
    if (layer.fusedQkv >= 0) {
        const at::Tensor qkv = linear(x, layer.fusedQkv, layer.fusedQkvBias, pass);
        if (c.fusedQkvInterleaved) {
            const at::Tensor heads = qkv.view({tokens, c.heads, 3, c.headDim});
            q = heads.select(2, 0);
            k = heads.select(2, 1);
            v = heads.select(2, 2);
        } else {
            q = qkv.narrow(1, 0, queryWidth);
            k = qkv.narrow(1, queryWidth, keyWidth);
            v = qkv.narrow(1, queryWidth + keyWidth, keyWidth);
        }
    } else {
        q = linear(x, layer.query, layer.queryBias, pass);
        k = linear(x, layer.key, layer.keyBias, pass);
        v = linear(x, layer.value, layer.valueBias, pass);
    }
    if (c.clipQkv > 0) {
        q = q.clamp(-c.clipQkv, c.clipQkv);
        k = k.clamp(-c.clipQkv, c.clipQkv);
        v = v.clamp(-c.clipQkv, c.clipQkv);
    }
    if (c.wideQkNorm) {
        q = norm(q, layer.queryNorm, -1);
        k = norm(k, layer.keyNorm, -1);
    }
    q = q.reshape({tokens, c.heads, c.headDim});
    k = k.reshape({tokens, c.kvHeads, c.headDim});
    v = v.reshape({tokens, c.kvHeads, c.headDim});
    if (layer.queryNorm >= 0 && !c.wideQkNorm) {
        q = norm(q, layer.queryNorm, -1);
        k = norm(k, layer.keyNorm, -1);
    }
    const std::int64_t window = c.windows[index];
    if (pass.cos_NR.defined()) {
        const bool local = window > 0 && pass.localCos_NR.defined();
        const at::Tensor &cos = local ? pass.localCos_NR : pass.cos_NR;
        const at::Tensor &sin = local ? pass.localSin_NR : pass.sin_NR;
        q = kernels::rotate(q, cos, sin);
        k = kernels::rotate(k, cos, sin);
    }

    const double scale = c.scalesByLayer ? c.attentionScale / static_cast<double>(index + 1) : c.attentionScale;
    const AttentionOptions options{.scale = scale, .softcap = c.attentionSoftcap, .window = window};
    at::Tensor mixed;
    if (pass.decoding) {
        mixed = attendCached(q, k, v, pass.cache->keys[index], pass.cache->values[index], pass.cache->lengths, options);
    } else {
        if (pass.cache != nullptr)
            fillCache(k, v, pass.shape, pass.cache->keys[index], pass.cache->values[index]);
        mixed = attendPacked(q, k, v, pass.shape, options);
    }
    return linear(mixed.reshape({tokens, queryWidth}), layer.output, layer.outputBias, pass);
}

at::Tensor Decoder::mlp(const at::Tensor &x, const Layer &layer, const Pass &pass) const
{
    const auto activate = [this](const at::Tensor &value) {
        switch (m_config.activation) {
        case Activation::Silu: return at::silu(value);
        case Activation::GeluExact: return at::gelu(value, "none");
        case Activation::GeluTanh: return at::gelu(value, "tanh");
        case Activation::Relu: break;
        }
        return at::relu(value);
    };
    at::Tensor inner;
    if (layer.fusedGateUp >= 0) {
        const at::Tensor both = linear(x, layer.fusedGateUp, -1, pass);
        inner = activate(both.narrow(1, 0, m_config.intermediate)) * both.narrow(1, m_config.intermediate, m_config.intermediate);
    } else if (layer.gate >= 0) {
        const at::Tensor gate = linear(x, layer.gate, layer.gateBias, pass);
        const at::Tensor up = linear(x, layer.up, layer.upBias, pass);
        inner = m_config.activation == Activation::Silu ? kernels::siluTimes(gate, up) : activate(gate) * up;
    } else {
        inner = activate(linear(x, layer.up, layer.upBias, pass));
    }
    return linear(inner, layer.down, layer.downBias, pass);
}

at::Tensor Decoder::layerForward(const at::Tensor &x, std::size_t index, const Pass &pass) const
{
    const Layer &layer = m_layers[index];
    const DecoderConfig &c = m_config;
    const bool plain = c.norm == NormKind::LayerPlain; // a norm that has no weights to find it by
    const bool before = !c.normAfterResidual;
    const bool attentionNormed = before && (layer.attentionNorm >= 0 || (plain && !c.names.attentionNorm.empty()));
    const bool mlpNormed = before && (layer.mlpNorm >= 0 || (plain && !c.names.mlpNorm.empty()));

    const at::Tensor normed = attentionNormed ? norm(x, layer.attentionNorm, layer.attentionNormBias) : x;
    at::Tensor mixed = attention(normed, index, pass);
    if (layer.afterAttentionNorm >= 0)
        mixed = norm(mixed, layer.afterAttentionNorm, -1);
    if (c.parallelResidual)
        return x + mixed + mlp(mlpNormed ? norm(x, layer.mlpNorm, layer.mlpNormBias) : normed, layer, pass);

    at::Tensor y = x + mixed;
    if (c.normAfterResidual)
        y = norm(y, layer.attentionNorm, layer.attentionNormBias);
    at::Tensor inner = mlp(mlpNormed ? norm(y, layer.mlpNorm, layer.mlpNormBias) : y, layer, pass);
    if (layer.afterMlpNorm >= 0)
        inner = norm(inner, layer.afterMlpNorm, -1);
    y = y + inner;
    return c.normAfterResidual ? norm(y, layer.mlpNorm, layer.mlpNormBias) : y;
}

bool Decoder::trains(std::size_t layer) const
{
    const std::string block = m_config.names.base + m_config.names.layer + std::to_string(layer) + ".";
    // An adapter's names hold those of the weights they stand beside.
    return std::ranges::any_of(trained(), [&block](const Parameter &parameter) { return parameter.spec.name.find(block) != std::string::npos; });
}

at::Tensor Decoder::layersUpTo(std::size_t end, at::Tensor x, const Pass &pass, std::vector<at::Tensor> *states) const
{
    const bool recompute = m_checkpointing && c10::GradMode::is_enabled() && pass.cache == nullptr;
    for (std::size_t layer = 0; layer < end; ++layer) {
        // A recomputed block is differentiated through its input; below the first trained one there is nothing to differentiate.
        if (recompute && !x.requires_grad() && trains(layer))
            x = x.detach().requires_grad_(true);
        x = recompute && x.requires_grad()
            ? kernels::checkpoint([this, layer, pass](const at::Tensor &input) { return layerForward(input, layer, pass); }, x)
            : layerForward(x, layer, pass);
        if (states != nullptr && layer + 1 < m_layers.size())
            states->push_back(x);
    }
    return x;
}

at::Tensor Decoder::run(const at::Tensor &ids_N, const Pass &pass, const at::Tensor &positions_N, std::vector<at::Tensor> *states)
{
    at::Tensor x = embed(ids_N, positions_N);
    if (states != nullptr)
        states->push_back(x);
    x = layersUpTo(m_layers.size(), x, pass, states);
    if (m_finalNorm >= 0 || (m_config.norm == NormKind::LayerPlain && !m_config.names.finalNorm.empty()))
        x = norm(x, m_finalNorm, m_finalNormBias);
    if (m_projectOut >= 0)
        x = kernels::linear(x, weight(m_projectOut));
    if (states != nullptr)
        states->push_back(x);
    return x;
}

at::Tensor Decoder::hidden(const Batch &batch)
{
    prepareCasts();
    Pass pass{.shape = AttentionShape(batch.offsets, m_device), .dropout = nextDropout()};
    prepareRotary(pass, batch.positions_N, pass.shape.longest());
    return run(batch.ids_N, pass, batch.positions_N);
}

at::Tensor Decoder::layerOutput(const Batch &batch, std::int64_t layer)
{
    TORCH_CHECK(layer >= 0 && layer < m_config.layers, "the model has ", m_config.layers, " layers, and layer ", layer, " was asked for");
    prepareCasts();
    Pass pass{.shape = AttentionShape(batch.offsets, m_device), .dropout = nextDropout()};
    prepareRotary(pass, batch.positions_N, pass.shape.longest());
    return layersUpTo(static_cast<std::size_t>(layer) + 1, embed(batch.ids_N, batch.positions_N), pass, nullptr);
}

std::vector<at::Tensor> Decoder::hiddenStates(const Batch &batch)
{
    prepareCasts();
    Pass pass{.shape = AttentionShape(batch.offsets, m_device)};
    prepareRotary(pass, batch.positions_N, pass.shape.longest());
    std::vector<at::Tensor> states;
    run(batch.ids_N, pass, batch.positions_N, &states);
    return states;
}

OutputHead Decoder::head() const
{
    return {.weight_VD = weight(m_head >= 0 ? m_head : m_embedding),
            .bias_V = m_headBias >= 0 ? weight(m_headBias) : at::Tensor(),
            .softcap = m_config.logitSoftcap};
}

void Decoder::setAssistant(std::unique_ptr<Decoder> assistant, const PairOptions &options)
{
    m_assistant = std::move(assistant);
    m_pairOptions = options;
}

at::Tensor Decoder::labelNll(const Batch &batch)
{
    if (!m_assistant)
        return LanguageModel::labelNll(batch);
    TORCH_CHECK(!c10::GradMode::is_enabled() || m_parameters.empty() || !m_parameters.front().value.requires_grad(), "a pair is not trained");
    const at::Tensor own = hidden(batch).index_select(0, batch.labelRows_M);
    const at::Tensor other = m_assistant->hidden(batch).index_select(0, batch.labelRows_M);
    const std::int64_t chunk = std::max<std::int64_t>(1, kPairChunkBytes / (m_config.vocabulary * 4));
    std::vector<at::Tensor> parts;
    for (std::int64_t begin = 0; begin < own.size(0) || parts.empty(); begin += chunk) {
        const std::int64_t count = std::min(chunk, own.size(0) - begin);
        const at::Tensor joined = pairLogits(logits(own.narrow(0, begin, count)), m_assistant->logits(other.narrow(0, begin, count)), m_pairOptions,
                                             PairUse::Scoring);
        const at::Tensor labels = batch.labelIds_M.narrow(0, begin, count).unsqueeze(1);
        parts.push_back(at::logsumexp(joined, 1) - joined.gather(1, labels).squeeze(1));
    }
    return at::cat(parts, 0);
}

at::Tensor Decoder::rowLogits(const Batch &batch, const at::Tensor &rows_K)
{
    const auto of = [&](Decoder &model) {
        const at::Tensor states = model.hidden(batch);
        return model.logits(rows_K.defined() ? states.index_select(0, rows_K) : states);
    };
    return m_assistant ? pairLogits(of(*this), of(*m_assistant), m_pairOptions, PairUse::Scoring) : of(*this);
}

KvCache Decoder::makeCache(std::int64_t texts, std::int64_t maximumLength) const
{
    KvCache cache;
    const auto options = at::TensorOptions().dtype(m_dtype).device(m_device);
    for (std::int64_t layer = 0; layer < m_config.layers; ++layer) {
        cache.keys.push_back(at::zeros({texts, m_config.kvHeads, maximumLength, m_config.headDim}, options));
        cache.values.push_back(at::zeros({texts, m_config.kvHeads, maximumLength, m_config.headDim}, options));
    }
    cache.lengths.assign(static_cast<std::size_t>(texts), 0);
    return cache;
}

at::Tensor Decoder::prefill(const Batch &prompts, KvCache &cache)
{
    prepareCasts();
    Pass pass{.shape = AttentionShape(prompts.offsets, m_device), .cache = &cache};
    prepareRotary(pass, prompts.positions_N, pass.shape.longest());
    const at::Tensor hidden_ND = run(prompts.ids_N, pass, prompts.positions_N);
    std::vector<std::int64_t> last;
    for (std::int64_t text = 0; text < prompts.samples(); ++text) {
        cache.lengths[static_cast<std::size_t>(text)] = prompts.length(text);
        last.push_back(prompts.offsets[static_cast<std::size_t>(text) + 1] - 1);
    }
    return hidden_ND.index_select(0, at::tensor(last, at::kLong).to(m_device));
}

at::Tensor Decoder::decode(const at::Tensor &ids_B, KvCache &cache)
{
    prepareCasts();
    Pass pass{.cache = &cache, .decoding = true};
    const at::Tensor positions_B = at::tensor(cache.lengths, at::kLong).to(m_device);
    prepareRotary(pass, positions_B, *std::ranges::max_element(cache.lengths) + 1);
    const at::Tensor hidden_BD = run(ids_B, pass, positions_B);
    for (std::int64_t &length : cache.lengths)
        ++length;
    return hidden_BD;
}

Batch packBatch(const std::vector<PackedSample> &samples, c10::Device device)
{
    std::vector<std::int64_t> ids, positions, labelRows, labelIds, labelSamples;
    Batch batch;
    for (std::size_t s = 0; s < samples.size(); ++s) {
        const PackedSample &sample = samples[s];
        const std::int64_t start = batch.offsets.back();
        for (std::int64_t t = 0; t < sample.length; ++t) {
            ids.push_back(sample.ids[t]);
            positions.push_back(t);
        }
        for (std::int64_t t = std::max<std::int64_t>(1, sample.labelStart); t < sample.length; ++t) {
            labelRows.push_back(start + t - 1);
            labelIds.push_back(sample.ids[t]);
            labelSamples.push_back(static_cast<std::int64_t>(s));
        }
        batch.offsets.push_back(start + sample.length);
        batch.labelOffsets.push_back(static_cast<std::int64_t>(labelRows.size()));
        batch.labelStarts.push_back(sample.labelStart);
        batch.keys.push_back(sample.key);
    }
    const auto onDevice = [device](const std::vector<std::int64_t> &values) { return at::tensor(values, at::kLong).to(device); };
    batch.ids_N = onDevice(ids);
    batch.positions_N = onDevice(positions);
    batch.labelRows_M = onDevice(labelRows);
    batch.labelIds_M = onDevice(labelIds);
    batch.labelSamples_M = onDevice(labelSamples);
    return batch;
}

} // namespace lethe
