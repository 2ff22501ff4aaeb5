#pragma once

#include <lethe/data/Dataset.h>

#include <QtCore/QString>
#include <QtCore/QtGlobal>

#include <memory>
#include <string>
#include <vector>

namespace lethe {

enum class SetSide { Forget, Retain };

/// One row of a set as the Data page holds it. Never changed once made: an edit makes another one with a new key.
struct Sample {
    quint64 key = 0;
    DataRow row;
    std::string folded; ///< prompt, U+001F, answer: white space collapsed, case folded; what filters and duplicates compare
};

/// Shared by the table, the undo steps and the workers that count: none of them copies a text.
using SamplePointer = std::shared_ptr<const Sample>;
using SampleList = std::vector<SamplePointer>;

/// Any thread.
SamplePointer makeSample(DataRow row);
SampleList makeSamples(const std::vector<DataRow> &rows);
/// White space collapsed and trimmed, case folded.
std::string foldText(std::string_view text);

/// What is worth saying of a row.
enum class SampleFlag : unsigned {
    Both = 1u << 0,      ///< in both sets after folding
    Duplicate = 1u << 1, ///< a later copy of a row of the same set
    Empty = 1u << 2,     ///< prompt or answer has no visible character
    Cut = 1u << 3,       ///< longer than the length in tokens
    NoLabel = 1u << 4,   ///< no trained token left
    Unknown = 1u << 5,   ///< holds U+FFFD: the file was not what it was read as
    Boundary = 1u << 6,  ///< a token spans the border of prompt and answer
    Near = 1u << 7,      ///< says nearly what a row of the other set says
    Leak = 1u << 8,      ///< its answer is told by a row of the other set, or it tells such a row's answer
};
inline constexpr SampleFlag kSampleFlags[] = {SampleFlag::Both, SampleFlag::Near, SampleFlag::Leak, SampleFlag::Duplicate, SampleFlag::Empty, SampleFlag::NoLabel,
                                              SampleFlag::Cut, SampleFlag::Unknown, SampleFlag::Boundary};
constexpr bool has(unsigned flags, SampleFlag flag) { return (flags & static_cast<unsigned>(flag)) != 0; }
/// The word that filters and cells use: `both`, `double`, `empty`, `cut`, `untrained`, `unknown`, `border`, `near`, `leak`.
QString flagWord(SampleFlag flag);
QString flagSign(SampleFlag flag);
QString flagExplanation(SampleFlag flag);

/// What the encoder said of one row; `tokens` below 0: not asked yet.
struct TokenFacts {
    std::int64_t tokens = -1;
    std::int64_t labels = 0;
    std::int64_t dropped = 0;
    bool boundaryMismatch = false;
};

} // namespace lethe
