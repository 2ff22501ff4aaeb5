#include <lethe/run/ForgetSurvey.h>

#include "eval/Evaluator.h"
#include "model/TorchErrors.h"
#include "run/Session.h"

#include <lethe/base/Device.h>
#include <lethe/sdk/Losses.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace lethe {

namespace {

/// Tokens of the retain set that go forward and backward at once.
constexpr std::int64_t kTokensAPass = 2048;

PackedSample packed(const EncodedSample &sample)
{
    return {.ids = sample.ids.data(), .length = static_cast<std::int64_t>(sample.ids.size()), .labelStart = sample.labelStart};
}

/// Of the retain set each window of a document counts as a row.
class Influences
{
public:
    Influences(Decoder &model, RunControl &control, RunObserver &observer) : m_model(model), m_control(control), m_observer(observer)
    {
        model.setTrainable(true);
        model.parametersChanged(); // copies made without gradients carry none
        for (const Parameter &parameter : model.parameters())
            m_values.push_back(parameter.value);
    }

    Result<void> into(std::vector<SurveyedRow> &rows, const std::vector<EncodedSample> &forget, const std::vector<EncodedSample> &retain)
    {
        LETHE_TRY_VOID(gradientOf(retain));
        std::vector<at::Tensor> utility;
        double utilityNorm = 0;
        for (const at::Tensor &value : m_values) {
            utility.push_back(value.grad().defined() ? value.grad().clone() : at::zeros_like(value));
            utilityNorm += std::pow(utility.back().norm().item<double>(), 2);
        }
        for (std::size_t begin = 0; begin < forget.size();) {
            LETHE_TRY_VOID(look(begin, forget.size()));
            clear();
            SurveyedRow &row = rows[static_cast<std::size_t>(forget[begin].row)];
            std::vector<PackedSample> parts; // a document has several windows
            for (; begin < forget.size() && forget[begin].row == row.row; ++begin)
                parts.push_back(packed(forget[begin]));
            losses::tokenNll(m_model, packBatch(parts, m_model.device())).mean().backward();
            double product = 0, norm = 0;
            for (std::size_t k = 0; k < m_values.size(); ++k)
                if (const at::Tensor &grad = m_values[k].grad(); grad.defined()) {
                    product += (grad * utility[k]).sum(at::kDouble).item<double>();
                    norm += std::pow(grad.norm().item<double>(), 2);
                }
            row.influence = product;
            if (const double lengths = std::sqrt(norm * utilityNorm); lengths > 0)
                row.alignment = product / lengths;
        }
        return {};
    }

private:
    /// Of the mean over samples of their mean token loss.
    Result<void> gradientOf(const std::vector<EncodedSample> &samples)
    {
        clear();
        for (std::size_t begin = 0; begin < samples.size();) {
            LETHE_TRY_VOID(look(begin, samples.size()));
            std::vector<PackedSample> some;
            for (std::int64_t tokens = 0; begin < samples.size() && (some.empty() || tokens < kTokensAPass); ++begin) {
                some.push_back(packed(samples[begin]));
                tokens += some.back().length;
            }
            const Batch batch = packBatch(some, m_model.device());
            std::vector<float> weights;
            for (std::int64_t sample = 0; sample < batch.samples(); ++sample)
                weights.insert(weights.end(), static_cast<std::size_t>(batch.labelCount(sample)),
                               1.0F / static_cast<float>(batch.labelCount(sample) * static_cast<std::int64_t>(samples.size())));
            (losses::tokenNll(m_model, batch) * at::tensor(weights).to(m_model.device())).sum().backward();
        }
        return {};
    }

    Result<void> look(std::size_t done, std::size_t total)
    {
        m_observer.onStage({.name = "Influence on utility", .done = static_cast<double>(done), .total = static_cast<double>(total), .unit = "rows"});
        if (m_control.isCancelled())
            return Error{.code = ErrorCode::Cancelled, .what = "the survey was cancelled", .where = {}, .hint = {}};
        return {};
    }

    void clear()
    {
        for (at::Tensor &value : m_values)
            value.mutable_grad().reset();
    }

