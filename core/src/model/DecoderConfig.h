#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

enum class NormKind {
    Rms,        ///< x / rms(x) · w
    RmsPlusOne, ///< x / rms(x) · (1 + w), in f32 (Gemma)
    Layer,      ///< LayerNorm with weight and bias
    LayerPlain, ///< LayerNorm without either (OLMo)
};
enum class Activation { Silu, GeluExact, GeluTanh, Relu };
enum class RopeKind { None, Default, Linear, Dynamic, Llama3, Yarn, LongRope };

/// Rotary position embedding and its scaling, as `rope_scaling` / `rope_parameters` give it.
struct RopeConfig {
    RopeKind kind = RopeKind::None;
    double theta = 10000;
    double factor = 1;
    std::int64_t originalContext = 0; ///< original_max_position_embeddings, else max_position_embeddings
    std::int64_t context = 0;         ///< max_position_embeddings
    double lowFreqFactor = 1, highFreqFactor = 4; ///< llama3
    double betaFast = 32, betaSlow = 1;           ///< yarn
    bool truncate = true;                         ///< yarn
    std::optional<double> attentionFactor, mscale, mscaleAllDim;
    std::vector<double> shortFactor, longFactor; ///< longrope
    bool turnsWithLength = false; ///< a text that outgrows the first context is turned anew, from its first token (Phi-3)
    bool operator==(const RopeConfig &) const = default;
};

/// Inverse frequencies [rotaryDim/2, rounded up] and the factor on cos and sin, for texts of \p length tokens.
struct RotaryFrequencies {
    std::vector<float> inverse;
    double attentionFactor = 1;
};
LETHE_EXPORT RotaryFrequencies rotaryFrequencies(const RopeConfig &rope, std::int64_t rotaryDim, std::int64_t length);

/// Names of a family's tensors: base + layer pattern + role. An empty role is a part that the family does not have.
struct FamilyNames {
    std::string base = "model.";  ///< also tried without, as the first GPT-2 checkpoints are
    std::string embedding = "embed_tokens";
    std::string positions;
    std::string layer = "layers."; ///< + index + "."
    std::string attentionNorm = "input_layernorm";
    std::string afterAttentionNorm;
    std::string mlpNorm = "post_attention_layernorm";
    std::string afterMlpNorm;
    std::string queryNorm, keyNorm;
    std::string query = "self_attn.q_proj", key = "self_attn.k_proj", value = "self_attn.v_proj", fusedQkv;
    std::string output = "self_attn.o_proj";
    std::string gate = "mlp.gate_proj", up = "mlp.up_proj", fusedGateUp, down = "mlp.down_proj";
    std::string finalNorm = "norm";
    std::string projectIn, projectOut;
    std::string head = "lm_head";
};

/// A decoder as options: every family is a table over these, and the one Decoder runs them all.
struct DecoderConfig {
    std::string modelType, architecture;
    FamilyNames names;
    std::int64_t vocabulary = 0, hidden = 0, intermediate = 0, layers = 0, heads = 0, kvHeads = 0, headDim = 0, context = 0;
    std::int64_t embeddingWidth = 0; ///< of the token embedding and the head; `hidden` but in some OPT models
    bool tied = false;

    NormKind norm = NormKind::Rms;
    double normEps = 1e-6;
    bool normAfterResidual = false; ///< OPT with do_layer_norm_before = false
    bool parallelResidual = false;  ///< x + attention(norm x) + mlp(norm' x)
    double embeddingScale = 1;
    std::int64_t positionOffset = 0; ///< of learned positions

    RopeConfig rope;
    std::optional<RopeConfig> localRope; ///< for windowed layers, where they differ (Gemma 3)
    std::int64_t rotaryDim = 0;
    bool rotaryRoundsUp = false; ///< an odd rotaryDim turns one channel more, its frequencies' exponents over the odd number
    double attentionScale = 0;
    bool scalesByLayer = false; ///< divided by the layer's number, from 1 (some GPT-2)
    double attentionSoftcap = 0, logitSoftcap = 0;
    double clipQkv = 0;
    std::vector<std::int64_t> windows; ///< a layer's window in tokens, itself included; 0: unlimited
    bool fusedQkvInterleaved = false;  ///< per head q, k, v (GPT-NeoX)
    bool wideQkNorm = false;           ///< over whole q and k, before the heads part (OLMo 2)
    bool conv1d = false;               ///< weights stored as [in, out] (GPT-2)
    bool qkvBias = false, outputBias = false, mlpBias = false, headBias = false;
    Activation activation = Activation::Silu;
    bool gated = true;

    std::vector<std::int64_t> eosIds; ///< generation_config.json's, else config.json's
    /// generation_config.json's `repetition_penalty` (Keskar et al. 2019, arXiv:1909.05858), which transformers applies to greedy answers too;
    /// 1: none.
    double repetitionPenalty = 1;
    std::vector<std::string> remarks; ///< what differs from transformers; usually nothing
};

enum class WeightKind { Matrix, Embedding, Norm, Bias };

/// A tensor that the config asks for.
struct WeightSpec {
    std::string name;
    std::vector<std::int64_t> shape;
    WeightKind kind = WeightKind::Matrix;
    /// AdamW decays everything but biases and norms, as transformers' Trainer does.
    bool decays() const { return kind == WeightKind::Matrix || kind == WeightKind::Embedding; }
};

/// Reads config.json (and generation_config.json's EOS). Unsupported names the model type, activation or rope type and lists
/// what works; Corrupt names the key.
LETHE_EXPORT Result<DecoderConfig> readDecoderConfig(const std::filesystem::path &folder);
LETHE_EXPORT Result<DecoderConfig> parseDecoderConfig(std::string_view json, const std::string &file);

/// Every tensor of \p config in transformers' order, a tied head left out.
LETHE_EXPORT std::vector<WeightSpec> expectedWeights(const DecoderConfig &config);

/// Buffers that checkpoints carry and nobody needs (causal masks, rotary tables, a tied head's copy).
LETHE_EXPORT bool isIgnorableTensor(const DecoderConfig &config, std::string_view name);

class WeightFiles;

/// What the config asks for held against what the files hold.
struct WeightMatch {
    std::vector<WeightSpec> specs;    ///< canonical names
    std::vector<std::string> fileNames; ///< for each spec, the name in the files
    std::vector<Error> problems;      ///< missing, misshapen, unexpected, of a dtype that cannot be loaded
};
LETHE_EXPORT WeightMatch matchWeights(const DecoderConfig &config, const WeightFiles &files);

} // namespace lethe
