#pragma once

#include <lethe/run/Records.h>

#include <QtCore/QString>
#include <QtCore/QStringList>

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace lethe {

/// What a generated answer looks like, beside its scores.
struct AnswerMarks {
    bool repeats = false;           ///< one token more than eight times in a row
    bool empty = false;
    bool cutAtLimit = false;
    bool containsReference = false; ///< after case and white space are folded
    QStringList words() const;
    bool none() const { return !repeats && !empty && !cutAtLimit && !containsReference; }
};
AnswerMarks marksOf(const SampleRecord &sample);

/// The answers of a run: which prompts were asked, and what each evaluation said. Evaluations are added in order; joins are by
/// set and row, never by position.
class AnswerBook
{
public:
    struct Prompt {
        std::string set;
        std::int64_t row = 0;
        QString prompt;
        QString reference;
    };

    void clear();
    void add(const EvaluationRecord &evaluation);

    const std::vector<Prompt> &prompts() const { return m_prompts; }
    std::size_t evaluations() const { return m_evaluations.size(); }
    std::int64_t step(std::size_t evaluation) const { return m_evaluations.at(evaluation).step; }
    /// Null where that evaluation did not ask this prompt, or generated nothing.
    const SampleRecord *answer(std::size_t evaluation, std::size_t prompt) const;
    /// Index of the evaluation of step 0.
    std::optional<std::size_t> baseline() const;
    std::optional<std::size_t> find(const std::string &set, std::int64_t row) const;
    /// *Low recall on forget comes from collapse: 71 % of answers repeat one token.* – where the median longest run is above
    /// eight or more than half of the answers are empty; empty where a set is sound.
    QString collapse(std::size_t evaluation) const;

private:
    struct Evaluation {
        std::int64_t step = 0;
        std::vector<SampleRecord> samples;
        std::map<std::size_t, std::size_t> byPrompt;
    };
    std::vector<Prompt> m_prompts;
    std::map<std::pair<std::string, std::int64_t>, std::size_t> m_index;
    std::vector<Evaluation> m_evaluations;
};

} // namespace lethe
