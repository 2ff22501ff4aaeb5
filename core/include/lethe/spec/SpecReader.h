#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/spec/ExperimentSpec.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

class MethodCatalog;

/// What a reading of a spec found: the spec as far as it could be read, and every offence, each with its key path.
struct SpecReading {
    ExperimentSpec spec;
    std::vector<Error> problems;
    bool ok() const { return problems.empty(); }
    /// All problems in one text: the first on the first line.
    LETHE_EXPORT Error asError() const;
};

/// Several problems as one Error: `message()` has the first on the first line and each other on a line of its own.
LETHE_EXPORT Error joinErrors(const std::vector<Error> &problems);

/// What `eval.metrics` takes: the groups and metric ids that this version computes (<lethe/eval/Metrics.h> tells more of them).
LETHE_EXPORT const std::vector<std::string> &knownMetrics();

/// Parses the contract's JSON: unknown keys (with the nearest known one), wrong types, values out of range, all named.
/// Broken JSON and keys given twice are one problem whose `where` is `line L, column C`. Beyond the contract it takes: `null` for
/// `data.*.prompt` (the rows hold no prompt: each is a document), `{"chat": true, "system_prompt": "…"}` as template, `eval.rows`,
/// `eval.budget_percent`.
/// Says nothing of the method's parameters or of files; `checkSpec` does.
LETHE_EXPORT SpecReading readSpec(std::string_view json, const std::filesystem::path &baseFolder);
LETHE_EXPORT Result<ExperimentSpec> readSpecFile(const std::filesystem::path &file);

/// The spec's own JSON, keys in the contract's order, two spaces of indentation. `readSpec` gives the same spec back.
LETHE_EXPORT std::string writeSpec(const ExperimentSpec &spec);

/// Sets one value by its dotted path (`training.learning_rate=1e-5`, `method.parameters.beta=0.2`); the right side is JSON,
/// or a bare string where it is no JSON. Works on the JSON text before reading. InvalidInput for a path through a non-object.
LETHE_EXPORT Result<std::string> setInSpecJson(std::string_view json, std::string_view assignment);

/// A spec that has been checked against a catalog: parameters complete, nothing large touched yet.
struct ResolvedSpec {
    ExperimentSpec spec; ///< `method.parameters` with all defaults; file paths as written
    std::filesystem::path modelFolder;
    std::filesystem::path referenceFolder; ///< empty: the model as loaded
    std::filesystem::path forgetFile;      ///< empty where the spec has none
    std::filesystem::path retainFile;
    std::filesystem::path storeFile = {};  ///< where `eval.reference` finds a run by its number; empty: nowhere
};

/// Ranges across fields, the method and its parameters (`method.parameters.betta: unknown parameter (did you mean beta?). npo takes …`), what the
/// method needs (a retain set, a reference, alternates), and that the named files and folders are there. Every offence at once.
LETHE_EXPORT std::vector<Error> checkSpec(const ExperimentSpec &spec, const MethodCatalog &catalog);
/// `checkSpec`, then the resolved form. InvalidInput with all offences.
LETHE_EXPORT Result<ResolvedSpec> resolveSpec(const ExperimentSpec &spec, const MethodCatalog &catalog);

LETHE_EXPORT std::string_view toString(Dtype dtype);
LETHE_EXPORT std::string_view toString(OptimizerKind kind);
LETHE_EXPORT std::string_view toString(ScheduleKind kind);

/// Optimizer steps of one pass over the forget set, a last, smaller one included.
LETHE_EXPORT std::int64_t stepsPerEpoch(const TrainingSpec &training, std::int64_t forgetRows);
/// Number of optimizer steps the spec asks for on a forget set of \p forgetRows rows (finetune: its training rows).
LETHE_EXPORT std::int64_t plannedSteps(const TrainingSpec &training, std::int64_t forgetRows);

} // namespace lethe
