#pragma once

#include "eval/EvaluationSet.h"

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/run/Records.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

/// What is known of one row under the reference. Losses are nats a token.
struct ReferenceRow {
    std::optional<double> answerLoss, correctLoss;
    std::vector<double> falseLosses;
    std::optional<double> guardedRatio; ///< open-unlearning's truth ratio, where a log has no losses
    std::string prompt, answer;         ///< empty where the log does not tell
};

/// The reference of an evaluation: a model that never saw the forget set, as its scores. Made from the model itself, from a
/// stored run's last evaluation, or from a log that others published.
struct ReferenceScores {
    std::string source;  ///< for messages: `log.json (TOFU)`
    bool exactTexts = false; ///< prompts and answers are the data's own, not a decoder's
    bool isTheModel = false; ///< the weights are those of the evaluated model
    std::map<std::string, std::map<std::int64_t, ReferenceRow>> sets; ///< by set and row
    std::map<std::string, double> metrics; ///< by metric id: areas of the membership attacks
};

/// Reads TOFU's `eval_log_aggregated.json` (or its `eval_log_forget.json` alone), open-unlearning's `TOFU_EVAL.json` and
/// `MUSE_EVAL.json`, what `lethe-cli eval` prints, and per-sample losses by set. The bare words NaN and Infinity are read.
/// NotFound, Io; Corrupt (no such log; the key named).
LETHE_EXPORT Result<ReferenceScores> readEvaluationLog(const std::filesystem::path &file);
LETHE_EXPORT Result<ReferenceScores> parseEvaluationLog(std::string_view text, const std::string &source);

/// The last evaluation of whole sets that a run stored. NotFound, InvalidInput (it holds no truth ratios).
LETHE_EXPORT Result<ReferenceScores> referenceFromRun(const std::filesystem::path &storeFile, RunId run);
/// From records as an evaluation makes them.
ReferenceScores referenceFromRecord(const EvaluationRecord &evaluation, std::string source);

/// Whether the reference speaks of the very rows of \p set: as many, with the same indices and, where it tells, the same texts.
/// InvalidInput that names the first difference.
LETHE_EXPORT Result<void> checkReferenceRows(const ReferenceScores &reference, const EvaluationSet &set);

/// Whether two model folders hold the same weights.
LETHE_EXPORT bool haveSameWeights(const std::filesystem::path &one, const std::filesystem::path &other);

} // namespace lethe
