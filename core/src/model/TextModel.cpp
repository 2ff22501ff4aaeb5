#include <lethe/model/TextModel.h>

#include "model/Decoder.h"
#include "model/Generator.h"
#include "model/SafetensorsWriter.h"
#include "model/TorchErrors.h"

#include <lethe/base/Device.h>
#include <lethe/model/ModelInfo.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <chrono>
#include <cmath>

namespace lethe {

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

c10::ScalarType toScalar(Dtype dtype)
{
    return dtype == Dtype::F32 ? at::kFloat : dtype == Dtype::BF16 ? at::kBFloat16 : at::kHalf;
}

} // namespace

struct TextModel::Data {
    std::filesystem::path folder;
    Tokenizer tokenizer;
    std::unique_ptr<Decoder> decoder;
    std::string device;
};

TextModel::TextModel(std::unique_ptr<Data> data) : m_data(std::move(data)) {}
TextModel::TextModel(TextModel &&) noexcept = default;
TextModel &TextModel::operator=(TextModel &&) noexcept = default;
TextModel::~TextModel() = default;

Result<TextModel> TextModel::load(const std::filesystem::path &folder, const LoadOptions &options)
{
    LETHE_TRY(const c10::Device device, parseDevice(options.device));
    if (options.threads > 0)
        at::set_num_threads(options.threads);
    LETHE_TRY(const ModelInfo info, inspectModel(folder));
    if (!info.usable()) {
        Error error = info.problems.front();
        if (std::filesystem::path(error.where).is_relative())
            error.where = (folder / error.where).string();
        return error;
    }
    LETHE_TRY(Tokenizer tokenizer, Tokenizer::load(folder));
    c10::ScalarType dtype = at::kFloat;
    if (options.dtype)
        dtype = toScalar(*options.dtype);
    else if (device.is_cuda() && info.dtype != "f32")
        dtype = info.dtype == "f16" ? at::kHalf : at::kBFloat16;
    LETHE_TRY(std::unique_ptr<Decoder> decoder, Decoder::load(folder, {.device = device, .dtype = dtype, .parameterDtype = dtype, .mergeAdapters = options.mergeAdapter, .progress = options.progress}));
    return TextModel(std::unique_ptr<Data>(new Data{.folder = folder, .tokenizer = std::move(tokenizer), .decoder = std::move(decoder), .device = device.str()}));
}

const Tokenizer &TextModel::tokenizer() const
{
    return m_data->tokenizer;
}

const std::filesystem::path &TextModel::folder() const
{
    return m_data->folder;
}

std::string TextModel::deviceName() const
{
    return m_data->device;
}

std::optional<double> TextModel::pairWeight() const
{
    return m_data->decoder->assistant() != nullptr ? std::optional(m_data->decoder->pairOptions().weight) : std::nullopt;
}

Result<void> TextModel::setPairWeight(double weight)
{
    if (m_data->decoder->assistant() == nullptr)
        return Error{.code = ErrorCode::InvalidInput, .what = "is one model and no pair: there is no second one to weigh", .where = m_data->folder.string(),
                     .hint = {}};
    if (!std::isfinite(weight))
        return Error{.code = ErrorCode::InvalidInput, .what = "a pair's weight is a number", .where = m_data->folder.string(), .hint = {}};
    m_data->decoder->setPairWeight(weight);
    return {};
}

Result<std::vector<Generation>> TextModel::generate(const std::vector<std::string> &prompts, const GenerationOptions &options,
                                                    const std::function<bool(std::size_t, TokenId, std::string_view)> &onToken)
{
    std::vector<std::vector<TokenId>> ids;
    for (const std::string &prompt : prompts) {
        ids.push_back(m_data->tokenizer.encode(prompt));
        // A tokenizer that closes texts itself would end the prompt before the model may go on.
        const auto eos = m_data->tokenizer.eosId();
        if (eos && ids.back().size() > 1 && ids.back().back() == *eos && m_data->tokenizer.encode(prompt, false).back() != *eos)
            ids.back().pop_back();
    }
    auto generations = generateFromIds(ids, options, onToken);
    if (generations.ok())
        for (std::size_t i = 0; i < prompts.size(); ++i)
            generations->at(i).prompt = prompts[i];
    return generations;
}

