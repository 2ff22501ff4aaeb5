#include "RunProvenance.h"

#include <lethe/base/Device.h>
#include <lethe/base/Log.h>
#include <lethe/base/Paths.h>
#include <lethe/data/Refusals.h>

#include <nlohmann/json.hpp>

#include <QtCore/QString>
#include <QtCore/QSysInfo>

#include <algorithm>
#include <array>
#include <set>

namespace lethe {

namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t kHashedAtOnce = 32u << 20;

/// Files of a model folder that loading it may read; a folder may hold the weights in other forms and pictures too.
bool isModelFile(const fs::path &file)
{
    static constexpr std::array<std::string_view, 5> kEndings{".json", ".safetensors", ".txt", ".model", ".jinja"};
    const std::string ending = file.extension().string();
    return std::ranges::find(kEndings, ending) != kEndings.end();
}

void addModelFiles(std::set<fs::path> &files, const fs::path &folder)
{
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
        if (entry->is_regular_file(error) && isModelFile(entry->path()))
            files.insert(entry->path());
}

/// Tells whether a file is still the one that was hashed: as make does, by size and time.
nlohmann::json stampOf(const fs::path &file)
{
    std::error_code error;
    const auto time = fs::last_write_time(file, error).time_since_epoch().count();
    return {{"bytes", fs::file_size(file, error)}, {"time", static_cast<std::int64_t>(time)}};
}

/// Every file that an evaluation names beside the sets that are trained on.
std::vector<std::optional<DataSource> *> evaluationSources(EvalSpec &eval)
{
    std::vector<std::optional<DataSource> *> sources{&eval.holdout};
    if (eval.tofu)
        for (auto *source : {&eval.tofu->forget, &eval.tofu->retain, &eval.tofu->realAuthors, &eval.tofu->worldFacts})
            sources.push_back(source);
    if (eval.muse)
        for (auto *source : {&eval.muse->verbatim, &eval.muse->knowledgeForget, &eval.muse->knowledgeRetain, &eval.muse->knowledgeForgetShots,
                             &eval.muse->knowledgeRetainShots, &eval.muse->privleakForget, &eval.muse->privleakHoldout})
            sources.push_back(source);
    return sources;
}

} // namespace

ExperimentSpec withAbsolutePaths(const ExperimentSpec &spec)
{
    ExperimentSpec absolute = spec;
    std::error_code error;
    absolute.baseFolder = fs::absolute(spec.baseFolder, error);
    const auto resolve = [&](const std::string &path) { return absolute.resolve(path).string(); };
    absolute.model = resolve(spec.model);
    if (spec.referenceModel)
        absolute.referenceModel = resolve(*spec.referenceModel);
    for (auto *source : {&absolute.data.forget, &absolute.data.retain})
        if (*source)
            (*source)->path = resolve((*source)->path);
    if (absolute.data.refusals && !absolute.data.refusals->source.empty() && absolute.data.refusals->source != kShippedRefusals)
        absolute.data.refusals->source = resolve(absolute.data.refusals->source);
    if (absolute.eval) {
        for (auto *source : evaluationSources(*absolute.eval))
            if (*source)
                (*source)->path = resolve((*source)->path);
    }
    // An evaluation's reference may also be a run's number.
    if (absolute.eval && absolute.eval->reference && fs::exists(absolute.resolve(*absolute.eval->reference), error))
        absolute.eval->reference = resolve(*absolute.eval->reference);
    return absolute;
}

ReadFiles filesReadBy(const ResolvedSpec &spec)
{
    std::set<fs::path> files;
    addModelFiles(files, spec.modelFolder);
    if (!spec.referenceFolder.empty())
        addModelFiles(files, spec.referenceFolder);
    for (const fs::path &data : {spec.forgetFile, spec.retainFile})
        if (!data.empty())
            files.insert(data);
    if (EvalSpec eval = spec.spec.eval.value_or(EvalSpec{}); spec.spec.eval)
        for (const auto *source : evaluationSources(eval))
            if (*source)
                files.insert(spec.spec.resolve((*source)->path));

    std::vector<std::pair<std::uintmax_t, fs::path>> bySize;
    for (const fs::path &file : files) {
        std::error_code error;
        if (const auto bytes = fs::file_size(file, error); !error)
            bySize.emplace_back(bytes, file);
    }
    std::ranges::sort(bySize);
    ReadFiles parts;
    std::uintmax_t total = 0;
    for (const auto &[bytes, file] : bySize) {
        total += bytes;
        (total <= kHashedAtOnce ? parts.small : parts.large).push_back(file);
    }
    return parts;
}

Provenance provenanceNow(const std::vector<fs::path> &files)
{
    const DeviceReport &device = deviceReport();
    Provenance provenance{.letheVersion = letheVersion(),
                          .torchVersion = device.torchVersion,
                          .qtVersion = qVersion(),
                          .device = device.summary(),
                          .host = QSysInfo::machineHostName().toStdString(),
                          .fileHashes = {}};
    for (const fs::path &file : files)
        if (const auto hash = sha256OfFile(file); hash.ok())
            provenance.fileHashes.emplace_back(file.string(), *hash);
        else
            log(LogLevel::Warning, "run", "not hashed: " + hash.error().message());
    return provenance;
}

BackgroundHashing::BackgroundHashing(RunStore &store, RunId run, std::vector<fs::path> files)
{
    if (!files.empty())
        m_thread = std::jthread([&store, run, files = std::move(files)](const std::stop_token &stop) { hash(stop, store, run, files); });
}

void BackgroundHashing::waitForAll()
{
    if (m_thread.joinable())
        m_thread.join();
}

void BackgroundHashing::hash(const std::stop_token &stop, RunStore &store, RunId run, const std::vector<fs::path> &files)
{
    for (const fs::path &file : files) {
        const std::string key = "sha256/" + file.string();
        nlohmann::json stamp = stampOf(file);
        if (const auto known = store.value(key); known.ok() && *known) {
            const auto json = nlohmann::json::parse(**known, nullptr, false);
            if (json.is_object() && json.value("bytes", std::uintmax_t{0}) == stamp["bytes"].get<std::uintmax_t>()
                && json.value("time", std::int64_t{0}) == stamp["time"].get<std::int64_t>() && json.contains("sha256")
                && json["sha256"].is_string()) {
                store.addFileHashes(run, {{file.string(), json["sha256"].get<std::string>()}});
                continue;
            }
        }
        const auto sha = sha256OfFile(file, [&](std::uint64_t, std::uint64_t) { return !stop.stop_requested(); });
        if (stop.stop_requested())
            return;
        if (!sha.ok()) {
            log(LogLevel::Warning, "run", "not hashed: " + sha.error().message());
            continue;
        }
        store.addFileHashes(run, {{file.string(), *sha}});
        stamp["sha256"] = *sha;
        if (const auto kept = store.setValue(key, stamp.dump()); !kept.ok())
            log(LogLevel::Debug, "run", kept.error().message());
    }
}

} // namespace lethe
