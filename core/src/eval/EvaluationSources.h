#pragma once

#include <lethe/base/Result.h>
#include <lethe/eval/Metrics.h>
#include <lethe/spec/ExperimentSpec.h>

#include <optional>
#include <string>
#include <vector>

namespace lethe {

/// Where a spec says that the rows of an evaluation set are.
struct SetSource {
    std::string key; ///< `eval.tofu.forget`: the path in the spec
    std::optional<DataSource> source;
    bool isTrainingSet = false; ///< the set that the spec trains on
    std::optional<std::int64_t> firstRows;
};
SetSource sourceOfSet(const ExperimentSpec &spec, const std::string &set);
/// The key that names a set: `eval.tofu.real_authors`.
std::string keyOfSet(const std::string &set);

/// The metrics that `eval.metrics` asks for, groups spelled out, each once. Of `basic` only those whose set is given.
std::vector<const MetricInfo *> requestedMetrics(const ExperimentSpec &spec);
/// Offences of `eval` across its keys: metrics of sets that are not given, files that are not there, references that are nothing.
std::vector<Error> checkEvaluation(const ExperimentSpec &spec);

} // namespace lethe
