#include "method/ParameterCheck.h"

#include "base/Json.h"
#include "spec/ObjectReader.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lethe {

namespace {

NumberRange rangeOf(const ParameterSpec &parameter)
{
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return {.minimum = parameter.minimum.value_or(-kInfinity), .maximum = parameter.maximum.value_or(kInfinity),
            .exclusiveMinimum = parameter.exclusiveMinimum, .exclusiveMaximum = false};
}

std::string describeValue(const ParameterValue &value)
{
    return std::visit(
        [](const auto &held) -> std::string {
            using Held = std::decay_t<decltype(held)>;
            if constexpr (std::is_same_v<Held, std::monostate>)
                return "null";
            else
                return describe(Json(held));
        },
        value);
}

std::optional<double> realOf(const ParameterValue &value)
{
    if (const auto *integer = std::get_if<std::int64_t>(&value))
        return static_cast<double>(*integer);
    if (const auto *real = std::get_if<double>(&value))
        return *real;
    return std::nullopt;
}

/// The value in the parameter's own type, none where it is of another.
std::optional<ParameterValue> converted(ParameterType type, const ParameterValue &value)
{
    const std::optional<double> real = realOf(value);
    switch (type) {
    case ParameterType::Integer:
        if (std::holds_alternative<std::int64_t>(value))
            return value;
        if (real && std::floor(*real) == *real && std::abs(*real) < 9.0e15)
            return ParameterValue(static_cast<std::int64_t>(*real));
        return std::nullopt;
    case ParameterType::Number: return real ? std::optional<ParameterValue>(*real) : std::nullopt;
    case ParameterType::Flag: return std::holds_alternative<bool>(value) ? std::optional(value) : std::nullopt;
    case ParameterType::Choice:
    case ParameterType::Text: return std::holds_alternative<std::string>(value) ? std::optional(value) : std::nullopt;
    case ParameterType::List:
        if (std::holds_alternative<std::vector<std::string>>(value) || std::holds_alternative<std::vector<double>>(value))
            return value;
        return std::nullopt;
    }
    return std::nullopt;
}

std::string kindWords(ParameterType type)
{
    switch (type) {
    case ParameterType::Integer: return "a whole number";
    case ParameterType::Number: return "a number";
    case ParameterType::Flag: return "true or false";
    case ParameterType::Choice: return "one of its choices";
    case ParameterType::Text: return "a text";
    case ParameterType::List: return "a list";
    }
    return {};
}

bool isAllowed(const ParameterSpec &parameter, const ParameterValue &value)
{
    if (parameter.type == ParameterType::Choice) {
        const auto &text = std::get<std::string>(value);
        return std::find(parameter.choices.begin(), parameter.choices.end(), text) != parameter.choices.end();
    }
    const std::optional<double> real = realOf(value);
    return !real || rangeOf(parameter).contains(*real);
}

} // namespace

std::string acceptedWords(const ParameterSpec &parameter)
{
    std::string text = "Use ";
    if (parameter.type == ParameterType::Choice) {
        text += joined(parameter.choices, " or ");
    } else {
        text += kindWords(parameter.type);
        if (const std::string range = rangeOf(parameter).inWords(); !range.empty())
            text += ", " + range;
    }
    if (std::holds_alternative<std::monostate>(parameter.defaultValue))
        text += ", or null";
    return text;
}

Result<ParameterValue> checkedParameter(const ParameterSpec &parameter, const ParameterValue &value, const std::string &path)
{
    const auto refused = [&](std::string what) {
        return Error{.code = ErrorCode::InvalidInput, .what = std::move(what), .where = path, .hint = acceptedWords(parameter)};
    };
    if (std::holds_alternative<std::monostate>(value)) {
        if (std::holds_alternative<std::monostate>(parameter.defaultValue))
            return value;
        return refused("null is not allowed");
    }
    std::optional<ParameterValue> own = converted(parameter.type, value);
    if (!own)
        return refused(describeValue(value) + " is not "
                       + (parameter.type == ParameterType::Choice ? "allowed" : kindWords(parameter.type)));
    if (!isAllowed(parameter, *own))
        return refused(describeValue(value) + " is not allowed");
    return std::move(*own);
}

ParameterValue effectiveParameter(const MethodManifest &manifest, const ParameterSet &given, const std::string &name)
{
    if (const auto found = given.values.find(name); found != given.values.end())
        return found->second;
    const ParameterSpec *parameter = manifest.parameter(name);
    return parameter != nullptr ? parameter->defaultValue : ParameterValue();
}

Result<ParameterSet> completeParameters(const MethodManifest &manifest, ParameterSet given)
{
    for (const ParameterSpec &parameter : manifest.parameters) {
        const ParameterValue value = effectiveParameter(manifest, given, parameter.name);
        LETHE_TRY(given.values[parameter.name], checkedParameter(parameter, value, "method.parameters." + parameter.name));
    }
    return given;
}

bool usesRetainSet(const MethodManifest &manifest, const ParameterSet &given)
{
    const bool needs = std::find(manifest.needs.begin(), manifest.needs.end(), "retain") != manifest.needs.end();
    if (!needs && manifest.retainLosses.empty())
        return false;
    if (effectiveParameter(manifest, given, "retain_loss") == ParameterValue(std::string("none")))
        return false;
    return realOf(effectiveParameter(manifest, given, "retain_weight")) != 0.0;
}

} // namespace lethe
