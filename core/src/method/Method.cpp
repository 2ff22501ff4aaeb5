#include <lethe/sdk/Method.h>

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

namespace lethe {

// Out of line: their type information lives here, once, for plugins and core alike.
LanguageModel::~LanguageModel() = default;
Reference::~Reference() = default;
LineProbe::~LineProbe() = default;
Method::~Method() = default;
MethodPlugin::~MethodPlugin() = default;

Result<MethodUse> Method::begin(const RunOutline &)
{
    return MethodUse{};
}

Term Method::retainTerm(const StepContext &step, const Batch &retain)
{
    if (step.retainLoss == RetainLoss::Kl) {
        Q_ASSERT(step.reference != nullptr);
        const at::Tensor sum = losses::forwardKlSum(step.model, *step.reference, retain, step.klPositions);
        const std::int64_t counted = step.klPositions == losses::KlPositions::Real ? step.retainTokens : step.retainLabels;
        return {.loss = sum / static_cast<double>(counted), .values = {}};
    }
    TORCH_CHECK(step.retainLoss == RetainLoss::Nll, "the method names a retain loss of its own and does not compute it");
    return {.loss = losses::tokenNll(step.model, retain).sum() / static_cast<double>(step.retainLabels), .values = {}};
}

Term Method::furtherTerm(std::size_t, const StepContext &, const Batch &)
{
    TORCH_CHECK(false, "the method names a further term and does not compute it");
}

TermWeights Method::weights(const StepContext &, TermWeights given)
{
    return given;
}

void Method::combineGradients(const StepContext &, TermWeights, std::vector<at::Tensor> &, std::vector<at::Tensor> &, TermValues &)
{
    TORCH_CHECK(false, "the method asks for separate gradients and does not combine them");
}

double Method::learningRate(const StepContext &, double scheduled, LineProbe &, StepReport &)
{
    return scheduled;
}

void Method::afterStep(const StepContext &, StepReport &) {}

MethodState Method::state() const
{
    return {};
}

Result<void> Method::restore(const MethodState &)
{
    return {};
}

} // namespace lethe
