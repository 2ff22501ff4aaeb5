#include "run/Session.h"

#include "model/TorchErrors.h"
#include "training/Schedule.h"

#include <lethe/base/Device.h>
#include <lethe/base/Paths.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace lethe {

namespace {

/// A run whose steps are not finite so many times in a row has diverged.
constexpr int kSkippedStepsToStop = 3;
/// Final hidden states of the reference are remembered where they take no more than this.
constexpr std::int64_t kHiddenBudget = std::int64_t{2} << 30;

} // namespace

Session::Session(const ResolvedSpec &spec, const MethodCatalog &catalog, const SessionOptions &options, RunControl &control, RunObserver &observer)
    : m_spec(spec), m_training(spec.spec.training), m_catalog(catalog), m_options(options), m_control(control), m_observer(observer), m_start(Clock::now())
{
}

void Session::event(std::int64_t step, const std::string &kind, const std::string &text)
{
    m_observer.onEvent({.step = step, .kind = kind, .text = text});
}

double Session::elapsed() const
{
    return m_elapsedBefore + std::chrono::duration<double>(Clock::now() - m_start - m_paused).count();
}

std::string Session::specHash() const
{
    // Of what the numbers depend on: a renamed run, or one evaluated more often, is still the same run.
    ExperimentSpec spec = m_spec.spec;
    spec.name.clear();
    spec.eval.reset();
    spec.training.saveEverySteps.reset();
    spec.model = m_spec.modelFolder.string();
    if (spec.referenceModel)
        spec.referenceModel = m_spec.referenceFolder.string();
    if (spec.data.forget)
        spec.data.forget->path = m_spec.forgetFile.string();
    if (spec.data.retain)
        spec.data.retain->path = m_spec.retainFile.string();
    return sha256(writeSpec(spec));
}

Result<void> Session::readMethod()
{
    const MethodSpec &method = m_spec.spec.method;
    m_manifest = m_catalog.find(method.id);
    LETHE_TRY(m_method, m_catalog.create(method.id, method.parameters));
    if (m_training.dtype == Dtype::F16)
        return Error{.code = ErrorCode::Unsupported, .what = "training in f16 needs loss scaling, which Lethe does not do", .where = "training.dtype",
                     .hint = "Use bf16 or f32"};
    if (m_manifest->retainLosses.empty())
        return {};
    const ParameterSet &parameters = method.parameters;
    m_forgetWeight = parameters.number("forget_weight", 1);
    m_retainWeight = parameters.number("retain_weight", 1);
    const std::string loss = parameters.contains("retain_loss") ? parameters.text("retain_loss") : m_manifest->retainLosses.front();
    if (m_retainWeight != 0 && loss != "none")
        m_retainLoss = loss == "kl" ? RetainLoss::Kl : RetainLoss::Nll;
    return {};
}

Result<void> Session::makePlan()
{
    const bool all = m_manifest->anchor == "all";
    if (m_inputs.forget)
        m_anchorSamples = m_inputs.forget->encoded.samples;
    if (all && m_inputs.retain)
        m_anchorSamples.insert(m_anchorSamples.end(), m_inputs.retain->encoded.samples.begin(), m_inputs.retain->encoded.samples.end());
    if (m_anchorSamples.empty())
        return Error{.code = ErrorCode::InvalidInput, .what = "the spec names no rows to train on", .where = all ? "data" : "data.forget", .hint = {}};
    m_bothTerms = !all && m_retainLoss != RetainLoss::None;
    if (m_bothTerms && !m_inputs.retain)
        return Error{.code = ErrorCode::InvalidInput, .what = "a retain set is needed for retain_loss", .where = "data.retain",
                     .hint = "Name one, or set retain_loss to none"};
    const auto anchors = static_cast<std::int64_t>(m_anchorSamples.size());
    m_plan.emplace(m_training, anchors, m_bothTerms ? static_cast<std::int64_t>(m_inputs.retain->encoded.samples.size()) : 0);
    return {};
}

