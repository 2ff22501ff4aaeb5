#include "model/Kernels.h"

#include "model/CpuLoops.h"
#include "model/Products.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <c10/core/GradMode.h>

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

namespace lethe::kernels {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

namespace plain {

at::Tensor rmsNorm(const at::Tensor &x, const at::Tensor &weight, double eps, bool plusOne)
{
    const at::Tensor wide = x.to(at::kFloat);
    const at::Tensor normed = wide * at::rsqrt(wide.square().mean(-1, true) + eps);
    if (plusOne)
        return (normed * (weight.to(at::kFloat) + 1)).to(x.scalar_type());
    return normed.to(x.scalar_type()) * weight;
}

at::Tensor rotate(const at::Tensor &x, const at::Tensor &cos_NR, const at::Tensor &sin_NR)
{
    const std::int64_t half = cos_NR.size(1);
    const at::Tensor cos = cos_NR.unsqueeze(1);
    const at::Tensor sin = sin_NR.unsqueeze(1);
    const at::Tensor a = x.narrow(2, 0, half);
    const at::Tensor b = x.narrow(2, half, half);
    std::vector<at::Tensor> parts{a * cos - b * sin, b * cos + a * sin};
    if (x.size(2) > 2 * half)
        parts.push_back(x.narrow(2, 2 * half, x.size(2) - 2 * half));
    return at::cat(parts, 2);
}

at::Tensor siluTimes(const at::Tensor &gate, const at::Tensor &up)
{
    return at::silu(gate) * up;
}

} // namespace plain

namespace {

/// Logits that are at hand at once where nothing is differentiated.
constexpr std::int64_t kScoringChunk = std::int64_t{64} << 20;
/// Rows that one thread takes at the least.
constexpr std::int64_t kGrain = 8;

bool fits(const at::Tensor &x)
{
    return x.is_cpu() && x.scalar_type() == at::kFloat;
}

const float *data(const at::Tensor &tensor)
{
    return tensor.const_data_ptr<float>();
}

struct FusedRmsNorm : Function<FusedRmsNorm> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &input, const at::Tensor &weight, double eps, bool plusOne)
    {
        const at::Tensor x = input.contiguous();
        const at::Tensor w = weight.contiguous();
        const std::int64_t width = x.size(-1);
        const std::int64_t rows = x.numel() / width;
        const at::Tensor y = at::empty_like(x);
        const at::Tensor inverse = at::empty({rows}, x.options());
        float *const out = y.mutable_data_ptr<float>();
        float *const inverses = inverse.mutable_data_ptr<float>();
        at::parallel_for(0, rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
            loops::rmsNorm(data(x), data(w), static_cast<float>(eps), plusOne, begin, end, width, out, inverses);
        });
        context->save_for_backward({x, w, inverse});
        context->saved_data["plusOne"] = plusOne;
        return y;
    }
    static variable_list backward(AutogradContext *context, const variable_list &gradients)
    {
        const auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &w = saved[1], &inverse = saved[2];
        const bool plusOne = context->saved_data["plusOne"].toBool();
        const at::Tensor dy = gradients[0].contiguous();
        const std::int64_t width = x.size(-1);
        const std::int64_t rows = x.numel() / width;
        const at::Tensor dx = at::empty_like(x);
        // One row of sums for each part of the rows: the parts depend on the thread count alone, so a run repeats to the bit.
        const std::int64_t parts = std::min<std::int64_t>(at::get_num_threads(), std::max<std::int64_t>(1, rows / kGrain));
        const at::Tensor sums = at::zeros({parts, width}, x.options());
        float *const out = dx.mutable_data_ptr<float>();
        float *const dw = sums.mutable_data_ptr<float>();
        at::parallel_for(0, parts, 1, [&](std::int64_t first, std::int64_t last) {
            for (std::int64_t part = first; part < last; ++part)
                loops::rmsNormBackward(data(dy), data(x), data(w), data(inverse), plusOne, rows * part / parts, rows * (part + 1) / parts, width, out,
                                       dw + part * width);
        });
        return {dx, sums.sum(0), {}, {}};
    }
};

