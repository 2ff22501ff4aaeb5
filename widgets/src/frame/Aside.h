#pragma once

#include <QtCore/QCoreApplication>
#include <QtCore/QPointer>
#include <QtCore/QThreadPool>

#include <memory>
#include <utility>

namespace lethe {

/// Short work off the GUI thread that is no job of the user's (a query, a look at the memory): \p work on the pool, then
/// \p done on the GUI thread with its value, unless \p context is gone by then. Must not throw.
template<typename Work, typename Done>
void aside(QObject *context, Work work, Done done)
{
    QPointer<QObject> guard(context); // looked at on the GUI thread alone
    QThreadPool::globalInstance()->start([guard, work = std::move(work), done = std::move(done)]() mutable {
        auto value = std::make_shared<decltype(work())>(work());
        QMetaObject::invokeMethod(QCoreApplication::instance(), [guard, value, done = std::move(done)]() mutable {
            if (guard)
                done(std::move(*value));
        }, Qt::QueuedConnection);
    });
}

} // namespace lethe
