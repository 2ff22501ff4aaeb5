#include <lethe/sdk/Method.h>

#include <ATen/ops/log_sigmoid.h>

#include <QtCore/QObject>

namespace lethe::simnpo {

/// L_f = −(2/β) mean_b log σ(β (N_b/n_b − δ)): NPO without a reference, on means over tokens.
/// Source: SimNPO, arXiv 2410.07163; `OPTML-Group/Unlearn-Simple`, open-unlearning `simnpo.py`. δ is inside β, as the code has it: the
/// paper's γ is β·δ. Divides by label positions, where the code counts the unshifted row (one more for plain text).
class SimNpoMethod final : public Method
{
public:
    explicit SimNpoMethod(const ParameterSet &parameters) : m_beta(parameters.number("beta")), m_delta(parameters.number("delta")) {}

    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        const at::Tensor mean_B = losses::sequenceNll(step.model, forget) / losses::labelCounts(forget);
        const at::Tensor sum = -2.0 / m_beta * at::log_sigmoid(m_beta * (mean_B - m_delta)).sum();
        return {.loss = sum / static_cast<double>(step.forgetSamples), .values = {}};
    }

private:
    const double m_beta, m_delta;
};

class SimNpoPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "simnpo.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &parameters) const override { return std::make_unique<SimNpoMethod>(parameters); }
};

} // namespace lethe::simnpo

#include "SimNpoMethod.moc"
