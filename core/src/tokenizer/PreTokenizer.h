#pragma once

#include "AlignedText.h"
#include "JsonNode.h"
#include "Pattern.h"

#include <memory>
#include <vector>

namespace lethe {

/// A text and the words it is cut into so far.
struct Pieces {
    AlignedText text;
    std::vector<Span> spans;
    // Room for one cutting after another.
    std::vector<Span> matches;
    std::vector<Span> nextSpans;
};

/// Cuts words into smaller ones, and may rewrite them. Immutable once the tokenizer is put together.
class PreTokenizer
{
public:
    virtual ~PreTokenizer() = default;
    virtual void apply(Pieces &pieces) const = 0;

    /// Whether this is, or ends in, a ByteLevel step.
    virtual bool endsInBytes() const { return false; }
    /// For one that `endsInBytes`: the bytes stay as they are, the model reads them so.
    virtual void keepRawBytes() {}
    /// Whether it changes text, not only cuts it.
    virtual bool rewrites() const { return false; }
    /// Whether it must be told where words stood in the text as it was given. \param wasRewritten whether something before
    /// it changes text: if nothing does, words stand where they stood.
    virtual bool asksForOrigins(bool wasRewritten) const { (void)wasRewritten; return false; }

    static Result<std::unique_ptr<PreTokenizer>> read(const JsonNode &node);
};

/// The character that stands for a space (▁) and when one is put in front: what Metaspace, as pre-tokenizer and as
/// decoder, is made of.
struct MetaspaceOptions {
    enum class Prefix { Never, First, Always };
    std::string replacement;
    Prefix prefix = Prefix::Always;
    bool splits = true;

    static Result<MetaspaceOptions> read(const JsonNode &node);
};

} // namespace lethe
