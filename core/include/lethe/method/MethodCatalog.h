#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/method/MethodManifest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

namespace lethe {

class Method;

/// One plugin file: its manifest where that could be read, else why not.
struct MethodEntry {
    std::filesystem::path file;
    MethodManifest manifest;
    std::optional<Error> error; ///< set: listed as not usable, with these words
};

/// The method plugins of some folders. Reading takes the manifests alone; a plugin's code is loaded when it is first used.
/// Any thread may read it and make methods; it is replaced from one.
class LETHE_EXPORT MethodCatalog
{
public:
    /// Every plugin file of \p folders (a later folder's id wins over an earlier one's, with a log line). A broken plugin
    /// becomes an entry with its error; none stops the rest.
    static MethodCatalog scan(const std::vector<std::filesystem::path> &folders);

    MethodCatalog(MethodCatalog &&) noexcept;
    MethodCatalog &operator=(MethodCatalog &&) noexcept;
    ~MethodCatalog();

    /// Ordered by id, usable ones first.
    const std::vector<MethodEntry> &entries() const;
    /// nullptr where there is no usable method of that id.
    const MethodManifest *find(std::string_view id) const;

    /// Loads the plugin's code and makes a method. NotFound, Corrupt (the loader's words), Unsupported (interface version).
    /// \param parameters defaults merged, checked.
    Result<std::unique_ptr<Method>> create(std::string_view id, const ParameterSet &parameters) const;

private:
    struct Data;
    explicit MethodCatalog(std::unique_ptr<Data> data);
    std::unique_ptr<Data> m_data;
};

/// Reads one manifest. Corrupt with the JSON's line, or the key that is wrong; Unsupported for another `api`.
LETHE_EXPORT Result<MethodManifest> parseMethodManifest(std::string_view json, const std::string &file);

} // namespace lethe
