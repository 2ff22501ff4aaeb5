#include <lethe/sdk/Method.h>

#include <QtCore/QObject>

namespace lethe::finetune {

/// Token-mean cross-entropy over the batch: what a Hugging Face causal LM returns as its loss.
class FinetuneMethod final : public Method
{
public:
    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        const at::Tensor nll_M = losses::tokenNll(step.model, forget);
        return {.loss = nll_M.sum() / static_cast<double>(step.forgetLabels), .values = {}};
    }
};

class FinetunePlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "finetune.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &) const override { return std::make_unique<FinetuneMethod>(); }
};

} // namespace lethe::finetune

#include "FinetuneMethod.moc"
