#pragma once

#include <QtCore/QCoreApplication>
#include <QtCore/QPointer>
#include <QtCore/QThreadPool>

#include <memory>
#include <utility>

namespace lethe {

/// Runs \p work on a thread of the pool and then \p done with its value on the GUI thread, unless \p context is gone by then.
/// For reading that takes well under a second; what takes longer is a task of the activity list.
template<typename Work, typename Done>
void inBackground(QObject *context, Work work, Done done)
{
    QThreadPool::globalInstance()->start([guard = QPointer<QObject>(context), work = std::move(work), done = std::move(done)]() mutable {
        using Value = decltype(work());
        auto value = std::make_shared<Value>(work());
        // The guard is only asked on the GUI thread, where its object lives and dies.
        QMetaObject::invokeMethod(QCoreApplication::instance(), [guard, value, done = std::move(done)]() mutable {
            if (guard)
                done(std::move(*value));
        });
    });
}

/// Runs what it is given one after the other on one thread: small writes that must keep their order. Its end waits for them.
class InOrder
{
public:
    InOrder() { m_pool.setMaxThreadCount(1); }
    ~InOrder() { m_pool.waitForDone(); }
    template<typename Work>
    void run(Work work)
    {
        m_pool.start(std::move(work));
    }

private:
    QThreadPool m_pool;
};

} // namespace lethe
