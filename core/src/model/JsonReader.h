#pragma once

#include <lethe/base/Result.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <optional>
#include <string>

namespace lethe {

/// Typed reading of one JSON object. The first value of a wrong type is remembered as an error that names file and key; what
/// is read after it does not matter, so that a table of reads needs one check at its end.
class JsonReader
{
public:
    JsonReader(const nlohmann::json &object, std::string file) : m_object(object), m_file(std::move(file)) {}

    const nlohmann::json *find(const char *key) const
    {
        if (!m_object.is_object())
            return nullptr;
        const auto found = m_object.find(key);
        return found == m_object.end() || found->is_null() ? nullptr : &*found;
    }
    bool has(const char *key) const { return find(key) != nullptr; }
    /// The key is there and says null: another thing than a key that is left out, which takes transformers' default.
    bool isNull(const char *key) const { return m_object.is_object() && m_object.contains(key) && m_object.at(key).is_null(); }

    std::int64_t integer(const char *key, std::int64_t otherwise) const
    {
        const auto *value = find(key);
        if (value == nullptr)
            return otherwise;
        if (!value->is_number_integer() && !(value->is_number_float() && value->get<double>() == std::floor(value->get<double>())
                                             && std::abs(value->get<double>()) < 9e15)) {
            wrong(key, *value, "a whole number");
            return otherwise;
        }
        return value->is_number_integer() ? value->get<std::int64_t>() : static_cast<std::int64_t>(value->get<double>());
    }
    /// A count that must be there, at least 1 and at most \p most: sizes are multiplied, and products must stay numbers.
    std::int64_t count(const char *key, std::int64_t most = kMostWidth) const
    {
        const std::int64_t value = integer(key, -1);
        return positive(key, value, most);
    }
    std::int64_t positive(const char *key, std::int64_t value, std::int64_t most = kMostWidth) const
    {
        if (!m_error && (value < 1 || value > most))
            m_error = Error{.code = ErrorCode::Corrupt,
                            .what = has(key) ? std::string(key) + " is " + find(key)->dump().substr(0, 80) + ", a whole number from 1 to "
                                                   + std::to_string(most) + " is needed"
                                             : std::string(key) + " is missing",
                            .where = m_file, .hint = {}};
        return m_error ? 1 : value;
    }
    static constexpr std::int64_t kMostWidth = std::int64_t{1} << 23; ///< of a vocabulary, a layer, a table of positions
    static constexpr std::int64_t kMostLayers = 2048;
    static constexpr std::int64_t kMostContext = std::int64_t{1} << 32; ///< and windows, which take no memory
    double number(const char *key, double otherwise) const
    {
        const auto *value = find(key);
        if (value == nullptr)
            return otherwise;
        if (!value->is_number()) {
            wrong(key, *value, "a number");
            return otherwise;
        }
        return value->get<double>();
    }
    bool flag(const char *key, bool otherwise) const
    {
        const auto *value = find(key);
        if (value == nullptr)
            return otherwise;
        if (!value->is_boolean()) {
            wrong(key, *value, "true or false");
            return otherwise;
        }
        return value->get<bool>();
    }
    std::string text(const char *key, const std::string &otherwise) const
    {
        const auto *value = find(key);
        if (value == nullptr)
            return otherwise;
        if (!value->is_string()) {
            wrong(key, *value, "a string");
            return otherwise;
        }
        return value->get<std::string>();
    }
    std::vector<double> numbers(const char *key) const
    {
        const auto *value = find(key);
        std::vector<double> result;
        if (value == nullptr)
            return result;
        for (const auto &item : *value) {
            if (!value->is_array() || !item.is_number()) {
                wrong(key, *value, "a list of numbers");
                return {};
            }
            result.push_back(item.get<double>());
        }
        return result;
    }

    const std::optional<Error> &error() const { return m_error; }
    void fail(Error error) const
    {
        if (!m_error)
            m_error = std::move(error);
    }
    const std::string &file() const { return m_file; }

private:
    void wrong(const char *key, const nlohmann::json &value, const char *needed) const
    {
        fail({.code = ErrorCode::Corrupt, .what = std::string(key) + " is " + value.dump().substr(0, 80) + ", " + needed + " is needed",
              .where = m_file, .hint = {}});
    }

    const nlohmann::json &m_object;
    std::string m_file;
    mutable std::optional<Error> m_error;
};

} // namespace lethe
