#pragma once

#include "live/StoreReads.h"

#include <lethe/run/Records.h>
#include <lethe/store/RunStore.h>

#include <widgets/RunLook.h>

#include <QtCore/QObject>

#include <memory>
#include <optional>
#include <vector>

namespace lethe {

class Workspace;

/// What x counts.
enum class CompareAxis { Step, Epoch, Tokens, Seconds };

/// A run's steps as columns: a comparison of many long runs must not hold whole records.
struct StepColumns {
    StepColumns() = default;
    explicit StepColumns(StepSeries series);

    std::vector<double> step, epoch, seconds;
    std::vector<double> tokens; ///< since the run began
    std::vector<double> total, forget, retain; ///< NaN where there is none

    void append(const StepRecord &record);
    /// Of step \p step on \p axis: 0 at step 0, between two steps a share of both.
    double at(double step, CompareAxis axis) const;
    const std::vector<double> &column(CompareAxis axis) const;
};

struct ComparedRun {
    RunRow row;
    RunLook look;
    std::string specJson;
    Provenance provenance;
    RunFacts facts;
    std::vector<EvaluationRecord> evaluations; ///< metrics alone
    /// Never null, and never changed while somebody else holds it: curves are made of it on another thread.
    std::shared_ptr<StepColumns> steps = std::make_shared<StepColumns>();
    QString collapse; ///< of the last answers; empty where they are sound or were not read yet

    QString name() const { return QString::fromStdString(row.name); }
    /// The last evaluation of all rows, else the last one; null where there is none.
    const EvaluationRecord *last() const;
};

/// The runs that are compared, read off the GUI thread. A run that still goes on grows.
class ComparedRuns : public QObject
{
    Q_OBJECT

public:
    explicit ComparedRuns(Workspace &workspace, QObject *parent = nullptr);

    void show(const std::vector<RunId> &runs);
    const std::vector<ComparedRun> &runs() const { return m_runs; }
    bool isLoading() const { return m_loading; }
    std::optional<std::size_t> find(RunId run) const;

Q_SIGNALS:
    void changed(); ///< another set of runs, or other names, looks, metrics
    void grew();    ///< more points of the same runs
    void collapseKnown();

private:
    void readGrowth();
    void readCollapse();

    Workspace &m_workspace;
    StoreReads m_reads;
    std::vector<RunId> m_wanted;
    std::vector<ComparedRun> m_runs;
    std::uint64_t m_generation = 0;
    bool m_loading = false;
    bool m_growing = false;
};

} // namespace lethe
