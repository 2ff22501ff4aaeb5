#include <lethe/sdk/Method.h>

#include <ATen/ops/log_sigmoid.h>

#include <QtCore/QObject>

#include <string>

namespace lethe::dpo {

/// L_f = −(2/β) mean_b log σ(m_b), m_b = β [(N_ref − N)_{win} − (N_ref − N)_{lose}], N the NLL of a whole answer; the replacement answer wins, the true
/// answer loses. Source: DPO, arXiv 2305.18290; open-unlearning `dpo.py`, whose factor 2/β comes from the NPO
/// repository (the DPO paper has 1).
class DpoMethod final : public Method
{
public:
    explicit DpoMethod(const ParameterSet &parameters) : m_beta(parameters.number("beta")), m_factor(factor(parameters.text("prefactor"), m_beta)) {}

    Result<MethodUse> begin(const RunOutline &) override { return MethodUse{.forget = {.nll = true}, .alternate = {.nll = true}}; }

    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        const at::Tensor win_B = step.reference->sequenceNll(*step.alternate) - losses::sequenceNll(step.model, *step.alternate);
        const at::Tensor lose_B = step.reference->sequenceNll(forget) - losses::sequenceNll(step.model, forget);
        const at::Tensor margin_B = m_beta * (win_B - lose_B);
        const double samples = static_cast<double>(step.forgetSamples);
        return {.loss = -m_factor * at::log_sigmoid(margin_B).sum() / samples, .values = {{"mean_margin", margin_B.detach().sum() / samples}}};
    }

private:
    static double factor(const std::string &name, double beta)
    {
        return name == "one" ? 1.0 : name == "one_over_beta" ? 1.0 / beta : 2.0 / beta;
    }

    const double m_beta, m_factor;
};

class DpoPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "dpo.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &parameters) const override { return std::make_unique<DpoMethod>(parameters); }
};

} // namespace lethe::dpo

#include "DpoMethod.moc"
