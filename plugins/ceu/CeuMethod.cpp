#include <lethe/sdk/Method.h>

#include <ATen/ATen.h>

#include <QtCore/QObject>

#include <algorithm>
#include <vector>

namespace lethe::ceu {

/// L = (1/M') Σ −Σ_v q_v log p_v, q the softmax of the detached logits with the label's set to −∞: towards what the model would say
/// were the label impossible. The first labels of each sample are left out; M' is what remains.
/// Source: CE-U, arXiv 2503.01224; open-unlearning `ceu.py`, which is NaN where nothing remains; here such a sample counts for nothing.
class CeuMethod final : public Method
{
public:
    explicit CeuMethod(const ParameterSet &parameters) : m_ignored(parameters.integer("ignore_first_n_answer_tokens")) {}

    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        std::vector<std::int64_t> counted;
        for (std::int64_t sample = 0; sample < forget.samples(); ++sample) {
            const auto at = static_cast<std::size_t>(sample);
            const std::int64_t first = std::max<std::int64_t>(1, forget.labelStarts[at] + m_ignored);
            for (std::int64_t position = first; position < forget.length(sample); ++position)
                counted.push_back(forget.labelOffsets[at + 1] - forget.length(sample) + position);
        }
        std::int64_t total = 0;
        for (const SampleShape &shape : step.forgetShapes)
            total += shape.labels(m_ignored);
        const at::Tensor labels_K = at::tensor(counted, at::kLong).to(forget.ids_N.device());
        const at::Tensor hidden_KD = step.model.hidden(forget).index_select(0, forget.labelRows_M.index_select(0, labels_K));
        const at::Tensor ids_K = forget.labelIds_M.index_select(0, labels_K);

        at::Tensor entropy = at::zeros({}, hidden_KD.options().dtype(at::kFloat));
        const at::Tensor sum = losses::rowLossSum(step.model.head(), hidden_KD, [&](const at::Tensor &logits_KV, std::int64_t first) {
            const at::Tensor label_K1 = ids_K.narrow(0, first, logits_KV.size(0)).unsqueeze(1);
            const at::Tensor logTarget_KV = at::log_softmax(logits_KV.detach().scatter(1, label_K1, -1e30), 1);
            const at::Tensor target_KV = logTarget_KV.exp();
            entropy -= (target_KV * logTarget_KV).sum();
            return -(target_KV * at::log_softmax(logits_KV, 1)).sum();
        });
        const double divisor = static_cast<double>(std::max<std::int64_t>(1, total));
        // The loss ends at the target's entropy, not at 0: the excess is what falls.
        return {.loss = sum / divisor, .values = {{"excess_over_entropy", (sum.detach() - entropy) / divisor}}};
    }

private:
    const std::int64_t m_ignored;
};

class CeuPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "ceu.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &parameters) const override { return std::make_unique<CeuMethod>(parameters); }
};

} // namespace lethe::ceu

#include "CeuMethod.moc"
