#include <lethe/sdk/Method.h>

#include <ATen/ATen.h>

#include <QtCore/QObject>

/// Gradient ascent that lets go of a token once its NLL has reached a cap.
class CappedAscentMethod final : public lethe::Method
{
public:
    explicit CappedAscentMethod(const lethe::ParameterSet &parameters) : m_cap(parameters.number("cap")) {}

    lethe::Term forgetTerm(const lethe::StepContext &step, const lethe::Batch &forget) override
    {
        const at::Tensor nll_M = lethe::losses::tokenNll(step.model, forget);
        const double labels = static_cast<double>(step.forgetLabels); // of the whole step: accumulation equals the large batch
        const at::Tensor atCap = (nll_M.detach() >= m_cap).to(at::kFloat).sum() / labels;
        return {.loss = -nll_M.clamp_max(m_cap).sum() / labels, .values = {{"forgotten_tokens", atCap}}};
    }

private:
    const double m_cap;
};

class CappedAscentPlugin final : public QObject, public lethe::MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "capped_ascent.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<lethe::Method> create(const lethe::ParameterSet &parameters) const override
    {
        return std::make_unique<CappedAscentMethod>(parameters);
    }
};

#include "CappedAscentMethod.moc"
