#include <lethe/sdk/Method.h>

#include <ATen/ATen.h>

#include <QtCore/QObject>

#include <cmath>
#include <string>

namespace lethe::uld {

/// L = CE_f + w · mean KL(U ‖ p) on retain texts, of a small assistant that is trained in the model's place: it remembers what is to be
/// forgotten and knows nothing else. Used together, z = z_target + s · z_assistant.
/// Source: ULD, arXiv 2406.08607; `UCSB-NLP-Chang/ULD` `forget_losses.py`. There padding counts, and log(softmax) underflows; here real
/// positions (or labels) count, from the log-sum-exp.
class UldMethod final : public Method
{
public:
    explicit UldMethod(const ParameterSet &parameters)
        : m_weight(parameters.number("uniform_weight")), m_real(parameters.text("uniform_positions") == "real"),
          m_assistant{.layers = parameters.integer("assistant_layers"), .loraRank = parameters.integer("lora_rank"),
                      .loraAlpha = parameters.number("lora_alpha"), .loraDropout = parameters.number("lora_dropout"),
                      .logitWeight = parameters.number("logit_weight"), .topFilter = parameters.number("top_filter"),
                      .filterMode = parameters.text("filter_mode")},
          m_augmentation{.paraphrases = parameters.integer("paraphrases"), .perturbed = parameters.integer("perturbed")}
    {
    }

    Result<MethodUse> begin(const RunOutline &run) override
    {
        if (m_assistant.layers > run.layers) {
            const std::string has = std::to_string(run.layers);
            return Error{.code = ErrorCode::InvalidInput, .what = "the model has " + has + " layers, not " + std::to_string(m_assistant.layers),
                         .where = "method.parameters.assistant_layers", .hint = "Use 1 to " + has};
        }
        if (run.lora)
            return Error{.code = ErrorCode::InvalidInput, .what = "must be null: the assistant's adapters are the method's own", .where = "training.lora",
                         .hint = "Set method.parameters.lora_rank"};
        MethodUse use{.retainTerm = m_weight != 0, .augmentation = m_augmentation, .assistant = m_assistant};
        if (m_assistant.logitWeight > 0)
            use.notes.emplace_back("logit_weight is above 0: the pair remembers more, not less");
        return use;
    }

    TermWeights weights(const StepContext &, TermWeights) override { return {.forget = 1, .retain = m_weight}; }

    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        return {.loss = losses::tokenNll(step.model, forget).sum() / static_cast<double>(step.forgetLabels), .values = {}};
    }

    Term retainTerm(const StepContext &step, const Batch &retain) override
    {
        const at::Tensor all_ND = step.model.hidden(retain);
        const at::Tensor sum = losses::rowLossSum(step.model.head(), m_real ? all_ND : all_ND.index_select(0, retain.labelRows_M),
                                                  [](const at::Tensor &logits_KV, std::int64_t) {
            const double logSize = std::log(static_cast<double>(logits_KV.size(1)));
            return (at::logsumexp(logits_KV, {1}) - logits_KV.mean(1) - logSize).sum();
        });
        return {.loss = sum / static_cast<double>(m_real ? step.retainTokens : step.retainLabels), .values = {}};
    }

private:
    const double m_weight;
    const bool m_real;
    const AssistantUse m_assistant;
    const Augmentation m_augmentation;
};

class UldPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "uld.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &parameters) const override { return std::make_unique<UldMethod>(parameters); }
};

} // namespace lethe::uld

#include "UldMethod.moc"
