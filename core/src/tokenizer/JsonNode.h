#pragma once

#include <lethe/base/Result.h>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace lethe {

/// A place in a JSON file of a model's folder: the value, and the file and key path that an error about it names.
/// Borrows the document.
class JsonNode
{
public:
    JsonNode(const nlohmann::json &value, std::string file, std::string path = {})
        : m_value(&value), m_file(std::move(file)), m_path(std::move(path))
    {}

    const nlohmann::json &value() const { return *m_value; }
    bool isNull() const { return m_value->is_null(); }
    bool has(const char *key) const; ///< the key is there and not null

    /// Members: Corrupt where this is no object or the key is missing.
    Result<JsonNode> member(const char *key) const;
    /// The elements of an array; Corrupt where this is none.
    Result<std::vector<JsonNode>> elements() const;

    Result<std::string> string() const;
    Result<bool> boolean() const;
    Result<std::int64_t> integer() const;

    Result<std::string> string(const char *key) const;
    Result<bool> boolean(const char *key) const;
    Result<bool> boolean(const char *key, bool fallback) const; ///< \p fallback where the key is missing or null
    Result<std::int64_t> integer(const char *key) const;
    Result<std::string> type() const { return string("type"); }

    JsonNode at(const char *key, const nlohmann::json &value) const;

    Error corrupt(std::string what, std::string hint = {}) const;
    /// `normalizer.type: the normalizer "Nmt" is not supported`.
    Error unsupported(std::string what, std::string hint = {}) const;

private:
    std::string where() const;

    const nlohmann::json *m_value;
    std::string m_file;
    std::string m_path;
};

/// Reads a file whole. NotFound, Io.
Result<std::string> readFile(const std::filesystem::path &file);

/// Parses \p text, the content of \p file. Corrupt where it is no JSON, or nested deeper than any real file is (a parser
/// would spend its stack on it).
Result<nlohmann::json> parseJson(const std::string &text, const std::string &file);

} // namespace lethe
