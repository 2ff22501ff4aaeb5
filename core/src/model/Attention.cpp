#include "model/Attention.h"

#include "model/CpuAttention.h"
#include "model/Products.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/ops/_flash_attention_forward.h>

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <limits>

namespace lethe {

namespace {

/// Key-value heads repeated so that there is one for each query head. [*,K,C] along \p dim.
at::Tensor repeatHeads(const at::Tensor &x, std::int64_t dim, std::int64_t heads)
{
    const std::int64_t groups = heads / x.size(dim);
    return groups == 1 ? x : x.repeat_interleave(groups, dim, heads);
}

/// True where a query at row i may not look at key j.
at::Tensor forbidden(std::int64_t length, std::int64_t window, c10::Device device)
{
    const at::Tensor i = at::arange(length, at::TensorOptions().dtype(at::kLong).device(device)).unsqueeze(1);
    const at::Tensor distance = i - i.transpose(0, 1);
    return (distance < 0).logical_or(distance >= window);
}

/// The definition, for what no fused kernel knows. [B,H,T,C] each; \p hidden: true where a score does not count.
at::Tensor attendPlain(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const at::Tensor &hiddenScores, const AttentionOptions &options)
{
    at::Tensor scores = at::matmul(q, k.transpose(-1, -2)) * options.scale;
    if (options.softcap > 0)
        scores = at::tanh(scores / options.softcap) * options.softcap;
    scores = scores.masked_fill(hiddenScores, -std::numeric_limits<double>::infinity());
    return at::matmul(at::softmax(scores, -1, at::kFloat).to(v.scalar_type()), v);
}

/// One text, [1,H,T,C] each.
at::Tensor attendText(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const AttentionOptions &options)
{
    const std::int64_t length = q.size(2);
    const bool windowed = options.window > 0 && length > options.window;
    if (options.softcap > 0)
        return attendPlain(q, k, v, forbidden(length, windowed ? options.window : length, q.device()), options);
    if (windowed)
        return at::scaled_dot_product_attention(q, k, v, forbidden(length, options.window, q.device()).logical_not(), 0.0, false, options.scale);
    return at::scaled_dot_product_attention(q, k, v, {}, 0.0, true, options.scale);
}

bool hasFlashKernel(const at::Tensor &q, const AttentionOptions &options)
{
    return q.is_cuda() && (q.scalar_type() == at::kBFloat16 || q.scalar_type() == at::kHalf) && options.softcap == 0
        && q.size(-1) <= 256 && q.size(-1) % 8 == 0;
}

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

/// f32 with dense heads: what the loops read in place. Tokens may lie apart, as in a fused projection.
at::Tensor readable(const at::Tensor &x)
{
    const at::Tensor wide = x.to(at::kFloat);
    return wide.stride(2) == 1 && wide.stride(1) == wide.size(2) ? wide : wide.contiguous();
}

/// All texts and heads of a packed run on the CPU, in one loop over threads each way. Queries, keys, values and one number a row are
/// kept; the scores are computed again for the backward pass.
struct CpuAttention : Function<CpuAttention> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
                              const std::vector<std::int64_t> &offsets, const AttentionOptions &options)
    {
        const at::Tensor query = readable(q), key = readable(k), value = readable(v);
        const at::Tensor out = at::empty(q.sizes(), query.options());
        const at::Tensor logSum = at::empty({q.size(0) * q.size(1)}, query.options());
        float *const result = out.mutable_data_ptr<float>();
        float *const sums = logSum.mutable_data_ptr<float>();
        eachHead(query, key, value, offsets, options, [&](const loops::AttentionHead &head, std::int64_t begin, std::int64_t first) {
            loops::attend(head, result + begin * out.stride(0) + first * head.channels, out.stride(0),
                          sums + begin * out.size(1) + first * head.length);
        });
        context->save_for_backward({q, k, v, logSum});
        context->saved_data["offsets"] = offsets;
        context->saved_data["scale"] = options.scale;
        context->saved_data["softcap"] = options.softcap;
        context->saved_data["window"] = options.window;
        return out.to(q.scalar_type());
    }
    static variable_list backward(AutogradContext *context, const variable_list &gradients)
    {
        const auto saved = context->get_saved_variables();
        const AttentionOptions options{.scale = context->saved_data["scale"].toDouble(), .softcap = context->saved_data["softcap"].toDouble(),
                                       .window = context->saved_data["window"].toInt()};
        const at::Tensor query = readable(saved[0]), key = readable(saved[1]), value = readable(saved[2]), upstream = readable(gradients[0]);
        const at::Tensor dQuery = at::empty(query.sizes(), query.options());
        const at::Tensor dKey = at::empty(key.sizes(), key.options()), dValue = at::empty(key.sizes(), key.options());
        const float *const given = upstream.const_data_ptr<float>();
        const float *const sums = saved[3].const_data_ptr<float>();
        float *const dq = dQuery.mutable_data_ptr<float>(), *const dk = dKey.mutable_data_ptr<float>(), *const dv = dValue.mutable_data_ptr<float>();
        const std::int64_t queryRow = dQuery.stride(0), keyRow = dKey.stride(0);
        eachHead(query, key, value, context->saved_data["offsets"].toIntVector(), options,
                 [&](const loops::AttentionHead &head, std::int64_t begin, std::int64_t first) {
                     const std::int64_t own = begin * keyRow + first / head.groups * head.channels;
                     loops::attendBackward(head, sums + begin * query.size(1) + first * head.length,
                                           given + begin * upstream.stride(0) + first * head.channels, upstream.stride(0),
                                           dq + begin * queryRow + first * head.channels, queryRow, dk + own, dv + own, keyRow);
                 });
        const at::ScalarType type = saved[0].scalar_type();
        return {dQuery.to(type), dKey.to(type), dValue.to(type), {}, {}};
    }

private:
    /// \p work(head, first token of the text, first query head), for every text and key-value head. Neighbouring tasks are of one head
    /// and different texts, so that threads get equal shares of long and short ones.
    template<typename Work>
    static void eachHead(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const std::vector<std::int64_t> &offsets,
                         const AttentionOptions &options, const Work &work)
    {
        const auto texts = static_cast<std::int64_t>(offsets.size()) - 1;
        const std::int64_t groups = q.size(1) / k.size(1), channels = q.size(2);
        const float *const query = q.const_data_ptr<float>(), *const key = k.const_data_ptr<float>(), *const value = v.const_data_ptr<float>();
        at::parallel_for(0, texts * k.size(1), 1, [&](std::int64_t firstTask, std::int64_t lastTask) {
            for (std::int64_t task = firstTask; task < lastTask; ++task) {
                const std::int64_t owner = task / texts;
                const auto text = static_cast<std::size_t>(task % texts);
                const std::int64_t begin = offsets[text];
                work(loops::AttentionHead{.query = query + begin * q.stride(0) + owner * groups * channels, .key = key + begin * k.stride(0) + owner * channels,
                                          .value = value + begin * v.stride(0) + owner * channels, .queryStride = q.stride(0), .keyStride = k.stride(0),
                                          .valueStride = v.stride(0), .length = offsets[text + 1] - begin, .channels = channels, .groups = groups,
                                          .scale = static_cast<float>(options.scale), .softcap = static_cast<float>(options.softcap),
                                          .window = options.window},
                     begin, owner * groups);
            }
        });
    }
};

} // namespace

