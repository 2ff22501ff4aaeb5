#include <lethe/run/RunSeries.h>

#include "base/Json.h"

#include <algorithm>
#include <map>
#include <set>

namespace lethe {

namespace {

/// The spec less the named values, as a text that equal specs share. Empty where it is none.
std::string specWithout(const std::string &specJson, const std::vector<std::vector<std::string>> &paths)
{
    JsonProblem problem;
    std::optional<Json> spec = parseJson(specJson, problem);
    if (!spec || !spec->is_object())
        return {};
    for (const std::vector<std::string> &path : paths) {
        Json *at = &*spec;
        for (std::size_t i = 0; at != nullptr && i + 1 < path.size(); ++i)
            at = at->is_object() && at->contains(path[i]) ? &(*at)[path[i]] : nullptr;
        if (at != nullptr && at->is_object())
            at->erase(path.back());
    }
    return dumpJson(*spec);
}

/// What the runs of a scalability series share: everything but the forget set.
std::string withoutForgetSet(const std::string &specJson)
{
    return specWithout(specJson, {{"name"}, {"data", "forget"}, {"eval", "tofu", "forget"}, {"eval", "muse", "verbatim"}, {"eval", "muse", "knowledge_forget"},
                                  {"eval", "muse", "privleak_forget"}});
}

/// It teaches: neither is what it was given unlearned, nor does a sequence go on behind it.
bool unlearns(const RunDetails &run)
{
    return run.row.method != "finetune";
}

SeriesPoint pointOf(const RunDetails &run, double folds)
{
    return {.run = run.row.id, .name = run.row.name, .folds = folds, .forgetRows = run.facts.forgetRows, .metrics = run.row.finalMetrics};
}

void addScalability(const std::vector<const RunDetails *> &runs, std::vector<RunSeries> &all)
{
    // several runs of one size: the last one counts, as a repeated measurement does
    std::map<std::pair<std::string, RunId>, std::map<std::int64_t, const RunDetails *>> groups;
    std::vector<std::pair<std::string, RunId>> order;
    for (const RunDetails *run : runs) {
        const std::string shared = withoutForgetSet(run->specJson);
        if (shared.empty() || run->facts.forgetRows <= 0 || !unlearns(*run))
            continue;
        const std::pair key{shared, run->row.modelRun.value_or(0)};
        auto [group, isNew] = groups.try_emplace(key);
        if (isNew)
            order.push_back(key);
        const RunDetails *&place = group->second[run->facts.forgetRows];
        if (place == nullptr || place->row.id < run->row.id)
            place = run;
    }
    for (const auto &key : order) {
        const auto &sizes = groups.at(key);
        if (sizes.size() < 2)
            continue;
        const auto smallest = static_cast<double>(sizes.begin()->first);
        RunSeries series{.kind = SeriesKind::Scalability, .method = sizes.begin()->second->row.method, .model = sizes.begin()->second->row.model, .points = {}};
        for (const auto &[rows, run] : sizes)
            series.points.push_back(pointOf(*run, static_cast<double>(rows) / smallest));
        all.push_back(std::move(series));
    }
}

void addSustainability(const std::vector<const RunDetails *> &runs, std::vector<RunSeries> &all)
{
    std::map<RunId, const RunDetails *> byId;
    std::set<RunId> continued;
    for (const RunDetails *run : runs)
        if (unlearns(*run))
            byId[run->row.id] = run;
    for (const RunDetails *run : runs)
        if (unlearns(*run) && run->row.modelRun && byId.contains(*run->row.modelRun))
            continued.insert(*run->row.modelRun);
    for (const RunDetails *last : runs) {
        if (continued.contains(last->row.id) || !unlearns(*last))
            continue; // it is in the middle of one, or of none
        std::vector<const RunDetails *> chain{last};
        while (chain.back()->row.modelRun && byId.contains(*chain.back()->row.modelRun) && chain.size() <= byId.size())
            chain.push_back(byId.at(*chain.back()->row.modelRun));
        if (chain.size() < 2)
            continue;
        std::ranges::reverse(chain);
        const RunRow &first = chain.front()->row;
        RunSeries series{.kind = SeriesKind::Sustainability, .method = first.method, .model = first.model, .points = {}};
        if (!first.baseMetrics.empty())
            series.points.push_back({.run = 0, .name = "before", .folds = 0, .forgetRows = 0, .metrics = first.baseMetrics});
        for (std::size_t i = 0; i < chain.size(); ++i)
            series.points.push_back(pointOf(*chain[i], static_cast<double>(i + 1)));
        all.push_back(std::move(series));
    }
}

} // namespace

std::string_view toString(SeriesKind kind)
{
    return kind == SeriesKind::Scalability ? "scalability" : "sustainability";
}

std::vector<RunSeries> seriesAmong(const std::vector<RunDetails> &runs)
{
    std::vector<const RunDetails *> evaluated;
    for (const RunDetails &run : runs)
        if (!run.row.finalMetrics.empty())
            evaluated.push_back(&run);
    std::ranges::sort(evaluated, {}, [](const RunDetails *run) { return run->row.id; });
    std::vector<RunSeries> all;
    addScalability(evaluated, all);
    addSustainability(evaluated, all);
    return all;
}

std::string experimentWithoutSeed(const std::string &specJson)
{
    return specWithout(specJson, {{"name"}, {"training", "seed"}});
}

} // namespace lethe
