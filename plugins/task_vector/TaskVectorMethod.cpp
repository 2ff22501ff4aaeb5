#include <lethe/sdk/Method.h>

#include <QtCore/QObject>

namespace lethe::task_vector {

/// θ = θ₀ − scale (θ_ft − θ₀), where θ_ft comes from θ₀ by ordinary training on the forget set.
/// Source: task arithmetic, arXiv 2212.04089; as an unlearning baseline MUSE, arXiv 2407.06460.
class TaskVectorMethod final : public Method
{
public:
    explicit TaskVectorMethod(const ParameterSet &parameters) : m_scale(parameters.number("scale")) {}

    Result<MethodUse> begin(const RunOutline &) override
    {
        MethodUse use{.negation = m_scale};
        use.notes.emplace_back("Until its end this run learns the forget set: evaluations on the way are of that model");
        return use;
    }

    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        return {.loss = losses::tokenNll(step.model, forget).sum() / static_cast<double>(step.forgetLabels), .values = {}};
    }

private:
    const double m_scale;
};

class TaskVectorPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "task_vector.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &parameters) const override { return std::make_unique<TaskVectorMethod>(parameters); }
};

} // namespace lethe::task_vector

#include "TaskVectorMethod.moc"
