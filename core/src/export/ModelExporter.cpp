#include <lethe/export/ModelExporter.h>

#include "ExportCheck.h"
#include "ExportPlan.h"
#include "GgufExport.h"

#include "model/AdaptedWeights.h"
#include "model/FloatConvert.h"
#include "model/PairManifest.h"
#include "model/Safetensors.h"
#include "model/SafetensorsWriter.h"

#include <lethe/base/Log.h>
#include <lethe/base/Paths.h>
#include <lethe/spec/SpecReader.h>

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <span>

namespace lethe {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kChunkBytes = 4u << 20;

Error cancelled()
{
    return Error{.code = ErrorCode::Cancelled, .what = "the export was cancelled", .where = {}, .hint = {}};
}

/// A folder that is being written: gone at the end of the scope unless it was moved to its place.
struct PartFolder {
    fs::path path;
    bool moved = false;
    ~PartFolder()
    {
        std::error_code error;
        if (!moved)
            fs::remove_all(path, error);
    }
};

struct Shard {
    std::string file;
    std::vector<SafetensorsEntry> tensors;
};

std::string dtypeToWrite(const TensorEntry &entry, Dtype dtype)
{
    return std::string(floatDtypeFrom(entry.dtype) ? safetensorsName(dtype) : std::string_view(entry.dtype));
}

/// All in one file, or numbered files as transformers names them.
std::vector<Shard> shardsOf(const WeightFiles &weights, Dtype dtype, std::uint64_t limit)
{
    std::vector<Shard> shards(1);
    std::uint64_t bytes = 0;
    for (const auto &[name, found] : weights.all()) {
        const std::string written = dtypeToWrite(*found.entry, dtype);
        const std::uint64_t size
            = static_cast<std::uint64_t>(found.entry->elements()) * safetensorsElementBytes(written).value_or(1);
        if (bytes > 0 && bytes + size > limit) {
            shards.emplace_back();
            bytes = 0;
        }
        shards.back().tensors.push_back({.name = name, .dtype = written, .shape = found.entry->shape});
        bytes += size;
    }
    for (std::size_t i = 0; i < shards.size(); ++i) {
        char name[64];
        std::snprintf(name, sizeof name, "model-%05zu-of-%05zu.safetensors", i + 1, shards.size());
        shards[i].file = shards.size() == 1 ? "model.safetensors" : name;
    }
    return shards;
}

/// Writes one tensor piece by piece, so that no copy of it is ever whole in memory.
Result<void> writeTensor(SafetensorsWriter &writer, const SafetensorsEntry &entry, const std::span<const std::byte> source,
                         std::optional<Dtype> fromDtype, const std::function<bool(std::uint64_t)> &wrote)
{
    const auto toDtype = floatDtypeFrom(entry.dtype);
    std::vector<std::byte> converted(fromDtype ? kChunkBytes * 2 : 0); // f16 to f32 is twice as much
    for (std::size_t at = 0; at < source.size(); at += kChunkBytes) {
        const auto piece = source.subspan(at, std::min(kChunkBytes, source.size() - at));
        std::size_t bytes = piece.size();
        const void *data = piece.data();
        if (fromDtype && *fromDtype != *toDtype) {
            if (const auto tooLarge = convertFloats(piece, *fromDtype, converted, *toDtype))
                return Error{.code = ErrorCode::InvalidInput,
                             .what = "holds " + std::to_string(*tooLarge) + ", which " + std::string(toString(*toDtype)) + " cannot hold",
                             .where = entry.name, .hint = "Export as bf16 or f32"};
            bytes = piece.size() / bytesOf(*fromDtype) * bytesOf(*toDtype);
            data = converted.data();
        }
        LETHE_TRY_VOID(writer.append(entry.name, data, bytes));
        if (!wrote(bytes))
            return cancelled();
    }
    return {};
}

/// What adapters make of a base's tensors, under the names of its files.
struct MergedWeights {
    AdaptedWeights adapted;
    std::map<std::string, WeightSpec> specs; ///< by name in the files

