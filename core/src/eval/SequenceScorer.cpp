#include "eval/SequenceScorer.h"

#include "model/Generator.h"

#include <lethe/eval/TextMetrics.h>
#include <lethe/sdk/Losses.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <limits>

namespace lethe {

namespace {

constexpr std::int64_t kTokensOnCpu = 4096;
constexpr std::int64_t kTokensOnDevice = 32768;
/// Logits that exist at once where whole rows of them are looked at.
constexpr std::int64_t kLogitsAtOnce = std::int64_t{16} << 20;
/// What TOFU's and open-unlearning's evaluators generate at most.
constexpr std::int64_t kPublishedTokens = 200;

Error cancelled()
{
    return {.code = ErrorCode::Cancelled, .what = "the evaluation was cancelled", .where = {}, .hint = {}};
}

PackedSample packed(const EncodedSample &sample)
{
    return {.ids = sample.ids.data(), .length = static_cast<std::int64_t>(sample.ids.size()), .labelStart = sample.labelStart};
}

std::vector<double> numbers(const at::Tensor &values_M)
{
    const at::Tensor host = values_M.to(at::kCPU, at::kDouble).contiguous();
    return {host.const_data_ptr<double>(), host.const_data_ptr<double>() + host.numel()};
}

/// What is said of each label row, in order.
struct LabelScores {
    std::vector<double> logProbabilities;
    std::vector<double> right, zScores; ///< empty where nobody asked
};

/// From whole rows of logits, a few rows at a time.
LabelScores fromLogits(Decoder &model, const Batch &batch, bool zScores)
{
    std::vector<at::Tensor> logProbabilities, right, standing;
    const std::int64_t rows = std::max<std::int64_t>(1, kLogitsAtOnce / model.config().vocabulary);
    const at::Tensor hidden_MD = model.hidden(batch).index_select(0, batch.labelRows_M);
    Decoder *const assistant = model.assistant();
    const at::Tensor others_MD = assistant != nullptr ? assistant->hidden(batch).index_select(0, batch.labelRows_M) : at::Tensor();
    for (std::int64_t begin = 0; begin < hidden_MD.size(0); begin += rows) {
        const std::int64_t count = std::min(rows, hidden_MD.size(0) - begin);
        const at::Tensor labels_K = batch.labelIds_M.narrow(0, begin, count);
        at::Tensor logits_KV = model.logits(hidden_MD.narrow(0, begin, count));
        if (assistant != nullptr)
            logits_KV = pairLogits(logits_KV, assistant->logits(others_MD.narrow(0, begin, count)), model.pairOptions(), PairUse::Scoring);
        logits_KV = at::log_softmax(logits_KV, 1);
        const at::Tensor own_K = logits_KV.gather(1, labels_K.unsqueeze(1)).squeeze(1);
        right.push_back(logits_KV.argmax(1).eq(labels_K));
        if (zScores) {
            // moments of log p under p, in f64: the variance is a difference of two large numbers
            const at::Tensor p_KV = logits_KV.exp();
            const at::Tensor mean_K = (p_KV * logits_KV).sum(1, false, at::kDouble);
            const at::Tensor variance_K = ((logits_KV - mean_K.unsqueeze(1)).square() * p_KV).sum(1, false, at::kDouble);
            standing.push_back((own_K - mean_K) / variance_K.clamp_min(1e-6).sqrt());
        }
        logProbabilities.push_back(own_K);
    }
    return {.logProbabilities = numbers(at::cat(logProbabilities)), .right = numbers(at::cat(right)),
            .zScores = zScores ? numbers(at::cat(standing)) : std::vector<double>()};
}

} // namespace

struct SequenceScorer::Job {
    const EncodedSample *sample = nullptr;
    bool argmax = false, zScores = false;
    TokenTrace trace;
};

SequenceScorer::SequenceScorer(Decoder &model, const Tokenizer &tokenizer, const SampleEncoder &encoder, const GenerationSpec &generations)
    : m_model(model), m_tokenizer(tokenizer), m_encoder(encoder), m_generations(generations),
      m_tokensAPass(model.device().is_cpu() ? kTokensOnCpu : kTokensOnDevice)
{
}

void SequenceScorer::scoreBatch(std::vector<Job *> &jobs)
{
    std::vector<PackedSample> samples;
    bool argmax = false, zScores = false;
    for (const Job *job : jobs) {
        samples.push_back(packed(*job->sample));
        argmax |= job->argmax;
        zScores |= job->zScores;
    }
    const Batch batch = packBatch(samples, m_model.device());
    LabelScores scores;
    if (argmax || zScores)
        scores = fromLogits(m_model, batch, zScores);
    else
        scores.logProbabilities = numbers(losses::tokenNll(m_model, batch).neg());
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const auto begin = batch.labelOffsets[i], end = batch.labelOffsets[i + 1];
        TokenTrace &trace = jobs[i]->trace;
        trace.logProbabilities.assign(scores.logProbabilities.begin() + begin, scores.logProbabilities.begin() + end);
        if (argmax)
            for (auto k = begin; k < end; ++k)
                trace.right.push_back(scores.right[static_cast<std::size_t>(k)] != 0);
        if (zScores)
            trace.zScores.assign(scores.zScores.begin() + begin, scores.zScores.begin() + end);
    }
}

