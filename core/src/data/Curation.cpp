#include <lethe/data/Curation.h>

#include <QtCore/QString>

#include <algorithm>
#include <cmath>
#include <span>
#include <unordered_map>
#include <unordered_set>

namespace lethe {

namespace {

/// Pairs of neighbouring words of a text as numbers that all texts share, rarest first, each once. A text of one word is that word.
using Shingles = std::vector<std::uint32_t>;

struct RowShingles {
    Shingles whole;  ///< of prompt and answer
    Shingles answer; ///< empty where the answer is one word
};

class ShingleNumbers
{
public:
    /// As many as there was time for until \p goOn says no.
    std::vector<RowShingles> of(const std::vector<const DataRow *> &rows, const std::function<bool()> &goOn)
    {
        constexpr std::size_t kRowsPerQuestion = 256;
        std::vector<RowShingles> all;
        all.reserve(rows.size());
        for (const DataRow *row : rows) {
            if (all.size() % kRowsPerQuestion == 0 && !goOn())
                break;
            std::vector<std::string> words = foldedWords(row->prompt);
            const std::vector<std::string> answer = foldedWords(row->answer);
            words.insert(words.end(), answer.begin(), answer.end());
            all.push_back({.whole = of(words), .answer = answer.size() > 1 ? of(answer) : Shingles()});
            for (const std::uint32_t shingle : all.back().whole)
                ++m_rows[shingle];
        }
        return all;
    }

    /// Numbers by how many rows have them.
    void sortByRarity(std::vector<RowShingles> &rows) const
    {
        const auto rarer = [this](std::uint32_t a, std::uint32_t b) { return std::pair(m_rows[a], a) < std::pair(m_rows[b], b); };
        for (RowShingles &row : rows) {
            std::ranges::sort(row.whole, rarer);
            std::ranges::sort(row.answer, rarer);
        }
    }

private:
    Shingles of(const std::vector<std::string> &words)
    {
        Shingles all;
        if (words.size() == 1)
            all.push_back(numberOf(words.front()));
        for (std::size_t i = 0; i + 1 < words.size(); ++i)
            all.push_back(numberOf(words[i] + ' ' + words[i + 1]));
        std::ranges::sort(all);
        all.erase(std::ranges::unique(all).begin(), all.end());
        return all;
    }
    std::uint32_t numberOf(const std::string &text)
    {
        const auto [place, isNew] = m_numbers.try_emplace(text, static_cast<std::uint32_t>(m_numbers.size()));
        if (isNew)
            m_rows.push_back(0);
        return place->second;
    }

    std::unordered_map<std::string, std::uint32_t> m_numbers;
    std::vector<std::uint32_t> m_rows; ///< that have a shingle
};

/// Two sets that share at least \p share of \p shingles share one of these: the rarest ones (Bayardo, Ma and Srikant 2007).
std::span<const std::uint32_t> rarest(const Shingles &shingles, double share)
{
    const auto needed = static_cast<std::size_t>(std::ceil(share * static_cast<double>(shingles.size()) - 1e-9));
    return std::span(shingles).first(shingles.size() - std::min(shingles.size(), std::max<std::size_t>(needed, 1)) + (shingles.empty() ? 0 : 1));
}

/// Which rows hold a shingle.
using Postings = std::unordered_map<std::uint32_t, std::vector<std::uint32_t>>;

template<typename Of>
Postings postingsOf(const std::vector<RowShingles> &rows, Of of)
{
    Postings postings;
    for (std::size_t row = 0; row < rows.size(); ++row)
        for (const std::uint32_t shingle : of(rows[row]))
            postings[shingle].push_back(static_cast<std::uint32_t>(row));
    return postings;
}

/// Rows that hold one of \p shingles, in order.
std::vector<std::uint32_t> rowsWith(std::span<const std::uint32_t> shingles, const Postings &postings)
{
    std::vector<std::uint32_t> rows;
    for (const std::uint32_t shingle : shingles)
        if (const auto found = postings.find(shingle); found != postings.end())
            rows.insert(rows.end(), found->second.begin(), found->second.end());
    std::ranges::sort(rows);
    rows.erase(std::ranges::unique(rows).begin(), rows.end());
    return rows;
}

/// \p ofOne looks up the shingles of one text.
std::size_t sharedCount(const std::unordered_set<std::uint32_t> &ofOne, const Shingles &other)
{
    return static_cast<std::size_t>(std::ranges::count_if(other, [&](std::uint32_t shingle) { return ofOne.contains(shingle); }));
}

/// Whether a script writes its words without a space between them.
bool isUnspaced(char32_t c)
{
    switch (QChar::script(c)) {
    case QChar::Script_Han:
    case QChar::Script_Hiragana:
    case QChar::Script_Katakana:
    case QChar::Script_Thai:
    case QChar::Script_Lao:
    case QChar::Script_Khmer:
    case QChar::Script_Myanmar: return true;
    default: return false;
    }
}

} // namespace

std::vector<std::string> foldedWords(std::string_view text)
{
    // by way of capitals: they alone make ß two letters
    const QString folded = QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())).normalized(QString::NormalizationForm_KC).toUpper().toCaseFolded();
    std::vector<std::string> words;
    QString word;
    const auto finish = [&] {
        if (!word.isEmpty())
            words.push_back(word.toStdString());
        word.clear();
    };
    bool alone = false; // the word is a letter that stands by itself
    for (const char32_t c : folded.toStdU32String()) {
        const bool isMark = QChar::isMark(c), isPart = isMark || QChar::isLetterOrNumber(c);
        if (!isPart || (!isMark && (alone || isUnspaced(c))))
            finish();
        if (!isPart)
            continue;
        word += QString::fromUcs4(&c, 1);
        if (!isMark)
            alone = isUnspaced(c);
    }
    finish();
    return words;
}

