#pragma once

#include <lethe/base/Export.h>
#include <lethe/data/Dataset.h>

#include <cstdint>
#include <vector>

namespace lethe {

/// The row in other words, from its fields `paraphrased_question` and `paraphrased_answer` (a text or a list of texts each): every pair of a
/// question and an answer of which one at least is a paraphrase, both paraphrased first, none twice, at most \p most.
LETHE_EXPORT std::vector<DataRow> paraphrasesOf(const DataRow &row, std::int64_t most);

/// The row's question with a plausible wrong answer, from its field `perturbed_answer`; at most \p most.
LETHE_EXPORT std::vector<DataRow> perturbationsOf(const DataRow &row, std::int64_t most);

} // namespace lethe
