#include "run/Session.h"

#include "data/Augmentation.h"
#include "model/Generator.h"
#include "model/PairManifest.h"
#include "model/Safetensors.h"
#include "model/TorchErrors.h"
#include "model/WeightRounding.h"

#include <lethe/base/Device.h>
#include <lethe/base/Paths.h>
#include <lethe/data/Refusals.h>
#include <lethe/model/Freezing.h>
#include <lethe/model/ModelInfo.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <set>

namespace lethe {

namespace {

/// A run whose steps are not finite so many times in a row has diverged.
constexpr int kSkippedStepsToStop = 3;
/// Values of the reference are remembered where they take no more than this.
constexpr std::int64_t kFrozenBudget = std::int64_t{2} << 30;

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

Result<void> Session::askMethod()
{
    const MethodSpec &method = m_spec.spec.method;
    m_manifest = m_catalog.find(method.id);
    LETHE_TRY(m_method, m_catalog.create(method.id, method.parameters));
    if (m_training.dtype == Dtype::F16)
        return Error{.code = ErrorCode::InvalidInput, .what = "training in f16 needs loss scaling, which Lethe does not do", .where = "training.dtype",
                     .hint = "Use bf16 or f32"};
    const ParameterSet &parameters = method.parameters;
    m_forgetWeight = parameters.number("forget_weight", 1);
    if (!m_manifest->retainLosses.empty()) {
        m_retainWeight = parameters.number("retain_weight", 1);
        const std::string loss = parameters.contains("retain_loss") ? parameters.text("retain_loss") : m_manifest->retainLosses.front();
        if (m_retainWeight != 0 && loss != "none")
            m_retainLoss = loss == "kl" ? RetainLoss::Kl : loss == "nll" ? RetainLoss::Nll : RetainLoss::Own;
        if (parameters.contains("kl_positions") && parameters.text("kl_positions") == "labels")
            m_klPositions = losses::KlPositions::Labels;
        m_exactAccumulation = !parameters.contains("accumulation") || parameters.text("accumulation") == "exact";
    }
    LETHE_TRY(const ModelInfo info, inspectModel(m_spec.modelFolder));
    LETHE_TRY(m_use, m_method->begin({.layers = info.layers, .hidden = info.hiddenSize, .vocabulary = info.vocabularySize, .seed = m_training.seed,
                                      .learningRate = m_training.learningRate,
                                      .constantRate = m_training.schedule == ScheduleKind::Constant && m_training.warmupSteps == 0,
                                      .maxGradNorm = m_training.maxGradNorm, .sgd = m_training.optimizer == OptimizerKind::Sgd,
                                      .lora = m_training.lora.has_value(), .drawsAlternates = m_spec.spec.data.refusals.has_value(),
                                      .retainLoss = m_retainLoss, .klPositions = m_klPositions}));
    if (m_use.assistant) { // it is what is trained, and it has fewer blocks
        TrainingSpec blocks = m_training;
        blocks.freezeNames.clear();
        LETHE_TRY(const Freezing freezing, Freezing::of(blocks, m_use.assistant->layers, {}));
        static_cast<void>(freezing);
    }
    if (m_retainLoss == RetainLoss::Kl)
        (m_klPositions == losses::KlPositions::Labels ? m_use.retain.labelHidden : m_use.retain.hidden) = true;
    m_hasRetainTerm = m_manifest->anchor != "all" && m_use.retainTerm.value_or(m_retainLoss != RetainLoss::None);
    m_readsRetain = m_hasRetainTerm
        || std::ranges::any_of(m_use.furtherTerms, [](const FurtherTerm &term) { return term.on == FurtherTerm::On::Retain; });
    if (m_readsRetain && !m_spec.spec.data.retain)
        return Error{.code = ErrorCode::InvalidInput, .what = "is missing, and " + m_manifest->id + " needs a retain set", .where = "data.retain",
                     .hint = "Give an object with path, prompt and answer"};
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
    if (m_readsRetain)
        m_retainSamples = m_inputs.retain->encoded.samples;
    if (m_use.augmentation.any())
        LETHE_TRY_VOID(augment());
    const auto anchors = static_cast<std::int64_t>(m_anchorSamples.size());
    m_plan.emplace(m_training, anchors, static_cast<std::int64_t>(m_retainSamples.size()));
    if (std::ranges::find(m_manifest->needs, "alternate") != m_manifest->needs.end())
        LETHE_TRY_VOID(m_spec.spec.data.refusals ? drawRefusals() : encodeAlternates());
    return {};
}

Result<void> Session::encodeAlternates()
{
    const std::vector<DataRow> &rows = m_inputs.forget->rows;
    for (const EncodedSample &anchor : m_anchorSamples) {
        const DataRow &row = rows[static_cast<std::size_t>(anchor.row)];
        if (row.isDocument || row.alternate.empty())
            return Error{.code = ErrorCode::InvalidInput,
                         .what = row.isDocument ? "is plain text, which has no replacement answers, and " + m_manifest->id + " needs them"
                                                : "line " + std::to_string(row.line) + " has no replacement answer, and " + m_manifest->id + " needs one",
                         .where = m_spec.forgetFile.string(), .hint = "Give rows with a replacement answer, and name its field in data.forget.alternate"};
        LETHE_TRY_VOID(addAlternate(anchor, row));
    }
    return {};
}

Result<void> Session::augment()
{
    const auto addTo = [this](std::vector<EncodedSample> &samples, const std::vector<DataRow> &rows, std::int64_t index) -> Result<std::int64_t> {
        std::int64_t added = 0;
        for (const DataRow &row : rows) {
            LETHE_TRY(std::vector<EncodedSample> encoded, m_inputs.encoder->encode(row, index));
            for (EncodedSample &sample : encoded)
                if (sample.labelCount() > 0) {
                    samples.push_back(std::move(sample));
                    ++added;
                }
        }
        return added;
    };
    const std::vector<DataRow> &rows = m_inputs.forget->rows;
    std::int64_t paraphrases = 0, perturbed = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto index = static_cast<std::int64_t>(i);
        LETHE_TRY(const std::int64_t more, addTo(m_anchorSamples, paraphrasesOf(rows[i], m_use.augmentation.paraphrases), index));
        paraphrases += more;
        if (!m_readsRetain)
            continue;
        LETHE_TRY(const std::int64_t wrong, addTo(m_retainSamples, perturbationsOf(rows[i], m_use.augmentation.perturbed), index));
        perturbed += wrong;
    }
    const auto lacks = [this](const char *what, const char *field) {
        return Error{.code = ErrorCode::InvalidInput, .what = std::string("no row has ") + what + ", and " + m_manifest->id + " is to train on them",
                     .where = m_spec.forgetFile.string(), .hint = std::string("Give rows with ") + field + " (a text or a list), or ask for none"};
    };
    if (m_use.augmentation.paraphrases > 0 && paraphrases == 0)
        return lacks("a paraphrase", "paraphrased_question or paraphrased_answer");
    if (m_use.augmentation.perturbed > 0 && m_readsRetain && perturbed == 0)
        return lacks("a wrong answer", "perturbed_answer");
    event(0, "info", "Augmented: " + std::to_string(paraphrases) + " paraphrases beside the forget rows, " + std::to_string(perturbed)
              + " wrong answers beside the retain rows");
    return {};
}

Result<void> Session::addAlternate(const EncodedSample &anchor, const DataRow &row)
{
    LETHE_TRY(std::vector<EncodedSample> encoded, m_inputs.encoder->encode(row, anchor.row, true));
    if (encoded.size() != 1 || encoded.front().labelCount() == 0)
        return Error{.code = ErrorCode::InvalidInput,
                     .what = "line " + std::to_string(row.line) + ": nothing of the replacement answer is left within data.max_length",
                     .where = m_spec.forgetFile.string(), .hint = "Raise data.max_length"};
    m_alternateSamples.push_back(std::move(encoded.front()));
    return {};
}

Result<void> Session::drawRefusals()
{
    const RefusalSpec &refusals = *m_spec.spec.data.refusals;
    const bool once = refusals.draw == RefusalSpec::Draw::Once;
    const auto shipped = shippedRefusals();
    event(0, "info", "Replacement answers: " + std::to_string(refusals.answers.size())
              + (shipped.ok() && *shipped == refusals.answers ? " that ship with Lethe, " : " of the spec's own list, ")
              + (once ? "one drawn for each forget row" : "one drawn anew whenever a forget row is taken")
              + (m_spec.spec.data.forget->alternate.empty() ? "" : "; those of the rows themselves are left aside"));
    // Only those that the run will ask for: what is drawn depends on seed, step and row alone.
    for (std::int64_t step = 1; step <= m_plan->steps(); ++step) {
        if (m_control.isCancelled())
            return Error{.code = ErrorCode::Cancelled, .what = "the run was cancelled", .where = {}, .hint = {}};
        for (const MicroBatch &micro : m_plan->step(step))
            for (const std::int64_t index : micro.anchor) {
                const std::size_t answer = drawnRefusal(refusals, m_training.seed, step, index);
                if (!m_drawn.try_emplace({index, answer}, static_cast<std::int64_t>(m_alternateSamples.size())).second)
                    continue;
                const EncodedSample &anchor = m_anchorSamples[static_cast<std::size_t>(index)];
                DataRow row = m_inputs.forget->rows[static_cast<std::size_t>(anchor.row)];
                if (row.isDocument)
                    return Error{.code = ErrorCode::InvalidInput, .what = "is plain text, which asks no question that a refusal could answer",
                                 .where = m_spec.forgetFile.string(), .hint = "Give rows with a prompt and an answer"};
                row.alternate = refusals.answers[answer];
                LETHE_TRY_VOID(addAlternate(anchor, row));
            }
    }
    return {};
}

std::vector<std::int64_t> Session::alternatesOf(const MicroBatch &micro, std::int64_t step) const
{
    if (m_alternateSamples.empty())
        return {};
    if (m_drawn.empty())
        return micro.anchor;
    std::vector<std::int64_t> indices;
    for (const std::int64_t index : micro.anchor)
        indices.push_back(m_drawn.at({index, drawnRefusal(*m_spec.spec.data.refusals, m_training.seed, step, index)}));
    return indices;
}

Result<void> Session::prepareReference()
{
    struct Part {
        SampleSet set;
        const std::vector<EncodedSample> *samples;
        FrozenUse use;
        std::set<std::int64_t> used;
    };
    std::vector<Part> parts;
    if (m_use.forget.any())
        parts.push_back({SampleSet::Anchor, &m_anchorSamples, m_use.forget, {}});
    if (m_use.alternate.any())
        parts.push_back({SampleSet::Alternate, &m_alternateSamples, m_use.alternate, {}});
    if (m_use.retain.any() && m_readsRetain)
        parts.push_back({SampleSet::Retain, &m_retainSamples, m_use.retain, {}});
    if (parts.empty())
        return {};
    const auto progress = [this](std::size_t done, std::size_t total) {
        m_observer.onStage({.name = "Reference values", .done = static_cast<double>(done), .total = static_cast<double>(total), .unit = "rows"});
        return !m_control.isCancelled();
    };
    const Error cancelled{.code = ErrorCode::Cancelled, .what = "the reference values were cancelled", .where = {}, .hint = {}};

    for (std::int64_t step = 1; step <= m_plan->steps(); ++step)
        for (const MicroBatch &micro : m_plan->step(step))
            for (Part &part : parts) {
                const std::vector<std::int64_t> indices = part.set == SampleSet::Retain ? micro.retain
                    : part.set == SampleSet::Alternate                                  ? alternatesOf(micro, step)
                                                                                        : micro.anchor;
                part.used.insert(indices.begin(), indices.end());
            }
    std::int64_t bytes = 0;
    for (const Part &part : parts)
        bytes += FrozenReference::bytesOf(*part.samples, {part.used.begin(), part.used.end()}, part.use, *m_inputs.model);
    const bool all = bytes <= kFrozenBudget;

    // The model about to be trained is its own reference until its first step: no second copy for what is remembered before. With
    // an adapter it stays so, the adapter switched off.
    const bool adapted = m_inputs.model->adapter() != nullptr;
    const bool borrowed = m_spec.referenceFolder.empty() && (adapted || (!m_options.resumeFrom && all));
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
        const DecoderConfig &theirs = owned->config(), &ours = m_inputs.model->config();
        for (const Part &part : parts)
            if (part.use.layer && (*part.use.layer >= theirs.layers || theirs.hidden != ours.hidden))
                return Error{.code = ErrorCode::InvalidInput,
                             .what = "has " + std::to_string(theirs.layers) + " layers of width " + std::to_string(theirs.hidden) + ", and layer "
                                 + std::to_string(*part.use.layer) + " of width " + std::to_string(ours.hidden) + " is compared",
                             .where = "reference_model", .hint = "Use a reference of the model's own shape"};
    }
    Decoder &model = owned ? *owned : *m_inputs.model;
    m_reference = std::make_unique<FrozenReference>(std::move(owned), model);
    bool keepHead = false;
    for (const Part &part : parts) {
        FrozenUse use = part.use;
        keepHead = keepHead || use.hidden || use.labelHidden;
        if (!all) // too much to keep: the frozen model stays, and runs beside the other
            use.hidden = use.labelHidden = false, use.layer.reset();
        if (use.any() && !m_reference->remember(*part.samples, {part.used.begin(), part.used.end()}, part.set, use, progress))
            return cancelled;
    }
    if (all)
        m_reference->dropBody(keepHead);
    ::malloc_trim(0); // a pass of thousands of tokens leaves a heap that no step of a small batch needs
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
    facts.parameters = trained().parameterCount();
    facts.device = m_inputs.device.is_cuda() ? deviceReport().summary() : m_inputs.deviceName;
    return facts;
}