    static Result<MergedWeights> open(const ExportPlan &plan, const WeightFiles &weights)
    {
        MergedWeights merged;
        if (plan.merged.empty())
            return merged;
        LETHE_TRY(const DecoderConfig config, readDecoderConfig(plan.weightsFolder));
        const WeightMatch match = matchWeights(config, weights);
        if (!match.problems.empty())
            return match.problems.front();
        LETHE_TRY(merged.adapted, AdaptedWeights::open(config, match.specs, plan.merged, false));
        for (std::size_t i = 0; i < match.specs.size(); ++i)
            merged.specs[match.fileNames[i]] = match.specs[i];
        return merged;
    }
    /// Nothing where the base's own values stay.
    std::vector<float> values(const std::string &name, const WeightFiles::Found &from) const
    {
        const auto spec = specs.find(name);
        return spec == specs.end() || !adapted.changes(spec->second.name) ? std::vector<float>() : adapted.read(spec->second, *from.file, *from.entry);
    }
};

/// The adapter's own tensors.
Result<void> writeAdapter(const ExportPlan &plan, const fs::path &folder, const ExportProgress &progress)
{
    LETHE_TRY(const SafetensorsFile file, SafetensorsFile::open(plan.weightsFolder / kAdapterWeights));
    std::vector<SafetensorsEntry> entries;
    for (const TensorEntry &entry : file.entries())
        entries.push_back({.name = entry.name, .dtype = dtypeToWrite(entry, plan.dtype), .shape = entry.shape});
    std::uint64_t done = 0;
    const auto wrote = [&](std::uint64_t bytes) {
        done += bytes;
        return !progress || progress(done, plan.weightBytes, "Writing weights");
    };
    LETHE_TRY(SafetensorsWriter writer, SafetensorsWriter::create(folder / kAdapterWeights, entries));
    for (const SafetensorsEntry &entry : writer.tensors()) {
        const TensorEntry &from = *file.find(entry.name);
        LETHE_TRY_VOID(writeTensor(writer, entry, file.bytes(from), floatDtypeFrom(from.dtype), wrote));
    }
    return writer.finish();
}

Result<void> writeWeights(const ExportPlan &plan, const fs::path &folder, const ExportProgress &progress)
{
    LETHE_TRY(const WeightFiles weights, WeightFiles::open(plan.weightsFolder));
    LETHE_TRY(const MergedWeights merged, MergedWeights::open(plan, weights));
    const std::vector<Shard> shards = shardsOf(weights, plan.dtype, plan.maxShardBytes);
    std::uint64_t done = 0;
    const auto wrote = [&](std::uint64_t bytes) {
        done += bytes;
        return !progress || progress(done, plan.weightBytes, "Writing weights");
    };
    if (!wrote(0))
        return cancelled();
    nlohmann::ordered_json index{{"metadata", {{"total_size", plan.weightBytes}}}};
    auto &map = index["weight_map"] = nlohmann::ordered_json::object();
    for (const Shard &shard : shards) {
        LETHE_TRY(SafetensorsWriter writer, SafetensorsWriter::create(folder / shard.file, shard.tensors));
        for (const SafetensorsEntry &entry : writer.tensors()) {
            const WeightFiles::Found from = weights.find(entry.name);
            const std::vector<float> folded = merged.values(entry.name, from);
            const auto dtype = folded.empty() ? floatDtypeFrom(from.entry->dtype) : std::optional(Dtype::F32);
            LETHE_TRY_VOID(writeTensor(writer, entry, folded.empty() ? from.file->bytes(*from.entry) : std::as_bytes(std::span(folded)), dtype, wrote));
        }
        LETHE_TRY_VOID(writer.finish());
        for (const SafetensorsEntry &entry : shard.tensors)
            map[entry.name] = shard.file;
    }
    return shards.size() == 1 ? Result<void>() : writeFile(folder / "model.safetensors.index.json", index.dump(2) + "\n");
}

/// config.json as it was, with the dtype that the weights now have, under the key (or keys) it was given by.
Result<void> writeConfig(const ExportPlan &plan, const fs::path &folder)
{
    const fs::path source = plan.weightsFolder / "config.json";
    LETHE_TRY(const std::string text, readFile(source, 64u << 20));
    auto config = nlohmann::ordered_json::parse(text, nullptr, false);
    if (!config.is_object())
        return Error{.code = ErrorCode::Corrupt, .what = "is no JSON object", .where = source.string(), .hint = {}};
    const char *name = plan.dtype == Dtype::F32 ? "float32" : plan.dtype == Dtype::BF16 ? "bfloat16" : "float16";
    if (config.contains("dtype"))
        config["dtype"] = name;
    if (config.contains("torch_dtype") || !config.contains("dtype"))
        config["torch_dtype"] = name;
    return writeFile(folder / "config.json", config.dump(2) + "\n");
}

/// The files of one model; as GGUF where there is a plan for that.
Result<void> writeModel(const ExportPlan &plan, const GgufPlan *gguf, const fs::path &folder, const ExportProgress &progress)
{
    std::error_code error;
    fs::create_directories(folder, error);
    if (error)
        return systemError(error.value(), "the folder cannot be made", folder);
    for (const fs::path &file : plan.companions) {
        if (gguf != nullptr && file.filename().string().ends_with(".json")) // what they say is in the file itself
            continue;
        LETHE_TRY(const std::string content, readFile(file));
        LETHE_TRY_VOID(writeFile(folder / file.filename(), content));
    }
    if (gguf != nullptr)
        return writeGguf(plan, *gguf, folder / kGgufName, progress);
    if (plan.asAdapter)
        return writeAdapter(plan, folder, progress);
    LETHE_TRY_VOID(writeConfig(plan, folder));
    return writeWeights(plan, folder, progress);
}

/// The pair's manifest, naming the target that goes with the folder.
Result<void> writePair(const ExportPlan &plan, const fs::path &folder)
{
    const fs::path source = fs::path(plan.checkpoint.path) / kPairFile;
    LETHE_TRY(const std::string text, readFile(source));
    auto manifest = nlohmann::ordered_json::parse(text, nullptr, false);
    if (!manifest.is_object())
        return Error{.code = ErrorCode::Corrupt, .what = "is no JSON object", .where = source.string(), .hint = {}};
    manifest["target"] = kTargetFolder;
    manifest["assistant"] = ".";
    return writeFile(folder / kPairFile, manifest.dump(2) + "\n");
}

Result<void> fillFolder(const RunStore &store, const ExportPlan &plan, const GgufPlan *gguf, const fs::path &folder, const ExportProgress &progress)
{
    LETHE_TRY_VOID(writeModel(plan, gguf, folder, progress));
    if (plan.target) {
        LETHE_TRY_VOID(writeModel(*plan.target, nullptr, folder / kTargetFolder, progress));
        LETHE_TRY_VOID(writePair(plan, folder));
    }
    LETHE_TRY(const std::string card, cardText(store, plan));
    return writeFile(folder / "README.md", card);
}

/// Puts \p part where \p target is; what was there is out of the way before and gone only after.
Result<void> moveToPlace(PartFolder &part, const fs::path &target)
{
    const fs::path aside = target.string() + ".old-" + std::to_string(::getpid());
    std::error_code error;
    const bool wasThere = fs::exists(target, error);
    if (wasThere && std::rename(target.c_str(), aside.c_str()) != 0)
        return systemError(errno, "the folder that is there cannot be moved aside", target);
    if (std::rename(part.path.c_str(), target.c_str()) != 0) {
        const int renameError = errno;
        if (wasThere)
            fs::rename(aside, target, error);
        return systemError(renameError, "the export cannot be moved to its place", target);
    }
    part.moved = true;
    if (wasThere)
        fs::remove_all(aside, error);
    return {};
}

/// Keeps what did not pass under another name, so that it is neither taken for good nor lost.
Error keepUnverified(PartFolder &part, const fs::path &target, Error error)
{
    const fs::path kept = target.string() + "-unverified";
    std::error_code ignored;
    fs::remove_all(kept, ignored);
    if (std::rename(part.path.c_str(), kept.c_str()) == 0) {
        part.moved = true;
        error.hint = "It was kept for a look in " + kept.string();
    }
    error.where = target.string();
    return error;
}

Result<ExportReport> reportOf(const fs::path &folder)
{
    ExportReport report{.path = folder, .files = {}, .bytes = 0, .largestLogitDifference = {}, .differenceAfterRounding = {}};
    std::error_code error;
    for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        if (!entry->is_regular_file(error))
            continue;
        report.files.push_back(entry->path().lexically_relative(folder).string());
        report.bytes += entry->file_size(error);
    }
    if (error)
        return systemError(error.value(), "cannot be listed", folder);
    std::ranges::sort(report.files);
    return report;
}

} // namespace

