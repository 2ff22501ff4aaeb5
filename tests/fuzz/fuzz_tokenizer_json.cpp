// tokenizer.json, beside a tokenizer_config.json that names tokens.
#include "TokenizerUse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    using namespace lethe;
    static const fuzz::ScratchFolder folder;
    static const bool prepared = (folder.write("tokenizer_config.json", R"({"bos_token": "<s>", "eos_token": {"content": "</s>"}})"), true);
    fuzz::use(prepared);
    folder.write("tokenizer.json", fuzz::textOf(data, size));
    const fuzz::MemoryBound bound(size, fuzz::kBytesForOne, fuzz::kBaseBytes);
    const auto tokenizer = Tokenizer::load(folder.path());
    if (tokenizer.ok())
        fuzz::useTokenizer(*tokenizer);
    else
        fuzz::use(tokenizer.error().message().size());
    return 0;
}
