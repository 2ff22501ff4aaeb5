#pragma once

#include <lethe/method/MethodCatalog.h>

#include <QtCore/QPluginLoader>

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace lethe {

struct MethodCatalog::Data {
    std::vector<MethodEntry> entries;
    std::mutex mutex; ///< guards `loaders`: a form asks a method about its model while a run of another goes on
    /// Loaders of the plugins in use: a plugin's code stays as long as its catalog.
    std::map<std::string, std::unique_ptr<QPluginLoader>> loaders;

    const MethodEntry *entry(std::string_view id) const
    {
        for (const MethodEntry &candidate : entries)
            if (!candidate.error && candidate.manifest.id == id)
                return &candidate;
        return nullptr;
    }
};

} // namespace lethe
