#pragma once

#include <lethe/base/Export.h>
#include <lethe/data/Dataset.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

/// What of a forget set is told by the retain set as well, so that a run would be asked to forget and to keep it at once.
struct OverlapOptions {
    double similarity = 0.6; ///< least Jaccard index of two rows' word pairs for them to be near-duplicates
    double leak = 0.9;       ///< least share of an answer's word pairs that another row tells: of a short one, all
    /// Pairs of rows that are looked at closely at most, for sets made of one pattern where all are alike. 0: no bound.
    std::int64_t mostPairs = 0;
};

/// A forget row and a retain row that say nearly the same.
struct NearDuplicate {
    std::int64_t forget = 0, retain = 0; ///< indices into the rows
    double similarity = 0;               ///< 1: the same words in the same order
    bool operator==(const NearDuplicate &) const = default;
};

/// A forget row's answer that a retain row tells in its prompt or answer, or the other way round, without being a near-duplicate.
struct AnswerLeak {
    bool fromForget = true; ///< the answer is the forget row's
    std::int64_t forget = 0, retain = 0;
    double share = 0; ///< of the answer's word pairs
    bool operator==(const AnswerLeak &) const = default;
};

struct SetOverlap {
    std::vector<NearDuplicate> nearDuplicates; ///< most similar first
    std::vector<AnswerLeak> leaks;             ///< largest share first
    std::int64_t lookedAt = 0;                 ///< forget rows; fewer than there are where the search ended early
};

/// Words of a text, folded: runs of letters and digits; in scripts that put no space between words (Han, kana, Thai, …) every
/// letter by itself. Any language.
LETHE_EXPORT std::vector<std::string> foldedWords(std::string_view text);

/// Compares every forget row with every retain row by pairs of neighbouring words (w-shingling with w = 2, Broder 1997): nothing
/// is sampled, so nothing above the bounds is missed in the rows that were looked at. An answer of one word leaks nothing: too many rows have it. Any thread.
/// \param progress false from it ends the search
LETHE_EXPORT SetOverlap findOverlap(const std::vector<const DataRow *> &forget, const std::vector<const DataRow *> &retain, const OverlapOptions &options = {},
                                    const std::function<bool(std::size_t done, std::size_t total)> &progress = {});

} // namespace lethe
