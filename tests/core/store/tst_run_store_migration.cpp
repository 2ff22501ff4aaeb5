#include "StoreFixtures.h"

#include "store/StoreSchema.h"

#include <lethe/base/Paths.h>

#include <SQLiteCpp/SQLiteCpp.h>

#include <QtCore/QTemporaryDir>

#include <array>

using namespace lethe;
using namespace lethe::test;
namespace fs = std::filesystem;

class TestRunStoreMigration : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    fs::path path(const char *name) const { return fs::path(m_folder->path().toStdString()) / name; }
    static SQLite::Database writable(const fs::path &file) { return {file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE}; }
    static std::int64_t version(SQLite::Database &database) { return database.execAndGet("PRAGMA user_version").getInt64(); }

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void cleanup() { m_folder.reset(); }

    void newStoreIsOfTheNewestVersionAndSaysWhoseItIs()
    {
        VERIFY_OK(RunStore::open(path("lethe.sqlite")));
        SQLite::Database database = writable(path("lethe.sqlite"));
        QCOMPARE(version(database), static_cast<std::int64_t>(storeMigrations().size()));
        QCOMPARE(database.execAndGet("PRAGMA application_id").getInt64(), kStoreApplicationId);
        QCOMPARE(database.execAndGet("PRAGMA journal_mode").getString(), std::string("wal"));
    }

    void everyMigrationTakesTheVersionBeforeItsOwn()
    {
        // Version by version, as stores of all ages would go.
        SQLite::Database database = writable(path("lethe.sqlite"));
        for (std::size_t count = 1; count <= storeMigrations().size(); ++count) {
            QCOMPARE(migrateStore(database, storeMigrations().first(count)), static_cast<std::int64_t>(count) - 1);
            QCOMPARE(version(database), static_cast<std::int64_t>(count));
        }
        QCOMPARE(migrateStore(database, storeMigrations()), static_cast<std::int64_t>(storeMigrations().size())); // nothing to do
    }

    void laterMigrationFindsTheRowsOfTheEarlier()
    {
        SQLite::Database database = writable(path("a.sqlite"));
        const std::array<StoreMigration, 2> migrations{
            [](SQLite::Database &d) { d.exec("CREATE TABLE t (a); INSERT INTO t VALUES (7)"); },
            [](SQLite::Database &d) { d.exec("ALTER TABLE t ADD COLUMN b DEFAULT 5"); },
        };
        QCOMPARE(migrateStore(database, std::span(migrations).first(1)), std::int64_t{0});
        QCOMPARE(migrateStore(database, migrations), std::int64_t{1});
        QCOMPARE(version(database), std::int64_t{2});
        QCOMPARE(database.execAndGet("SELECT a + b FROM t").getInt(), 12);
    }

    void failedMigrationChangesNothing()
    {
        SQLite::Database database = writable(path("a.sqlite"));
        const std::array<StoreMigration, 3> migrations{
            [](SQLite::Database &d) { d.exec("CREATE TABLE t (a)"); },
            [](SQLite::Database &d) { d.exec("DROP TABLE t; CREATE TABLE u (a)"); },
            [](SQLite::Database &d) { d.exec("ALTER TABLE no_such_table ADD COLUMN b"); },
        };
        migrateStore(database, std::span(migrations).first(1));
        QVERIFY_EXCEPTION_THROWN(migrateStore(database, migrations), SQLite::Exception);
        QCOMPARE(version(database), std::int64_t{1});
        QVERIFY(database.tableExists("t"));
        QVERIFY(!database.tableExists("u"));
    }

    void newerStoreIsRefusedByItsVersionAndLeftAlone()
    {
        VERIFY_OK(RunStore::open(path("lethe.sqlite")));
        {
            SQLite::Database database = writable(path("lethe.sqlite"));
            database.exec("PRAGMA user_version = 4711");
        }
        const std::string before = *readFile(path("lethe.sqlite"));
        for (const auto mode : {RunStore::Mode::ReadWrite, RunStore::Mode::ReadOnly}) {
            const auto store = RunStore::open(path("lethe.sqlite"), mode);
            VERIFY_ERROR(store, ErrorCode::Unsupported, "newer Lethe: its store version is 4711");
            QVERIFY(store.error().message().find("knows versions up to " + std::to_string(storeMigrations().size())) != std::string::npos);
        }
        QCOMPARE(*readFile(path("lethe.sqlite")), before);
    }

    void databaseOfAnotherProgramIsRefusedAndLeftAlone()
    {
        {
            SQLite::Database database = writable(path("other.sqlite"));
            database.exec("CREATE TABLE bookmarks (url); PRAGMA user_version = 1");
        }
        const std::string before = *readFile(path("other.sqlite"));
        VERIFY_ERROR(RunStore::open(path("other.sqlite")), ErrorCode::Corrupt, "of another program");
        QCOMPARE(*readFile(path("other.sqlite")), before);
        QVERIFY(!fs::exists(path("other.sqlite-wal")));
    }
};

QTEST_GUILESS_MAIN(TestRunStoreMigration)
#include "tst_run_store_migration.moc"
