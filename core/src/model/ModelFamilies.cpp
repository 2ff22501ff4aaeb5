#include "model/ModelFamilies.h"

#include <lethe/model/ModelInfo.h>

#include <algorithm>
#include <array>

namespace lethe {

namespace {

/// The keys that most families share.
void readCommon(const JsonReader &config, DecoderConfig &decoder)
{
    decoder.vocabulary = config.count("vocab_size");
    decoder.hidden = config.count("hidden_size");
    decoder.intermediate = config.count("intermediate_size");
    decoder.layers = config.count("num_hidden_layers", JsonReader::kMostLayers);
    decoder.heads = config.count("num_attention_heads");
    decoder.kvHeads = config.positive("num_key_value_heads", config.integer("num_key_value_heads", decoder.heads));
    decoder.headDim = config.positive("head_dim", config.integer("head_dim", decoder.hidden / decoder.heads));
    decoder.context = config.integer("max_position_embeddings", 2048);
    decoder.rotaryDim = decoder.headDim;
}

/// The part of each head that is rotated, in whole dimensions.
std::int64_t partialRotary(const JsonReader &config, const DecoderConfig &decoder, const char *key, double otherwise)
{
    const auto *parameters = config.find("rope_parameters");
    double part = config.number(key, otherwise);
    if (parameters != nullptr && parameters->is_object() && parameters->contains("partial_rotary_factor")
        && (*parameters)["partial_rotary_factor"].is_number())
        part = (*parameters)["partial_rotary_factor"].get<double>();
    return static_cast<std::int64_t>(static_cast<double>(decoder.headDim) * std::clamp(part, 0.0, 1.0));
}

/// Windows by `layer_types` where the config has it, else by \p isWindowed.
void readWindows(const JsonReader &config, DecoderConfig &decoder, std::int64_t window, bool (*isWindowed)(std::int64_t layer, const JsonReader &))
{
    const auto *types = config.find("layer_types");
    for (std::int64_t layer = 0; layer < decoder.layers; ++layer) {
        bool windowed = isWindowed(layer, config);
        if (types != nullptr && types->is_array() && static_cast<std::int64_t>(types->size()) == decoder.layers) {
            const auto &kind = (*types)[static_cast<std::size_t>(layer)];
            windowed = kind == "sliding_attention";
            if (!windowed && kind != "full_attention")
                config.fail({.code = ErrorCode::Unsupported, .what = "layer_types names " + kind.dump().substr(0, 80) + ", which is not supported",
                             .where = config.file(), .hint = "Supported: full_attention, sliding_attention"});
        }
        decoder.windows.push_back(windowed ? window : 0);
    }
}

bool everyLayer(std::int64_t, const JsonReader &) { return true; }
bool everyOtherLayer(std::int64_t layer, const JsonReader &) { return layer % 2 == 0; }
bool allButEveryNth(std::int64_t layer, const JsonReader &config) { return (layer + 1) % std::max<std::int64_t>(1, config.integer("sliding_window_pattern", 6)) != 0; }
bool upperLayers(std::int64_t layer, const JsonReader &config) { return layer >= config.integer("max_window_layers", 28); }

/// Qwen: windows where they are asked for, in the layers above some.
void readUpperWindows(const JsonReader &config, DecoderConfig &decoder)
{
    if (config.flag("use_sliding_window", false) && !config.isNull("sliding_window"))
        readWindows(config, decoder, config.positive("sliding_window", config.integer("sliding_window", 4096), JsonReader::kMostContext), upperLayers);
}

/// What all that descend from Llama share: no biases.
void readLlamaLike(const JsonReader &config, DecoderConfig &decoder)
{
    readCommon(config, decoder);
    decoder.normEps = config.number("rms_norm_eps", 1e-6);
    decoder.rope = readRope(config, 10000);
    decoder.activation = readActivation(config, "hidden_act", "silu");
}

void readAttentionBias(const JsonReader &config, DecoderConfig &decoder)
{
    decoder.qkvBias = decoder.outputBias = config.flag("attention_bias", false);
}

void readLlama(const JsonReader &config, DecoderConfig &decoder)
{
    readLlamaLike(config, decoder);
    readAttentionBias(config, decoder);
    decoder.mlpBias = config.flag("mlp_bias", false);
}

void readMistral(const JsonReader &config, DecoderConfig &decoder)
{
    readLlamaLike(config, decoder);
    if (!config.isNull("sliding_window"))
        readWindows(config, decoder, config.positive("sliding_window", config.integer("sliding_window", 4096), JsonReader::kMostContext), everyLayer);
}

void readQwen2(const JsonReader &config, DecoderConfig &decoder)
{
    readLlamaLike(config, decoder);
    decoder.qkvBias = true;
    readUpperWindows(config, decoder);
}

void readQwen3(const JsonReader &config, DecoderConfig &decoder)
{
    readLlamaLike(config, decoder);
    readAttentionBias(config, decoder);
    decoder.headDim = decoder.rotaryDim = config.positive("head_dim", config.integer("head_dim", 128));
    decoder.names.queryNorm = "self_attn.q_norm";
    decoder.names.keyNorm = "self_attn.k_norm";
    readUpperWindows(config, decoder);
}

/// What the three generations share.
void readGemmaLike(const JsonReader &config, DecoderConfig &decoder)
{
    readCommon(config, decoder);
    decoder.headDim = decoder.rotaryDim = config.positive("head_dim", config.integer("head_dim", 256));
    decoder.norm = NormKind::RmsPlusOne;
    decoder.normEps = config.number("rms_norm_eps", 1e-6);
    decoder.rope = readRope(config, 10000);
    decoder.embeddingScale = std::sqrt(static_cast<double>(decoder.hidden));
    readAttentionBias(config, decoder);
    if (config.flag("use_bidirectional_attention", false))
        config.fail({.code = ErrorCode::Unsupported, .what = "use_bidirectional_attention: true is not supported", .where = config.file(), .hint = {}});
}

void readGemma(const JsonReader &config, DecoderConfig &decoder)
{
    readGemmaLike(config, decoder);
    decoder.activation = readActivation(config, "hidden_act", "gelu_pytorch_tanh");
    if (decoder.activation == Activation::GeluExact) // what the first configs say and do not mean
        decoder.activation = Activation::GeluTanh;
}

void readGemma2(const JsonReader &config, DecoderConfig &decoder)
{
    readGemmaLike(config, decoder);
    decoder.activation = readActivation(config, "hidden_activation", "gelu_pytorch_tanh");
    decoder.names.afterAttentionNorm = "post_attention_layernorm";
    decoder.names.mlpNorm = "pre_feedforward_layernorm";
    decoder.names.afterMlpNorm = "post_feedforward_layernorm";
    decoder.attentionScale = 1.0 / std::sqrt(config.number("query_pre_attn_scalar", 256));
    decoder.attentionSoftcap = config.isNull("attn_logit_softcapping") ? 0 : config.number("attn_logit_softcapping", 50);
    decoder.logitSoftcap = config.isNull("final_logit_softcapping") ? 0 : config.number("final_logit_softcapping", 30);
    readWindows(config, decoder, config.positive("sliding_window", config.integer("sliding_window", 4096), JsonReader::kMostContext), everyOtherLayer);
}

void readGemma3(const JsonReader &config, DecoderConfig &decoder)
{
    readGemma2(config, decoder);
    decoder.attentionSoftcap = 0; // the key is there, and transformers does not use it
    decoder.logitSoftcap = config.number("final_logit_softcapping", 0);
    decoder.windows.clear();
    readWindows(config, decoder, config.positive("sliding_window", config.integer("sliding_window", 4096), JsonReader::kMostContext), allButEveryNth);
    decoder.names.queryNorm = "self_attn.q_norm";
    decoder.names.keyNorm = "self_attn.k_norm";
    decoder.rope = readRope(config, 1'000'000);
    // transformers puts rope_scaling over {"rope_type": "default"}, so that the older key "type" has no say here.
    if (const auto *scaling = config.find("rope_scaling"); scaling != nullptr && !scaling->empty() && !scaling->contains("rope_type"))
        decoder.rope.kind = RopeKind::Default;
    decoder.localRope = RopeConfig{.kind = RopeKind::Default, .theta = config.number("rope_local_base_freq", 10000)};
    if (const auto *parameters = config.find("rope_parameters"); parameters != nullptr && parameters->contains("sliding_attention"))
        decoder.localRope = readRope(config, 10000, "sliding_attention");
}

void readPhi(const JsonReader &config, DecoderConfig &decoder)
{
    readCommon(config, decoder);
    decoder.norm = NormKind::Layer;
    decoder.normEps = config.number("layer_norm_eps", 1e-5);
    decoder.rope = readRope(config, 10000);
    decoder.rotaryDim = partialRotary(config, decoder, "partial_rotary_factor", 0.5);
    decoder.parallelResidual = true;
    decoder.activation = readActivation(config, "hidden_act", "gelu_new");
    decoder.gated = false;
    decoder.qkvBias = decoder.outputBias = decoder.mlpBias = decoder.headBias = true;
    decoder.names.mlpNorm.clear(); // one norm serves attention and MLP
    decoder.names.output = "self_attn.dense";
    decoder.names.gate.clear();
    decoder.names.up = "mlp.fc1";
    decoder.names.down = "mlp.fc2";
    decoder.names.finalNorm = "final_layernorm";
    if (config.flag("qk_layernorm", false))
        config.fail({.code = ErrorCode::Unsupported, .what = "qk_layernorm: true is not supported for phi", .where = config.file(), .hint = {}});
}

void readPhi3(const JsonReader &config, DecoderConfig &decoder)
{
    readCommon(config, decoder);
    decoder.normEps = config.number("rms_norm_eps", 1e-5);
    decoder.rope = readRope(config, 10000);
    if (decoder.rope.kind == RopeKind::Yarn) // its first name
        decoder.rope.kind = RopeKind::LongRope;
    decoder.rope.turnsWithLength = decoder.rope.kind == RopeKind::LongRope;
    decoder.rotaryDim = partialRotary(config, decoder, "partial_rotary_factor", 1);
    decoder.rotaryRoundsUp = true;
    decoder.activation = readActivation(config, "hidden_act", "silu");
    decoder.names.fusedQkv = "self_attn.qkv_proj";
    decoder.names.query = decoder.names.key = decoder.names.value = "";
    decoder.names.fusedGateUp = "mlp.gate_up_proj";
    decoder.names.gate = decoder.names.up = "";
    if (config.has("sliding_window"))
        readWindows(config, decoder, config.count("sliding_window", JsonReader::kMostContext), everyLayer);
}

void readOpt(const JsonReader &config, DecoderConfig &decoder)
{
    decoder.vocabulary = config.count("vocab_size");
    decoder.hidden = config.count("hidden_size");
    decoder.intermediate = config.count("ffn_dim");
    decoder.layers = config.count("num_hidden_layers", JsonReader::kMostLayers);
    decoder.heads = decoder.kvHeads = config.count("num_attention_heads");
    decoder.headDim = decoder.hidden / decoder.heads;
    decoder.context = config.count("max_position_embeddings");
    decoder.embeddingWidth = config.positive("word_embed_proj_dim", config.integer("word_embed_proj_dim", decoder.hidden));
    decoder.norm = NormKind::Layer;
    decoder.normEps = 1e-5;
    decoder.positionOffset = 2;
    decoder.normAfterResidual = !config.flag("do_layer_norm_before", true);
    decoder.activation = readActivation(config, "activation_function", "relu");
    decoder.gated = false;
    decoder.qkvBias = decoder.outputBias = decoder.mlpBias = config.flag("enable_bias", true);
    if (!config.flag("layer_norm_elementwise_affine", true))
        decoder.norm = NormKind::LayerPlain;
    FamilyNames &names = decoder.names;
    names.base = "model.decoder.";
    names.positions = "embed_positions";
    names.attentionNorm = "self_attn_layer_norm";
    names.mlpNorm = "final_layer_norm";
    names.output = "self_attn.out_proj";
    names.gate.clear();
    names.up = "fc1";
    names.down = "fc2";
    names.finalNorm = decoder.normAfterResidual || config.flag("_remove_final_layer_norm", false) ? "" : "final_layer_norm";
    if (decoder.embeddingWidth != decoder.hidden) {
        names.projectIn = "project_in";
        names.projectOut = "project_out";
    }
}

void readGpt2(const JsonReader &config, DecoderConfig &decoder)
{
    decoder.vocabulary = config.count("vocab_size");
    decoder.hidden = config.count("n_embd");
    decoder.layers = config.count("n_layer", JsonReader::kMostLayers);
    decoder.heads = decoder.kvHeads = config.count("n_head");
    decoder.headDim = decoder.hidden / decoder.heads;
    decoder.intermediate = config.positive("n_inner", config.integer("n_inner", 4 * decoder.hidden));
    decoder.context = config.count("n_positions");
    decoder.norm = NormKind::Layer;
    decoder.normEps = config.number("layer_norm_epsilon", 1e-5);
    decoder.activation = readActivation(config, "activation_function", "gelu_new");
    decoder.gated = false;
    decoder.conv1d = true;
    decoder.qkvBias = decoder.outputBias = decoder.mlpBias = true;
    if (!config.flag("scale_attn_weights", true))
        decoder.attentionScale = 1;
    decoder.scalesByLayer = config.flag("scale_attn_by_inverse_layer_idx", false);
    if (config.flag("add_cross_attention", false))
        config.fail({.code = ErrorCode::Unsupported, .what = "add_cross_attention: true is not supported", .where = config.file(), .hint = {}});
    FamilyNames &names = decoder.names;
    names.base = "transformer.";
    names.embedding = "wte";
    names.positions = "wpe";
    names.layer = "h.";
    names.attentionNorm = "ln_1";
    names.mlpNorm = "ln_2";
    names.fusedQkv = "attn.c_attn";
    names.query = names.key = names.value = "";
    names.output = "attn.c_proj";
    names.gate.clear();
    names.up = "mlp.c_fc";
    names.down = "mlp.c_proj";
    names.finalNorm = "ln_f";
}

void readGptNeoX(const JsonReader &config, DecoderConfig &decoder)
{
    readCommon(config, decoder);
    decoder.kvHeads = decoder.heads;
    decoder.norm = NormKind::Layer;
    decoder.normEps = config.number("layer_norm_eps", 1e-5);
    decoder.rope = readRope(config, config.number("rotary_emb_base", 10000));
    decoder.rotaryDim = partialRotary(config, decoder, "rotary_pct", 0.25);
    decoder.rotaryRoundsUp = true;
    decoder.parallelResidual = config.flag("use_parallel_residual", true);
    decoder.activation = readActivation(config, "hidden_act", "gelu");
    decoder.gated = false;
    decoder.qkvBias = decoder.outputBias = config.flag("attention_bias", true);
    decoder.mlpBias = true;
    decoder.fusedQkvInterleaved = true;
    FamilyNames &names = decoder.names;
    names.base = "gpt_neox.";
    names.embedding = "embed_in";
    names.fusedQkv = "attention.query_key_value";
    names.query = names.key = names.value = "";
    names.output = "attention.dense";
    names.gate.clear();
    names.up = "mlp.dense_h_to_4h";
    names.down = "mlp.dense_4h_to_h";
    names.finalNorm = "final_layer_norm";
    names.head = "embed_out"; // newer files say lm_head; both are read
}

void readOlmo(const JsonReader &config, DecoderConfig &decoder)
{
    readLlamaLike(config, decoder);
    readAttentionBias(config, decoder);
    decoder.norm = NormKind::LayerPlain;
    decoder.normEps = 1e-5;
    decoder.clipQkv = config.number("clip_qkv", 0);
}

void readOlmo2(const JsonReader &config, DecoderConfig &decoder)
{
    readLlamaLike(config, decoder);
    readAttentionBias(config, decoder);
    decoder.normEps = config.number("rms_norm_eps", 1e-5);
    decoder.wideQkNorm = true;
    decoder.names.queryNorm = "self_attn.q_norm";
    decoder.names.keyNorm = "self_attn.k_norm";
    decoder.names.attentionNorm.clear();
    decoder.names.afterAttentionNorm = "post_attention_layernorm";
    decoder.names.mlpNorm.clear();
    decoder.names.afterMlpNorm = "post_feedforward_layernorm";
}

constexpr std::array kFamilies{
    ModelFamily{"llama", "LlamaForCausalLM", false, readLlama},
    ModelFamily{"mistral", "MistralForCausalLM", false, readMistral},
    ModelFamily{"qwen2", "Qwen2ForCausalLM", false, readQwen2},
    ModelFamily{"qwen3", "Qwen3ForCausalLM", false, readQwen3},
    ModelFamily{"gemma", "GemmaForCausalLM", true, readGemma},
    ModelFamily{"gemma2", "Gemma2ForCausalLM", true, readGemma2},
    ModelFamily{"gemma3_text", "Gemma3ForCausalLM", true, readGemma3},
    ModelFamily{"phi", "PhiForCausalLM", false, readPhi},
    ModelFamily{"phi3", "Phi3ForCausalLM", false, readPhi3},
    ModelFamily{"opt", "OPTForCausalLM", true, readOpt},
    ModelFamily{"gpt2", "GPT2LMHeadModel", true, readGpt2},
    ModelFamily{"gpt_neox", "GPTNeoXForCausalLM", false, readGptNeoX},
    ModelFamily{"olmo", "OlmoForCausalLM", false, readOlmo},
    ModelFamily{"olmo2", "Olmo2ForCausalLM", false, readOlmo2},
};

} // namespace

const ModelFamily *findFamily(std::string_view type)
{
    const auto found = std::ranges::find(kFamilies, type, &ModelFamily::type);
    return found == kFamilies.end() ? nullptr : &*found;
}

std::vector<std::string> supportedModelTypes()
{
    std::vector<std::string> names;
    for (const ModelFamily &family : kFamilies)
        names.emplace_back(family.type);
    return names;
}

} // namespace lethe
