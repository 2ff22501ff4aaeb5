#include "run/Checkpoint.h"

#include "model/LoraAdapter.h"
#include "model/ModelFolder.h"
#include "model/Safetensors.h"
#include "model/SafetensorsWriter.h"

#include <lethe/base/Log.h>
#include <lethe/base/Paths.h>
#include <lethe/run/RunSession.h>

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <array>
#include <map>

namespace lethe {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

constexpr const char *kStateFile = "lethe_checkpoint.json";

std::string dtypeName(c10::ScalarType type)
{
    return type == at::kFloat ? "F32" : type == at::kBFloat16 ? "BF16" : "F16";
}

Result<void> writeWeights(const fs::path &file, const std::vector<Parameter> &parameters)
{
    std::vector<SafetensorsEntry> entries;
    std::map<std::string, at::Tensor> tensors;
    for (const Parameter &parameter : parameters) {
        entries.push_back({.name = parameter.spec.name, .dtype = dtypeName(parameter.value.scalar_type()), .shape = parameter.spec.shape});
        tensors[parameter.spec.name] = parameter.value;
    }
    LETHE_TRY(SafetensorsWriter writer, SafetensorsWriter::create(file, entries));
    for (const SafetensorsEntry &entry : writer.tensors()) {
        const at::Tensor host = tensors.at(entry.name).detach().to(at::kCPU).contiguous();
        LETHE_TRY_VOID(writer.append(entry.name, host.const_data_ptr(), host.nbytes()));
    }
    return writer.finish();
}

constexpr const char *kMethodFile = "method.safetensors";

const std::map<c10::ScalarType, std::string> kStateTypes{{at::kFloat, "F32"}, {at::kDouble, "F64"}, {at::kLong, "I64"}};

Result<void> writeMethodState(const fs::path &file, const std::map<std::string, at::Tensor> &state)
{
    if (state.empty())
        return {};
    std::vector<SafetensorsEntry> entries;
    for (const auto &[name, tensor] : state) {
        const auto type = kStateTypes.find(tensor.scalar_type());
        if (type == kStateTypes.end())
            return Error{.code = ErrorCode::Internal, .what = "the method's state " + name + " is of a type that checkpoints do not keep", .where = file.string(),
                         .hint = "Use f32, f64 or i64"};
        entries.push_back({.name = name, .dtype = type->second, .shape = tensor.sizes().vec()});
    }
    LETHE_TRY(SafetensorsWriter writer, SafetensorsWriter::create(file, entries));
    for (const SafetensorsEntry &entry : writer.tensors()) {
        const at::Tensor host = state.at(entry.name).detach().to(at::kCPU).contiguous();
        LETHE_TRY_VOID(writer.append(entry.name, host.const_data_ptr(), host.nbytes()));
    }
    return writer.finish();
}

/// What a config says of each layer, and of how many there are, for a model of the first \p layers.
void cutLayers(Json &config, std::int64_t layers)
{
    for (const char *key : {"num_hidden_layers", "n_layer", "num_layers"})
        if (config.contains(key))
            config[key] = layers;
    if (config.contains("layer_types") && config["layer_types"].is_array())
        while (static_cast<std::int64_t>(config["layer_types"].size()) > layers)
            config["layer_types"].erase(config["layer_types"].size() - 1);
}

/// config.json with the dtype that the weights are stored in.
Result<void> writeConfig(const fs::path &from, const fs::path &to, c10::ScalarType type, std::optional<std::int64_t> layers)
{
    LETHE_TRY(const std::string text, readFile(from));
    Json config = Json::parse(text, nullptr, false);
    if (config.is_discarded())
        return Error{.code = ErrorCode::Corrupt, .what = "is no valid JSON", .where = from.string(), .hint = {}};
    const std::string dtype = type == at::kFloat ? "float32" : type == at::kBFloat16 ? "bfloat16" : "float16";
    config[config.contains("dtype") ? "dtype" : "torch_dtype"] = dtype;
    if (layers)
        cutLayers(config, *layers);
    return writeFile(to, config.dump(2) + "\n");
}

Result<void> copyCompanions(const fs::path &modelFolder, const fs::path &to)
{
    static constexpr std::array kCompanions{"generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
                                            "added_tokens.json", "vocab.json", "merges.txt", "tokenizer.model", "chat_template.jinja",
                                            "chat_template.json"};
    std::error_code error;
    for (const char *name : kCompanions) {
        if (!fs::is_regular_file(modelFolder / name, error))
            continue;
        LETHE_TRY(const std::string content, readFile(modelFolder / name));
        LETHE_TRY_VOID(writeFile(to / name, content));
    }
    return {};
}

/// A folder that peft loads, over the model that the run began from.
Result<void> writeAdapter(const fs::path &folder, const fs::path &modelFolder, const Decoder &model)
{
    const LoraAdapter &adapter = *model.adapter();
    const std::vector<std::string> &targets = adapter.spec().targetModules;
    const bool named = !targets.empty() && targets != std::vector<std::string>{"all-linear"};
    std::error_code error;
    const fs::path base = fs::absolute(modelFolder, error).lexically_normal();
    LETHE_TRY_VOID(writeFile(folder / kAdapterConfig,
                             adapterConfigText(base.string(), adapter.spec(), named ? targets : adapter.moduleNames(), model.config().conv1d)));
    return writeWeights(folder / kAdapterWeights, adapter.parameters());
}

/// The weights with the adapter folded in, f32: an assistant is an ordinary model folder, however it was trained.
std::vector<Parameter> merged(const Decoder &model)
{
    std::vector<Parameter> parameters;
    for (std::size_t i = 0; i < model.parameters().size(); ++i) {
        const Parameter &parameter = model.parameters()[i];
        const at::Tensor delta = model.adapter()->delta(model.config(), parameter.spec, static_cast<std::int64_t>(i));
        const at::Tensor whole = parameter.value.detach().to(at::kFloat);
        parameters.push_back({.spec = parameter.spec, .value = delta.defined() ? whole + delta : whole});
    }
    return parameters;
}

std::int64_t folderBytes(const fs::path &folder)
{
    std::int64_t bytes = 0;
    std::error_code error;
    for (const auto &entry : fs::recursive_directory_iterator(folder, error))
        if (entry.is_regular_file(error))
            bytes += static_cast<std::int64_t>(entry.file_size(error));
    return bytes;
}

Result<void> fillFolder(const fs::path &folder, const fs::path &modelFolder, const Decoder &model, const Optimizer &optimizer, const CheckpointState &state)
{
    std::error_code error;
    if (!fs::create_directories(folder / "state", error) && error)
        return systemError(error.value(), "cannot be made", folder);
    LETHE_TRY(const ModelFolder parts, resolveModelFolder(modelFolder));
    const bool adapter = model.adapter() != nullptr && !state.assistantLayers;
    if (!adapter)
        LETHE_TRY_VOID(copyCompanions(parts.base, folder));
    if (adapter || parts.tokenizer != parts.base)
        LETHE_TRY_VOID(copyCompanions(parts.tokenizer, folder));
    if (adapter) {
        LETHE_TRY_VOID(writeAdapter(folder, modelFolder, model));
    } else {
        LETHE_TRY_VOID(writeConfig(parts.base / "config.json", folder / "config.json",
                                   model.adapter() != nullptr ? at::kFloat : model.parameters().front().value.scalar_type(), state.assistantLayers));
        LETHE_TRY_VOID(writeWeights(folder / "model.safetensors", model.adapter() != nullptr ? merged(model) : model.parameters()));
    }
    if (state.pair)
        LETHE_TRY_VOID(writePairManifest(folder, *state.pair));
    if (state.resumable) {
        LETHE_TRY_VOID(optimizer.save(folder / "state" / "optimizer.safetensors"));
        LETHE_TRY_VOID(writeMethodState(folder / "state" / kMethodFile, state.method));
    }
    return writeFile(folder / kStateFile, Json{{"step", state.step}, {"elapsed", state.elapsed}, {"spec_sha256", state.specHash}}.dump(2) + "\n");
}

} // namespace

