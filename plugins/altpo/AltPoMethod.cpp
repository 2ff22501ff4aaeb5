#include <lethe/sdk/Method.h>

#include <ATen/ops/log_sigmoid.h>

#include <QtCore/QObject>

namespace lethe::altpo {

/// L_f = −(2/β) mean_b log σ(m_b), m_b = β [(N_ref − N)_{win} − (N_ref − N)_{lose}], N the NLL of a whole answer; the alternate wins, the true
/// answer loses. Source: AltPO, arXiv 2409.13474; `molereddy/Alternate-Preference-Optimization`. A question with several alternates is
/// several rows.
class AltPoMethod final : public Method
{
public:
    explicit AltPoMethod(const ParameterSet &parameters) : m_beta(parameters.number("beta")) {}

    Result<MethodUse> begin(const RunOutline &run) override
    {
        MethodUse use{.forget = {.nll = true}, .alternate = {.nll = true}};
        if (run.drawsAlternates)
            use.notes.emplace_back("The alternates are drawn from a list of refusals, which makes this dpo: AltPO's are plausible wrong answers, a field of the rows");
        return use;
    }

    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        const at::Tensor win_B = step.reference->sequenceNll(*step.alternate) - losses::sequenceNll(step.model, *step.alternate);
        const at::Tensor lose_B = step.reference->sequenceNll(forget) - losses::sequenceNll(step.model, forget);
        const at::Tensor margin_B = m_beta * (win_B - lose_B);
        const double samples = static_cast<double>(step.forgetSamples);
        return {.loss = -2.0 / m_beta * at::log_sigmoid(margin_B).sum() / samples, .values = {{"mean_margin", margin_B.detach().sum() / samples}}};
    }

private:
    const double m_beta;
};

class AltPoPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "altpo.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &parameters) const override { return std::make_unique<AltPoMethod>(parameters); }
};

} // namespace lethe::altpo

#include "AltPoMethod.moc"
