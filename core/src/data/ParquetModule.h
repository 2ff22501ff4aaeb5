#pragma once

#include <cstddef>

/// What the module liblethe_parquet exports, and core finds with dlopen when it meets the first Parquet file: Apache Arrow is 60 MB
/// that no other start has to load. A C interface: nothing of either side's types crosses it.
extern "C" {

/// Receives a file's rows in their order.
struct LetheParquetRows {
    void *context;
    /// \param json an object of the row's columns, not terminated by a zero; null where the row cannot be said in JSON
    /// \param reason why there is none; null where there is one
    /// \return whether more rows are wanted
    bool (*row)(void *context, const char *json, std::size_t size, const char *reason);
};

/// Reads the Parquet file \p bytes, which must stay as long as the call takes.
/// \param problem takes what is wrong with the file, terminated by a zero, cut to \p room bytes
/// \return false where the file cannot be read; rows may have been handed over before that showed
using LetheParquetRead = bool (*)(const char *bytes, std::size_t size, LetheParquetRows rows, char *problem, std::size_t room);

} // extern "C"

constexpr const char *kLetheParquetRead = "lethe_parquet_read";
