#pragma once

#include <cstdint>

/// Causal attention of one packed text in f32 on the CPU, forward and backward, for one key-value head and the query heads that read
/// it. Plain pointers; `model/Attention.cpp` makes tensors of them and hands texts and heads to threads.
namespace lethe::loops {

/// Texts longer than this go through LibTorch's kernel: here a whole table of scores is held.
constexpr std::int64_t kLongestText = 512;

struct AttentionHead {
    const float *query = nullptr; ///< [T, G, C]: the first of the G query heads at the text's first token
    const float *key = nullptr, *value = nullptr; ///< [T, C]
    std::int64_t queryStride = 0, keyStride = 0, valueStride = 0; ///< floats from one token to the next
    std::int64_t length = 0;   ///< T
    std::int64_t channels = 0; ///< C
    std::int64_t groups = 1;   ///< G
    float scale = 1;
    float softcap = 0;         ///< scores become c · tanh(s / c); 0: as they are
    std::int64_t window = 0;   ///< a query sees itself and the window − 1 tokens before it; 0: all before it
};

/// out [T, G, C] (\p outStride floats from token to token); \p logSum [G, T]: the log of each softmax's denominator.
void attend(const AttentionHead &head, float *out, std::int64_t outStride, float *logSum);

/// Gradients into the layouts of query, key and value, dense in their heads: \p dQuery rows lie \p dQueryStride floats apart, \p dKey and
/// \p dValue rows \p dKeyStride. \p logSum: what `attend` gave.
void attendBackward(const AttentionHead &head, const float *logSum, const float *dOut, std::int64_t dOutStride, float *dQuery,
                    std::int64_t dQueryStride, float *dKey, float *dValue, std::int64_t dKeyStride);

} // namespace lethe::loops
