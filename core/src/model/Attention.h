#pragma once

#include <lethe/base/Export.h>

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace lethe {

/// Where the texts of a packed run begin and end, on the host and, for variable-length kernels, on the device.
class LETHE_EXPORT AttentionShape
{
public:
    AttentionShape() = default;
    AttentionShape(const std::vector<std::int64_t> &offsets, c10::Device device);

    const std::vector<std::int64_t> &offsets() const { return m_offsets; }
    std::int64_t texts() const { return static_cast<std::int64_t>(m_offsets.size()) - 1; }
    std::int64_t longest() const { return m_longest; }
    const at::Tensor &cumulative() const { return m_cumulative; } ///< i32 [B+1] on a CUDA device

private:
    std::vector<std::int64_t> m_offsets;
    std::int64_t m_longest = 0;
    at::Tensor m_cumulative;
};

struct AttentionOptions {
    double scale = 1;
    double softcap = 0;       ///< scores become c · tanh(s / c)
    std::int64_t window = 0;  ///< a query sees itself and the window − 1 tokens before it; 0: all before it
};

/// Causal attention within each packed text. \p q [N,H,C], \p k, \p v [N,K,C]; query head h reads key-value head h / (H/K).
/// \return [N,H,C].
LETHE_EXPORT at::Tensor attendPacked(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const AttentionShape &shape,
                                     const AttentionOptions &options);

/// The same over LibTorch's operators, text by text: for long texts, for the GPU in f32, and what the loops are tested against.
namespace plain {
LETHE_EXPORT at::Tensor attendPacked(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const AttentionShape &shape,
                                     const AttentionOptions &options);
} // namespace plain

/// Writes packed keys and values to the beginning of each text's place in a cache [B,K,Tmax,C].
void fillCache(const at::Tensor &k, const at::Tensor &v, const AttentionShape &shape, at::Tensor &keys, at::Tensor &values);

/// One new token a text: appends \p k, \p v [B,K,C] at each text's length and attends over what is there. \return [B,H,C].
at::Tensor attendCached(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, at::Tensor &keys, at::Tensor &values,
                        const std::vector<std::int64_t> &lengths, const AttentionOptions &options);

} // namespace lethe
