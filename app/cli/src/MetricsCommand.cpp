#include "Output.h"
#include "Program.h"

#include <lethe/eval/Metrics.h>
#include <lethe/eval/Variants.h>

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
    document["variants"] = Json::array();
    for (const VariantManifest &variant : evaluationVariants()) {
        Json topics = Json::object();
        for (const auto &[topic, does] : variant.topics)
            topics[topic] = does;
        document["variants"].push_back({{"id", variant.id}, {"summary", variant.summary}, {"topics", std::move(topics)}});
    }
    document["not_computed"] = Json::array();
    for (const UncomputedMetric &metric : uncomputedMetrics())
        document["not_computed"].push_back({{"id", metric.id}, {"name", metric.name}, {"reason", metric.reason}});
    return printDocument(document);
}

} // namespace

void addMetrics(CLI::App &app, Program &program)
{
    CLI::App *command = addCommand(app, "metrics", "List the metrics that eval.metrics takes and what each needs, the forms of eval.variant, and what is not computed");
    command->callback([&program] { program.action = [] { return metrics(); }; });
}

} // namespace lethe::cli
