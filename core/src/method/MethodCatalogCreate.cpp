#include "method/MethodCatalogData.h"

#include <lethe/sdk/Method.h>

#include <exception>
#include <stdexcept>

namespace lethe {

namespace {

Error loadError(const MethodEntry &entry, const std::string &words)
{
    return {.code = ErrorCode::Corrupt, .what = "the plugin of " + entry.manifest.id + " cannot be loaded: " + words,
            .where = entry.file.string(), .hint = "Build it against this version's headers and LibTorch"};
}

} // namespace

Result<std::unique_ptr<Method>> MethodCatalog::create(std::string_view id, const ParameterSet &parameters) const
{
    const MethodEntry *entry = m_data->entry(id);
    if (entry == nullptr)
        return Error{.code = ErrorCode::NotFound, .what = "there is no usable method " + std::string(id), .where = "method.id",
                     .hint = "lethe-cli methods lists them"};
    try {
        QObject *instance = nullptr;
        {
            const std::lock_guard lock(m_data->mutex);
            std::unique_ptr<QPluginLoader> &loader = m_data->loaders[entry->file.string()];
            if (!loader)
                loader = std::make_unique<QPluginLoader>(QString::fromStdString(entry->file.string()));
            instance = loader->instance();
            if (instance == nullptr) {
                const Error error = loadError(*entry, loader->errorString().toStdString());
                loader.reset(); // the file may be mended and tried again
                return error;
            }
        }
        const auto *plugin = qobject_cast<MethodPlugin *>(instance);
        if (plugin == nullptr)
            return Error{.code = ErrorCode::Unsupported, .what = "the plugin of " + entry->manifest.id + " holds no method of this interface",
                         .where = entry->file.string(), .hint = "Build it against this version's headers"};
        std::unique_ptr<Method> method = plugin->create(parameters);
        if (!method)
            return loadError(*entry, "it made no method");
        return method;
    } catch (const std::invalid_argument &thrown) { // a value that the manifest cannot describe
        return Error{.code = ErrorCode::InvalidInput, .what = thrown.what(), .where = "method.parameters", .hint = {}};
    } catch (const std::exception &thrown) {
        return Error{.code = ErrorCode::Internal, .what = entry->manifest.id + " could not be set up: " + thrown.what(),
                     .where = entry->file.string(), .hint = {}};
    } catch (...) {
        return Error{.code = ErrorCode::Internal, .what = entry->manifest.id + " could not be set up: it threw something that is no exception",
                     .where = entry->file.string(), .hint = {}};
    }
}

} // namespace lethe
