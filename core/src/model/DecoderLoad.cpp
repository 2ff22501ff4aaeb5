#include "model/Decoder.h"

#include "model/AdaptedWeights.h"
#include "model/LoraAdapter.h"
#include "model/ModelFolder.h"
#include "model/PairManifest.h"
#include "model/Safetensors.h"

#include <lethe/base/Device.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace lethe {

namespace {

/// Of a tensor, so much is in memory twice while it is copied: as the file's pages and as the copy.
constexpr std::int64_t kCopyBytes = std::int64_t{16} << 20;

/// The one copy of a tensor, on its device and in its dtype. The file's pages are let go behind it.
at::Tensor copiedFrom(const SafetensorsFile &file, const TensorEntry &entry, const at::TensorOptions &options)
{
    const at::Tensor view = tensorView(file, entry);
    const auto bytes = file.bytes(entry);
    const at::Tensor copy = at::empty(view.sizes(), options);
    if (view.dim() == 0 || view.numel() == 0) {
        copy.copy_(view);
        return copy;
    }
    const auto rowBytes = static_cast<std::int64_t>(bytes.size()) / view.size(0);
    const std::int64_t rows = std::max<std::int64_t>(1, kCopyBytes / std::max<std::int64_t>(1, rowBytes));
    for (std::int64_t begin = 0; begin < view.size(0); begin += rows) {
        const std::int64_t count = std::min(rows, view.size(0) - begin);
        copy.narrow(0, begin, count).copy_(view.narrow(0, begin, count));
        file.letGo(bytes.subspan(static_cast<std::size_t>(begin * rowBytes), static_cast<std::size_t>(count * rowBytes)));
    }
    return copy;
}

} // namespace

Result<std::unique_ptr<Decoder>> Decoder::loadPair(const PairManifest &pair, DecoderLoad how)
{
    how.asPair = false;
    LETHE_TRY(std::unique_ptr<Decoder> target, load(pair.target, how));
    LETHE_TRY(std::unique_ptr<Decoder> assistant, load(pair.assistant, how));
    if (assistant->config().vocabulary != target->config().vocabulary)
        return Error{.code = ErrorCode::InvalidInput, .what = "its vocabulary of " + std::to_string(assistant->config().vocabulary)
                     + " is not the target's of " + std::to_string(target->config().vocabulary), .where = pair.assistant.string(),
                     .hint = "An assistant shares the target's tokenizer"};
    target->setAssistant(std::move(assistant), {.weight = pair.logitWeight, .topFilter = pair.topFilter, .filterMode = pair.filterMode});
    return target;
}

Result<std::unique_ptr<Decoder>> Decoder::load(const std::filesystem::path &named, const DecoderLoad &how)
{
    LETHE_TRY(const std::optional<PairManifest> pair, how.asPair ? readPairManifest(named) : std::optional<PairManifest>());
    if (pair)
        return loadPair(*pair, how);
    LETHE_TRY(const ModelFolder model, resolveModelFolder(named));
    const std::filesystem::path &folder = model.base;
    LETHE_TRY(DecoderConfig config, readDecoderConfig(folder));
    LETHE_TRY(const WeightFiles files, WeightFiles::open(folder));
    const WeightMatch match = matchWeights(config, files);
    if (!match.problems.empty()) {
        Error error = match.problems.front();
        error.where = (folder / error.where).string();
        if (match.problems.size() > 1)
            error.what += " (and " + std::to_string(match.problems.size() - 1) + " more problems)";
        return error;
    }
    const bool beside = !model.adapters.empty() && !how.mergeAdapters && how.parameterDtype != at::kFloat;
    LETHE_TRY(const AdaptedWeights adapted, AdaptedWeights::open(config, match.specs, model.adapters, beside));
    try {
        std::unique_ptr<Decoder> decoder(new Decoder(std::move(config), how.device, how.dtype));
        std::uint64_t done = 0;
        const std::uint64_t total = files.bytes();
        for (std::size_t i = 0; i < match.specs.size(); ++i) {
            const WeightFiles::Found found = files.find(match.fileNames[i]);
            const auto bytes = found.file->bytes(*found.entry);
            const at::TensorOptions options = at::TensorOptions().device(how.device).dtype(how.parameterDtype);
            at::Tensor value;
            if (adapted.changes(match.specs[i].name)) {
                std::vector<float> folded = adapted.read(match.specs[i], *found.file, *found.entry);
                value = at::from_blob(folded.data(), match.specs[i].shape, at::kFloat).to(options, /*non_blocking=*/false, /*copy=*/true);
                found.file->letGo(bytes);
            } else {
                value = copiedFrom(*found.file, *found.entry, options);
            }
            decoder->m_parameters.push_back({.spec = match.specs[i], .value = std::move(value)});
            done += bytes.size();
            if (how.progress && !how.progress(done, total))
                return Error{.code = ErrorCode::Cancelled, .what = "reading the model was cancelled", .where = folder.string(), .hint = {}};
        }
        decoder->indexWeights();
        if (beside) {
            const AdaptedWeights::Adapter &outermost = adapted.adapters().back();
            decoder->m_adapter = std::make_unique<LoraAdapter>(
                LoraAdapter::load(outermost.match, outermost.config, decoder->m_config, match.specs, how.device));
        }
        return decoder;
    } catch (const c10::OutOfMemoryError &) {
        const MemoryNow now = memoryNow(how.device.is_cuda() ? how.device.str() : "cpu");
        return Error{.code = ErrorCode::OutOfMemory,
                     .what = "does not fit the device: its weights need " + std::to_string(files.bytes() >> 20) + " MiB and more, "
                         + std::to_string(now.freeBytes >> 20) + " MiB are free",
                     .where = folder.string(), .hint = "Choose bf16, or another device"};
    } catch (const std::exception &error) {
        return Error{.code = ErrorCode::Internal, .what = std::string("could not be loaded: ") + error.what(), .where = folder.string(), .hint = {}};
    }
}

