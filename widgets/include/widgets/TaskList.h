#pragma once

#include <QtCore/QObject>
#include <QtCore/QString>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace lethe {

/// What a task's worker reports and asks. Any thread.
class TaskHandle
{
public:
    /// \p total 0: not known yet.
    void report(const QString &stage, double done, double total);
    bool isCancelled() const { return m_cancelled.load(); }
    /// Marks the job as failed; \p why takes the place of its result in the activity list.
    void fail(const QString &why);

private:
    friend class TaskList;
    std::atomic<bool> m_cancelled{false};
    std::function<void(const QString &, double, double)> m_report;
    std::function<void(const QString &)> m_fail;
};

/// One job as the activity list shows it.
struct TaskState {
    std::int64_t id = 0;
    QString name;
    QString stage;
    double done = 0, total = 0;
    double rate = 0;        ///< units a second over the last stretch; 0: not known yet
    double secondsLeft = -1; ///< below 0: not known yet
    bool finished = false;
    bool failed = false;
    QString result;
};

/// Long work off the GUI thread: each job runs on its own worker, reports at most 20 times a second, and can be cancelled.
/// The GUI thread alone calls this class.
class TaskList : public QObject
{
    Q_OBJECT

public:
    explicit TaskList(QObject *parent = nullptr);
    ~TaskList() override; ///< cancels and joins

    /// Runs \p work on a worker; then \p done on the GUI thread with what it returned, unless the list is gone. \p context:
    /// where that is destroyed first, \p done is not called. `work` returns its one-line result; it must not throw.
    std::int64_t start(const QString &name, QObject *context, std::function<QString(TaskHandle &)> work, std::function<void()> done);
    void cancel(std::int64_t id);
    std::vector<TaskState> tasks() const; ///< running ones first, then the last twenty finished
    int running() const;

Q_SIGNALS:
    void changed();

private:
    void takeReports();
    void finish(std::int64_t id, const QString &result);

    struct Private;
    std::unique_ptr<Private> m_private;
};

} // namespace lethe
