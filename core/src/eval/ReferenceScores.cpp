#include "eval/ReferenceScores.h"

#include <lethe/base/Paths.h>
#include <lethe/eval/TextMetrics.h>
#include <lethe/store/RunStore.h>

#include <algorithm>

namespace lethe {

namespace fs = std::filesystem;

namespace {

/// `0–199`, `3`.
std::string rangeText(std::int64_t first, std::int64_t last)
{
    return first == last ? std::to_string(first) : std::to_string(first) + "–" + std::to_string(last);
}

/// Decoders change white space and quotes, and logs cut texts: words decide, and one may end before the other.
bool mayBeTheSame(const std::string &logged, const std::string &own)
{
    const std::vector<std::string> a = rougeTokens(logged, false), b = rougeTokens(own, false);
    return std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin());
}

std::multimap<std::uintmax_t, fs::path> weightFiles(const fs::path &folder)
{
    std::multimap<std::uintmax_t, fs::path> files;
    std::error_code code;
    for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code))
        if (entry->path().extension() == ".safetensors")
            files.emplace(entry->file_size(code), entry->path());
    return files;
}

} // namespace

ReferenceScores referenceFromRecord(const EvaluationRecord &evaluation, std::string source)
{
    ReferenceScores reference{.source = std::move(source), .exactTexts = true, .isTheModel = false, .sets = {}, .metrics = {}};
    for (const SampleRecord &sample : evaluation.samples) {
        ReferenceRow &row = reference.sets[sample.set][sample.row];
        row.prompt = sample.prompt;
        row.answer = sample.reference;
        row.answerLoss = sample.value("answer_loss");
        row.correctLoss = sample.value("correct_loss");
        for (std::int64_t i = 1;; ++i) {
            const auto loss = sample.value("false_loss_" + std::to_string(i));
            if (!loss)
                break;
            row.falseLosses.push_back(*loss);
        }
    }
    for (const MetricValue &metric : evaluation.metrics)
        if (metric.value)
            reference.metrics[metric.id] = *metric.value;
    return reference;
}

Result<ReferenceScores> referenceFromRun(const fs::path &storeFile, RunId run)
{
    const std::string name = "run " + std::to_string(run);
    if (storeFile.empty())
        return Error{.code = ErrorCode::NotFound, .what = "there is no store to look " + name + " up in", .where = "eval.reference",
                     .hint = "Use a model folder or an evaluation log"};
    const auto cannotBeRead = [&](const Error &error) {
        return Error{.code = error.code, .what = name + " cannot be looked up in " + storeFile.string() + ": " + error.what, .where = "eval.reference", .hint = error.hint};
    };
    const auto store = RunStore::open(storeFile, RunStore::Mode::ReadOnly);
    if (!store.ok())
        return cannotBeRead(store.error());
    const auto evaluations = (*store)->evaluations(run, true);
    if (!evaluations.ok())
        return cannotBeRead(evaluations.error());
    const EvaluationRecord *last = nullptr;
    for (const EvaluationRecord &evaluation : *evaluations)
        if (!evaluation.subset && (last == nullptr || evaluation.step >= last->step))
            last = &evaluation;
    if (last == nullptr)
        return Error{.code = ErrorCode::InvalidInput, .what = name + " has no evaluation of whole sets", .where = "eval.reference",
                     .hint = "Run its spec with eval.metrics: [\"tofu\"]"};
    ReferenceScores reference = referenceFromRecord(*last, name + ", step " + std::to_string(last->step));
    if (std::ranges::none_of(reference.sets["forget"], [](const auto &row) { return row.second.correctLoss.has_value() || row.second.answerLoss.has_value(); }))
        return Error{.code = ErrorCode::InvalidInput, .what = name + " stored no losses of the forget set's rows", .where = "eval.reference",
                     .hint = "Run its spec with eval.metrics: [\"tofu\"]"};
    return reference;
}

Result<void> checkReferenceRows(const ReferenceScores &reference, const EvaluationSet &set)
{
    const auto refuse = [&](const std::string &what) {
        return Error{.code = ErrorCode::InvalidInput, .what = reference.source + " is of other rows than the " + set.name + " set: " + what,
                     .where = "eval.reference", .hint = "The " + set.name + " set is " + set.source + ", " + std::to_string(set.rows.size()) + " rows"};
    };
    const auto found = reference.sets.find(set.name);
    if (found == reference.sets.end() || found->second.empty())
        return refuse("it holds none");
    const auto &rows = found->second;
    const auto own = static_cast<std::int64_t>(set.rows.size());
    if (static_cast<std::int64_t>(rows.size()) != own || rows.begin()->first != 0 || rows.rbegin()->first != own - 1)
        return refuse("it holds " + std::to_string(rows.size()) + " rows, " + rangeText(rows.begin()->first, rows.rbegin()->first));
    for (const auto &[index, row] : rows) {
        const DataRow &data = set.rows[static_cast<std::size_t>(index)].data;
        const auto differs = [&](const std::string &theirs, const std::string &ours) {
            return !theirs.empty() && (reference.exactTexts ? theirs != ours : !mayBeTheSame(theirs, ours));
        };
        if (differs(row.answer, data.answer) || (reference.exactTexts && differs(row.prompt, data.prompt)))
            return refuse("row " + std::to_string(index) + " answers \"" + row.answer.substr(0, 60) + "\" there and \"" + data.answer.substr(0, 60) + "\" here");
    }
    return {};
}

bool haveSameWeights(const fs::path &one, const fs::path &other)
{
    std::error_code code;
    if (fs::equivalent(one, other, code))
        return true;
    const auto a = weightFiles(one), b = weightFiles(other);
    if (a.empty() || !std::ranges::equal(a, b, {}, [](const auto &file) { return file.first; }, [](const auto &file) { return file.first; }))
        return false;
    return std::ranges::equal(a, b, [](const auto &x, const auto &y) {
        const auto hashOfX = sha256OfFile(x.second), hashOfY = sha256OfFile(y.second);
        return hashOfX.ok() && hashOfY.ok() && *hashOfX == *hashOfY;
    });
}

} // namespace lethe
