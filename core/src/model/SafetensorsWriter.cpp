#include "SafetensorsWriter.h"

#include <lethe/base/Paths.h>

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <limits>
#include <set>
#include <utility>

namespace lethe {

namespace fs = std::filesystem;

// Weights go to the disk as they lie in memory.
static_assert(std::endian::native == std::endian::little);

namespace {

constexpr std::size_t kHeaderAlignment = 8;
/// Tensors smaller than this are gathered, so that a thousand norms do not cost a thousand system calls.
constexpr std::size_t kGatherBytes = 1u << 20;

constexpr std::array<std::pair<std::string_view, std::size_t>, 15> kElementBytes{{
    {"BOOL", 1}, {"U8", 1}, {"I8", 1}, {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"I16", 2}, {"U16", 2},
    {"F16", 2}, {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4}, {"F64", 8}, {"I64", 8}, {"U64", 8},
}};

Error invalid(std::string what, const std::string &tensor)
{
    return Error{.code = ErrorCode::InvalidInput, .what = std::move(what), .where = tensor, .hint = {}};
}

Result<std::uint64_t> bytesOf(const SafetensorsEntry &entry)
{
    const auto element = safetensorsElementBytes(entry.dtype);
    if (!element)
        return invalid("`" + entry.dtype + "` is no dtype of the safetensors format", entry.name);
    std::uint64_t bytes = *element;
    for (const std::int64_t dimension : entry.shape) {
        if (dimension < 0)
            return invalid("has a negative dimension", entry.name);
        if (dimension != 0 && bytes > std::numeric_limits<std::uint64_t>::max() / 4 / static_cast<std::uint64_t>(dimension))
            return invalid("is too large for a file", entry.name);
        bytes *= static_cast<std::uint64_t>(dimension);
    }
    return bytes;
}

} // namespace

std::optional<std::size_t> safetensorsElementBytes(std::string_view dtype)
{
    for (const auto &[name, bytes] : kElementBytes)
        if (name == dtype)
            return bytes;
    return std::nullopt;
}

struct SafetensorsWriter::Data {
    fs::path file;
    fs::path beside;
    int fd = -1;
    std::vector<SafetensorsEntry> tensors;
    std::vector<std::uint64_t> bytes; ///< of each tensor
    std::uint64_t fileBytes = 0;
    std::size_t current = 0;      ///< tensor whose turn it is
    std::uint64_t currentDone = 0; ///< bytes of it that are there
    std::string gathered;

    ~Data()
    {
        if (fd >= 0)
            ::close(fd);
        if (!beside.empty())
            ::unlink(beside.c_str());
    }

    Result<void> write(const char *data, std::size_t size)
    {
        while (size > 0) {
            const ssize_t written = ::write(fd, data, size);
            if (written < 0) {
                if (errno == EINTR)
                    continue;
                return systemError(errno, "cannot be written", file);
            }
            data += written;
            size -= static_cast<std::size_t>(written);
        }
        return {};
    }

    Result<void> writeGathered()
    {
        LETHE_TRY_VOID(write(gathered.data(), gathered.size()));
        gathered.clear();
        return {};
    }

