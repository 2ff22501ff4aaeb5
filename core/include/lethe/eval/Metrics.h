#pragma once

#include <lethe/base/Export.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

/// What a measure says of itself. One measure gives one metric for each set it is defined on (`forget_prob`, `retain_prob`), or
/// one of the whole model (`model_utility`). Tables, plots, forms and the CLI ask here; nobody else knows a metric's direction.
struct MetricManifest {
    std::string id;      ///< `prob`; a metric's id has the set before it
    std::string name;    ///< `answer probability`
    std::string summary; ///< one sentence: the formula in words
    std::string paper;   ///< where it comes from
    std::string cost;    ///< `1 forward a row`
    std::vector<std::string> groups; ///< of `eval.metrics`: `basic`, `tofu`, …
    std::vector<std::string> sets;   ///< prefixes it is defined on; empty: one value of the whole model
    /// Fields and things it cannot do without: `answer`, `paraphrased_answer`, `perturbed_answer`, `generation`, `holdout`, `reference`.
    std::vector<std::string> needs;
    /// -1: lower is better, +1: higher, 0: neither. Of a measure with sets: on a set that is to be kept.
    int direction = 0;
    std::optional<int> forgetDirection = {}; ///< on the forget set, where it is not the opposite of `direction`
    std::optional<double> target = {};       ///< the ideal value, where that is neither end
    bool inPercent = false;                  ///< a share that people read in percent
};

/// One metric that can be asked for.
struct MetricInfo {
    std::string id;  ///< `forget_prob`
    std::string set; ///< `forget`; empty for one of the whole model
    const MetricManifest *measure = nullptr; ///< never null; lives as long as the program
    int direction() const;
};

/// A published measure that is not computed here, and why.
struct UncomputedMetric {
    std::string id, name, reason;
};
LETHE_EXPORT const std::vector<UncomputedMetric> &uncomputedMetrics();

/// All measures, by id.
LETHE_EXPORT std::vector<const MetricManifest *> metricManifests();
/// All metrics, by id.
LETHE_EXPORT const std::vector<MetricInfo> &allMetrics();
LETHE_EXPORT const MetricInfo *findMetric(std::string_view id);
/// `basic`, `tofu`, …
LETHE_EXPORT const std::vector<std::string> &metricGroups();
/// The metrics of a group, or the one of that id; empty for a name nobody knows.
LETHE_EXPORT std::vector<const MetricInfo *> metricsNamed(std::string_view groupOrId);
/// `Forget`, `Real authors`: a set's prefix in words.
LETHE_EXPORT std::string setTitle(std::string_view set);

inline int MetricInfo::direction() const
{
    return set == "forget" ? measure->forgetDirection.value_or(-measure->direction) : measure->direction;
}

} // namespace lethe