at::Tensor rotated(const at::Tensor &input, const at::Tensor &cos, const at::Tensor &sin, float direction)
{
    const at::Tensor x = input.contiguous();
    const at::Tensor y = at::empty_like(x);
    float *const out = y.mutable_data_ptr<float>();
    at::parallel_for(0, x.size(0), kGrain, [&](std::int64_t begin, std::int64_t end) {
        loops::rotate(data(x), data(cos), data(sin), direction, begin, end, x.size(1), x.size(2), cos.size(1), out);
    });
    return y;
}

struct FusedRotate : Function<FusedRotate> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &cos, const at::Tensor &sin)
    {
        context->save_for_backward({cos, sin});
        return rotated(x, cos, sin, 1);
    }
    static variable_list backward(AutogradContext *context, const variable_list &gradients)
    {
        const auto saved = context->get_saved_variables();
        return {rotated(gradients[0], saved[0], saved[1], -1), {}, {}}; // a rotation's transpose turns back
    }
};

/// A leaf that has a gradient already gets its share added in the product itself: no second table of the weight's size is made, written
/// and added afterwards.
at::Tensor addedToLeaf(const at::Tensor &weight, const at::Tensor &left, const at::Tensor &right)
{
    at::Tensor &gradient = weight.mutable_grad();
    if (!weight.is_leaf() || !gradient.defined() || gradient.scalar_type() != left.scalar_type() || !gradient.is_contiguous())
        return products::mm(left, right);
    products::addmm(gradient, left, right);
    return {};
}

struct Linear : Function<Linear> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &w, const std::optional<at::Tensor> &bias, bool inOut)
    {
        context->save_for_backward({w.requires_grad() ? x : at::Tensor(), w});
        context->saved_data["bias"] = bias.has_value();
        context->saved_data["inOut"] = inOut;
        return products::mm(x, inOut ? w : w.t(), bias);
    }
    static variable_list backward(AutogradContext *context, const variable_list &gradients)
    {
        const at::NoGradGuard off;
        const auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &w = saved[1], &dy = gradients[0];
        const bool inOut = context->saved_data["inOut"].toBool();
        at::Tensor dw;
        if (context->needs_input_grad(1))
            dw = inOut ? addedToLeaf(w, x.t(), dy) : addedToLeaf(w, dy.t(), x);
        return {context->needs_input_grad(0) ? products::mm(dy, inOut ? w.t() : w) : at::Tensor(), dw,
                context->saved_data["bias"].toBool() && context->needs_input_grad(2) ? dy.sum(0) : at::Tensor(), at::Tensor()};
    }
};

/// y + scale · (x·Aᵀ)·Bᵀ of a low-rank pair, rounded as one product.
struct AddedLowRank : Function<AddedLowRank> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &y, const at::Tensor &x, const at::Tensor &a, const at::Tensor &b, double scale)
    {
        const at::Tensor inner = products::mm(x, a.t());
        context->save_for_backward({x, inner, a, b});
        context->saved_data["scale"] = scale;
        return products::mm(inner, b.t(), y, scale);
    }
    static variable_list backward(AutogradContext *context, const variable_list &gradients)
    {
        const at::NoGradGuard off;
        const auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &inner = saved[1], &a = saved[2], &b = saved[3], &dy = gradients[0];
        const double scale = context->saved_data["scale"].toDouble();
        const at::Tensor dInner = products::mm(dy, b, std::nullopt, scale);
        return {dy, context->needs_input_grad(1) ? products::mm(dInner, a) : at::Tensor(),
                context->needs_input_grad(2) ? products::mm(dInner.t(), x) : at::Tensor(),
                context->needs_input_grad(3) ? products::mm(dy.t(), inner, std::nullopt, scale) : at::Tensor(), at::Tensor()};
    }
};

