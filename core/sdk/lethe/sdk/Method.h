#pragma once

#include <lethe/base/Export.h>
#include <lethe/method/ParameterSet.h>
#include <lethe/sdk/LanguageModel.h>
#include <lethe/sdk/Losses.h>

#include <ATen/core/Tensor.h>

#include <QtCore/QtPlugin>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace lethe {

/// One term of a step's loss, before its weight.
struct Term {
    at::Tensor loss; ///< scalar with gradient: this micro-batch's share of the step's term
    /// The method's own figures for the curves: scalars without gradient, summed over the step's micro-batches.
    std::vector<std::pair<std::string, at::Tensor>> values;
};

enum class RetainLoss { None, Nll, Kl };

/// What a method may use while it computes a term. Totals are of the whole optimizer step, not of the micro-batch, so that
/// 1 × 32 and 8 × 4 give the same loss and the same gradient.
struct StepContext {
    LanguageModel &model;
    Reference *reference = nullptr; ///< there where the manifest's `needs` names it or the retain loss is KL
    std::int64_t forgetSamples = 0;
    std::int64_t forgetLabels = 0;
    std::int64_t retainSamples = 0;
    std::int64_t retainLabels = 0;
    std::int64_t retainTokens = 0;
    RetainLoss retainLoss = RetainLoss::None;
    losses::KlPositions klPositions = losses::KlPositions::Real;
    const Batch *alternate = nullptr; ///< the same samples with their replacement answers, where `needs` names `alternate`
    std::int64_t step = 0;            ///< counted from 1
};

/// An unlearning method: it computes terms, it does not train. The session calls the terms in turn (forward, backward, free),
/// weights, accumulates, clips, steps and reports. No `.item()` here: it stalls the device.
class LETHE_EXPORT Method
{
public:
    virtual ~Method();

    /// The term on a micro-batch of the forget set. With Σ over the step's micro-batches, the result is the step's term.
    virtual Term forgetTerm(const StepContext &step, const Batch &forget) = 0;
    /// Token-mean NLL, or forward KL to the reference, over the step's retain batch, as `step.retainLoss` says.
    virtual Term retainTerm(const StepContext &step, const Batch &retain);
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

#define LETHE_METHOD_IID "org.lethe.Method/1"
Q_DECLARE_INTERFACE(lethe::MethodPlugin, LETHE_METHOD_IID)
