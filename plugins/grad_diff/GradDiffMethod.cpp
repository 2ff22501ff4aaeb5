#include <lethe/sdk/Method.h>

#include <QtCore/QObject>

namespace lethe::grad_diff {

/// L_f = −CE on the forget batch; the retain term (NLL or forward KL) is the session's common one.
/// Source: TOFU, arXiv 2401.06121; open-unlearning `src/trainer/unlearn/grad_diff.py`. Its KL also counts padding; ours does not.
class GradDiffMethod final : public Method
{
public:
    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        const at::Tensor nll_M = losses::tokenNll(step.model, forget);
        return {.loss = -nll_M.sum() / static_cast<double>(step.forgetLabels), .values = {}};
    }
};

class GradDiffPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "grad_diff.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &) const override { return std::make_unique<GradDiffMethod>(); }
};

} // namespace lethe::grad_diff

#include "GradDiffMethod.moc"
