#include <lethe/sdk/Method.h>

#include <ATen/ops/exp.h>
#include <ATen/ops/expm1.h>
#include <ATen/ops/pow.h>

#include <QtCore/QObject>

namespace lethe::satimp {

/// L_f = −(1/M) Σ w ℓ with w = p^β1 (1 − p)^β2, a weight without gradient: greatest at p = β1/(β1 + β2).
/// Source: arXiv 2505.11953; open-unlearning `satimp.py`, whose class and README (not its YAML) give the weights of the terms.
class SatImpMethod final : public Method
{
public:
    explicit SatImpMethod(const ParameterSet &parameters) : m_beta1(parameters.number("beta1")), m_beta2(parameters.number("beta2")) {}

    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        const at::Tensor nll_M = losses::tokenNll(step.model, forget);
        const at::Tensor known_M = nll_M.detach();
        // 1 − p from expm1: near p = 1 the difference would hold no digits.
        const at::Tensor weight_M = at::exp(-m_beta1 * known_M) * at::pow(-at::expm1(-known_M), m_beta2);
        const double labels = static_cast<double>(step.forgetLabels);
        return {.loss = -(weight_M * nll_M).sum() / labels, .values = {{"mean_token_weight", weight_M.sum() / labels}}};
    }

private:
    const double m_beta1, m_beta2;
};

class SatImpPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "satimp.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &parameters) const override { return std::make_unique<SatImpMethod>(parameters); }
};

} // namespace lethe::satimp

#include "SatImpMethod.moc"
