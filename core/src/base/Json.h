#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

/// JSON whose objects keep the order of their keys.
using Json = nlohmann::ordered_json;

struct TextPosition {
    std::int64_t line = 1, column = 1;
};
/// Where byte \p offset of \p text lies, both counted from 1; columns in bytes.
LETHE_EXPORT TextPosition positionOf(std::string_view text, std::size_t offset);

/// What is wrong with a JSON text, and where.
struct JsonProblem {
    std::string what;
    TextPosition position;
};
enum class DuplicateKeys { Refuse, LastWins };
/// Parses \p text, and says in \p problem what kept it from it. NaN and Infinity are no JSON.
/// Nothing is thrown, whatever the bytes.
LETHE_EXPORT std::optional<Json> parseJson(std::string_view text, JsonProblem &problem,
                                           DuplicateKeys duplicates = DuplicateKeys::LastWins);

/// Offset of the first bracket outside strings that opens more than \p deepest levels; npos where none does. Needs no valid JSON.
LETHE_EXPORT std::size_t tooDeepAt(std::string_view text, int deepest);

/// `"text"` (cut where long), `0.5`, `null`, `a list`, `an object`: for messages.
LETHE_EXPORT std::string describe(const Json &value);

/// JSON text of \p value; broken UTF-8 becomes U+FFFD.
LETHE_EXPORT std::string dumpJson(const Json &value, int indentation = -1);

/// The candidate nearest to \p word where one is near enough to be meant, else empty.
LETHE_EXPORT std::string nearestName(std::string_view word, const std::vector<std::string> &candidates);

/// `a, b, c`.
LETHE_EXPORT std::string joined(const std::vector<std::string> &parts, std::string_view separator = ", ");

/// Offset of the first byte of \p text that is not UTF-8; npos where all is.
LETHE_EXPORT std::size_t firstInvalidUtf8(std::string_view text);

} // namespace lethe
