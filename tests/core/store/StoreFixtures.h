#pragma once

#include <lethe/store/RunStore.h>

#include <QtTest/QtTest>

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

namespace lethe::test {

inline NewRun someRun(const std::string &name = "npo on the demo")
{
    return {.name = name,
            .specJson = "{\n  \"name\": \"" + name + "\"\n}",
            .method = "npo",
            .model = "/models/demo",
            .learningRate = 1e-5,
            .plannedSteps = 40,
            .parent = {},
            .provenance = {.letheVersion = "0.1.0", .torchVersion = "2.11.0", .qtVersion = "6.4.2", .device = "CPU, 2 threads",
                           .host = "here", .fileHashes = {{"/data/forget.jsonl", "aa"}, {"/models/demo/config.json", "bb"}}},
            .processId = ::getpid()};
}

inline StepRecord someStep(std::int64_t step)
{
    return {.step = step,
            .epoch = 0.1 * static_cast<double>(step),
            .loss = 1.0 / static_cast<double>(step),
            .forgetLoss = 0.3,
            .retainLoss = step % 2 == 0 ? std::optional(0.7) : std::nullopt,
            .learningRate = 1e-5,
            .gradNorm = 0.125,
            .tokens = 100,
            .seconds = 0.5,
            .elapsed = 0.5 * static_cast<double>(step),
            .peakMemoryBytes = 1'000'000 + step,
            .values = {{"mean_log_ratio", -0.1 * static_cast<double>(step)}, {"weight", 1.0 / 3.0}},
            .skipped = step % 5 == 0};
}

inline EvaluationRecord someEvaluation(std::int64_t step, bool subset = false)
{
    return {.step = step,
            .seconds = 0.25,
            .subset = subset,
            .metrics = {{.id = "forget_prob", .value = 0.5 / static_cast<double>(step + 1), .reason = ""},
                        {.id = "forget_quality", .value = {}, .reason = "no retrained model"}},
            .samples = {{.set = "forget", .row = 0, .prompt = "Who?", .reference = "Nobody.", .text = "Somebody at " + std::to_string(step),
                         .probability = 0.25, .rougeRecall = 1.0, .exactMatch = 0.0, .hitTokenLimit = true, .values = {{"answer_loss", 1.5}},
                         .tokens = {{"No", -0.125}, {"", -3.5}, {"body.", -1e-3}}},
                        {.set = "retain", .row = 7, .prompt = "Wo war das, genau?", .reference = "In Zürich.", .text = {},
                         .probability = 1e-300, .rougeRecall = {}, .exactMatch = {}, .hitTokenLimit = false}},
            .reference = {{.id = "forget_prob", .value = 0.0625, .reason = ""}}};
}

/// Lets no file of this process grow beyond a size, until the end of the scope: a disk that is full, without a disk.
struct FileSizeLimit {
    rlimit before{};
    explicit FileSizeLimit(rlim_t bytes)
    {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before);
        const rlimit limit{.rlim_cur = bytes, .rlim_max = before.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() { lift(); }
    void lift() { ::setrlimit(RLIMIT_FSIZE, &before); }
};

} // namespace lethe::test

#define VERIFY_OK(expression)                                                                                 \
    do {                                                                                                      \
        const auto &verifiedResult = (expression);                                                            \
        QVERIFY2(verifiedResult.ok(), verifiedResult.ok() ? "" : verifiedResult.error().message().c_str());    \
    } while (false)

#define VERIFY_ERROR(expression, expectedCode, words)                                                         \
    do {                                                                                                      \
        const auto &verifiedResult = (expression);                                                            \
        QVERIFY2(!verifiedResult.ok(), "an error was expected");                                              \
        QCOMPARE(verifiedResult.error().code, expectedCode);                                                  \
        QVERIFY2(verifiedResult.error().message().find(words) != std::string::npos,                           \
                 verifiedResult.error().message().c_str());                                                   \
    } while (false)
