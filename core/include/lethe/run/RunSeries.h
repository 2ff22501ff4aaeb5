#pragma once

#include <lethe/base/Export.h>
#include <lethe/run/Records.h>
#include <lethe/store/RunStore.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lethe {

/// How a method bears a larger forget set, and one forget set after the other: MUSE's two questions about runs (evaluation.md §3),
/// answered from what is stored. Nothing is run for them.
enum class SeriesKind {
    Scalability,   ///< runs from one model that differ in their forget set alone, by its rows
    Sustainability ///< a run, the run that began from its result, and so on
};
LETHE_EXPORT std::string_view toString(SeriesKind kind);

struct SeriesPoint {
    RunId run = 0;     ///< 0: the model before the first run
    std::string name;
    double folds = 0;  ///< forget rows over those of the smallest set; of a sequence the number of sets unlearned so far
    std::int64_t forgetRows = 0; ///< of this run
    std::vector<MetricValue> metrics;
};

struct RunSeries {
    SeriesKind kind = SeriesKind::Scalability;
    std::string method;
    std::string model; ///< where it begins
    std::vector<SeriesPoint> points; ///< at least two, by `folds`
};

/// All series among \p runs, each in the order of its points; series in the order of their first runs. Runs that have no final
/// metrics are in none, and fine-tuning unlearns nothing: what follows it begins from its result. A seed makes a series of its own: points of one are of one seed.
LETHE_EXPORT std::vector<RunSeries> seriesAmong(const std::vector<RunDetails> &runs);

/// What runs have in common that differ in nothing but the seed (and their names): equal texts, equal experiments. Empty where
/// the spec is none.
LETHE_EXPORT std::string experimentWithoutSeed(const std::string &specJson);

} // namespace lethe
