#pragma once

#include <lethe/base/Export.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

/// Tokens as rouge-score 0.1.2 makes them: lower case, runs outside `[a-z0-9]` become one space, split; words longer than
/// three characters stemmed (Porter with NLTK's extensions) where asked.
LETHE_EXPORT std::vector<std::string> rougeTokens(std::string_view text, bool stem);
/// NLTK's Porter stemmer (its default mode) on one lower-case word.
LETHE_EXPORT std::string porterStem(std::string_view word);

struct RougeScore {
    double precision = 0, recall = 0, f = 0;
};
/// ROUGE-L over token lists; all 0 where either is empty (Lin 2004; rouge-score 0.1.2).
LETHE_EXPORT RougeScore rougeL(std::string_view reference, std::string_view prediction, bool stem = true);
/// ROUGE-1, clipped unigram overlap.
LETHE_EXPORT RougeScore rouge1(std::string_view reference, std::string_view prediction, bool stem = true);

/// Without the white space at its ends, by Unicode as Python's `str.strip` has it. A view into \p text.
LETHE_EXPORT std::string_view strippedText(std::string_view text);
/// Equal after outer white space is stripped.
LETHE_EXPORT bool exactMatch(std::string_view reference, std::string_view prediction);

/// Longest run of one token (by white space) in \p text; more than 8 counts as a repeating answer.
LETHE_EXPORT int longestRepeat(std::string_view text);

/// How far a generated text has degenerated, from its tokens by white space (evaluation.md §7).
struct TextQuality {
    std::int64_t tokens = 0;
    std::optional<double> distinct1, distinct2, distinct3; ///< unique n-grams / n-grams; none below n tokens
    std::optional<double> bigramEntropy;                   ///< bits
    int longestRun = 0;                                    ///< of one token
};
LETHE_EXPORT TextQuality textQuality(std::string_view text);

} // namespace lethe