    void skipFinished()
    {
        while (current < tensors.size() && currentDone == bytes[current]) {
            ++current;
            currentDone = 0;
        }
    }
};

SafetensorsWriter::SafetensorsWriter(std::unique_ptr<Data> data) : m_data(std::move(data)) {}
SafetensorsWriter::SafetensorsWriter(SafetensorsWriter &&) noexcept = default;
SafetensorsWriter &SafetensorsWriter::operator=(SafetensorsWriter &&) noexcept = default;
SafetensorsWriter::~SafetensorsWriter() = default;

Result<SafetensorsWriter> SafetensorsWriter::create(const fs::path &file, std::vector<SafetensorsEntry> tensors,
                                                    const std::map<std::string, std::string> &metadata)
{
    auto data = std::make_unique<Data>();
    data->file = file;
    std::set<std::string_view> names;
    for (const SafetensorsEntry &entry : tensors) {
        if (entry.name == "__metadata__")
            return invalid("is a name that the format keeps for itself", entry.name);
        if (!names.insert(entry.name).second)
            return invalid("is declared twice", entry.name);
        LETHE_TRY_VOID(bytesOf(entry));
    }
    std::ranges::sort(tensors, [](const SafetensorsEntry &left, const SafetensorsEntry &right) {
        const auto leftBytes = *safetensorsElementBytes(left.dtype);
        const auto rightBytes = *safetensorsElementBytes(right.dtype);
        return leftBytes != rightBytes ? leftBytes > rightBytes : left.name < right.name;
    });
    data->tensors = std::move(tensors);

    nlohmann::ordered_json header = nlohmann::ordered_json::object();
    if (!metadata.empty())
        header["__metadata__"] = metadata;
    std::uint64_t offset = 0;
    for (const SafetensorsEntry &entry : data->tensors) {
        LETHE_TRY(const std::uint64_t bytes, bytesOf(entry));
        header[entry.name] = {{"dtype", entry.dtype}, {"shape", entry.shape}, {"data_offsets", {offset, offset + bytes}}};
        data->bytes.push_back(bytes);
        offset += bytes;
    }
    std::string text;
    try {
        text = header.dump();
    } catch (const nlohmann::json::exception &) {
        return Error{.code = ErrorCode::InvalidInput, .what = "a tensor's name or the metadata is not UTF-8",
                     .where = file.string(), .hint = {}};
    }
    text.append((kHeaderAlignment - text.size() % kHeaderAlignment) % kHeaderAlignment, ' ');
    const std::uint64_t headerBytes = text.size();
    data->fileBytes = sizeof headerBytes + headerBytes + offset;

    data->beside = file.string() + ".part" + std::to_string(::getpid());
    data->fd = ::open(data->beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (data->fd < 0) {
        const int openError = errno;
        data->beside.clear(); // what is there, if anything, is not ours
        return systemError(openError, "cannot be written", file);
    }
    LETHE_TRY_VOID(data->write(reinterpret_cast<const char *>(&headerBytes), sizeof headerBytes));
    LETHE_TRY_VOID(data->write(text.data(), text.size()));
    data->skipFinished();
    return SafetensorsWriter(std::move(data));
}

const std::vector<SafetensorsEntry> &SafetensorsWriter::tensors() const
{
    return m_data->tensors;
}

std::uint64_t SafetensorsWriter::fileBytes() const
{
    return m_data->fileBytes;
}

Result<void> SafetensorsWriter::append(std::string_view name, const void *data, std::size_t bytes)
{
    Data &d = *m_data;
    if (bytes == 0)
        return {}; // an empty tensor's turn is over before it begins
    const auto internal = [&](std::string what) -> Result<void> {
        return Error{.code = ErrorCode::Internal, .what = std::move(what), .where = d.file.string(), .hint = {}};
    };
    if (d.current >= d.tensors.size())
        return internal("bytes of `" + std::string(name) + "` came after the last tensor's end");
    if (d.tensors[d.current].name != name)
        return internal("bytes of `" + std::string(name) + "` came where those of `" + d.tensors[d.current].name + "` belong");
    if (bytes > d.bytes[d.current] - d.currentDone)
        return internal("`" + std::string(name) + "` got more bytes than its shape holds");
    const char *source = static_cast<const char *>(data);
    if (d.gathered.size() + bytes > kGatherBytes)
        LETHE_TRY_VOID(d.writeGathered());
    if (bytes > kGatherBytes)
        LETHE_TRY_VOID(d.write(source, bytes));
    else
        d.gathered.append(source, bytes);
    d.currentDone += bytes;
    d.skipFinished();
    return {};
}

Result<void> SafetensorsWriter::finish()
{
    Data &d = *m_data;
    if (d.current < d.tensors.size())
        return Error{.code = ErrorCode::Internal, .what = "`" + d.tensors[d.current].name + "` did not get all its bytes",
                     .where = d.file.string(), .hint = {}};
    LETHE_TRY_VOID(d.writeGathered());
    if (::fsync(d.fd) != 0)
        return systemError(errno, "cannot be written", d.file);
    if (const int closed = ::close(std::exchange(d.fd, -1)); closed != 0)
        return systemError(errno, "cannot be written", d.file);
    if (::rename(d.beside.c_str(), d.file.c_str()) != 0)
        return systemError(errno, "cannot be written", d.file);
    d.beside.clear();
    return {};
}

} // namespace lethe
