#include "run/Checkpoint.h"

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

Result<void> writeWeights(const fs::path &file, const Decoder &model)
{
    std::vector<SafetensorsEntry> entries;
    std::map<std::string, at::Tensor> tensors;
    for (const Parameter &parameter : model.parameters()) {
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

/// config.json with the dtype that the weights are stored in.
Result<void> writeConfig(const fs::path &from, const fs::path &to, c10::ScalarType type)
{
    LETHE_TRY(const std::string text, readFile(from));
    Json config = Json::parse(text, nullptr, false);
    if (config.is_discarded())
        return Error{.code = ErrorCode::Corrupt, .what = "is no valid JSON", .where = from.string(), .hint = {}};
    const std::string dtype = type == at::kFloat ? "float32" : type == at::kBFloat16 ? "bfloat16" : "float16";
    config[config.contains("dtype") ? "dtype" : "torch_dtype"] = dtype;
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
    LETHE_TRY_VOID(copyCompanions(modelFolder, folder));
    LETHE_TRY_VOID(writeConfig(modelFolder / "config.json", folder / "config.json", model.parameters().front().value.scalar_type()));
    LETHE_TRY_VOID(writeWeights(folder / "model.safetensors", model));
    LETHE_TRY_VOID(optimizer.save(folder / "state" / "optimizer.safetensors"));
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
    const auto needed = static_cast<std::uint64_t>(model.parameterCount()) * 12 + (1u << 20);
    LETHE_TRY(const std::uint64_t room, freeBytes(all));
    if (room < needed)
        return Error{.code = ErrorCode::DiskFull,
                     .what = "Cannot write the checkpoint of step " + std::to_string(state.step) + ": " + std::to_string(room >> 20) + " MiB free, "
                         + std::to_string((needed >> 20) + 1) + " needed",
                     .where = all.string(), .hint = "Free space or choose another folder, then resume"};

    const fs::path beside = target.string() + ".part-" + std::to_string(::getpid());
    fs::remove_all(beside, error);
    if (const auto written = fillFolder(beside, modelFolder, model, optimizer, state); !written.ok()) {
        fs::remove_all(beside, error);
        return written.error();
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
