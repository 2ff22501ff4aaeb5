#include "ExportPlan.h"

#include "model/FloatConvert.h"
#include "model/AdapterFiles.h"
#include "model/ModelFolder.h"
#include "model/PairManifest.h"
#include "model/Safetensors.h"

#include <lethe/base/Paths.h>
#include <lethe/model/ModelInfo.h>
#include <lethe/spec/SpecReader.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace lethe {

namespace fs = std::filesystem;

namespace {

/// Beside the weights: config, tokenizer, card, headers.
constexpr std::uint64_t kSpareBytes = 1u << 20;

Error notFound(std::string what, const std::string &where, std::string hint)
{
    return Error{.code = ErrorCode::NotFound, .what = std::move(what), .where = where, .hint = std::move(hint)};
}

Result<CheckpointRecord> chosenCheckpoint(const RunDetails &run, const ExportRequest &request)
{
    const std::string name = "run " + std::to_string(request.run);
    if (run.checkpoints.empty())
        return notFound(run.row.status == RunStatus::Cancelled ? name + " was cancelled before its first checkpoint: there is nothing to export"
                                                               : name + " has no checkpoint: there is nothing to export",
                        run.row.folder, "Run it again");
    const CheckpointRecord *chosen = &run.checkpoints.back();
    if (request.checkpoint) {
        std::string steps;
        chosen = nullptr;
        for (const CheckpointRecord &candidate : run.checkpoints) {
            steps += (steps.empty() ? "" : ", ") + std::to_string(candidate.step);
            if (candidate.step == *request.checkpoint)
                chosen = &candidate;
        }
        if (chosen == nullptr)
            return notFound(name + " has no checkpoint of step " + std::to_string(*request.checkpoint), run.row.folder,
                            "There are those of steps " + steps);
    }
    std::error_code error;
    if (!fs::is_directory(chosen->path, error))
        return notFound("the folder of " + name + "'s checkpoint of step " + std::to_string(chosen->step) + " is gone", chosen->path,
                        "Run it again, or export another checkpoint");
    return *chosen;
}

/// The dtype of the original's files; that of the checkpoint where the original is gone.
Dtype originalDtype(const ExportPlan &plan, Dtype otherwise)
{
    const auto weights = WeightFiles::open(plan.merged.empty() ? fs::path(plan.run.row.model) : plan.weightsFolder);
    if (!weights.ok())
        return otherwise;
    std::array<std::uint64_t, 3> bytes{};
    for (const auto &[name, found] : weights->all())
        if (const auto dtype = floatDtypeFrom(found.entry->dtype))
            bytes[static_cast<std::size_t>(*dtype)] += found.entry->end - found.entry->begin;
    const auto most = std::ranges::max_element(bytes);
    return *most > 0 ? static_cast<Dtype>(most - bytes.begin()) : otherwise;
}

std::vector<fs::path> companionsIn(const ExportPlan &plan)
{
    std::vector<fs::path> files;
    std::error_code error;
    const auto add = [&](const fs::path &folder, auto wanted) {
        for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
            const fs::path name = entry->path().filename();
            const bool known = std::ranges::any_of(files, [&](const fs::path &file) { return file.filename() == name; });
            if (!known && entry->is_regular_file(error) && wanted(name.string()))
                files.push_back(entry->path());
        }
    };
    const auto carried = [&](const std::string &name) {
        // The weights are written anew, the config with another dtype, and the rest is this program's own.
        return !name.ends_with(".safetensors") && !name.ends_with(".safetensors.index.json") && name != "config.json"
            && name != "lethe_checkpoint.json" && name != kPairFile && name != "README.md" && name.find(".part") == std::string::npos
            && (name != kAdapterConfig || plan.asAdapter) && !name.ends_with(".bin") && !name.ends_with(".gguf");
    };
    add(plan.checkpoint.path, carried);
    if (!plan.merged.empty())
        add(plan.weightsFolder, [](const std::string &name) { return name == "generation_config.json"; });
    add(plan.run.row.model, [](const std::string &name) { // what the original asks to be passed on
        return name.starts_with("LICENSE") || name.starts_with("NOTICE") || name.starts_with("USE_POLICY");
    });
    std::ranges::sort(files);
    return files;
}