/// Keeps gate and up alone: silu(gate) is computed again rather than kept.
struct FusedSiluTimes : Function<FusedSiluTimes> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &gate, const at::Tensor &up)
    {
        context->save_for_backward({gate, up});
        return at::silu(gate).mul_(up);
    }
    static variable_list backward(AutogradContext *context, const variable_list &gradients)
    {
        const auto saved = context->get_saved_variables();
        const at::Tensor &gate = saved[0], &up = saved[1];
        return {at::silu_backward(gradients[0] * up, gate), at::silu(gate).mul_(gradients[0])};
    }
};

} // namespace

at::Tensor rmsNorm(const at::Tensor &x, const at::Tensor &weight, double eps, bool plusOne)
{
    return fits(x) && fits(weight) ? FusedRmsNorm::apply(x, weight, eps, plusOne) : plain::rmsNorm(x, weight, eps, plusOne);
}

at::Tensor rotate(const at::Tensor &x, const at::Tensor &cos_NR, const at::Tensor &sin_NR)
{
    return fits(x) && fits(cos_NR) ? FusedRotate::apply(x, cos_NR, sin_NR) : plain::rotate(x, cos_NR, sin_NR);
}

at::Tensor siluTimes(const at::Tensor &gate, const at::Tensor &up)
{
    return FusedSiluTimes::apply(gate, up);
}

at::Tensor linear(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias, bool inOut)
{
    // A frozen weight's product needs nothing of ours where it is LibTorch's own, which knows its gradient.
    if (c10::GradMode::is_enabled() && (weight.requires_grad() || products::widens(x)))
        return Linear::apply(x, weight, bias, inOut);
    return products::mm(x, inOut ? weight : weight.t(), bias);
}

at::Tensor addLowRank(const at::Tensor &y, const at::Tensor &x, const at::Tensor &a, const at::Tensor &b, double scale)
{
    return AddedLowRank::apply(y, x, a, b, scale);
}

namespace {

struct Checkpoint : Function<Checkpoint> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const std::function<at::Tensor(const at::Tensor &)> *f)
    {
        const at::NoGradGuard off;
        context->save_for_backward({x});
        context->saved_data["f"] = c10::IValue::make_capsule(c10::make_intrusive<Closure>(*f));
        return (*f)(x);
    }
    static variable_list backward(AutogradContext *context, const variable_list &gradients)
    {
        const auto f = context->saved_data["f"].toCapsule();
        const auto &closure = static_cast<const Closure &>(*f);
        const at::AutoGradMode on(true);
        const at::Tensor x = context->get_saved_variables()[0].detach().requires_grad_(true);
        const at::Tensor y = closure.f(x);
        // Parameters that f reads gather their gradients here; x's own goes on to the layer before.
        torch::autograd::backward({y}, {gradients[0]});
        return {x.grad(), at::Tensor()};
    }
    struct Closure : torch::CustomClassHolder {
        explicit Closure(std::function<at::Tensor(const at::Tensor &)> function) : f(std::move(function)) {}
        std::function<at::Tensor(const at::Tensor &)> f;
    };
};

/// An undefined tensor is no input at all to LibTorch's custom functions; it must be passed as an empty optional.
std::optional<at::Tensor> given(const at::Tensor &tensor)
{
    return tensor.defined() ? std::optional<at::Tensor>(tensor) : std::nullopt;
}

/// Logits of some rows, f32, with the cap and its derivative's material: z = scale·(h·Wᵀ + b), capped.
at::Tensor capped(at::Tensor z, double softcap, double scale)
{
    if (scale != 1)
        z.mul_(scale);
    if (softcap > 0)
        z.div_(softcap).tanh_().mul_(softcap);
    return z;
}

at::Tensor logitsOf(const at::Tensor &h, const at::Tensor &w, const at::Tensor &b, double softcap, double scale)
{
    // The product in the model's dtype, everything after it in f32.
    const at::Tensor z = products::mm(h, w.t(), given(b));
    return capped(z.scalar_type() == at::kFloat ? z : z.to(at::kFloat), softcap, scale);
}

/// Turns dL/d(capped z), in \p dz, into dL/d(h·Wᵀ + b). \p z: the capped logits.
void throughCap(at::Tensor &dz, const at::Tensor &z, double softcap, double scale)
{
    if (softcap > 0)
        dz.mul_(1 - (z / softcap).square_());
    if (scale != 1)
        dz.mul_(scale);
}

