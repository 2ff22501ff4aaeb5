#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/run/RunSession.h>

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace lethe {

/// What a model is put through to see whether the forget set is really gone (evaluation.md §6). No probe changes the model's files.

LETHE_EXPORT std::string_view toString(WeightRounding rounding);
LETHE_EXPORT std::optional<WeightRounding> weightRoundingFrom(std::string_view name);

/// How an unlearned model is taught the forget set again: the published study's setting.
struct RelearnOptions {
    double epochs = 1;
    std::optional<std::int64_t> steps; ///< in place of `epochs`
    double learningRate = 2e-5;
    std::int64_t batchSize = 32;
    std::int64_t everySteps = 1; ///< between evaluations
    std::int64_t seed = 0;
    std::filesystem::path storeFile;     ///< where `eval.reference` finds a run by its number; may be empty
    std::filesystem::path scratchFolder; ///< a run needs a folder; nothing is left in it
    int threads = 0;
};

/// Fine-tunes the model in \p modelFolder on the spec's forget set alone, without decay, and evaluates it by the spec's `eval` as it
/// goes. \return an evaluation for step 0 and every later one that was due, in order. Errors of `runSession`; Cancelled.
LETHE_EXPORT Result<std::vector<EvaluationRecord>> relearn(const ExperimentSpec &spec, const std::filesystem::path &modelFolder, const MethodCatalog &catalog,
                                                           const RelearnOptions &options, RunControl &control, RunObserver &observer);

} // namespace lethe
