// The JSON files beside weights: the same bytes as config.json, generation_config.json, adapter_config.json, tokenizer_config.json.
#include "FuzzBounds.h"

#include "model/DecoderConfig.h"

#include <lethe/model/ModelInfo.h>

#include <cstring>

namespace {

using namespace lethe;

std::string weights(const std::string &header, std::size_t bytes)
{
    const std::uint64_t length = header.size();
    std::string file(8, '\0');
    std::memcpy(file.data(), &length, 8);
    return file + header + std::string(bytes, '\0');
}

constexpr const char *kConfig = R"({"model_type": "llama", "vocab_size": 4, "hidden_size": 4, "intermediate_size": 4, "num_hidden_layers": 1,
"num_attention_heads": 2, "tie_word_embeddings": true})";
constexpr const char *kTokenizer = R"({"version": "1.0", "added_tokens": [], "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}})";

void writeBase(const fuzz::ScratchFolder &folder)
{
    folder.write("config.json", kConfig);
    folder.write("tokenizer.json", kTokenizer);
    folder.write("model.safetensors", weights(R"({"model.embed_tokens.weight":{"dtype":"F32","shape":[4,4],"data_offsets":[0,64]}})", 64));
}

void inspect(const std::filesystem::path &folder, std::size_t size)
{
    const fuzz::MemoryBound bound(size, fuzz::kBytesForOne, fuzz::kBaseBytes);
    const auto info = inspectModel(folder);
    if (!info.ok()) {
        fuzz::use(info.error().message().size());
        return;
    }
    for (const Error &problem : info->problems)
        fuzz::use(problem.message().size());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    static const fuzz::ScratchFolder asConfig, asGeneration, asAdapter, base;
    static const bool prepared = [] {
        for (const fuzz::ScratchFolder *folder : {&asConfig, &asGeneration, &base})
            writeBase(*folder);
        asAdapter.write("adapter_model.safetensors",
                        weights(R"({"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight":{"dtype":"F32","shape":[2,4],"data_offsets":[0,32]},)"
                                R"("base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight":{"dtype":"F32","shape":[4,2],"data_offsets":[32,64]}})", 64));
        // An adapter finds its base beside itself, by the name that the fuzzer may write.
        std::filesystem::create_directory_symlink(base.path(), asAdapter.path() / "b");
        return true;
    }();
    fuzz::use(prepared);
    const std::string_view text = fuzz::textOf(data, size);
    asConfig.write("config.json", text);
    inspect(asConfig.path(), size);
    asGeneration.write("generation_config.json", text);
    asGeneration.write("tokenizer_config.json", text);
    inspect(asGeneration.path(), size);
    asAdapter.write("adapter_config.json", text);
    inspect(asAdapter.path(), size);

    const auto config = parseDecoderConfig(text, "config.json");
    if (!config.ok() || config->rope.kind == RopeKind::None || config->rotaryDim > 512)
        return 0;
    for (const std::int64_t length : {1, 100, 1'000'000})
        fuzz::use(rotaryFrequencies(config->rope, config->rotaryDim, length).inverse.size());
    return 0;
}
