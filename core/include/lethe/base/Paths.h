#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace lethe {

/// `$XDG_DATA_HOME/lethe` (default `~/.local/share/lethe`): the store, checkpoints, logs.
LETHE_EXPORT std::filesystem::path dataFolder();
/// `<data folder>/lethe.sqlite`.
LETHE_EXPORT std::filesystem::path defaultStoreFile();
/// Where `resources/` lies: `LETHE_RESOURCES`, beside the installation, or in the source tree of a build.
LETHE_EXPORT std::filesystem::path resourceFolder();
/// Where method plugins lie by default: `LETHE_PLUGINS`, then beside the installation or in the build tree.
LETHE_EXPORT std::filesystem::path pluginFolder();

/// The whole file. NotFound, Io; InvalidInput where it is larger than \p maximumBytes.
LETHE_EXPORT Result<std::string> readFile(const std::filesystem::path &file, std::uint64_t maximumBytes = 1ull << 31);

/// Writes beside \p file, flushes to the disk and renames, so that the file is there whole or not at all.
/// Io (permission), DiskFull.
LETHE_EXPORT Result<void> writeFile(const std::filesystem::path &file, std::string_view content);

/// The Error for a failed system call on \p path: DiskFull for ENOSPC/EDQUOT, NotFound, or Io with the system's words.
LETHE_EXPORT Error systemError(int errnoValue, std::string what, const std::filesystem::path &path);

/// Lower-case hex SHA-256 of a file, read in chunks; \p progress may be empty and returns false to cancel (ErrorCode::Cancelled).
LETHE_EXPORT Result<std::string> sha256OfFile(const std::filesystem::path &file,
                                              const std::function<bool(std::uint64_t done, std::uint64_t total)> &progress = {});
LETHE_EXPORT std::string sha256(std::string_view bytes);

/// Bytes free for this user on the file system of \p path (or of its nearest existing parent).
LETHE_EXPORT Result<std::uint64_t> freeBytes(const std::filesystem::path &path);

} // namespace lethe