Result<void> Decoder::addAdapter(const LoraSpec &lora, std::int64_t seed)
{
    std::vector<WeightSpec> specs;
    for (const Parameter &parameter : m_parameters)
        specs.push_back(parameter.spec);
    LETHE_TRY(LoraAdapter adapter, LoraAdapter::create(m_config, specs, lora, seed, m_device));
    m_adapter = std::make_unique<LoraAdapter>(std::move(adapter));
    return {};
}

Result<void> Decoder::readAdapter(const std::filesystem::path &folder)
{
    const std::filesystem::path path = folder / kAdapterWeights;
    LETHE_TRY(const SafetensorsFile file, SafetensorsFile::open(path));
    const at::NoGradGuard off;
    for (Parameter &parameter : m_adapter->parameters()) {
        const TensorEntry *entry = file.find(parameter.spec.name);
        if (entry == nullptr || entry->dtype != "F32" || entry->shape != parameter.spec.shape)
            return Error{.code = ErrorCode::Corrupt, .what = "does not hold the adapter's " + parameter.spec.name + " in this run's shape",
                         .where = path.string(), .hint = "Resume from another checkpoint"};
        parameter.value.copy_(at::from_blob(const_cast<std::byte *>(file.bytes(*entry).data()), entry->shape, at::kFloat));
    }
    m_adapter->parametersChanged();
    return {};
}

Result<c10::Device> parseDevice(const std::string &text)
{
    const DeviceReport &report = deviceReport();
    if (text == "cpu")
        return c10::Device(c10::DeviceType::CPU);
    if (text == "auto" || text.empty())
        return report.cuda.empty() ? c10::Device(c10::DeviceType::CPU) : c10::Device(c10::DeviceType::CUDA, 0);
    const bool indexed = text.starts_with("cuda:") && text.size() > 5 && text.size() < 8 && text.find_first_not_of("0123456789", 5) == std::string::npos;
    if (text != "cuda" && !indexed)
        return Error{.code = ErrorCode::InvalidInput, .what = "\"" + text + "\" is no device", .where = "training.device",
                     .hint = "Use auto, cpu, cuda or cuda:N"};
    const int index = indexed ? std::stoi(text.substr(5)) : 0;
    if (report.cuda.empty())
        return Error{.code = ErrorCode::Device, .what = text + " cannot be used: " + report.whyNoCuda, .where = "training.device", .hint = "Use auto or cpu"};
    if (index >= static_cast<int>(report.cuda.size()))
        return Error{.code = ErrorCode::Device, .what = text + " is not there: this machine has " + std::to_string(report.cuda.size()) + " CUDA devices",
                     .where = "training.device", .hint = {}};
    return c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index));
}

} // namespace lethe
