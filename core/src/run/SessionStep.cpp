#include "run/Session.h"

#include "training/Schedule.h"

#include <lethe/base/Device.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace lethe {

namespace {

void add(at::Tensor &total, const at::Tensor &value)
{
    total = total.defined() ? total + value : value;
}

void addValues(TermValues &totals, const TermValues &values)
{
    for (const auto &[name, figure] : values) {
        const auto known = std::ranges::find(totals, name, &TermValues::value_type::first);
        if (known == totals.end())
            totals.emplace_back(name, figure);
        else
            known->second = known->second + figure;
    }
}

SampleShape shapeOf(const EncodedSample &sample)
{
    return {.length = static_cast<std::int64_t>(sample.ids.size()), .labelStart = sample.labelStart};
}

/// Text of 0 to \p maximum random tokens; specials and broken characters fall out in decoding.
std::string randomText(const Tokenizer &tokenizer, std::int64_t maximum, std::mt19937_64 &random)
{
    const auto length = static_cast<std::size_t>(random() % static_cast<std::uint64_t>(maximum + 1));
    std::vector<TokenId> ids(length);
    for (TokenId &id : ids)
        id = static_cast<TokenId>(random() % static_cast<std::uint64_t>(tokenizer.vocabularySize()));
    return tokenizer.decode(ids, true);
}

} // namespace

/// What the micro-batches of a step add up to.
struct Session::TermSums {
    at::Tensor forget, retain;
    std::vector<at::Tensor> further;
    TermValues values;
    std::int64_t tokens = 0;
};

/// Looks along the coming update with the session's own model and optimizer, and puts both back bit for bit.
class Session::Probe final : public LineProbe
{
public:
    Probe(Session &session, std::int64_t step) : m_session(session), m_step(step) {}

    double retainNll(double rate, double ratio, std::int64_t moreSteps) override
    {
        const at::NoGradGuard off;
        if (ratio == 0)
            return nll(moreSteps);
        Optimizer &optimizer = *m_session.m_optimizer;
        if (m_before.empty())
            m_before = optimizer.snapshot();
        std::vector<at::Tensor> parameters = optimizer.parameters();
        if (m_update.empty() || m_rate != rate) {
            optimizer.step(rate);
            m_update.clear();
            for (std::size_t i = 0; i < parameters.size(); ++i)
                m_update.push_back(m_before[i] - parameters[i]);
            m_rate = rate;
            optimizer.restore(m_before);
        }
        at::_foreach_add_(parameters, m_update, -ratio);
        m_session.trained().parametersChanged();
        const double value = nll(moreSteps);
        optimizer.restore(m_before); // never by adding back: that would not be the same bits
        return value;
    }

private:
    double nll(std::int64_t moreSteps) const
    {
        double sum = 0;
        std::int64_t labels = 0;
        for (std::int64_t step = m_step; step <= m_step + moreSteps; ++step)
            for (const MicroBatch &micro : m_session.m_plan->step(step)) {
                const Batch retain = m_session.retainBatch(micro);
                sum += losses::tokenNll(m_session.trained(), retain).sum(at::kDouble).item<double>();
                labels += retain.labels();
            }
        return sum / static_cast<double>(std::max<std::int64_t>(1, labels));
    }

    Session &m_session;
    std::int64_t m_step;
    double m_rate = 0;
    std::vector<at::Tensor> m_before, m_update;
};

Result<Session::StepSamples> Session::samplesOf(std::int64_t step) const
{
    StepSamples samples{.micros = m_plan->step(step), .noisy = {}, .alternates = {}};
    for (const MicroBatch &micro : samples.micros)
        samples.alternates.push_back(alternatesOf(micro, step));
    if (!m_use.promptNoise.any())
        return samples;
    for (const MicroBatch &micro : samples.micros) {
        std::vector<EncodedSample> &noisy = samples.noisy.emplace_back();
        for (const std::int64_t index : micro.anchor) {
            const EncodedSample &plain = m_anchorSamples[static_cast<std::size_t>(index)];
            DataRow row = m_inputs.forget->rows[static_cast<std::size_t>(plain.row)];
            std::seed_seq seed{static_cast<std::uint32_t>(m_training.seed), static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(index)};
            std::mt19937_64 random(seed);
            const std::string prefix = randomText(*m_inputs.tokenizer, m_use.promptNoise.prefixMax, random);
            const std::string suffix = randomText(*m_inputs.tokenizer, m_use.promptNoise.suffixMax, random);
            std::vector<EncodedSample> encoded;
            if (!row.isDocument) {
                row.prompt = prefix + row.prompt + suffix;
                LETHE_TRY(encoded, m_inputs.encoder->encode(row, plain.row));
            }
            // Where the noise leaves no room for the answer, the question goes without.
            noisy.push_back(encoded.size() == 1 && encoded.front().labelCount() > 0 ? std::move(encoded.front()) : plain);
        }
    }
    return samples;
}

