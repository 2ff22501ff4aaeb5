#include <lethe/model/TensorFacts.h>

#include "model/FloatConvert.h"
#include "model/ModelFolder.h"
#include "model/Safetensors.h"

#include <algorithm>
#include <cmath>

namespace lethe {

namespace {

constexpr std::size_t kStretch = 1u << 20; ///< values at a time

/// Every value of \p entry in order, in stretches of f32.
template<typename Take>
void eachStretch(const SafetensorsFile &file, const TensorEntry &entry, Dtype dtype, Take take)
{
    const auto bytes = file.bytes(entry);
    std::vector<float> values(kStretch);
    const std::size_t width = bytesOf(dtype);
    for (std::size_t begin = 0; begin < bytes.size(); begin += kStretch * width) {
        const auto part = bytes.subspan(begin, std::min(kStretch * width, bytes.size() - begin));
        const std::size_t count = part.size() / width;
        convertFloats(part, dtype, std::as_writable_bytes(std::span(values).first(count)), Dtype::F32);
        take(std::span<const float>(values).first(count));
        file.letGo(part);
    }
}

TensorFacts factsOf(const SafetensorsFile &file, const TensorEntry &entry, Dtype dtype, std::size_t bins)
{
    TensorFacts facts{.count = entry.elements()};
    double sum = 0, squares = 0;
    std::int64_t counted = 0;
    eachStretch(file, entry, dtype, [&](std::span<const float> values) {
        for (const float value : values) {
            if (!std::isfinite(value)) {
                ++facts.notFinite;
                continue;
            }
            const double wide = value;
            facts.least = counted == 0 ? wide : std::min(facts.least, wide);
            facts.greatest = counted == 0 ? wide : std::max(facts.greatest, wide);
            sum += wide;
            squares += wide * wide;
            ++counted;
        }
    });
    if (counted == 0)
        return facts;
    const auto number = static_cast<double>(counted);
    facts.norm = std::sqrt(squares);
    facts.mean = sum / number;
    facts.histogram.assign(bins, 0);
    const double scale = facts.greatest > facts.least ? static_cast<double>(bins) / (facts.greatest - facts.least) : 0;
    double spread = 0; // about the mean: of large values near one another the squares tell nothing
    eachStretch(file, entry, dtype, [&](std::span<const float> values) {
        for (const float value : values) {
            if (!std::isfinite(value))
                continue;
            const double wide = value;
            spread += (wide - facts.mean) * (wide - facts.mean);
            ++facts.histogram[std::min(bins - 1, static_cast<std::size_t>((wide - facts.least) * scale))];
        }
    });
    facts.deviation = std::sqrt(spread / number);
    return facts;
}

} // namespace

Result<TensorFacts> readTensorFacts(const std::filesystem::path &folder, const std::string &file, const std::string &tensor, std::size_t bins)
{
    LETHE_TRY(const ModelFolder parts, resolveModelFolder(folder));
    std::vector<std::filesystem::path> folders = parts.adapters;
    folders.push_back(parts.base);
    std::error_code none;
    for (const std::filesystem::path &place : folders) {
        if (!std::filesystem::exists(place / file, none))
            continue;
        LETHE_TRY(const SafetensorsFile opened, SafetensorsFile::open(place / file));
        const TensorEntry *const entry = opened.find(tensor);
        if (entry == nullptr)
            continue;
        const auto dtype = floatDtypeFrom(entry->dtype);
        if (!dtype)
            return Error{.code = ErrorCode::Unsupported, .what = tensor + " is stored as " + entry->dtype, .where = file, .hint = {}};
        return factsOf(opened, *entry, *dtype, std::max<std::size_t>(1, bins));
    }
    return Error{.code = ErrorCode::NotFound, .what = "holds no tensor " + tensor, .where = (folder / file).string(), .hint = {}};
}

} // namespace lethe
