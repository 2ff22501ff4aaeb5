#include "Output.h"
#include "Program.h"

#include <lethe/eval/Metrics.h>

namespace lethe::cli {

namespace {

int metrics()
{
    Json document{{"groups", Json::object()}, {"metrics", Json::array()}};
    for (const std::string &group : metricGroups()) {
        document["groups"][group] = Json::array();
        for (const MetricInfo *info : metricsNamed(group))
            document["groups"][group].push_back(info->id);
    }
    for (const MetricInfo &info : allMetrics()) {
        const MetricManifest &measure = *info.measure;
        document["metrics"].push_back({{"id", info.id},
                                       {"name", measure.name},
                                       {"set", info.set.empty() ? Json(nullptr) : Json(info.set)},
                                       {"summary", measure.summary},
                                       {"direction", info.direction()},
                                       {"target", measure.target ? Json(*measure.target) : Json(nullptr)},
                                       {"needs", measure.needs},
                                       {"cost", measure.cost},
                                       {"paper", measure.paper}});
    }
    return printDocument(document);
}

} // namespace

void addMetrics(CLI::App &app, Program &program)
{
    CLI::App *command = addCommand(app, "metrics", "List the metrics that eval.metrics takes, and what each needs");
    command->callback([&program] { program.action = [] { return metrics(); }; });
}

} // namespace lethe::cli
