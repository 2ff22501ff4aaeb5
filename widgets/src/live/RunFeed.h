#pragma once

#include "StoreReads.h"

#include <lethe/run/Records.h>
#include <lethe/run/RunController.h>
#include <lethe/store/RunStore.h>

#include <QtCore/QObject>

#include <memory>
#include <optional>
#include <vector>

namespace lethe {

class Workspace;

/// All that is known of one run, in order.
struct RunHistory {
    std::optional<RunRow> row;
    std::string specJson;
    std::optional<RunFacts> facts;
    std::vector<StepRecord> steps;
    std::vector<EvaluationRecord> evaluations;
    std::vector<CheckpointRecord> checkpoints;
    std::vector<EventRecord> events;

    const EvaluationRecord *evaluationAt(std::int64_t step) const;
};

/// One run, followed: what the store holds of it, then the records as they arrive – from this process's run directly, from
/// another's through the store. Each step and evaluation is handed on once.
class RunFeed : public QObject
{
    Q_OBJECT

public:
    /// \p withSamples: the evaluations' texts too.
    RunFeed(Workspace &workspace, bool withSamples, QObject *parent = nullptr);

    /// 0: none.
    void show(RunId run);
    RunId run() const { return m_run; }
    const RunHistory &history() const { return m_history; }
    bool isLoading() const { return m_loading; }
    /// Whether it is the run on this process's device.
    bool isActive() const;
    /// As the last record or the store has it.
    RunStatus status() const;
    /// Why the run cannot be shown; empty where it can.
    QString failure() const { return m_failure; }

Q_SIGNALS:
    void reset();                           ///< everything is to be shown anew
    void stepsArrived(std::size_t from);    ///< those from this index on are new
    void evaluationsArrived(std::size_t from);
    void changed();                         ///< status, name, events, checkpoints, facts

private:
    struct Loaded;
    void load(bool whole);
    void take(Loaded loaded);
    void take(const RunBatch &batch);
    /// Takes over what is new, in order; true where it does not merely go on from what is shown.
    bool merge(const std::vector<StepRecord> &steps, const std::vector<EvaluationRecord> &evaluations);

    Workspace &m_workspace;
    StoreReads m_reads;
    const bool m_withSamples;
    RunId m_run = 0;
    std::uint64_t m_generation = 0; ///< results of an earlier `show` are dropped
    bool m_loading = false;
    bool m_reading = false;
    bool m_readAgain = false;
    /// The last ones read from the store. It commits a moment after the records are sent, so whoever starts to listen in the
    /// middle of a run may hear a step before those just before it can be read: reading goes on from here, not from the last heard.
    std::int64_t m_storedStep = 0;
    std::int64_t m_storedEvaluation = -1;
    std::vector<std::shared_ptr<const RunBatch>> m_pending; ///< arrived while the store was read
    RunHistory m_history;
    std::ptrdiff_t m_resumes = 0; ///< how often the run went on from a checkpoint, as last read
    std::optional<RunStatus> m_liveStatus;
    QString m_failure;
};

} // namespace lethe