bool SequenceScorer::runForward(std::vector<Job> &jobs, const Progress &progress)
{
    const c10::InferenceMode inference;
    std::vector<Job *> order;
    for (Job &job : jobs)
        order.push_back(&job);
    // Rows that need whole logits go together: the others are spared them.
    std::ranges::stable_sort(order, {}, [](const Job *job) { return std::pair(job->argmax || job->zScores, job->sample->ids.size()); });
    for (std::size_t begin = 0; begin < order.size();) {
        std::int64_t tokens = 0;
        std::vector<Job *> batch;
        while (begin < order.size() && (batch.empty() || tokens + static_cast<std::int64_t>(order[begin]->sample->ids.size()) <= m_tokensAPass)) {
            tokens += static_cast<std::int64_t>(order[begin]->sample->ids.size());
            batch.push_back(order[begin++]);
        }
        scoreBatch(batch);
        if (progress && !progress(begin, order.size()))
            return false;
    }
    return true;
}

bool SequenceScorer::measureGradients(const EvaluationSet &set, std::vector<RowScores> &rows, const Progress &progress)
{
    std::vector<at::Tensor> trained;
    for (const Parameter &parameter : m_model.parameters())
        if (parameter.value.requires_grad())
            trained.push_back(parameter.value);
    const bool wasTrainable = !trained.empty();
    if (!wasTrainable) {
        m_model.setTrainable(true);
        for (const Parameter &parameter : m_model.parameters())
            trained.push_back(parameter.value);
    }
    m_model.parametersChanged(); // copies made without gradients carry none
    const auto clear = [&trained] {
        for (at::Tensor &value : trained)
            if (value.grad().defined())
                value.mutable_grad().zero_(); // in place: an optimizer may hold them
    };
    bool finished = true;
    for (std::size_t i = 0; finished && i < rows.size(); ++i) {
        clear();
        std::vector<at::Tensor> parts;
        for (const ScoredSequence &sequence : set.sequences) {
            if (sequence.row != rows[i].row || sequence.field != AnswerField::Answer)
                continue;
            const Batch batch = packBatch({packed(sequence.sample)}, m_model.device());
            parts.push_back(losses::tokenNll(m_model, batch));
        }
        at::Tensor losses_M = parts.empty() ? at::Tensor() : at::cat(parts);
        if (losses_M.defined() && set.variant == EvaluationVariant::OpenUnlearning)
            losses_M = losses_M.narrow(0, 0, losses_M.size(0) - 1); // without the EOS, or what stands in its place
        if (!losses_M.defined() || losses_M.size(0) == 0)
            continue;
        losses_M.mean().backward();
        double norms = 0;
        for (const at::Tensor &value : trained)
            norms += value.grad().defined() ? value.grad().to(at::kDouble).norm().item<double>() : 0;
        rows[i].gradientNorm = norms / static_cast<double>(trained.size());
        finished = !progress || progress(i + 1, rows.size());
    }
    clear();
    if (!wasTrainable) {
        m_model.setTrainable(false);
        for (at::Tensor &value : trained)
            value.mutable_grad().reset();
    }
    m_model.parametersChanged();
    return finished;
}

