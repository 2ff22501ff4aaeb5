#include <lethe/sdk/Method.h>

#include <ATen/ops/exp.h>

#include <QtCore/QObject>

namespace lethe::wga {

/// L_f = −(1/M) Σ w ℓ with w = p^β, a weight without gradient: what is forgotten already pulls no more.
/// Source: arXiv 2502.19301; open-unlearning `wga.py`. β = 0 is gradient ascent.
class WgaMethod final : public Method
{
public:
    explicit WgaMethod(const ParameterSet &parameters) : m_beta(parameters.number("beta")) {}

    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        const at::Tensor nll_M = losses::tokenNll(step.model, forget);
        const at::Tensor weight_M = at::exp(-m_beta * nll_M.detach());
        const double labels = static_cast<double>(step.forgetLabels);
        return {.loss = -(weight_M * nll_M).sum() / labels, .values = {{"mean_token_weight", weight_M.sum() / labels}}};
    }

private:
    const double m_beta;
};

class WgaPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "wga.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &parameters) const override { return std::make_unique<WgaMethod>(parameters); }
};

} // namespace lethe::wga

#include "WgaMethod.moc"