Result<void> Session::prepare()
{
    if (m_options.threads > 0)
        at::set_num_threads(m_options.threads);
    LETHE_TRY_VOID(askMethod());
    if (m_training.lora) {
        // The base is frozen: it is kept as it is computed with, and a checkpoint holds the adapter alone.
        LETHE_TRY_VOID(m_inputs.read(m_spec, m_spec.modelFolder, m_training.dtype == Dtype::F32 ? at::kFloat : at::kBFloat16, m_control, m_observer));
        LETHE_TRY_VOID(m_inputs.model->addAdapter(*m_training.lora, m_training.seed));
        if (m_options.resumeFrom)
            LETHE_TRY_VOID(m_inputs.model->readAdapter(*m_options.resumeFrom));
    } else if (m_use.assistant) {
        LETHE_TRY_VOID(m_inputs.read(m_spec, m_spec.modelFolder, m_training.dtype == Dtype::F32 ? at::kFloat : at::kBFloat16, m_control, m_observer));
    } else {
        // Below f32 the parameters stay f32 masters: a step of 1e-5 is below the spacing of bf16 numbers near 0.02.
        LETHE_TRY_VOID(m_inputs.read(m_spec, m_options.resumeFrom.value_or(m_spec.modelFolder), at::kFloat, m_control, m_observer));
    }
    if (m_inputs.model->assistant() != nullptr)
        return Error{.code = ErrorCode::Unsupported, .what = "is a pair of models, which cannot be trained further", .where = "model",
                     .hint = "Name the pair's target or its assistant"};
    if (m_use.assistant)
        LETHE_TRY_VOID(makeAssistant());
    LETHE_TRY_VOID(makePlan());
    m_observer.onFacts(facts());
    for (const EventRecord &warning : m_inputs.warnings)
        m_observer.onEvent(warning);
    for (const std::string &note : m_use.notes)
        event(0, "warning", note);
    LETHE_TRY_VOID(prepareReference());
    LETHE_TRY_VOID(chooseTrained());
    trained().setCheckpointing(m_training.gradientCheckpointing);
    m_optimizer = std::make_unique<Optimizer>(trained(), m_training);
    if (m_options.resumeFrom) {
        LETHE_TRY(const CheckpointState state, readCheckpointState(*m_options.resumeFrom));
        if (state.specHash != specHash())
            return Error{.code = ErrorCode::InvalidInput, .what = "belongs to another spec than the one to resume", .where = m_options.resumeFrom->string(), .hint = {}};
        LETHE_TRY_VOID(m_optimizer->load(*m_options.resumeFrom / "state" / "optimizer.safetensors"));
        m_firstStep = state.step + 1;
        m_doneSteps = m_lastSaved = state.step;
        m_elapsedBefore = state.elapsed;
        LETHE_TRY(const MethodState methodState, readMethodState(*m_options.resumeFrom));
        if (m_use.assistant)
            LETHE_TRY_VOID(restoreAssistant(methodState));
        LETHE_TRY_VOID(m_method->restore(methodState));
    }
    if (m_use.separateGradients)
        for (const at::Tensor &gradient : m_optimizer->gradients()) {
            m_forgetGradients.push_back(gradient);
            m_retainGradients.push_back(at::zeros_like(gradient));
        }
    return {};
}

