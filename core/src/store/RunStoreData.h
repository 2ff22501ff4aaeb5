#pragma once

#include "StoreReaders.h"
#include "StoreWriter.h"

#include <lethe/store/RunStore.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace lethe {

struct RunStore::Data {
    Data(std::filesystem::path storeFile, StoreConnection::Kind kind)
        : file(std::move(storeFile)), folder(std::filesystem::absolute(file).parent_path()), readingKind(kind), readers(file, kind)
    {}

    const std::filesystem::path file;
    const std::filesystem::path folder; ///< absolute: what relative paths of runs and checkpoints are relative to
    const StoreConnection::Kind readingKind;

    /// None where the store is open for viewing only. Before the readers, so that its connection is the last to be closed: that
    /// one moves the journal into the file, which then is the whole store.
    std::unique_ptr<StoreWriter> writer;
    mutable StoreReaders readers;

    mutable std::mutex watchMutex; ///< guards the three below: the connection that notices the commits of all others
    mutable std::unique_ptr<StoreConnection> watcher;
    mutable std::int64_t watchedVersion = 0;
    mutable std::int64_t changes = 0;

    /// Hands a write to the writer thread; a store that is open for viewing logs that it was asked to.
    void post(StoreWriter::Write write);
    Result<void> perform(StoreWriter::Write write);
    /// A write that changes one run's row by \p sql, whose last parameter is the id; NotFound where there is none.
    template<typename... Values>
    Result<void> edit(RunId run, const char *sql, Values... values)
    {
        return perform([this, run, sql, values...](StoreConnection &connection) {
            if (connection.query(sql).with(values..., run).run() == 0)
                throw StoreRefusal(noSuchRun(run));
        });
    }

    std::string relative(const std::filesystem::path &path) const;
    std::string resolved(const std::string &stored) const;
    Error noSuchRun(RunId run) const;
};

/// The interior of what several writes share; all run on the writer thread.
void insertStep(StoreConnection &connection, RunId run, const StepRecord &step, const std::string &names, const std::string &numbers);
void insertStep(StoreConnection &connection, RunId run, const StepRecord &step);
void insertEvaluation(StoreConnection &connection, RunId run, const EvaluationRecord &evaluation, const std::string &metrics);
void insertEvent(StoreConnection &connection, RunId run, const EventRecord &event);
void insertLog(StoreConnection &connection, RunId run, const LogLine &line);
void insertFileHashes(StoreConnection &connection, RunId run, const std::vector<std::pair<std::string, std::string>> &hashes);
/// The row with its documents; colour and folder are given where \p color is empty. Returns the new id.
RunId insertRun(StoreConnection &connection, const NewRun &run, const std::string &color);

} // namespace lethe