/// What some weights take, whatever they are stored as.
struct WeightCount {
    std::uint64_t floats = 0, otherBytes = 0;
    std::uint64_t bytesAs(Dtype dtype) const { return floats * bytesOf(dtype) + otherBytes; }
};

/// Decides whose weights \p plan writes for the model in \p folder, and counts them.
Result<WeightCount> countWeights(ExportPlan &plan, const fs::path &folder, bool mergeAdapter)
{
    WeightCount counted;
    bool first = true;
    const auto count = [&](const TensorEntry &entry) {
        const std::uint64_t bytes = entry.end - entry.begin;
        const auto dtype = floatDtypeFrom(entry.dtype);
        if (!dtype) {
            counted.otherBytes += bytes;
            return;
        }
        counted.floats += bytes / bytesOf(*dtype);
        plan.checkpointDtype = first || holdsExactly(*dtype, plan.checkpointDtype) ? *dtype : plan.checkpointDtype;
        first = false;
    };
    plan.weightsFolder = folder;
    if (isAdapterFolder(folder)) {
        LETHE_TRY(const ModelFolder parts, resolveModelFolder(folder));
        LETHE_TRY(const SafetensorsFile adapter, SafetensorsFile::open(folder / kAdapterWeights));
        plan.asAdapter = !mergeAdapter;
        if (plan.asAdapter) {
            for (const TensorEntry &entry : adapter.entries())
                count(entry);
        } else {
            plan.weightsFolder = parts.base;
            plan.merged = parts.adapters;
        }
    }
    if (!plan.asAdapter) {
        LETHE_TRY(const WeightFiles weights, WeightFiles::open(plan.weightsFolder));
        for (const auto &[name, found] : weights.all())
            count(*found.entry);
    }
    return counted;
}

/// The files beside the weights without which a model is not used; nothing else of a folder that is not ours.
std::vector<fs::path> modelFilesIn(const fs::path &folder)
{
    static constexpr std::array kNames{"generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
                                       "added_tokens.json", "vocab.json", "merges.txt", "tokenizer.model", "chat_template.jinja", "chat_template.json"};
    std::vector<fs::path> files;
    std::error_code error;
    for (const char *name : kNames)
        if (fs::is_regular_file(folder / name, error))
            files.push_back(folder / name);
    return files;
}

/// A pair's target, in the dtype that its assistant is written in.
Result<std::shared_ptr<ExportPlan>> planTarget(const ExportPlan &assistant, const fs::path &folder)
{
    auto target = std::make_shared<ExportPlan>();
    target->maxShardBytes = assistant.maxShardBytes;
    LETHE_TRY(const WeightCount weights, countWeights(*target, folder, true));
    target->dtype = assistant.dtype;
    target->weightBytes = weights.bytesAs(target->dtype);
    target->companions = modelFilesIn(target->weightsFolder);
    return target;
}

std::string ageInWords(const fs::path &path)
{
    std::error_code error;
    const auto changed = fs::last_write_time(path, error);
    if (error)
        return "at an unknown time";
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(fs::file_time_type::clock::now() - changed).count();
    const auto words = [](std::int64_t number, const char *unit) {
        return std::to_string(number) + " " + unit + (number == 1 ? "" : "s") + " ago";
    };
    if (seconds < 120)
        return "just now";
    if (seconds < 7200)
        return words(seconds / 60, "minute");
    if (seconds < 2 * 86400)
        return words(seconds / 3600, "hour");
    return words(seconds / 86400, "day");
}

