#pragma once

#include "StoreConnection.h"

#include <memory>
#include <mutex>
#include <vector>

namespace lethe {

/// Reading connections, opened when needed and used again: each by one thread at a time.
class StoreReaders
{
public:
    StoreReaders(std::filesystem::path file, StoreConnection::Kind kind) : m_file(std::move(file)), m_kind(kind) {}

    /// Calls \p read (which returns a Result) with a connection, inside one read transaction: all it sees is of one moment.
    /// What SQLite throws becomes an Error.
    template<typename Read>
    auto read(Read &&read) -> decltype(read(std::declval<StoreConnection &>()))
    {
        try {
            std::unique_ptr<StoreConnection> connection = take();
            connection->database().exec("BEGIN");
            auto result = read(*connection);
            connection->database().exec("COMMIT");
            giveBack(std::move(connection)); // after an exception it is closed instead
            return result;
        } catch (const SQLite::Exception &exception) {
            return storeError(exception, m_file);
        } catch (const std::exception &exception) {
            return damaged(exception);
        }
    }

private:
    std::unique_ptr<StoreConnection> take();
    void giveBack(std::unique_ptr<StoreConnection> connection);
    Error damaged(const std::exception &exception) const;

    const std::filesystem::path m_file;
    const StoreConnection::Kind m_kind;
    std::mutex m_mutex; ///< guards the member below
    std::vector<std::unique_ptr<StoreConnection>> m_idle;
};

} // namespace lethe
