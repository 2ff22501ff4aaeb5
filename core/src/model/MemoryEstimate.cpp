#include "training/BlockwiseLoops.h"

#include <lethe/base/Device.h>
#include <lethe/model/Freezing.h>
#include <lethe/model/ModelInfo.h>

#include <algorithm>
#include <cmath>

namespace lethe {

namespace {

/// The program itself with LibTorch's libraries and the texts: 140 to 160 MiB, whatever the model.
constexpr double kProcessBytes = 150.0 * (1 << 20);
/// What freed blocks between used ones add to memory that comes and goes, with the C library's allocator.
constexpr double kHoles = 1.15;
/// The same below f32 on the CPU: f32 copies come and go between 16-bit values that stay, and the allocator keeps their places. Measured
/// at 1.8 to 2.3; a threshold from which on blocks are given back at once brings it near 1, and costs half as much time again.
constexpr double kNarrowHoles = 1.9;
/// The longest of some dozens of batches against the mean one: rows of one data set spread by about a third of their mean.
constexpr double kSpread = 0.75;
/// Rows of the head that are at hand at once, in f32 (kernels::labelNll).
constexpr double kLogitChunk = 256.0 * (1 << 20);
/// The same on the CPU where nothing is differentiated.
constexpr double kScoringChunk = 64.0 * (1 << 20);
/// Tokens of one pass over the reference's rows (FrozenReference).
constexpr double kReferencePass = 4096;

bool isOneOf(const std::string &text, std::initializer_list<const char *> list)
{
    return std::ranges::any_of(list, [&](const char *one) { return text == one; });
}

/// AdamW's two averages of a matrix; in 8 bits, with two f32 scales for each block (training/BlockwiseAdam.h).
double averagesOf(double parameters, bool coded)
{
    return parameters * (coded && parameters >= loops::kSmallestCoded ? 2.0 + 8.0 / loops::kCodeBlock : 8.0);
}

/// What an adapter adds: its own numbers, and the inputs of the layers it stands beside.
struct Adapted {
    double parameters = 0;
    double codedAverages = 0; ///< bytes, in 8 bits
    double inputs = 0; ///< widths, of all layers
};

Adapted adaptedBy(const LoraSpec &lora, const ModelInfo &model, const Freezing &freezing)
{
    Adapted adapted;
    for (const TensorInfo &tensor : model.tensors) {
        constexpr std::string_view kSuffix = ".weight";
        if (tensor.shape.size() != 2 || !tensor.name.ends_with(kSuffix) || !blockOf(tensor.name) || tensor.name.find(".lora_") != std::string::npos
            || freezing.freezes(tensor.name))
            continue;
        const std::string module = tensor.name.substr(0, tensor.name.size() - kSuffix.size());
        const bool chosen = lora.targetModules.empty()
            || std::ranges::any_of(lora.targetModules, [&](const std::string &name) { return module == name || module.ends_with("." + name); });
        if (!chosen)
            continue;
        for (const std::int64_t extent : tensor.shape) {
            const auto half = static_cast<double>(lora.rank * extent);
            adapted.parameters += half;
            adapted.codedAverages += averagesOf(half, true);
        }
        adapted.inputs += static_cast<double>(model.modelType == "gpt2" ? tensor.shape[0] : tensor.shape[1]); // stored as [in, out]
    }
    return adapted;
}

/// What freezing saves.
struct Frozen {
    double parameters = 0;
    double codedAverages = 0;   ///< of what is trained: bytes, in 8 bits
    bool head = false;          ///< its weight has no gradient
    std::int64_t below = 0;     ///< blocks that nothing is differentiated through: those before the first one that is trained
};

Frozen frozenBy(const Freezing &freezing, const ModelInfo &model)
{
    Frozen frozen;
    bool embedding = false; // trained: its gradient comes through every block
    std::int64_t first = model.layers;
    frozen.head = freezing.any();
    for (const TensorInfo &tensor : model.tensors) {
        const bool isFrozen = freezing.freezes(tensor.name);
        const auto block = blockOf(tensor.name);
        double elements = 1;
        for (const std::int64_t extent : tensor.shape)
            elements *= static_cast<double>(extent);
        const bool isHead = tensor.name.find("lm_head") != std::string::npos || tensor.name.find("embed_out") != std::string::npos;
        if (isFrozen)
            frozen.parameters += elements;
        else if (block)
            first = std::min(first, *block);
        if (!isFrozen) // an embedding's averages stay f32
            frozen.codedAverages += averagesOf(elements, tensor.shape.size() == 2 && (block || isHead));
        if (isFrozen || block || tensor.shape.size() != 2)
            continue;
        if (isHead || (model.tiedEmbeddings && tensor.shape[0] == model.vocabularySize))
            frozen.head = false;
        if (!isHead)
            embedding = true;
    }
    frozen.below = embedding ? 0 : first;
    return frozen;
}

/// Bytes that a block keeps of a token for its backward pass: in- and outputs of its norms (below f32 the norm's own f32 copies),
/// q and, repeated to as many heads, k and v, what attention gives before and after it is joined, and the MLP's inner values.
double keptByLayer(const ModelInfo &model, double element)
{
    const auto hidden = static_cast<double>(model.hiddenSize);
    const auto queryWidth = static_cast<double>(model.heads * model.headDim);
    const double inner = isOneOf(model.modelType, {"gpt2", "opt", "phi", "gpt_neox"}) ? 2 // before and after the activation
        : isOneOf(model.modelType, {"gemma", "gemma2", "gemma3_text", "phi3"})         ? 4 // gate, its activation, up, product
                                                                                      : 3; // silu(gate) is computed again
    return 16 * hidden + element * (5 * queryWidth + inner * static_cast<double>(model.intermediateSize));
}

} // namespace

MemoryEstimate estimateMemory(const ModelInfo &model, const TrainingSpec &training, std::int64_t maxLength, double meanTokens,
                              double meanLabels, bool needsReferenceModel, std::int64_t referenceRows)
{
    const bool wide = training.dtype == Dtype::F32;
    const double element = wide ? 4 : 2;
    const auto parameters = static_cast<double>(model.parameters);
    const auto hidden = static_cast<double>(model.hiddenSize);
    const auto layers = static_cast<double>(model.layers);
    const auto vocabulary = static_cast<double>(model.vocabularySize);
    const auto rows = static_cast<double>(training.batchSize);
    const double row = std::min(meanTokens, static_cast<double>(maxLength));
    const double tokens = rows * std::min(row * (1 + kSpread / std::sqrt(rows)), static_cast<double>(maxLength));
    const double labelShare = meanTokens > 0 ? std::min(1.0, meanLabels / meanTokens) : 0;
    std::vector<std::string> names;
    for (const TensorInfo &tensor : model.tensors)
        names.push_back(tensor.name);
    const auto read = Freezing::of(training, model.layers, names);
    const Freezing freezing = read.ok() ? *read : Freezing(); // what is wrong with it is said elsewhere
    const Frozen frozen = training.lora ? Frozen() : frozenBy(freezing, model);
    const Adapted adapted = training.lora ? adaptedBy(*training.lora, model, freezing) : Adapted();
    const double trained = training.lora ? adapted.parameters : std::max(0.0, parameters - frozen.parameters);

    // The head's rows and a second tensor of their size; below f32 also the product before it is widened.
    const auto logitsOf = [&](double labels, double chunk) { return (wide ? 2.0 : 2.5) * std::min(labels * vocabulary * 4, chunk); };
    // Below f32 the weights are kept in f32 for the optimizer beside those computed with; a frozen base is not.
    const double weights = training.lora ? parameters * element + trained * (wide ? 4 : 6) : parameters * (wide ? 4 : 6);
    double kept = keptByLayer(model, element);
    if (training.lora && training.lora->dropout > 0)
        kept += 2 * element * adapted.inputs / std::max(1.0, layers); // the mask, and what it leaves
    const auto below = static_cast<double>(frozen.below);
    // One block's values are there twice where they are computed again: what the forward pass freed of the last one stays with its
    // thread's heap, and the backward pass, on a thread of its own, takes as much anew.
    const bool onCpu = training.device == "cpu" || deviceReport().cuda.empty();
    const double holes = !wide && onCpu ? kNarrowHoles : kHoles;
    const double activations = holes * tokens * (training.gradientCheckpointing ? (layers - below) * hidden * element + 2 * kept : (layers - below) * kept);
    // Gradients are added to those that are there; while the backward pass is in the head, its own is still apart.
    const double headGradient = training.lora || frozen.head ? 0 : vocabulary * hidden * (wide ? 4 : 6);
    const double logits = logitsOf(tokens * labelShare, kLogitChunk) + headGradient;
    const double gradients = trained * 4;
    const double optimizer = training.optimizer == OptimizerKind::Sgd ? 0
        : training.optimizer == OptimizerKind::AdamW                  ? trained * 8
        : training.lora                                               ? adapted.codedAverages
                                                                      : frozen.codedAverages;
    // SGD's decay makes a second gradient, when activations and logits are gone.
    const double decayed = training.optimizer == OptimizerKind::Sgd && training.weightDecay != 0 ? trained * 4 : 0;

    MemoryEstimate estimate;
    const auto bytes = [](double value) { return static_cast<std::int64_t>(value); };
    estimate.process = bytes(kProcessBytes);
    estimate.weights = bytes(weights);
    estimate.gradients = bytes(gradients);
    estimate.optimizer = bytes(optimizer);
    estimate.activations = bytes(activations);
    estimate.logits = bytes(std::max(logits, decayed - activations));
    estimate.trainedParameters = bytes(trained);
    if (needsReferenceModel) {
        // Its values are computed before the first step, with the very weights, and before gradients and optimizer are there.
        const double passed = referenceRows > 0 ? std::min(kReferencePass, static_cast<double>(referenceRows) * row) : kReferencePass;
        const double pass = passed * element * (6 * hidden + 3 * static_cast<double>(model.intermediateSize)) + logitsOf(passed * labelShare, kScoringChunk);
        estimate.reference = bytes(std::max(0.0, pass - (gradients + optimizer + activations + logits)));
    }
    return estimate;
}

} // namespace lethe
