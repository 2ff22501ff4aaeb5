#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lethe {

/// How a tensor of a GGUF file is stored. The numbers are the format's own.
enum class GgufType : std::uint32_t { F32 = 0, F16 = 1, Q8_0 = 8, BF16 = 30 };

/// Of Q8_0: so many values share one f16 scale.
inline constexpr std::int64_t kGgufBlock = 32;

/// Bytes of \p elements values, whole blocks.
LETHE_EXPORT std::uint64_t ggufBytes(GgufType type, std::int64_t elements);

/// Appends \p values as \p type. Q8_0 wants whole blocks: each is divided by its greatest value's 127th part, rounded to the nearest
/// whole number (half away from zero), with the scale in f16 (ggml's reference). False where a finite value is beyond what f16 holds.
LETHE_EXPORT bool encodeGguf(GgufType type, std::span<const float> values, std::vector<std::byte> &into);

using GgufValue = std::variant<std::uint32_t, float, bool, std::string, std::vector<std::string>, std::vector<float>, std::vector<std::int32_t>>;
using GgufMetadata = std::vector<std::pair<std::string, GgufValue>>;

struct GgufTensor {
    std::string name;
    std::vector<std::int64_t> shape; ///< rows first, as safetensors; the file has it the other way round
    GgufType type = GgufType::F32;
    std::int64_t elements() const;
};

/// Writes one GGUF file (version 3) as a stream: what it holds first, then the tensors' bytes in the order in which they were declared.
class LETHE_EXPORT GgufWriter
{
public:
    /// Io, DiskFull.
    static Result<GgufWriter> create(const std::filesystem::path &file, const GgufMetadata &metadata, std::vector<GgufTensor> tensors);
    GgufWriter(GgufWriter &&) noexcept;
    ~GgufWriter();

    /// A part of the tensor whose turn it is. Internal where it is more than that holds.
    Result<void> append(std::span<const std::byte> bytes);
    /// Internal where bytes are missing. Flushed to the disk.
    Result<void> finish();

private:
    struct Data;
    explicit GgufWriter(std::unique_ptr<Data> data);
    std::unique_ptr<Data> m_data;
};

} // namespace lethe