AttentionShape::AttentionShape(const std::vector<std::int64_t> &offsets, c10::Device device) : m_offsets(offsets)
{
    for (std::size_t i = 1; i < offsets.size(); ++i)
        m_longest = std::max(m_longest, offsets[i] - offsets[i - 1]);
    if (device.is_cuda())
        m_cumulative = at::tensor(offsets, at::kInt).to(device);
}

at::Tensor attendPacked(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const AttentionShape &shape, const AttentionOptions &options)
{
    if (hasFlashKernel(q, options)) {
        const std::optional<c10::SymInt> left = options.window > 0 ? std::optional<c10::SymInt>(options.window - 1) : std::nullopt;
        const std::optional<c10::SymInt> right = options.window > 0 ? std::optional<c10::SymInt>(0) : std::nullopt;
        return std::get<0>(at::_flash_attention_forward_symint(q.contiguous(), k.contiguous(), v.contiguous(), shape.cumulative(), shape.cumulative(),
                                                               shape.longest(), shape.longest(), 0.0, /*is_causal=*/true, false, options.scale, left, right));
    }
    if (q.is_cpu() && shape.longest() <= loops::kLongestText)
        return CpuAttention::apply(q, k, v, shape.offsets(), options);
    if (products::widens(q)) // LibTorch's kernel multiplies as its products do
        return plain::attendPacked(q.to(at::kFloat), k.to(at::kFloat), v.to(at::kFloat), shape, options).to(q.scalar_type());
    return plain::attendPacked(q, k, v, shape, options);
}