Result<void> Session::prepareReference()
{
    const bool needsNll = std::ranges::find(m_manifest->needs, "reference") != m_manifest->needs.end();
    const bool needsHidden = m_retainLoss == RetainLoss::Kl;
    if (!needsNll && !needsHidden)
        return {};
    const auto progress = [this](std::size_t done, std::size_t total) {
        m_observer.onStage({.name = "Reference values", .done = static_cast<double>(done), .total = static_cast<double>(total), .unit = "rows"});
        return !m_control.isCancelled();
    };
    const Error cancelled{.code = ErrorCode::Cancelled, .what = "the reference values were cancelled", .where = {}, .hint = {}};

    // The model about to be trained is its own reference until its first step: no second copy for what is remembered before. With
    // an adapter it stays so, the adapter switched off.
    const bool adapted = m_inputs.model->adapter() != nullptr;
    const bool borrowed = m_spec.referenceFolder.empty() && (adapted || (!m_options.resumeFrom && !needsHidden));
    std::unique_ptr<Decoder> owned;
    if (!borrowed) {
        const auto &folder = m_spec.referenceFolder.empty() ? m_spec.modelFolder : m_spec.referenceFolder;
        if (m_spec.referenceFolder.empty() && !m_options.resumeFrom) {
            owned = m_inputs.model->frozenCopy();
        } else {
            LETHE_TRY(owned, Decoder::load(folder, {.device = m_inputs.device, .dtype = m_inputs.model->dtype(), .parameterDtype = m_inputs.model->dtype(),
                                                    .progress = {}}));
        }
        if (owned->assistant() != nullptr)
            return Error{.code = ErrorCode::Unsupported, .what = "is a pair of models, which cannot be a reference", .where = "reference_model", .hint = {}};
        if (owned->config().vocabulary != m_inputs.model->config().vocabulary)
            return Error{.code = ErrorCode::InvalidInput,
                         .what = "has a vocabulary of " + std::to_string(owned->config().vocabulary) + ", the model " + std::to_string(m_inputs.model->config().vocabulary),
                         .where = "reference_model", .hint = "Reference and model must share their tokenizer"};
    }
    Decoder &model = owned ? *owned : *m_inputs.model;
    m_reference = std::make_unique<FrozenReference>(std::move(owned), model);

    if (needsNll) {
        std::set<std::int64_t> used;
        for (std::int64_t step = 1; step <= m_plan->steps() && used.size() < m_anchorSamples.size(); ++step)
            for (const MicroBatch &micro : m_plan->step(step))
                used.insert(micro.anchor.begin(), micro.anchor.end());
        if (!m_reference->rememberNll(m_anchorSamples, {used.begin(), used.end()}, SampleSet::Anchor, progress))
            return cancelled;
    }
    if (needsHidden) {
        const std::vector<EncodedSample> &samples = m_inputs.retain->encoded.samples;
        std::set<std::int64_t> used;
        std::int64_t tokens = 0;
        for (std::int64_t step = 1; step <= m_plan->steps() && used.size() < samples.size(); ++step)
            for (const MicroBatch &micro : m_plan->step(step))
                for (const std::int64_t sample : micro.retain)
                    if (used.insert(sample).second)
                        tokens += static_cast<std::int64_t>(samples[static_cast<std::size_t>(sample)].ids.size());
        const std::int64_t bytes = tokens * model.config().embeddingWidth * static_cast<std::int64_t>(at::elementSize(model.dtype()));
        if (bytes <= kHiddenBudget) {
            if (!m_reference->rememberHidden(samples, {used.begin(), used.end()}, SampleSet::Retain, progress))
                return cancelled;
            m_reference->dropBody();
        }
    }
    return {};
}

