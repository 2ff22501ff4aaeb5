#pragma once

#include <core/run/ScriptedRun.h>
#include <widgets/Dialogs.h>
#include <widgets/Workspace.h>

#include <QtCore/QSettings>

#include <atomic>

namespace lethe::test {

/// Dialogs that answer what a test has set, and remember what was asked.
class AnsweringDialogs final : public Dialogs
{
public:
    QStringList openFiles(QWidget *, const QString &, const QString &, const QString &) override { return files; }
    QString saveFile(QWidget *, const QString &, const QString &, const QString &) override { return target; }
    QString chooseFolder(QWidget *, const QString &, const QString &) override { return folder; }
    bool confirm(QWidget *, const QString &question, const QString &, const QString &) override
    {
        asked << question;
        return yes;
    }
    int choose(QWidget *, const QString &question, const QString &, const QStringList &verbs, int preferred) override
    {
        asked << question;
        offered = verbs;
        preferredVerb = preferred;
        return choice;
    }
    std::optional<QString> askText(QWidget *, const QString &, const QString &, const QString &) override { return text; }
    std::optional<int> askNumber(QWidget *, const QString &, const QString &, int, int, int) override { return std::nullopt; }

    QStringList files;
    QString target, folder;
    bool yes = false;
    int choice = -1;
    std::optional<QString> text;
    QStringList asked, offered;
    int preferredVerb = -1;
};

/// A session that steps until it is told to end, or `steps` times; a pause holds it.
struct SteppingSession {
    std::int64_t steps = 3;
    std::shared_ptr<std::atomic<bool>> mayEnd = std::make_shared<std::atomic<bool>>(true); ///< false: waits after its last step

    Result<RunSummary> operator()(const ResolvedSpec &, const MethodCatalog &, const SessionOptions &, RunControl &control, RunObserver &observer) const
    {
        const auto ended = [&](RunStatus status, std::int64_t done) {
            RunSummary summary;
            summary.status = status;
            summary.steps = done;
            summary.seconds = 41;
            summary.finalMetrics = {{"forget_exact_match", 0.04, {}}, {"retain_exact_match", 0.95, {}}};
            return summary;
        };
        observer.onFacts({.plannedSteps = steps});
        observer.onEvaluation({.step = 0, .seconds = 0, .subset = false,
                               .metrics = {{"forget_exact_match", 0.96, {}}, {"retain_exact_match", 0.97, {}}}, .samples = {}});
        for (std::int64_t step = 1;; ++step) {
            switch (control.waitWhilePaused()) {
            case RunControl::Request::Stop: return ended(RunStatus::Stopped, step - 1);
            case RunControl::Request::Interrupt: return ended(RunStatus::Interrupted, step - 1);
            case RunControl::Request::Cancel: return ended(RunStatus::Cancelled, step - 1);
            default: break;
            }
            if (step <= steps)
                observer.onStep(ScriptedRun::step(step));
            else if (*mayEnd)
                break;
            std::this_thread::sleep_for(std::chrono::milliseconds(1)); // what a step takes
        }
        observer.onEvaluation({.step = steps, .seconds = 0, .subset = false,
                               .metrics = {{"forget_exact_match", 0.04, {}}, {"retain_exact_match", 0.95, {}}}, .samples = {}});
        return ended(RunStatus::Done, steps);
    }
};

} // namespace lethe::test