Result<std::vector<Generation>> TextModel::generateFromIds(const std::vector<std::vector<TokenId>> &prompts, const GenerationOptions &options,
                                                           const std::function<bool(std::size_t, TokenId, std::string_view)> &onToken)
{
    if (options.assistant != nullptr && (m_data->decoder->assistant() != nullptr || options.assistant->m_data->decoder->assistant() != nullptr))
        return Error{.code = ErrorCode::InvalidInput, .what = "is a pair already: it takes no second assistant, and is none", .where = m_data->folder.string(),
                     .hint = "Name the pair alone, or its two models"};
    if (options.assistant != nullptr && options.assistant->m_data->decoder->config().vocabulary != m_data->decoder->config().vocabulary)
        return Error{.code = ErrorCode::InvalidInput, .what = "its vocabulary of " + std::to_string(options.assistant->m_data->decoder->config().vocabulary)
                     + " is not the model's of " + std::to_string(m_data->decoder->config().vocabulary), .where = options.assistant->folder().string(),
                     .hint = "An assistant shares the model's tokenizer"};
    for (const auto &prompt : prompts)
        LETHE_TRY_VOID(checkPrompt(*m_data->decoder, prompt, options.maxNewTokens));
    return guarded(m_data->device, m_data->folder.string(), [&]() -> Result<std::vector<Generation>> {
        const auto start = Clock::now();
        std::vector<StreamDecoder> streams;
        if (onToken)
            for (std::size_t i = 0; i < prompts.size(); ++i)
                streams.emplace_back(m_data->tokenizer);
        bool stopped = false;
        const auto forward = [&](std::size_t prompt, TokenId id) {
            stopped = !onToken(prompt, id, streams[prompt].push(id));
            return !stopped;
        };
        LogitAssistant assistant;
        if (options.assistant != nullptr)
            assistant = {.model = options.assistant->m_data->decoder.get(),
                         .options = {.weight = options.logitWeight, .topFilter = options.topFilter, .filterMode = options.filterMode}};
        const std::vector<GeneratedIds> made = generateIds(*m_data->decoder, prompts, options,
                                                           onToken ? std::function<bool(std::size_t, TokenId)>(forward) : nullptr, assistant);
        if (stopped)
            return Error{.code = ErrorCode::Cancelled, .what = "generation was stopped", .where = m_data->folder.string(), .hint = {}};
        const double seconds = secondsSince(start);
        std::int64_t tokens = 0;
        for (const GeneratedIds &one : made)
            tokens += static_cast<std::int64_t>(one.ids.size());
        std::vector<Generation> generations;
        for (std::size_t i = 0; i < made.size(); ++i)
            generations.push_back({.prompt = {},
                                   .ids = made[i].ids,
                                   .text = m_data->tokenizer.decode(made[i].ids),
                                   .tokensPerSecond = seconds > 0 ? static_cast<double>(tokens) / seconds : 0,
                                   .stoppedAtEos = made[i].stoppedAtEos});
        return generations;
    });
}

Result<TextModel::LogitsReport> TextModel::writeLogits(const std::vector<std::vector<TokenId>> &ids, const std::filesystem::path &file)
{
    const std::int64_t vocabulary = m_data->decoder->config().vocabulary;
    const std::int64_t length = ids.empty() ? 0 : static_cast<std::int64_t>(ids.front().size());
    if (length == 0)
        return Error{.code = ErrorCode::InvalidInput, .what = "there are no ids", .where = "ids", .hint = "Give a JSON array of equal-length arrays of ids"};
    for (const auto &row : ids) {
        if (static_cast<std::int64_t>(row.size()) != length)
            return Error{.code = ErrorCode::InvalidInput, .what = "rows of " + std::to_string(length) + " and of " + std::to_string(row.size())
                         + " ids stand side by side", .where = "ids", .hint = "All rows must be of one length"};
        for (const TokenId id : row)
            if (id < 0 || id >= vocabulary)
                return Error{.code = ErrorCode::InvalidInput, .what = "id " + std::to_string(id) + " is outside the model's vocabulary of "
                             + std::to_string(vocabulary), .where = "ids", .hint = {}};
    }
    return guarded(m_data->device, m_data->folder.string(), [&]() -> Result<LogitsReport> {
        const c10::InferenceMode inference;
        const auto rows = static_cast<std::int64_t>(ids.size());
        LETHE_TRY(SafetensorsWriter writer, SafetensorsWriter::create(file, {{.name = "logits", .dtype = "F32", .shape = {rows, length, vocabulary}}}));
        double seconds = 0;
        for (const auto &row : ids) {
            const auto start = Clock::now();
            const Batch batch = packBatch({{.ids = row.data(), .length = length, .labelStart = length}}, m_data->decoder->device());
            const at::Tensor logits = m_data->decoder->rowLogits(batch, {}).to(at::kCPU).contiguous();
            seconds += secondsSince(start);
            LETHE_TRY_VOID(writer.append("logits", logits.const_data_ptr<float>(), logits.nbytes()));
        }
        LETHE_TRY_VOID(writer.finish());
        return LogitsReport{.batch = rows, .length = length, .vocabulary = vocabulary, .seconds = seconds};
    });
}

Result<std::vector<TextModel::TokenScore>> TextModel::score(const std::vector<TokenId> &ids)
{
    for (const TokenId id : ids)
        if (id < 0 || id >= m_data->decoder->config().vocabulary)
            return Error{.code = ErrorCode::InvalidInput, .what = "id " + std::to_string(id) + " is outside the model's vocabulary", .where = "ids", .hint = {}};
    return guarded(m_data->device, m_data->folder.string(), [&]() -> Result<std::vector<TokenScore>> {
        const c10::InferenceMode inference;
        std::vector<TokenScore> scores;
        if (ids.size() < 2)
            return scores;
        const Batch batch = packBatch({{.ids = ids.data(), .length = static_cast<std::int64_t>(ids.size()), .labelStart = 1}}, m_data->decoder->device());
        const at::Tensor logP = at::log_softmax(m_data->decoder->rowLogits(batch, batch.labelRows_M), 1);
        const at::Tensor chosen = logP.gather(1, batch.labelIds_M.unsqueeze(1));
        const at::Tensor ranks = (logP > chosen).sum(1).to(at::kCPU);
        const at::Tensor values = chosen.squeeze(1).to(at::kCPU, at::kDouble).contiguous();
        for (std::int64_t i = 0; i < values.size(0); ++i)
            scores.push_back({.logProbability = values.const_data_ptr<double>()[i], .rank = ranks.const_data_ptr<std::int64_t>()[i]});
        return scores;
    });
}

} // namespace lethe
