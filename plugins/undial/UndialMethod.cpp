#include <lethe/sdk/Method.h>

#include <ATen/ATen.h>

#include <QtCore/QObject>

#include <vector>

namespace lethe::undial {

/// L_f = (1/M) Σ CE(q, p), q = softmax(z_ref − β onehot(label)): distillation from the reference with its label demoted.
/// Source: UNDIAL, arXiv 2402.10052. The published codes average over padding and prompt too (open-unlearning with −100 as an index);
/// here label positions alone count, and, with `prompt_distillation`, prompt positions with the reference's logits as they are.
class UndialMethod final : public Method
{
public:
    explicit UndialMethod(const ParameterSet &parameters)
        : m_beta(parameters.number("beta")), m_prompts(parameters.flag("prompt_distillation"))
    {
    }

    Result<MethodUse> begin(const RunOutline &) override
    {
        return MethodUse{.forget = {.hidden = m_prompts, .labelHidden = !m_prompts}};
    }

    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        at::Tensor hidden = step.model.hidden(forget);
        at::Tensor frozen;
        at::Tensor demoted = at::ones({forget.labels()}, hidden.options().dtype(at::kFloat));
        at::Tensor ids = forget.labelIds_M;
        std::int64_t total = step.forgetLabels;
        if (m_prompts) { // every position that predicts a token
            const at::Tensor rows = predictingRows(forget).to(forget.ids_N.device());
            demoted = at::zeros({forget.tokens()}, demoted.options()).index_fill(0, forget.labelRows_M, 1).index_select(0, rows);
            ids = forget.ids_N.index_select(0, rows + 1);
            frozen = step.reference->hidden(forget).index_select(0, rows);
            hidden = hidden.index_select(0, rows);
            total = 0;
            for (const SampleShape &shape : step.forgetShapes)
                total += shape.length - 1;
        } else {
            frozen = step.reference->labelHidden(forget);
            hidden = hidden.index_select(0, forget.labelRows_M);
        }
        const OutputHead frozenHead = step.reference->head();
        const at::Tensor sum = losses::rowLossSum(step.model.head(), hidden, [&](const at::Tensor &logits_KV, std::int64_t first) {
            const std::int64_t rows = logits_KV.size(0);
            const at::Tensor penalty_K1 = (-m_beta * demoted.narrow(0, first, rows)).unsqueeze(1);
            const at::Tensor teacher_KV = losses::logits(frozenHead, frozen.narrow(0, first, rows))
                                              .scatter_add(1, ids.narrow(0, first, rows).unsqueeze(1), penalty_K1);
            return -(at::softmax(teacher_KV.detach(), 1) * at::log_softmax(logits_KV, 1)).sum();
        });
        return {.loss = sum / static_cast<double>(total), .values = {}};
    }

private:
    /// All rows but the last of each sample.
    static at::Tensor predictingRows(const Batch &batch)
    {
        std::vector<std::int64_t> rows;
        for (std::int64_t sample = 0; sample < batch.samples(); ++sample)
            for (std::int64_t row = batch.offsets[static_cast<std::size_t>(sample)]; row + 1 < batch.offsets[static_cast<std::size_t>(sample) + 1]; ++row)
                rows.push_back(row);
        return at::tensor(rows, at::kLong);
    }

    const double m_beta;
    const bool m_prompts;
};

class UndialPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "undial.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &parameters) const override { return std::make_unique<UndialMethod>(parameters); }
};

} // namespace lethe::undial

#include "UndialMethod.moc"
