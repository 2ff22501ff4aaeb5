#include "ExportCheck.h"

#include "model/FloatConvert.h"
#include "model/Safetensors.h"

#include <lethe/model/ModelInfo.h>
#include <lethe/model/TextModel.h>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace lethe {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPrompts = 8;
constexpr std::size_t kRowTokens = 16;
/// Rows compared at most: their logits are kept as files, 2 MiB for every 1000 words of vocabulary.
constexpr std::size_t kRows = 8;

/// The files that hold the logits, gone at the end of the scope.
struct ScratchFolder {
    fs::path path;
    ~ScratchFolder()
    {
        std::error_code error;
        fs::remove_all(path, error);
    }
};

using IdRows = std::vector<std::vector<TokenId>>;

/// The run's prompts, one after the other, cut into rows of one length.
IdRows rowsOfPrompts(const RunStore &store, RunId run, const Tokenizer &tokenizer)
{
    std::vector<TokenId> ids;
    const auto evaluations = store.evaluations(run, true);
    if (evaluations.ok() && !evaluations->empty()) {
        const auto &samples = evaluations->front().samples;
        for (std::size_t i = 0; i < std::min(samples.size(), kPrompts); ++i)
            for (const TokenId id : tokenizer.encode(samples[i].prompt + " " + samples[i].reference, i == 0))
                ids.push_back(id);
    }
    IdRows rows;
    for (std::size_t begin = 0; begin + kRowTokens <= ids.size() && rows.size() < kRows; begin += kRowTokens)
        rows.emplace_back(ids.begin() + static_cast<std::ptrdiff_t>(begin), ids.begin() + static_cast<std::ptrdiff_t>(begin + kRowTokens));
    return rows;
}

/// Ids from all over the vocabulary.
IdRows fixedRows(std::int64_t vocabulary)
{
    IdRows rows(2);
    std::uint64_t state = 1;
    for (auto &row : rows)
        for (std::size_t i = 0; i < kRowTokens; ++i) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            row.push_back(static_cast<TokenId>((state >> 33) % static_cast<std::uint64_t>(vocabulary)));
        }
    return rows;
}

struct LogitsOf {
    const fs::path folder;
    const Dtype dtype;
    const fs::path file;
};

Result<void> writeLogits(const LogitsOf &what, IdRows &rows, const RunStore &store, RunId run, const ExportProgress &progress)
{
    LoadOptions options;
    options.device = "cpu"; // where a run of the same weights repeats bit for bit
    options.dtype = what.dtype;
    options.mergeAdapter = true;
    if (progress)
        options.progress = [&](std::uint64_t done, std::uint64_t total) { return progress(done, total, "Checking"); };
    LETHE_TRY(TextModel model, TextModel::load(what.folder, options));
    if (rows.empty())
        rows = rowsOfPrompts(store, run, model.tokenizer());
    if (rows.empty()) {
        LETHE_TRY(const ModelInfo info, inspectModel(what.folder));
        rows = fixedRows(info.vocabularySize);
    }
    LETHE_TRY_VOID(model.writeLogits(rows, what.file));
    return {};
}

/// Infinity where either holds what is not finite.
Result<double> largestDifference(const fs::path &left, const fs::path &right)
{
    LETHE_TRY(const SafetensorsFile leftFile, SafetensorsFile::open(left));
    LETHE_TRY(const SafetensorsFile rightFile, SafetensorsFile::open(right));
    const TensorEntry *leftEntry = leftFile.find("logits");
    const TensorEntry *rightEntry = rightFile.find("logits");
    if (leftEntry == nullptr || rightEntry == nullptr || leftEntry->shape != rightEntry->shape)
        return std::numeric_limits<double>::infinity();
    const auto leftBytes = leftFile.bytes(*leftEntry);
    const auto rightBytes = rightFile.bytes(*rightEntry);
    double largest = 0;
    for (std::size_t at = 0; at + sizeof(float) <= leftBytes.size(); at += sizeof(float)) {
        float a = 0, b = 0;
        std::memcpy(&a, leftBytes.data() + at, sizeof a);
        std::memcpy(&b, rightBytes.data() + at, sizeof b);
        if (!std::isfinite(a) || !std::isfinite(b))
            return std::numeric_limits<double>::infinity();
        largest = std::max(largest, std::abs(static_cast<double>(a) - static_cast<double>(b)));
    }
    return largest;
}

Error doesNotLoad(const Error &error)
{
    if (error.code == ErrorCode::Cancelled || error.code == ErrorCode::OutOfMemory || error.code == ErrorCode::DiskFull)
        return error;
    return Error{.code = ErrorCode::Corrupt, .what = "what was written cannot be loaded again: " + error.message(), .where = {}, .hint = {}};
}

} // namespace

Result<ExportCheck> compareWithCheckpoint(const RunStore &store, const ExportPlan &plan, const fs::path &folder, const ExportProgress &progress)
{
    const ScratchFolder scratch{folder.string() + ".logits-" + std::to_string(::getpid())};
    std::error_code error;
    fs::create_directories(scratch.path, error);
    const fs::path ours = scratch.path / "export.safetensors";
    const fs::path theirs = scratch.path / "checkpoint.safetensors";
    IdRows rows;
    const auto compareIn = [&](Dtype dtype) -> Result<double> {
        if (const auto written = writeLogits({folder, dtype, ours}, rows, store, plan.run.row.id, progress); !written.ok())
            return doesNotLoad(written.error());
        LETHE_TRY_VOID(writeLogits({plan.checkpoint.path, dtype, theirs}, rows, store, plan.run.row.id, progress));
        return largestDifference(ours, theirs);
    };
    ExportCheck check;
    // An adapter's numbers are added to its base's: only as they were trained are the sums the same.
    const bool narrowed = plan.asAdapter && !holdsExactly(plan.dtype, plan.checkpointDtype);
    if (narrowed) {
        LETHE_TRY(check.measuredDifference, compareIn(Dtype::F32));
        return check;
    }
    // Loaded in the export's own dtype, the checkpoint's weights are rounded as the export's were: no difference may be left.
    LETHE_TRY(check.exactDifference, compareIn(plan.asAdapter ? Dtype::F32 : plan.dtype));
    check.measuredDifference = check.exactDifference;
    if (!holdsExactly(plan.dtype, plan.checkpointDtype)) {
        LETHE_TRY(check.measuredDifference, compareIn(Dtype::F32));
    }
    return check;
}

} // namespace lethe
