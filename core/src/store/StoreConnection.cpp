#include "StoreConnection.h"

#include <lethe/base/Paths.h>

#include <sqlite3.h>

#include <QtCore/QUrl>

#include <cerrno>
#include <limits>

namespace lethe {

namespace fs = std::filesystem;

namespace {

constexpr int kBusyMilliseconds = 5000;

std::string uriOf(const fs::path &file, const char *query)
{
    std::error_code error;
    const fs::path absolute = fs::absolute(file, error);
    return "file:" + QUrl::toPercentEncoding(QString::fromStdString(absolute.string()), "/").toStdString() + query;
}

SQLite::Database openDatabase(const fs::path &file, StoreConnection::Kind kind)
{
    // No connection is used by two threads at once, and SQLite's own locking is two fifths of the time of reading a long run.
    const int always = SQLite::OPEN_NOMUTEX;
    switch (kind) {
    case StoreConnection::Kind::Writing:
        return {file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | always, kBusyMilliseconds};
    case StoreConnection::Kind::Reading:
        return {file.string(), SQLite::OPEN_READONLY | always, kBusyMilliseconds};
    case StoreConnection::Kind::Frozen:
        break;
    }
    return {uriOf(file, "?immutable=1"), SQLite::OPEN_READONLY | SQLite::OPEN_URI | always, kBusyMilliseconds};
}

} // namespace

StoreQuery::~StoreQuery()
{
    if (m_statement != nullptr)
        m_statement->tryReset();
}

int StoreQuery::run()
{
    return m_statement->exec();
}

double StoreQuery::real(int column) const
{
    return isNull(column) ? std::numeric_limits<double>::quiet_NaN() : m_statement->getColumn(column).getDouble();
}

std::optional<double> StoreQuery::maybeReal(int column) const
{
    if (isNull(column))
        return std::nullopt;
    return m_statement->getColumn(column).getDouble();
}

std::optional<std::string> StoreQuery::maybeText(int column) const
{
    if (isNull(column))
        return std::nullopt;
    return text(column);
}

StoreConnection::StoreConnection(const fs::path &file, Kind kind) : m_database(openDatabase(file, kind))
{
    sqlite3_extended_result_codes(m_database.getHandle(), 1);
    m_database.exec("PRAGMA foreign_keys = ON");
}

StoreQuery StoreConnection::query(const char *sql)
{
    const auto found = m_statements.find(sql);
    SQLite::Statement &statement
        = found != m_statements.end() ? found->second : m_statements.emplace(sql, SQLite::Statement(m_database, sql)).first->second;
    statement.clearBindings();
    return StoreQuery(statement);
}

Error storeError(const SQLite::Exception &exception, const fs::path &file, int systemErrno)
{
    Error error{.code = ErrorCode::Io, .what = {}, .where = file.string(), .hint = {}};
    const int code = exception.getErrorCode() & 0xff;
    switch (code) {
    case SQLITE_FULL:
        return systemError(ENOSPC, "the store cannot be written", file);
    case SQLITE_IOERR:
        if (systemErrno == ENOSPC || systemErrno == EDQUOT || systemErrno == EFBIG)
            return systemError(systemErrno, "the store cannot be written", file);
        error.what = std::string("the store cannot be read or written: ") + exception.what();
        break;
    case SQLITE_NOTADB:
        error.code = ErrorCode::Corrupt;
        error.what = "is no run store: not an SQLite file";
        error.hint = "Choose another file with --db, or move this one away";
        break;
    case SQLITE_CORRUPT:
        error.code = ErrorCode::Corrupt;
        error.what = std::string("the store is damaged: ") + exception.what();
        error.hint = "Nothing was changed. Keep a copy; `sqlite3 FILE .recover` reads what can be read";
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        error.code = ErrorCode::Busy;
        error.what = "another program is writing to the store";
        error.hint = "Try again";
        break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        error.what = "the store cannot be written: the file or its folder is read-only";
        error.hint = "Change the permissions, or choose another store with --db";
        break;
    case SQLITE_CANTOPEN:
        error.what = "the store cannot be opened";
        error.hint = "Is its folder there, and may it be written?";
        break;
    case SQLITE_NOMEM:
        error.code = ErrorCode::OutOfMemory;
        error.what = "there was no memory for the store's work";
        break;
    default:
        error.code = ErrorCode::Internal;
        error.what = std::string("the store refused a statement: ") + exception.what();
    }
    return error;
}

bool isWorthRetrying(const SQLite::Exception &exception)
{
    switch (exception.getErrorCode() & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return true;
    default:
        return false;
    }
}

} // namespace lethe
