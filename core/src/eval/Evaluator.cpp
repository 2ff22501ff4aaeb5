#include "eval/Evaluator.h"

#include "eval/ReferenceScores.h"
#include "eval/SequenceScorer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace lethe {

namespace {

Demands demandsOf(const std::vector<const MetricInfo *> &metrics)
{
    Demands demands;
    for (const MetricInfo *info : metrics)
        metricOf(*info).demand(info->set, demands);
    return demands;
}

/// Against the reference itself this means nothing.
bool isOfTheReferenceToo(const MetricInfo *info)
{
    return info->id != "mia_reference" && info->id != "forget_quality";
}

/// Whether anything would be compared with a reference, or be a target to look at.
bool isComparedWithReference(const MetricInfo *info)
{
    return std::ranges::find(info->measure->needs, "reference") != info->measure->needs.end()
        || std::ranges::find(info->measure->groups, "membership") != info->measure->groups.end();
}

/// What every metric of losses is made of: kept of each row whichever metrics are asked for, so that they can be made again.
void storeLosses(const RowScores &row, SampleRecord &record)
{
    if (const auto loss = row.answer.meanLoss())
        record.setValue("answer_loss", *loss);
    const bool paraphrased = !row.paraphrased.logProbabilities.empty();
    if (const auto loss = (paraphrased ? row.paraphrased : row.answer).meanLoss(); loss && (paraphrased || !row.perturbed.empty()))
        record.setValue("correct_loss", *loss);
    const std::vector<double> wrong = row.falseLosses();
    for (std::size_t i = 0; i < wrong.size(); ++i)
        record.setValue("false_loss_" + std::to_string(i + 1), wrong[i]);
}

/// What a reader of a row sees token by token. Rounded: it is looked at, and metrics have the losses.
void storeTokens(const EvaluationSet &set, const std::vector<RowScores> &rows, const Tokenizer &tokenizer, std::vector<SampleRecord> &records)
{
    constexpr std::size_t kMostTokens = 512; // documents have thousands
    for (const ScoredSequence &sequence : set.sequences) {
        if (sequence.field != AnswerField::Answer || sequence.row >= static_cast<std::int64_t>(rows.size()))
            continue;
        const auto index = static_cast<std::size_t>(sequence.row);
        const std::vector<double> &scored = rows[index].answer.logProbabilities;
        std::vector<TokenScore> &tokens = records[index].tokens;
        const std::vector<TokenId> &ids = sequence.sample.ids;
        StreamDecoder decoder(tokenizer, false);
        for (std::size_t i = 0; i < ids.size() && tokens.size() < std::min(kMostTokens, scored.size()); ++i) {
            std::string text = decoder.push(ids[i]);
            if (i + 1 == ids.size())
                text += decoder.finish();
            if (static_cast<std::int64_t>(i) >= std::max<std::int64_t>(1, sequence.sample.labelStart))
                tokens.push_back({.text = std::move(text), .logProbability = std::round(scored[tokens.size()] * 1000) / 1000 + 0.0}); // no −0
        }
    }
}

/// Values that are computed in another form than the definition's say whose it is.
void nameVariant(const std::string &variant, MetricValue &value)
{
    if (variant == toString(EvaluationVariant::Strict) || value.variant == variant)
        return;
    value.variant = value.variant.empty() ? variant : variant + ", " + value.variant;
}

/// Of the metrics asked for, what is known of the reference; shares of answers also from its rows' losses.
std::vector<MetricValue> metricsOf(const ReferenceScores &reference, const std::vector<const MetricInfo *> &metrics)
{
    std::vector<MetricValue> values;
    for (const MetricInfo *info : metrics) {
        if (const auto known = reference.metrics.find(info->id); known != reference.metrics.end()) {
            values.push_back({.id = info->id, .value = known->second, .reason = {}});
            continue;
        }
        const auto rows = reference.sets.find(info->set);
        if (info->measure->id != "prob" || (info->set != "forget" && info->set != "retain") || rows == reference.sets.end() || rows->second.empty())
            continue;
        double sum = 0;
        bool complete = true;
        for (const auto &[index, row] : rows->second) {
            complete = complete && row.answerLoss.has_value();
            sum += std::exp(-row.answerLoss.value_or(0));
        }
        if (complete)
            values.push_back({.id = info->id, .value = sum / static_cast<double>(rows->second.size()), .reason = {}});
    }
    return values;
}

} // namespace

Evaluator::Evaluator(Decoder &model, const Tokenizer &tokenizer, const SampleEncoder &encoder, EvaluationInputs &inputs)
    : m_model(model), m_tokenizer(tokenizer), m_encoder(encoder), m_inputs(inputs)
{
}

