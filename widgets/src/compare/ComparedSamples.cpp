#include "ComparedSamples.h"

#include <algorithm>

namespace lethe {
namespace {

RunSamples firstAndLast(const RunStore &store, RunId run)
{
    RunSamples samples;
    samples.run = run;
    auto evaluations = store.evaluations(run, true);
    if (!evaluations)
        return samples;
    const bool wentOn = std::ranges::any_of(*evaluations, [](const EvaluationRecord &evaluation) { return evaluation.step > 0; });
    std::erase_if(*evaluations, [](const EvaluationRecord &evaluation) { return evaluation.subset || evaluation.samples.empty(); });
    if (evaluations->empty() || (wentOn && evaluations->back().step == 0))
        return samples; // rows of the untouched model are not those of a run that went on
    samples.lastStep = evaluations->back().step;
    samples.last = std::move(evaluations->back().samples);
    if (evaluations->size() > 1) {
        samples.firstStep = evaluations->front().step;
        samples.first = std::move(evaluations->front().samples);
    }
    for (std::vector<SampleRecord> *list : {&samples.first, &samples.last})
        for (SampleRecord &sample : *list) {
            sample.tokens = {}; // read again for the row that is looked at
            sample.text.reset();
        }
    return samples;
}

} // namespace

ComparedSamples::ComparedSamples(const RunStore &store, QObject *parent) : QObject(parent), m_reads(store) {}

void ComparedSamples::setRuns(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden)
{
    m_wanted.clear();
    for (const ComparedRun &run : runs)
        if (!hidden.contains(run.row.id) && m_wanted.size() < kMostRuns)
            m_wanted.push_back({.run = run.row.id, .name = run.name(), .look = run.look, .evaluations = run.evaluations.size()});
}

void ComparedSamples::load()
{
    const auto isRead = [this](const Wanted &wanted) {
        return std::ranges::any_of(m_read, [&wanted](const Wanted &read) { return read.run == wanted.run && read.evaluations == wanted.evaluations; });
    };
    std::vector<RunId> missing;
    for (const Wanted &wanted : m_wanted)
        if (!isRead(wanted))
            missing.push_back(wanted.run);
    const auto take = [this](std::vector<RunSamples> more) {
        std::vector<RunSamples> runs;
        for (const Wanted &wanted : m_wanted) {
            auto found = std::ranges::find(more, wanted.run, &RunSamples::run);
            if (found == more.end()) {
                found = std::ranges::find(m_runs, wanted.run, &RunSamples::run);
                if (found == m_runs.end())
                    continue;
            }
            runs.push_back(std::move(*found));
            runs.back().name = wanted.name;
            runs.back().look = wanted.look;
        }
        m_runs = std::move(runs);
        m_read = m_wanted;
        m_loading = false;
        Q_EMIT changed();
    };
    ++m_generation;
    if (missing.empty()) {
        take({});
        return;
    }
    m_loading = true;
    if (m_runs.empty())
        Q_EMIT changed(); // there is nothing to show yet: that it is being read
    m_reads.read<std::vector<RunSamples>>(
        this,
        [missing](const RunStore &store) {
            std::vector<RunSamples> all;
            for (const RunId run : missing)
                all.push_back(firstAndLast(store, run));
            return all;
        },
        [this, take, generation = m_generation](std::vector<RunSamples> all) {
            if (generation == m_generation)
                take(std::move(all));
        });
}

void ComparedSamples::readRow(QObject *context, const std::string &set, std::int64_t row, std::function<void(std::vector<RowHistory>)> done)
{
    std::vector<RunId> runs;
    for (const RunSamples &samples : m_runs)
        runs.push_back(samples.run);
    m_reads.read<std::vector<RowHistory>>(
        context,
        [runs, set, row](const RunStore &store) {
            std::vector<RowHistory> all;
            for (const RunId run : runs) {
                RowHistory history{.run = run, .entries = {}};
                if (auto evaluations = store.evaluations(run, true))
                    for (EvaluationRecord &evaluation : *evaluations) {
                        const auto found = std::ranges::find_if(evaluation.samples, [&](const SampleRecord &sample) { return sample.set == set && sample.row == row; });
                        if (found != evaluation.samples.end())
                            history.entries.push_back({.step = evaluation.step, .sample = std::move(*found)});
                    }
                all.push_back(std::move(history));
            }
            return all;
        },
        std::move(done));
}

} // namespace lethe
