#include <lethe/run/RunController.h>

#include <QtCore/QMetaType>
#include <QtCore/QTimer>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include <sys/resource.h>
#include <unistd.h>
#include <utility>

namespace lethe {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// The eye's speed: at most 20 posts a second.
constexpr int kWorkerNiceness = 5;
constexpr auto kPostTime = 50ms;

} // namespace

struct RunController::Data final : RunObserver {
    explicit Data(RunController &controller) : owner(controller) {}

    RunController &owner;
    std::unique_ptr<RunControl> control = std::make_unique<RunControl>(); ///< a fresh one for each run
    std::thread worker;
    std::atomic<RunId> runId = 0;
    bool running = false;          ///< GUI thread's own
    Clock::time_point lastPost{};  ///< GUI thread's own

    std::mutex mutex; ///< guards the four below
    std::condition_variable endedChanged;
    RunBatch batch;
    bool wakePosted = false; ///< the GUI thread knows that there is something in the batch
    std::optional<Result<RunSummary>> result; ///< set once the worker has nothing left to do

    // ---- on the worker
    template<typename Gather>
    void gather(Gather add)
    {
        bool wake = false;
        {
            const std::lock_guard lock(mutex);
            add(batch);
            wake = !std::exchange(wakePosted, true);
        }
        if (wake)
            QMetaObject::invokeMethod(&owner, [this] { scheduleDelivery(); }, Qt::QueuedConnection);
    }
    void onFacts(const RunFacts &facts) override
    {
        gather([&](RunBatch &b) { b.facts = facts; });
    }
    void onStage(const StageRecord &stage) override
    {
        gather([&](RunBatch &b) { b.stage = stage; });
    }
    void onStatus(RunStatus status) override
    {
        gather([&](RunBatch &b) { b.status = status; });
    }
    void onStep(const StepRecord &step) override
    {
        gather([&](RunBatch &b) { b.steps.push_back(step); });
    }
    void onEvaluation(const EvaluationRecord &evaluation) override
    {
        gather([&](RunBatch &b) { b.evaluations.push_back(evaluation); });
    }
    void onCheckpoint(const CheckpointRecord &checkpoint) override
    {
        gather([&](RunBatch &b) { b.checkpoints.push_back(checkpoint); });
    }
    void onEvent(const EventRecord &event) override
    {
        gather([&](RunBatch &b) { b.events.push_back(event); });
    }
    void work(const ExperimentSpec &spec, const RecordedRun &how)
    {
        // The window goes first where both want a core; LibTorch's threads take this on from the thread that starts them.
        ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kWorkerNiceness);
        Result<RunSummary> outcome = Error{.code = ErrorCode::Internal, .what = "the run ended unexpectedly", .where = {}, .hint = {}};
        try {
            outcome = runAndRecord(spec, how);
        } catch (const std::exception &exception) {
            outcome = Error{.code = ErrorCode::Internal, .what = std::string("the run ended unexpectedly: ") + exception.what(),
                            .where = {}, .hint = {}};
        }
        {
            const std::lock_guard lock(mutex);
            result = std::move(outcome);
        }
        endedChanged.notify_all();
        QMetaObject::invokeMethod(&owner, [this] { finish(); }, Qt::QueuedConnection);
    }

    // ---- on the GUI thread
    void scheduleDelivery()
    {
        const auto sinceLast = Clock::now() - lastPost;
        if (sinceLast >= kPostTime)
            deliver();
        else
            QTimer::singleShot(std::chrono::ceil<std::chrono::milliseconds>(kPostTime - sinceLast), Qt::PreciseTimer, &owner,
                               [this] { deliver(); });
    }
    void deliver()
    {
        auto gathered = std::make_shared<RunBatch>(); // shared by every receiver of the signal
        {
            const std::lock_guard lock(mutex);
            if (!std::exchange(wakePosted, false))
                return; // delivered with the run's end
            std::swap(*gathered, batch);
        }
        lastPost = Clock::now();
        Q_EMIT owner.recordsArrived(gathered);
    }
    void finish()
    {
        std::optional<Result<RunSummary>> outcome;
        {
            const std::lock_guard lock(mutex);
            outcome = std::exchange(result, std::nullopt);
        }
        if (!outcome)
            return; // already told by pauseToDisk
        worker.join();
        running = false;
        deliver();
        if (outcome->ok())
            Q_EMIT owner.finished(std::make_shared<const RunSummary>(std::move(*outcome).value()));
        else
            Q_EMIT owner.failed(QString::fromStdString(outcome->error().message()), static_cast<int>(outcome->error().code));
    }
};

RunController::RunController(QObject *parent) : QObject(parent), m_data(std::make_unique<Data>(*this))
{
    qRegisterMetaType<std::shared_ptr<const lethe::RunBatch>>();
    qRegisterMetaType<std::shared_ptr<const lethe::RunSummary>>();
}

RunController::~RunController()
{
    if (!m_data->worker.joinable())
        return;
    m_data->control->cancel();
    m_data->worker.join();
}

void RunController::start(const ExperimentSpec &spec, RecordedRun how)
{
    Q_ASSERT(!m_data->running);
    m_data->control = std::make_unique<RunControl>();
    m_data->runId = 0;
    m_data->running = true;
    m_data->batch = {};
    how.control = m_data->control.get();
    how.observer = m_data.get();
    how.onCreated = [this, before = std::move(how.onCreated)](RunId run) {
        m_data->runId = run;
        if (before)
            before(run);
        QMetaObject::invokeMethod(this, [this, run] { Q_EMIT created(run); }, Qt::QueuedConnection);
    };
    m_data->worker = std::thread([data = m_data.get(), spec, how = std::move(how)] { data->work(spec, how); });
}

bool RunController::isRunning() const
{
    return m_data->running;
}

RunId RunController::runId() const
{
    return m_data->runId;
}

RunControl &RunController::control()
{
    return *m_data->control;
}

bool RunController::pauseToDisk(int milliseconds)
{
    if (!m_data->running)
        return true;
    m_data->control->interrupt();
    {
        std::unique_lock lock(m_data->mutex);
        if (!m_data->endedChanged.wait_for(lock, std::chrono::milliseconds(milliseconds), [this] { return m_data->result.has_value(); }))
            return false;
    }
    m_data->finish();
    return true;
}

} // namespace lethe