Result<EvaluationRecord> Evaluator::measure(Decoder &model, const std::vector<const MetricInfo *> &metrics, const Demands &demands, std::int64_t limit,
                                            const ReferenceScores *reference, const Progress &progress)
{
    SequenceScorer scorer(model, m_tokenizer, m_encoder, m_inputs.spec.generations);
    if (m_tokensAPass)
        scorer.setTokensAPass(*m_tokensAPass);
    LETHE_TRY(auto scores, scorer.score(m_inputs.sets, demands, limit, progress));

    std::vector<std::vector<SampleRecord>> records(scores.size());
    std::vector<SetScores> sets;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const EvaluationSet &set = m_inputs.sets[i];
        for (const RowScores &row : scores[i]) {
            const DataRow &data = set.rows[static_cast<std::size_t>(row.row)].data;
            records[i].push_back({.set = set.name, .row = row.row, .prompt = data.prompt, .reference = data.answer, .text = row.text, .probability = {},
                                  .rougeRecall = {}, .exactMatch = {}, .hitTokenLimit = row.hitTokenLimit});
            storeLosses(row, records[i].back());
        }
        storeTokens(set, scores[i], m_tokenizer, records[i]);
        sets.push_back({.set = &set, .rows = std::move(scores[i]), .records = &records[i]});
    }
    MetricInputs inputs(sets, m_inputs, reference);
    EvaluationRecord evaluation;
    for (const MetricInfo *info : metrics) {
        evaluation.metrics.push_back(inputs.value(info->id));
        nameVariant(m_inputs.spec.variant, evaluation.metrics.back());
    }
    for (std::vector<SampleRecord> &list : records)
        evaluation.samples.insert(evaluation.samples.end(), std::make_move_iterator(list.begin()), std::make_move_iterator(list.end()));
    return evaluation;
}

Result<void> Evaluator::scoreReference(const Progress &progress)
{
    // all of them: they are the target that the model's own are read against
    std::vector<const MetricInfo *> asked = m_inputs.metrics;
    if (std::ranges::none_of(asked, isComparedWithReference))
        return {};
    for (std::size_t i = 0; i < asked.size(); ++i) // it grows: parts may have parts
        for (const std::string &part : metricOf(*asked[i]).comparedParts())
            if (const MetricInfo *info = findMetric(part); std::ranges::find(asked, info) == asked.end())
                asked.push_back(info);
    const std::filesystem::path folder = m_inputs.referenceModel;
    LETHE_TRY(const std::unique_ptr<Decoder> model,
              Decoder::load(folder, {.device = m_model.device(), .dtype = m_model.dtype(), .parameterDtype = m_model.dtype(), .progress = {}}));
    if (model->config().vocabulary != m_model.config().vocabulary)
        return Error{.code = ErrorCode::InvalidInput,
                     .what = folder.string() + " has a vocabulary of " + std::to_string(model->config().vocabulary) + ", the model "
                         + std::to_string(m_model.config().vocabulary),
                     .where = "eval.reference", .hint = "Reference and model must share their tokenizer"};
    const Demands demands = demandsOf(asked); // of the rest too: its rows' losses are what others are compared with
    std::erase_if(asked, [](const MetricInfo *info) { return !isOfTheReferenceToo(info); });
    LETHE_TRY(EvaluationRecord evaluation, measure(*model, asked, demands, std::numeric_limits<std::int64_t>::max(), nullptr, progress));
    auto reference = std::make_shared<ReferenceScores>(referenceFromRecord(evaluation, "the reference " + folder.filename().string()));
    for (const MetricValue &metric : evaluation.metrics)
        for (const auto &[part, value] : metric.parts)
            reference->metrics[metric.id + "_" + part] = value;
    m_inputs.reference = std::move(reference);
    return {};
}

Result<EvaluationRecord> Evaluator::evaluate(std::int64_t step, bool wholeSets, const Progress &progress)
{
    // the untouched model against itself is 1 by construction; once it has been trained it is another one
    const bool isTheReference = step == 0 && !m_inputs.referenceModel.empty() && !m_inputs.noReference.empty();
    if (!m_inputs.reference && !m_inputs.referenceModel.empty() && !isTheReference)
        LETHE_TRY_VOID(scoreReference(progress));
    const auto start = std::chrono::steady_clock::now(); // the reference is scored once, and is no measure of what comes
    const std::int64_t all = std::numeric_limits<std::int64_t>::max();
    const std::int64_t limit = wholeSets ? all : m_inputs.spec.rows.value_or(all);
    LETHE_TRY(EvaluationRecord evaluation,
              measure(m_model, m_inputs.metrics, demandsOf(m_inputs.metrics), limit, isTheReference ? nullptr : m_inputs.reference.get(), progress));
    evaluation.step = step;
    if (m_inputs.reference && !isTheReference)
        evaluation.reference = metricsOf(*m_inputs.reference, m_inputs.metrics);
    const auto isCut = [limit](const EvaluationSet &set) { return static_cast<std::int64_t>(set.rows.size()) > limit; };
    evaluation.subset = std::ranges::any_of(m_inputs.sets, isCut);
    for (MetricValue &metric : evaluation.metrics) {
        const MetricInfo *info = findMetric(metric.id);
        const auto own = info == nullptr ? m_inputs.sets.end() : std::ranges::find(m_inputs.sets, info->set, &EvaluationSet::name);
        metric.subset = own == m_inputs.sets.end() ? evaluation.subset : isCut(*own); // of no one set: of the whole model
    }
    evaluation.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return evaluation;
}

} // namespace lethe
