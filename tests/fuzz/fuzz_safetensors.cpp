// model.safetensors, or (text that begins with a brace) model.safetensors.index.json beside one good shard.
#include "FuzzBounds.h"

#include "model/Safetensors.h"

#include <lethe/base/Result.h>

#include <cstring>

namespace {

using namespace lethe;

/// A file of one tensor, `w` of two numbers.
std::string goodShard()
{
    const std::string header = R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
    const std::uint64_t length = header.size();
    std::string file(8, '\0');
    std::memcpy(file.data(), &length, 8);
    return file + header + std::string(8, '\1');
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    static const fuzz::ScratchFolder folder;
    static const bool prepared = (folder.write("shard.safetensors", goodShard()), true);
    fuzz::use(prepared);
    const std::string_view text = fuzz::textOf(data, size);
    const bool isIndex = text.starts_with('{');
    folder.remove(isIndex ? "model.safetensors" : "model.safetensors.index.json");
    folder.write(isIndex ? "model.safetensors.index.json" : "model.safetensors", text);

    const fuzz::MemoryBound bound(size, fuzz::kBytesForOne, fuzz::kBaseBytes);
    const auto files = WeightFiles::open(folder.path());
    if (!files.ok()) {
        fuzz::use(files.error().message().size());
        return 0;
    }
    for (const auto &[name, found] : files->all()) {
        std::uint64_t sum = name.size() + static_cast<std::uint64_t>(found.entry->elements());
        for (const std::byte byte : found.file->bytes(*found.entry))
            sum += static_cast<std::uint64_t>(byte);
        found.file->letGo(found.file->bytes(*found.entry));
        fuzz::use(sum);
    }
    fuzz::use(files->bytes());
    return 0;
}
