#pragma once

#include <lethe/store/RunStore.h>

#include <QtCore/QObject>
#include <QtCore/QPointer>
#include <QtCore/QThreadPool>

#include <functional>
#include <memory>

namespace lethe {

/// Reads of the store off the GUI thread, one after the other in the order in which they were asked for; what they found comes
/// back on the GUI thread. Lives there; the store outlives it.
class StoreReads
{
public:
    explicit StoreReads(const RunStore &store);
    ~StoreReads(); ///< waits for the read that is going on; those that wait are dropped
    StoreReads(const StoreReads &) = delete;
    StoreReads &operator=(const StoreReads &) = delete;

    /// \p done is not called where \p context is gone by then.
    template<typename T>
    void read(QObject *context, std::function<T(const RunStore &)> work, std::function<void(T)> done)
    {
        m_pool.start([this, work = std::move(work), done = std::move(done), guard = QPointer<QObject>(context)] {
            // shared: a queued call is copied on its way
            auto found = std::make_shared<T>(work(m_store));
            QMetaObject::invokeMethod(&m_receiver, [found, done, guard] {
                if (guard)
                    done(std::move(*found));
            });
        });
    }

private:
    const RunStore &m_store;
    QObject m_receiver; ///< lives on the GUI thread
    QThreadPool m_pool;
};

} // namespace lethe
