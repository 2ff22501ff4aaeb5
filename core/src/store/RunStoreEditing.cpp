#include "ProcessIdentity.h"
#include "RecordText.h"
#include "RunStoreData.h"

#include <lethe/base/Log.h>
#include <lethe/base/Paths.h>

#include <cctype>
#include <cstdio>
#include <system_error>

#include <unistd.h>

namespace lethe {

namespace fs = std::filesystem;

namespace {

bool isColor(const std::string &color)
{
    if (color == "ink")
        return true;
    if (color.size() != 7 || color[0] != '#')
        return false;
    for (std::size_t i = 1; i < color.size(); ++i)
        if (!std::isxdigit(static_cast<unsigned char>(color[i])))
            return false;
    return true;
}

void putValue(StoreConnection &connection, const std::string &key, const std::string &json)
{
    if (json.empty())
        connection.query("DELETE FROM key_values WHERE key = ?").with(key).run();
    else
        connection.query("INSERT OR REPLACE INTO key_values (key, value) VALUES (?, ?)").with(key, json).run();
}

} // namespace

Result<void> RunStore::renameRun(RunId run, const std::string &name)
{
    return m_data->edit(run, "UPDATE runs SET name = ? WHERE id = ?", name);
}

Result<void> RunStore::setTags(RunId run, const std::vector<std::string> &tags)
{
    return m_data->edit(run, "UPDATE runs SET tags = ? WHERE id = ?", dumped(nlohmann::ordered_json(tags)));
}

Result<void> RunStore::setNote(RunId run, const std::string &note)
{
    return m_data->edit(run, "UPDATE runs SET note = ? WHERE id = ?", note);
}

Result<void> RunStore::setStarred(RunId run, bool starred)
{
    return m_data->edit(run, "UPDATE runs SET starred = ? WHERE id = ?", starred);
}

Result<void> RunStore::setColor(RunId run, const std::string &color)
{
    if (!isColor(color))
        return Error{.code = ErrorCode::InvalidInput, .what = "`" + color + "` is no colour", .where = "color",
                     .hint = "Accepted: #rrggbb, or ink"};
    return m_data->edit(run, "UPDATE runs SET color = ? WHERE id = ?", color);
}

Result<void> RunStore::setDeleted(RunId run, bool deleted)
{
    return m_data->edit(run, "UPDATE runs SET deleted_at = ? WHERE id = ?", deleted ? std::optional(isoNow()) : std::nullopt);
}

Result<void> RunStore::eraseRun(RunId run)
{
    std::string folder;
    LETHE_TRY_VOID(m_data->perform([&](StoreConnection &connection) {
        {
            auto row = connection.query("SELECT folder, status IN ('running', 'paused'), process_id, process_start, boot_id "
                                        "FROM runs WHERE id = ?");
            if (!row.with(run).next())
                throw StoreRefusal(m_data->noSuchRun(run));
            folder = m_data->resolved(row.text(0));
            if (row.integer(1) != 0
                && isProcessAlive({.id = row.integer(2), .startTicks = row.integer(3), .bootId = row.text(4)}))
                throw StoreRefusal(Error{.code = ErrorCode::Busy, .what = "run " + std::to_string(run) + " is at work",
                                         .where = m_data->file.string(), .hint = "Stop or cancel it first"});
        }
        connection.query("DELETE FROM runs WHERE id = ?").with(run).run();
    }));
    // The rows are gone for good before the first file is: a folder without a row is only room, a row without its folder a lie.
    std::error_code error;
    if (!folder.empty())
        fs::remove_all(folder, error);
    if (error)
        return systemError(error.value(), "the run's folder cannot be removed", folder);
    return {};
}

Result<void> RunStore::copyTo(const fs::path &file) const
{
    std::error_code error;
    if (fs::equivalent(file, m_data->file, error))
        return Error{.code = ErrorCode::InvalidInput, .what = "is the store itself", .where = file.string(),
                     .hint = "Choose another file for the copy"};
    if (m_data->writer)
        LETHE_TRY_VOID(m_data->perform([](StoreConnection &) {})); // what was handed in belongs to the copy
    const fs::path beside = file.string() + ".part" + std::to_string(::getpid());
    fs::remove(beside, error);
    try {
        StoreConnection connection(m_data->file, m_data->readingKind);
        connection.query("VACUUM INTO ?").with(beside.string()).run();
    } catch (const SQLite::Exception &exception) {
        fs::remove(beside, error);
        return storeError(exception, file);
    }
    if (std::rename(beside.c_str(), file.c_str()) != 0) {
        const int renameError = errno;
        fs::remove(beside, error);
        return systemError(renameError, "the copy cannot be written", file);
    }
    // What belonged to a file that was there before.
    fs::remove(file.string() + "-wal", error);
    fs::remove(file.string() + "-shm", error);
    return {};
}

Result<void> RunStore::setValue(const std::string &key, const std::string &json)
{
    return m_data->perform([&](StoreConnection &connection) { putValue(connection, key, json); });
}

void RunStore::setValueSoon(const std::string &key, const std::string &json)
{
    m_data->post([key, json](StoreConnection &connection) { putValue(connection, key, json); });
}

Result<std::optional<std::string>> RunStore::value(const std::string &key) const
{
    return m_data->readers.read([&](StoreConnection &connection) -> Result<std::optional<std::string>> {
        auto query = connection.query("SELECT value FROM key_values WHERE key = ?");
        if (!query.with(key).next())
            return std::optional<std::string>();
        return std::optional(query.text(0));
    });
}

Result<std::vector<std::pair<std::string, std::string>>> RunStore::values(const std::string &keyPrefix) const
{
    using Pairs = std::vector<std::pair<std::string, std::string>>;
    return m_data->readers.read([&](StoreConnection &connection) -> Result<Pairs> {
        Pairs pairs;
        auto query = connection.query("SELECT key, value FROM key_values WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key");
        query.with(keyPrefix);
        while (query.next())
            pairs.emplace_back(query.text(0), query.text(1));
        return pairs;
    });
}

Result<std::int64_t> RunStore::saveSet(const std::string &name, const std::string &rowsJsonLines)
{
    const std::string sha = sha256(rowsJsonLines);
    std::int64_t version = 0;
    LETHE_TRY_VOID(m_data->perform([&](StoreConnection &connection) {
        version = 0;
        connection.query("INSERT OR IGNORE INTO sets (name) VALUES (?)").with(name).run();
        std::int64_t set = 0;
        {
            auto query = connection.query("SELECT id FROM sets WHERE name = ?");
            query.with(name).next();
            set = query.integer(0);
        }
        {
            auto query = connection.query("SELECT version, sha256 FROM set_versions WHERE set_id = ? ORDER BY version DESC LIMIT 1");
            if (query.with(set).next()) {
                version = query.integer(0);
                if (query.text(1) == sha)
                    return;
            }
        }
        ++version;
        connection.query("INSERT OR IGNORE INTO set_contents (sha256, rows) VALUES (?, ?)").with(sha, rowsJsonLines).run();
        connection.query("INSERT INTO set_versions (set_id, version, sha256, saved_at) VALUES (?, ?, ?, ?)")
            .with(set, version, sha, isoNow())
            .run();
    }));
    return version;
}

Result<std::optional<StoredSet>> RunStore::loadSet(const std::string &name, std::optional<std::int64_t> version) const
{
    return m_data->readers.read([&](StoreConnection &connection) -> Result<std::optional<StoredSet>> {
        auto query = connection.query("SELECT s.id, v.version, v.sha256, c.rows FROM sets s JOIN set_versions v ON v.set_id = s.id "
                                      "JOIN set_contents c ON c.sha256 = v.sha256 "
                                      "WHERE s.name = ?1 AND (?2 IS NULL OR v.version = ?2) ORDER BY v.version DESC LIMIT 1");
        if (!query.with(name, version).next())
            return std::optional<StoredSet>();
        return std::optional(StoredSet{.id = query.integer(0), .name = name, .version = query.integer(1), .sha256 = query.text(2),
                                       .rowsJsonLines = query.text(3)});
    });
}

Result<std::vector<std::string>> RunStore::setNames() const
{
    return m_data->readers.read([&](StoreConnection &connection) -> Result<std::vector<std::string>> {
        std::vector<std::string> names;
        auto query = connection.query("SELECT name FROM sets ORDER BY name");
        while (query.next())
            names.push_back(query.text(0));
        return names;
    });
}

} // namespace lethe
