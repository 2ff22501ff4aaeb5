#pragma once

#include "training/BlockwiseLoops.h"

#include <lethe/base/Export.h>

#include <ATen/core/Tensor.h>

#include <cstdint>

/// AdamW whose two averages take one byte a number: 8-bit Optimizers via Block-wise Quantization, Dettmers et al. 2022,
/// arXiv:2110.02861; figures as in bitsandbytes' `AdamW8bit` (`functional.py: create_dynamic_map`, `backends/cpu/ops.py`).
///
/// The averages of 256 numbers in a row are stored as one f32 scale, the greatest of their magnitudes, and 256 codes into a map of
/// values in [−1, 1] whose steps are fine near 1 and reach down to 1e-7. The arithmetic of a step is f32 throughout and takes the averages
/// before they are stored again.
///
/// One thing differs: a second average above zero is never stored as zero, which bitsandbytes does below 1.6e-7 of the block's greatest.
/// Its root divides: in a later step without a gradient the weight would move by first average / eps.
namespace lethe::blockwise {

inline constexpr std::int64_t kBlock = loops::kCodeBlock;

/// Codes [n] u8 and their scales [⌈n / 256⌉] f32 of both averages, in the order in which the parameter lies in memory.
struct Moments {
    at::Tensor first, firstScale, second, secondScale;
};
/// Averages of zero for \p parameter, on its device.
LETHE_EXPORT Moments zeroMoments(const at::Tensor &parameter);

/// What is the same for all numbers of a step.
struct Step {
    double learningRate = 0, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0;
    std::int64_t number = 1; ///< from 1
};

/// w ← w (1 − lr · decay) − lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + eps). \p parameter and \p gradient f32, laid out alike and without holes.
LETHE_EXPORT void adamW(const at::Tensor &parameter, const at::Tensor &gradient, Moments &moments, const Step &step);

/// The same over LibTorch's operators: what runs where there is no loop of ours, and what the loop is tested against.
namespace plain {
LETHE_EXPORT void adamW(const at::Tensor &parameter, const at::Tensor &gradient, Moments &moments, const Step &step);
} // namespace plain

/// The 256 values of a map, rising; [256] f32 on the CPU. \p negative: of the first average.
LETHE_EXPORT const at::Tensor &dynamicMap(bool negative);

} // namespace lethe::blockwise
