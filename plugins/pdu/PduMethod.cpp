#include <lethe/sdk/Method.h>

#include <ATen/ATen.h>

#include <QtCore/QObject>
#include <QtCore/QString>

#include <algorithm>
#include <string>
#include <tuple>

namespace lethe::pdu {

/// L = forget_weight · L_f + λ (L_r − ε), L_f = mean over label positions of (max_v z − mean_v z)²; after a step λ ← max(0, λ + s (L_r − ε)),
/// once the warm-up epochs have passed. λ starts at `retain_weight`.
/// Source: PDU, arXiv 2506.05314; open-unlearning `pdu.py`, which masks with labels that are not shifted (`mask`: unshifted) and, updating
/// once an epoch, runs the retain set again; here the epoch's own steps are averaged.
class PduMethod final : public Method
{
public:
    explicit PduMethod(const ParameterSet &parameters)
        : m_eps(parameters.number("retain_loss_eps")), m_stepSize(parameters.number("dual_step_size")),
          m_warmupEpochs(parameters.integer("dual_warmup_epochs")), m_everyStep(parameters.text("dual_update_upon") == "step"),
          m_dual(parameters.flag("primal_dual")), m_shifted(parameters.text("mask") == "shifted"), m_lambda(parameters.number("retain_weight"))
    {
    }

    Result<MethodUse> begin(const RunOutline &) override { return MethodUse{.retainTerm = true}; }

    TermWeights weights(const StepContext &, TermWeights given) override { return {.forget = given.forget, .retain = m_lambda}; }

    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        std::int64_t total = 0;
        for (const SampleShape &shape : step.forgetShapes)
            total += m_shifted ? shape.labels() : shape.length - shape.labelStart;
        const at::Tensor rows_K = m_shifted ? forget.labelRows_M : losses::labelledPositions(forget).rows_K;
        const at::Tensor hidden_KD = step.model.hidden(forget).index_select(0, rows_K);
        const at::Tensor sum = losses::rowLossSum(step.model.head(), hidden_KD, [](const at::Tensor &logits_KV, std::int64_t) {
            return (std::get<0>(logits_KV.max(1)) - logits_KV.mean(1)).square().sum();
        });
        return {.loss = sum / static_cast<double>(total), .values = {}};
    }

    Term retainTerm(const StepContext &step, const Batch &retain) override
    {
        return {.loss = losses::tokenNll(step.model, retain).sum() / static_cast<double>(step.retainLabels), .values = {}};
    }

    void afterStep(const StepContext &step, StepReport &report) override
    {
        if (step.step == 1 && m_dual && *report.retainLoss > m_eps)
            report.notes.push_back("retain_loss_eps is " + shortest(m_eps) + ", and the retain loss begins at " + shortest(*report.retainLoss)
                                   + ": the bound is broken from the start, and lambda rises until it holds");
        report.loss -= m_lambda * m_eps;
        if (!report.skipped && m_dual)
            updateLambda(step, *report.retainLoss - m_eps);
        report.values.emplace_back("retain_preference", m_lambda);
    }

    MethodState state() const override
    {
        const auto scalar = [](double value) { return at::scalar_tensor(value, at::kDouble); };
        return {{"lambda", scalar(m_lambda)}, {"epoch_excess", scalar(m_epochExcess)}, {"epoch_steps", scalar(static_cast<double>(m_epochSteps))}};
    }

    Result<void> restore(const MethodState &state) override
    {
        for (const char *name : {"lambda", "epoch_excess", "epoch_steps"})
            if (!state.contains(name))
                return Error{.code = ErrorCode::Corrupt, .what = std::string("the checkpoint lacks the dual variable's ") + name, .where = "pdu",
                             .hint = "Resume from another checkpoint"};
        m_lambda = state.at("lambda").item<double>();
        m_epochExcess = state.at("epoch_excess").item<double>();
        m_epochSteps = static_cast<std::int64_t>(state.at("epoch_steps").item<double>());
        return {};
    }

private:
    static std::string shortest(double value) { return QString::number(value, 'g', 3).toStdString(); }

    void updateLambda(const StepContext &step, double excess)
    {
        const std::int64_t epochsBefore = (step.step - 1) / step.epochSteps;
        if (m_everyStep) {
            if (epochsBefore >= m_warmupEpochs)
                m_lambda = std::max(0.0, m_lambda + m_stepSize * excess);
            return;
        }
        m_epochExcess += excess;
        ++m_epochSteps;
        if (step.step % step.epochSteps != 0)
            return;
        if (epochsBefore + 1 >= m_warmupEpochs)
            m_lambda = std::max(0.0, m_lambda + m_stepSize * m_epochExcess / static_cast<double>(m_epochSteps));
        m_epochExcess = 0;
        m_epochSteps = 0;
    }

    const double m_eps, m_stepSize;
    const std::int64_t m_warmupEpochs;
    const bool m_everyStep, m_dual, m_shifted;
    double m_lambda;
    double m_epochExcess = 0; ///< Σ (L_r − ε) of the epoch under way
    std::int64_t m_epochSteps = 0;
};

class PduPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "pdu.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &parameters) const override { return std::make_unique<PduMethod>(parameters); }
};

} // namespace lethe::pdu

#include "PduMethod.moc"
