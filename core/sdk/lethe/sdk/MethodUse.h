#pragma once

#include <lethe/sdk/Losses.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lethe {

/// Own: one of the method's, named by the manifest and computed by its `retainTerm`.
enum class RetainLoss { None, Nll, Kl, Own };

/// What is known of a run before its weights and data are read.
struct RunOutline {
    std::int64_t layers = 0, hidden = 0, vocabulary = 0;
    std::int64_t seed = 0;
    double learningRate = 0;
    bool constantRate = true; ///< neither warm-up nor decay
    std::optional<double> maxGradNorm;
    bool sgd = false;
    bool lora = false;
    bool drawsAlternates = false; ///< replacement answers come from a list of refusals (`data.refusals`), not from the rows
    RetainLoss retainLoss = RetainLoss::None;
    losses::KlPositions klPositions = losses::KlPositions::Real;
};

/// Values of the frozen model that the terms will ask for on one kind of batch. The session computes them once a sample before the
/// first step, from the model itself where that is its own reference, and keeps no second copy of the body.
struct FrozenUse {
    bool nll = false;         ///< `Reference::tokenNll`, `sequenceNll`
    bool hidden = false;      ///< `Reference::hidden`
    bool labelHidden = false; ///< `Reference::labelHidden`
    std::optional<std::int64_t> layer; ///< `Reference::layerOutput` of this block
    bool any() const { return nll || hidden || labelHidden || layer; }
};

/// A term beside those on forget and retain. Reported as `<name>_loss`.
struct FurtherTerm {
    enum class On { Forget, Retain, Alternate };
    std::string name;
    double weight = 1;
    On on = On::Forget;
};

/// Random text around the questions of forget batches, drawn anew at each access from seed and step.
struct PromptNoise {
    std::int64_t prefixMax = 0, suffixMax = 0; ///< tokens; lengths are uniform from 0 to these
    bool any() const { return prefixMax > 0 || suffixMax > 0; }
};

/// Further samples, made of the forget rows' other fields: a row in other words (`paraphrased_question`, `paraphrased_answer`) joins the
/// forget samples, its question with a wrong answer (`perturbed_answer`) the retain samples.
struct Augmentation {
    std::int64_t paraphrases = 0; ///< at most so many a row
    std::int64_t perturbed = 0;   ///< at most so many a row
    bool any() const { return paraphrases > 0 || perturbed > 0; }
};

/// A small model that is trained in the target's place: its first layers, its embedding, final norm and head. Its logits are added to
/// the target's when the pair is used.
struct AssistantUse {
    std::int64_t layers = 0;
    std::int64_t loraRank = 0; ///< 0: all of it is trained
    double loraAlpha = 0, loraDropout = 0;
    double logitWeight = 0, topFilter = 0;
    std::string filterMode; ///< as the pair's manifest names it
};

/// What a method asks of the session, beyond its manifest.
struct MethodUse {
    FrozenUse forget, alternate, retain;
    /// Whether there is a retain term; unset: as the spec's `retain_loss` and `retain_weight` say.
    std::optional<bool> retainTerm;
    std::vector<FurtherTerm> furtherTerms;
    bool readsForget = true; ///< false: `forgetTerm` is handed the replacement answers in place of the forget answers
    bool separateGradients = false;
    /// Which parameters are trained, by their Hugging Face names; unset: all.
    std::function<bool(const std::string &name)> trains;
    PromptNoise promptNoise;
    Augmentation augmentation;
    std::optional<AssistantUse> assistant;
    /// At the run's end the weights become θ₀ − negation · (θ − θ₀), θ₀ those that it began from. Such a run's last checkpoint is not
    /// trained on.
    std::optional<double> negation;
    std::vector<std::string> notes; ///< for the user, shown as warnings
};

} // namespace lethe