/// sum + left·right, where there may be no sum yet.
at::Tensor addedProduct(at::Tensor sum, const at::Tensor &left, const at::Tensor &right)
{
    if (!sum.defined())
        return products::mm(left, right);
    products::addmm(sum, left, right);
    return sum;
}

struct LabelNll : Function<LabelNll> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &h, const at::Tensor &w, const std::optional<at::Tensor> &bias,
                              const at::Tensor &labels, double softcap, double scale, std::int64_t chunkBytes)
    {
        const at::Tensor b = bias.value_or(at::Tensor());
        const std::int64_t rows = h.size(0);
        const std::int64_t vocabulary = w.size(0);
        const std::int64_t chunk = std::max<std::int64_t>(1, chunkBytes / (vocabulary * 4));
        const bool keep = rows <= chunk && softcap == 0;
        const bool needsGradient = h.requires_grad() || w.requires_grad() || (b.defined() && b.requires_grad());
        at::Tensor nll = at::empty({rows}, h.options().dtype(at::kFloat));
        at::Tensor logSum = at::empty({rows}, h.options().dtype(at::kFloat));
        at::Tensor probabilities;
        for (std::int64_t begin = 0; begin < rows; begin += chunk) {
            const std::int64_t count = std::min(chunk, rows - begin);
            at::Tensor z = logitsOf(h.narrow(0, begin, count), w, b, softcap, scale);
            at::Tensor sum = logSum.narrow(0, begin, count);
            at::logsumexp_out(sum, z, {1});
            nll.narrow(0, begin, count).copy_(sum - z.gather(1, labels.narrow(0, begin, count).unsqueeze(1)).squeeze(1));
            if (keep && needsGradient)
                probabilities = z.sub_(sum.unsqueeze(1)).exp_(); // in place of the logits: all that the backward pass needs
        }
        context->save_for_backward({h, w, b, labels, logSum, probabilities});
        context->saved_data["softcap"] = softcap;
        context->saved_data["scale"] = scale;
        context->saved_data["chunk"] = chunk;
        return nll;
    }

    static variable_list backward(AutogradContext *context, const variable_list &gradients)
    {
        const auto saved = context->get_saved_variables();
        const at::Tensor &h = saved[0], &w = saved[1], &b = saved[2], &labels = saved[3], &logSum = saved[4];
        const double softcap = context->saved_data["softcap"].toDouble();
        const double scale = context->saved_data["scale"].toDouble();
        const std::int64_t chunk = context->saved_data["chunk"].toInt();
        const std::int64_t rows = h.size(0);
        const at::Tensor upstream = gradients[0];
        at::Tensor dh = context->needs_input_grad(0) ? at::empty_like(h) : at::Tensor();
        at::Tensor dw, db;
        for (std::int64_t begin = 0; begin < rows; begin += chunk) {
            const std::int64_t count = std::min(chunk, rows - begin);
            const at::Tensor part = h.narrow(0, begin, count);
            const at::Tensor g = upstream.narrow(0, begin, count).unsqueeze(1);
            at::Tensor z, dz;
            if (saved[5].defined()) {
                dz = saved[5].detach(); // used once: the graph is freed with this pass, so it may be overwritten
            } else {
                z = logitsOf(part, w, b, softcap, scale);
                dz = (z - logSum.narrow(0, begin, count).unsqueeze(1)).exp_();
            }
            dz.mul_(g);
            dz.scatter_add_(1, labels.narrow(0, begin, count).unsqueeze(1), -g);
            throughCap(dz, z, softcap, scale);
            const at::Tensor narrow = dz.to(h.scalar_type());
            if (dh.defined())
                dh.narrow(0, begin, count).copy_(products::mm(narrow, w));
            if (context->needs_input_grad(1))
                dw = addedProduct(dw, narrow.t(), part);
            if (b.defined() && context->needs_input_grad(2))
                db = db.defined() ? db.add_(narrow.sum(0)) : narrow.sum(0);
        }
        return {dh, dw, db, {}, {}, {}, {}};
    }
};

