#include "model/DecoderConfig.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lethe {

namespace {

/// As transformers computes them: in f32.
std::vector<float> plainInverse(double theta, std::int64_t dim)
{
    std::vector<float> inverse;
    for (std::int64_t i = 0; i < dim; i += 2)
        inverse.push_back(1.0f / std::pow(static_cast<float>(theta), static_cast<float>(i) / static_cast<float>(dim)));
    return inverse;
}

/// Llama 3.1: long waves are stretched by the factor, short ones left alone, those between blended.
void scaleLlama3(std::vector<float> &inverse, const RopeConfig &rope)
{
    const double context = static_cast<double>(rope.originalContext);
    const double longest = context / rope.lowFreqFactor;
    const double shortest = context / rope.highFreqFactor;
    for (float &frequency : inverse) {
        const double wave = 2 * std::numbers::pi / static_cast<double>(frequency);
        if (wave > longest) {
            frequency = static_cast<float>(frequency / rope.factor);
        } else if (wave >= shortest) {
            const double smooth = (context / wave - rope.lowFreqFactor) / (rope.highFreqFactor - rope.lowFreqFactor);
            frequency = static_cast<float>((1 - smooth) * frequency / rope.factor + smooth * frequency);
        }
    }
}

double yarnScale(double factor, double mscale)
{
    return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0;
}

/// YaRN, arXiv 2309.00071: a ramp over the dimensions between interpolated and original frequencies.
RotaryFrequencies yarn(const RopeConfig &rope, std::int64_t dim)
{
    RotaryFrequencies result;
    if (rope.attentionFactor)
        result.attentionFactor = *rope.attentionFactor;
    else if (rope.mscale && rope.mscaleAllDim && *rope.mscale != 0 && *rope.mscaleAllDim != 0)
        result.attentionFactor = yarnScale(rope.factor, *rope.mscale) / yarnScale(rope.factor, *rope.mscaleAllDim);
    else
        result.attentionFactor = yarnScale(rope.factor, 1.0);

    const double width = static_cast<double>(dim);
    const auto dimensionOf = [&](double rotations) {
        return width * std::log(static_cast<double>(rope.originalContext) / (rotations * 2 * std::numbers::pi)) / (2 * std::log(rope.theta));
    };
    double low = dimensionOf(rope.betaFast);
    double high = dimensionOf(rope.betaSlow);
    if (rope.truncate) {
        low = std::floor(low);
        high = std::ceil(high);
    }
    low = std::max(low, 0.0);
    high = std::min(high, width - 1);
    if (low == high)
        high += 0.001;

    result.inverse = plainInverse(rope.theta, dim);
    for (std::size_t i = 0; i < result.inverse.size(); ++i) {
        const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
        const double original = result.inverse[i];
        result.inverse[i] = static_cast<float>(original / rope.factor * ramp + original * (1 - ramp));
    }
    return result;
}

/// LongRoPE, arXiv 2402.13753: one factor a dimension, another list beyond the original context.
RotaryFrequencies longRope(const RopeConfig &rope, std::int64_t dim, std::int64_t length)
{
    const std::vector<double> &factors = length > rope.originalContext ? rope.longFactor : rope.shortFactor;
    RotaryFrequencies result;
    if (rope.attentionFactor)
        result.attentionFactor = *rope.attentionFactor;
    else if (rope.factor > 1)
        result.attentionFactor = std::sqrt(1 + std::log(rope.factor) / std::log(static_cast<double>(rope.originalContext)));
    for (std::size_t i = 0; i < static_cast<std::size_t>(dim / 2); ++i)
        result.inverse.push_back(1.0f / (static_cast<float>(factors[i])
                                         * std::pow(static_cast<float>(rope.theta), static_cast<float>(2 * i) / static_cast<float>(dim))));
    return result;
}

} // namespace

RotaryFrequencies rotaryFrequencies(const RopeConfig &rope, std::int64_t rotaryDim, std::int64_t length)
{
    switch (rope.kind) {
    case RopeKind::Yarn: return yarn(rope, rotaryDim);
    case RopeKind::LongRope: return longRope(rope, rotaryDim, length);
    case RopeKind::Dynamic: {
        // NTK-aware: the base grows with the length once the text is longer than the context.
        const double context = static_cast<double>(rope.originalContext);
        const double reach = std::max(static_cast<double>(length), context);
        const double dim = static_cast<double>(rotaryDim);
        const double theta = rope.theta * std::pow(rope.factor * reach / context - (rope.factor - 1), dim / (dim - 2));
        return {.inverse = plainInverse(theta, rotaryDim), .attentionFactor = rope.attentionFactor.value_or(1.0)};
    }
    default: break;
    }
    RotaryFrequencies result{.inverse = plainInverse(rope.theta, rotaryDim), .attentionFactor = 1};
    if (rope.kind == RopeKind::Linear)
        for (float &frequency : result.inverse)
            frequency = static_cast<float>(frequency / rope.factor);
    if (rope.kind == RopeKind::Llama3)
        scaleLlama3(result.inverse, rope);
    return result;
}

} // namespace lethe
