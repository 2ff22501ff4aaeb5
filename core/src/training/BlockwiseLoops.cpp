#include "training/BlockwiseLoops.h"

#include "base/TargetClones.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace lethe::loops {

CodeMap::CodeMap(std::span<const float> values) : m_least(65536)
{
    std::ranges::copy(values, m_values.begin());
    for (std::size_t i = 0; i < 255; ++i)
        m_middles[i] = (m_values[i] + m_values[i + 1]) / 2;
    m_middles[255] = std::numeric_limits<float>::infinity();
    for (std::uint32_t upper = 0; upper < 65536; ++upper) {
        // Of the numbers with these upper bits the least: with a sign it is the one with the greatest lower bits.
        const auto least = std::bit_cast<float>(upper << 16 | (upper >= 0x8000 ? 0xffffu : 0u));
        const auto above = std::ranges::find_if_not(m_middles, [least](float middle) { return middle < least; });
        m_least[upper] = static_cast<std::uint8_t>(std::min<std::ptrdiff_t>(above - m_middles.begin(), 255));
    }
}

inline std::uint8_t CodeMap::nearest(float x) const
{
    std::uint8_t code = m_least[std::bit_cast<std::uint32_t>(x) >> 16];
    while (x > m_middles[code])
        ++code;
    return code;
}

namespace {

/// The two averages of one block.
struct Block {
    alignas(64) float first[kCodeBlock];
    alignas(64) float second[kCodeBlock];
};

LETHE_CLONES void update(float *w, const float *g, const AdamWFactors &f, Block &block, std::int64_t length, float &firstScale, float &secondScale)
{
    float greatest1 = 0, greatest2 = 0;
    for (std::int64_t i = 0; i < length; ++i) {
        const float m = block.first[i] * f.beta1 + g[i] * f.rest1;
        const float v = block.second[i] * f.beta2 + g[i] * g[i] * f.rest2;
        w[i] = w[i] * f.decay - f.rate * (m / (std::sqrt(v) / f.rootCorrection + f.eps));
        block.first[i] = m;
        block.second[i] = v;
        const float size = std::fabs(m);
        greatest1 = size > greatest1 ? size : greatest1;
        greatest2 = v > greatest2 ? v : greatest2;
    }
    const float share1 = greatest1 > 0 ? greatest1 : 1.0f, share2 = greatest2 > 0 ? greatest2 : 1.0f;
    for (std::int64_t i = 0; i < length; ++i) {
        block.first[i] /= share1;
        block.second[i] /= share2;
    }
    firstScale = greatest1;
    secondScale = greatest2;
}

} // namespace

void adamW8Bit(float *weights, const float *gradients, const CodedAverage &first, const CodedAverage &second, const AdamWFactors &factors,
               std::int64_t begin, std::int64_t end, std::int64_t numbers)
{
    Block block;
    for (std::int64_t b = begin; b < end; ++b) {
        const std::int64_t at = b * kCodeBlock, length = std::min(kCodeBlock, numbers - at);
        std::uint8_t *codes1 = first.codes + at, *codes2 = second.codes + at;
        for (std::int64_t i = 0; i < length; ++i) {
            block.first[i] = first.map->value(codes1[i]) * first.scales[b];
            block.second[i] = second.map->value(codes2[i]) * second.scales[b];
        }
        update(weights + at, gradients + at, factors, block, length, first.scales[b], second.scales[b]);
        for (std::int64_t i = 0; i < length; ++i) {
            codes1[i] = first.map->nearest(block.first[i]);
            const std::uint8_t code = second.map->nearest(block.second[i]);
            codes2[i] = code == 0 && block.second[i] > 0 ? 1 : code;
        }
    }
}

} // namespace lethe::loops
