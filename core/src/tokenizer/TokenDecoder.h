#pragma once

#include "JsonNode.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lethe {

/// Turns tokens as the vocabulary spells them into text, one step of it. Immutable.
class TokenDecoder
{
public:
    virtual ~TokenDecoder() = default;
    virtual void apply(std::vector<std::string> &tokens) const = 0;

    /// What of a text that is still growing may change with the next token.
    enum class Unsettled { LastCharacter, ByteRun, Everything };
    virtual Unsettled unsettled() const { return Unsettled::LastCharacter; }
    /// Whether one token leaves it, whatever went in.
    virtual bool joins() const { return false; }
    /// Whether it only takes something off the ends: then what it leaves grows as what it gets.
    virtual bool trims() const { return false; }

    /// The byte that a token like `<0x41>` stands for.
    static std::optional<unsigned char> byteOf(std::string_view token);

    /// Unsupported names the type.
    static Result<std::unique_ptr<TokenDecoder>> read(const JsonNode &node);
};

} // namespace lethe
