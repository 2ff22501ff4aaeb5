#include "model/PairLogits.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace lethe {

at::Tensor pairLogits(const at::Tensor &target_KV, const at::Tensor &assistant_KV, const PairOptions &options, PairUse use)
{
    const std::int64_t vocabulary = target_KV.size(-1);
    const auto place = static_cast<std::int64_t>(options.topFilter * static_cast<double>(vocabulary));
    if (place < 1)
        return target_KV + options.weight * assistant_KV;

    const at::Tensor logP = at::log_softmax(target_KV, -1);
    const at::Tensor top = std::get<0>(at::topk(logP, place, -1)); // sorted, the likeliest first
    const at::Tensor threshold = at::minimum(top.narrow(-1, place - 1, 1), top.narrow(-1, 0, 1) + std::log(options.topFilter));
    const at::Tensor kept = logP >= threshold;

    const FilterMode mode = options.filterMode != FilterMode::Auto ? options.filterMode : use == PairUse::Choosing ? FilterMode::Drop : FilterMode::KeepBase;
    constexpr double kNever = -std::numeric_limits<double>::infinity();
    at::Tensor assistant = assistant_KV;
    // Counted from its greatest kept logit, an assistant that knows nothing adds exactly 0 to what is kept.
    if (mode != FilterMode::KeepBaseRaw)
        assistant = assistant - at::amax(assistant.masked_fill(~kept, kNever), {-1}, true);
    const at::Tensor joined = target_KV + options.weight * assistant;
    return mode == FilterMode::Drop ? joined.masked_fill(~kept, kNever) : at::where(kept, joined, target_KV);
}

} // namespace lethe
