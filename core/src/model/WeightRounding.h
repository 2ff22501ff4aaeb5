#pragma once

#include "model/Decoder.h"

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/run/RunSession.h>

#include <ATen/core/Tensor.h>

namespace lethe {

/// What a weight [out, in] becomes when it is stored in few bits and read back, f32.
/// Int8: each row in 255 steps of its greatest magnitude. Nf4: each run of 64 values in the 16 quantiles of a normal distribution that
/// QLoRA names (arXiv:2305.14314, appendix E), scaled by its greatest magnitude; no double quantisation of the scales.
LETHE_EXPORT at::Tensor rounded(const at::Tensor &weight, WeightRounding rounding);

/// Rounds the linear layers of every block in place, as inference libraries do: embedding, head and norms stay.
LETHE_EXPORT Result<void> roundWeights(Decoder &model, WeightRounding rounding);

} // namespace lethe
