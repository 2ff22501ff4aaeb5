#include "model/Safetensors.h"

#include "base/Json.h"
#include "model/SafetensorsWriter.h"

#include <lethe/base/Paths.h>

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

namespace lethe {

namespace fs = std::filesystem;
using Header = nlohmann::json; ///< ordered by key, as the entries are to be

namespace {

/// The limit of the format's own library.
constexpr std::uint64_t kMaximumHeaderBytes = 100'000'000;
constexpr std::size_t kMaximumRank = 16;
/// Of brackets in a header, which has four levels at most.
constexpr int kDeepest = 32;

Error corrupt(const fs::path &file, std::string what, std::string hint = "Copy the file again")
{
    return {.code = ErrorCode::Corrupt, .what = std::move(what), .where = file.filename().string(), .hint = std::move(hint)};
}

/// Parses JSON and refuses a key that stands twice in one object: which of the two counts would be a guess.
Result<Header> parseStrict(std::string_view text, const fs::path &file, const std::string &whatItIs)
{
    if (const std::size_t deep = tooDeepAt(text, kDeepest); deep != std::string_view::npos)
        return corrupt(file, whatItIs + " is nested deeper than " + std::to_string(kDeepest) + " levels at byte " + std::to_string(deep));
    std::vector<std::set<std::string>> seen;
    std::string duplicate;
    const auto watch = [&](int, Header::parse_event_t event, Header &value) {
        if (event == Header::parse_event_t::object_start)
            seen.emplace_back();
        else if (event == Header::parse_event_t::object_end)
            seen.pop_back();
        else if (event == Header::parse_event_t::key && !seen.back().insert(value.get_ref<const std::string &>()).second)
            duplicate = value.get<std::string>();
        return true;
    };
    try {
        Header json = Header::parse(text, watch);
        if (!duplicate.empty())
            return corrupt(file, whatItIs + " names \"" + duplicate + "\" twice");
        return json;
    } catch (const Header::exception &error) {
        return corrupt(file, whatItIs + " is not valid JSON (" + error.what() + ")");
    }
}

Result<TensorEntry> readEntry(const std::string &name, const Header &json, std::uint64_t dataBytes, const fs::path &file)
{
    const auto wrong = [&](const std::string &what) { return corrupt(file, "tensor \"" + name + "\": " + what); };
    if (!json.is_object())
        return wrong("its header entry is no object");
    const auto dtype = json.find("dtype");
    const auto shape = json.find("shape");
    const auto offsets = json.find("data_offsets");
    if (dtype == json.end() || !dtype->is_string() || shape == json.end() || !shape->is_array() || offsets == json.end()
        || !offsets->is_array() || offsets->size() != 2)
        return wrong("its header entry needs dtype, shape and data_offsets");

    TensorEntry entry{.name = name, .dtype = dtype->get<std::string>(), .shape = {}, .begin = 0, .end = 0};
    const std::optional<std::size_t> elementBytes = safetensorsElementBytes(entry.dtype);
    if (!elementBytes)
        return wrong("its dtype \"" + entry.dtype + "\" is not known");
    if (shape->size() > kMaximumRank)
        return wrong("it has " + std::to_string(shape->size()) + " dimensions");
    std::uint64_t bytes = *elementBytes;
    for (const Header &extent : *shape) {
        if (!extent.is_number_unsigned() || extent.get<std::uint64_t>() > (1ull << 48))
            return wrong("its shape " + shape->dump() + " is not possible");
        entry.shape.push_back(extent.get<std::int64_t>());
        if (__builtin_mul_overflow(bytes, extent.get<std::uint64_t>(), &bytes))
            return wrong("its shape " + shape->dump() + " is not possible");
    }
    if (!(*offsets)[0].is_number_unsigned() || !(*offsets)[1].is_number_unsigned())
        return wrong("its data_offsets " + offsets->dump() + " are not whole numbers");
    entry.begin = (*offsets)[0].get<std::uint64_t>();
    entry.end = (*offsets)[1].get<std::uint64_t>();
    if (entry.begin > entry.end || entry.end - entry.begin != bytes)
        return wrong("its data_offsets " + offsets->dump() + " do not hold a " + entry.dtype + " tensor of shape " + shape->dump());
    if (entry.end > dataBytes)
        return corrupt(file, "ends early: its header promises " + std::to_string(entry.end) + " bytes of tensors (\"" + name
                                 + "\" lies last), the file has " + std::to_string(dataBytes));
    return entry;
}

} // namespace

std::int64_t TensorEntry::elements() const
{
    std::int64_t product = 1;
    for (const std::int64_t extent : shape)
        product *= extent;
    return product;
}

SafetensorsFile::SafetensorsFile(SafetensorsFile &&other) noexcept
{
    *this = std::move(other);
}

SafetensorsFile &SafetensorsFile::operator=(SafetensorsFile &&other) noexcept
{
    std::swap(m_path, other.m_path);
    std::swap(m_data, other.m_data);
    std::swap(m_size, other.m_size);
    std::swap(m_dataStart, other.m_dataStart);
    std::swap(m_entries, other.m_entries);
    std::swap(m_metadata, other.m_metadata);
    return *this;
}

SafetensorsFile::~SafetensorsFile()
{
    if (m_data != nullptr)
        ::munmap(const_cast<std::byte *>(m_data), m_size);
}

Result<SafetensorsFile> SafetensorsFile::open(const fs::path &file)
{
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return systemError(errno, "cannot be opened", file);
    struct stat info {
    };
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        ::close(fd);
        return Error{.code = ErrorCode::Io, .what = "is no regular file", .where = file.string(), .hint = {}};
    }
    SafetensorsFile result;
    result.m_path = file;
    result.m_size = static_cast<std::uint64_t>(info.st_size);
    if (result.m_size < 8) {
        ::close(fd);
        return corrupt(file, "has " + std::to_string(result.m_size) + " bytes: too short for a safetensors header");
    }
    void *mapping = ::mmap(nullptr, result.m_size, PROT_READ, MAP_PRIVATE, fd, 0);
    const int mapError = errno;
    ::close(fd);
    if (mapping == MAP_FAILED)
        return systemError(mapError, "cannot be mapped into memory", file);
    result.m_data = static_cast<const std::byte *>(mapping);
    LETHE_TRY_VOID(result.readHeader());
    return result;
}

