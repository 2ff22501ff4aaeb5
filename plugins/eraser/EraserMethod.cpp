#include <lethe/sdk/Method.h>

#include <ATen/ATen.h>

#include <QtCore/QObject>

#include <string>

namespace lethe::eraser {

/// L = harm + help + align: harm = max(0, γ − CE) of the forget answers to noisy questions; help and align are the KL to the frozen model on
/// the retain rows and on the forget questions with their replacement answers.
/// Source: Eraser, arXiv 2404.05880; `ZeroNLP/Eraser` `train_Eraser`. There the hinge is on the mean of a micro-batch (`hinge`: micro_batch)
/// and the KLs count padding; here the hinge is on each answer and padding never counts.
class EraserMethod final : public Method
{
public:
    explicit EraserMethod(const ParameterSet &parameters)
        : m_threshold(parameters.number("harm_threshold")), m_harmWeight(parameters.number("harm_weight")),
          m_helpWeight(parameters.number("help_weight")), m_alignWeight(parameters.number("align_weight")),
          m_noise{.prefixMax = parameters.integer("prefix_max"), .suffixMax = parameters.integer("suffix_max")},
          m_bySample(parameters.text("hinge") == "sample")
    {
    }

    Result<MethodUse> begin(const RunOutline &) override
    {
        MethodUse use{.promptNoise = m_noise};
        if (m_helpWeight != 0) {
            use.retain.hidden = true;
            use.furtherTerms.push_back({.name = "help", .weight = m_helpWeight, .on = FurtherTerm::On::Retain});
        }
        if (m_alignWeight != 0) {
            use.alternate.hidden = true;
            use.furtherTerms.push_back({.name = "align", .weight = m_alignWeight, .on = FurtherTerm::On::Alternate});
        }
        return use;
    }

    TermWeights weights(const StepContext &, TermWeights) override { return {.forget = m_harmWeight, .retain = 0}; }

    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        const double samples = static_cast<double>(step.forgetSamples);
        const at::Tensor nll_M = losses::tokenNll(step.model, forget);
        // One number for the batch, or one for each answer; either way its share of the step.
        const at::Tensor nll = m_bySample ? losses::sumBySample(nll_M, forget) / losses::labelCounts(forget) : nll_M.mean().unsqueeze(0);
        const double share = m_bySample ? 1 / samples : static_cast<double>(forget.samples()) / samples;
        const at::Tensor active = (nll.detach() < m_threshold).to(at::kFloat).sum() * share;
        return {.loss = at::relu(m_threshold - nll).sum() * share, .values = {{"hinge_active", active}}, .mayVanish = true};
    }

    Term furtherTerm(std::size_t index, const StepContext &step, const Batch &batch) override
    {
        const bool help = m_helpWeight != 0 && index == 0;
        const at::Tensor sum = losses::forwardKlSum(step.model, *step.reference, batch);
        return {.loss = sum / static_cast<double>(help ? step.retainTokens : step.alternateTokens), .values = {}};
    }

private:
    const double m_threshold, m_harmWeight, m_helpWeight, m_alignWeight;
    const PromptNoise m_noise;
    const bool m_bySample;
};

class EraserPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "eraser.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &parameters) const override { return std::make_unique<EraserMethod>(parameters); }
};

} // namespace lethe::eraser

#include "EraserMethod.moc"