RunFacts Session::facts() const
{
    RunFacts facts{.plannedSteps = m_plan->steps(), .stepsPerEpoch = m_plan->stepsPerEpoch()};
    const auto add = [&facts](const std::optional<SessionSet> &set, std::int64_t &rows, std::int64_t &tokens) {
        if (!set)
            return;
        rows = static_cast<std::int64_t>(set->rows.size());
        tokens = set->encoded.tokens;
        facts.cutRows += set->encoded.cutRows;
        facts.boundaryMismatches += set->encoded.boundaryMismatches;
        facts.rowsWithoutLabels += static_cast<std::int64_t>(set->encoded.withoutLabels.size());
    };
    add(m_inputs.forget, facts.forgetRows, facts.forgetTokens);
    add(m_inputs.retain, facts.retainRows, facts.retainTokens);
    facts.rejectedRows = m_inputs.rejectedRows;
    facts.parameters = m_inputs.model->parameterCount();
    facts.device = m_inputs.device.is_cuda() ? deviceReport().summary() : m_inputs.deviceName;
    return facts;
}

Result<void> Session::prepare()
{
    if (m_options.threads > 0)
        at::set_num_threads(m_options.threads);
    LETHE_TRY_VOID(readMethod());
    if (m_training.lora) {
        // The base is frozen: it is kept as it is computed with, and a checkpoint holds the adapter alone.
        LETHE_TRY_VOID(m_inputs.read(m_spec, m_spec.modelFolder, m_training.dtype == Dtype::F32 ? at::kFloat : at::kBFloat16, m_control, m_observer));
        LETHE_TRY_VOID(m_inputs.model->addAdapter(*m_training.lora, m_training.seed));
        if (m_options.resumeFrom)
            LETHE_TRY_VOID(m_inputs.model->readAdapter(*m_options.resumeFrom));
    } else {
        // Below f32 the parameters stay f32 masters: a step of 1e-5 is below the spacing of bf16 numbers near 0.02.
        LETHE_TRY_VOID(m_inputs.read(m_spec, m_options.resumeFrom.value_or(m_spec.modelFolder), at::kFloat, m_control, m_observer));
    }
    if (m_inputs.model->assistant() != nullptr)
        return Error{.code = ErrorCode::Unsupported, .what = "is a pair of models, which cannot be trained further", .where = "model",
                     .hint = "Name the pair's target or its assistant"};
    LETHE_TRY_VOID(makePlan());
    m_observer.onFacts(facts());
    for (const EventRecord &warning : m_inputs.warnings)
        m_observer.onEvent(warning);
    LETHE_TRY_VOID(prepareReference());
    m_inputs.model->setTrainable(true);
    m_inputs.model->setCheckpointing(m_training.gradientCheckpointing);
    m_optimizer = std::make_unique<Optimizer>(*m_inputs.model, m_training);
    if (m_options.resumeFrom) {
        LETHE_TRY(const CheckpointState state, readCheckpointState(*m_options.resumeFrom));
        if (state.specHash != specHash())
            return Error{.code = ErrorCode::InvalidInput, .what = "belongs to another spec than the one to resume", .where = m_options.resumeFrom->string(), .hint = {}};
        LETHE_TRY_VOID(m_optimizer->load(*m_options.resumeFrom / "state" / "optimizer.safetensors"));
        m_firstStep = state.step + 1;
        m_doneSteps = m_lastSaved = state.step;
        m_elapsedBefore = state.elapsed;
    }
    return {};
}

StepContext Session::contextOf(const std::vector<MicroBatch> &micros, std::int64_t step) const
{
    StepContext context{.model = *m_inputs.model, .reference = m_reference.get(), .retainLoss = m_retainLoss, .step = step};
    for (const MicroBatch &micro : micros) {
        context.forgetSamples += static_cast<std::int64_t>(micro.anchor.size());
        context.retainSamples += static_cast<std::int64_t>(micro.retain.size());
        for (const std::int64_t index : micro.anchor)
            context.forgetLabels += m_anchorSamples[static_cast<std::size_t>(index)].labelCount();
        for (const std::int64_t index : micro.retain) {
            const EncodedSample &sample = m_inputs.retain->encoded.samples[static_cast<std::size_t>(index)];
            context.retainLabels += sample.labelCount();
            context.retainTokens += static_cast<std::int64_t>(sample.ids.size());
        }
    }
    return context;
}

