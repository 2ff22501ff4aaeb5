#include <lethe/sdk/Method.h>

#include <ATen/ops/log_sigmoid.h>

#include <QtCore/QObject>

namespace lethe::npo {

/// L_f = −(2/β) mean_b log σ(β (N_b − N_b^ref)), N_b the NLL of the whole answer (a sum, not a mean, over tokens).
/// Source: NPO, arXiv 2404.05868, eq. 3; `TOFU/dataloader.py` of its repository. Equal to it, ragged batches included.
class NpoMethod final : public Method
{
public:
    explicit NpoMethod(const ParameterSet &parameters) : m_beta(parameters.number("beta")) {}

    Result<MethodUse> begin(const RunOutline &) override { return MethodUse{.forget = {.nll = true}}; }

    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        const at::Tensor nll_B = losses::sequenceNll(step.model, forget);
        const at::Tensor drift_B = nll_B - step.reference->sequenceNll(forget); // the reference carries no gradient

        // log σ, not log(σ): the latter is −inf in f32 once β·drift falls below −88.
        const at::Tensor sum = -2.0 / m_beta * at::log_sigmoid(m_beta * drift_B).sum();
        const double samples = static_cast<double>(step.forgetSamples);
        return {.loss = sum / samples, .values = {{"mean_log_ratio", -drift_B.detach().sum() / samples}}};
    }

private:
    const double m_beta;
};

class NpoPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "npo.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &parameters) const override
    {
        return std::make_unique<NpoMethod>(parameters);
    }
};

} // namespace lethe::npo

#include "NpoMethod.moc"
