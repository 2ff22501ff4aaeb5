#include "eval/Metric.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace lethe {

namespace {

/// In the order in which people read them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kSets{{{"forget", "Forget"},
                                                                              {"retain", "Retain"},
                                                                              {"ra", "Real authors"},
                                                                              {"wf", "World facts"},
                                                                              {"holdout", "Holdout"},
                                                                              {"verbatim", "Verbatim"},
                                                                              {"knowledge_forget", "Forget knowledge"},
                                                                              {"knowledge_retain", "Retain knowledge"},
                                                                              {"privleak_forget", "Forget texts"},
                                                                              {"privleak_holdout", "Holdout texts"}}};

/// Units add themselves while the library is loaded, in no particular order; the tables below are made once it is.
std::vector<std::unique_ptr<Metric>> &units()
{
    static std::vector<std::unique_ptr<Metric>> all;
    return all;
}

std::size_t rankOf(std::string_view set)
{
    const auto found = std::ranges::find(kSets, set, &std::pair<std::string_view, std::string_view>::first);
    return static_cast<std::size_t>(found - kSets.begin()); // one value of the whole model comes last
}

bool isInGroup(const MetricInfo &info, std::string_view group)
{
    const bool basicSet = info.set == "forget" || info.set == "retain";
    return std::ranges::find(info.measure->groups, group) != info.measure->groups.end() && (group != "basic" || basicSet);
}

} // namespace

Metric::~Metric() = default;

MetricRegistration::MetricRegistration(std::unique_ptr<Metric> metric)
{
    units().push_back(std::move(metric));
}

std::vector<const MetricManifest *> metricManifests()
{
    std::vector<const MetricManifest *> manifests;
    for (const auto &unit : units())
        manifests.push_back(&unit->manifest());
    std::ranges::sort(manifests, {}, &MetricManifest::id);
    return manifests;
}

const std::vector<MetricInfo> &allMetrics()
{
    static const std::vector<MetricInfo> all = [] {
        std::vector<MetricInfo> infos;
        for (const MetricManifest *manifest : metricManifests()) {
            for (const std::string &set : manifest->sets)
                infos.push_back({.id = set + "_" + manifest->id, .set = set, .measure = manifest});
            if (manifest->sets.empty())
                infos.push_back({.id = manifest->id, .set = {}, .measure = manifest});
        }
        std::ranges::sort(infos, {}, &MetricInfo::id);
        return infos;
    }();
    return all;
}

const MetricInfo *findMetric(std::string_view id)
{
    const auto found = std::ranges::lower_bound(allMetrics(), id, {}, &MetricInfo::id);
    return found != allMetrics().end() && found->id == id ? &*found : nullptr;
}

const std::vector<std::string> &metricGroups()
{
    static const std::vector<std::string> groups{"basic", "tofu", "muse", "memorization", "membership", "fluency", "composite"};
    return groups;
}

const std::vector<UncomputedMetric> &uncomputedMetrics()
{
    static const std::vector<UncomputedMetric> all{
        {"classifier_fluency", "classifier fluency",
         "needs a text classifier (open-unlearning: a gibberish detector, an encoder); language models with a decoder are all that is read here. "
         "The group fluency has signs of collapse that need no second model"},
        {"utility_composite", "composite of model utility and fluency", "needs classifier_fluency; unlearning_score takes model_utility alone, and is named so"},
        {"agr", "AGR (arXiv:2503.06991)", "its paper's code holds no formula"},
        {"h_lr", "H-LR (arXiv:2503.06991)", "its paper's code holds no formula"}};
    return all;
}

std::vector<const MetricInfo *> metricsNamed(std::string_view groupOrId)
{
    if (const MetricInfo *info = findMetric(groupOrId))
        return {info};
    std::vector<const MetricInfo *> members;
    for (const MetricInfo &info : allMetrics())
        if (isInGroup(info, groupOrId))
            members.push_back(&info);
    std::ranges::stable_sort(members, {}, [](const MetricInfo *info) { return rankOf(info->set); });
    return members;
}

