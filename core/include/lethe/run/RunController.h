#pragma once

#include <lethe/base/Export.h>
#include <lethe/run/RunRecorder.h>

#include <QtCore/QObject>

#include <memory>
#include <vector>

namespace lethe {

/// What gathered between two posts: at most 20 a second reach the GUI thread.
struct RunBatch {
    std::vector<StepRecord> steps;
    std::vector<EvaluationRecord> evaluations;
    std::vector<CheckpointRecord> checkpoints;
    std::vector<EventRecord> events;
    std::optional<StageRecord> stage; ///< the last one
    std::optional<RunStatus> status;  ///< the last one
    std::optional<RunFacts> facts;
};

/// One run on a worker thread, seen from the GUI thread. Destroying it cancels and joins.
class LETHE_EXPORT RunController : public QObject
{
    Q_OBJECT

public:
    explicit RunController(QObject *parent = nullptr);
    ~RunController() override;

    /// \p how's `observer` and `control` are the controller's own; catalog and store must outlive the run.
    void start(const ExperimentSpec &spec, RecordedRun how);
    bool isRunning() const;
    RunId runId() const; ///< 0 until the row is there
    RunControl &control(); ///< of this run: `start` makes a new one
    /// Asks for a checkpoint and the end (the run is then `Interrupted`, to be resumed) and waits at most \p milliseconds.
    /// True where it ended: `finished` or `failed` has been sent then.
    bool pauseToDisk(int milliseconds);

Q_SIGNALS:
    void created(qint64 runId);
    void recordsArrived(const std::shared_ptr<const lethe::RunBatch> &batch);
    void finished(const std::shared_ptr<const lethe::RunSummary> &summary);
    void failed(const QString &message, int errorCode);

private:
    struct Data;
    std::unique_ptr<Data> m_data;
};

} // namespace lethe
