#include <lethe/sdk/Method.h>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <QtCore/QObject>
#include <QtCore/QRegularExpression>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace lethe::rmu {

/// L_f = mean over samples, labelled positions and width of (h − c·u)²; L_r the same of h − h_frozen (`embed_diff`), or NLL or KL. h is the
/// output of one block; u is drawn once from the run's seed and scaled to length 1.
/// Source: RMU, arXiv 2403.03218; open-unlearning `rmu.py`. Positions are those that carry a label themselves, not shifted. Their division
/// of sums [B] by counts [B,1] averages wrongly for unequal lengths; this is the mean of means. The paper sums over the width, all code averages.
class RmuMethod final : public Method
{
public:
    explicit RmuMethod(const ParameterSet &parameters)
        : m_layer(parameters.integer("layer")), m_coefficient(parameters.number("steering_coeff")), m_gaussian(parameters.text("vector") == "gaussian"),
          m_skip(parameters.flag("skip_first_token") ? 1 : 0), m_module(parameters.text("train_modules")),
          m_layers(numbers(parameters.values.at("train_layers")))
    {
        for (const std::string &expression : texts(parameters.values.at("trainable_params_regex"))) {
            QRegularExpression whole(QRegularExpression::anchoredPattern(QString::fromStdString(expression)));
            if (!whole.isValid())
                throw std::invalid_argument("trainable_params_regex: \"" + expression + "\" is no regular expression: " + whole.errorString().toStdString());
            m_expressions.push_back(std::move(whole));
        }
    }

    Result<MethodUse> begin(const RunOutline &run) override
    {
        if (m_layer >= run.layers)
            return Error{.code = ErrorCode::InvalidInput,
                         .what = std::to_string(m_layer) + " is not allowed: the model has " + std::to_string(run.layers) + " layers, counted from 0",
                         .where = "method.parameters.layer", .hint = "Use 0 to " + std::to_string(run.layers - 1)};
        at::Generator generator = at::detail::createCPUGenerator(static_cast<std::uint64_t>(run.seed));
        const at::Tensor drawn_D = m_gaussian ? at::randn({run.hidden}, generator) : at::rand({run.hidden}, generator);
        m_target_D = drawn_D / drawn_D.norm() * m_coefficient;
        return MethodUse{.retain = {.layer = run.retainLoss == RetainLoss::Own ? std::optional(m_layer) : std::nullopt},
                         .trains = [this](const std::string &name) { return trains(name); }};
    }

    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        const losses::LabelledPositions at = losses::labelledPositions(forget, m_skip);
        const at::Tensor states_KD = step.model.layerOutput(forget, m_layer).index_select(0, at.rows_K).to(at::kFloat);
        const double samples = static_cast<double>(step.forgetSamples);
        const at::Tensor target_D = m_target_D.to(states_KD.device());
        return {.loss = meanOfMeans((states_KD - target_D).square().mean(1), at, forget) / samples,
                .values = {{"forget_state_norm", meanOfMeans(states_KD.detach().norm(2, {1}, false), at, forget) / samples}}};
    }

    Term retainTerm(const StepContext &step, const Batch &retain) override
    {
        if (step.retainLoss != RetainLoss::Own)
            return Method::retainTerm(step, retain);
        const losses::LabelledPositions at = losses::labelledPositions(retain, m_skip);
        const at::Tensor states_KD = step.model.layerOutput(retain, m_layer).index_select(0, at.rows_K).to(at::kFloat);
        const at::Tensor frozen_KD = step.reference->layerOutput(retain, m_layer).index_select(0, at.rows_K).to(at::kFloat);
        return {.loss = meanOfMeans((states_KD - frozen_KD).square().mean(1), at, retain) / static_cast<double>(step.retainSamples), .values = {}};
    }

    void afterStep(const StepContext &step, StepReport &report) override
    {
        const auto norm = std::ranges::find(report.values, "forget_state_norm", &std::pair<std::string, double>::first);
        if (step.step != 1 || norm == report.values.end() || (m_coefficient >= norm->second && m_coefficient <= 10 * norm->second))
            return;
        const auto shortest = [](double value) { return QString::number(value, 'g', 3).toStdString(); };
        report.notes.push_back("steering_coeff is " + shortest(m_coefficient) + ", and the states of layer " + std::to_string(m_layer) + " have a norm of "
                               + shortest(norm->second) + " on the forget set: 1.5 to 5 times that norm steers them away");
    }

private:
    static at::Tensor meanOfMeans(const at::Tensor &values_K, const losses::LabelledPositions &at, const Batch &batch)
    {
        return (at::zeros({batch.samples()}, values_K.options()).index_add(0, at.samples_K, values_K) / at.counts_B).sum();
    }

    static std::vector<std::string> texts(const ParameterValue &value)
    {
        const auto *held = std::get_if<std::vector<std::string>>(&value);
        return held != nullptr ? *held : std::vector<std::string>();
    }

    static std::vector<std::int64_t> numbers(const ParameterValue &value)
    {
        const auto *held = std::get_if<std::vector<double>>(&value);
        return held != nullptr ? std::vector<std::int64_t>(held->begin(), held->end()) : std::vector<std::int64_t>();
    }

    bool trains(const std::string &name) const
    {
        if (!m_expressions.empty())
            return std::ranges::any_of(m_expressions, [&name](const QRegularExpression &expression) {
                return expression.match(QString::fromStdString(name)).hasMatch();
            });
        static const QRegularExpression block(QStringLiteral("(?:^|\\.)(?:h|layers|blocks)\\.(\\d+)\\.(.+)\\.weight$"));
        const QRegularExpressionMatch match = block.match(QString::fromStdString(name));
        if (!match.hasMatch() || match.captured(2).toStdString() != m_module)
            return false;
        const std::int64_t layer = match.captured(1).toLongLong();
        return m_layers.empty() ? layer <= m_layer && layer >= m_layer - 2 : std::ranges::find(m_layers, layer) != m_layers.end();
    }

    const std::int64_t m_layer;
    const double m_coefficient;
    const bool m_gaussian;
    const std::int64_t m_skip;
    const std::string m_module;
    const std::vector<std::int64_t> m_layers;
    std::vector<QRegularExpression> m_expressions;
    at::Tensor m_target_D;
};

class RmuPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "rmu.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &parameters) const override { return std::make_unique<RmuMethod>(parameters); }
};

} // namespace lethe::rmu

#include "RmuMethod.moc"
