#include <lethe/sdk/Method.h>

#include <ATen/ops/zeros.h>

namespace lethe {

// Out of line: their type information lives here, once, for plugins and core alike.
LanguageModel::~LanguageModel() = default;
Reference::~Reference() = default;
Method::~Method() = default;
MethodPlugin::~MethodPlugin() = default;

Term Method::retainTerm(const StepContext &step, const Batch &retain)
{
    if (step.retainLoss == RetainLoss::Kl) {
        Q_ASSERT(step.reference != nullptr);
        const at::Tensor sum = losses::forwardKlSum(step.model, *step.reference, retain, step.klPositions);
        const std::int64_t counted = step.klPositions == losses::KlPositions::Real ? step.retainTokens : step.retainLabels;
        return {.loss = sum / static_cast<double>(counted), .values = {}};
    }
    Q_ASSERT(step.retainLoss == RetainLoss::Nll);
    return {.loss = losses::tokenNll(step.model, retain).sum() / static_cast<double>(step.retainLabels), .values = {}};
}

} // namespace lethe
