#include "ComparedRuns.h"

#include "generations/AnswerBook.h"
#include "live/RunWords.h"

#include <widgets/Workspace.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <numeric>
#include <thread>

namespace lethe {
namespace {

/// All of one run; nothing where it is gone.
std::optional<ComparedRun> readWhole(const RunStore &store, RunId run)
{
    auto details = store.details(run);
    auto evaluations = store.evaluations(run, false);
    auto steps = store.stepSeries(run);
    if (!details || !evaluations || !steps)
        return std::nullopt;
    ComparedRun read;
    read.look = RunLook::of(details->row);
    read.row = std::move(details->row);
    read.specJson = std::move(details->specJson);
    read.provenance = std::move(details->provenance);
    read.facts = details->facts;
    read.evaluations = std::move(*evaluations);
    read.steps = std::make_shared<StepColumns>(std::move(*steps));
    return read;
}

/// All of \p runs that are there, in their order. The store is read by as many threads as it is worth.
std::vector<ComparedRun> readAll(const RunStore &store, const std::vector<RunId> &runs)
{
    std::vector<std::optional<ComparedRun>> found(runs.size());
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t i = next++; i < runs.size(); i = next++)
            found[i] = readWhole(store, runs[i]);
    };
    {
        std::vector<std::jthread> others;
        const std::size_t wanted = std::min<std::size_t>({std::thread::hardware_concurrency(), 4, runs.size() / 8});
        for (std::size_t i = 1; i < wanted; ++i)
            others.emplace_back(work);
        work();
    }
    std::vector<ComparedRun> read;
    read.reserve(runs.size());
    for (std::optional<ComparedRun> &each : found)
        if (each)
            read.push_back(std::move(*each));
    return read;
}

/// What came to a run since it was read.
struct Growth {
    RunRow row;
    std::vector<EvaluationRecord> evaluations;
    std::vector<StepRecord> steps;
};

} // namespace

StepColumns::StepColumns(StepSeries series)
    : step(std::move(series.step)), epoch(std::move(series.epoch)), seconds(std::move(series.elapsed)), tokens(std::move(series.tokens)),
      total(std::move(series.loss)), forget(std::move(series.forgetLoss)), retain(std::move(series.retainLoss))
{
    std::partial_sum(tokens.begin(), tokens.end(), tokens.begin());
}

void StepColumns::append(const StepRecord &record)
{
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    const double before = tokens.empty() ? 0 : tokens.back();
    step.push_back(static_cast<double>(record.step));
    epoch.push_back(record.epoch);
    tokens.push_back(before + static_cast<double>(record.tokens));
    seconds.push_back(record.elapsed);
    total.push_back(record.loss);
    forget.push_back(record.forgetLoss.value_or(kNone));
    retain.push_back(record.retainLoss.value_or(kNone));
}

const std::vector<double> &StepColumns::column(CompareAxis axis) const
{
    switch (axis) {
    case CompareAxis::Step: break;
    case CompareAxis::Epoch: return epoch;
    case CompareAxis::Tokens: return tokens;
    case CompareAxis::Seconds: return seconds;
    }
    return step;
}

double StepColumns::at(double wanted, CompareAxis axis) const
{
    if (axis == CompareAxis::Step)
        return wanted;
    const std::vector<double> &values = column(axis);
    if (step.empty() || wanted <= 0)
        return 0;
    const auto after = static_cast<std::size_t>(std::ranges::lower_bound(step, wanted) - step.begin());
    if (after == step.size())
        return values.back();
    const double fromStep = after == 0 ? 0 : step[after - 1];
    const double fromValue = after == 0 ? 0 : values[after - 1];
    const double width = step[after] - fromStep;
    return width > 0 ? fromValue + (wanted - fromStep) / width * (values[after] - fromValue) : values[after];
}

const EvaluationRecord *ComparedRun::last() const
{
    for (auto it = evaluations.rbegin(); it != evaluations.rend(); ++it) {
        if (!it->subset && it->step > 0)
            return &*it;
    }
    return evaluations.empty() ? nullptr : &evaluations.back();
}

ComparedRuns::ComparedRuns(Workspace &workspace, QObject *parent)
    : QObject(parent), m_workspace(workspace), m_reads(workspace.store())
{
    connect(&workspace, &Workspace::storeChanged, this, &ComparedRuns::readGrowth);
}

std::optional<std::size_t> ComparedRuns::find(RunId run) const
{
    const auto found = std::ranges::find(m_runs, run, [](const ComparedRun &each) { return each.row.id; });
    if (found == m_runs.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - m_runs.begin());
}

