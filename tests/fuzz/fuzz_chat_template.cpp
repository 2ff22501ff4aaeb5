// A chat template (Jinja): parsed, then rendered with three conversations.
#include "FuzzBounds.h"

#include <lethe/tokenizer/ChatTemplate.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    using namespace lethe;
    // A template is a program: what it may hold follows from the work it is allowed (Interpreter's Bounds), not from its size.
    const fuzz::MemoryBound bound(size, fuzz::kBytesForOne, std::size_t{256} << 20);
    const auto parsed = ChatTemplate::parse(std::string(fuzz::textOf(data, size)), "<s>", "</s>");
    if (!parsed.ok()) {
        fuzz::use(parsed.error().message().size());
        return 0;
    }
    const std::vector<ChatMessage> talk{{.role = "system", .content = "Be \u0141\u00f3d\u017a brief.\n"},
                                        {.role = "user", .content = "What is <think>1 + 1</think>? {{ x }}"},
                                        {.role = "assistant", .content = "  2 "},
                                        {.role = "user", .content = ""}};
    for (const std::size_t count : {std::size_t{4}, std::size_t{0}}) {
        const auto text = parsed->render({talk.begin(), talk.begin() + static_cast<std::ptrdiff_t>(count)}, count > 0);
        fuzz::use(text.ok() ? text->size() : text.error().message().size());
    }
    return 0;
}
