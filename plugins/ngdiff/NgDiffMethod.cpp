#include <lethe/sdk/Method.h>

#include <ATen/ATen.h>

#include <QtCore/QObject>

#include "LineFit.h"

#include <string>
#include <vector>

namespace lethe::ngdiff {

/// d = retain_weight · g_R/‖g_R‖ − forget_weight · g_F/‖g_F‖, g the gradients of the two NLLs over the whole step, ‖·‖ over all trained
/// parameters; the optimizer descends along d. With `auto_lr` the rate is b/a of a parabola through three retain losses along the update.
/// Source: NGDiff, arXiv 2410.22086; the fit: GeN, arXiv 2407.02772, `GeN/GeN.py`. Differences from GeN's code: weights and optimizer state
/// are put back after a probe, and the retain loss alone is fitted.
class NgDiffMethod final : public Method
{
public:
    explicit NgDiffMethod(const ParameterSet &parameters)
        : m_auto(parameters.flag("auto_lr")), m_every(parameters.integer("lr_every")), m_probeSteps(parameters.integer("lr_probe_batches")),
          m_decays(parameters.text("lr_decay") == "linear"),
          m_fit{.maxChange = parameters.number("lr_max_change"), .momentum = parameters.number("lr_momentum"), .minimum = parameters.number("lr_min"),
                .maximum = parameters.number("lr_max"), .noise = parameters.number("lr_noise")}
    {
    }

    Result<MethodUse> begin(const RunOutline &run) override
    {
        MethodUse use{.separateGradients = true};
        m_rate = run.learningRate;
        if (m_auto && !run.constantRate)
            use.notes.push_back("The learning rate finds itself: warm-up and schedule are not followed");
        if (run.sgd && run.maxGradNorm && *run.maxGradNorm < 2)
            use.notes.push_back("The combined gradient is up to 2 long: max_grad_norm shortens most of its steps");
        return use;
    }

    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        return {.loss = losses::tokenNll(step.model, forget).sum() / static_cast<double>(step.forgetLabels), .values = {}};
    }

    void combineGradients(const StepContext &, TermWeights weights, std::vector<at::Tensor> &forget, std::vector<at::Tensor> &retain,
                          TermValues &values) override
    {
        const at::Tensor forgetNorm = norm(forget), retainNorm = norm(retain);
        at::Tensor product = at::zeros({}, forgetNorm.options());
        for (std::size_t i = 0; i < forget.size(); ++i)
            product += at::dot(forget[i].flatten().to(at::kFloat), retain[i].flatten().to(at::kFloat)).to(product.scalar_type());
        values.emplace_back("forget_grad_norm", forgetNorm);
        values.emplace_back("retain_grad_norm", retainNorm);
        values.emplace_back("grad_cosine", product / (forgetNorm * retainNorm).clamp_min(kNoGradient));
        at::_foreach_mul_(forget, inverse(forgetNorm) * -weights.forget);
        at::_foreach_mul_(retain, inverse(retainNorm) * weights.retain);
        at::_foreach_add_(forget, retain);
    }

    double learningRate(const StepContext &step, double scheduled, LineProbe &probe, StepReport &report) override
    {
        if (!m_auto)
            return scheduled;
        if (step.step % m_every == 0) {
            const double atZero = probe.retainNll(m_rate, 0, m_probeSteps - 1);
            const double plus = probe.retainNll(m_rate, 1, m_probeSteps - 1);
            const double minus = probe.retainNll(m_rate, -1, m_probeSteps - 1);
            const LineFit fit = fitRate(m_rate, minus, atZero, plus, m_fit);
            m_rate = fit.rate;
            m_rejected += fit.accepted ? 0 : 1;
            report.values.emplace_back("lr_fit_a", fit.curvature);
            report.values.emplace_back("lr_fit_b", fit.slope);
        }
        report.values.emplace_back("lr_rejected", static_cast<double>(m_rejected));
        return m_decays ? m_rate * (1 - static_cast<double>(step.step - 1) / static_cast<double>(step.steps)) : m_rate;
    }

    void afterStep(const StepContext &, StepReport &report) override
    {
        // Both terms are positive NLLs, of which one is to rise.
        report.loss = report.retainLoss.value_or(0) - report.forgetLoss;
    }

    MethodState state() const override
    {
        return {{"learning_rate", at::scalar_tensor(m_rate, at::kDouble)}, {"rejected", at::scalar_tensor(static_cast<double>(m_rejected), at::kDouble)}};
    }

    Result<void> restore(const MethodState &state) override
    {
        if (!state.contains("learning_rate") || !state.contains("rejected"))
            return Error{.code = ErrorCode::Corrupt, .what = "the checkpoint lacks the learning rate that was found", .where = "ngdiff",
                         .hint = "Resume from another checkpoint"};
        m_rate = state.at("learning_rate").item<double>();
        m_rejected = static_cast<std::int64_t>(state.at("rejected").item<double>());
        return {};
    }

private:
    static constexpr double kNoGradient = 1e-10; ///< below it there is no direction: the term is left out of the step

    static at::Tensor norm(const std::vector<at::Tensor> &gradients)
    {
        return at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients, 2)), 2);
    }

    static at::Tensor inverse(const at::Tensor &norm) { return at::where(norm < kNoGradient, at::zeros_like(norm), norm.reciprocal()); }

    const bool m_auto;
    const std::int64_t m_every, m_probeSteps;
    const bool m_decays;
    const LineFitOptions m_fit;
    double m_rate = 0;
    std::int64_t m_rejected = 0;
};

class NgDiffPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "ngdiff.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &parameters) const override { return std::make_unique<NgDiffMethod>(parameters); }
};

} // namespace lethe::ngdiff

#include "NgDiffMethod.moc"
