#include "RunStatusText.h"

#include <widgets/Theme.h>

#include <QtCore/QCoreApplication>

namespace lethe {

QString statusWord(RunStatus status)
{
    const auto tr = [](const char *text) { return QCoreApplication::translate("lethe::RunStatus", text); };
    switch (status) {
    case RunStatus::Queued: return tr("queued");
    case RunStatus::Running: return tr("running");
    case RunStatus::Paused: return tr("paused");
    case RunStatus::Done: return tr("done");
    case RunStatus::Stopped: return tr("stopped");
    case RunStatus::Cancelled: return tr("cancelled");
    case RunStatus::Failed: return tr("failed");
    case RunStatus::Interrupted: break;
    }
    return tr("interrupted");
}

QIcon statusIcon(RunStatus status)
{
    switch (status) {
    case RunStatus::Queued: return Theme::icon(QStringLiteral("clock"), Theme::muted);
    case RunStatus::Running: return Theme::icon(QStringLiteral("play"), Theme::accent);
    case RunStatus::Paused: return Theme::icon(QStringLiteral("pause"), Theme::accent);
    case RunStatus::Done: return Theme::icon(QStringLiteral("success"), Theme::success);
    case RunStatus::Stopped: return Theme::icon(QStringLiteral("stop"), Theme::muted);
    case RunStatus::Cancelled: return Theme::icon(QStringLiteral("close"), Theme::muted);
    case RunStatus::Failed: return Theme::icon(QStringLiteral("error"), Theme::error);
    case RunStatus::Interrupted: break;
    }
    return Theme::icon(QStringLiteral("warning"), Theme::warning);
}

} // namespace lethe
