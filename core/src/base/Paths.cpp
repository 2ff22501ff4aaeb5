#include <lethe/base/Paths.h>

#include <QtCore/QCryptographicHash>
#include <QtCore/QCoreApplication>

#include <sys/statvfs.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace lethe {

namespace fs = std::filesystem;

namespace {

fs::path environmentPath(const char *name)
{
    const char *value = std::getenv(name);
    return value != nullptr ? fs::path(value) : fs::path();
}

fs::path programFolder()
{
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    return error ? fs::path(".") : self.parent_path();
}

fs::path firstExisting(std::initializer_list<fs::path> candidates)
{
    std::error_code error;
    for (const fs::path &candidate : candidates)
        if (!candidate.empty() && fs::is_directory(candidate, error))
            return candidate;
    return *(candidates.end() - 1);
}

/// Closes a descriptor on every way out.
struct Descriptor {
    int fd = -1;
    ~Descriptor()
    {
        if (fd >= 0)
            ::close(fd);
    }
};

} // namespace

fs::path dataFolder()
{
    if (const fs::path data = environmentPath("XDG_DATA_HOME"); !data.empty())
        return data / "lethe";
    return environmentPath("HOME") / ".local" / "share" / "lethe";
}

fs::path defaultStoreFile()
{
    return dataFolder() / "lethe.sqlite";
}

fs::path resourceFolder()
{
    return firstExisting({environmentPath("LETHE_RESOURCES"), programFolder() / ".." / "share" / "lethe",
                          fs::path(LETHE_SOURCE_DIR) / "resources"});
}

fs::path pluginFolder()
{
    return firstExisting({environmentPath("LETHE_PLUGINS"), programFolder() / ".." / "plugins",
                          programFolder() / ".." / "lib" / "lethe" / "plugins",
                          programFolder() / ".." / "lib" / "x86_64-linux-gnu" / "lethe" / "plugins",
                          fs::path(LETHE_BINARY_DIR) / "plugins"});
}

Error systemError(int errnoValue, std::string what, const fs::path &path)
{
    Error error{.code = ErrorCode::Io, .what = std::move(what), .where = path.string(), .hint = {}};
    switch (errnoValue) {
    case ENOSPC:
    case EDQUOT: {
        error.code = ErrorCode::DiskFull;
        const auto room = freeBytes(path);
        error.what += ": the disk is full";
        error.hint = (room.ok() ? std::to_string(*room >> 20) + " MiB are free there; f" : std::string("F"))
            + "ree space or choose another folder";
        break;
    }
    case EFBIG: // a quota by another name: the process or the file system lets no file grow further
        error.code = ErrorCode::DiskFull;
        error.what += ": the file may not grow any larger";
        error.hint = "Raise the limit on file sizes, or choose another folder";
        break;
    case ENOENT:
        error.code = ErrorCode::NotFound;
        error.what += ": there is no such file or folder";
        break;
    case EACCES:
    case EPERM:
        error.what += ": permission denied";
        error.hint = "Choose another folder, or change its permissions";
        break;
    case EROFS:
        error.what += ": the file system is read-only";
        error.hint = "Choose another folder";
        break;
    default:
        error.what += std::string(": ") + std::strerror(errnoValue);
    }
    return error;
}

Result<std::string> readFile(const fs::path &file, std::uint64_t maximumBytes)
{
    std::error_code error;
    if (fs::is_directory(file, error))
        return Error{.code = ErrorCode::Io, .what = "is a folder, a file is needed", .where = file.string(), .hint = {}};
    const Descriptor in{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (in.fd < 0)
        return systemError(errno, "cannot be opened", file);
    std::string content;
    std::string chunk(1u << 20, '\0');
    while (true) {
        const ssize_t got = ::read(in.fd, chunk.data(), chunk.size());
        if (got < 0) {
            if (errno == EINTR)
                continue;
            return systemError(errno, "cannot be read", file);
        }
        if (got == 0)
            return content;
        content.append(chunk.data(), static_cast<std::size_t>(got));
        if (content.size() > maximumBytes)
            return Error{.code = ErrorCode::InvalidInput,
                         .what = "is larger than the " + std::to_string(maximumBytes >> 20) + " MiB that are read at most",
                         .where = file.string(), .hint = {}};
    }
}

Result<void> writeFile(const fs::path &file, std::string_view content)
{
    const fs::path beside = file.string() + ".part" + std::to_string(::getpid());
    Descriptor out{::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    if (out.fd < 0)
        return systemError(errno, "cannot be written", file);
    const auto fail = [&](int errnoValue) -> Result<void> {
        ::unlink(beside.c_str());
        return systemError(errnoValue, "cannot be written", file);
    };
    while (!content.empty()) {
        const ssize_t written = ::write(out.fd, content.data(), content.size());
        if (written < 0) {
            if (errno == EINTR)
                continue;
            return fail(errno);
        }
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(out.fd) != 0)
        return fail(errno);
    const int closed = ::close(out.fd);
    out.fd = -1;
    if (closed != 0)
        return fail(errno);
    if (::rename(beside.c_str(), file.c_str()) != 0)
        return fail(errno);
    return {};
}

Result<std::string> sha256OfFile(const fs::path &file, const std::function<bool(std::uint64_t, std::uint64_t)> &progress)
{
    const Descriptor in{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (in.fd < 0)
        return systemError(errno, "cannot be opened", file);
    std::error_code error;
    const std::uint64_t total = fs::file_size(file, error);
    QCryptographicHash hash(QCryptographicHash::Sha256);
    std::string chunk(4u << 20, '\0');
    std::uint64_t done = 0;
    while (true) {
        const ssize_t got = ::read(in.fd, chunk.data(), chunk.size());
        if (got < 0) {
            if (errno == EINTR)
                continue;
            return systemError(errno, "cannot be read", file);
        }
        if (got == 0)
            return hash.result().toHex().toStdString();
        hash.addData(QByteArrayView(chunk.data(), got));
        done += static_cast<std::uint64_t>(got);
        if (progress && !progress(done, total))
            return Error{.code = ErrorCode::Cancelled, .what = "hashing was cancelled", .where = file.string(), .hint = {}};
    }
}

std::string sha256(std::string_view bytes)
{
    return QCryptographicHash::hash(QByteArrayView(bytes.data(), static_cast<qsizetype>(bytes.size())), QCryptographicHash::Sha256)
        .toHex()
        .toStdString();
}

Result<std::uint64_t> freeBytes(const fs::path &path)
{
    std::error_code error;
    fs::path existing = fs::absolute(path, error);
    while (!existing.empty() && !fs::exists(existing, error) && existing != existing.root_path())
        existing = existing.parent_path();
    struct statvfs info {
    };
    if (::statvfs(existing.c_str(), &info) != 0)
        return Error{.code = ErrorCode::Io, .what = std::string("cannot be asked for its free space: ") + std::strerror(errno),
                     .where = existing.string(), .hint = {}};
    return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

} // namespace lethe
