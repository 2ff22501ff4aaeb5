#include "training/BlockwiseAdam.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace lethe::blockwise {

namespace {

constexpr std::int64_t kDecades = 7;
/// Numbers that the plain form takes at once, so that what comes and goes stays small beside the parameter.
constexpr std::int64_t kChunk = std::int64_t{1} << 24;
static_assert(kChunk % kBlock == 0);

at::Tensor makeMap(bool negative)
{
    std::vector<float> values{0.0f, 1.0f};
    for (std::int64_t decade = 0; decade < kDecades; ++decade) {
        const std::int64_t borders = (std::int64_t{1} << (negative ? decade : decade + 1)) + 1;
        const at::Tensor border = at::linspace(0.1, 1, borders, at::kFloat);
        const at::Tensor middle = (border.slice(0, 0, borders - 1) + border.slice(0, 1, borders)) / 2.0 * std::pow(10.0, static_cast<double>(decade - kDecades + 1));
        for (std::int64_t i = 0; i + 1 < borders; ++i) {
            const auto value = middle[i].item<float>();
            values.push_back(value);
            if (negative)
                values.push_back(-value);
        }
    }
    std::ranges::sort(values);
    return at::tensor(values, at::kFloat);
}

const loops::CodeMap &codeMap(bool negative)
{
    const auto make = [](bool sign) {
        return loops::CodeMap({dynamicMap(sign).const_data_ptr<float>(), 256});
    };
    static const loops::CodeMap both[2] = {make(false), make(true)};
    return both[negative ? 1 : 0];
}

at::Tensor middlesOf(const at::Tensor &map)
{
    return (map.slice(0, 0, 255) + map.slice(0, 1, 256)) / 2;
}

/// The numbers of \p tensor as they lie in memory.
at::Tensor flat(const at::Tensor &tensor)
{
    return tensor.as_strided({tensor.numel()}, {1});
}

loops::AdamWFactors factorsOf(const Step &step)
{
    const auto t = static_cast<double>(step.number);
    return {.decay = static_cast<float>(1 - step.learningRate * step.weightDecay),
            .beta1 = static_cast<float>(step.beta1), .rest1 = static_cast<float>(1 - step.beta1),
            .beta2 = static_cast<float>(step.beta2), .rest2 = static_cast<float>(1 - step.beta2),
            .rate = static_cast<float>(step.learningRate / (1 - std::pow(step.beta1, t))),
            .rootCorrection = static_cast<float>(std::sqrt(1 - std::pow(step.beta2, t))),
            .eps = static_cast<float>(step.eps)};
}

/// Where f32 averages are coded: [n] → codes and scales.
void encode(const at::Tensor &average, const at::Tensor &middles, bool aboveZero, const at::Tensor &codes, const at::Tensor &scales)
{
    const std::int64_t numbers = average.numel(), blocks = scales.numel();
    const at::Tensor whole = numbers == blocks * kBlock ? average : at::constant_pad_nd(average, {0, blocks * kBlock - numbers});
    const at::Tensor rows = whole.view({blocks, kBlock});
    scales.copy_(rows.abs().amax(1));
    const at::Tensor share = at::where(scales > 0, scales, 1).unsqueeze(1);
    at::Tensor code = at::bucketize(rows / share, middles, /*out_int32=*/true).view(-1).slice(0, 0, numbers);
    if (aboveZero)
        code = at::where(average > 0, code.clamp_min(1), code);
    codes.copy_(code);
}

at::Tensor decode(const at::Tensor &codes, const at::Tensor &scales, const at::Tensor &map)
{
    const at::Tensor values = map.index_select(0, codes.to(at::kInt));
    return values.mul_(scales.repeat_interleave(kBlock).slice(0, 0, codes.numel()));
}

} // namespace

const at::Tensor &dynamicMap(bool negative)
{
    static const at::Tensor both[2] = {makeMap(false), makeMap(true)};
    return both[negative ? 1 : 0];
}

