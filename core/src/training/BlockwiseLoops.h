#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

/// The inner loop of BlockwiseAdam.cpp on the CPU: plain pointers, compiled for several instruction sets.
namespace lethe::loops {

/// Numbers under one scale.
inline constexpr std::int64_t kCodeBlock = 256;
/// Parameters with fewer numbers keep f32 averages, as bitsandbytes' `min_8bit_size` has it.
inline constexpr std::int64_t kSmallestCoded = 4096;

/// 256 rising values, and the fastest way we found from a number to the nearest: by its upper 16 bits to the least code that a number
/// with those bits can have, and on from there, at most a few codes.
class CodeMap
{
public:
    explicit CodeMap(std::span<const float> values);

    float value(std::uint8_t code) const { return m_values[code]; }
    /// Of two equally near values the lower.
    std::uint8_t nearest(float x) const;

private:
    std::array<float, 256> m_values{};
    std::array<float, 256> m_middles{}; ///< the last is infinite: the walk ends there
    std::vector<std::uint8_t> m_least;
};

/// Codes [n] and scales [⌈n / 256⌉] of one average.
struct CodedAverage {
    std::uint8_t *codes = nullptr;
    float *scales = nullptr;
    const CodeMap *map = nullptr;
};

struct AdamWFactors {
    float decay = 1;             ///< 1 − lr · weight decay
    float beta1 = 0, rest1 = 1;  ///< rest: 1 − beta, rounded once
    float beta2 = 0, rest2 = 1;
    float rate = 0;              ///< lr / (1 − β₁ᵗ)
    float rootCorrection = 1;    ///< √(1 − β₂ᵗ)
    float eps = 0;
};

/// Blocks [begin, end) of \p numbers weights; the last block may be short.
void adamW8Bit(float *weights, const float *gradients, const CodedAverage &first, const CodedAverage &second, const AdamWFactors &factors,
               std::int64_t begin, std::int64_t end, std::int64_t numbers);

} // namespace lethe::loops