Result<ExportReport> exportRunModel(const RunStore &store, const ExportRequest &request,
                                    const std::function<bool(std::uint64_t, std::uint64_t, const std::string &)> &progress)
{
    LETHE_TRY(const ExportPlan plan, planExport(store, request));
    std::optional<GgufPlan> gguf;
    if (request.format == ExportFormat::Gguf) {
        LETHE_TRY(gguf, planGguf(plan, request.quantize));
    } else if (request.quantize) {
        return Error{.code = ErrorCode::InvalidInput, .what = "q8_0 is of GGUF files alone", .where = "--quantize", .hint = "Add --format gguf"};
    }
    LETHE_TRY_VOID(checkTarget(plan, request));
    std::error_code error;
    fs::path target = fs::absolute(request.target, error).lexically_normal();
    if (!target.has_filename()) // `folder/`
        target = target.parent_path();
    PartFolder part{.path = target.string() + ".part-" + std::to_string(::getpid())};
    fs::remove_all(part.path, error);
    LETHE_TRY_VOID(fillFolder(store, plan, gguf ? &*gguf : nullptr, part.path, progress));

    std::optional<ExportCheck> verified;
    if (request.verify && !gguf) {
        const auto check = compareWithCheckpoint(store, plan, part.path, progress);
        if (!check.ok() && check.error().code == ErrorCode::Corrupt)
            return keepUnverified(part, target, check.error());
        if (!check.ok())
            return check.error();
        if (check->exactDifference != 0 || !std::isfinite(check->measuredDifference))
            return keepUnverified(part, target,
                                  Error{.code = ErrorCode::Corrupt,
                                        .what = std::isfinite(check->exactDifference) && std::isfinite(check->measuredDifference)
                                            ? "the export's logits differ from the checkpoint's by up to " + std::to_string(check->exactDifference)
                                            : std::string("the export's or the checkpoint's logits are not finite"),
                                        .where = {}, .hint = {}});
        verified = *check;
    }
    LETHE_TRY_VOID(moveToPlace(part, target));
    LETHE_TRY(ExportReport report, reportOf(target));
    if (verified) {
        report.largestLogitDifference = verified->measuredDifference;
        report.differenceAfterRounding = verified->exactDifference;
    }
    log(LogLevel::Info, "export", "run " + std::to_string(request.run) + " exported to " + target.string());
    return report;
}

Result<std::string> modelCard(const RunStore &store, const ExportRequest &request)
{
    LETHE_TRY(const ExportPlan plan, planExport(store, request));
    return cardText(store, plan);
}

} // namespace lethe
