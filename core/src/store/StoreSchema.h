#pragma once

#include <lethe/base/Export.h>

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <span>

namespace lethe {

/// `PRAGMA application_id` of a store: "LETH". Tells a store from another program's SQLite file.
inline constexpr std::int64_t kStoreApplicationId = 0x4c455448;

/// One step of the schema: takes a store of version `index` to `index + 1`, inside a transaction that the caller holds.
using StoreMigration = void (*)(SQLite::Database &);

/// All of them, oldest first; their number is the schema's version now.
LETHE_EXPORT std::span<const StoreMigration> storeMigrations();

/// Brings a store to the version that \p migrations end at, in one transaction: either all of them took, or the file is as it
/// was. Does nothing where nothing is to be done. Throws what SQLite throws.
/// \return the version that was found
LETHE_EXPORT std::int64_t migrateStore(SQLite::Database &database, std::span<const StoreMigration> migrations);

} // namespace lethe
