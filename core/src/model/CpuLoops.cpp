#include "model/CpuLoops.h"

#include "base/TargetClones.h"

#include <cmath>
#include <cstring>

namespace lethe::loops {

LETHE_CLONES void rmsNorm(const float *x, const float *w, float eps, bool plusOne, std::int64_t begin, std::int64_t end, std::int64_t width, float *y,
                          float *inverse)
{
    const float offset = plusOne ? 1.0f : 0.0f;
    for (std::int64_t row = begin; row < end; ++row) {
        const float *in = x + row * width;
        float *out = y + row * width;
        float squares = 0;
        for (std::int64_t i = 0; i < width; ++i)
            squares += in[i] * in[i];
        const float r = 1.0f / std::sqrt(squares / static_cast<float>(width) + eps);
        inverse[row] = r;
        for (std::int64_t i = 0; i < width; ++i)
            out[i] = in[i] * r * (offset + w[i]);
    }
}

LETHE_CLONES void rmsNormBackward(const float *dy, const float *x, const float *w, const float *inverse, bool plusOne, std::int64_t begin,
                                  std::int64_t end, std::int64_t width, float *dx, float *dw)
{
    const float offset = plusOne ? 1.0f : 0.0f;
    for (std::int64_t row = begin; row < end; ++row) {
        const float *g = dy + row * width;
        const float *in = x + row * width;
        float *out = dx + row * width;
        const float r = inverse[row];
        float dot = 0;
        for (std::int64_t i = 0; i < width; ++i) {
            const float scaled = g[i] * (offset + w[i]);
            dot += scaled * in[i];
            dw[i] += g[i] * in[i] * r;
        }
        const float pull = dot * r * r * r / static_cast<float>(width);
        for (std::int64_t i = 0; i < width; ++i)
            out[i] = g[i] * (offset + w[i]) * r - in[i] * pull;
    }
}

LETHE_CLONES void rotate(const float *x, const float *cos, const float *sin, float direction, std::int64_t begin, std::int64_t end, std::int64_t heads,
                         std::int64_t channels, std::int64_t half, float *y)
{
    for (std::int64_t row = begin; row < end; ++row) {
        const float *c = cos + row * half;
        const float *s = sin + row * half;
        for (std::int64_t head = 0; head < heads; ++head) {
            const float *in = x + (row * heads + head) * channels;
            float *out = y + (row * heads + head) * channels;
            for (std::int64_t i = 0; i < half; ++i) {
                const float a = in[i];
                const float b = in[i + half];
                out[i] = a * c[i] - direction * b * s[i];
                out[i + half] = b * c[i] + direction * a * s[i];
            }
            if (channels > 2 * half)
                std::memcpy(out + 2 * half, in + 2 * half, static_cast<std::size_t>(channels - 2 * half) * sizeof(float));
        }
    }
}

} // namespace lethe::loops
