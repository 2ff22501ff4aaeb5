#include "RunFeed.h"

#include <widgets/Workspace.h>

#include <algorithm>

namespace lethe {

const EvaluationRecord *RunHistory::evaluationAt(std::int64_t step) const
{
    const auto found = std::ranges::find(evaluations, step, &EvaluationRecord::step);
    return found == evaluations.end() ? nullptr : &*found;
}

struct RunFeed::Loaded {
    std::uint64_t generation = 0;
    bool whole = false;
    std::optional<Error> error;
    RunDetails details;
    std::vector<StepRecord> steps;
    std::vector<EvaluationRecord> evaluations;
};

RunFeed::RunFeed(Workspace &workspace, bool withSamples, QObject *parent)
    : QObject(parent), m_workspace(workspace), m_reads(workspace.store()), m_withSamples(withSamples)
{
    connect(&workspace, &Workspace::runBegan, this, [this](qint64 run) {
        if (run == m_run)
            show(run); // a resumed run starts anew from its checkpoint
    });
    connect(&workspace, &Workspace::runRecords, this, [this](qint64 run, const std::shared_ptr<const RunBatch> &batch) {
        if (run != m_run)
            return;
        if (m_loading)
            m_pending.push_back(batch);
        else
            take(*batch);
    });
    connect(&workspace, &Workspace::runEnded, this, [this](qint64 run) {
        if (run != m_run)
            return;
        m_liveStatus.reset(); // from here on the store's row says it
        load(false);
    });
    connect(&workspace, &Workspace::storeChanged, this, [this] {
        if (m_run != 0)
            load(false);
    });
    connect(&workspace, &Workspace::runStateChanged, this, &RunFeed::changed);
}

bool RunFeed::isActive() const
{
    return m_run != 0 && m_workspace.activeRunId() == m_run;
}

RunStatus RunFeed::status() const
{
    if (isActive())
        return m_workspace.isPaused() ? RunStatus::Paused : RunStatus::Running;
    if (m_liveStatus)
        return *m_liveStatus;
    return m_history.row ? m_history.row->status : RunStatus::Queued;
}

void RunFeed::show(RunId run)
{
    m_run = run;
    ++m_generation;
    m_history = {};
    m_pending.clear();
    m_liveStatus.reset();
    m_failure.clear();
    m_loading = run != 0;
    m_reading = false;
    m_readAgain = false;
    m_storedStep = 0;
    m_storedEvaluation = -1;
    Q_EMIT reset();
    if (run != 0)
        load(true);
}

void RunFeed::load(bool whole)
{
    if (m_reading && !whole) {
        m_readAgain = true;
        return;
    }
    m_reading = true;
    m_readAgain = false;
    // the last evaluation is read once more: the one that ends a run stands at the same step
    const std::int64_t afterStep = whole ? 0 : m_storedStep;
    const std::int64_t afterEvaluation = whole ? -1 : m_storedEvaluation - 1;
    const auto work = [run = m_run, generation = m_generation, whole, afterStep, afterEvaluation,
                       withSamples = m_withSamples](const RunStore &store) {
        Loaded loaded{.generation = generation, .whole = whole, .error = {}, .details = {}, .steps = {}, .evaluations = {}};
        auto details = store.details(run);
        auto steps = store.steps(run, afterStep);
        auto evaluations = store.evaluations(run, withSamples, afterEvaluation);
        if (!details)
            loaded.error = details.error();
        else if (!steps)
            loaded.error = steps.error();
        else if (!evaluations)
            loaded.error = evaluations.error();
        if (loaded.error)
            return loaded;
        loaded.details = std::move(*details);
        loaded.steps = std::move(*steps);
        loaded.evaluations = std::move(*evaluations);
        return loaded;
    };
    m_reads.read<Loaded>(this, work, [this](Loaded loaded) { take(std::move(loaded)); });
}

void RunFeed::take(Loaded loaded)
{
    if (loaded.generation != m_generation)
        return;
    m_reading = false;
    if (loaded.error) {
        // what is on the screen stays: the store may be busy for a moment
        if (loaded.whole) {
            m_loading = false;
            m_failure = QString::fromStdString(loaded.error->message());
            Q_EMIT reset();
        }
        return;
    }
    const auto resumes = std::ranges::count(loaded.details.events, std::string("resume"), &EventRecord::kind);
    if (!loaded.whole && !isActive() && resumes > m_resumes) {
        show(m_run); // another process went back to a checkpoint
        return;
    }
    m_resumes = resumes;
    m_history.row = std::move(loaded.details.row);
    m_history.specJson = std::move(loaded.details.specJson);
    m_history.checkpoints = std::move(loaded.details.checkpoints);
    if (loaded.details.events.size() >= m_history.events.size())
        m_history.events = std::move(loaded.details.events);
    if (!m_history.facts && loaded.details.facts.plannedSteps > 0)
        m_history.facts = loaded.details.facts;

    if (!loaded.steps.empty())
        m_storedStep = loaded.steps.back().step;
    if (!loaded.evaluations.empty())
        m_storedEvaluation = loaded.evaluations.back().step;

    if (loaded.whole) {
        m_loading = false;
        merge(loaded.steps, loaded.evaluations);
        for (const auto &batch : std::exchange(m_pending, {})) {
            merge(batch->steps, batch->evaluations);
            if (batch->facts)
                m_history.facts = batch->facts;
            if (batch->status)
                m_liveStatus = batch->status;
        }
        Q_EMIT reset();
    } else {
        const std::size_t steps = m_history.steps.size();
        const std::size_t evaluations = m_history.evaluations.size();
        if (merge(loaded.steps, loaded.evaluations)) {
            Q_EMIT reset();
        } else {
            if (m_history.steps.size() > steps)
                Q_EMIT stepsArrived(steps);
            if (m_history.evaluations.size() > evaluations)
                Q_EMIT evaluationsArrived(evaluations);
            Q_EMIT changed();
        }
    }
    if (m_readAgain)
        load(false);
}

void RunFeed::take(const RunBatch &batch)
{
    const std::size_t steps = m_history.steps.size();
    const std::size_t evaluations = m_history.evaluations.size();
    const bool replaced = merge(batch.steps, batch.evaluations);
    m_history.events.insert(m_history.events.end(), batch.events.begin(), batch.events.end());
    m_history.checkpoints.insert(m_history.checkpoints.end(), batch.checkpoints.begin(), batch.checkpoints.end());
    if (batch.facts)
        m_history.facts = batch.facts;
    if (batch.status)
        m_liveStatus = batch.status;
    if (replaced) {
        Q_EMIT reset();
        return;
    }
    if (m_history.steps.size() > steps)
        Q_EMIT stepsArrived(steps);
    if (m_history.evaluations.size() > evaluations)
        Q_EMIT evaluationsArrived(evaluations);
    if (!batch.events.empty() || !batch.checkpoints.empty() || batch.facts || batch.status)
        Q_EMIT changed();
}

bool RunFeed::merge(const std::vector<StepRecord> &steps, const std::vector<EvaluationRecord> &evaluations)
{
    bool replaced = false;
    for (const StepRecord &step : steps) {
        const auto place = std::ranges::lower_bound(m_history.steps, step.step, {}, &StepRecord::step);
        if (place == m_history.steps.end()) {
            m_history.steps.push_back(step);
        } else if (place->step != step.step) {
            m_history.steps.insert(place, step);
            replaced = true;
        }
    }
    for (const EvaluationRecord &evaluation : evaluations) {
        const auto place = std::ranges::lower_bound(m_history.evaluations, evaluation.step, {}, &EvaluationRecord::step);
        if (place == m_history.evaluations.end()) {
            m_history.evaluations.push_back(evaluation);
        } else if (place->step != evaluation.step) {
            m_history.evaluations.insert(place, evaluation);
            replaced = true;
        } else if (place->subset && !evaluation.subset) {
            *place = evaluation; // the last evaluation of a run looks at all rows
            replaced = true;
        }
    }
    return replaced;
}

} // namespace lethe
