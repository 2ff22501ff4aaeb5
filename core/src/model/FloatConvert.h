#pragma once

#include <lethe/base/Export.h>
#include <lethe/spec/ExperimentSpec.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace lethe {

/// The float formats that weights are stored in, without a tensor library. Narrowing rounds to nearest, ties to even, as
/// IEEE 754 and PyTorch do; a NaN stays a NaN, what is too large becomes an infinity.
LETHE_EXPORT std::uint16_t bfloat16From(float value);
LETHE_EXPORT float floatFromBfloat16(std::uint16_t bits);
LETHE_EXPORT std::uint16_t halfFrom(float value);
LETHE_EXPORT float floatFromHalf(std::uint16_t bits);

/// `F32`, `BF16`, `F16` and back: safetensors' spelling; nothing for another dtype.
LETHE_EXPORT std::optional<Dtype> floatDtypeFrom(std::string_view safetensorsName);
LETHE_EXPORT std::string_view safetensorsName(Dtype dtype);
LETHE_EXPORT std::size_t bytesOf(Dtype dtype);

/// Whether every value of \p from is a value of \p to: f32 holds all three, each of the others itself alone.
LETHE_EXPORT bool holdsExactly(Dtype to, Dtype from);

/// Converts \p from, whole elements, into \p to, which has room for as many. The two must not overlap.
/// \return a finite value that \p toDtype can only hold as an infinity, where there is one
LETHE_EXPORT std::optional<float> convertFloats(std::span<const std::byte> from, Dtype fromDtype, std::span<std::byte> to, Dtype toDtype);

} // namespace lethe
