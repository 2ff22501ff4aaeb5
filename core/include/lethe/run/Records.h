#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lethe {

using RunId = std::int64_t;

enum class RunStatus {
    Queued,
    Running,
    Paused,
    Done,
    Stopped,     ///< by the user or a stop rule: finished with an evaluation and a checkpoint
    Cancelled,   ///< by the user, at once, no checkpoint
    Failed,
    Interrupted, ///< its process is gone
};

/// One optimizer step, counted from 1. Loss terms are before their weights, as the method defines them.
struct StepRecord {
    std::int64_t step = 0;
    double epoch = 0; ///< passes over the forget set that are done after this step
    double loss = 0;
    std::optional<double> forgetLoss;
    std::optional<double> retainLoss;
    double learningRate = 0; ///< the rate that the step used
    double gradNorm = 0;     ///< L2 over the trained parameters, before clipping
    std::int64_t tokens = 0; ///< real tokens trained on in this step (padding never counts)
    double seconds = 0;      ///< duration of the step
    double elapsed = 0;      ///< running time since the run began, pauses left out
    std::int64_t peakMemoryBytes = 0;
    std::vector<std::pair<std::string, double>> values; ///< the method's own
    bool skipped = false; ///< non-finite: nothing was changed
    bool operator==(const StepRecord &) const = default;
};

/// A metric's value at an evaluation; undefined has a reason.
struct MetricValue {
    std::string id; ///< `forget_prob`, `retain_exact_match`, …
    std::optional<double> value;
    std::string reason; ///< why there is none
    std::vector<std::pair<std::string, double>> parts = {}; ///< what the value is made of: `d`, `n1`, `n2` of `forget_quality`
    std::string variant = {}; ///< the form that was computed, where there are several: `geometric`
    bool subset = false; ///< of some rows of its set only: another measure than that of all, to be joined with it by no line
    bool operator==(const MetricValue &) const = default;
};

/// One scored token of a row's reference answer.
struct TokenScore {
    std::string text; ///< as it is read; empty where a character ends in a later token
    double logProbability = 0;
    bool operator==(const TokenScore &) const = default;
};

/// One row of one set at one evaluation.
struct SampleRecord {
    std::string set; ///< `forget`, `retain`, …
    std::int64_t row = 0; ///< index into the set's rows
    std::string prompt;
    std::string reference;
    std::optional<std::string> text;    ///< generated, where it was
    std::optional<double> probability;  ///< exp(−mean token NLL) of the reference
    std::optional<double> rougeRecall;  ///< ROUGE-L recall, stemmed
    std::optional<double> exactMatch;   ///< 1 where text equals the reference after trimming
    bool hitTokenLimit = false;
    /// What else was measured of the row, by name: `answer_loss`, `correct_loss`, `false_loss_1` …, `truth_ratio`, `mia_min_k`, …
    std::vector<std::pair<std::string, double>> values = {};
    std::vector<TokenScore> tokens = {}; ///< of the reference, the first 512 that are scored; log-probabilities to three digits
    bool operator==(const SampleRecord &) const = default;

    void setValue(const std::string &name, double value)
    {
        for (auto &[known, number] : values)
            if (known == name) {
                number = value;
                return;
            }
        values.emplace_back(name, value);
    }
    std::optional<double> value(std::string_view name) const
    {
        for (const auto &[known, number] : values)
            if (known == name)
                return number;
        return std::nullopt;
    }
};

struct EvaluationRecord {
    std::int64_t step = 0; ///< 0: the untouched model
    double seconds = 0;
    bool subset = false;   ///< some set was longer than the rows looked at; never mixed with full ones in a table
    std::vector<MetricValue> metrics;
    std::vector<SampleRecord> samples;
    /// What the model that never saw the forget set has in these metrics, where it is known: the target. Values alone.
    std::vector<MetricValue> reference = {};
    bool operator==(const EvaluationRecord &) const = default;
};

struct CheckpointRecord {
    std::int64_t step = 0;
    std::string path; ///< folder
    std::int64_t bytes = 0;
    bool operator==(const CheckpointRecord &) const = default;
};

/// What happened beside the curves: an evaluation, a checkpoint, a pause, a skipped step, a warning.
struct EventRecord {
    std::int64_t step = 0;
    std::string kind; ///< `info`, `warning`, `error`, `pause`, `resume`, `stop`, `non_finite`, `disk_full`, `pause_to_disk`, `question`, …
    std::string text;
    std::chrono::system_clock::time_point time = std::chrono::system_clock::now();
    bool operator==(const EventRecord &) const = default;
};

/// Where a job is: `Reading model`, `Encoding rows`, `Reference values`, `Baseline evaluation`, `Training`, `Evaluating`, `Saving`.
struct StageRecord {
    std::string name;
    double done = 0;
    double total = 0; ///< 0: not known yet
    std::string unit; ///< `bytes`, `rows`, `steps` …
    bool operator==(const StageRecord &) const = default;
};

/// What a run found out before its first step: sizes that the window and the summary show.
struct RunFacts {
    std::int64_t plannedSteps = 0;
    std::int64_t stepsPerEpoch = 0;
    std::int64_t forgetRows = 0, retainRows = 0;
    std::int64_t forgetTokens = 0, retainTokens = 0;
    std::int64_t cutRows = 0, boundaryMismatches = 0, rejectedRows = 0, rowsWithoutLabels = 0;
    std::int64_t parameters = 0;
    std::string device; ///< `cpu`, `cuda:0 NVIDIA H200`
    bool operator==(const RunFacts &) const = default;
};

/// How a run ended: what `lethe-cli run` prints.
struct RunSummary {
    RunId runId = 0;
    RunStatus status = RunStatus::Done;
    std::int64_t steps = 0;
    double seconds = 0;
    double tokensPerSecond = 0;
    std::int64_t peakMemoryBytes = 0;
    double evaluationSeconds = 0;          ///< of the evaluations in its middle
    std::int64_t evaluationsLeftOut = 0;   ///< for `eval.budget_percent`
    std::vector<MetricValue> finalMetrics;
    std::string checkpoint; ///< folder of the last checkpoint; may be empty
    std::string failure;    ///< for Failed
    RunFacts facts;
    bool operator==(const RunSummary &) const = default;
};

} // namespace lethe
