#pragma once

#include "Text.h"

#include <lethe/run/RunObserver.h>
#include <lethe/run/RunSession.h>

#include <widgets/TaskList.h>

namespace lethe {

/// Hands a session's stages to the task that runs it, and the task's cancelling to the session. On the task's thread.
class TaskObserver : public RunObserver
{
public:
    TaskObserver(TaskHandle &task, RunControl &control) : m_task(task), m_control(control) {}

    QString what; ///< before every stage, where it is not empty: which model, which precision

    void onStage(const StageRecord &stage) override { report(toQt(std::string_view(stage.name)), stage.done, stage.total); }

protected:
    void report(const QString &stage, double done, double total)
    {
        m_task.report(what.isEmpty() ? stage : QStringLiteral("%1: %2").arg(what, stage), done, total);
        look();
    }
    void look()
    {
        if (m_task.isCancelled())
            m_control.cancel();
    }

private:
    TaskHandle &m_task;
    RunControl &m_control;
};

} // namespace lethe
