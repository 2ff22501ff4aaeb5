#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

/// One tensor of a safetensors file.
struct TensorEntry {
    std::string name;
    std::string dtype; ///< `F32`, `BF16`, `F16`, …
    std::vector<std::int64_t> shape;
    std::uint64_t begin = 0; ///< byte offsets within the data section
    std::uint64_t end = 0;

    std::int64_t elements() const;
};

/// A memory-mapped safetensors file. Its header is checked whole before a byte of data is given out: lengths, dtypes, shapes,
/// offsets within the file, no overlap and no hole (as the format's own library demands), no name twice.
class LETHE_EXPORT SafetensorsFile
{
public:
    /// Corrupt with what is wrong and where, NotFound, Io.
    static Result<SafetensorsFile> open(const std::filesystem::path &file);

    SafetensorsFile(SafetensorsFile &&) noexcept;
    SafetensorsFile &operator=(SafetensorsFile &&) noexcept;
    ~SafetensorsFile();

    const std::filesystem::path &path() const { return m_path; }
    const std::vector<TensorEntry> &entries() const { return m_entries; } ///< ordered by name
    const TensorEntry *find(std::string_view name) const;
    std::span<const std::byte> bytes(const TensorEntry &entry) const;
    /// Takes the pages of \p part out of this process's memory: it has been copied. They are read again where they are touched again.
    void letGo(std::span<const std::byte> part) const;
    const std::map<std::string, std::string> &metadata() const { return m_metadata; }
    std::uint64_t size() const { return m_size; }

private:
    SafetensorsFile() = default;
    Result<void> readHeader();

    std::filesystem::path m_path;
    const std::byte *m_data = nullptr; ///< the mapping
    std::uint64_t m_size = 0;
    std::uint64_t m_dataStart = 0;
    std::vector<TensorEntry> m_entries;
    std::map<std::string, std::string> m_metadata;
};

/// The weights of a model folder: one `model.safetensors`, or the shards that its index names.
class LETHE_EXPORT WeightFiles
{
public:
    /// NotFound (says which files are looked for), Unsupported (`pytorch_model.bin` alone), Corrupt (index or shard).
    static Result<WeightFiles> open(const std::filesystem::path &folder);

    struct Found {
        const SafetensorsFile *file = nullptr;
        const TensorEntry *entry = nullptr;
    };
    /// Null members where there is no such tensor.
    Found find(std::string_view name) const;
    /// Every tensor, ordered by name.
    const std::map<std::string, Found, std::less<>> &all() const { return m_tensors; }
    const std::vector<std::unique_ptr<SafetensorsFile>> &files() const { return m_files; }
    std::uint64_t bytes() const;

private:
    std::vector<std::unique_ptr<SafetensorsFile>> m_files; ///< unique_ptr: entries are pointed into
    std::map<std::string, Found, std::less<>> m_tensors;
};

} // namespace lethe
