#include "AnswerBook.h"

#include <widgets/Format.h>

#include <lethe/eval/TextMetrics.h>

#include <QtCore/QCoreApplication>

#include <algorithm>

namespace lethe {
namespace {

struct AnswerWords
{
    Q_DECLARE_TR_FUNCTIONS(lethe::AnswerBook)
};

constexpr int kLongestHonestRun = 8;

} // namespace

QStringList AnswerMarks::words() const
{
    QStringList all;
    if (empty)
        all.append(AnswerWords::tr("empty"));
    if (repeats)
        all.append(AnswerWords::tr("repeats"));
    if (cutAtLimit)
        all.append(AnswerWords::tr("cut at limit"));
    if (containsReference)
        all.append(AnswerWords::tr("contains the reference"));
    return all;
}

AnswerMarks marksOf(const SampleRecord &sample)
{
    AnswerMarks marks;
    const QString text = QString::fromStdString(sample.text.value_or(std::string()));
    marks.empty = text.trimmed().isEmpty();
    marks.repeats = longestRepeat(sample.text.value_or(std::string())) > kLongestHonestRun;
    marks.cutAtLimit = sample.hitTokenLimit;
    const QString reference = QString::fromStdString(sample.reference).simplified();
    marks.containsReference = !reference.isEmpty() && text.simplified().contains(reference, Qt::CaseInsensitive);
    return marks;
}

void AnswerBook::clear()
{
    m_prompts.clear();
    m_index.clear();
    m_evaluations.clear();
}

void AnswerBook::add(const EvaluationRecord &evaluation)
{
    Evaluation added{.step = evaluation.step, .samples = {}, .byPrompt = {}};
    for (const SampleRecord &sample : evaluation.samples) {
        if (!sample.text)
            continue; // scored, not generated: there is nothing to read
        const auto [at, isNew] = m_index.try_emplace({sample.set, sample.row}, m_prompts.size());
        if (isNew)
            m_prompts.push_back({.set = sample.set, .row = sample.row, .prompt = QString::fromStdString(sample.prompt),
                                 .reference = QString::fromStdString(sample.reference)});
        added.byPrompt[at->second] = added.samples.size();
        added.samples.push_back(sample);
    }
    m_evaluations.push_back(std::move(added));
}

const SampleRecord *AnswerBook::answer(std::size_t evaluation, std::size_t prompt) const
{
    if (evaluation >= m_evaluations.size())
        return nullptr;
    const auto found = m_evaluations[evaluation].byPrompt.find(prompt);
    return found == m_evaluations[evaluation].byPrompt.end() ? nullptr : &m_evaluations[evaluation].samples[found->second];
}

std::optional<std::size_t> AnswerBook::baseline() const
{
    const auto found = std::ranges::find(m_evaluations, 0, &Evaluation::step);
    if (found == m_evaluations.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - m_evaluations.begin());
}

std::optional<std::size_t> AnswerBook::find(const std::string &set, std::int64_t row) const
{
    const auto found = m_index.find({set, row});
    if (found == m_index.end())
        return std::nullopt;
    return found->second;
}

QString AnswerBook::collapse(std::size_t evaluation) const
{
    if (evaluation >= m_evaluations.size())
        return {};
    struct Tally {
        std::vector<int> runs;
        int empty = 0;
    };
    std::map<std::string, Tally> sets;
    for (const SampleRecord &sample : m_evaluations[evaluation].samples) {
        Tally &tally = sets[sample.set];
        tally.runs.push_back(longestRepeat(*sample.text));
        tally.empty += QString::fromStdString(*sample.text).trimmed().isEmpty() ? 1 : 0;
    }
    QStringList lines;
    for (auto &[set, tally] : sets) {
        const auto count = static_cast<double>(tally.runs.size());
        const auto repeating = static_cast<double>(std::ranges::count_if(tally.runs, [](int run) { return run > kLongestHonestRun; }));
        std::ranges::nth_element(tally.runs, tally.runs.begin() + static_cast<std::ptrdiff_t>(tally.runs.size() / 2));
        const int median = tally.runs[tally.runs.size() / 2];
        if (median > kLongestHonestRun)
            lines.append(AnswerWords::tr("Low recall on %1 comes from collapse: %2 of answers repeat one token.")
                             .arg(QString::fromStdString(set), format::percent(repeating / count)));
        else if (tally.empty > count / 2)
            lines.append(AnswerWords::tr("Low recall on %1 comes from collapse: %2 of answers are empty.")
                             .arg(QString::fromStdString(set), format::percent(tally.empty / count)));
    }
    return lines.join(QLatin1Char(' '));
}

} // namespace lethe