StepContext Session::contextOf(const StepSamples &samples, std::int64_t step) const
{
    StepContext context{.model = trained(), .reference = m_reference.get(), .retainLoss = m_retainLoss, .klPositions = m_klPositions, .step = step,
                        .epochSteps = m_plan->stepsPerEpoch(), .steps = m_plan->steps()};
    for (std::size_t i = 0; i < samples.micros.size(); ++i) {
        const MicroBatch &micro = samples.micros[i];
        context.forgetSamples += static_cast<std::int64_t>(micro.anchor.size());
        context.retainSamples += static_cast<std::int64_t>(micro.retain.size());
        for (std::size_t k = 0; k < micro.anchor.size(); ++k) {
            const auto index = static_cast<std::size_t>(micro.anchor[k]);
            const EncodedSample &sample = samples.noisy.empty() ? m_anchorSamples[index] : samples.noisy[i][k];
            context.forgetLabels += sample.labelCount();
            context.forgetShapes.push_back(shapeOf(sample));
            if (m_alternateSamples.empty())
                continue;
            const EncodedSample &alternate = m_alternateSamples[static_cast<std::size_t>(samples.alternates[i][k])];
            context.alternateLabels += alternate.labelCount();
            context.alternateTokens += static_cast<std::int64_t>(alternate.ids.size());
            context.alternateShapes.push_back(shapeOf(alternate));
        }
        for (const std::int64_t index : micro.retain) {
            const EncodedSample &sample = m_retainSamples[static_cast<std::size_t>(index)];
            context.retainLabels += sample.labelCount();
            context.retainTokens += static_cast<std::int64_t>(sample.ids.size());
        }
    }
    return context;
}

Batch Session::forgetBatch(const StepSamples &samples, std::size_t micro) const
{
    if (samples.noisy.empty())
        return packSamples(m_anchorSamples, samples.micros[micro].anchor, SampleSet::Anchor, m_inputs.device);
    std::vector<std::int64_t> all(samples.noisy[micro].size());
    std::iota(all.begin(), all.end(), std::int64_t{0});
    Batch batch = packSamples(samples.noisy[micro], all, SampleSet::Anchor, m_inputs.device);
    std::ranges::fill(batch.keys, std::int64_t{-1}); // of this step alone: nothing is remembered of them
    return batch;
}

Batch Session::retainBatch(const MicroBatch &micro) const
{
    return packSamples(m_retainSamples, micro.retain, SampleSet::Retain, m_inputs.device);
}

void Session::runMicroBatch(const StepSamples &samples, std::size_t index, StepContext &context, const TermWeights &weights, double share,
                            TermSums &sums)
{
    const MicroBatch &micro = samples.micros[index];
    const Batch alternate = m_alternateSamples.empty() ? Batch() : packSamples(m_alternateSamples, samples.alternates[index], SampleSet::Alternate, m_inputs.device);
    const Batch forget = m_use.readsForget ? forgetBatch(samples, index) : Batch();
    const Batch retain = m_readsRetain ? retainBatch(micro) : Batch();
    context.alternate = m_alternateSamples.empty() ? nullptr : &alternate;
    sums.tokens += forget.tokens() + alternate.tokens() + retain.tokens();
    sums.further.resize(m_use.furtherTerms.size());

    // One term after another, each with its backward pass: two terms take the memory of one.
    const auto run = [&sums, share](double weight, at::Tensor &total, auto &&compute) {
        const at::AutoGradMode recording(weight != 0);
        Term term = compute();
        if (share != 1) {
            term.loss = term.loss * share;
            for (auto &value : term.values)
                value.second = value.second * share;
        }
        add(total, term.loss.detach());
        addValues(sums.values, term.values);
        if (weight != 0 && !(term.mayVanish && term.loss.template item<double>() == 0))
            (weight == 1 ? term.loss : term.loss * weight).backward();
    };
    const bool apart = m_use.separateGradients;
    if (apart)
        m_optimizer->setGradients(m_forgetGradients);
    run(apart ? 1 : weights.forget, sums.forget, [&] { return m_method->forgetTerm(context, m_use.readsForget ? forget : alternate); });
    if (apart)
        m_optimizer->setGradients(m_retainGradients);
    if (m_hasRetainTerm)
        run(apart ? 1 : weights.retain, sums.retain, [&] { return m_method->retainTerm(context, retain); });
    for (std::size_t i = 0; i < m_use.furtherTerms.size(); ++i) {
        const FurtherTerm &further = m_use.furtherTerms[i];
        const Batch &batch = further.on == FurtherTerm::On::Forget ? forget : further.on == FurtherTerm::On::Retain ? retain : alternate;
        run(further.weight, sums.further[i], [&] { return m_method->furtherTerm(i, context, batch); });
    }
    if (apart)
        m_optimizer->setGradients(m_forgetGradients);
    context.alternate = nullptr;
}

