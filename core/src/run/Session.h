#pragma once

#include "eval/Evaluator.h"
#include "model/Decoder.h"
#include "run/Checkpoint.h"
#include "training/BatchPlan.h"
#include "training/FrozenReference.h"
#include "training/Optimizer.h"

#include <lethe/method/MethodCatalog.h>
#include <lethe/run/RunSession.h>
#include <lethe/sdk/Method.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace lethe {

/// A set that a session trains on or evaluates.
struct SessionSet {
    std::vector<DataRow> rows;
    EncodedSet encoded;
    std::int64_t rejected = 0; ///< rows of the file that cannot be used
};

/// What every session reads before it can do anything: model, tokenizer, sets. `evaluateModel` needs no more.
class SessionInputs
{
public:
    /// \param weightsFolder where the weights come from: the model's folder, or a checkpoint
    Result<void> read(const ResolvedSpec &spec, const std::filesystem::path &weightsFolder, c10::ScalarType parameterDtype, RunControl &control,
                      RunObserver &observer);

    c10::Device device{c10::DeviceType::CPU};
    std::string deviceName;
    std::optional<Tokenizer> tokenizer;
    std::optional<SampleEncoder> encoder;
    std::unique_ptr<Decoder> model;
    std::optional<SessionSet> forget, retain;
    std::optional<EvaluationInputs> evaluation; ///< where the spec has an `eval`
    std::int64_t rejectedRows = 0;
    std::vector<EventRecord> warnings;

private:
    Result<void> readSet(const std::filesystem::path &file, const DataSource &fields, const std::string &name, std::optional<SessionSet> &set,
                         RunControl &control, RunObserver &observer);
    Result<void> readEvaluation(const ResolvedSpec &spec, const std::filesystem::path &weightsFolder, RunControl &control, RunObserver &observer);
};

/// One run of one spec, from reading to the last checkpoint. Lives on the thread that runs it.
class Session
{
public:
    Session(const ResolvedSpec &spec, const MethodCatalog &catalog, const SessionOptions &options, RunControl &control, RunObserver &observer);

    /// What the method wants of the run, and what it refuses: nothing is read but the model's config and headers.
    Result<void> askMethod();
    Result<RunSummary> run();
    /// How far it came, also where it failed or was cancelled.
    RunSummary summarySoFar() const;
    std::int64_t doneSteps() const { return m_doneSteps; }

    /// For the bench: reads everything, then hands out single steps.
    Result<void> prepare();
    Result<StepRecord> trainStep(std::int64_t step);
    const BatchPlan &plan() const { return *m_plan; }
    const SessionInputs &inputs() const { return m_inputs; }

private:
    using Clock = std::chrono::steady_clock;

    /// The samples of one step: those of the plan, or, with noise around the questions, forget samples encoded for this step.
    struct StepSamples {
        std::vector<MicroBatch> micros;
        std::vector<std::vector<EncodedSample>> noisy; ///< a list for each micro-batch; empty without noise
        std::vector<std::vector<std::int64_t>> alternates; ///< indices of the replacement answers, a list for each micro-batch
    };
    struct TermSums;
    class Probe;

    Result<void> encodeAlternates();
    Result<void> drawRefusals();
    Result<void> augment(); ///< as `MethodUse::augmentation` asks
    Result<void> addAlternate(const EncodedSample &anchor, const DataRow &row);
    std::vector<std::int64_t> alternatesOf(const MicroBatch &micro, std::int64_t step) const;
    Result<void> makePlan();
    Result<void> prepareReference();
    Result<void> evaluate(std::int64_t step, bool wholeSets);
    bool isWithinBudget(std::int64_t step);
    Result<void> writeCheckpointNow(std::int64_t step);
    Result<void> saveCheckpoint(std::int64_t step); ///< waits for room where somebody watches
    Result<void> trainAll();
    Result<bool> afterStep(std::int64_t step); ///< false: the run ends here
    Result<void> hold(std::int64_t step); ///< while it is paused; what is asked meanwhile is done
    void answerQuestions();
    Result<RunAnswer> answerTo(const RunQuestion &question);
    Result<void> makeAssistant();
    Decoder &trained() const; ///< the model, or its assistant where that is trained
    Result<void> restoreAssistant(const MethodState &state);
    CheckpointState checkpointState(std::int64_t step) const;
    Result<void> chooseTrained();
    Result<void> negateUpdate(); ///< as `MethodUse::negation` asks
    Result<StepSamples> samplesOf(std::int64_t step) const;
    StepContext contextOf(const StepSamples &samples, std::int64_t step) const;
    Batch forgetBatch(const StepSamples &samples, std::size_t micro) const;
    void runMicroBatch(const StepSamples &samples, std::size_t micro, StepContext &context, const TermWeights &weights, double share, TermSums &sums);
    Batch retainBatch(const MicroBatch &micro) const;
    void event(std::int64_t step, const std::string &kind, const std::string &text);
    double elapsed() const;
    RunFacts facts() const;
    std::string specHash() const;

    const ResolvedSpec &m_spec;
    const TrainingSpec &m_training;
    const MethodCatalog &m_catalog;
    const SessionOptions &m_options;
    RunControl &m_control;
    RunObserver &m_observer;

    SessionInputs m_inputs;
    const MethodManifest *m_manifest = nullptr;
    std::unique_ptr<Method> m_method;
    MethodUse m_use;
    RetainLoss m_retainLoss = RetainLoss::None;
    losses::KlPositions m_klPositions = losses::KlPositions::Real;
    double m_forgetWeight = 1, m_retainWeight = 0;
    std::vector<EncodedSample> m_anchorSamples; ///< of the forget set; for `finetune` of every set
    std::vector<EncodedSample> m_retainSamples; ///< of the retain set, and what augmentation adds
    std::vector<EncodedSample> m_alternateSamples; ///< beside m_anchorSamples, where the method needs replacement answers
    std::map<std::pair<std::int64_t, std::size_t>, std::int64_t> m_drawn; ///< where they are drawn from a list: (anchor, answer) → one of them
    bool m_exactAccumulation = true; ///< means over the whole step, not over each micro-batch
    bool m_hasRetainTerm = false;
    bool m_readsRetain = false; ///< by the retain term or a further one
    std::vector<at::Tensor> m_forgetGradients, m_retainGradients; ///< where the method combines them itself
    std::optional<BatchPlan> m_plan;
    std::unique_ptr<FrozenReference> m_reference;
    std::unique_ptr<Optimizer> m_optimizer;

    std::int64_t m_firstStep = 1;
    std::int64_t m_doneSteps = 0;
    std::int64_t m_trainedTokens = 0;
    double m_trainingSeconds = 0;
    double m_evaluationCost = 0; ///< seconds that the next evaluation in the middle is expected to take
    double m_elapsedBefore = 0; ///< of the runs that this one resumes
    Clock::duration m_paused{};
    Clock::time_point m_start;
    int m_skippedInARow = 0;
    bool m_negated = false;
    RunStatus m_status = RunStatus::Done;
    RunSummary m_summary;
    std::int64_t m_lastEvaluated = -1, m_lastSaved = -1;
};

} // namespace lethe