Decoder &Session::trained() const
{
    return m_use.assistant && m_inputs.model->assistant() != nullptr ? *m_inputs.model->assistant() : *m_inputs.model;
}

Result<void> Session::makeAssistant()
{
    const AssistantUse &use = *m_use.assistant;
    if (m_inputs.model->adapter() != nullptr)
        return Error{.code = ErrorCode::Unsupported, .what = "is an adapter beside 16-bit weights, of which no assistant can be made", .where = "model",
                     .hint = "Merge it, or use f32"};
    std::unique_ptr<Decoder> assistant = m_inputs.model->firstLayers(use.layers, use.loraRank == 0 ? at::kFloat : m_inputs.model->dtype());
    if (use.loraRank > 0)
        LETHE_TRY_VOID(assistant->addAdapter({.rank = use.loraRank, .alpha = use.loraAlpha, .dropout = use.loraDropout}, m_training.seed));
    if (!m_spec.spec.eval) { // the target has nothing to do
        m_inputs.model = std::move(assistant);
        return {};
    }
    const auto mode = filterModeFrom(use.filterMode);
    if (!mode)
        return Error{.code = ErrorCode::InvalidInput, .what = "\"" + use.filterMode + "\" is no filter mode", .where = "method.parameters.filter_mode", .hint = {}};
    m_inputs.model->setTrainable(false);
    m_inputs.model->setAssistant(std::move(assistant), {.weight = use.logitWeight, .topFilter = use.topFilter, .filterMode = *mode});
    return {};
}

