#pragma once

#include <lethe/base/Export.h>

#include <ATen/core/Tensor.h>

#include <optional>

/// Matrix products in the dtype of their operands. LibTorch differentiates its own; the gradients of what is widened are those of Kernels.h.
namespace lethe::products {

/// Whether products of \p x go through f32: 16-bit numbers on a CPU that has no instructions for them. LibTorch multiplies those
/// number by number there; widened a few MiB at a time they take the time of f32. Sums are in f32 and rounded once either way.
LETHE_EXPORT bool widens(const at::Tensor &x);

/// alpha · left·right + addend. left [N,K], right [K,M], either may be a transposed view; \p addend [M] or [N,M].
LETHE_EXPORT at::Tensor mm(const at::Tensor &left, const at::Tensor &right, const std::optional<at::Tensor> &addend = std::nullopt, double alpha = 1);

/// sum += left·right.
LETHE_EXPORT void addmm(at::Tensor &sum, const at::Tensor &left, const at::Tensor &right);

/// The way through f32, whatever the machine has; what `mm` takes where `widens` says so.
LETHE_EXPORT at::Tensor mmThroughF32(const at::Tensor &left, const at::Tensor &right, const std::optional<at::Tensor> &addend = std::nullopt,
                                     double alpha = 1);

} // namespace lethe::products
