#pragma once

#include <nlohmann/json.hpp>

#include <QtCore/QtGlobal>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

/// Where tests find what they are held against. The folders come from the environment that `lethe_add_test` sets; a test
/// asserts that it found something, so that a missing folder fails loudly.
namespace lethe::test {

inline std::filesystem::path folderFromEnvironment(const char *variable)
{
    const char *value = std::getenv(variable);
    if (value == nullptr || !std::filesystem::is_directory(value))
        qFatal("%s must name a folder that is there; it is \"%s\"", variable, value != nullptr ? value : "");
    return value;
}

/// The parity fixtures: LETHE_FIXTURES, `../shared/fixtures` by default.
inline std::filesystem::path fixtures()
{
    return folderFromEnvironment("LETHE_FIXTURES");
}

/// Subfolders of one kind of fixture, in order of their names.
inline std::vector<std::filesystem::path> fixtureFolders(const std::string &kind)
{
    std::vector<std::filesystem::path> folders;
    for (const auto &entry : std::filesystem::directory_iterator(fixtures() / kind))
        if (entry.is_directory())
            folders.push_back(entry.path());
    std::ranges::sort(folders);
    return folders;
}

inline nlohmann::json readJson(const std::filesystem::path &file)
{
    std::ifstream in(file);
    if (!in)
        qFatal("%s cannot be read", file.c_str());
    return nlohmann::json::parse(in);
}

} // namespace lethe::test
