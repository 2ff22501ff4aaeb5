#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/method/ParameterSet.h>
#include <lethe/sdk/LanguageModel.h>
#include <lethe/sdk/Losses.h>
#include <lethe/sdk/MethodUse.h>

#include <ATen/core/Tensor.h>

#include <QtCore/QtPlugin>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace lethe {

/// A method's own figures for the curves: scalars without gradient, summed over the step's micro-batches.
using TermValues = std::vector<std::pair<std::string, at::Tensor>>;

/// One term of a step's loss, before its weight.
struct Term {
    at::Tensor loss; ///< scalar with gradient: this micro-batch's share of the step's term
    TermValues values;
    /// Often exactly 0, and then without gradient (a hinge): the session looks, and saves the backward pass.
    bool mayVanish = false;
};

/// The size of a sample, for totals that count other positions than `StepContext` does.
struct SampleShape {
    std::int64_t length = 0;
    std::int64_t labelStart = 0; ///< position of the first label
    /// Label positions from the label number \p skip on, counted as the row has them.
    std::int64_t labels(std::int64_t skip = 0) const
    {
        const std::int64_t first = labelStart + skip < 1 ? std::int64_t{1} : labelStart + skip;
        return length > first ? length - first : 0;
    }
};

/// What a method may use while it computes a term. Totals are of the whole optimizer step, not of the micro-batch, so that
/// 1 × 32 and 8 × 4 give the same loss and the same gradient.
struct StepContext {
    LanguageModel &model;
    Reference *reference = nullptr; ///< there where `MethodUse` asks for frozen values or the retain loss is KL
    std::int64_t forgetSamples = 0;
    std::int64_t forgetLabels = 0;
    std::int64_t retainSamples = 0;
    std::int64_t retainLabels = 0;
    std::int64_t retainTokens = 0;
    std::int64_t alternateLabels = 0;
    std::int64_t alternateTokens = 0;
    RetainLoss retainLoss = RetainLoss::None;
    losses::KlPositions klPositions = losses::KlPositions::Real;
    /// The micro-batch's samples with their replacement answers, where `needs` names `alternate`.
    const Batch *alternate = nullptr;
    std::int64_t step = 0;       ///< counted from 1
    std::int64_t epochSteps = 0; ///< steps of one pass over the forget set
    std::int64_t steps = 0;      ///< of the whole run
    std::vector<SampleShape> forgetShapes, alternateShapes; ///< every sample of the step
};

/// Factors on the terms of a step.
struct TermWeights {
    double forget = 1, retain = 0;
};

/// A step before it is reported.
struct StepReport {
    bool skipped = false; ///< not finite: nothing was changed
    double loss = 0;      ///< Σ weight · term; a method may add to it what carries no gradient
    double forgetLoss = 0;
    std::optional<double> retainLoss;
    std::vector<std::pair<std::string, double>> values;
    std::vector<std::string> notes; ///< for the user, shown as warnings at this step
};

/// The retain loss along the update that the coming step makes. Weights and optimizer are left bit for bit as they were.
class LETHE_EXPORT LineProbe
{
public:
    virtual ~LineProbe();
    /// Token-mean NLL (f64) of the step's retain rows, and of those of \p moreSteps steps to come, at θ − ratio · Δ, where Δ is what
    /// one optimizer step at \p rate takes away from the weights.
    virtual double retainNll(double rate, double ratio, std::int64_t moreSteps = 0) = 0;
};

/// What a resumed run must find again, by name: kept in checkpoints in the tensor's own dtype.
using MethodState = std::map<std::string, at::Tensor>;

/// An unlearning method: it computes terms, it does not train. The session calls the terms in turn (forward, backward, free),
/// weights, accumulates, clips, steps and reports. No `.item()` in a term: it stalls the device.
class LETHE_EXPORT Method
{
public:
    virtual ~Method();

    /// Asked once, before weights are read: what the method wants of the session. Refuse here what the manifest cannot express.
    virtual Result<MethodUse> begin(const RunOutline &run);

    /// The term on a micro-batch of the forget set. With Σ over the step's micro-batches, the result is the step's term.
    virtual Term forgetTerm(const StepContext &step, const Batch &forget) = 0;
    /// Token-mean NLL, or forward KL to the reference, over the step's retain batch, as `step.retainLoss` says.
    virtual Term retainTerm(const StepContext &step, const Batch &retain);
    /// Term \p index of `MethodUse::furtherTerms`, on a micro-batch of the set that it names.
    virtual Term furtherTerm(std::size_t index, const StepContext &step, const Batch &batch);
    /// The step's weights. \p given: those of the spec.
    virtual TermWeights weights(const StepContext &step, TermWeights given);

    /// Where `MethodUse::separateGradients` is set: the gradients of the two terms, unweighted and of the whole step, a tensor for
    /// each trained parameter. What is left in \p forget is the step's gradient.
    virtual void combineGradients(const StepContext &step, TermWeights weights, std::vector<at::Tensor> &forget, std::vector<at::Tensor> &retain,
                                  TermValues &values);
    /// The rate of the coming step, asked once its gradient is clipped. \p scheduled: what the spec's schedule gives.
    virtual double learningRate(const StepContext &step, double scheduled, LineProbe &probe, StepReport &report);
    /// After each step, before it is reported.
    virtual void afterStep(const StepContext &step, StepReport &report);

    virtual MethodState state() const;
    virtual Result<void> restore(const MethodState &state);
};

/// What a plugin exports: `Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "<id>.json")`.
class LETHE_EXPORT MethodPlugin
{
public:
    virtual ~MethodPlugin();
    /// \p parameters: complete and checked against the manifest.
    virtual std::unique_ptr<Method> create(const ParameterSet &parameters) const = 0;
};

} // namespace lethe

/// Its number is `kMethodApi` and the manifest's `api`: it rises with every change of what a plugin is built against.
#define LETHE_METHOD_IID "org.lethe.Method/2"
Q_DECLARE_INTERFACE(lethe::MethodPlugin, LETHE_METHOD_IID)
