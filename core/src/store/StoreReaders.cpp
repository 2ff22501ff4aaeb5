#include "StoreReaders.h"

namespace lethe {

namespace {

constexpr std::size_t kIdleConnections = 4;

} // namespace

std::unique_ptr<StoreConnection> StoreReaders::take()
{
    {
        const std::lock_guard lock(m_mutex);
        if (!m_idle.empty()) {
            auto connection = std::move(m_idle.back());
            m_idle.pop_back();
            return connection;
        }
    }
    return std::make_unique<StoreConnection>(m_file, m_kind);
}

void StoreReaders::giveBack(std::unique_ptr<StoreConnection> connection)
{
    const std::lock_guard lock(m_mutex);
    if (m_idle.size() < kIdleConnections)
        m_idle.push_back(std::move(connection));
}

Error StoreReaders::damaged(const std::exception &exception) const
{
    return Error{.code = ErrorCode::Corrupt, .what = std::string("the store holds what cannot be read: ") + exception.what(),
                 .where = m_file.string(), .hint = {}};
}

} // namespace lethe
