#include "Fuzzy.h"

#include <QtCore/QStringList>

#include <algorithm>
#include <vector>

namespace lethe {

namespace {

constexpr int kNone = -1000000;
constexpr int kWordStart = 12;
constexpr int kRun = 8;
constexpr int kLetter = 2;

bool startsWord(const QString &text, qsizetype at)
{
    return at == 0 || !text[at - 1].isLetterOrNumber();
}

/// The best way to find \p word in \p text letter by letter: over its letters, the best score that ends at each place.
int wordScore(const QString &word, const QString &text)
{
    const qsizetype length = text.size();
    std::vector<int> ending(static_cast<std::size_t>(length), kNone);
    for (qsizetype letter = 0; letter < word.size(); ++letter) {
        std::vector<int> next(static_cast<std::size_t>(length), kNone);
        int bestBefore = letter == 0 ? 0 : kNone;
        for (qsizetype at = 0; at < length; ++at) {
            if (letter > 0 && at > 1)
                bestBefore = std::max(bestBefore, ending[static_cast<std::size_t>(at - 2)]);
            if (text[at] != word[letter])
                continue;
            const int here = kLetter + (startsWord(text, at) ? kWordStart : 0);
            int best = bestBefore == kNone ? kNone : bestBefore + here;
            if (letter > 0 && at > 0 && ending[static_cast<std::size_t>(at - 1)] != kNone)
                best = std::max(best, ending[static_cast<std::size_t>(at - 1)] + here + kRun);
            next[static_cast<std::size_t>(at)] = best;
        }
        ending.swap(next);
    }
    return ending.empty() ? kNone : *std::max_element(ending.begin(), ending.end());
}

} // namespace

int fuzzyScore(const QString &query, const QString &text)
{
    const QString lower = text.toLower();
    int total = 0;
    const QStringList words = query.toLower().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    for (const QString &word : words) {
        const int score = wordScore(word, lower);
        if (score <= kNone / 2)
            return -1;
        total += score;
    }
    return words.isEmpty() ? 0 : std::max(0, total * 4 - static_cast<int>(text.size()));
}

} // namespace lethe