Result<StepRecord> Session::trainStep(std::int64_t step)
{
    const auto start = Clock::now();
    const std::vector<MicroBatch> micros = m_plan->step(step);
    const StepContext context = contextOf(micros, step);
    m_optimizer->zeroGradients();
    // Masks are a function of seed and step: a resumed run has the very same ones.
    m_inputs.model->setDropoutSeed(static_cast<std::uint64_t>(m_training.seed) * 0x9e3779b97f4a7c15u + static_cast<std::uint64_t>(step));

    at::Tensor forgetLoss, retainLoss;
    std::vector<std::pair<std::string, at::Tensor>> values;
    std::int64_t tokens = 0;
    const auto gather = [&values](Term &term, at::Tensor &total) {
        const at::Tensor value = term.loss.detach();
        total = total.defined() ? total + value : value;
        for (auto &[name, figure] : term.values) {
            const auto known = std::ranges::find(values, name, &std::pair<std::string, at::Tensor>::first);
            if (known == values.end())
                values.emplace_back(name, figure);
            else
                known->second = known->second + figure;
        }
    };
    for (const MicroBatch &micro : micros) {
        if (m_control.isCancelled())
            return Error{.code = ErrorCode::Cancelled, .what = "the run was cancelled", .where = {}, .hint = {}};
        const Batch forget = packSamples(m_anchorSamples, micro.anchor, SampleSet::Anchor, m_inputs.device);
        tokens += forget.tokens();
        Term forgetTerm = m_method->forgetTerm(context, forget);
        gather(forgetTerm, forgetLoss);
        if (m_forgetWeight != 0)
            (m_forgetWeight == 1 ? forgetTerm.loss : forgetTerm.loss * m_forgetWeight).backward();
        forgetTerm = {};
        if (!m_bothTerms)
            continue;
        const Batch retain = packSamples(m_inputs.retain->encoded.samples, micro.retain, SampleSet::Retain, m_inputs.device);
        tokens += retain.tokens();
        Term retainTerm = m_method->retainTerm(context, retain);
        gather(retainTerm, retainLoss);
        (m_retainWeight == 1 ? retainTerm.loss : retainTerm.loss * m_retainWeight).backward();
    }

    const at::Tensor norm = m_optimizer->gradientNorm();
    StepRecord record{.step = step, .epoch = m_plan->epochAfter(step), .learningRate = learningRateAt(m_training, step, m_plan->steps()), .tokens = tokens};
    record.gradNorm = norm.item<double>();
    record.forgetLoss = forgetLoss.item<double>();
    record.loss = m_forgetWeight * *record.forgetLoss;
    if (retainLoss.defined()) {
        record.retainLoss = retainLoss.item<double>();
        record.loss += m_retainWeight * *record.retainLoss;
    }
    for (const auto &[name, figure] : values)
        record.values.emplace_back(name, figure.item<double>());
    if (m_manifest->anchor == "all")
        record.forgetLoss.reset(); // one set, one loss: neither term of an unlearning method

    record.skipped = !std::isfinite(record.loss) || !std::isfinite(record.gradNorm);
    if (!record.skipped) {
        if (m_training.maxGradNorm)
            m_optimizer->clip(norm, *m_training.maxGradNorm);
        m_optimizer->step(record.learningRate);
    }
    record.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    record.elapsed = elapsed();
    record.peakMemoryBytes = memoryNow(m_inputs.deviceName).peakBytes;
    return record;
}

