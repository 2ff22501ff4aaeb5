#include <lethe/run/Bench.h>

#include "model/Decoder.h"
#include "model/Generator.h"
#include "model/Products.h"
#include "model/TorchErrors.h"
#include "run/Session.h"

#include <lethe/base/Device.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <chrono>
#include <random>

namespace lethe {

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Waits for the device, where kernels run beside the host.
void synchronize(c10::Device device)
{
    if (device.is_cuda())
        c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).synchronizeDevice(device.has_index() ? device.index() : c10::DeviceIndex{0});
}

/// The best of a few, for each: a square matrix product in \p dtype, and a copy that no cache holds.
MachinePeak measurePeak(c10::Device device, c10::ScalarType dtype)
{
    const c10::InferenceMode inference;
    const std::int64_t side = device.is_cuda() ? 8192 : 1536;
    const std::int64_t bytes = device.is_cuda() ? std::int64_t{1} << 30 : std::int64_t{1} << 28;
    const at::Tensor a = at::randn({side, side}, at::TensorOptions().device(device)).to(dtype);
    const at::Tensor b = at::randn({side, side}, at::TensorOptions().device(device)).to(dtype);
    const at::Tensor from = at::zeros({bytes / 4}, at::TensorOptions().device(device).dtype(at::kFloat));
    at::Tensor to = at::empty_like(from);
    MachinePeak peak;
    for (int round = 0; round < 5; ++round) {
        auto start = Clock::now();
        const at::Tensor product = products::mm(a, b);
        synchronize(device);
        peak.flopsPerSecond = std::max(peak.flopsPerSecond, 2.0 * static_cast<double>(side * side * side) / secondsSince(start));
        start = Clock::now();
        to.copy_(from);
        synchronize(device);
        peak.bytesPerSecond = std::max(peak.bytesPerSecond, 2.0 * static_cast<double>(bytes) / secondsSince(start)); // read and written
    }
    return peak;
}

/// Multiply-adds of attention's two products over one causal text of \p length tokens, forward, as operations.
double attentionFlops(const DecoderConfig &config, double length)
{
    return 2.0 * static_cast<double>(config.layers * config.heads * config.headDim) * length * length;
}

std::int64_t matrixParameters(const Decoder &model)
{
    std::int64_t count = 0;
    for (const Parameter &parameter : model.parameters())
        count += parameter.value.numel();
    return count;
}

void finish(BenchReport &report, const Decoder &model, const std::string &deviceText)
{
    report.device = deviceText;
    report.dtype = model.dtype() == at::kFloat ? "f32" : model.dtype() == at::kBFloat16 ? "bf16" : "f16";
    report.threads = at::get_num_threads();
    report.parameters = matrixParameters(model);
    report.tokensPerSecond = report.seconds > 0 ? static_cast<double>(report.tokens) / report.seconds : 0;
    report.peakMemoryBytes = memoryNow(model.device().is_cuda() ? model.device().str() : "cpu").peakBytes;
    report.machine = measurePeak(model.device(), model.dtype());
    report.utilisation = report.seconds > 0 ? report.flops / report.seconds / report.machine.flopsPerSecond : 0;
}

std::vector<std::vector<TokenId>> randomRows(std::int64_t rows, std::int64_t length, std::int64_t vocabulary)
{
    std::mt19937 random(7);
    std::vector<std::vector<TokenId>> ids(static_cast<std::size_t>(rows));
    for (auto &row : ids)
        for (std::int64_t t = 0; t < length; ++t)
            row.push_back(static_cast<TokenId>(random() % static_cast<std::uint32_t>(vocabulary)));
    return ids;
}

Result<std::unique_ptr<Decoder>> loadFor(const std::filesystem::path &folder, const LoadOptions &options)
{
    LETHE_TRY(const c10::Device device, parseDevice(options.device));
    if (options.threads > 0)
        at::set_num_threads(options.threads);
    const c10::ScalarType dtype = !options.dtype || *options.dtype == Dtype::F32 ? at::kFloat : *options.dtype == Dtype::BF16 ? at::kBFloat16 : at::kHalf;
    return Decoder::load(folder, {.device = device, .dtype = dtype, .parameterDtype = dtype, .progress = {}});
}

} // namespace

