#pragma once

#include <lethe/method/ParameterSet.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

/// The interface version that a manifest's `api` must equal.
inline constexpr int kMethodApi = 2;

enum class ParameterType { Integer, Number, Flag, Choice, Text, List };

std::string_view constexpr toString(ParameterType type)
{
    switch (type) {
    case ParameterType::Integer: return "int";
    case ParameterType::Number: return "float";
    case ParameterType::Flag: return "bool";
    case ParameterType::Choice: return "choice";
    case ParameterType::Text: return "string";
    case ParameterType::List: return "list";
    }
    return "";
}

/// One parameter as the manifest declares it: the single truth for validator, form, `lethe-cli methods` and manual.
struct ParameterSpec {
    std::string name;
    ParameterType type = ParameterType::Number;
    ParameterValue defaultValue;
    std::optional<double> minimum;
    std::optional<double> maximum;
    bool exclusiveMinimum = false; ///< the minimum itself is refused: (0, 10]
    std::vector<std::string> choices;
    std::string help;
    std::string label; ///< for forms; the name with spaces where the manifest has none
    std::string unit;
    bool advanced = false;
    std::string dependsOn; ///< `name=value` of another parameter, or empty
    bool operator==(const ParameterSpec &) const = default;
};

/// Published values of some parameters.
struct MethodPreset {
    std::string label; ///< data and model: `TOFU forget10, Llama-2-7B`
    std::map<std::string, ParameterValue> values;
    std::map<std::string, ParameterValue> training; ///< keys of the spec's `training`: learning_rate, epochs, batch_size, …
    bool operator==(const MethodPreset &) const = default;
};

/// A method's JSON manifest, read without loading its code.
struct MethodManifest {
    std::string id;
    std::string name;
    std::string summary;
    std::string paper;   ///< title, year and arXiv id
    std::string formula; ///< the loss in the field's notation, for people
    std::vector<std::string> needs; ///< `forget`, `retain`, `reference`, `alternate`
    /// `forget`: an epoch is a pass over the forget set, and the retain set runs beside it. `all`: one set of every row the spec
    /// names is trained on (`finetune`).
    std::string anchor = "forget";
    /// Retain losses the method takes (`none`, `nll`, `kl`); empty where it has no retain term.
    std::vector<std::string> retainLosses;
    /// Own parameters, then the common ones that the catalog adds for a method with a retain term.
    std::vector<ParameterSpec> parameters;
    std::vector<MethodPreset> presets; ///< each value one that the parameter takes
    int api = 0;
    bool operator==(const MethodManifest &) const = default;

    const ParameterSpec *parameter(std::string_view parameterName) const
    {
        for (const ParameterSpec &spec : parameters)
            if (spec.name == parameterName)
                return &spec;
        return nullptr;
    }
};

} // namespace lethe