Result<CheckpointRecord> writeCheckpoint(const fs::path &runFolder, const fs::path &modelFolder, const Decoder &model, const Optimizer &optimizer,
                                         const CheckpointState &state)
{
    const fs::path all = runFolder / "checkpoints";
    const fs::path target = all / ("step-" + std::to_string(state.step));
    std::error_code error;
    fs::create_directories(all, error);
    if (error)
        return systemError(error.value(), "cannot be made", all);
    const std::int64_t written = model.adapter() != nullptr && !state.assistantLayers ? model.adapter()->parameterCount() : model.parameterCount();
    const auto needed = static_cast<std::uint64_t>(written) * 12 + (1u << 20);
    LETHE_TRY(const std::uint64_t room, freeBytes(all));
    if (room < needed)
        return Error{.code = ErrorCode::DiskFull,
                     .what = "Cannot write the checkpoint of step " + std::to_string(state.step) + ": " + std::to_string(room >> 20) + " MiB free, "
                         + std::to_string((needed >> 20) + 1) + " needed",
                     .where = all.string(), .hint = "Free space or choose another folder, then resume"};

    const fs::path beside = target.string() + ".part-" + std::to_string(::getpid());
    fs::remove_all(beside, error);
    if (const auto filled = fillFolder(beside, modelFolder, model, optimizer, state); !filled.ok()) {
        fs::remove_all(beside, error);
        return filled.error();
    }
    fs::remove_all(target, error);
    fs::rename(beside, target, error);
    if (error)
        return systemError(error.value(), "cannot be renamed to its place", target);
    for (const auto &entry : fs::directory_iterator(all, error))
        if (entry.path() != target && entry.is_directory(error))
            fs::remove_all(entry.path() / "state", error);
    return CheckpointRecord{.step = state.step, .path = target.string(), .bytes = folderBytes(target)};
}