/// The gradients that a forward pass formed and saved, times the one number that comes down.
variable_list scaledGradients(AutogradContext *context, const at::Tensor &upstream)
{
    variable_list result;
    for (const at::Tensor &gradient : context->get_saved_variables())
        result.push_back(gradient.defined() ? gradient * upstream.to(gradient.scalar_type()) : at::Tensor());
    return result;
}

struct ForwardKl : Function<ForwardKl> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &h, const at::Tensor &w, const std::optional<at::Tensor> &bias,
                              const at::Tensor &hRef, const at::Tensor &wRef, const std::optional<at::Tensor> &biasRef, double softcap, double scale,
                              std::int64_t chunkBytes)
    {
        const at::Tensor b = bias.value_or(at::Tensor());
        const at::Tensor bRef = biasRef.value_or(at::Tensor());
        const std::int64_t rows = h.size(0);
        const std::int64_t chunk = std::max<std::int64_t>(1, chunkBytes / (w.size(0) * 4));
        const bool wantsHidden = h.requires_grad();
        const bool wantsWeight = w.requires_grad();
        const bool wantsBias = b.defined() && b.requires_grad();
        at::Tensor total = at::zeros({}, h.options().dtype(at::kDouble));
        // The upstream gradient is one number, so the gradients are formed here, chunk by chunk, while the logits are at hand.
        at::Tensor dh = wantsHidden ? at::empty_like(h) : at::Tensor();
        at::Tensor dw = wantsWeight ? at::zeros_like(w) : at::Tensor();
        at::Tensor db = wantsBias ? at::zeros_like(b) : at::Tensor();
        for (std::int64_t begin = 0; begin < rows; begin += chunk) {
            const std::int64_t count = std::min(chunk, rows - begin);
            const at::Tensor part = h.narrow(0, begin, count);
            const at::Tensor z = logitsOf(part, w, b, softcap, scale);
            const at::Tensor logP = at::log_softmax(z, 1);
            const at::Tensor logRef = at::log_softmax(logitsOf(hRef.narrow(0, begin, count), wRef, bRef, softcap, scale), 1);
            const at::Tensor pRef = logRef.exp();
            total += (pRef * (logRef - logP)).sum(at::kDouble);
            if (!wantsHidden && !wantsWeight && !wantsBias)
                continue;
            at::Tensor dz = logP.exp().sub_(pRef);
            throughCap(dz, z, softcap, scale);
            const at::Tensor narrow = dz.to(h.scalar_type());
            if (wantsHidden)
                dh.narrow(0, begin, count).copy_(products::mm(narrow, w));
            if (wantsWeight)
                products::addmm(dw, narrow.t(), part);
            if (wantsBias)
                db.add_(narrow.sum(0));
        }
        context->save_for_backward({dh, dw, db});
        return total.to(at::kFloat);
    }

    static variable_list backward(AutogradContext *context, const variable_list &gradients)
    {
        variable_list result = scaledGradients(context, gradients[0]);
        result.resize(9);
        return result;
    }
};

using RowFunction = std::function<at::Tensor(const at::Tensor &, std::int64_t)>;