Result<void> Session::evaluate(std::int64_t step, bool wholeSets)
{
    if (!m_spec.spec.eval)
        return {};
    const std::string stage = step == 0 ? "Baseline evaluation" : "Evaluating";
    const auto progress = [&](std::size_t done, std::size_t total) {
        m_observer.onStage({.name = stage, .done = static_cast<double>(done), .total = static_cast<double>(total), .unit = "rows"});
        return !m_control.isCancelled();
    };
    Evaluator evaluator(*m_inputs.model, *m_inputs.tokenizer, *m_inputs.encoder, *m_inputs.evaluation);
    LETHE_TRY(EvaluationRecord evaluation, evaluator.evaluate(step, wholeSets, progress));
    if (!evaluation.subset)
        m_summary.finalMetrics = evaluation.metrics;
    if (step == 0)
        for (const MetricValue &metric : evaluation.metrics)
            if (metric.id == "forget_exact_match" && metric.value == 0.0)
                event(0, "warning", "Exact match on forget is 0 % before training: nothing to forget?");
    m_observer.onEvaluation(evaluation);
    m_lastEvaluated = step;
    return {};
}

Result<void> Session::saveCheckpoint(std::int64_t step)
{
    m_observer.onStage({.name = "Saving", .done = 0, .total = 0, .unit = "bytes"});
    LETHE_TRY(const CheckpointRecord record, writeCheckpoint(m_options.runFolder, m_spec.modelFolder, *m_inputs.model, *m_optimizer,
                                                             {.step = step, .elapsed = elapsed(), .specHash = specHash()}));
    m_summary.checkpoint = record.path;
    m_lastSaved = step;
    m_observer.onCheckpoint(record);
    return {};
}

Result<bool> Session::afterStep(std::int64_t step)
{
    const std::optional<EvalSpec> &eval = m_spec.spec.eval;
    const bool last = step == m_plan->steps();
    const bool due = eval && eval->everySteps && step % *eval->everySteps == 0;
    if (const bool asked = m_control.takeEvaluateNow(); !last && (asked || due))
        LETHE_TRY_VOID(evaluate(step, false));
    const bool saveDue = m_training.saveEverySteps && step % *m_training.saveEverySteps == 0;
    if (const bool asked = m_control.takeCheckpointNow(); !last && (asked || saveDue))
        LETHE_TRY_VOID(saveCheckpoint(step));

    if (m_control.request() == RunControl::Request::Pause) {
        const auto pausedAt = Clock::now();
        event(step, "pause", "Paused after step " + std::to_string(step));
        m_observer.onStatus(RunStatus::Paused);
        m_control.waitWhilePaused();
        m_paused += Clock::now() - pausedAt;
        if (m_control.request() == RunControl::Request::Continue) {
            event(step, "resume", "Resumed");
            m_observer.onStatus(RunStatus::Running);
        }
    }
    switch (m_control.request()) {
    case RunControl::Request::Stop: m_status = last ? RunStatus::Done : RunStatus::Stopped; return false;
    case RunControl::Request::Interrupt: m_status = last ? RunStatus::Done : RunStatus::Interrupted; return false;
    case RunControl::Request::Cancel: return Error{.code = ErrorCode::Cancelled, .what = "the run was cancelled", .where = {}, .hint = {}};
    default: return true;
    }
}

Result<void> Session::trainAll()
{
    for (std::int64_t step = m_firstStep; step <= m_plan->steps(); ++step) {
        if (step == m_firstStep || m_lastEvaluated == step - 1 || m_lastSaved == step - 1)
            m_observer.onStage({.name = "Training", .done = static_cast<double>(step - 1), .total = static_cast<double>(m_plan->steps()), .unit = "steps"});
        LETHE_TRY(const StepRecord record, trainStep(step));
        m_doneSteps = step;
        m_trainedTokens += record.tokens;
        m_trainingSeconds += record.seconds;
        m_observer.onStep(record);
        if (record.skipped) {
            event(step, "non_finite", "Loss or gradient of step " + std::to_string(step) + " is not finite; the step was skipped and the model left as it was");
            if (++m_skippedInARow >= kSkippedStepsToStop)
                return Error{.code = ErrorCode::NotFinite,
                             .what = "Loss or gradient was not finite in " + std::to_string(m_skippedInARow) + " steps in a row, the last of them step "
                                 + std::to_string(step),
                             .where = "training", .hint = "Lower training.learning_rate, or set training.max_grad_norm"};
        } else {
            m_skippedInARow = 0;
        }
        LETHE_TRY(const bool goOn, afterStep(step));
        if (!goOn)
            break;
    }
    return {};
}

