#include "GgufFile.h"

#include "model/FloatConvert.h"

#include <lethe/base/Paths.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace lethe {

namespace {

constexpr std::uint32_t kVersion = 3;
constexpr std::uint64_t kAlignment = 32;
constexpr std::uint64_t kBlockBytes = 2 + kGgufBlock;

// The format's numbers of its kinds of values.
enum Kind : std::uint32_t { kInt32 = 5, kUint32 = 4, kFloat32 = 6, kBool = 7, kString = 8, kArray = 9 };

std::uint64_t aligned(std::uint64_t at)
{
    return (at + kAlignment - 1) / kAlignment * kAlignment;
}

/// Little-endian bytes, as every machine we run on has them.
class Bytes
{
public:
    template<typename T>
    void number(T value)
    {
        const auto *data = reinterpret_cast<const std::byte *>(&value);
        m_bytes.insert(m_bytes.end(), data, data + sizeof value);
    }

    void text(const std::string &value)
    {
        number<std::uint64_t>(value.size());
        const auto *data = reinterpret_cast<const std::byte *>(value.data());
        m_bytes.insert(m_bytes.end(), data, data + value.size());
    }

    void value(const GgufValue &of)
    {
        std::visit([this](const auto &held) { put(held); }, of);
    }

    void pad() { m_bytes.resize(aligned(m_bytes.size())); }
    const std::vector<std::byte> &all() const { return m_bytes; }

private:
    void put(std::uint32_t value) { number<std::uint32_t>(kUint32), number(value); }
    void put(float value) { number<std::uint32_t>(kFloat32), number(value); }
    void put(bool value) { number<std::uint32_t>(kBool), number<std::uint8_t>(value ? 1 : 0); }
    void put(const std::string &value) { number<std::uint32_t>(kString), text(value); }
    void array(std::uint32_t kind, std::size_t count) { number<std::uint32_t>(kArray), number(kind), number<std::uint64_t>(count); }
    void put(const std::vector<std::string> &values)
    {
        array(kString, values.size());
        for (const std::string &value : values)
            text(value);
    }
    void put(const std::vector<float> &values)
    {
        array(kFloat32, values.size());
        for (const float value : values)
            number(value);
    }
    void put(const std::vector<std::int32_t> &values)
    {
        array(kInt32, values.size());
        for (const std::int32_t value : values)
            number(value);
    }

    std::vector<std::byte> m_bytes;
};

} // namespace

std::int64_t GgufTensor::elements() const
{
    std::int64_t product = 1;
    for (const std::int64_t extent : shape)
        product *= extent;
    return product;
}

std::uint64_t ggufBytes(GgufType type, std::int64_t elements)
{
    const auto count = static_cast<std::uint64_t>(elements);
    switch (type) {
    case GgufType::F32: return count * 4;
    case GgufType::Q8_0: return count / kGgufBlock * kBlockBytes;
    case GgufType::F16:
    case GgufType::BF16: break;
    }
    return count * 2;
}

bool encodeGguf(GgufType type, std::span<const float> values, std::vector<std::byte> &into)
{
    const std::size_t before = into.size();
    into.resize(before + ggufBytes(type, static_cast<std::int64_t>(values.size())));
    std::byte *out = into.data() + before;
    bool fits = true;
    const auto put = [&out](const auto &value) {
        std::memcpy(out, &value, sizeof value);
        out += sizeof value;
    };
    const auto half = [&fits](float value) {
        const std::uint16_t bits = halfFrom(value);
        fits = fits && (std::isinf(floatFromHalf(bits)) == std::isinf(value));
        return bits;
    };
    switch (type) {
    case GgufType::F32: std::memcpy(out, values.data(), values.size_bytes()); break;
    case GgufType::F16:
        for (const float value : values)
            put(half(value));
        break;
    case GgufType::BF16:
        for (const float value : values)
            put(bfloat16From(value));
        break;
    case GgufType::Q8_0:
        for (std::size_t begin = 0; begin + kGgufBlock <= values.size(); begin += kGgufBlock) {
            const auto block = values.subspan(begin, kGgufBlock);
            float greatest = 0;
            for (const float value : block)
                greatest = std::max(greatest, std::abs(value));
            const float scale = greatest / 127.0f;
            const float inverse = scale != 0 ? 1.0f / scale : 0.0f;
            put(half(scale));
            for (const float value : block)
                put(static_cast<std::int8_t>(std::clamp(std::round(value * inverse), -127.0f, 127.0f)));
        }
        break;
    }
    return fits;
}

