#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/model/TextModel.h>
#include <lethe/spec/SpecReader.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lethe {

class MethodCatalog;

/// What the machine itself gives, measured in the same process: a large matrix product and a large copy.
struct MachinePeak {
    double flopsPerSecond = 0;
    double bytesPerSecond = 0;
    bool operator==(const MachinePeak &) const = default;
};

/// How fast something went. Real tokens count, padding never does.
struct BenchReport {
    std::string what;   ///< `train`, `generate`, `logits`
    std::string device; ///< `cpu`, `cuda:0 NVIDIA H200`
    std::string dtype;
    int threads = 0;
    std::int64_t parameters = 0;
    std::int64_t warmup = 0;      ///< steps (or repetitions) before the clock
    std::int64_t repetitions = 0; ///< timed ones
    std::int64_t tokens = 0;      ///< of the timed ones
    double seconds = 0;           ///< of the timed ones
    double tokensPerSecond = 0;
    double startSeconds = 0;      ///< from the call to the first step (or token) done
    std::int64_t peakMemoryBytes = 0;
    double flops = 0;             ///< of the timed ones: 6·P per trained token, 2·P per scored or generated one, attention added
    double utilisation = 0;       ///< flops / seconds over the machine's own peak
    MachinePeak machine;
    std::vector<double> stepSeconds; ///< each timed one
    std::vector<double> losses;      ///< train: each step's loss, warm-up included
    bool operator==(const BenchReport &) const = default;
};

/// Times \p steps optimizer steps of \p spec after \p warmup ones: no evaluation, no checkpoint, nothing stored. Runs through
/// the forget set anew where it is shorter than that. Errors: those of `runSession`.
LETHE_EXPORT Result<BenchReport> benchTraining(const ResolvedSpec &spec, const MethodCatalog &catalog, std::int64_t steps,
                                               std::int64_t warmup, int threads = 0);

struct GenerationBench {
    std::int64_t batch = 1;
    std::int64_t promptTokens = 32;
    std::int64_t newTokens = 128; ///< greedy, never stopped at EOS
    std::int64_t repetitions = 3;
    std::int64_t warmup = 1;
};
/// Greedy generation from random prompts of a fixed seed. Errors: those of `TextModel::load`.
LETHE_EXPORT Result<BenchReport> benchGeneration(const std::filesystem::path &model, const LoadOptions &options, const GenerationBench &bench);

struct LogitsBench {
    std::int64_t batch = 8;
    std::int64_t length = 128;
    std::int64_t repetitions = 5;
    std::int64_t warmup = 1;
};
/// Logits of every position of random rows of a fixed seed. Errors: those of `TextModel::load`.
LETHE_EXPORT Result<BenchReport> benchLogits(const std::filesystem::path &model, const LoadOptions &options, const LogitsBench &bench);

} // namespace lethe
