#pragma once

#include <lethe/run/Records.h>

namespace lethe {

/// Receives what a session reports, by value, on the session's thread, in order. Must not block for long: it holds up the step.
class RunObserver
{
public:
    virtual ~RunObserver() = default;

    virtual void onFacts(const RunFacts &) {}
    virtual void onStage(const StageRecord &) {}
    virtual void onStatus(RunStatus) {}
    virtual void onStep(const StepRecord &) {}
    virtual void onEvaluation(const EvaluationRecord &) {}
    virtual void onCheckpoint(const CheckpointRecord &) {}
    virtual void onEvent(const EventRecord &) {}
};

} // namespace lethe
