#include "method/MethodCatalogData.h"

#include "base/Json.h"

#include <lethe/base/Log.h>
#include <lethe/base/Paths.h>

#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>

#include <algorithm>
#include <set>

namespace lethe {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLargestManifestBytes = 1ull << 20;
const std::string kInterfaceName = "org.lethe.Method/";

fs::path sidecarOf(const fs::path &plugin)
{
    return fs::path(plugin).replace_extension(".json");
}

/// What Qt's loader reads from the file without running it.
Result<QJsonObject> embeddedMetaData(const fs::path &file)
{
    const QPluginLoader loader(QString::fromStdString(file.string()));
    const QJsonObject metaData = loader.metaData();
    const std::string interface = metaData.value(QLatin1String("IID")).toString().toStdString();
    if (!interface.starts_with(kInterfaceName)) {
        std::error_code code;
        const bool empty = fs::file_size(file, code) == 0;
        return Error{.code = ErrorCode::Corrupt, .what = empty ? "the file is empty" : "this is not a Lethe method plugin",
                     .where = file.string(), .hint = "Give a library built with lethe_add_method"};
    }
    const std::string version = interface.substr(kInterfaceName.size());
    if (version != std::to_string(kMethodApi))
        return Error{.code = ErrorCode::Unsupported,
                     .what = "the method speaks interface " + version + ", this Lethe speaks " + std::to_string(kMethodApi),
                     .where = file.string(), .hint = "Build the plugin against this version's headers"};
    return metaData.value(QLatin1String("MetaData")).toObject();
}

/// The manifest beside the file where there is one (people read and mend it), else the one within.
Result<MethodManifest> readManifest(const fs::path &file)
{
    std::error_code code;
    const fs::path sidecar = sidecarOf(file);
    if (fs::exists(sidecar, code)) {
        LETHE_TRY(const std::string text, readFile(sidecar, kLargestManifestBytes));
        LETHE_TRY(MethodManifest manifest, parseMethodManifest(text, sidecar.string()));
        LETHE_TRY([[maybe_unused]] const QJsonObject metaData, embeddedMetaData(file));
        return manifest;
    }
    LETHE_TRY(const QJsonObject metaData, embeddedMetaData(file));
    const QByteArray text = QJsonDocument(metaData).toJson(QJsonDocument::Indented);
    return parseMethodManifest(std::string_view(text.constData(), static_cast<std::size_t>(text.size())), file.string());
}

MethodEntry readEntry(const fs::path &file)
{
    MethodEntry entry{.file = file, .manifest = {}, .error = {}};
    entry.manifest.id = file.stem().string();
    entry.manifest.name = entry.manifest.id;
    if (Result<MethodManifest> manifest = readManifest(file); manifest.ok())
        entry.manifest = std::move(manifest).value();
    else
        entry.error = manifest.error();
    return entry;
}

std::vector<fs::path> pluginFiles(const fs::path &folder)
{
    std::set<fs::path> files;
    std::error_code code;
    for (fs::directory_iterator it(folder, fs::directory_options::skip_permission_denied, code), end; !code && it != end; it.increment(code)) {
        const fs::path &file = it->path();
        std::error_code ignored;
        if (file.extension() == ".so" && it->is_regular_file(ignored))
            files.insert(file);
        else if (file.extension() == ".json" && !fs::exists(fs::path(file).replace_extension(".so"), ignored))
            files.insert(file);
    }
    if (code)
        log(LogLevel::Warning, "method", "no method plugins in " + folder.string() + ": " + code.message());
    return {files.begin(), files.end()};
}

MethodEntry entryOf(const fs::path &file)
{
    if (file.extension() != ".json")
        return readEntry(file);
    MethodEntry entry{.file = file, .manifest = {}, .error = {}};
    entry.manifest.id = entry.manifest.name = file.stem().string();
    entry.error = Error{.code = ErrorCode::NotFound, .what = "a manifest with no plugin beside it", .where = file.string(),
                        .hint = "Put " + file.stem().string() + ".so into the same folder"};
    return entry;
}

} // namespace

MethodCatalog MethodCatalog::scan(const std::vector<fs::path> &folders)
{
    auto data = std::make_unique<Data>();
    for (const fs::path &folder : folders) {
        std::error_code code;
        const fs::path absolute = fs::absolute(folder, code);
        for (const fs::path &file : pluginFiles(code ? folder : absolute)) {
            MethodEntry entry = entryOf(file);
            const auto earlier = std::find_if(data->entries.begin(), data->entries.end(), [&entry](const MethodEntry &other) {
                return !other.error && !entry.error && other.manifest.id == entry.manifest.id;
            });
            if (earlier != data->entries.end()) {
                log(LogLevel::Info, "method", entry.manifest.id + " of " + file.string() + " takes the place of " + earlier->file.string());
                *earlier = std::move(entry);
            } else {
                data->entries.push_back(std::move(entry));
            }
        }
    }
    std::stable_sort(data->entries.begin(), data->entries.end(), [](const MethodEntry &a, const MethodEntry &b) {
        if (a.error.has_value() != b.error.has_value())
            return !a.error.has_value();
        return a.manifest.id < b.manifest.id;
    });
    return MethodCatalog(std::move(data));
}

MethodCatalog::MethodCatalog(std::unique_ptr<Data> data) : m_data(std::move(data)) {}
MethodCatalog::MethodCatalog(MethodCatalog &&) noexcept = default;
MethodCatalog &MethodCatalog::operator=(MethodCatalog &&) noexcept = default;
MethodCatalog::~MethodCatalog() = default;

const std::vector<MethodEntry> &MethodCatalog::entries() const
{
    return m_data->entries;
}

const MethodManifest *MethodCatalog::find(std::string_view id) const
{
    const MethodEntry *entry = m_data->entry(id);
    return entry != nullptr ? &entry->manifest : nullptr;
}

} // namespace lethe