Result<StepRecord> Session::trainStep(std::int64_t step)
{
    const auto start = Clock::now();
    LETHE_TRY(const StepSamples samples, samplesOf(step));
    StepContext context = contextOf(samples, step);
    const TermWeights weights = m_method->weights(context, {.forget = m_forgetWeight, .retain = m_retainWeight});
    m_optimizer->zeroGradients();
    // Masks are a function of seed and step: a resumed run has the very same ones.
    trained().setDropoutSeed(static_cast<std::uint64_t>(m_training.seed) * 0x9e3779b97f4a7c15u + static_cast<std::uint64_t>(step));
    if (m_use.separateGradients)
        at::_foreach_zero_(m_retainGradients);

    TermSums sums;
    for (std::size_t micro = 0; micro < samples.micros.size(); ++micro) {
        if (m_control.isCancelled())
            return Error{.code = ErrorCode::Cancelled, .what = "the run was cancelled", .where = {}, .hint = {}};
        if (m_exactAccumulation) {
            runMicroBatch(samples, micro, context, weights, 1, sums);
        } else { // a step is the mean of its micro-batches, whatever they hold
            StepSamples alone{.micros = {samples.micros[micro]}, .noisy = {}, .alternates = {samples.alternates[micro]}};
            if (!samples.noisy.empty())
                alone.noisy.push_back(samples.noisy[micro]);
            StepContext own = contextOf(alone, step);
            runMicroBatch(samples, micro, own, weights, 1.0 / static_cast<double>(samples.micros.size()), sums);
        }
    }
    if (m_use.separateGradients) {
        const at::NoGradGuard off;
        m_method->combineGradients(context, weights, m_forgetGradients, m_retainGradients, sums.values);
    }

    const at::Tensor norm = m_optimizer->gradientNorm();
    StepRecord record{.step = step, .epoch = m_plan->epochAfter(step), .learningRate = learningRateAt(m_training, step, m_plan->steps()), .tokens = sums.tokens};
    record.gradNorm = norm.item<double>();
    StepReport report{.forgetLoss = sums.forget.item<double>()};
    report.loss = weights.forget * report.forgetLoss;
    if (sums.retain.defined()) {
        report.retainLoss = sums.retain.item<double>();
        report.loss += weights.retain * *report.retainLoss;
    }
    for (std::size_t i = 0; i < sums.further.size(); ++i) {
        const double value = sums.further[i].item<double>();
        report.loss += m_use.furtherTerms[i].weight * value;
        report.values.emplace_back(m_use.furtherTerms[i].name + "_loss", value);
    }
    for (const auto &[name, figure] : sums.values)
        report.values.emplace_back(name, figure.item<double>());

    report.skipped = !std::isfinite(report.loss) || !std::isfinite(record.gradNorm);
    if (!report.skipped) {
        if (m_training.maxGradNorm)
            m_optimizer->clip(norm, *m_training.maxGradNorm);
        Probe probe(*this, step);
        record.learningRate = m_method->learningRate(context, record.learningRate, probe, report);
        m_optimizer->step(record.learningRate);
    }
    m_method->afterStep(context, report);
    for (const std::string &note : report.notes)
        event(step, "warning", note);

    record.loss = report.loss;
    record.skipped = report.skipped;
    record.retainLoss = report.retainLoss;
    if (m_manifest->anchor != "all") // one set, one loss: neither term of an unlearning method
        record.forgetLoss = report.forgetLoss;
    record.values = std::move(report.values);
    record.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    record.elapsed = elapsed();
    record.peakMemoryBytes = memoryNow(m_inputs.deviceName).peakBytes;
    return record;
}

} // namespace lethe