Result<void> SafetensorsFile::readHeader()
{
    std::uint64_t headerBytes = 0;
    std::memcpy(&headerBytes, m_data, sizeof headerBytes); // little-endian, as every machine we run on
    if (headerBytes > kMaximumHeaderBytes)
        return corrupt(m_path, "is no safetensors file: its first eight bytes give a header of " + std::to_string(headerBytes) + " bytes");
    if (headerBytes > m_size - 8)
        return corrupt(m_path, "ends early: its header has " + std::to_string(headerBytes) + " bytes, the file " + std::to_string(m_size));
    m_dataStart = 8 + headerBytes;
    const std::string_view text(reinterpret_cast<const char *>(m_data) + 8, headerBytes);
    if (text.empty() || text.front() != '{')
        return corrupt(m_path, "is no safetensors file: its header does not begin with {");

    LETHE_TRY(const Header header, parseStrict(text, m_path, "its header"));
    if (!header.is_object())
        return corrupt(m_path, "its header is no JSON object");
    const std::uint64_t dataBytes = m_size - m_dataStart;
    for (const auto &[name, json] : header.items()) {
        if (name == "__metadata__") {
            if (!json.is_object())
                return corrupt(m_path, "its __metadata__ is no object");
            for (const auto &[key, value] : json.items()) {
                if (!value.is_string())
                    return corrupt(m_path, "its __metadata__ has a value that is no string: \"" + key + "\"");
                m_metadata[key] = value.get<std::string>();
            }
            continue;
        }
        LETHE_TRY(TensorEntry entry, readEntry(name, json, dataBytes, m_path));
        m_entries.push_back(std::move(entry));
    }

    std::vector<const TensorEntry *> byOffset;
    for (const TensorEntry &entry : m_entries)
        byOffset.push_back(&entry);
    std::ranges::sort(byOffset, [](const TensorEntry *a, const TensorEntry *b) {
        return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
    });
    std::uint64_t reached = 0;
    for (const TensorEntry *entry : byOffset) {
        if (entry->begin < reached)
            return corrupt(m_path, "tensor \"" + entry->name + "\" overlaps another one");
        if (entry->begin > reached)
            return corrupt(m_path, "has " + std::to_string(entry->begin - reached) + " bytes before tensor \"" + entry->name
                                       + "\" that belong to no tensor");
        reached = entry->end;
    }
    if (reached != dataBytes)
        return corrupt(m_path, "has " + std::to_string(dataBytes - reached) + " bytes behind its last tensor");
    return {}; // nlohmann's objects are ordered by key, and so are the entries
}

