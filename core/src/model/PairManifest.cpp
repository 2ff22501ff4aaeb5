#include "model/PairManifest.h"

#include "base/Json.h"
#include "model/JsonReader.h"

#include <lethe/base/Paths.h>
#include <lethe/model/Pair.h>

#include <array>

namespace lethe {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaximumBytes = 1u << 20;
constexpr int kDeepest = 64;
constexpr std::array kModes{FilterMode::Auto, FilterMode::Drop, FilterMode::KeepBase, FilterMode::KeepBaseRaw};

} // namespace

std::string_view toString(FilterMode mode)
{
    switch (mode) {
    case FilterMode::Auto: return "auto";
    case FilterMode::Drop: return "drop";
    case FilterMode::KeepBase: return "keep_base";
    case FilterMode::KeepBaseRaw: break;
    }
    return "keep_base_raw";
}

std::optional<FilterMode> filterModeFrom(std::string_view name)
{
    for (const FilterMode mode : kModes)
        if (toString(mode) == name)
            return mode;
    return std::nullopt;
}

Result<std::optional<PairManifest>> readPairManifest(const fs::path &folder)
{
    const fs::path file = folder / kPairFile;
    std::error_code code;
    if (!fs::exists(file, code))
        return std::optional<PairManifest>();
    LETHE_TRY(const std::string text, readFile(file, kMaximumBytes));
    const auto json = tooDeepAt(text, kDeepest) == std::string_view::npos ? nlohmann::json::parse(text, nullptr, false) : nlohmann::json();
    if (!json.is_object())
        return Error{.code = ErrorCode::Corrupt, .what = "is no JSON object", .where = file.string(), .hint = {}};
    const JsonReader reader(json, file.string());
    const auto wrong = [&file](std::string what) {
        return Error{.code = ErrorCode::Corrupt, .what = std::move(what), .where = file.string(), .hint = {}};
    };
    PairManifest manifest;
    const std::string target = reader.text("target", "");
    const std::string assistant = reader.text("assistant", ".");
    manifest.logitWeight = reader.number("logit_weight", manifest.logitWeight);
    manifest.topFilter = reader.number("top_filter", 0);
    const std::string mode = reader.text("filter_mode", "auto");
    if (reader.error())
        return *reader.error();
    if (target.empty())
        return wrong("names no target");
    if (!(manifest.topFilter >= 0 && manifest.topFilter < 1))
        return wrong("top_filter is not from 0 to below 1");
    const auto known = filterModeFrom(mode);
    if (!known)
        return wrong("filter_mode \"" + mode + "\" is none of auto, drop, keep_base, keep_base_raw");
    manifest.filterMode = *known;
    const fs::path here = fs::absolute(folder, code);
    const auto absolute = [&here](const std::string &path) {
        fs::path whole = (here / path).lexically_normal(); // an absolute path stays what it is
        return whole.has_filename() ? whole : whole.parent_path();
    };
    manifest.target = absolute(target);
    manifest.assistant = absolute(assistant.empty() ? "." : assistant);
    if (fs::equivalent(manifest.target, here, code))
        return wrong("names its own folder as the target");
    return std::optional(std::move(manifest));
}

std::optional<PairSettings> pairSettings(const fs::path &folder)
{
    const auto manifest = readPairManifest(folder);
    if (!manifest.ok() || !manifest->has_value())
        return std::nullopt;
    return PairSettings{.logitWeight = (*manifest)->logitWeight, .topFilter = (*manifest)->topFilter};
}

Result<void> writePairManifest(const fs::path &folder, const PairManifest &manifest)
{
    std::error_code code;
    const bool own = manifest.assistant.empty() || manifest.assistant == folder || fs::equivalent(manifest.assistant, folder, code);
    const nlohmann::ordered_json json{{"target", fs::absolute(manifest.target, code).lexically_normal().string()},
                                      {"assistant", own ? "." : fs::absolute(manifest.assistant, code).lexically_normal().string()},
                                      {"logit_weight", manifest.logitWeight},
                                      {"top_filter", manifest.topFilter},
                                      {"filter_mode", std::string(toString(manifest.filterMode))}};
    return writeFile(folder / kPairFile, json.dump(2) + "\n");
}

} // namespace lethe