    Decoder &m_model;
    RunControl &m_control;
    RunObserver &m_observer;
    std::vector<at::Tensor> m_values;
};

std::vector<SurveyedRow> rowsOf(const EvaluationRecord &evaluation)
{
    std::vector<SurveyedRow> rows;
    for (const SampleRecord &sample : evaluation.samples)
        rows.push_back({.row = sample.row, .prompt = sample.prompt, .answer = sample.reference, .probability = sample.probability, .rougeRecall = sample.rougeRecall, .exactMatch = sample.exactMatch,
                        .extractionStrength = sample.value("extraction_strength"), .influence = {}, .alignment = {}});
    return rows;
}

} // namespace

Result<std::vector<SurveyedRow>> surveyForgetSet(const ResolvedSpec &spec, const std::filesystem::path &modelFolder, RunControl &control, RunObserver &observer,
                                                 int threads)
{
    return guarded(spec.spec.training.device == "cpu" || deviceReport().cuda.empty() ? "cpu" : "cuda:0", modelFolder.string(),
                   [&]() -> Result<std::vector<SurveyedRow>> {
        if (threads > 0)
            at::set_num_threads(threads);
        ResolvedSpec asked = spec;
        EvalSpec eval; // the rows that would be trained on, whatever the spec evaluates
        eval.metrics = {"forget_prob", "forget_rouge", "forget_exact_match", "extraction_strength"};
        if (spec.spec.eval)
            eval.generations = spec.spec.eval->generations;
        asked.spec.eval = eval;
        SessionInputs inputs;
        LETHE_TRY_VOID(inputs.read(asked, modelFolder, at::kFloat, control, observer));
        if (!inputs.forget)
            return Error{.code = ErrorCode::InvalidInput, .what = "there is no forget set to ask of", .where = "data.forget", .hint = "Name its file"};
        for (const EventRecord &warning : inputs.warnings)
            observer.onEvent(warning);
        Evaluator evaluator(*inputs.model, *inputs.tokenizer, *inputs.encoder, *inputs.evaluation);
        LETHE_TRY(const EvaluationRecord evaluation, evaluator.evaluate(0, true, [&](std::size_t done, std::size_t total) {
            observer.onStage({.name = "Evaluating", .done = static_cast<double>(done), .total = static_cast<double>(total), .unit = "rows"});
            return !control.isCancelled();
        }));
        std::vector<SurveyedRow> rows = rowsOf(evaluation);
        // logits of a pair come from two models: neither has the gradient
        if (inputs.retain && inputs.model->assistant() == nullptr)
            LETHE_TRY_VOID(Influences(*inputs.model, control, observer).into(rows, inputs.forget->encoded.samples, inputs.retain->encoded.samples));
        return rows;
    });
}

WorstForgetSet worstForgetSet(const std::vector<SurveyedRow> &rows, std::int64_t count, std::uint64_t seed, int draws)
{
    std::vector<const SurveyedRow *> known;
    for (const SurveyedRow &row : rows)
        if (row.influence && !std::isnan(*row.influence))
            known.push_back(&row);
    WorstForgetSet worst;
    const auto size = std::min(known.size(), static_cast<std::size_t>(std::max<std::int64_t>(count, 0)));
    if (size == 0)
        return worst;
    const auto meanOfFirst = [&known, size] {
        double sum = 0;
        for (std::size_t i = 0; i < size; ++i)
            sum += *known[i]->influence;
        return sum / static_cast<double>(size);
    };
    std::mt19937_64 random(seed);
    std::vector<double> means;
    for (int draw = 0; draw < draws; ++draw) {
        for (std::size_t i = 0; i < size; ++i) // not std::shuffle: its draws differ between libraries
            std::swap(known[i], known[i + random() % (known.size() - i)]);
        means.push_back(meanOfFirst());
        worst.randomMean += means.back() / draws;
    }
    for (const double mean : means)
        worst.randomDeviation += std::pow(mean - worst.randomMean, 2);
    worst.randomDeviation = draws > 1 ? std::sqrt(worst.randomDeviation / (draws - 1)) : 0;
    std::ranges::sort(known, [](const SurveyedRow *a, const SurveyedRow *b) { return std::pair(-*a->influence, a->row) < std::pair(-*b->influence, b->row); });
    worst.meanInfluence = meanOfFirst();
    for (std::size_t i = 0; i < size; ++i)
        worst.rows.push_back(known[i]->row);
    return worst;
}

} // namespace lethe