const TensorEntry *SafetensorsFile::find(std::string_view name) const
{
    const auto found = std::ranges::lower_bound(m_entries, name, {}, &TensorEntry::name);
    return found != m_entries.end() && found->name == name ? &*found : nullptr;
}

void SafetensorsFile::letGo(std::span<const std::byte> part) const
{
    // Whole pages: nothing is written to the mapping, so a neighbour's bytes on the first and last are merely read again.
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = reinterpret_cast<std::uintptr_t>(part.data()) / page * page;
    const auto end = reinterpret_cast<std::uintptr_t>(part.data()) + part.size();
    if (!part.empty())
        ::madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
}

std::span<const std::byte> SafetensorsFile::bytes(const TensorEntry &entry) const
{
    return {m_data + m_dataStart + entry.begin, entry.end - entry.begin};
}

Result<WeightFiles> WeightFiles::open(const fs::path &folder)
{
    std::error_code error;
    WeightFiles result;
    const auto add = [&result](const fs::path &path) -> Result<SafetensorsFile *> {
        LETHE_TRY(SafetensorsFile file, SafetensorsFile::open(path));
        result.m_files.push_back(std::make_unique<SafetensorsFile>(std::move(file)));
        return result.m_files.back().get();
    };

    const fs::path single = folder / "model.safetensors";
    const fs::path index = folder / "model.safetensors.index.json";
    if (fs::exists(single, error)) {
        LETHE_TRY(SafetensorsFile *const file, add(single));
        for (const TensorEntry &entry : file->entries())
            result.m_tensors[entry.name] = {.file = file, .entry = &entry};
        return result;
    }
    if (!fs::exists(index, error)) {
        if (fs::exists(folder / "pytorch_model.bin", error) || fs::exists(folder / "pytorch_model.bin.index.json", error))
            return Error{.code = ErrorCode::Unsupported,
                         .what = "holds its weights as pytorch_model.bin: a pickle, and reading a pickle runs code",
                         .where = folder.string(),
                         .hint = "Convert it once with: python -c \"from transformers import AutoModelForCausalLM as M; "
                                 "M.from_pretrained('.').save_pretrained('.', safe_serialization=True)\""};
        return Error{.code = ErrorCode::NotFound, .what = "has neither model.safetensors nor model.safetensors.index.json",
                     .where = folder.string(), .hint = "Choose the folder of a Hugging Face model"};
    }

    LETHE_TRY(const std::string text, readFile(index, kMaximumHeaderBytes));
    LETHE_TRY(const Header json, parseStrict(text, index, "it"));
    const auto map = json.is_object() ? json.find("weight_map") : json.end();
    if (!json.is_object() || map == json.end() || !map->is_object())
        return corrupt(index, "has no weight_map");
    std::map<std::string, SafetensorsFile *> opened;
    for (const auto &[tensor, shard] : map->items()) {
        if (!shard.is_string())
            return corrupt(index, "the file of \"" + tensor + "\" is no string");
        const std::string name = shard.get<std::string>();
        if (name.empty() || fs::path(name).filename() != name || name == "..")
            return corrupt(index, "the file \"" + name + "\" of \"" + tensor + "\" is not in the model's folder");
        if (!opened.contains(name)) {
            LETHE_TRY(SafetensorsFile *const file, add(folder / name));
            opened[name] = file;
        }
        const SafetensorsFile *file = opened[name];
        const TensorEntry *entry = file->find(tensor);
        if (entry == nullptr)
            return corrupt(index, "promises \"" + tensor + "\" in " + name + ", which does not hold it");
        result.m_tensors[tensor] = {.file = file, .entry = entry};
    }
    return result;
}

WeightFiles::Found WeightFiles::find(std::string_view name) const
{
    const auto found = m_tensors.find(name);
    return found == m_tensors.end() ? Found{} : found->second;
}

std::uint64_t WeightFiles::bytes() const
{
    std::uint64_t sum = 0;
    for (const auto &[name, found] : m_tensors)
        sum += found.entry->end - found.entry->begin;
    return sum;
}

} // namespace lethe