Result<BenchReport> benchTraining(const ResolvedSpec &given, const MethodCatalog &catalog, std::int64_t steps, std::int64_t warmup, int threads)
{
    return guarded("cpu", given.spec.name, [&]() -> Result<BenchReport> {
        const auto start = Clock::now();
        ResolvedSpec spec = given;
        spec.spec.eval.reset();
        spec.spec.training.maxSteps = steps + warmup;
        spec.spec.training.epochs = static_cast<double>(steps + warmup); // at least a step an epoch, so that max_steps decides
        RunControl control;
        RunObserver silent;
        const SessionOptions options{.runFolder = {}, .finalCheckpoint = false, .evaluateAtStart = false, .threads = threads};
        Session session(spec, catalog, options, control, silent);
        LETHE_TRY_VOID(session.prepare());
        BenchReport report{.what = "train", .warmup = warmup, .repetitions = steps};
        const Decoder &model = *session.inputs().model;
        for (std::int64_t step = 1; step <= warmup + steps; ++step) {
            const auto stepStart = Clock::now();
            LETHE_TRY(const StepRecord record, session.trainStep(step));
            synchronize(model.device());
            report.losses.push_back(record.loss);
            if (step == 1)
                report.startSeconds = secondsSince(start);
            if (step <= warmup)
                continue;
            report.stepSeconds.push_back(secondsSince(stepStart));
            report.seconds += report.stepSeconds.back();
            report.tokens += record.tokens;
            const double length = static_cast<double>(record.tokens) / static_cast<double>(2 * spec.spec.training.batchSize * spec.spec.training.gradientAccumulation);
            report.flops += 6.0 * static_cast<double>(matrixParameters(model)) * static_cast<double>(record.tokens)
                + 3.0 * attentionFlops(model.config(), length) * static_cast<double>(record.tokens) / std::max(1.0, length);
        }
        finish(report, model, session.inputs().deviceName);
        return report;
    });
}

Result<BenchReport> benchGeneration(const std::filesystem::path &folder, const LoadOptions &options, const GenerationBench &bench)
{
    return guarded("cpu", folder.string(), [&]() -> Result<BenchReport> {
        const auto start = Clock::now();
        LETHE_TRY(const std::unique_ptr<Decoder> model, loadFor(folder, options));
        BenchReport report{.what = "generate", .warmup = bench.warmup, .repetitions = bench.repetitions};
        const auto prompts = randomRows(bench.batch, bench.promptTokens, model->config().vocabulary);
        const GenerationOptions generation{.maxNewTokens = bench.newTokens, .stopAtEos = false};
        for (std::int64_t round = 0; round < bench.warmup + bench.repetitions; ++round) {
            const auto roundStart = Clock::now();
            generateIds(*model, prompts, generation, [&](std::size_t, TokenId) {
                if (report.startSeconds == 0)
                    report.startSeconds = secondsSince(start);
                return true;
            });
            if (round < bench.warmup)
                continue;
            report.stepSeconds.push_back(secondsSince(roundStart));
            report.seconds += report.stepSeconds.back();
            report.tokens += bench.batch * bench.newTokens;
        }
        const double scored = static_cast<double>(bench.batch * (bench.newTokens + bench.promptTokens) * bench.repetitions);
        report.flops = 2.0 * static_cast<double>(matrixParameters(*model)) * scored
            + attentionFlops(model->config(), static_cast<double>(bench.promptTokens + bench.newTokens)) * static_cast<double>(bench.batch * bench.repetitions);
        finish(report, *model, model->device().str());
        return report;
    });
}

Result<BenchReport> benchLogits(const std::filesystem::path &folder, const LoadOptions &options, const LogitsBench &bench)
{
    return guarded("cpu", folder.string(), [&]() -> Result<BenchReport> {
        const auto start = Clock::now();
        LETHE_TRY(const std::unique_ptr<Decoder> model, loadFor(folder, options));
        BenchReport report{.what = "logits", .warmup = bench.warmup, .repetitions = bench.repetitions};
        const auto rows = randomRows(bench.batch, bench.length, model->config().vocabulary);
        std::vector<PackedSample> samples;
        for (const auto &row : rows)
            samples.push_back({.ids = row.data(), .length = bench.length, .labelStart = bench.length});
        const Batch batch = packBatch(samples, model->device());
        const c10::InferenceMode inference;
        for (std::int64_t round = 0; round < bench.warmup + bench.repetitions; ++round) {
            const auto roundStart = Clock::now();
            const at::Tensor logits = model->rowLogits(batch, {});
            synchronize(model->device());
            if (round == 0)
                report.startSeconds = secondsSince(start);
            if (round < bench.warmup)
                continue;
            report.stepSeconds.push_back(secondsSince(roundStart));
            report.seconds += report.stepSeconds.back();
            report.tokens += bench.batch * bench.length;
        }
        report.flops = 2.0 * static_cast<double>(matrixParameters(*model)) * static_cast<double>(report.tokens)
            + attentionFlops(model->config(), static_cast<double>(bench.length)) * static_cast<double>(bench.batch * bench.repetitions);
        finish(report, *model, model->device().str());
        return report;
    });
}

} // namespace lethe
