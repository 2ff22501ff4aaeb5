// tokenizer.model (SentencePiece), by itself and as Llama's class. The library that checks the file is linked, not instrumented.
#include "TokenizerUse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    using namespace lethe;
    static const fuzz::ScratchFolder folder;
    folder.write("tokenizer.model", fuzz::textOf(data, size));
    for (const bool isLlama : {false, true}) {
        if (isLlama)
            folder.write("tokenizer_config.json", R"({"tokenizer_class": "LlamaTokenizer", "add_bos_token": true, "legacy": false})");
        else
            folder.remove("tokenizer_config.json");
        const fuzz::MemoryBound bound(size, fuzz::kBytesForOne, fuzz::kBaseBytes);
        const auto tokenizer = Tokenizer::load(folder.path());
        if (tokenizer.ok())
            fuzz::useTokenizer(*tokenizer);
        else
            fuzz::use(tokenizer.error().message().size());
    }
    return 0;
}