Result<bool> SequenceScorer::generate(const EvaluationSet &set, std::vector<RowScores> &rows, const Progress &progress)
{
    // TOFU's own counts the prompt among its tokens: what is over is cut off below, greedy answers being prefixes of longer ones
    const bool isWhole = set.variant == EvaluationVariant::TofuOriginal && !set.maxNewTokens;
    const bool isPublished = isWhole || set.variant == EvaluationVariant::OpenUnlearning;
    const GenerationOptions options{.maxNewTokens = set.maxNewTokens.value_or(isPublished ? kPublishedTokens : m_generations.maxNewTokens)};
    // learned positions end where their table ends: a prompt that fills it has no answer, one near it a shorter one
    const bool hasTable = !m_model.config().names.positions.empty();
    const auto roomBehind = [&](const std::vector<TokenId> &prompt) {
        return hasTable ? m_model.config().context - static_cast<std::int64_t>(prompt.size()) : options.maxNewTokens;
    };
    std::vector<std::vector<TokenId>> prompts, longOnes;
    std::vector<std::size_t> ofRow, ofLongRow;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto index = static_cast<std::size_t>(rows[i].row);
        const DataRow &data = set.rows[index].data;
        if (data.isDocument)
            continue; // there is no prompt to continue
        std::vector<TokenId> ids;
        if (set.rawPrompts.empty()) {
            LETHE_TRY(ids, m_encoder.encodePrompt(data));
        } else {
            ids = m_tokenizer.encode(set.rawPrompts[index]);
            if (const std::optional<TokenId> eos = m_tokenizer.eosId(); eos && !ids.empty() && ids.back() == *eos)
                ids.pop_back(); // some tokenizers close every text: nothing is to be written behind that
        }
        if (ids.empty() || roomBehind(ids) <= 0)
            continue;
        const bool isLong = roomBehind(ids) < options.maxNewTokens;
        (isLong ? longOnes : prompts).push_back(std::move(ids));
        (isLong ? ofLongRow : ofRow).push_back(i);
    }
    std::size_t tokens = 0;
    bool stopped = false;
    const auto onToken = [&](std::size_t, TokenId) {
        stopped = progress && !progress(std::min(prompts.size(), ++tokens / static_cast<std::size_t>(options.maxNewTokens)), prompts.size());
        return !stopped;
    };
    std::vector<GeneratedIds> generated = generateIds(m_model, prompts, options, onToken);
    for (std::size_t i = 0; !stopped && i < longOnes.size(); ++i) {
        generated.push_back(generateIds(m_model, {longOnes[i]}, {.maxNewTokens = roomBehind(longOnes[i])}, onToken).front());
        prompts.push_back(longOnes[i]);
        ofRow.push_back(ofLongRow[i]);
    }
    if (stopped)
        return false;
    for (std::size_t i = 0; isWhole && i < generated.size(); ++i) {
        const auto room = static_cast<std::size_t>(std::max<std::int64_t>(0, kPublishedTokens - static_cast<std::int64_t>(prompts[i].size())));
        if (generated[i].ids.size() > room) {
            generated[i].ids.resize(room);
            generated[i].stoppedAtEos = false;
        }
    }
    for (std::size_t i = 0; i < generated.size(); ++i) {
        RowScores &row = rows[ofRow[i]];
        std::string text = m_tokenizer.decode(generated[i].ids);
        for (const std::string &stop : set.stops)
            text = text.substr(0, text.find(stop));
        row.text = std::string(strippedText(text));
        row.newTokens = static_cast<std::int64_t>(generated[i].ids.size());
        row.hitTokenLimit = !generated[i].stoppedAtEos;
    }
    return true;
}

Result<std::vector<std::vector<RowScores>>> SequenceScorer::score(const std::vector<EvaluationSet> &sets, const Demands &demands, std::int64_t limit,
                                                                  const Progress &progress)
{
    const auto demandOf = [&demands](const EvaluationSet &set) {
        const auto found = demands.find(set.name);
        return found != demands.end() ? found->second : Demand{};
    };
    std::vector<std::vector<RowScores>> scores;
    std::vector<Job> jobs;
    std::vector<std::pair<std::size_t, const ScoredSequence *>> places;
    for (const EvaluationSet &set : sets) {
        const Demand demand = demandOf(set);
        const auto rows = std::min<std::int64_t>(static_cast<std::int64_t>(set.rows.size()), limit);
        auto &list = scores.emplace_back(static_cast<std::size_t>(rows));
        for (std::int64_t row = 0; row < rows; ++row) {
            list[static_cast<std::size_t>(row)].row = row;
            if (demand.perturbed)
                list[static_cast<std::size_t>(row)].perturbed.resize(set.rows[static_cast<std::size_t>(row)].perturbed.size());
        }
        for (const ScoredSequence &sequence : set.sequences) {
            const bool answer = sequence.field == AnswerField::Answer;
            const bool wanted = answer ? demand.answer : sequence.field == AnswerField::Paraphrased ? demand.paraphrased : demand.perturbed;
            if (!wanted || sequence.row >= rows)
                continue;
            jobs.push_back({.sample = &sequence.sample, .argmax = answer && demand.argmax, .zScores = answer && demand.zScores, .trace = {}});
            places.emplace_back(scores.size() - 1, &sequence);
        }
    }
    if (!runForward(jobs, progress))
        return cancelled();
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const auto &[set, sequence] = places[i];
        RowScores &row = scores[set][static_cast<std::size_t>(sequence->row)];
        TokenTrace &whole = sequence->field == AnswerField::Answer ? row.answer
            : sequence->field == AnswerField::Paraphrased         ? row.paraphrased
                                                                  : row.perturbed[static_cast<std::size_t>(sequence->index)];
        // a document has several windows, in order
        const TokenTrace &part = jobs[i].trace;
        whole.logProbabilities.insert(whole.logProbabilities.end(), part.logProbabilities.begin(), part.logProbabilities.end());
        whole.right.insert(whole.right.end(), part.right.begin(), part.right.end());
        whole.zScores.insert(whole.zScores.end(), part.zScores.begin(), part.zScores.end());
    }
    for (std::size_t i = 0; i < sets.size(); ++i) {
        const Demand demand = demandOf(sets[i]);
        if (demand.gradient && m_model.assistant() != nullptr)
            return Error{.code = ErrorCode::Unsupported, .what = "a pair of models has no gradient norm", .where = "eval.metrics",
                         .hint = "Leave mia_gradnorm out"};
        if (demand.gradient && !measureGradients(sets[i], scores[i], progress))
            return cancelled();
        if (demand.generation) {
            LETHE_TRY(const bool finished, generate(sets[i], scores[i], progress));
            if (!finished)
                return cancelled();
        }
    }
    return scores;
}

} // namespace lethe
