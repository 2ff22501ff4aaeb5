#pragma once

#include <lethe/base/Result.h>
#include <lethe/model/TextModel.h>
#include <lethe/run/Records.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace lethe {

/// A question of a run, to be answered again.
struct AskedRow {
    std::string set;
    std::int64_t row = 0;
    std::string prompt;
    std::string reference;
};

/// A pair that stays loaded between two strengths. One worker at a time holds it.
struct LoadedPair {
    std::mutex mutex;
    std::string folder;
    std::unique_ptr<TextModel> model;
};

/// What a pair is to answer, and at which strength.
struct PairRequest {
    std::string folder;
    std::string specJson; ///< the run's: its template and lengths
    std::string device = "cpu";
    double weight = 0;
    std::vector<AskedRow> rows; ///< in the order in which they are wanted
    std::function<bool()> isCancelled;
    std::function<void(const QString &stage, double done, double total)> report;
    std::function<void(std::size_t row, SampleRecord sample)> answered;
};

/// Answers one row after the other, the first alone and the rest in batches, and scores them as an evaluation does: text, ROUGE-L recall,
/// exact match, answer probability. Cancelled where it was.
Result<void> answerWithPair(LoadedPair &pair, const PairRequest &request);

} // namespace lethe
