#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/spec/ExperimentSpec.h>

#include <filesystem>
#include <string>
#include <vector>

namespace lethe {

/// A published benchmark's data as they are downloaded: files by their published names (`forget05.json`, `forget05_perturbed.jsonl`),
/// or a folder a configuration (`forget05/train-00000-of-00001.json`), as TOFU's, MUSE's and open-unlearning's own code reads them.
struct BenchmarkFolder {
    std::string benchmark; ///< `tofu` or `muse`
    std::filesystem::path folder;
    std::vector<std::string> splits; ///< what can be chosen: `forget01`, `forget05` …; of MUSE a corpus: `news`, `books`
};

/// Tells which benchmark a folder holds. NotFound (no folder), InvalidInput (neither: names the files that were looked for).
LETHE_EXPORT Result<BenchmarkFolder> findBenchmark(const std::filesystem::path &folder);

/// Fills a spec's data and evaluation from one split: what to forget, what to keep, and every file its metrics read. Nothing else of
/// the spec changes.
/// \return what the folder lacks, in words, and which metrics are left out for it.
/// InvalidInput (no such split; a file that must be there is not), Unsupported (it is there as Parquet alone, in a build without Arrow: when it is read).
LETHE_EXPORT Result<std::vector<std::string>> useBenchmark(const BenchmarkFolder &benchmark, const std::string &split, ExperimentSpec &spec);

} // namespace lethe