struct GgufWriter::Data {
    std::filesystem::path path;
    std::FILE *file = nullptr;
    std::vector<GgufTensor> tensors;
    std::size_t turn = 0;
    std::uint64_t written = 0; ///< of the tensor whose turn it is

    ~Data()
    {
        if (file != nullptr)
            std::fclose(file);
    }

    Result<void> write(std::span<const std::byte> bytes)
    {
        if (!bytes.empty() && std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size())
            return systemError(errno, "cannot be written", path);
        return {};
    }
};

GgufWriter::GgufWriter(std::unique_ptr<Data> data) : m_data(std::move(data)) {}
GgufWriter::GgufWriter(GgufWriter &&) noexcept = default;
GgufWriter::~GgufWriter() = default;

Result<GgufWriter> GgufWriter::create(const std::filesystem::path &file, const GgufMetadata &metadata, std::vector<GgufTensor> tensors)
{
    Bytes header;
    for (const char letter : {'G', 'G', 'U', 'F'})
        header.number(letter);
    header.number(kVersion);
    header.number<std::uint64_t>(tensors.size());
    header.number<std::uint64_t>(metadata.size());
    for (const auto &[key, value] : metadata) {
        header.text(key);
        header.value(value);
    }
    std::uint64_t offset = 0;
    for (const GgufTensor &tensor : tensors) {
        header.text(tensor.name);
        header.number<std::uint32_t>(static_cast<std::uint32_t>(tensor.shape.size()));
        for (auto extent = tensor.shape.rbegin(); extent != tensor.shape.rend(); ++extent)
            header.number<std::uint64_t>(static_cast<std::uint64_t>(*extent));
        header.number(static_cast<std::uint32_t>(tensor.type));
        header.number(offset);
        offset = aligned(offset + ggufBytes(tensor.type, tensor.elements()));
    }
    header.pad();

    auto data = std::make_unique<Data>();
    data->path = file;
    data->tensors = std::move(tensors);
    data->file = std::fopen(file.c_str(), "wbe");
    if (data->file == nullptr)
        return systemError(errno, "cannot be made", file);
    LETHE_TRY_VOID(data->write(header.all()));
    return GgufWriter(std::move(data));
}

Result<void> GgufWriter::append(std::span<const std::byte> bytes)
{
    Data &data = *m_data;
    const auto internal = [&](const std::string &what) -> Result<void> {
        return Error{.code = ErrorCode::Internal, .what = what, .where = data.path.string(), .hint = {}};
    };
    if (data.turn == data.tensors.size())
        return internal("bytes were handed in behind the last tensor");
    const GgufTensor &tensor = data.tensors[data.turn];
    const std::uint64_t whole = ggufBytes(tensor.type, tensor.elements());
    if (data.written + bytes.size() > whole)
        return internal("more bytes were handed in than the tensor " + tensor.name + " holds");
    LETHE_TRY_VOID(data.write(bytes));
    data.written += bytes.size();
    if (data.written < whole)
        return {};
    const std::array<std::byte, kAlignment> zeros{};
    LETHE_TRY_VOID(data.write(std::span(zeros).first(aligned(whole) - whole)));
    ++data.turn;
    data.written = 0;
    return {};
}

Result<void> GgufWriter::finish()
{
    Data &data = *m_data;
    if (data.turn != data.tensors.size())
        return Error{.code = ErrorCode::Internal, .what = "the tensor " + data.tensors[data.turn].name + " was not written whole",
                     .where = data.path.string(), .hint = {}};
    if (std::fflush(data.file) != 0 || ::fsync(::fileno(data.file)) != 0)
        return systemError(errno, "cannot be written", data.path);
    const int closed = std::fclose(data.file);
    data.file = nullptr;
    return closed == 0 ? Result<void>() : systemError(errno, "cannot be written", data.path);
}

} // namespace lethe