void ComparedRuns::show(const std::vector<RunId> &runs)
{
    if (m_wanted == runs && !m_loading)
        return;
    m_wanted = runs;
    ++m_generation;
    std::vector<RunId> missing;
    for (const RunId run : runs) {
        if (!find(run))
            missing.push_back(run);
    }
    const auto order = [this](std::vector<ComparedRun> more) {
        std::vector<ComparedRun> ordered;
        for (const RunId run : m_wanted) {
            if (const auto known = find(run)) {
                ordered.push_back(std::move(m_runs[*known]));
                continue;
            }
            const auto fresh = std::ranges::find(more, run, [](const ComparedRun &each) { return each.row.id; });
            if (fresh != more.end())
                ordered.push_back(std::move(*fresh));
        }
        m_runs = std::move(ordered);
    };
    if (missing.empty()) {
        m_loading = false;
        order({});
        Q_EMIT changed();
        return;
    }
    m_loading = true;
    Q_EMIT changed();
    m_reads.read<std::vector<ComparedRun>>(
        this,
        [missing](const RunStore &store) { return readAll(store, missing); },
        [this, order, generation = m_generation](std::vector<ComparedRun> read) {
            if (generation != m_generation)
                return;
            m_loading = false;
            order(std::move(read));
            Q_EMIT changed();
            readCollapse();
        });
}

void ComparedRuns::readGrowth()
{
    if (m_loading || m_growing || m_runs.empty())
        return;
    struct Known {
        RunId run;
        std::int64_t step;
        std::int64_t evaluation;
        bool over;
    };
    std::vector<Known> known;
    for (const ComparedRun &run : m_runs)
        known.push_back({run.row.id, run.steps->step.empty() ? 0 : static_cast<std::int64_t>(run.steps->step.back()),
                         run.evaluations.empty() ? -1 : run.evaluations.back().step, runwords::isOver(run.row.status)});
    m_growing = true;
    m_reads.read<std::vector<Growth>>(
        this,
        [known](const RunStore &store) {
            std::vector<Growth> all;
            for (const Known &each : known) {
                auto row = store.run(each.run);
                if (!row)
                    continue;
                Growth growth{std::move(*row), {}, {}};
                if (!each.over) {
                    if (auto evaluations = store.evaluations(each.run, false, each.evaluation))
                        growth.evaluations = std::move(*evaluations);
                    if (auto steps = store.steps(each.run, each.step))
                        growth.steps = std::move(*steps);
                }
                all.push_back(std::move(growth));
            }
            return all;
        },
        [this, generation = m_generation](std::vector<Growth> all) {
            m_growing = false;
            if (generation != m_generation)
                return;
            bool more = false, other = all.size() != m_runs.size();
            for (Growth &growth : all) {
                const auto at = find(growth.row.id);
                if (!at)
                    continue;
                ComparedRun &run = m_runs[*at];
                more = more || !growth.steps.empty() || !growth.evaluations.empty();
                other = other || run.row.name != growth.row.name || run.row.color != growth.row.color || run.row.status != growth.row.status
                        || run.row.deleted != growth.row.deleted;
                run.look = RunLook::of(growth.row);
                run.row = std::move(growth.row);
                if (!growth.steps.empty() && run.steps.use_count() > 1)
                    run.steps = std::make_shared<StepColumns>(*run.steps);
                for (const StepRecord &record : growth.steps)
                    run.steps->append(record);
                std::ranges::move(growth.evaluations, std::back_inserter(run.evaluations));
            }
            if (all.size() != m_runs.size()) { // one was erased for good
                std::erase_if(m_runs, [&all](const ComparedRun &run) { return std::ranges::none_of(all, [&run](const Growth &each) { return each.row.id == run.row.id; }); });
            }
            if (other)
                Q_EMIT changed();
            else if (more)
                Q_EMIT grew();
        });
}

void ComparedRuns::readCollapse()
{
    std::vector<std::pair<RunId, std::int64_t>> lasts;
    for (const ComparedRun &run : m_runs) {
        if (!run.evaluations.empty())
            lasts.emplace_back(run.row.id, run.evaluations.back().step);
    }
    m_reads.read<std::vector<std::pair<RunId, QString>>>(
        this,
        [lasts](const RunStore &store) {
            std::vector<std::pair<RunId, QString>> found;
            for (const auto &[run, step] : lasts) {
                const auto evaluations = store.evaluations(run, true, step - 1);
                if (!evaluations || evaluations->empty())
                    continue;
                AnswerBook book;
                book.add(evaluations->back());
                found.emplace_back(run, book.collapse(0));
            }
            return found;
        },
        [this](std::vector<std::pair<RunId, QString>> found) {
            bool any = false;
            for (const auto &[run, collapse] : found) {
                if (const auto at = find(run); at && m_runs[*at].collapse != collapse) {
                    m_runs[*at].collapse = collapse;
                    any = true;
                }
            }
            if (any)
                Q_EMIT collapseKnown();
        });
}

} // namespace lethe
