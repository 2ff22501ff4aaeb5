#include <lethe/run/RunSession.h>

#include <chrono>
#include <utility>

namespace lethe {

void RunControl::pause()
{
    const std::lock_guard lock(m_mutex);
    if (m_request == Request::Continue)
        m_request = Request::Pause;
}

void RunControl::resume()
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_request != Request::Pause)
            return;
        m_request = Request::Continue;
    }
    m_changed.notify_all();
}

void RunControl::raise(Request request)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_request < request) // who asked for the end at once does not get a checkpoint after all
            m_request = request;
    }
    m_changed.notify_all();
}

void RunControl::stop()
{
    raise(Request::Stop);
}

void RunControl::interrupt()
{
    raise(Request::Interrupt);
}

void RunControl::cancel()
{
    raise(Request::Cancel);
}

void RunControl::evaluateNow()
{
    {
        const std::lock_guard lock(m_mutex);
        m_evaluateNow = true;
    }
    m_changed.notify_all();
}

void RunControl::checkpointNow()
{
    {
        const std::lock_guard lock(m_mutex);
        m_checkpointNow = true;
    }
    m_changed.notify_all();
}

void RunControl::ask(RunQuestion question)
{
    {
        const std::lock_guard lock(m_mutex);
        m_questions.push_back(std::move(question));
    }
    m_changed.notify_all();
}

RunControl::Request RunControl::request() const
{
    const std::lock_guard lock(m_mutex);
    return m_request;
}

RunControl::Request RunControl::waitWhilePaused()
{
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [this] { return m_request != Request::Pause; });
    return m_request;
}

RunControl::Request RunControl::waitWhilePaused(int milliseconds)
{
    std::unique_lock lock(m_mutex);
    m_changed.wait_for(lock, std::chrono::milliseconds(milliseconds),
                       [this] { return m_request != Request::Pause || m_evaluateNow || m_checkpointNow || !m_questions.empty(); });
    return m_request;
}

bool RunControl::takeEvaluateNow()
{
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_evaluateNow, false);
}

bool RunControl::takeCheckpointNow()
{
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_checkpointNow, false);
}

std::optional<RunQuestion> RunControl::takeQuestion()
{
    const std::lock_guard lock(m_mutex);
    if (m_questions.empty())
        return std::nullopt;
    RunQuestion question = std::move(m_questions.front());
    m_questions.pop_front();
    return question;
}

} // namespace lethe