Result<void> Session::chooseTrained()
{
    Decoder &model = trained();
    model.setTrainable(true);
    std::vector<std::string> names;
    for (const Parameter &parameter : model.parameters())
        names.push_back(parameter.spec.name);
    LETHE_TRY(const Freezing freezing, Freezing::of(m_training, model.config().layers, names));
    if (!m_use.trains && !freezing.any())
        return {};
    const auto chosen = [&](const std::string &name) { return (!m_use.trains || m_use.trains(name)) && !freezing.freezes(name); };
    if (const std::int64_t count = model.setTrainable(chosen); count > 0) {
        if (freezing.any()) {
            std::int64_t frozen = 0;
            for (const std::string &name : names)
                frozen += freezing.freezes(name) ? 1 : 0;
            event(0, "info", "Frozen: " + std::to_string(frozen) + " of " + std::to_string(names.size()) + " parameter tensors");
        }
        return {};
    }
    if (freezing.any())
        return Error{.code = ErrorCode::InvalidInput,
                     .what = std::string("nothing is left to train: what ") + (m_use.trains ? m_manifest->id + " trains" : "carries an adapter") + " is frozen",
                     .where = m_training.freezeLayers.empty() ? "training.freeze_names" : "training.freeze_layers", .hint = "Freeze less"};
    std::string begin;
    for (const std::string &name : names)
        if (begin.size() < 400)
            begin += (begin.empty() ? "" : ", ") + name;
    return Error{.code = ErrorCode::InvalidInput, .what = "no parameter of the model is chosen to be trained", .where = "method.parameters",
                 .hint = "Its parameters begin: " + begin};
}

