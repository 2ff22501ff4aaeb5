#include "eval/Evaluator.h"

#include "eval/ReferenceScores.h"
#include "eval/SequenceScorer.h"

#include <algorithm>
#include <chrono>
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

/// Of the reference only what others are compared with.
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
        sets.push_back({.set = &set, .rows = std::move(scores[i]), .records = &records[i]});
    }
    MetricInputs inputs(sets, m_inputs, reference);
    EvaluationRecord evaluation;
    for (const MetricInfo *info : metrics)
        evaluation.metrics.push_back(inputs.value(info->id));
    for (std::vector<SampleRecord> &list : records)
        evaluation.samples.insert(evaluation.samples.end(), std::make_move_iterator(list.begin()), std::make_move_iterator(list.end()));
    return evaluation;
}

Result<void> Evaluator::scoreReference(const Progress &progress)
{
    std::vector<const MetricInfo *> compared;
    std::ranges::copy_if(m_inputs.metrics, std::back_inserter(compared), isComparedWithReference);
    if (compared.empty())
        return {};
    const std::filesystem::path folder = m_inputs.referenceModel;
    LETHE_TRY(const std::unique_ptr<Decoder> model,
              Decoder::load(folder, {.device = m_model.device(), .dtype = m_model.dtype(), .parameterDtype = m_model.dtype(), .progress = {}}));
    if (model->config().vocabulary != m_model.config().vocabulary)
        return Error{.code = ErrorCode::InvalidInput,
                     .what = folder.string() + " has a vocabulary of " + std::to_string(model->config().vocabulary) + ", the model "
                         + std::to_string(m_model.config().vocabulary),
                     .where = "eval.reference", .hint = "Reference and model must share their tokenizer"};
    Demands demands = demandsOf(compared);
    for (auto &[set, demand] : demands)
        demand.generation = false;
    LETHE_TRY(EvaluationRecord evaluation, measure(*model, compared, demands, std::numeric_limits<std::int64_t>::max(), nullptr, progress));
    // mia_reference of the reference with itself means nothing, yet its rows' losses are what the model's own are compared with
    auto reference = std::make_shared<ReferenceScores>(referenceFromRecord(evaluation, "the reference " + folder.filename().string()));
    for (const MetricValue &metric : evaluation.metrics)
        for (const auto &[part, value] : metric.parts)
            reference->metrics[metric.id + "_" + part] = value;
    m_inputs.reference = std::move(reference);
    return {};
}

Result<EvaluationRecord> Evaluator::evaluate(std::int64_t step, bool wholeSets, const Progress &progress)
{
    const auto start = std::chrono::steady_clock::now();
    // the untouched model against itself is 1 by construction; once it has been trained it is another one
    const bool isTheReference = step == 0 && !m_inputs.referenceModel.empty() && !m_inputs.noReference.empty();
    if (!m_inputs.reference && !m_inputs.referenceModel.empty() && !isTheReference)
        LETHE_TRY_VOID(scoreReference(progress));
    const std::int64_t all = std::numeric_limits<std::int64_t>::max();
    const std::int64_t limit = wholeSets ? all : m_inputs.spec.rows.value_or(all);
    LETHE_TRY(EvaluationRecord evaluation,
              measure(m_model, m_inputs.metrics, demandsOf(m_inputs.metrics), limit, isTheReference ? nullptr : m_inputs.reference.get(), progress));
    evaluation.step = step;
    evaluation.subset = std::ranges::any_of(m_inputs.sets, [limit](const EvaluationSet &set) { return static_cast<std::int64_t>(set.rows.size()) > limit; });
    evaluation.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return evaluation;
}

} // namespace lethe
