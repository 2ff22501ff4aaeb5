#include "run/Session.h"

#include <lethe/base/Device.h>
#include <lethe/model/ModelInfo.h>

#include <ATen/ATen.h>

#include <algorithm>

namespace lethe {

namespace {

Error cancelled(const std::string &what)
{
    return {.code = ErrorCode::Cancelled, .what = what + " was cancelled", .where = {}, .hint = {}};
}

c10::ScalarType computeType(Dtype dtype)
{
    return dtype == Dtype::F32 ? at::kFloat : dtype == Dtype::BF16 ? at::kBFloat16 : at::kHalf;
}

} // namespace

Result<void> SessionInputs::readSet(const std::filesystem::path &file, const DataSource &fields, const std::string &name, std::optional<SessionSet> &set,
                                    RunControl &control, RunObserver &observer)
{
    if (file.empty())
        return {};
    LETHE_TRY(Dataset data, readDataset(file, fields));
    rejectedRows += static_cast<std::int64_t>(data.rejected.size());
    if (!data.rejected.empty())
        warnings.push_back({.step = 0, .kind = "warning",
                            .text = std::to_string(data.rejected.size()) + " rows of the " + name + " set cannot be used; the first, line "
                                + std::to_string(data.rejected.front().line) + ": " + data.rejected.front().reason});
    if (data.rows.empty())
        return Error{.code = ErrorCode::InvalidInput, .what = "The " + name + " set has no rows that can be used", .where = file.string(),
                     .hint = data.rejected.empty() ? "Add rows" : "Line " + std::to_string(data.rejected.front().line) + ": " + data.rejected.front().reason};
    const auto progress = [&](std::size_t done, std::size_t total) {
        observer.onStage({.name = "Encoding rows", .done = static_cast<double>(done), .total = static_cast<double>(total), .unit = "rows"});
        return !control.isCancelled();
    };
    LETHE_TRY(EncodedSet encoded, encodeSet(*encoder, data.rows, false, progress));
    if (encoded.samples.empty())
        return Error{.code = ErrorCode::InvalidInput,
                     .what = "In every row of the " + name + " set the prompt alone fills data.max_length; nothing would be trained", .where = file.string(),
                     .hint = "Raise data.max_length"};
    if (!encoded.withoutLabels.empty())
        warnings.push_back({.step = 0, .kind = "warning",
                            .text = "In " + std::to_string(encoded.withoutLabels.size()) + " rows of the " + name
                                + " set the prompt alone fills data.max_length; they are left out"});
    if (encoded.cutRows > 0)
        warnings.push_back({.step = 0, .kind = "warning",
                            .text = std::to_string(encoded.cutRows) + " rows of the " + name + " set are cut at data.max_length; "
                                + std::to_string(encoded.droppedTokens) + " tokens fall off, the end of text with them"});
    if (encoded.boundaryMismatches > 0)
        warnings.push_back({.step = 0, .kind = "warning",
                            .text = "In " + std::to_string(encoded.boundaryMismatches) + " rows of the " + name
                                + " set a token spans the border of prompt and answer (boundary_mismatches): the labels begin a token off"});
    set = SessionSet{.rows = std::move(data.rows), .encoded = std::move(encoded), .rejected = static_cast<std::int64_t>(data.rejected.size())};
    return {};
}

Result<void> SessionInputs::readEvaluation(const ResolvedSpec &spec, const std::filesystem::path &weightsFolder, RunControl &control, RunObserver &observer)
{
    if (!spec.spec.eval)
        return {};
    std::vector<TrainingRows> training;
    if (forget)
        training.push_back({.name = "forget", .file = spec.forgetFile, .rows = &forget->rows, .samples = &forget->encoded.samples, .leftOut = forget->rejected});
    if (retain)
        training.push_back({.name = "retain", .file = spec.retainFile, .rows = &retain->rows, .samples = &retain->encoded.samples, .leftOut = retain->rejected});
    const auto progress = [&](std::size_t done, std::size_t total) {
        observer.onStage({.name = "Encoding rows", .done = static_cast<double>(done), .total = static_cast<double>(total), .unit = "rows"});
        return !control.isCancelled();
    };
    LETHE_TRY(EvaluationInputs inputs, EvaluationInputs::read(spec, weightsFolder, *tokenizer, *encoder, training, progress));
    evaluation.emplace(std::move(inputs));
    return {};
}

Result<void> SessionInputs::read(const ResolvedSpec &spec, const std::filesystem::path &weightsFolder, c10::ScalarType parameterDtype, RunControl &control,
                                 RunObserver &observer)
{
    LETHE_TRY(device, parseDevice(spec.spec.training.device));
    deviceName = device.str();
    observer.onStage({.name = "Checking the model"});
    LETHE_TRY(const ModelInfo info, inspectModel(weightsFolder));
    if (!info.usable()) {
        Error error = info.problems.front();
        if (std::filesystem::path(error.where).is_relative())
            error.where = (weightsFolder / error.where).string();
        return error;
    }
    LETHE_TRY(Tokenizer loaded, Tokenizer::load(weightsFolder));
    tokenizer = std::move(loaded);
    LETHE_TRY(SampleEncoder made, SampleEncoder::create(*tokenizer, spec.spec.data.textTemplate, spec.spec.data.maxLength));
    encoder.emplace(std::move(made));
    LETHE_TRY_VOID(readSet(spec.forgetFile, spec.spec.data.forget.value_or(DataSource{}), "forget", forget, control, observer));
    LETHE_TRY_VOID(readSet(spec.retainFile, spec.spec.data.retain.value_or(DataSource{}), "retain", retain, control, observer));
    if (control.isCancelled())
        return cancelled("Reading the data");
    LETHE_TRY_VOID(readEvaluation(spec, weightsFolder, control, observer));

    const auto progress = [&](std::uint64_t done, std::uint64_t total) {
        observer.onStage({.name = "Reading model", .done = static_cast<double>(done), .total = static_cast<double>(total), .unit = "bytes"});
        return !control.isCancelled();
    };
    const c10::ScalarType compute = computeType(spec.spec.training.dtype);
    LETHE_TRY(model, Decoder::load(weightsFolder, {.device = device, .dtype = compute, .parameterDtype = parameterDtype,
                                                  .mergeAdapters = spec.spec.training.lora && weightsFolder == spec.modelFolder, .progress = progress}));
    if (!model->config().names.positions.empty() && spec.spec.data.maxLength > model->config().context) {
        // Learned positions end where their table ends; a rotary model merely leaves what it was trained on.
        std::vector<const EncodedSample *> samples;
        for (const auto *set : {&forget, &retain})
            if (*set)
                for (const EncodedSample &sample : (*set)->encoded.samples)
                    samples.push_back(&sample);
        if (evaluation)
            for (const EvaluationSet &set : evaluation->sets)
                for (const ScoredSequence &sequence : set.sequences)
                    samples.push_back(&sequence.sample);
        if (std::ranges::any_of(samples, [this](const EncodedSample *sample) { return static_cast<std::int64_t>(sample->ids.size()) > model->config().context; }))
            return Error{.code = ErrorCode::InvalidInput,
                         .what = std::to_string(spec.spec.data.maxLength) + " is more than the " + std::to_string(model->config().context)
                             + " positions that the model has",
                         .where = "data.max_length", .hint = "Use " + std::to_string(model->config().context) + " or less"};
    }
    return {};
}

} // namespace lethe