/// What an assistant's checkpoint holds beside its folder, so that training goes on to the bit: the parameters themselves, where the
/// folder has them folded into one another.
constexpr const char *kAdapterState = "assistant_adapter.";

Result<void> Session::restoreAssistant(const MethodState &state)
{
    const at::NoGradGuard off;
    LETHE_TRY(const WeightFiles files, WeightFiles::open(*m_options.resumeFrom));
    for (Parameter &parameter : trained().trained()) {
        at::Tensor value;
        if (m_use.assistant->loraRank > 0) {
            if (const auto found = state.find(kAdapterState + parameter.spec.name); found != state.end())
                value = found->second;
        } else if (const WeightFiles::Found found = files.find(parameter.spec.name); found.entry != nullptr && found.entry->dtype == "F32") {
            value = at::from_blob(const_cast<std::byte *>(found.file->bytes(*found.entry).data()), found.entry->shape, at::kFloat);
        }
        if (!value.defined() || value.sizes() != parameter.value.sizes())
            return Error{.code = ErrorCode::Corrupt, .what = "does not hold the assistant's " + parameter.spec.name + " in its shape",
                         .where = m_options.resumeFrom->string(), .hint = "Resume from another checkpoint"};
        parameter.value.copy_(value);
    }
    trained().parametersChanged();
    return {};
}

