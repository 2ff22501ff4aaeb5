#pragma once

#include "Progress.h"
#include "StepFile.h"

#include <lethe/run/RunObserver.h>

namespace lethe::cli {

/// Shows on standard error what a session reports, and writes its steps to a file where there is one.
class ProgressObserver final : public RunObserver
{
public:
    explicit ProgressObserver(StepFile *steps = nullptr) : m_steps(steps) {}

    void onFacts(const RunFacts &facts) override;
    void onStage(const StageRecord &stage) override;
    void onStep(const StepRecord &step) override;
    void onEvaluation(const EvaluationRecord &evaluation) override;
    void onEvent(const EventRecord &event) override;

private:
    Progress m_progress;
    StepFile *m_steps;
    RunFacts m_facts;
    double m_tokens = 0, m_seconds = 0; ///< of the steps so far
    std::int64_t m_stepsDone = 0;
};

} // namespace lethe::cli
