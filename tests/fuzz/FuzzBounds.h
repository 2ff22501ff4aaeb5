#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace lethe::fuzz {

/// While one lives, what is allocated and not yet freed may not exceed `base + factor × input bytes`: more ends the process with the
/// stack of the allocation that was too much. Allocations that are mapped files are not counted.
class MemoryBound
{
public:
    MemoryBound(std::size_t inputBytes, std::size_t factor, std::size_t base);
    ~MemoryBound();
    MemoryBound(const MemoryBound &) = delete;
    MemoryBound &operator=(const MemoryBound &) = delete;
};

/// What a reader of JSON, CSV or weights may take a byte of its file, and whatever the file.
constexpr std::size_t kBytesForOne = 128;
constexpr std::size_t kBaseBytes = 8u << 20;

/// A folder in memory for readers that take paths; emptied at the end of the process.
class ScratchFolder
{
public:
    ScratchFolder();
    ~ScratchFolder();
    ScratchFolder(const ScratchFolder &) = delete;
    ScratchFolder &operator=(const ScratchFolder &) = delete;

    const std::filesystem::path &path() const { return m_path; }
    /// Writes \p content as \p name, whatever was there.
    void write(std::string_view name, std::string_view content) const;
    void remove(std::string_view name) const;

private:
    std::filesystem::path m_path;
};

inline std::string_view textOf(const std::uint8_t *data, std::size_t size)
{
    return {reinterpret_cast<const char *>(data), size};
}

/// Keeps the optimizer from leaving out what is only read.
void use(std::uint64_t value);

} // namespace lethe::fuzz