CheckpointState Session::checkpointState(std::int64_t step) const
{
    CheckpointState state{.step = step, .elapsed = elapsed(), .specHash = specHash(), .method = m_method->state(), .resumable = !m_negated};
    if (!m_use.assistant)
        return state;
    const AssistantUse &use = *m_use.assistant;
    state.assistantLayers = use.layers;
    state.pair = PairManifest{.target = m_spec.modelFolder, .assistant = {}, .logitWeight = use.logitWeight, .topFilter = use.topFilter,
                              .filterMode = filterModeFrom(use.filterMode).value_or(FilterMode::Auto)};
    for (const Parameter &parameter : trained().trained())
        if (use.loraRank > 0)
            state.method[kAdapterState + parameter.spec.name] = parameter.value;
    return state;
}

Result<void> Session::negateUpdate()
{
    const at::NoGradGuard off;
    Decoder &model = trained();
    if (model.adapter() != nullptr) { // the update is scale · B·A
        for (Parameter &parameter : model.trained())
            if (parameter.spec.name.ends_with(".lora_B.weight"))
                parameter.value.mul_(-*m_use.negation);
    } else {
        // Read again rather than kept: no second copy stands beside the training.
        LETHE_TRY(const std::unique_ptr<Decoder> before,
                  Decoder::load(m_spec.modelFolder, {.device = m_inputs.device, .dtype = at::kFloat, .parameterDtype = at::kFloat, .asPair = false, .progress = {}}));
        for (std::size_t i = 0; i < model.parameters().size(); ++i) {
            const at::Tensor &was = before->parameters()[i].value;
            at::Tensor &value = model.parameters()[i].value;
            value.copy_(was - *m_use.negation * (value - was));
        }
    }
    model.parametersChanged();
    m_negated = true;
    m_lastEvaluated = m_lastSaved = -1; // what was found before was of another model
    event(m_doneSteps, "info", "The update was turned round: what was learned is taken away");
    return {};
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
    const PairOptions pair = m_inputs.model->pairOptions();
    if (step == 0)
        m_inputs.model->setPairWeight(0); // the untouched model: its assistant has learned nothing yet
    auto evaluated = evaluator.evaluate(step, wholeSets, progress);
    m_inputs.model->setPairWeight(pair.weight);
    LETHE_TRY(EvaluationRecord evaluation, std::move(evaluated));
    if (!evaluation.subset && step > 0) // the untouched model's are no result of a run that ends early
        m_summary.finalMetrics = evaluation.metrics;
    if (step == 0)
        for (const MetricValue &metric : evaluation.metrics)
            if (metric.id == "forget_exact_match" && metric.value == 0.0)
                event(0, "warning", "Exact match on forget is 0 % before training: nothing to forget?");
    m_evaluationCost = evaluation.seconds;
    if (const auto rows = m_spec.spec.eval->rows; rows && !evaluation.subset && !evaluation.samples.empty()) {
        std::int64_t looked = 0; // of all these rows an evaluation in the middle looks at some
        for (const EvaluationSet &set : m_inputs.evaluation->sets)
            looked += std::min(*rows, static_cast<std::int64_t>(set.rows.size()));
        m_evaluationCost *= static_cast<double>(looked) / static_cast<double>(evaluation.samples.size());
    }
    m_observer.onEvaluation(evaluation);
    m_lastEvaluated = step;
    return {};
}