Result<CheckpointState> readCheckpointState(const fs::path &checkpoint)
{
    const fs::path file = checkpoint / kStateFile;
    LETHE_TRY(const std::string text, readFile(file));
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object() || !json.contains("step") || !json["step"].is_number_integer() || !json.contains("spec_sha256") || !json["spec_sha256"].is_string())
        return Error{.code = ErrorCode::Corrupt, .what = "is not a checkpoint's description", .where = file.string(), .hint = "Resume from another checkpoint"};
    return CheckpointState{.step = json["step"].get<std::int64_t>(), .elapsed = json.value("elapsed", 0.0), .specHash = json["spec_sha256"].get<std::string>()};
}

Result<std::map<std::string, at::Tensor>> readMethodState(const fs::path &checkpoint)
{
    std::map<std::string, at::Tensor> state;
    const fs::path path = checkpoint / "state" / kMethodFile;
    std::error_code error;
    if (!fs::exists(path, error))
        return state;
    LETHE_TRY(const SafetensorsFile file, SafetensorsFile::open(path));
    for (const TensorEntry &entry : file.entries())
        for (const auto &[type, name] : kStateTypes)
            if (entry.dtype == name)
                state[entry.name] = at::from_blob(const_cast<std::byte *>(file.bytes(entry).data()), entry.shape, type).clone();
    return state;
}

std::optional<fs::path> newestCheckpoint(const fs::path &runFolder)
{
    std::optional<fs::path> newest;
    std::int64_t newestStep = -1;
    std::error_code error;
    for (const auto &entry : fs::directory_iterator(runFolder / "checkpoints", error)) {
        const auto state = readCheckpointState(entry.path());
        if (!state.ok() || !fs::exists(entry.path() / "state" / "optimizer.safetensors", error) || state->step <= newestStep)
            continue;
        newestStep = state->step;
        newest = entry.path();
    }
    return newest;
}

} // namespace lethe
