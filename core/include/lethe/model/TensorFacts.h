#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace lethe {

/// What the values of one tensor are like.
struct TensorFacts {
    std::int64_t count = 0;
    std::int64_t notFinite = 0; ///< NaN and infinities, which nothing below counts
    double norm = 0;            ///< Euclidean
    double mean = 0, deviation = 0;
    double least = 0, greatest = 0;
    std::vector<std::int64_t> histogram; ///< counts in equal parts from `least` to `greatest`, the last one's end included
};

/// Reads one tensor of a model or adapter folder, a stretch at a time; its pages are let go as they are read.
/// NotFound where \p file of the folder (or of an adapter's base) has no such tensor, Unsupported where it is of no float format.
LETHE_EXPORT Result<TensorFacts> readTensorFacts(const std::filesystem::path &folder, const std::string &file, const std::string &tensor,
                                                 std::size_t bins = 60);

} // namespace lethe
