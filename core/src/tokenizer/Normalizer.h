#pragma once

#include "AlignedText.h"
#include "JsonNode.h"

#include <memory>

namespace lethe {

/// Rewrites text before it is cut. Immutable.
class Normalizer
{
public:
    virtual ~Normalizer() = default;
    virtual void apply(AlignedText &text) const = 0;

    /// Unsupported names the type.
    static Result<std::unique_ptr<Normalizer>> read(const JsonNode &node);
};

/// SentencePiece's compiled character map (`precompiled_charsmap`, base64).
Result<std::unique_ptr<Normalizer>> readPrecompiledNormalizer(const JsonNode &node);

/// Sends every character through \p map (code point, string to append to); unchanged ones keep their bytes.
template<typename Map>
void mapCharacters(AlignedText &text, Map map);

} // namespace lethe

#include "Utf8.h"

namespace lethe {

template<typename Map>
void mapCharacters(AlignedText &text, Map map)
{
    const std::string_view source = text.view();
    AlignedText::Rewrite rewrite(text);
    std::string mapped;
    std::size_t kept = 0; // where the unchanged stretch begins
    for (std::size_t at = 0; at < source.size();) {
        const std::size_t begin = at;
        const char32_t c = utf8::next(source, at);
        mapped.clear();
        map(c, mapped);
        if (mapped == source.substr(begin, at - begin))
            continue;
        rewrite.keep(kept, begin);
        rewrite.put(mapped, begin, at);
        kept = at;
    }
    if (kept == 0)
        return;
    rewrite.keep(kept, source.size());
    text = rewrite.finish();
}

} // namespace lethe
