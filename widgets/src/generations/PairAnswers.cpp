#include "PairAnswers.h"

#include <lethe/data/Dataset.h>
#include <lethe/eval/TextMetrics.h>
#include <lethe/spec/SpecReader.h>

#include <QtCore/QCoreApplication>

#include <algorithm>
#include <cmath>

namespace lethe {

namespace {

constexpr std::size_t kRowsAtOnce = 8;

QString say(const char *text)
{
    return QCoreApplication::translate("PairAnswers", text);
}

Error cancelled()
{
    return {.code = ErrorCode::Cancelled, .what = "answering was cancelled", .where = {}, .hint = {}};
}

Result<void> loadPair(LoadedPair &pair, const PairRequest &request)
{
    if (pair.model && pair.folder == request.folder)
        return {};
    pair.model.reset(); // not two at once
    LoadOptions how;
    how.device = request.device;
    how.progress = [&request](std::uint64_t done, std::uint64_t total) {
        request.report(say("Reading the pair"), static_cast<double>(done), static_cast<double>(total));
        return !request.isCancelled();
    };
    LETHE_TRY(TextModel model, TextModel::load(request.folder, how));
    pair.model = std::make_unique<TextModel>(std::move(model));
    pair.folder = request.folder;
    return {};
}

/// As evaluations keep answers.
std::string stripped(const std::string &text)
{
    const char *const kSpace = " \t\r\n\f\v";
    const std::size_t begin = text.find_first_not_of(kSpace);
    return begin == std::string::npos ? std::string() : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

/// exp(−mean token loss) of the reference, as evaluations have it.
Result<std::optional<double>> probabilityOf(TextModel &model, const SampleEncoder &encoder, const AskedRow &row)
{
    if (row.reference.empty())
        return std::optional<double>();
    DataRow data;
    data.prompt = row.prompt;
    data.answer = row.reference;
    LETHE_TRY(const std::vector<EncodedSample> encoded, encoder.encode(data, 0));
    if (encoded.size() != 1 || encoded.front().labelCount() == 0)
        return std::optional<double>();
    LETHE_TRY(const std::vector<TextModel::TokenScore> scores, model.score(encoded.front().ids));
    double sum = 0;
    const auto labels = static_cast<std::size_t>(encoded.front().labelCount());
    for (std::size_t i = scores.size() - labels; i < scores.size(); ++i)
        sum += scores[i].logProbability;
    return std::optional(std::exp(sum / static_cast<double>(labels)));
}

} // namespace

Result<void> answerWithPair(LoadedPair &pair, const PairRequest &request)
{
    const std::lock_guard lock(pair.mutex);
    if (request.isCancelled())
        return cancelled();
    LETHE_TRY_VOID(loadPair(pair, request));
    TextModel &model = *pair.model;
    LETHE_TRY_VOID(model.setPairWeight(request.weight));
    const ExperimentSpec spec = readSpec(request.specJson, {}).spec;
    LETHE_TRY(const SampleEncoder encoder, SampleEncoder::create(model.tokenizer(), spec.data.textTemplate, spec.data.maxLength));
    GenerationOptions options;
    options.maxNewTokens = spec.eval.value_or(EvalSpec{}).generations.maxNewTokens;

    const auto total = static_cast<double>(request.rows.size());
    for (std::size_t begin = 0; begin < request.rows.size();) {
        const std::size_t end = std::min(request.rows.size(), begin + (begin == 0 ? 1 : kRowsAtOnce)); // the one in front first
        request.report(say("Answering"), static_cast<double>(begin), total);
        std::vector<std::vector<TokenId>> prompts;
        for (std::size_t i = begin; i < end; ++i) {
            LETHE_TRY(std::vector<TokenId> ids, encoder.encodePromptText(request.rows[i].prompt));
            prompts.push_back(std::move(ids));
        }
        LETHE_TRY(const std::vector<Generation> made,
                  model.generateFromIds(prompts, options, [&request](std::size_t, TokenId, std::string_view) { return !request.isCancelled(); }));
        for (std::size_t i = begin; i < end; ++i) {
            const AskedRow &row = request.rows[i];
            const Generation &generation = made[i - begin];
            SampleRecord sample{.set = row.set, .row = row.row, .prompt = row.prompt, .reference = row.reference, .text = stripped(generation.text)};
            sample.hitTokenLimit = !generation.stoppedAtEos;
            if (!row.reference.empty()) {
                sample.rougeRecall = rougeL(row.reference, *sample.text).recall;
                sample.exactMatch = exactMatch(row.reference, *sample.text) ? 1.0 : 0.0;
                LETHE_TRY(sample.probability, probabilityOf(model, encoder, row));
            }
            if (request.isCancelled())
                return cancelled();
            request.answered(i, std::move(sample));
        }
        begin = end;
    }
    request.report(say("Answering"), total, total);
    return {};
}

} // namespace lethe
