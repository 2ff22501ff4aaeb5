#include "model/ModelFolder.h"

#include "model/AdapterFiles.h"

#include <lethe/base/Paths.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace lethe {

namespace fs = std::filesystem;

namespace {

/// Adapters over adapters at most.
constexpr std::size_t kDeepest = 8;

bool hasTokenizer(const fs::path &folder)
{
    std::error_code code;
    return fs::is_regular_file(folder / "tokenizer.json", code) || fs::is_regular_file(folder / "tokenizer.model", code);
}

/// Where huggingface_hub keeps what it downloads: `models--<owner>--<name>/snapshots/<commit>`, `refs/main` naming the commit.
fs::path downloaded(const std::string &name)
{
    fs::path home;
    if (const char *set = std::getenv("HF_HOME"); set != nullptr && *set != '\0')
        home = set;
    else if (const char *user = std::getenv("HOME"); user != nullptr)
        home = fs::path(user) / ".cache" / "huggingface";
    const auto slash = name.find('/');
    if (home.empty() || slash == std::string::npos || name.find('/', slash + 1) != std::string::npos)
        return {};
    const fs::path model = home / "hub" / ("models--" + name.substr(0, slash) + "--" + name.substr(slash + 1));
    auto commit = readFile(model / "refs" / "main", 4096);
    if (!commit.ok())
        return {};
    while (!commit->empty() && (commit->back() == '\n' || commit->back() == ' '))
        commit->pop_back();
    return commit->empty() || commit->find('/') != std::string::npos ? fs::path() : model / "snapshots" / *commit;
}

Result<fs::path> baseOf(const fs::path &adapter, const std::string &name)
{
    std::error_code code;
    if (name.empty())
        return Error{.code = ErrorCode::Corrupt, .what = "names no base_model_name_or_path", .where = (adapter / kAdapterConfig).string(),
                     .hint = "Write the base model's folder there"};
    const fs::path here = fs::absolute(adapter, code);
    for (const fs::path &candidate : {here / name, fs::absolute(name, code), downloaded(name)})
        if (!candidate.empty() && fs::is_directory(candidate, code)) {
            const fs::path folder = candidate.lexically_normal();
            return folder.has_filename() ? folder : folder.parent_path();
        }
    return Error{.code = ErrorCode::NotFound, .what = "its base model \"" + name + "\" is no folder here",
                 .where = (adapter / kAdapterConfig).string(), .hint = "Write the base model's folder into base_model_name_or_path"};
}

} // namespace

bool isAdapterFolder(const fs::path &folder)
{
    std::error_code code;
    return fs::exists(folder / kAdapterConfig, code)
        && (fs::exists(folder / kAdapterWeights, code) || !fs::exists(folder / "config.json", code));
}

Result<ModelFolder> resolveModelFolder(const fs::path &folder)
{
    ModelFolder model{.folder = folder, .base = folder, .adapters = {}, .tokenizer = {}};
    std::error_code code;
    if (!fs::is_directory(folder, code))
        return Error{.code = ErrorCode::NotFound, .what = "there is no such model folder", .where = folder.string(), .hint = {}};
    while (isAdapterFolder(model.base)) {
        if (model.adapters.size() == kDeepest)
            return Error{.code = ErrorCode::InvalidInput, .what = "lies over more than " + std::to_string(kDeepest) + " other adapters, or over itself",
                         .where = folder.string(), .hint = "Merge some of them"};
        if (model.tokenizer.empty() && hasTokenizer(model.base))
            model.tokenizer = model.base;
        model.adapters.insert(model.adapters.begin(), model.base);
        LETHE_TRY(const AdapterConfig config, readAdapterConfig(model.base));
        LETHE_TRY(model.base, baseOf(model.base, config.base));
    }
    if (model.tokenizer.empty())
        model.tokenizer = model.base;
    return model;
}

} // namespace lethe