struct RowLossSum : Function<RowLossSum> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &h, const at::Tensor &w, const std::optional<at::Tensor> &bias, double softcap,
                              double scale, const RowFunction *loss, std::int64_t chunkBytes)
    {
        const at::Tensor b = bias.value_or(at::Tensor());
        const std::int64_t rows = h.size(0);
        const std::int64_t chunk = std::max<std::int64_t>(1, chunkBytes / (w.size(0) * 4));
        const bool wantsHidden = h.requires_grad();
        const bool wantsWeight = w.requires_grad();
        const bool wantsBias = b.defined() && b.requires_grad();
        at::Tensor total = at::zeros({}, h.options().dtype(at::kDouble));
        at::Tensor dh = wantsHidden ? at::zeros_like(h) : at::Tensor();
        at::Tensor dw = wantsWeight ? at::zeros_like(w) : at::Tensor();
        at::Tensor db = wantsBias ? at::zeros_like(b) : at::Tensor();
        for (std::int64_t begin = 0; begin < rows; begin += chunk) {
            const std::int64_t count = std::min(chunk, rows - begin);
            const at::Tensor part = h.narrow(0, begin, count);
            const at::Tensor z = logitsOf(part, w, b, softcap, scale);
            if (!wantsHidden && !wantsWeight && !wantsBias) {
                total += (*loss)(z, begin).to(at::kDouble);
                continue;
            }
            at::Tensor dz;
            {
                const at::AutoGradMode on(true);
                const at::Tensor leaf = z.detach().requires_grad_(true);
                const at::Tensor value = (*loss)(leaf, begin);
                dz = torch::autograd::grad({value}, {leaf})[0].contiguous();
                total += value.detach().to(at::kDouble);
            }
            throughCap(dz, z, softcap, scale);
            const at::Tensor narrow = dz.to(h.scalar_type());
            if (wantsHidden)
                dh.narrow(0, begin, count).copy_(products::mm(narrow, w));
            if (wantsWeight)
                products::addmm(dw, narrow.t(), part);
            if (wantsBias)
                db.add_(narrow.sum(0));
        }
        context->save_for_backward({dh, dw, db});
        return total.to(at::kFloat);
    }
    static variable_list backward(AutogradContext *context, const variable_list &gradients)
    {
        variable_list result = scaledGradients(context, gradients[0]);
        result.resize(7);
        return result;
    }
};

at::Tensor detached(const at::Tensor &tensor)
{
    return tensor.defined() ? tensor.detach() : tensor;
}

} // namespace

at::Tensor checkpoint(const std::function<at::Tensor(const at::Tensor &)> &f, const at::Tensor &x)
{
    return Checkpoint::apply(x, &f);
}

at::Tensor labelNll(const at::Tensor &hidden_MD, const at::Tensor &weight_VD, const at::Tensor &bias_V, const at::Tensor &labels_M, double softcap,
                    double scale, std::int64_t chunkBytes)
{
    // Without gradients nothing is kept of the logits, and the CPU is as quick on fewer rows at a time.
    const bool scoring = !c10::GradMode::is_enabled() && hidden_MD.is_cpu();
    return LabelNll::apply(hidden_MD, weight_VD, given(bias_V), labels_M, softcap, scale, scoring ? std::min(chunkBytes, kScoringChunk) : chunkBytes);
}

at::Tensor forwardKlSum(const at::Tensor &hidden_KD, const at::Tensor &weight_VD, const at::Tensor &bias_V, const at::Tensor &referenceHidden_KD,
                        const at::Tensor &referenceWeight_VD, const at::Tensor &referenceBias_V, double softcap, double scale, std::int64_t chunkBytes)
{
    if (!c10::GradMode::is_enabled()) // the gradients are formed on the way: not where nobody asks for them
        return ForwardKl::apply(hidden_KD.detach(), weight_VD.detach(), given(detached(bias_V)), referenceHidden_KD, referenceWeight_VD,
                                given(referenceBias_V), softcap, scale, chunkBytes);
    return ForwardKl::apply(hidden_KD, weight_VD, given(bias_V), referenceHidden_KD, referenceWeight_VD, given(referenceBias_V), softcap, scale, chunkBytes);
}

at::Tensor rowLossSum(const at::Tensor &hidden_KD, const at::Tensor &weight_VD, const at::Tensor &bias_V, double softcap, double scale,
                      const std::function<at::Tensor(const at::Tensor &, std::int64_t)> &loss, std::int64_t chunkBytes)
{
    if (!c10::GradMode::is_enabled())
        return RowLossSum::apply(hidden_KD.detach(), weight_VD.detach(), given(detached(bias_V)), softcap, scale, &loss, chunkBytes);
    return RowLossSum::apply(hidden_KD, weight_VD, given(bias_V), softcap, scale, &loss, chunkBytes);
}

} // namespace lethe::kernels