std::string inMebibytes(std::uint64_t bytes)
{
    std::array<char, 32> text{};
    const double gibibytes = static_cast<double>(bytes) / (1u << 30);
    if (gibibytes >= 1)
        std::snprintf(text.data(), text.size(), "%.1f GiB", gibibytes);
    else
        std::snprintf(text.data(), text.size(), "%.1f MiB", static_cast<double>(bytes) / (1u << 20));
    return text.data();
}

bool isInside(const fs::path &inner, const fs::path &outer)
{
    const fs::path relative = inner.lexically_relative(outer);
    return !relative.empty() && *relative.begin() != "..";
}

} // namespace

Result<ExportPlan> planExport(const RunStore &store, const ExportRequest &request)
{
    ExportPlan plan;
    LETHE_TRY(plan.run, store.details(request.run));
    LETHE_TRY(plan.checkpoint, chosenCheckpoint(plan.run, request));
    plan.isLastCheckpoint = plan.checkpoint.step == plan.run.checkpoints.back().step;
    const fs::path folder = plan.checkpoint.path;
    std::error_code error;
    if (request.maxShardBytes)
        plan.maxShardBytes = *request.maxShardBytes;
    LETHE_TRY(WeightCount weights, countWeights(plan, folder, request.mergeAdapter));
    if (!plan.merged.empty())
        plan.checkpointDtype = Dtype::F32; // what base and adapter add up to
    plan.dtype = request.dtype ? *request.dtype : plan.asAdapter ? plan.checkpointDtype : originalDtype(plan, plan.checkpointDtype);
    plan.weightBytes = weights.bytesAs(plan.dtype);
    plan.companions = companionsIn(plan);
    plan.neededBytes = plan.weightBytes + kSpareBytes;
    for (const fs::path &file : plan.companions)
        if (const auto bytes = fs::file_size(file, error); !error)
            plan.neededBytes += bytes;
    LETHE_TRY(const std::optional<PairManifest> pair, readPairManifest(folder));
    if (pair) {
        LETHE_TRY(plan.target, planTarget(plan, pair->target));
        plan.neededBytes += plan.target->weightBytes + kSpareBytes;
    }
    return plan;
}

Result<void> checkTarget(const ExportPlan &plan, const ExportRequest &request)
{
    std::error_code error;
    const fs::path target = fs::weakly_canonical(request.target, error);
    const auto refuse = [&](std::string what, std::string hint) -> Result<void> {
        return Error{.code = ErrorCode::InvalidInput, .what = std::move(what), .where = request.target.string(), .hint = std::move(hint)};
    };
    if (request.target.empty())
        return refuse("no folder is named to export to", "Name one with --out");
    if (fs::exists(target, error) && !fs::is_directory(target, error))
        return refuse("is a file, the export is a folder", "Choose another folder");
    if (fs::equivalent(target, plan.run.row.model, error))
        return refuse("is the model that the run began from", "Choose another folder");
    if (const fs::path runFolder = fs::weakly_canonical(plan.run.row.folder, error); isInside(target, runFolder) || isInside(runFolder, target))
        return refuse("holds the run's own checkpoints, or lies among them", "Choose another folder");
    if (fs::is_directory(target, error) && !fs::is_empty(target, error)) {
        if (!request.overwrite)
            return refuse("the folder exists and is not empty; it was last changed " + ageInWords(target),
                          "Choose another folder, or allow it to be overwritten");
        if (!fs::exists(target / "config.json", error) && !fs::exists(target / kAdapterConfig, error) && !fs::exists(target / kGgufName, error))
            return refuse("the folder holds something that is no exported model", "Choose another folder: this one is not overwritten");
    }
    LETHE_TRY(const std::uint64_t room, freeBytes(target));
    if (room < plan.neededBytes)
        return Error{.code = ErrorCode::DiskFull,
                     .what = "there is not enough room: " + inMebibytes(plan.neededBytes) + " needed, " + inMebibytes(room) + " free",
                     .where = request.target.string(), .hint = "Free space or choose another folder"};
    return {};
}

} // namespace lethe