Moments zeroMoments(const at::Tensor &parameter)
{
    const std::int64_t numbers = parameter.numel(), blocks = (numbers + kBlock - 1) / kBlock;
    const auto options = parameter.options().requires_grad(false);
    // The code of zero, though under a scale of zero any would do.
    const auto zero = [](bool negative) {
        const float *values = dynamicMap(negative).const_data_ptr<float>();
        return static_cast<std::int64_t>(std::lower_bound(values, values + 256, 0.0f) - values);
    };
    return {.first = at::full({numbers}, zero(true), options.dtype(at::kByte)), .firstScale = at::zeros({blocks}, options.dtype(at::kFloat)),
            .second = at::full({numbers}, zero(false), options.dtype(at::kByte)), .secondScale = at::zeros({blocks}, options.dtype(at::kFloat))};
}

void adamW(const at::Tensor &parameter, const at::Tensor &gradient, Moments &moments, const Step &step)
{
    TORCH_CHECK(parameter.scalar_type() == at::kFloat && gradient.scalar_type() == at::kFloat, "8-bit AdamW takes f32 weights and gradients");
    TORCH_CHECK(parameter.is_non_overlapping_and_dense() && parameter.strides() == gradient.strides(), "8-bit AdamW takes weights laid out as their gradients");
    if (!parameter.is_cpu()) {
        plain::adamW(parameter, gradient, moments, step);
        return;
    }
    const loops::CodedAverage first{moments.first.mutable_data_ptr<std::uint8_t>(), moments.firstScale.mutable_data_ptr<float>(), &codeMap(true)};
    const loops::CodedAverage second{moments.second.mutable_data_ptr<std::uint8_t>(), moments.secondScale.mutable_data_ptr<float>(), &codeMap(false)};
    const loops::AdamWFactors factors = factorsOf(step);
    auto *weights = parameter.mutable_data_ptr<float>();
    const auto *gradients = gradient.const_data_ptr<float>();
    const std::int64_t numbers = parameter.numel();
    at::parallel_for(0, moments.firstScale.numel(), 64, [&](std::int64_t begin, std::int64_t end) {
        loops::adamW8Bit(weights, gradients, first, second, factors, begin, end, numbers);
    });
}

void plain::adamW(const at::Tensor &parameter, const at::Tensor &gradient, Moments &moments, const Step &step)
{
    const loops::AdamWFactors f = factorsOf(step);
    const at::Tensor &firstMap = dynamicMap(true), &secondMap = dynamicMap(false);
    const auto device = parameter.device();
    const at::Tensor firstValues = firstMap.to(device), firstMiddles = middlesOf(firstMap).to(device);
    const at::Tensor secondValues = secondMap.to(device), secondMiddles = middlesOf(secondMap).to(device);
    const at::Tensor weights = flat(parameter), gradients = flat(gradient);
    for (std::int64_t begin = 0; begin < weights.numel(); begin += kChunk) {
        const std::int64_t end = std::min(begin + kChunk, weights.numel());
        const auto part = [&](const at::Tensor &tensor) { return tensor.slice(0, begin, end); };
        const auto scales = [&](const at::Tensor &tensor) { return tensor.slice(0, begin / kBlock, (end + kBlock - 1) / kBlock); };
        const at::Tensor g = part(gradients);
        at::Tensor m = decode(part(moments.first), scales(moments.firstScale), firstValues);
        at::Tensor v = decode(part(moments.second), scales(moments.secondScale), secondValues);
        m.mul_(f.beta1).add_(g, f.rest1);
        v.mul_(f.beta2).addcmul_(g, g, f.rest2);
        part(weights).mul_(f.decay).addcdiv_(m, (v.sqrt() / f.rootCorrection).add_(f.eps), -f.rate);
        encode(m, firstMiddles, false, part(moments.first), scales(moments.firstScale));
        encode(v, secondMiddles, true, part(moments.second), scales(moments.secondScale));
    }
}

} // namespace lethe::blockwise
