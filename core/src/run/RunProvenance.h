#pragma once

#include <lethe/spec/SpecReader.h>
#include <lethe/store/RunStore.h>

#include <filesystem>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace lethe {

using FileHashes = std::vector<std::pair<std::string, std::string>>;

/// The spec with every path absolute: it can be run again from anywhere.
ExperimentSpec withAbsolutePaths(const ExperimentSpec &spec);

/// What a run of \p spec reads: the model's and the reference's files, the data. In two parts, by how long hashing takes.
struct ReadFiles {
    std::vector<std::filesystem::path> small; ///< together at most 32 MiB: hashed before a run without anybody noticing
    std::vector<std::filesystem::path> large;
};
ReadFiles filesReadBy(const ResolvedSpec &spec);

/// Versions, device and host of this process, and the hashes of \p files. A file that cannot be read is left out.
Provenance provenanceNow(const std::vector<std::filesystem::path> &files);

/// Hashes large files on a thread of its own while the run goes, and adds them to the run's provenance. A file whose size and
/// time have not changed since it was last hashed is not read again.
class BackgroundHashing
{
public:
    BackgroundHashing(RunStore &store, RunId run, std::vector<std::filesystem::path> files);
    ~BackgroundHashing() = default; ///< gives up what is not done
    void waitForAll();

private:
    static void hash(const std::stop_token &stop, RunStore &store, RunId run, const std::vector<std::filesystem::path> &files);
    std::jthread m_thread;
};

} // namespace lethe
