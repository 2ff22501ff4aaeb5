#include "model/Products.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace lethe::products {

namespace {

/// Rows of the left side that are at hand at once.
constexpr std::int64_t kRows = 1024;
/// Numbers of the right side that are widened at a time: 4 MiB, which stay in a cache until they are multiplied.
constexpr std::int64_t kBlock = std::int64_t{1} << 20;
constexpr std::int64_t kFewestColumns = 64;
/// Up to so many rows LibTorch's own loop over 16-bit rows is as quick: it reads the right side once a row.
constexpr std::int64_t kFewRows = 8;

bool hasBf16()
{
    static const bool has = __builtin_cpu_supports("avx512bf16") != 0;
    return has;
}

/// Over LibTorch's own products.
at::Tensor plain(const at::Tensor &left, const at::Tensor &right, const std::optional<at::Tensor> &addend, double alpha)
{
    return addend ? at::addmm(*addend, left, right, 1, alpha) : alpha == 1 ? at::mm(left, right) : at::mm(left, right).mul_(alpha);
}

} // namespace

bool widens(const at::Tensor &x)
{
    if (!x.is_cpu())
        return false;
    return x.scalar_type() == at::kHalf || (x.scalar_type() == at::kBFloat16 && !hasBf16());
}

at::Tensor mmThroughF32(const at::Tensor &left, const at::Tensor &right, const std::optional<at::Tensor> &addend, double alpha)
{
    const std::int64_t rows = left.size(0), inner = left.size(1), columns = right.size(1);
    const std::int64_t width = std::max(kFewestColumns, kBlock / std::max<std::int64_t>(1, inner));
    const at::Tensor result = at::empty({rows, columns}, left.options());
    for (std::int64_t row = 0; row < rows; row += kRows) {
        const std::int64_t height = std::min(kRows, rows - row);
        const at::Tensor wide = left.narrow(0, row, height).to(at::kFloat);
        for (std::int64_t column = 0; column < columns; column += width) {
            const std::int64_t count = std::min(width, columns - column);
            const at::Tensor block = right.narrow(1, column, count).to(at::kFloat);
            at::Tensor product;
            if (!addend)
                product = plain(wide, block, addend, alpha);
            else if (addend->dim() == 1)
                product = at::addmm(addend->narrow(0, column, count).to(at::kFloat), wide, block, 1, alpha);
            else
                product = addend->narrow(0, row, height).narrow(1, column, count).to(at::kFloat).addmm_(wide, block, 1, alpha);
            result.narrow(0, row, height).narrow(1, column, count).copy_(product);
        }
    }
    return result;
}

at::Tensor mm(const at::Tensor &left, const at::Tensor &right, const std::optional<at::Tensor> &addend, double alpha)
{
    const bool ownLoop = left.size(0) <= kFewRows && right.stride(0) == 1;
    return widens(left) && !ownLoop ? mmThroughF32(left, right, addend, alpha) : plain(left, right, addend, alpha);
}

void addmm(at::Tensor &sum, const at::Tensor &left, const at::Tensor &right)
{
    if (widens(left))
        sum.add_(mmThroughF32(left, right));
    else
        sum.addmm_(left, right);
}

} // namespace lethe::products
