#include "ProgressObserver.h"

#include <cmath>

namespace lethe::cli {

namespace {

std::string number(const char *format, double value)
{
    char text[48];
    std::snprintf(text, sizeof(text), format, value);
    return text;
}

std::string clockTime(double seconds)
{
    const auto whole = static_cast<long long>(std::llround(seconds));
    char text[48];
    if (whole >= 3600)
        std::snprintf(text, sizeof(text), "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
    else
        std::snprintf(text, sizeof(text), "%lld:%02lld", whole / 60, whole % 60);
    return text;
}

} // namespace

void ProgressObserver::onFacts(const RunFacts &facts)
{
    m_facts = facts;
    std::string line = std::to_string(facts.forgetRows) + " forget rows, " + std::to_string(facts.retainRows) + " retain rows, "
        + std::to_string(facts.plannedSteps) + " steps on " + facts.device;
    if (facts.cutRows > 0)
        line += ", " + std::to_string(facts.cutRows) + " rows cut";
    m_progress.say(line); // what is wrong with the rows comes as events
}

void ProgressObserver::onStage(const StageRecord &stage)
{
    if (stage.name != "Training") // the steps say more
        m_progress.show(stage.name, stage.done, stage.total, stage.unit);
}

void ProgressObserver::onStep(const StepRecord &step)
{
    if (m_steps != nullptr)
        m_steps->write(step);
    m_tokens += static_cast<double>(step.tokens);
    m_seconds += step.seconds;
    ++m_stepsDone;
    std::string remark = "loss " + number("%.4g", step.loss);
    if (step.forgetLoss)
        remark += " forget " + number("%.4g", *step.forgetLoss);
    if (step.retainLoss)
        remark += " retain " + number("%.4g", *step.retainLoss);
    if (m_seconds > 0) {
        remark += " · " + number("%.0f", m_tokens / m_seconds) + " tok/s";
        const double left = m_seconds / static_cast<double>(m_stepsDone) * static_cast<double>(m_facts.plannedSteps - step.step);
        if (left > 0)
            remark += " · " + clockTime(left) + " left";
    }
    m_progress.show("Training", static_cast<double>(step.step), static_cast<double>(m_facts.plannedSteps), "steps", remark);
}

void ProgressObserver::onEvaluation(const EvaluationRecord &evaluation)
{
    std::string line = "step " + std::to_string(evaluation.step) + ":";
    for (const MetricValue &metric : evaluation.metrics)
        line += " " + metric.id + " " + (metric.value ? number("%.4g", *metric.value) : "undefined (" + metric.reason + ")");
    m_progress.say(line);
}

void ProgressObserver::onEvent(const EventRecord &event)
{
    if (event.kind != "info")
        m_progress.say((event.step > 0 ? "step " + std::to_string(event.step) + ": " : "") + event.kind + ": " + event.text);
}

} // namespace lethe::cli
