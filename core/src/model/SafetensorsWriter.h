#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

/// A tensor that a safetensors file is going to hold.
struct SafetensorsEntry {
    std::string name;
    std::string dtype; ///< as the format spells it: `F32`, `BF16`, `F16`, `I64`, `U8` …
    std::vector<std::int64_t> shape;
    bool operator==(const SafetensorsEntry &) const = default;
};

/// Bytes of one element of \p dtype as safetensors spells it; nothing for a dtype the format does not know.
LETHE_EXPORT std::optional<std::size_t> safetensorsElementBytes(std::string_view dtype);

/// Writes one safetensors file as a stream: the tensors are declared first, then their bytes are handed in one after the
/// other, so that no more than one tensor needs to be in memory. Written beside the target, flushed to the disk and renamed
/// by `finish`; a writer that is destroyed before leaves nothing behind.
///
/// The file's order is the reference implementation's (wider dtypes first, then by name): every tensor then begins at a
/// multiple of its element size. The header is padded with spaces to a multiple of 8.
class LETHE_EXPORT SafetensorsWriter
{
public:
    /// InvalidInput (a name twice, the reserved `__metadata__`, a name that is not UTF-8, an unknown dtype, a negative
    /// dimension), DiskFull, Io. Readers made for PyTorch ask for the metadata's `format`.
    static Result<SafetensorsWriter> create(const std::filesystem::path &file, std::vector<SafetensorsEntry> tensors,
                                            const std::map<std::string, std::string> &metadata = {{"format", "pt"}});
    SafetensorsWriter(SafetensorsWriter &&) noexcept;
    SafetensorsWriter &operator=(SafetensorsWriter &&) noexcept;
    ~SafetensorsWriter();

    /// The tensors in the order in which their bytes must come.
    const std::vector<SafetensorsEntry> &tensors() const;
    /// Of the whole file: known before the first byte of data.
    std::uint64_t fileBytes() const;

    /// Little-endian, row-major bytes of tensor \p name, whose turn it must be; a large one may come in several pieces.
    /// Internal (another tensor's turn, more bytes than its shape holds), DiskFull, Io.
    Result<void> append(std::string_view name, const void *data, std::size_t bytes);

    /// Internal where bytes are missing, DiskFull, Io. After it the file is there, whole.
    Result<void> finish();

private:
    struct Data;
    explicit SafetensorsWriter(std::unique_ptr<Data> data);
    std::unique_ptr<Data> m_data;
};

} // namespace lethe
