#include <lethe/sdk/Method.h>

#include <ATen/ATen.h>

#include <QtCore/QObject>

#include <stdexcept>

/// A deliberately broken plugin: throws where its parameter says, and what its other one says.
class ThrowingMethod final : public lethe::Method
{
public:
    explicit ThrowingMethod(const lethe::ParameterSet &parameters) : m_place(parameters.text("place")), m_what(parameters.text("what")) { throwAt("create"); }

    lethe::Result<lethe::MethodUse> begin(const lethe::RunOutline &) override
    {
        throwAt("begin");
        return lethe::MethodUse{};
    }
    lethe::Term forgetTerm(const lethe::StepContext &step, const lethe::Batch &forget) override
    {
        throwAt("term");
        return {.loss = -lethe::losses::tokenNll(step.model, forget).sum() / static_cast<double>(step.forgetLabels), .values = {}};
    }
    lethe::Term retainTerm(const lethe::StepContext &step, const lethe::Batch &retain) override { return Method::retainTerm(step, retain); }
    void afterStep(const lethe::StepContext &, lethe::StepReport &) override { throwAt("after a step"); }
    lethe::MethodState state() const override
    {
        throwAt("state");
        return {};
    }

private:
    void throwAt(const char *place) const
    {
        if (m_place != place)
            return;
        if (m_what == "number")
            throw 42;
        if (m_what == "tensor")
            at::zeros({2}) + at::zeros({3}); // LibTorch's own
        throw std::runtime_error("thrown on purpose");
    }

    const std::string m_place, m_what;
};

class ThrowingPlugin final : public QObject, public lethe::MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "throwing.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<lethe::Method> create(const lethe::ParameterSet &parameters) const override { return std::make_unique<ThrowingMethod>(parameters); }
};

#include "ThrowingMethod.moc"
