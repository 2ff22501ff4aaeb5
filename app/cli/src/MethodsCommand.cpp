#include "Output.h"
#include "Program.h"

namespace lethe::cli {

namespace {

Json toJson(const ParameterValue &value)
{
    return std::visit(
        [](const auto &held) -> Json {
            if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::monostate>)
                return nullptr;
            else
                return held;
        },
        value);
}

Json toJson(const ParameterSpec &parameter)
{
    Json json{{"name", parameter.name},
              {"type", toString(parameter.type)},
              {"default", toJson(parameter.defaultValue)},
              {"min", parameter.minimum ? Json(*parameter.minimum) : Json(nullptr)},
              {"max", parameter.maximum ? Json(*parameter.maximum) : Json(nullptr)},
              {"help", parameter.help}};
    if (parameter.exclusiveMinimum)
        json["exclusive_min"] = true;
    if (!parameter.choices.empty())
        json["choices"] = parameter.choices;
    if (!parameter.unit.empty())
        json["unit"] = parameter.unit;
    if (parameter.advanced)
        json["advanced"] = true;
    if (!parameter.dependsOn.empty())
        json["depends_on"] = parameter.dependsOn;
    return json;
}

Json toJson(const MethodEntry &entry)
{
    const MethodManifest &manifest = entry.manifest;
    Json json{{"id", manifest.id},       {"name", manifest.name},   {"summary", manifest.summary},     {"paper", manifest.paper},
              {"formula", manifest.formula}, {"needs", manifest.needs}, {"parameters", Json::array()}, {"plugin", entry.file.string()}};
    for (const ParameterSpec &parameter : manifest.parameters)
        json["parameters"].push_back(toJson(parameter));
    for (const MethodPreset &preset : manifest.presets) {
        Json values = Json::object();
        for (const auto &[name, value] : preset.values)
            values[name] = toJson(value);
        Json training = Json::object();
        for (const auto &[name, value] : preset.training)
            training[name] = toJson(value);
        json["presets"].push_back({{"label", preset.label}, {"values", values}, {"training", training}});
    }
    return json;
}

int methods(const Program &program)
{
    const MethodCatalog catalog = program.catalog();
    Json document{{"methods", Json::array()}};
    for (const MethodEntry &entry : catalog.entries()) {
        if (entry.error)
            document["not_usable"].push_back({{"id", entry.manifest.id}, {"plugin", entry.file.string()}, {"error", entry.error->message()}});
        else
            document["methods"].push_back(toJson(entry));
    }
    return printDocument(document);
}

} // namespace

void addMethods(CLI::App &app, Program &program)
{
    CLI::App *command = addCommand(app, "methods", "List the unlearning methods and their parameters");
    command->callback([&program] { program.action = [&program] { return methods(program); }; });
}

} // namespace lethe::cli
