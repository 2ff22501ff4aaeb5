#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace lethe {

/// Samples packed into one run of N tokens: no padding anywhere. Sample b's tokens are [offsets[b], offsets[b+1]) and its label
/// rows [labelOffsets[b], labelOffsets[b+1]). Letters: N tokens, B samples, M label rows, T positions.
struct Batch {
    at::Tensor ids_N;       ///< i64, token ids
    at::Tensor positions_N; ///< i64, 0 at each sample's first token
    std::vector<std::int64_t> offsets{0};      ///< B+1
    at::Tensor labelRows_M; ///< i64, rows of the hidden states whose next token is a label
    at::Tensor labelIds_M;  ///< i64, that next token
    at::Tensor labelSamples_M; ///< i64, which sample each label row belongs to
    std::vector<std::int64_t> labelOffsets{0}; ///< B+1
    std::vector<std::int64_t> labelStarts; ///< B: a sample's first labelled position; 0 for a document, whose first token nothing predicts
    std::vector<std::int64_t> keys; ///< B: what a sample's cached reference values are filed under

    std::int64_t samples() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
    std::int64_t tokens() const { return offsets.back(); }
    std::int64_t labels() const { return labelOffsets.back(); }
    std::int64_t length(std::int64_t sample) const
    {
        return offsets[static_cast<std::size_t>(sample) + 1] - offsets[static_cast<std::size_t>(sample)];
    }
    std::int64_t labelCount(std::int64_t sample) const
    {
        return labelOffsets[static_cast<std::size_t>(sample) + 1] - labelOffsets[static_cast<std::size_t>(sample)];
    }
};

} // namespace lethe
