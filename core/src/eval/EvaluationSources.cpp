#include "eval/EvaluationSources.h"

#include "eval/Metric.h"

#include <algorithm>
#include <cctype>

namespace lethe {

namespace fs = std::filesystem;

namespace {

bool isRunId(const std::string &text)
{
    return !text.empty() && text.size() <= 18 && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

Demands demandsOf(const MetricInfo &info)
{
    Demands demands;
    metricOf(info).demand(info.set, demands);
    return demands;
}

} // namespace

std::string keyOfSet(const std::string &set)
{
    static const std::vector<std::pair<std::string, std::string>> keys{
        {"forget", "data.forget"}, {"retain", "data.retain"}, {"ra", "eval.tofu.real_authors"}, {"wf", "eval.tofu.world_facts"}, {"holdout", "eval.holdout"},
        {"verbatim", "eval.muse.verbatim"}, {"knowledge_forget", "eval.muse.knowledge_forget"}, {"knowledge_retain", "eval.muse.knowledge_retain"},
        {"privleak_forget", "eval.muse.privleak_forget"}, {"privleak_holdout", "eval.muse.privleak_holdout"}};
    const auto found = std::ranges::find(keys, set, &std::pair<std::string, std::string>::first);
    return found != keys.end() ? found->second : set;
}

SetSource sourceOfSet(const ExperimentSpec &spec, const std::string &set)
{
    SetSource place{.key = keyOfSet(set), .source = {}, .isTrainingSet = false, .firstRows = {}};
    const EvalSpec eval = spec.eval.value_or(EvalSpec{});
    if (eval.tofu) {
        if (set == "forget" && eval.tofu->forget)
            return {.key = "eval.tofu.forget", .source = eval.tofu->forget, .isTrainingSet = false, .firstRows = {}};
        if (set == "retain" && eval.tofu->retain)
            return {.key = "eval.tofu.retain", .source = eval.tofu->retain, .isTrainingSet = false, .firstRows = eval.tofu->retainRows};
        if (set == "ra")
            place.source = eval.tofu->realAuthors;
        if (set == "wf")
            place.source = eval.tofu->worldFacts;
    }
    if (eval.muse) {
        const MuseSpec &muse = *eval.muse;
        for (const auto &[name, source] : {std::pair{"verbatim", &muse.verbatim}, {"knowledge_forget", &muse.knowledgeForget},
                                           {"knowledge_retain", &muse.knowledgeRetain}, {"privleak_forget", &muse.privleakForget},
                                           {"privleak_holdout", &muse.privleakHoldout}})
            if (set == name)
                place.source = *source;
    }
    if (set == "holdout")
        place.source = eval.holdout;
    if (set == "forget" || set == "retain") {
        place.source = set == "forget" ? spec.data.forget : spec.data.retain;
        place.isTrainingSet = true;
    }
    return place;
}

std::vector<const MetricInfo *> requestedMetrics(const ExperimentSpec &spec)
{
    std::vector<const MetricInfo *> metrics;
    if (!spec.eval)
        return metrics;
    for (const std::string &name : spec.eval->metrics)
        for (const MetricInfo *info : metricsNamed(name)) {
            if (name == "basic" && !sourceOfSet(spec, info->set).source)
                continue;
            if (std::ranges::find(metrics, info) == metrics.end())
                metrics.push_back(info);
        }
    return metrics;
}

std::vector<Error> checkEvaluation(const ExperimentSpec &spec)
{
    std::vector<Error> problems;
    if (!spec.eval)
        return problems;
    const EvalSpec &eval = *spec.eval;
    const auto fail = [&problems](std::string where, std::string what, std::string hint, ErrorCode code = ErrorCode::InvalidInput) {
        problems.push_back({.code = code, .what = std::move(what), .where = std::move(where), .hint = std::move(hint)});
    };
    for (std::size_t i = 0; i < eval.metrics.size(); ++i) {
        const std::string &name = eval.metrics[i];
        const std::string where = "eval.metrics[" + std::to_string(i) + "]";
        if ((name == "tofu" && !eval.tofu) || (name == "muse" && !eval.muse))
            fail("eval." + name, "is missing, and the group " + name + " needs its files", "Name them under eval." + name);
        if ((name == "membership" || findMetric(name) != nullptr))
            for (const MetricInfo *info : metricsNamed(name))
                for (const auto &[set, demand] : demandsOf(*info))
                    if (!sourceOfSet(spec, set).source) {
                        fail(where, info->id + " needs " + keyOfSet(set) + ", which is not given", "Name the file of that set, or leave the metric out");
                        break;
                    }
    }

    const auto checkFile = [&](const std::string &key, const std::optional<DataSource> &source) {
        if (!source)
            return;
        const fs::path file = spec.resolve(source->path);
        std::error_code code;
        if (!fs::exists(file, code))
            fail(key, "there is no file " + file.string(), "Give a data file; a relative path starts at the spec's own folder", ErrorCode::NotFound);
        else if (fs::is_directory(file, code))
            fail(key, file.string() + " is a folder, not a file", "Give a data file");
    };
    for (const char *set : {"forget", "retain", "ra", "wf", "holdout", "verbatim", "knowledge_forget", "knowledge_retain", "privleak_forget", "privleak_holdout"})
        if (const SetSource place = sourceOfSet(spec, set); !place.isTrainingSet)
            checkFile(place.key, place.source);
    if (eval.muse) {
        checkFile("eval.muse.knowledge_forget_shots", eval.muse->knowledgeForgetShots);
        checkFile("eval.muse.knowledge_retain_shots", eval.muse->knowledgeRetainShots);
    }
    std::error_code code;
    if (eval.reference && !fs::exists(spec.resolve(*eval.reference), code) && !isRunId(*eval.reference))
        fail("eval.reference", "there is no folder or file " + spec.resolve(*eval.reference).string(),
             "Give a model folder, an evaluation log or a run's number; a relative path starts at the spec's own folder", ErrorCode::NotFound);
    return problems;
}

} // namespace lethe