const std::vector<std::string> &knownMetrics()
{
    static const std::vector<std::string> known = [] {
        std::vector<std::string> names = metricGroups();
        for (const MetricInfo &info : allMetrics())
            names.push_back(info.id);
        return names;
    }();
    return known;
}

std::string setTitle(std::string_view set)
{
    const std::size_t rank = rankOf(set);
    return std::string(rank < kSets.size() ? kSets[rank].second : set);
}

const Metric &metricOf(const MetricInfo &info)
{
    const auto found = std::ranges::find_if(units(), [&](const auto &unit) { return &unit->manifest() == info.measure; });
    return **found;
}

ScoreVariant scoreVariant(EvaluationVariant variant)
{
    return variant == EvaluationVariant::OpenUnlearning ? ScoreVariant::OpenUnlearning
        : variant == EvaluationVariant::MuseOriginal    ? ScoreVariant::MuseOriginal
                                                        : ScoreVariant::Strict;
}

MetricValue undefinedMetric(const MetricInfo &info, std::string reason)
{
    return {.id = info.id, .value = std::nullopt, .reason = std::move(reason)};
}

void Demand::add(const Demand &other)
{
    answer |= other.answer;
    paraphrased |= other.paraphrased;
    perturbed |= other.perturbed;
    argmax |= other.argmax;
    zScores |= other.zScores;
    generation |= other.generation;
    gradient |= other.gradient;
}

std::optional<double> TokenTrace::meanLoss() const
{
    if (logProbabilities.empty())
        return std::nullopt;
    return -std::accumulate(logProbabilities.begin(), logProbabilities.end(), 0.0) / static_cast<double>(logProbabilities.size());
}

std::vector<double> RowScores::falseLosses() const
{
    std::vector<double> losses;
    for (const TokenTrace &trace : perturbed)
        losses.push_back(trace.meanLoss().value_or(std::nan("")));
    return losses;
}

const SetScores *MetricInputs::set(const std::string &name) const
{
    const auto found = std::ranges::find_if(m_sets, [&](const SetScores &scores) { return scores.set->name == name; });
    return found != m_sets.end() ? &*found : nullptr;
}

const MetricValue &MetricInputs::value(const std::string &id)
{
    if (const auto known = m_values.find(id); known != m_values.end())
        return known->second;
    const MetricInfo &info = *findMetric(id);
    return m_values[id] = metricOf(info).compute(info, *this);
}

MetricValue RowMetric::compute(const MetricInfo &info, MetricInputs &inputs) const
{
    const std::string name = info.set.empty() ? "forget" : info.set;
    const SetScores *scores = inputs.set(name);
    if (scores == nullptr)
        return undefinedMetric(info, EvaluationInputs::missingSet(name));
    double sum = 0;
    std::int64_t defined = 0;
    for (std::size_t i = 0; i < scores->rows.size(); ++i)
        if (const auto value = rowValue(info, *scores->set, scores->rows[i], (*scores->records)[i])) {
            sum += *value;
            ++defined;
        }
    const auto rows = static_cast<std::int64_t>(scores->rows.size());
    if (defined == 0)
        return undefinedMetric(info, rows == 0 ? "the set has no rows" : "no row of the set has this value");
    MetricValue value{.id = info.id, .value = sum / static_cast<double>(defined), .reason = {}};
    if (defined < rows)
        value.parts = {{"n", static_cast<double>(defined)}, {"n_undefined", static_cast<double>(rows - defined)}};
    else if (scores->set->leftOut > 0)
        value.parts = {{"n", static_cast<double>(defined)}};
    if (scores->set->leftOut > 0)
        value.parts.emplace_back("n_left_out", static_cast<double>(scores->set->leftOut));
    return value;
}

} // namespace lethe
