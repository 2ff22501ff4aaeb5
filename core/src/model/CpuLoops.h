#pragma once

#include <cstdint>

/// The inner loops of Kernels.cpp for f32 on the CPU: plain pointers, one range of rows a call, so that this file alone is
/// compiled with reassociated sums and several instruction sets. Their plain twins over LibTorch's operators test them.
namespace lethe::loops {

/// y = x · r · w', r = 1/√(mean x² + eps), w' = w or 1 + w. Rows [begin, end) of \p width; r goes to \p inverse.
void rmsNorm(const float *x, const float *w, float eps, bool plusOne, std::int64_t begin, std::int64_t end, std::int64_t width, float *y, float *inverse);
/// dx of those rows; their share of dw is added to \p dw [width].
void rmsNormBackward(const float *dy, const float *x, const float *w, const float *inverse, bool plusOne, std::int64_t begin, std::int64_t end,
                     std::int64_t width, float *dx, float *dw);

/// Rotates the first 2·half of \p channels of every head; \p direction −1 rotates back. Rows [begin, end) of heads·channels.
void rotate(const float *x, const float *cos, const float *sin, float direction, std::int64_t begin, std::int64_t end, std::int64_t heads,
            std::int64_t channels, std::int64_t half, float *y);

} // namespace lethe::loops
