#include <lethe/sdk/Method.h>

#include <ATen/core/Tensor.h>

#include <QtCore/QObject>

namespace lethe::kl_min {

/// L = −CE_f + KL(reference ‖ model) on the retain set: gradient difference whose retain loss is the KL.
/// Source: TOFU, arXiv 2401.06121 (the KL is on the retain set, name notwithstanding).
class KlMinMethod final : public Method
{
public:
    Term forgetTerm(const StepContext &step, const Batch &forget) override
    {
        return {.loss = -losses::tokenNll(step.model, forget).sum() / static_cast<double>(step.forgetLabels), .values = {}};
    }
};

class KlMinPlugin final : public QObject, public MethodPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID LETHE_METHOD_IID FILE "kl_min.json")
    Q_INTERFACES(lethe::MethodPlugin)

public:
    std::unique_ptr<Method> create(const ParameterSet &) const override { return std::make_unique<KlMinMethod>(); }
};

} // namespace lethe::kl_min

#include "KlMinMethod.moc"
