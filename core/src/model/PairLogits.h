#pragma once

#include <lethe/base/Export.h>
#include <lethe/model/TextModel.h>

#include <ATen/core/Tensor.h>

namespace lethe {

/// How an assistant's logits join a target's (ULD, arXiv 2406.08607).
struct PairOptions {
    double weight = 0; ///< z = z_target + weight · z_assistant
    double topFilter = 0; ///< r: tokens below min(the ⌊rV⌋-th likeliest, r times the likeliest) are left out; ⌊rV⌋ = 0: none
    FilterMode filterMode = FilterMode::Auto;
};

enum class PairUse {
    Choosing, ///< the next token
    Scoring,  ///< of tokens that are given
};

/// Rows of both models' logits, f32, joined.
LETHE_EXPORT at::Tensor pairLogits(const at::Tensor &target_KV, const at::Tensor &assistant_KV, const PairOptions &options, PairUse use);

} // namespace lethe
