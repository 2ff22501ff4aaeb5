#include <lethe/run/Probes.h>

#include <lethe/method/MethodCatalog.h>

#include <array>

namespace lethe {

namespace {

constexpr std::array<std::pair<std::string_view, WeightRounding>, 3> kRoundings{
    {{"none", WeightRounding::None}, {"int8", WeightRounding::Int8}, {"nf4", WeightRounding::Nf4}}};

/// Hands everything on, and keeps the evaluations.
class EvaluationKeeper final : public RunObserver
{
public:
    explicit EvaluationKeeper(RunObserver &next) : m_next(next) {}

    void onStage(const StageRecord &stage) override { m_next.onStage(stage); }
    void onStep(const StepRecord &step) override { m_next.onStep(step); }
    void onEvent(const EventRecord &event) override { m_next.onEvent(event); }
    void onEvaluation(const EvaluationRecord &evaluation) override
    {
        evaluations.push_back(evaluation);
        m_next.onEvaluation(evaluation);
    }

    std::vector<EvaluationRecord> evaluations;

private:
    RunObserver &m_next;
};

} // namespace

std::string_view toString(WeightRounding rounding)
{
    return kRoundings[static_cast<std::size_t>(rounding)].first;
}

std::optional<WeightRounding> weightRoundingFrom(std::string_view name)
{
    for (const auto &[known, rounding] : kRoundings)
        if (known == name)
            return rounding;
    return std::nullopt;
}

Result<std::vector<EvaluationRecord>> relearn(const ExperimentSpec &spec, const std::filesystem::path &modelFolder, const MethodCatalog &catalog,
                                              const RelearnOptions &options, RunControl &control, RunObserver &observer)
{
    ExperimentSpec probe = spec;
    probe.name = "relearning of " + modelFolder.filename().string();
    probe.model = modelFolder.string();
    probe.referenceModel.reset();
    probe.method = {.id = "finetune", .parameters = {}};
    if (!probe.eval)
        probe.eval.emplace();
    // finetune trains on every set of `data`: the retain set stays with the evaluation alone
    if (probe.data.retain) {
        if (!probe.eval->tofu)
            probe.eval->tofu.emplace();
        if (!probe.eval->tofu->retain)
            probe.eval->tofu->retain = probe.data.retain;
        probe.data.retain.reset();
    }
    probe.eval->everySteps = options.everySteps;
    probe.eval->rows.reset();
    probe.eval->budgetPercent.reset();
    const std::string device = probe.training.device;
    const Dtype dtype = probe.training.dtype;
    probe.training = {.epochs = options.epochs, .maxSteps = options.steps, .batchSize = options.batchSize, .learningRate = options.learningRate,
                      .weightDecay = 0, .schedule = ScheduleKind::Constant, .device = device, .dtype = dtype, .seed = options.seed};
    if (options.steps)
        probe.training.epochs = 1e6; // the steps end it
    LETHE_TRY(ResolvedSpec resolved, resolveSpec(probe, catalog));
    resolved.storeFile = options.storeFile;
    EvaluationKeeper keeper(observer);
    const SessionOptions session{.runFolder = options.scratchFolder, .resumeFrom = {}, .finalCheckpoint = false, .evaluateAtStart = true, .threads = options.threads};
    LETHE_TRY(const RunSummary summary, runSession(resolved, catalog, session, control, keeper));
    if (summary.status != RunStatus::Done)
        return Error{.code = ErrorCode::Cancelled, .what = "the probe was cancelled", .where = {}, .hint = {}};
    return std::move(keeper.evaluations);
}

} // namespace lethe