at::Tensor plain::attendPacked(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const AttentionShape &shape,
                               const AttentionOptions &options)
{
    const std::int64_t heads = q.size(1);
    const at::Tensor keys = repeatHeads(k, 1, heads);
    const at::Tensor values = repeatHeads(v, 1, heads);
    const auto text = [](const at::Tensor &x, std::int64_t begin, std::int64_t length) {
        return x.narrow(0, begin, length).transpose(0, 1).unsqueeze(0); // a view: [1,H,T,C]
    };
    std::vector<at::Tensor> mixed;
    const std::vector<std::int64_t> &offsets = shape.offsets();
    // Neighbours of equal length go through as one batch.
    for (std::size_t i = 0; i + 1 < offsets.size();) {
        const std::int64_t length = offsets[i + 1] - offsets[i];
        std::size_t next = i + 1;
        while (next + 1 < offsets.size() && offsets[next + 1] - offsets[next] == length)
            ++next;
        const auto count = static_cast<std::int64_t>(next - i);
        const auto group = [&](const at::Tensor &x) {
            return count == 1 ? text(x, offsets[i], length)
                              : x.narrow(0, offsets[i], count * length).reshape({count, length, heads, x.size(2)}).transpose(1, 2);
        };
        const at::Tensor out = attendText(group(q), group(keys), group(values), options); // [count,H,T,C]
        mixed.push_back(out.transpose(1, 2).reshape({count * length, heads, q.size(2)}));
        i = next;
    }
    return mixed.size() == 1 ? mixed.front() : at::cat(mixed, 0);
}

void fillCache(const at::Tensor &k, const at::Tensor &v, const AttentionShape &shape, at::Tensor &keys, at::Tensor &values)
{
    for (std::int64_t text = 0; text < shape.texts(); ++text) {
        const std::int64_t begin = shape.offsets()[static_cast<std::size_t>(text)];
        const std::int64_t length = shape.offsets()[static_cast<std::size_t>(text) + 1] - begin;
        keys.select(0, text).narrow(1, 0, length).copy_(k.narrow(0, begin, length).transpose(0, 1));
        values.select(0, text).narrow(1, 0, length).copy_(v.narrow(0, begin, length).transpose(0, 1));
    }
}

at::Tensor attendCached(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, at::Tensor &keys, at::Tensor &values,
                        const std::vector<std::int64_t> &lengths, const AttentionOptions &options)
{
    const std::int64_t texts = q.size(0);
    const std::int64_t longest = *std::ranges::max_element(lengths) + 1;
    const at::Tensor where_B = at::tensor(lengths, at::kLong).to(q.device());
    const at::Tensor index = where_B.view({texts, 1, 1, 1}).expand({texts, k.size(1), 1, k.size(2)});
    keys.scatter_(2, index, k.unsqueeze(2));
    values.scatter_(2, index, v.unsqueeze(2));

    const at::Tensor positions = at::arange(longest, at::TensorOptions().dtype(at::kLong).device(q.device())).unsqueeze(0);
    at::Tensor visible = positions <= where_B.unsqueeze(1);
    if (options.window > 0)
        visible = visible.logical_and(positions > where_B.unsqueeze(1) - options.window);
    visible = visible.view({texts, 1, 1, longest});
    const std::int64_t heads = q.size(1);
    const at::Tensor allKeys = repeatHeads(keys.narrow(2, 0, longest), 1, heads);
    const at::Tensor allValues = repeatHeads(values.narrow(2, 0, longest), 1, heads);
    const at::Tensor query = q.unsqueeze(2); // [B,H,1,C]
    const at::Tensor mixed = options.softcap > 0
        ? attendPlain(query, allKeys, allValues, visible.logical_not(), options)
        : at::scaled_dot_product_attention(query, allKeys, allValues, visible, 0.0, false, options.scale);
    return mixed.squeeze(2);
}

} // namespace lethe
