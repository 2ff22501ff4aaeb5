#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace lethe {

/// A parameter's value. `monostate` is JSON's null.
using ParameterValue = std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<std::string>,
                                    std::vector<double>>;

/// Named values of a method. Reading asks for what the manifest declared: a missing name or another type is a defect of
/// the caller (validation has merged defaults and checked types before a method sees the set).
class ParameterSet
{
public:
    std::map<std::string, ParameterValue> values;

    bool contains(const std::string &name) const { return values.contains(name); }
    double number(const std::string &name) const
    {
        const ParameterValue &value = values.at(name);
        if (const auto *integer = std::get_if<std::int64_t>(&value))
            return static_cast<double>(*integer);
        return std::get<double>(value);
    }
    double number(const std::string &name, double otherwise) const { return contains(name) ? number(name) : otherwise; }
    std::int64_t integer(const std::string &name) const { return std::get<std::int64_t>(values.at(name)); }
    bool flag(const std::string &name) const { return std::get<bool>(values.at(name)); }
    const std::string &text(const std::string &name) const { return std::get<std::string>(values.at(name)); }

    bool operator==(const ParameterSet &) const = default;
};

} // namespace lethe