bool Session::isWithinBudget(std::int64_t step)
{
    const std::optional<double> &budget = m_spec.spec.eval->budgetPercent;
    if (!budget)
        return true;
    const double evaluating = m_summary.evaluationSeconds + m_evaluationCost;
    const double percent = 100 * evaluating / std::max(1e-9, evaluating + m_trainingSeconds);
    if (percent <= *budget)
        return true;
    // A reader of the curves must know why a point is missing; one line says it for all that follow.
    if (++m_summary.evaluationsLeftOut == 1) {
        char text[200];
        std::snprintf(text, sizeof(text), "Evaluation after step %lld left out: evaluations would take %.3g %% of the time, and eval.budget_percent "
                      "allows %.3g. So with later ones, until there is time", static_cast<long long>(step), percent, *budget);
        event(step, "info", text);
    }
    return false;
}

Result<void> Session::writeCheckpointNow(std::int64_t step)
{
    m_observer.onStage({.name = "Saving", .done = 0, .total = 0, .unit = "bytes"});
    LETHE_TRY(const CheckpointRecord record, writeCheckpoint(m_options.runFolder, m_spec.modelFolder, trained(), *m_optimizer, checkpointState(step)));
    m_summary.checkpoint = record.path;
    m_lastSaved = step;
    m_observer.onCheckpoint(record);
    return {};
}

Result<void> Session::saveCheckpoint(std::int64_t step)
{
    Result<void> written = writeCheckpointNow(step);
    while (!written.ok() && written.error().code == ErrorCode::DiskFull && m_options.pauseOnTrouble) {
        event(step, "disk_full", written.error().message());
        m_control.pause();
        if (m_control.request() != RunControl::Request::Pause)
            break; // it is to end: nobody is waiting for room
        LETHE_TRY_VOID(hold(step));
        if (m_control.isCancelled())
            return Error{.code = ErrorCode::Cancelled, .what = "the run was cancelled", .where = {}, .hint = {}};
        written = writeCheckpointNow(step);
    }
    return written;
}

Result<void> Session::hold(std::int64_t step)
{
    constexpr int kLookMilliseconds = 60'000; // everything that can be asked wakes it earlier
    const auto since = Clock::now();
    event(step, "pause", "Paused after step " + std::to_string(step));
    m_observer.onStatus(RunStatus::Paused);
    while (m_control.waitWhilePaused(kLookMilliseconds) == RunControl::Request::Pause) {
        answerQuestions();
        if (m_control.takeEvaluateNow() && m_lastEvaluated != step)
            LETHE_TRY_VOID(evaluate(step, false));
        if (!m_control.takeCheckpointNow() || m_lastSaved == step)
            continue;
        if (const auto written = writeCheckpointNow(step); !written.ok() && written.error().code == ErrorCode::DiskFull)
            event(step, "disk_full", written.error().message());
        else
            LETHE_TRY_VOID(written);
    }
    m_paused += Clock::now() - since;
    if (m_control.request() == RunControl::Request::Continue) {
        event(step, "resume", "Resumed");
        m_observer.onStatus(RunStatus::Running);
    }
    return {};
}

Result<RunAnswer> Session::answerTo(const RunQuestion &question)
{
    const auto start = Clock::now();
    LETHE_TRY(const std::vector<TokenId> ids, m_inputs.encoder->encodePromptText(question.prompt));
    LETHE_TRY_VOID(checkPrompt(*m_inputs.model, ids, question.maxNewTokens));
    RunAnswer answer{.step = m_doneSteps, .text = {}};
    StreamDecoder decoder(*m_inputs.tokenizer);
    const auto hand = [&](const std::string &text) {
        answer.text += text;
        return !question.onText || question.onText(text);
    };
    bool stopped = false;
    const auto onToken = [&](std::size_t, TokenId id) {
        ++answer.tokens;
        stopped = !hand(decoder.push(id)) || m_control.request() > RunControl::Request::Pause;
        return !stopped;
    };
    const GenerationOptions options{.maxNewTokens = question.maxNewTokens, .temperature = question.temperature, .seed = question.seed};
    const std::vector<GeneratedIds> made = generateIds(*m_inputs.model, {ids}, options, onToken);
    hand(decoder.finish());
    answer.endedByItself = !stopped && made.front().stoppedAtEos;
    answer.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return answer;
}

