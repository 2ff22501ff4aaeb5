#include "training/Optimizer.h"

#include "model/Safetensors.h"
#include "model/SafetensorsWriter.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <map>

namespace lethe {

namespace {

constexpr const char *kFirst = "exp_avg.";
constexpr const char *kSecond = "exp_avg_sq.";
constexpr const char *kStep = "step";

} // namespace

Optimizer::Optimizer(Decoder &model, const TrainingSpec &training)
    : m_model(model), m_kind(training.optimizer), m_beta1(training.betas[0]), m_beta2(training.betas[1]), m_eps(training.eps)
{
    Group decayed{.weightDecay = training.weightDecay};
    Group plain{.weightDecay = 0};
    for (Parameter &parameter : model.trained()) {
        // The gradient exists from the start, so that a parameter no loss reaches has a zero one, not none.
        parameter.value.mutable_grad() = at::zeros_like(parameter.value);
        Group &group = parameter.spec.decays() ? decayed : plain;
        group.names.push_back(parameter.spec.name);
        group.parameters.push_back(parameter.value);
        if (m_kind == OptimizerKind::AdamW) {
            group.firstMoments.push_back(at::zeros_like(parameter.value));
            group.secondMoments.push_back(at::zeros_like(parameter.value));
            group.steps.push_back(at::zeros({}, at::TensorOptions().dtype(at::kFloat).device(parameter.value.device())));
        }
    }
    for (Group &group : {std::ref(decayed), std::ref(plain)})
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
    for (Group &group : m_groups) {
        std::vector<at::Tensor> gradient = gradients(group);
        if (m_kind == OptimizerKind::AdamW) {
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

std::vector<at::Tensor> Optimizer::mutableState() const
{
    std::vector<at::Tensor> all = parameters();
    for (const Group &group : m_groups)
        for (const auto *list : {&group.firstMoments, &group.secondMoments, &group.steps})
            all.insert(all.end(), list->begin(), list->end());
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
        entries.push_back({.name = name, .dtype = "F32", .shape = tensor.sizes().vec()});
        tensors[name] = tensor;
    };
    for (const Group &group : m_groups)
        for (std::size_t i = 0; i < group.firstMoments.size(); ++i) {
            add(kFirst + group.names[i], group.firstMoments[i]);
            add(kSecond + group.names[i], group.secondMoments[i]);
        }
    if (!m_groups.empty() && !m_groups.front().steps.empty())
        add(kStep, m_groups.front().steps.front());
    LETHE_TRY(SafetensorsWriter writer, SafetensorsWriter::create(file, entries));
    for (const SafetensorsEntry &entry : writer.tensors()) {
        const at::Tensor host = tensors.at(entry.name).to(at::kCPU, at::kFloat).contiguous();
        LETHE_TRY_VOID(writer.append(entry.name, host.const_data_ptr(), host.nbytes()));
    }
    return writer.finish();
}

Result<void> Optimizer::load(const std::filesystem::path &path)
{
    LETHE_TRY(const SafetensorsFile file, SafetensorsFile::open(path));
    const auto read = [&](const std::string &name, at::Tensor &into) -> Result<void> {
        const TensorEntry *entry = file.find(name);
        if (entry == nullptr || entry->dtype != "F32" || entry->shape != into.sizes().vec())
            return Error{.code = ErrorCode::Corrupt, .what = "does not hold the optimizer's " + name + " in this model's shape", .where = path.string(),
                         .hint = "Resume from another checkpoint"};
        into.copy_(at::from_blob(const_cast<std::byte *>(file.bytes(*entry).data()), entry->shape, at::kFloat));
        return {};
    };
    const at::NoGradGuard off;
    for (Group &group : m_groups)
        for (std::size_t i = 0; i < group.firstMoments.size(); ++i) {
            LETHE_TRY_VOID(read(kFirst + group.names[i], group.firstMoments[i]));
            LETHE_TRY_VOID(read(kSecond + group.names[i], group.secondMoments[i]));
            LETHE_TRY_VOID(read(kStep, group.steps[i]));
        }
    return {};
}

} // namespace lethe
