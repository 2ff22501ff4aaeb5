#include <lethe/sdk/Method.h>

#include <QtCore/QObject>

namespace lethe::ga {

/// L_f = −CE on the forget batch (token mean): exactly minus the fine-tuning loss.
/// Source: TOFU, arXiv 2401.06121; open-unlearning `src/trainer/unlearn/grad_ascent.py`. Equal to both.
class GaMethod final : public Method
{
public:
    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        const at::Tensor nll_M = losses::tokenNll(step.model, forget);
        return {.loss = -nll_M.sum() / static_cast<double>(step.forgetLabels), .values = {}};
    }
};

class GaPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "ga.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &) const override { return std::make_unique<GaMethod>(); }
};

} // namespace lethe::ga

#include "GaMethod.moc"