RunSummary Session::summarySoFar() const
{
    RunSummary summary = m_summary;
    summary.status = m_status;
    summary.steps = m_doneSteps;
    summary.seconds = elapsed();
    summary.tokensPerSecond = m_trainingSeconds > 0 ? static_cast<double>(m_trainedTokens) / m_trainingSeconds : 0;
    summary.peakMemoryBytes = memoryNow(m_inputs.deviceName).peakBytes;
    if (m_plan && m_inputs.model)
        summary.facts = facts();
    return summary;
}

Result<RunSummary> Session::run()
{
    m_observer.onStatus(RunStatus::Running);
    LETHE_TRY_VOID(prepare());
    m_start = Clock::now();
    if (!m_options.resumeFrom && m_options.evaluateAtStart)
        LETHE_TRY_VOID(evaluate(0, true));
    LETHE_TRY_VOID(trainAll());

    if (m_status != RunStatus::Interrupted && m_lastEvaluated != m_doneSteps)
        LETHE_TRY_VOID(evaluate(m_doneSteps, true));
    if (m_options.finalCheckpoint && m_lastSaved != m_doneSteps)
        LETHE_TRY_VOID(saveCheckpoint(m_doneSteps));
    if (m_summary.checkpoint.empty() && m_options.resumeFrom && m_lastSaved == m_doneSteps)
        m_summary.checkpoint = m_options.resumeFrom->string();
    return summarySoFar();
}

Result<RunSummary> runSession(const ResolvedSpec &spec, const MethodCatalog &catalog, const SessionOptions &options, RunControl &control, RunObserver &observer)
{
    Session session(spec, catalog, options, control, observer);
    auto result = guarded(spec.spec.training.device == "cpu" || deviceReport().cuda.empty() ? "cpu" : "cuda:0", spec.spec.name,
                          [&]() -> Result<RunSummary> { return session.run(); });
    if (!result.ok() && result.error().code == ErrorCode::Cancelled) {
        RunSummary summary = session.summarySoFar();
        summary.status = RunStatus::Cancelled;
        return summary;
    }
    if (!result.ok() && result.error().code == ErrorCode::OutOfMemory) {
        Error error = result.error();
        error.what += "; steps up to " + std::to_string(session.doneSteps()) + " are stored";
        return error;
    }
    return result;
}

Result<EvaluationRecord> evaluateModel(const ResolvedSpec &spec, const std::filesystem::path &modelFolder, RunControl &control, RunObserver &observer, int threads)
{
    return guarded(spec.spec.training.device == "cpu" || deviceReport().cuda.empty() ? "cpu" : "cuda:0", modelFolder.string(), [&]() -> Result<EvaluationRecord> {
        if (threads > 0)
            at::set_num_threads(threads);
        ResolvedSpec evaluated = spec;
        evaluated.spec.eval = spec.spec.eval.value_or(EvalSpec{});
        SessionInputs inputs;
        const c10::ScalarType dtype = spec.spec.training.dtype == Dtype::F32 ? at::kFloat : spec.spec.training.dtype == Dtype::BF16 ? at::kBFloat16 : at::kHalf;
        LETHE_TRY_VOID(inputs.read(evaluated, modelFolder, dtype, control, observer));
        for (const EventRecord &warning : inputs.warnings)
            observer.onEvent(warning);
        Evaluator evaluator(*inputs.model, *inputs.tokenizer, *inputs.encoder, *inputs.evaluation);
        const auto progress = [&](std::size_t done, std::size_t total) {
            observer.onStage({.name = "Evaluating", .done = static_cast<double>(done), .total = static_cast<double>(total), .unit = "rows"});
            return !control.isCancelled();
        };
        return evaluator.evaluate(0, true, progress);
    });
}

} // namespace lethe