void Session::answerQuestions()
{
    while (const std::optional<RunQuestion> question = m_control.takeQuestion()) {
        const auto answer = guarded(m_inputs.deviceName, "the question", [&] { return answerTo(*question); });
        if (answer.ok()) { // no word of it: an event is shown, exported and pasted
            char text[100];
            std::snprintf(text, sizeof(text), "Answered a question in %.2f s", answer->seconds);
            event(m_doneSteps, "question", text);
        }
        if (question->onAnswered)
            question->onAnswered(answer);
    }
}

Result<bool> Session::afterStep(std::int64_t step)
{
    const std::optional<EvalSpec> &eval = m_spec.spec.eval;
    const bool last = step == m_plan->steps();
    const bool due = eval && eval->everySteps && step % *eval->everySteps == 0;
    if (const bool asked = m_control.takeEvaluateNow(); !last && (asked || (due && isWithinBudget(step)))) {
        LETHE_TRY_VOID(evaluate(step, false));
        m_summary.evaluationSeconds += m_evaluationCost;
    }
    const bool saveDue = m_training.saveEverySteps && step % *m_training.saveEverySteps == 0;
    if (const bool asked = m_control.takeCheckpointNow(); !last && (asked || saveDue))
        LETHE_TRY_VOID(saveCheckpoint(step));

    answerQuestions();
    if (m_control.request() == RunControl::Request::Pause)
        LETHE_TRY_VOID(hold(step));
    switch (m_control.request()) {
    case RunControl::Request::Stop: m_status = last ? RunStatus::Done : RunStatus::Stopped; return false;
    case RunControl::Request::Interrupt:
        m_status = last ? RunStatus::Done : RunStatus::Interrupted;
        if (!last)
            event(step, "pause_to_disk", "Paused to disk after step " + std::to_string(step));
        return false;
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
            if (m_options.pauseOnTrouble && m_skippedInARow == 1)
                m_control.pause();
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
    if (m_use.negation && m_status != RunStatus::Interrupted)
        LETHE_TRY_VOID(negateUpdate());

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
    // Who was at work when something flew: a plugin's exception names nobody.
    const std::string who = (spec.spec.name.empty() ? "" : spec.spec.name + ", ") + "method " + spec.spec.method.id;
    auto result = guarded(spec.spec.training.device == "cpu" || deviceReport().cuda.empty() ? "cpu" : "cuda:0", who,
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

Result<EvaluationRecord> evaluateModel(const ResolvedSpec &spec, const std::filesystem::path &modelFolder, RunControl &control, RunObserver &observer, int threads,
                                       WeightRounding rounding)
{
    return guarded(spec.spec.training.device == "cpu" || deviceReport().cuda.empty() ? "cpu" : "cuda:0", modelFolder.string(), [&]() -> Result<EvaluationRecord> {
        if (threads > 0)
            at::set_num_threads(threads);
        ResolvedSpec evaluated = spec;
        evaluated.spec.eval = spec.spec.eval.value_or(EvalSpec{});
        SessionInputs inputs;
        const c10::ScalarType dtype = spec.spec.training.dtype == Dtype::F32 ? at::kFloat : spec.spec.training.dtype == Dtype::BF16 ? at::kBFloat16 : at::kHalf;
        LETHE_TRY_VOID(inputs.read(evaluated, modelFolder, dtype, control, observer));
        for (Decoder *model : {inputs.model.get(), inputs.model->assistant()})
            if (model != nullptr)
                LETHE_TRY_VOID(roundWeights(*model, rounding));
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
