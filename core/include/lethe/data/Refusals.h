#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/spec/ExperimentSpec.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace lethe {

/// The `data.refusals` that stands for Lethe's own list.
inline constexpr const char *kShippedRefusals = "shipped";

/// The refusals that come with Lethe, in `resources/refusals.txt`. NotFound, Io; InvalidInput where the file holds none.
LETHE_EXPORT Result<std::vector<std::string>> shippedRefusals();

/// A list of answers: one a line (blank lines and lines that begin with # are passed over; a line may also be a JSON text, or an object
/// with one text in it), a JSON array of texts, or the first column of a CSV file under its header. NotFound, Io; Corrupt (not UTF-8, a
/// broken array), InvalidInput where there is no answer in it.
LETHE_EXPORT Result<std::vector<std::string>> readRefusals(const std::filesystem::path &file);

/// The whole list that \p spec's `data.refusals` stands for; empty where it has none. Where: `data.refusals`.
LETHE_EXPORT Result<std::vector<std::string>> refusalsOf(const ExperimentSpec &spec);

/// Which answer of the list a forget sample gets: a function of seed, step and sample alone, so that a resumed run draws the same.
LETHE_EXPORT std::size_t drawnRefusal(const RefusalSpec &refusals, std::int64_t seed, std::int64_t step, std::int64_t sample);

} // namespace lethe