SetOverlap findOverlap(const std::vector<const DataRow *> &forget, const std::vector<const DataRow *> &retain, const OverlapOptions &options,
                       const std::function<bool(std::size_t, std::size_t)> &progress)
{
    ShingleNumbers numbers;
    const auto goOn = [&] { return !progress || progress(0, forget.size()); };
    std::vector<RowShingles> own = numbers.of(forget, goOn), others = numbers.of(retain, goOn);
    if (!goOn())
        return {};
    numbers.sortByRarity(own);
    numbers.sortByRarity(others);
    const Postings starts = postingsOf(others, [&](const RowShingles &row) { return rarest(row.whole, options.similarity); });
    const Postings whole = postingsOf(others, [](const RowShingles &row) { return std::span<const std::uint32_t>(row.whole); });
    const Postings answers = postingsOf(others, [&](const RowShingles &row) { return rarest(row.answer, options.leak); });
    SetOverlap overlap;
    std::int64_t pairs = 0;
    for (std::size_t row = 0; row < own.size(); ++row) {
        if ((progress && !progress(row, own.size())) || (options.mostPairs > 0 && pairs > options.mostPairs))
            break;
        ++overlap.lookedAt;
        const auto index = static_cast<std::int64_t>(row);
        const RowShingles &mine = own[row];
        const std::unordered_set<std::uint32_t> ofWhole(mine.whole.begin(), mine.whole.end()), ofAnswer(mine.answer.begin(), mine.answer.end());
        std::vector<std::uint32_t> near;
        for (const std::uint32_t other : rowsWith(rarest(mine.whole, options.similarity), starts)) {
            ++pairs;
            const Shingles &theirs = others[other].whole;
            const std::size_t both = sharedCount(ofWhole, theirs);
            const double similarity = static_cast<double>(both) / static_cast<double>(mine.whole.size() + theirs.size() - both);
            if (similarity < options.similarity)
                continue;
            overlap.nearDuplicates.push_back({.forget = index, .retain = other, .similarity = similarity});
            near.push_back(other);
        }
        const auto addLeak = [&](bool fromForget, std::uint32_t other, std::size_t both, std::size_t size) {
            ++pairs;
            const double share = static_cast<double>(both) / static_cast<double>(size);
            if (share >= options.leak && !std::ranges::binary_search(near, other))
                overlap.leaks.push_back({.fromForget = fromForget, .forget = index, .retain = other, .share = share});
        };
        for (const std::uint32_t other : rowsWith(rarest(mine.answer, options.leak), whole))
            addLeak(true, other, sharedCount(ofAnswer, others[other].whole), mine.answer.size());
        for (const std::uint32_t other : rowsWith(mine.whole, answers))
            addLeak(false, other, sharedCount(ofWhole, others[other].answer), others[other].answer.size());
    }
    std::ranges::stable_sort(overlap.nearDuplicates, std::greater{}, &NearDuplicate::similarity);
    std::ranges::stable_sort(overlap.leaks, std::greater{}, &AnswerLeak::share);
    return overlap;
}

} // namespace lethe
