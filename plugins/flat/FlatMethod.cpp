#include <lethe/sdk/Method.h>

#include <ATen/ATen.h>

#include <QtCore/QObject>

#include <algorithm>
#include <numbers>
#include <string>

namespace lethe::flat {

/// The variational form of one f-divergence: g*(v), and its conjugate f*(g*(v)).
struct Divergence {
    at::Tensor (*critic)(const at::Tensor &);
    at::Tensor (*conjugate)(const at::Tensor &);
};

Divergence divergenceOf(const std::string &name)
{
    using T = at::Tensor;
    if (name == "kl")
        return {[](const T &v) -> T { return v; }, [](const T &v) -> T { return at::exp(v - 1); }};
    if (name == "js")
        return {[](const T &v) -> T { return at::log_sigmoid(v) + std::numbers::ln2; }, [](const T &v) -> T { return at::softplus(v) - std::numbers::ln2; }};
    if (name == "pearson")
        return {[](const T &v) -> T { return v; }, [](const T &v) -> T { return v.square() / 4 + v; }};
    if (name == "jeffrey")
        return {[](const T &v) -> T { return v; }, [](const T &v) -> T { return v + v.square() / 4 + v.pow(3) / 16; }};
    const auto tv = [](const T &v) -> T { return at::tanh(v) / 2; };
    return {tv, tv};
}

/// L = mean_b[f*(g*(P_f))] − mean_b[g*(P_e)], P the mean probability of an answer's tokens: P_f of the true answer, P_e of the template
/// answer. The two parts share nothing, so each is a term of its own.
/// Source: FLAT, arXiv 2410.11143; `UCSC-REAL/FLAT`. Per sample, as the paper; the release takes one mean over the padded batch
/// (`reduction`: batch_padded), in which the probability depends on the padding.
class FlatMethod final : public Method
{
public:
    explicit FlatMethod(const ParameterSet &parameters)
        : m_divergence(divergenceOf(parameters.text("divergence"))), m_padded(parameters.text("reduction") == "batch_padded"),
          m_templateWeight(parameters.number("template_weight"))
    {
    }

    Result<MethodUse> begin(const RunOutline &) override
    {
        return MethodUse{.furtherTerms = {{.name = "template", .weight = m_templateWeight, .on = FurtherTerm::On::Alternate}}};
    }

    Term forgetTerm(const StepContext &step, const Batch &forget) override { return part(step, forget, m_divergence.conjugate, 1, "forget_probability"); }

    Term furtherTerm(std::size_t, const StepContext &step, const Batch &templates) override
    {
        return part(step, templates, m_divergence.critic, -1, "template_probability");
    }

private:
    Term part(const StepContext &step, const Batch &batch, at::Tensor (*function)(const at::Tensor &), double sign, const char *figure) const
    {
        const at::Tensor probability_M = at::exp(-losses::tokenNll(step.model, batch));
        const double samples = static_cast<double>(step.forgetSamples);
        if (m_padded) {
            std::int64_t longest = 2;
            for (const auto *shapes : {&step.forgetShapes, &step.alternateShapes})
                for (const SampleShape &shape : *shapes)
                    longest = std::max(longest, shape.length);
            const at::Tensor mean = probability_M.sum() / static_cast<double>(batch.samples() * (longest - 1));
            const double share = static_cast<double>(batch.samples()) / samples;
            return {.loss = sign * share * function(mean), .values = {{figure, mean.detach() * share}}};
        }
        const at::Tensor mean_B = losses::sumBySample(probability_M, batch) / losses::labelCounts(batch);
        return {.loss = sign * function(mean_B).sum() / samples, .values = {{figure, mean_B.detach().sum() / samples}}};
    }

    const Divergence m_divergence;
    const bool m_padded;
    const double m_templateWeight;
};

class FlatPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "flat.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &parameters) const override { return std::make_unique<FlatMethod>(parameters); }
};

} // namespace lethe::flat

#include "FlatMethod.moc"
