#include <lethe/sdk/Method.h>

#include <ATen/core/Tensor.h>

#include <QtCore/QObject>

namespace lethe::idk {

/// Trains on replacement answers: L_f = CE(replacement | forget question), beside the retain term.
/// Source: TOFU's preference baseline, licong-lin `TOFU/dataloader.py` (`idk`). Theirs is one token mean over both batches, which
/// weights long retain answers more; `concatenate` gives that.
class IdkMethod final : public Method
{
public:
    explicit IdkMethod(const ParameterSet &parameters) : m_concatenate(parameters.flag("concatenate")) {}

    Result<MethodUse> begin(const RunOutline &) override { return MethodUse{.readsForget = false}; }

    Term forgetTerm(const StepContext &step, const Batch &replacements) override
    {
        const std::int64_t labels = step.alternateLabels + (m_concatenate ? step.retainLabels : 0);
        return {.loss = losses::tokenNll(step.model, replacements).sum() / static_cast<double>(labels), .values = {}};
    }

    Term retainTerm(const StepContext &step, const Batch &retain) override
    {
        if (!m_concatenate || step.retainLoss != RetainLoss::Nll)
            return Method::retainTerm(step, retain);
        return {.loss = losses::tokenNll(step.model, retain).sum() / static_cast<double>(step.alternateLabels + step.retainLabels), .values = {}};
    }

private:
    const bool m_concatenate;
};

class IdkPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "idk.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &parameters) const override { return std::make_unique<IdkMethod>(parameters); }
};

} // namespace lethe::idk

#include "IdkMethod.moc"
