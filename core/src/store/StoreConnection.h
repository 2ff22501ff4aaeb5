#pragma once

#include <lethe/base/Result.h>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace lethe {

/// Bytes that are no text.
struct StoreBlob {
    std::string bytes;
};

/// A statement in use: bound, stepped, and reset at the end of the scope, so that it holds no read lock longer.
class StoreQuery
{
public:
    explicit StoreQuery(SQLite::Statement &statement) : m_statement(&statement) {}
    StoreQuery(StoreQuery &&other) noexcept : m_statement(std::exchange(other.m_statement, nullptr)) {}
    StoreQuery &operator=(StoreQuery &&) = delete;
    ~StoreQuery();

    /// Binds the statement's parameters in turn.
    template<typename... Values>
    StoreQuery &with(const Values &...values) &
    {
        int index = 0;
        (bind(++index, values), ...);
        return *this;
    }
    template<typename... Values>
    StoreQuery with(const Values &...values) &&
    {
        with(values...);
        return std::move(*this);
    }

    bool next() { return m_statement->executeStep(); }
    /// Runs a statement that gives no rows; how many it changed.
    int run();

    bool isNull(int column) const { return m_statement->isColumnNull(column); }
    std::int64_t integer(int column) const { return m_statement->getColumn(column).getInt64(); }
    /// NULL is how SQLite keeps what is not a number.
    double real(int column) const;
    std::optional<double> maybeReal(int column) const;
    std::string text(int column) const { return m_statement->getColumn(column).getString(); }
    std::optional<std::string> maybeText(int column) const;

private:
    void bind(int index, std::int64_t value) { m_statement->bind(index, value); }
    void bind(int index, int value) { m_statement->bind(index, value); }
    void bind(int index, bool value) { m_statement->bind(index, value ? 1 : 0); }
    void bind(int index, double value) { m_statement->bind(index, value); }
    void bind(int index, const std::string &value) { m_statement->bind(index, value); }
    void bind(int index, std::string_view value) { m_statement->bind(index, std::string(value)); }
    void bind(int index, const char *value) { m_statement->bind(index, value); }
    void bind(int index, const StoreBlob &value) { m_statement->bind(index, value.bytes.data(), static_cast<int>(value.bytes.size())); }

    template<typename T>
    void bind(int index, const std::optional<T> &value)
    {
        if (value)
            bind(index, *value);
        else
            m_statement->bind(index);
    }

    SQLite::Statement *m_statement; ///< null once moved from
};

/// One connection with its prepared statements. One thread at a time.
class StoreConnection
{
public:
    enum class Kind {
        Writing,
        Reading,
        Frozen, ///< of a file that nothing writes, in a folder where SQLite cannot put its shared memory
    };
    /// Throws SQLite::Exception.
    StoreConnection(const std::filesystem::path &file, Kind kind);

    SQLite::Database &database() { return m_database; }
    /// \p sql must be a literal: prepared once, found again by its address.
    StoreQuery query(const char *sql);
    std::int64_t lastInsertId() const { return m_database.getLastInsertRowid(); }

private:
    SQLite::Database m_database;
    std::unordered_map<const char *, SQLite::Statement> m_statements;
};

/// What SQLite threw, in the words of an Error that names the store.
Error storeError(const SQLite::Exception &exception, const std::filesystem::path &file, int systemErrno = 0);

/// Whether a failed write may succeed later with nothing changed but the world: a full disk, a lock, a file that cannot be written.
bool isWorthRetrying(const SQLite::Exception &exception);

} // namespace lethe
