#include "eval/Evaluator.h"

#include "model/Generator.h"
#include "training/FrozenReference.h"

#include <lethe/eval/TextMetrics.h>
#include <lethe/sdk/Losses.h>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <numeric>

namespace lethe {

namespace {

constexpr std::int64_t kTokensAPass = 4096;
constexpr std::array kBasicMetrics{"prob", "rouge", "exact_match"};

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kSpace = " \t\n\r\f\v";
    const auto begin = text.find_first_not_of(kSpace);
    return begin == std::string_view::npos ? std::string_view{} : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

/// Mean of one value over the rows that have it; the reason where none has.
MetricValue meanOf(const std::string &id, const std::vector<SampleRecord> &records, std::optional<double> SampleRecord::*value)
{
    double sum = 0;
    std::int64_t count = 0;
    for (const SampleRecord &record : records)
        if (record.*value) {
            sum += *(record.*value);
            ++count;
        }
    if (count == 0)
        return {.id = id, .value = std::nullopt, .reason = records.empty() ? "the set has no rows" : "no row of the set has this value"};
    return {.id = id, .value = sum / static_cast<double>(count), .reason = {}};
}

} // namespace

Evaluator::Evaluator(Decoder &model, const Tokenizer &tokenizer, const SampleEncoder &encoder, const EvalSpec &spec)
    : m_model(model), m_tokenizer(tokenizer), m_encoder(encoder), m_spec(spec)
{
}

Result<std::vector<std::string>> Evaluator::metricsOf(const EvalSpec &spec)
{
    std::vector<std::string> ids;
    for (const std::string &metric : spec.metrics) {
        const auto known = [&](const char *name) { return metric == std::string("forget_") + name || metric == std::string("retain_") + name; };
        if (metric == "basic") {
            for (const char *set : {"forget_", "retain_"})
                for (const char *name : kBasicMetrics)
                    ids.push_back(std::string(set) + name);
        } else if (std::ranges::any_of(kBasicMetrics, known)) {
            ids.push_back(metric);
        } else {
            return Error{.code = ErrorCode::InvalidInput, .what = "\"" + metric + "\" is no metric that can be computed", .where = "eval.metrics",
                         .hint = "Known: basic, forget_prob, forget_rouge, forget_exact_match, retain_prob, retain_rouge, retain_exact_match"};
        }
    }
    return ids;
}

bool Evaluator::wants(const std::string &metric) const
{
    const auto ids = metricsOf(m_spec);
    return ids.ok() && std::ranges::find(*ids, metric) != ids->end();
}

bool Evaluator::scoreProbabilities(const EvaluationSet &set, std::int64_t rows, std::vector<SampleRecord> &records, const Progress &progress)
{
    std::vector<std::int64_t> order;
    for (std::size_t i = 0; i < set.samples->size(); ++i)
        if ((*set.samples)[i].row < rows)
            order.push_back(static_cast<std::int64_t>(i));
    std::ranges::stable_sort(order, {}, [&](std::int64_t i) { return (*set.samples)[static_cast<std::size_t>(i)].ids.size(); });

    std::vector<double> sums(static_cast<std::size_t>(rows), 0);
    std::vector<std::int64_t> counts(static_cast<std::size_t>(rows), 0);
    for (std::size_t begin = 0; begin < order.size();) {
        std::int64_t tokens = 0;
        std::size_t end = begin;
        while (end < order.size() && (end == begin || tokens < kTokensAPass))
            tokens += static_cast<std::int64_t>((*set.samples)[static_cast<std::size_t>(order[end++])].ids.size());
        const std::vector<std::int64_t> members(order.begin() + static_cast<std::ptrdiff_t>(begin), order.begin() + static_cast<std::ptrdiff_t>(end));
        const Batch batch = packSamples(*set.samples, members, SampleSet::Anchor, m_model.device());
        // Statistics in f64: a bf16 or even an f32 sum over a long answer would already show in the third digit.
        const at::Tensor sums_B = losses::sumBySample(losses::tokenNll(m_model, batch).to(at::kDouble), batch).to(at::kCPU);
        for (std::size_t i = 0; i < members.size(); ++i) {
            const auto row = static_cast<std::size_t>((*set.samples)[static_cast<std::size_t>(members[i])].row);
            sums[row] += sums_B.const_data_ptr<double>()[i];
            counts[row] += batch.labelCount(static_cast<std::int64_t>(i));
        }
        begin = end;
        if (progress && !progress(begin, order.size()))
            return false;
    }
    for (std::size_t row = 0; row < records.size(); ++row)
        if (counts[row] > 0)
            records[row].probability = std::exp(-sums[row] / static_cast<double>(counts[row]));
    return true;
}

Result<bool> Evaluator::generateAnswers(const EvaluationSet &set, std::int64_t rows, std::vector<SampleRecord> &records, const Progress &progress)
{
    std::vector<std::vector<TokenId>> prompts;
    std::vector<std::size_t> ofRow;
    for (std::int64_t row = 0; row < rows; ++row) {
        const DataRow &data = (*set.rows)[static_cast<std::size_t>(row)];
        if (data.isDocument)
            continue; // there is no prompt to continue
        LETHE_TRY(std::vector<TokenId> ids, m_encoder.encodePrompt(data));
        if (ids.empty())
            continue;
        prompts.push_back(std::move(ids));
        ofRow.push_back(static_cast<std::size_t>(row));
    }
    const GenerationOptions options{.maxNewTokens = m_spec.generations.maxNewTokens};
    std::size_t tokens = 0;
    bool cancelled = false;
    const auto onToken = [&](std::size_t, TokenId) {
        cancelled = progress && !progress(std::min(prompts.size(), ++tokens / static_cast<std::size_t>(options.maxNewTokens)), prompts.size());
        return !cancelled;
    };
    const std::vector<GeneratedIds> generated = generateIds(m_model, prompts, options, onToken);
    if (cancelled)
        return false;
    for (std::size_t i = 0; i < generated.size(); ++i) {
        SampleRecord &record = records[ofRow[i]];
        const std::string text = m_tokenizer.decode(generated[i].ids);
        record.text = std::string(trimmed(text));
        record.rougeRecall = rougeL(record.reference, *record.text).recall;
        record.exactMatch = exactMatch(record.reference, *record.text) ? 1.0 : 0.0;
        record.hitTokenLimit = !generated[i].stoppedAtEos;
    }
    return true;
}

Result<std::vector<SampleRecord>> Evaluator::evaluateSet(const EvaluationSet &set, std::int64_t rows, const Progress &progress)
{
    std::vector<SampleRecord> records;
    for (std::int64_t row = 0; row < rows; ++row) {
        const DataRow &data = (*set.rows)[static_cast<std::size_t>(row)];
        records.push_back({.set = set.name, .row = row, .prompt = data.prompt, .reference = data.answer});
    }
    const Error cancelled{.code = ErrorCode::Cancelled, .what = "the evaluation was cancelled", .where = {}, .hint = {}};
    if (wants(set.name + "_prob") && !scoreProbabilities(set, rows, records, progress))
        return cancelled;
    if (wants(set.name + "_rouge") || wants(set.name + "_exact_match")) {
        LETHE_TRY(const bool finished, generateAnswers(set, rows, records, progress));
        if (!finished)
            return cancelled;
    }
    return records;
}

Result<EvaluationRecord> Evaluator::evaluate(const std::vector<EvaluationSet> &sets, std::int64_t step, bool wholeSets, const Progress &progress)
{
    const c10::InferenceMode inference;
    const auto start = std::chrono::steady_clock::now();
    EvaluationRecord evaluation{.step = step};
    for (const EvaluationSet &set : sets) {
        const auto all = static_cast<std::int64_t>(set.rows->size());
        const std::int64_t rows = wholeSets ? all : std::min(all, m_spec.rows.value_or(all));
        evaluation.subset = evaluation.subset || rows < all;
        LETHE_TRY(std::vector<SampleRecord> records, evaluateSet(set, rows, progress));
        if (wants(set.name + "_prob"))
            evaluation.metrics.push_back(meanOf(set.name + "_prob", records, &SampleRecord::probability));
        if (wants(set.name + "_rouge"))
            evaluation.metrics.push_back(meanOf(set.name + "_rouge", records, &SampleRecord::rougeRecall));
        if (wants(set.name + "_exact_match"))
            evaluation.metrics.push_back(meanOf(set.name + "_exact_match", records, &SampleRecord::exactMatch));
        evaluation.samples.insert(evaluation.samples.end(), std::make_move_iterator(records.begin()), std::make_move_iterator(records.end()));
    }
    evaluation.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return evaluation;
}

} // namespace lethe
