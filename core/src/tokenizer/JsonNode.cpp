#include "JsonNode.h"

#include "base/Json.h"

#include <fstream>

namespace lethe {

namespace {

constexpr int kDeepest = 64;

/// nlohmann's text less its own prefix (`[json.exception.parse_error.101] parse error at …: `).
std::string plainReason(const std::string &what)
{
    const std::size_t close = what.find("] ");
    return close == std::string::npos ? what : what.substr(close + 2);
}

} // namespace

bool JsonNode::has(const char *key) const
{
    if (!m_value->is_object())
        return false;
    const auto found = m_value->find(key);
    return found != m_value->end() && !found->is_null();
}

JsonNode JsonNode::at(const char *key, const nlohmann::json &value) const
{
    return JsonNode(value, m_file, m_path.empty() ? std::string(key) : m_path + "." + key);
}

Result<JsonNode> JsonNode::member(const char *key) const
{
    if (!m_value->is_object())
        return corrupt("expected an object");
    const auto found = m_value->find(key);
    if (found == m_value->end())
        return corrupt(std::string("the key \"") + key + "\" is missing");
    return at(key, *found);
}

Result<std::vector<JsonNode>> JsonNode::elements() const
{
    if (!m_value->is_array())
        return corrupt("expected an array");
    std::vector<JsonNode> nodes;
    nodes.reserve(m_value->size());
    for (const nlohmann::json &element : *m_value)
        nodes.emplace_back(element, m_file, m_path + "[" + std::to_string(nodes.size()) + "]");
    return nodes;
}

Result<std::string> JsonNode::string() const
{
    if (!m_value->is_string())
        return corrupt("expected a string");
    return m_value->get<std::string>();
}

Result<bool> JsonNode::boolean() const
{
    if (!m_value->is_boolean())
        return corrupt("expected true or false");
    return m_value->get<bool>();
}

Result<std::int64_t> JsonNode::integer() const
{
    if (!m_value->is_number_integer())
        return corrupt("expected an integer");
    if (m_value->is_number_unsigned() && m_value->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
        return corrupt("the number is too large");
    return m_value->get<std::int64_t>();
}

Result<std::string> JsonNode::string(const char *key) const
{
    LETHE_TRY(const JsonNode node, member(key));
    return node.string();
}

Result<bool> JsonNode::boolean(const char *key) const
{
    LETHE_TRY(const JsonNode node, member(key));
    return node.boolean();
}

Result<bool> JsonNode::boolean(const char *key, bool fallback) const
{
    if (!has(key))
        return fallback;
    return boolean(key);
}

Result<std::int64_t> JsonNode::integer(const char *key) const
{
    LETHE_TRY(const JsonNode node, member(key));
    return node.integer();
}

std::string JsonNode::where() const
{
    return m_path.empty() ? m_file : m_file + ": " + m_path;
}

Error JsonNode::corrupt(std::string what, std::string hint) const
{
    return Error{ErrorCode::Corrupt, std::move(what), where(), std::move(hint)};
}

Error JsonNode::unsupported(std::string what, std::string hint) const
{
    return Error{ErrorCode::Unsupported, std::move(what), where(), std::move(hint)};
}

Result<std::string> readFile(const std::filesystem::path &file)
{
    std::error_code failure;
    if (!std::filesystem::exists(file, failure))
        return Error{ErrorCode::NotFound, "the file is not there", file.string(), {}};
    const auto size = std::filesystem::file_size(file, failure);
    std::ifstream stream(file, std::ios::binary);
    if (failure || !stream)
        return Error{ErrorCode::Io, "the file cannot be read", file.string(), {}};
    std::string text(size, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(size));
    if (stream.bad())
        return Error{ErrorCode::Io, "reading the file failed", file.string(), {}};
    text.resize(static_cast<std::size_t>(stream.gcount()));
    return text;
}

Result<nlohmann::json> parseJson(const std::string &text, const std::string &file)
{
    const std::size_t tooDeep = tooDeepAt(text, kDeepest);
    if (tooDeep != std::string_view::npos)
        return Error{ErrorCode::Corrupt, "the JSON is nested deeper than " + std::to_string(kDeepest) + " levels at byte "
                + std::to_string(tooDeep), file, {}};
    try {
        return nlohmann::json::parse(text);
    } catch (const nlohmann::json::exception &failure) {
        return Error{ErrorCode::Corrupt, "the file is no JSON: " + plainReason(failure.what()), file, {}};
    }
}

} // namespace lethe
