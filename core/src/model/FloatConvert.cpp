#include "FloatConvert.h"

#include <QtCore/qglobal.h>

#include <bit>
#include <cmath>
#include <cstring>

namespace lethe {

namespace {

constexpr std::uint32_t kSign = 0x80000000u;
constexpr std::uint32_t kInfinity = 0x7f800000u;

float readAs(const std::byte *source, Dtype dtype)
{
    if (dtype == Dtype::F32) {
        float value = 0;
        std::memcpy(&value, source, sizeof value);
        return value;
    }
    std::uint16_t bits = 0;
    std::memcpy(&bits, source, sizeof bits);
    return dtype == Dtype::BF16 ? floatFromBfloat16(bits) : floatFromHalf(bits);
}

/// One loop for each pair of dtypes, so that the compiler sees through it.
template<Dtype From, Dtype To>
std::optional<float> convertAll(const std::byte *source, std::byte *target, std::size_t count)
{
    std::optional<float> tooLarge;
    for (std::size_t i = 0; i < count; ++i) {
        const float value = readAs(source + i * (From == Dtype::F32 ? 4 : 2), From);
        if constexpr (To == Dtype::F32) {
            std::memcpy(target + i * 4, &value, 4);
        } else {
            const std::uint16_t bits = To == Dtype::BF16 ? bfloat16From(value) : halfFrom(value);
            std::memcpy(target + i * 2, &bits, 2);
            constexpr std::uint16_t kNarrowInfinity = To == Dtype::BF16 ? 0x7f80 : 0x7c00;
            if ((bits & 0x7fff) == kNarrowInfinity && std::isfinite(value))
                tooLarge = value;
        }
    }
    return tooLarge;
}

template<Dtype From>
std::optional<float> convertTo(Dtype to, const std::byte *source, std::byte *target, std::size_t count)
{
    switch (to) {
    case Dtype::F32: return convertAll<From, Dtype::F32>(source, target, count);
    case Dtype::BF16: return convertAll<From, Dtype::BF16>(source, target, count);
    case Dtype::F16: break;
    }
    return convertAll<From, Dtype::F16>(source, target, count);
}

} // namespace

std::uint16_t bfloat16From(float value)
{
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & ~kSign) > kInfinity) // NaN: kept one even where only its lowest bits said so
        return static_cast<std::uint16_t>(bits >> 16 | 0x40);
    return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float floatFromBfloat16(std::uint16_t bits)
{
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

std::uint16_t halfFrom(float value)
{
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
    const std::uint32_t magnitude = bits & ~kSign;
    if (magnitude > kInfinity)
        return static_cast<std::uint16_t>(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
    if (magnitude >= 0x47800000) // 65536 and more
        return static_cast<std::uint16_t>(sign | 0x7c00);
    if (magnitude < 0x38800000) {
        // Below 2^-14: a subnormal. Adding 0.5 moves its 10 bits to the end of the sum's 24, rounded by the addition itself.
        const float sum = std::bit_cast<float>(magnitude) + 0.5f;
        return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(sum) - 0x3f000000));
    }
    const std::uint32_t rebiased = magnitude - (112u << 23);
    return static_cast<std::uint16_t>(sign | (rebiased + 0xfff + (rebiased >> 13 & 1)) >> 13);
}

float floatFromHalf(std::uint16_t bits)
{
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000) << 16;
    const std::uint32_t exponent = bits >> 10 & 0x1f;
    const std::uint32_t mantissa = bits & 0x3ff;
    if (exponent == 0x1f)
        return std::bit_cast<float>(sign | kInfinity | mantissa << 13);
    if (exponent == 0) {
        const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
        return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
    }
    return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

std::optional<Dtype> floatDtypeFrom(std::string_view name)
{
    for (const Dtype dtype : {Dtype::F32, Dtype::BF16, Dtype::F16})
        if (safetensorsName(dtype) == name)
            return dtype;
    return std::nullopt;
}

std::string_view safetensorsName(Dtype dtype)
{
    switch (dtype) {
    case Dtype::F32: return "F32";
    case Dtype::BF16: return "BF16";
    case Dtype::F16: break;
    }
    return "F16";
}

std::size_t bytesOf(Dtype dtype)
{
    return dtype == Dtype::F32 ? 4 : 2;
}

bool holdsExactly(Dtype to, Dtype from)
{
    return to == Dtype::F32 || to == from;
}

std::optional<float> convertFloats(std::span<const std::byte> from, Dtype fromDtype, std::span<std::byte> to, Dtype toDtype)
{
    const std::size_t count = from.size() / bytesOf(fromDtype);
    Q_ASSERT(to.size() >= count * bytesOf(toDtype));
    switch (fromDtype) {
    case Dtype::F32: return convertTo<Dtype::F32>(toDtype, from.data(), to.data(), count);
    case Dtype::BF16: return convertTo<Dtype::BF16>(toDtype, from.data(), to.data(), count);
    case Dtype::F16: break;
    }
    return convertTo<Dtype::F16>(toDtype, from.data(), to.data(), count);
}

} // namespace lethe
