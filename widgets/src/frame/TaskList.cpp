#include <widgets/TaskList.h>

#include <QtCore/QElapsedTimer>
#include <QtCore/QPointer>
#include <QtCore/QTimer>

#include <algorithm>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

namespace lethe {

namespace {

constexpr int kPostMilliseconds = 50;          ///< at most 20 posts a second
constexpr qint64 kSilentMilliseconds = 3000;   ///< no rate and no time left before this
constexpr std::size_t kFinishedKept = 20;

/// Units a second over the last fifth of a stage, so that a slow start does not spoil the estimate.
class RateMeter
{
public:
    void start(double done)
    {
        m_clock.start();
        m_samples.clear();
        m_samples.push_back({0, done});
    }
    void add(double done)
    {
        m_samples.push_back({m_clock.elapsed(), done});
        const qint64 windowStart = m_samples.back().milliseconds * 4 / 5;
        while (m_samples.size() > 2 && m_samples[1].milliseconds <= windowStart)
            m_samples.pop_front();
    }
    double perSecond() const
    {
        if (m_samples.size() < 2 || m_samples.back().milliseconds < kSilentMilliseconds)
            return 0;
        const auto span = static_cast<double>(m_samples.back().milliseconds - m_samples.front().milliseconds);
        return span > 0 ? 1000.0 * (m_samples.back().done - m_samples.front().done) / span : 0;
    }

private:
    struct Sample {
        qint64 milliseconds = 0;
        double done = 0;
    };
    QElapsedTimer m_clock;
    std::deque<Sample> m_samples;
};

struct Report {
    QString stage;
    double done = 0, total = 0;
};

/// One job: the GUI thread owns it; the worker sees the handle and, under the mutex, the last report and the outcome.
struct Job {
    TaskHandle handle;
    TaskState state;
    RateMeter meter;
    std::thread thread;
    QPointer<QObject> context;
    bool hasContext = false;
    std::function<void()> done;

    std::mutex mutex; ///< guards what follows
    std::optional<Report> report;
    std::optional<QString> failure;
};

} // namespace

struct TaskList::Private {
    std::vector<std::unique_ptr<Job>> running;
    std::deque<TaskState> finished; ///< newest first
    QTimer timer;
    std::int64_t lastId = 0;
};

void TaskHandle::report(const QString &stage, double done, double total)
{
    if (m_report)
        m_report(stage, done, total);
}

void TaskHandle::fail(const QString &why)
{
    if (m_fail)
        m_fail(why);
}

TaskList::TaskList(QObject *parent)
    : QObject(parent), m_private(std::make_unique<Private>())
{
    m_private->timer.setInterval(kPostMilliseconds);
    connect(&m_private->timer, &QTimer::timeout, this, [this] { takeReports(); });
}

TaskList::~TaskList()
{
    for (const auto &job : m_private->running)
        job->handle.m_cancelled = true;
    for (const auto &job : m_private->running)
        job->thread.join();
}

std::int64_t TaskList::start(const QString &name, QObject *context, std::function<QString(TaskHandle &)> work,
                             std::function<void()> done)
{
    auto owned = std::make_unique<Job>();
    Job *job = owned.get();
    job->state.id = ++m_private->lastId;
    job->state.name = name;
    job->context = context;
    job->hasContext = context != nullptr;
    job->done = std::move(done);
    job->meter.start(0);
    job->handle.m_report = [job](const QString &stage, double reached, double total) {
        const std::lock_guard lock(job->mutex);
        job->report = Report{stage, reached, total};
    };
    job->handle.m_fail = [job](const QString &why) {
        const std::lock_guard lock(job->mutex);
        job->failure = why;
    };
    const std::int64_t id = job->state.id;
    m_private->running.push_back(std::move(owned));
    job->thread = std::thread([this, job, id, doWork = std::move(work)] {
        QString result;
        try {
            result = doWork(job->handle);
        } catch (const std::exception &error) { // a thread's entry is a border: nothing flies past it
            job->handle.fail(QString::fromUtf8(error.what()));
        } catch (...) {
            job->handle.fail(QStringLiteral("unknown failure"));
        }
        // The list joins this thread before it goes, so it is still there; the call itself is dropped with it.
        QMetaObject::invokeMethod(this, [this, id, result] { finish(id, result); }, Qt::QueuedConnection);
    });
    m_private->timer.start();
    Q_EMIT changed();
    return id;
}

void TaskList::takeReports()
{
    bool any = false;
    for (const auto &job : m_private->running) {
        std::optional<Report> report;
        {
            const std::lock_guard lock(job->mutex);
            report.swap(job->report);
        }
        if (!report)
            continue;
        any = true;
        TaskState &state = job->state;
        if (report->stage != state.stage)
            job->meter.start(report->done);
        else
            job->meter.add(report->done);
        state.stage = report->stage;
        state.done = report->done;
        state.total = report->total;
        state.rate = job->meter.perSecond();
        state.secondsLeft = state.rate > 0 && state.total > state.done ? (state.total - state.done) / state.rate : -1;
    }
    if (any)
        Q_EMIT changed();
}

void TaskList::finish(std::int64_t id, const QString &result)
{
    const auto found = std::find_if(m_private->running.begin(), m_private->running.end(),
                                    [id](const auto &job) { return job->state.id == id; });
    if (found == m_private->running.end())
        return;
    const std::unique_ptr<Job> job = std::move(*found);
    m_private->running.erase(found);
    job->thread.join();
    TaskState state = job->state;
    state.finished = true;
    state.secondsLeft = -1;
    state.failed = job->failure.has_value();
    state.result = state.failed ? *job->failure : job->handle.isCancelled() && result.isEmpty() ? tr("cancelled") : result;
    m_private->finished.push_front(state);
    if (m_private->finished.size() > kFinishedKept)
        m_private->finished.pop_back();
    if (m_private->running.empty())
        m_private->timer.stop();
    Q_EMIT changed();
    if (job->done && (!job->hasContext || job->context != nullptr))
        job->done();
}

void TaskList::cancel(std::int64_t id)
{
    for (const auto &job : m_private->running) {
        if (job->state.id != id)
            continue;
        job->handle.m_cancelled = true;
        job->state.stage = tr("stopping…");
        Q_EMIT changed();
    }
}

std::vector<TaskState> TaskList::tasks() const
{
    std::vector<TaskState> all;
    for (const auto &job : m_private->running)
        all.push_back(job->state);
    all.insert(all.end(), m_private->finished.begin(), m_private->finished.end());
    return all;
}

int TaskList::running() const
{
    return static_cast<int>(m_private->running.size());
}

} // namespace lethe
