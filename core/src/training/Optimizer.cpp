#include "training/Optimizer.h"

#include "model/Safetensors.h"
#include "model/SafetensorsWriter.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <map>

namespace lethe {

namespace {

constexpr const char *kStep = "step";

const char *formatDtype(const at::Tensor &tensor)
{
    return tensor.scalar_type() == at::kByte ? "U8" : "F32";
}

} // namespace

Optimizer::Optimizer(Decoder &model, const TrainingSpec &training)
    : m_model(model), m_kind(training.optimizer), m_beta1(training.betas[0]), m_beta2(training.betas[1]), m_eps(training.eps),
      m_steps(at::zeros({}, at::kLong))
{
    Group decayed{.weightDecay = training.weightDecay};
    Group plain{.weightDecay = 0};
    Group coded{.weightDecay = training.weightDecay}; // matrices alone are large enough, and those decay
    for (Parameter &parameter : model.trained()) {
        // The gradient exists from the start, so that a parameter no loss reaches has a zero one, not none.
        parameter.value.mutable_grad() = at::zeros_like(parameter.value);
        const bool isCoded = m_kind == OptimizerKind::AdamW8Bit && parameter.spec.kind == WeightKind::Matrix && parameter.value.numel() >= loops::kSmallestCoded;
        Group &group = isCoded ? coded : parameter.spec.decays() ? decayed : plain;
        group.names.push_back(parameter.spec.name);
        group.parameters.push_back(parameter.value);
        if (isCoded) {
            group.coded8.push_back(blockwise::zeroMoments(parameter.value));
        } else if (m_kind != OptimizerKind::Sgd) {
            group.firstMoments.push_back(at::zeros_like(parameter.value));
            group.secondMoments.push_back(at::zeros_like(parameter.value));
            group.steps.push_back(at::zeros({}, at::TensorOptions().dtype(at::kFloat).device(parameter.value.device())));
        }
    }
    for (Group &group : {std::ref(decayed), std::ref(plain), std::ref(coded)})
        if (!group.parameters.empty())
            m_groups.push_back(std::move(group));
}

std::vector<at::Tensor> Optimizer::gradients(const Group &group) const
{
    std::vector<at::Tensor> result;
    result.reserve(group.parameters.size());
    for (const at::Tensor &parameter : group.parameters)
        result.push_back(parameter.grad());
    return result;
}

void Optimizer::zeroGradients()
{
    for (Group &group : m_groups)
        at::_foreach_zero_(gradients(group));
}

at::Tensor Optimizer::gradientNorm() const
{
    std::vector<at::Tensor> norms;
    for (const Group &group : m_groups)
        for (at::Tensor &norm : at::_foreach_norm(gradients(group), 2))
            norms.push_back(std::move(norm));
    return at::linalg_vector_norm(at::stack(norms), 2);
}

void Optimizer::clip(const at::Tensor &norm, double maximum)
{
    const at::Tensor factor = (maximum / (norm + 1e-6)).clamp_max(1.0);
    for (Group &group : m_groups)
        at::_foreach_mul_(gradients(group), factor);
}

void Optimizer::step(double learningRate)
{
    const at::NoGradGuard off;
    m_steps.add_(1);
    for (Group &group : m_groups) {
        std::vector<at::Tensor> gradient = gradients(group);
        if (group.isCoded()) {
            const blockwise::Step step{.learningRate = learningRate, .beta1 = m_beta1, .beta2 = m_beta2, .eps = m_eps, .weightDecay = group.weightDecay,
                                       .number = m_steps.item<std::int64_t>()};
            for (std::size_t i = 0; i < group.parameters.size(); ++i)
                blockwise::adamW(group.parameters[i], gradient[i], group.coded8[i], step);
        } else if (m_kind != OptimizerKind::Sgd) {
            at::_foreach_add_(group.steps, 1);
            at::_fused_adamw_(group.parameters, gradient, group.firstMoments, group.secondMoments, {}, group.steps, learningRate, m_beta1, m_beta2,
                              group.weightDecay, m_eps, /*amsgrad=*/false, /*maximize=*/false);
        } else {
            // torch.optim.SGD's decay: part of the gradient, which itself stays what it is
            if (group.weightDecay != 0)
                gradient = at::_foreach_add(gradient, group.parameters, group.weightDecay);
            at::_foreach_add_(group.parameters, gradient, -learningRate);
        }
    }
    m_model.parametersChanged();
}

std::vector<at::Tensor> Optimizer::gradients() const
{
    std::vector<at::Tensor> all;
    for (const Group &group : m_groups)
        for (const at::Tensor &parameter : group.parameters)
            all.push_back(parameter.grad());
    return all;
}

void Optimizer::setGradients(const std::vector<at::Tensor> &gradients)
{
    std::size_t next = 0;
    for (Group &group : m_groups)
        for (at::Tensor &parameter : group.parameters)
            parameter.mutable_grad() = gradients[next++];
}

std::vector<at::Tensor> Optimizer::parameters() const
{
    std::vector<at::Tensor> all;
    for (const Group &group : m_groups)
        all.insert(all.end(), group.parameters.begin(), group.parameters.end());
    return all;
}

std::vector<Optimizer::StateTensor> Optimizer::moments() const
{
    std::vector<StateTensor> all;
    for (const Group &group : m_groups)
        for (std::size_t i = 0; i < group.names.size(); ++i) {
            const std::string &name = group.names[i];
            if (group.isCoded()) {
                const blockwise::Moments &coded = group.coded8[i];
                all.push_back({"exp_avg.codes." + name, coded.first});
                all.push_back({"exp_avg.scales." + name, coded.firstScale});
                all.push_back({"exp_avg_sq.codes." + name, coded.second});
                all.push_back({"exp_avg_sq.scales." + name, coded.secondScale});
            } else if (m_kind != OptimizerKind::Sgd) {
                all.push_back({"exp_avg." + name, group.firstMoments[i]});
                all.push_back({"exp_avg_sq." + name, group.secondMoments[i]});
            }
        }
    return all;
}

std::vector<at::Tensor> Optimizer::mutableState() const
{
    std::vector<at::Tensor> all = parameters();
    for (StateTensor &moment : moments())
        all.push_back(std::move(moment.value));
    for (const Group &group : m_groups)
        all.insert(all.end(), group.steps.begin(), group.steps.end());
    all.push_back(m_steps);
    return all;
}

std::vector<at::Tensor> Optimizer::snapshot() const
{
    std::vector<at::Tensor> copies;
    for (const at::Tensor &tensor : mutableState())
        copies.push_back(tensor.detach().clone());
    return copies;
}

void Optimizer::restore(const std::vector<at::Tensor> &snapshot)
{
    const at::NoGradGuard off;
    std::vector<at::Tensor> state = mutableState();
    at::_foreach_copy_(state, snapshot);
    m_model.parametersChanged();
}

Result<void> Optimizer::save(const std::filesystem::path &file) const
{
    std::map<std::string, at::Tensor> tensors;
    std::vector<SafetensorsEntry> entries;
    const auto add = [&](const std::string &name, const at::Tensor &tensor) {
        entries.push_back({.name = name, .dtype = formatDtype(tensor), .shape = tensor.sizes().vec()});
        tensors[name] = tensor;
    };
    for (const StateTensor &moment : moments())
        add(moment.name, moment.value);
    if (m_kind != OptimizerKind::Sgd)
        add(kStep, m_steps.to(at::kFloat));
    LETHE_TRY(SafetensorsWriter writer, SafetensorsWriter::create(file, entries));
    for (const SafetensorsEntry &entry : writer.tensors()) {
        const at::Tensor host = tensors.at(entry.name).to(at::kCPU).contiguous();
        LETHE_TRY_VOID(writer.append(entry.name, host.const_data_ptr(), host.nbytes()));
    }
    return writer.finish();
}

Result<void> Optimizer::load(const std::filesystem::path &path)
{
    LETHE_TRY(const SafetensorsFile file, SafetensorsFile::open(path));
    const auto read = [&](const std::string &name, at::Tensor into) -> Result<void> {
        const TensorEntry *entry = file.find(name);
        if (entry == nullptr || entry->dtype != formatDtype(into) || entry->shape != into.sizes().vec())
            return Error{.code = ErrorCode::Corrupt, .what = "does not hold the optimizer's " + name + " in this model's shape", .where = path.string(),
                         .hint = "Resume from another checkpoint"};
        into.copy_(at::from_blob(const_cast<std::byte *>(file.bytes(*entry).data()), entry->shape, into.options().device(at::kCPU)));
        return {};
    };
    const at::NoGradGuard off;
    for (const StateTensor &moment : moments())
        LETHE_TRY_VOID(read(moment.name, moment.value));
    if (m_kind == OptimizerKind::Sgd)
        return {};
    const at::Tensor steps = at::zeros({}, at::kFloat);
    LETHE_TRY_VOID(read(kStep, steps));
    m_steps.copy_(steps);
    for (Group &group : m_groups)
        for (at::Tensor &step : group.steps)
            step.copy_(steps);
    return {};
}

} // namespace lethe
