#include "model/WeightRounding.h"

#include "model/AdapterFiles.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <set>

namespace lethe {

namespace {

constexpr std::int64_t kBlock = 64;

/// NF4's 16 levels, as published: quantiles of N(0, 1) scaled to ±1, with an exact zero.
const std::vector<float> kLevels{-1.0F, -0.6961928009986877F, -0.5250730514526367F, -0.39491748809814453F, -0.28444138169288635F, -0.18477343022823334F,
                                 -0.09105003625154495F, 0.0F, 0.07958029955625534F, 0.16093020141124725F, 0.24611230194568634F, 0.33791524171829224F,
                                 0.44070982933044434F, 0.5626170039176941F, 0.7229568362236023F, 1.0F};

at::Tensor toInt8(const at::Tensor &weight)
{
    const at::Tensor scale = weight.abs().amax(1, true).div(127).clamp_min(1e-30);
    return at::round(weight / scale) * scale;
}

at::Tensor toNf4(const at::Tensor &weight)
{
    const at::Tensor flat = weight.reshape({-1});
    const std::int64_t blocks = (flat.numel() + kBlock - 1) / kBlock;
    const at::Tensor padded = at::zeros({blocks * kBlock}, flat.options());
    padded.narrow(0, 0, flat.numel()).copy_(flat);
    const at::Tensor values = padded.view({blocks, kBlock});
    const at::Tensor scale = values.abs().amax(1, true).clamp_min(1e-30);
    const at::Tensor levels = at::tensor(kLevels, flat.options());
    const at::Tensor borders = (levels.narrow(0, 0, 15) + levels.narrow(0, 1, 15)) / 2;
    const at::Tensor nearest = at::bucketize(values / scale, borders);
    return (levels.index_select(0, nearest.reshape({-1})).view_as(values) * scale).reshape({-1}).narrow(0, 0, flat.numel()).view_as(weight);
}

} // namespace

at::Tensor rounded(const at::Tensor &weight, WeightRounding rounding)
{
    const at::Tensor values = weight.to(at::kFloat).contiguous();
    switch (rounding) {
    case WeightRounding::None: break;
    case WeightRounding::Int8: return toInt8(values);
    case WeightRounding::Nf4: return toNf4(values);
    }
    return values;
}

Result<void> roundWeights(Decoder &model, WeightRounding rounding)
{
    if (rounding == WeightRounding::None)
        return {};
    const at::NoGradGuard off;
    std::vector<WeightSpec> specs;
    for (const Parameter &parameter : model.parameters())
        specs.push_back(parameter.spec);
    LETHE_TRY(const std::vector<std::string> names, adaptedWeights(model.config(), specs, {}));
    const std::set<std::string> chosen(names.begin(), names.end());
    for (Parameter &parameter : model.parameters())
        if (chosen.contains(parameter.spec.name)) {
            const bool transposed = linearShape(model.config(), parameter.spec).transposed;
            const at::Tensor weight = transposed ? parameter.value.t() : parameter.value; // rows are outputs
            parameter.value.copy_(transposed ? rounded(weight, rounding).t() : rounded(weight, rounding));
        }
    model.parametersChanged();
    return {};
}

} // namespace lethe
