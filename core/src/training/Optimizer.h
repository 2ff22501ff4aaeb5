#pragma once

#include "model/Decoder.h"
#include "training/BlockwiseAdam.h"

#include <lethe/base/Result.h>
#include <lethe/spec/ExperimentSpec.h>

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <vector>

namespace lethe {

/// AdamW (decoupled decay, bias-corrected; Loshchilov & Hutter 2019) or plain SGD with decay, over all trained parameters in one
/// kernel call a group. Groups as transformers' Trainer makes them: biases and norms are not decayed.
/// `adamw_8bit` as its Trainer has `adamw_bnb_8bit`: averages of embeddings and of what has fewer than 4096 numbers stay f32.
class LETHE_EXPORT Optimizer
{
public:
    /// Remembers the parameters of \p model that require gradients; \p model must outlive it.
    Optimizer(Decoder &model, const TrainingSpec &training);

    /// Zeroes gradients in place: their memory is kept from step to step.
    void zeroGradients();
    /// L2 norm over all gradients, a scalar on the device.
    at::Tensor gradientNorm() const;
    /// Scales gradients by min(1, maximum / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_ does.
    void clip(const at::Tensor &norm, double maximum);
    void step(double learningRate);

    /// The parameters' gradients, and lists to put in their place: backward passes then add to those.
    std::vector<at::Tensor> gradients() const;
    void setGradients(const std::vector<at::Tensor> &gradients);
    std::vector<at::Tensor> parameters() const;
    /// Everything that a step changes, as copies; \ref restore puts the very same bits back.
    std::vector<at::Tensor> snapshot() const;
    void restore(const std::vector<at::Tensor> &snapshot);

    /// Writes (reads) moments and the step count as safetensors, so that a resumed run goes on to the bit.
    Result<void> save(const std::filesystem::path &file) const;
    Result<void> load(const std::filesystem::path &file);

private:
    struct Group {
        double weightDecay = 0;
        std::vector<std::string> names;
        std::vector<at::Tensor> parameters, firstMoments, secondMoments, steps;
        std::vector<blockwise::Moments> coded8; ///< in place of the f32 moments
        bool isCoded() const { return !coded8.empty(); }
    };
    struct StateTensor {
        std::string name;
        at::Tensor value;
    };
    std::vector<at::Tensor> gradients(const Group &group) const;
    std::vector<at::Tensor> mutableState() const;
    std::vector<StateTensor> moments() const;

    Decoder &m_model;
    OptimizerKind m_kind;
    double m_beta1, m_beta2, m_eps;
    at::Tensor m_steps; ///< taken so far, i64 on the CPU: a part of the state like the rest
    std::vector<Group> m_groups;
};

} // namespace lethe
