#include "TokenizerUse.h"

#include <cstdio>
#include <cstdlib>

namespace lethe::fuzz {

namespace {

[[noreturn]] void broken(const char *what)
{
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

} // namespace

void useTokenizer(const Tokenizer &tokenizer)
{
    static const std::string kTexts[] = {
        "",
        "a",
        "Hello world, don't!  It's 1234.5 \t\n\n x",
        "<s> [INST] \u0141\u00f3d\u017a e\u0301 \uff21\ufb01 \u4f60\u597d \u0645\u0631 \xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD \u2581 </s>",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
        std::string("broken \xFF\xC3(\xE2\x96 \0 bytes", 21),
    };
    for (const std::string &text : kTexts) {
        const auto ids = tokenizer.encode(text);
        const auto pieces = tokenizer.encodePieces(text);
        if (ids.size() != pieces.size())
            broken("encode and encodePieces differ in number");
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (ids[i] != pieces[i].id)
                broken("encode and encodePieces differ");
            if (pieces[i].begin > pieces[i].end || pieces[i].end > text.size())
                broken("a piece lies outside its text");
        }
        const std::string whole = tokenizer.decode(ids, true);
        StreamDecoder stream(tokenizer, true);
        std::string streamed;
        for (const TokenId id : ids)
            streamed += stream.push(id);
        streamed += stream.finish();
        if (streamed != whole)
            broken("a stream gives another text");
        use(tokenizer.decode(ids, false).size());
    }
    std::vector<TokenId> odd{-1, 2147483647};
    for (TokenId id = 0; id < 40; ++id)
        odd.push_back(id);
    use(tokenizer.decode(odd, false).size() + tokenizer.decode(odd, true).size());
    use(static_cast<std::uint64_t>(tokenizer.vocabularySize()) + tokenizer.namedTokens().size());
}

} // namespace lethe::fuzz
