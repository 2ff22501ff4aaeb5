#include <lethe/eval/TextMetrics.h>

#include <array>
#include <initializer_list>

namespace lethe {

namespace {

// M. F. Porter 1980, "An algorithm for suffix stripping", with the extensions that NLTK's stemmer has by default: words of one
// or two letters are left alone, some irregular forms are looked up, and the rules marked below.

struct Irregular {
    std::string_view word, stem;
};
constexpr std::array<Irregular, 16> kIrregular{{{"sky", "sky"}, {"skies", "sky"}, {"dying", "die"}, {"lying", "lie"}, {"tying", "tie"},
    {"news", "news"}, {"inning", "inning"}, {"innings", "inning"}, {"outing", "outing"}, {"outings", "outing"}, {"canning", "canning"},
    {"cannings", "canning"}, {"howe", "howe"}, {"proceed", "proceed"}, {"exceed", "exceed"}, {"succeed", "succeed"}}};

bool isConsonant(std::string_view word, std::size_t i)
{
    // a y is a vowel after a consonant; runs of y alternate, so the parity of the run decides
    std::size_t run = 0;
    while (i > 0 && word[i] == 'y') {
        --i;
        ++run;
    }
    constexpr std::string_view kVowels = "aeiou";
    const bool first = kVowels.find(word[i]) == std::string_view::npos;
    return run % 2 == 0 ? first : !first;
}

/// Porter's m: how often a vowel sequence is followed by a consonant.
int measure(std::string_view stem)
{
    int count = 0;
    for (std::size_t i = 1; i < stem.size(); ++i)
        count += isConsonant(stem, i) && !isConsonant(stem, i - 1) ? 1 : 0;
    return count;
}

bool hasVowel(std::string_view stem)
{
    for (std::size_t i = 0; i < stem.size(); ++i)
        if (!isConsonant(stem, i))
            return true;
    return false;
}

bool endsInDoubleConsonant(std::string_view word)
{
    const std::size_t n = word.size();
    return n >= 2 && word[n - 1] == word[n - 2] && isConsonant(word, n - 1);
}

bool endsInShortSyllable(std::string_view word)
{
    const std::size_t n = word.size();
    if (n >= 3)
        return isConsonant(word, n - 3) && !isConsonant(word, n - 2) && isConsonant(word, n - 1)
            && std::string_view("wxy").find(word[n - 1]) == std::string_view::npos;
    return n == 2 && !isConsonant(word, 0) && isConsonant(word, 1); // NLTK
}

std::string_view cut(std::string_view word, std::size_t letters)
{
    return word.substr(0, word.size() - letters);
}

struct Rule {
    std::string_view suffix, replacement;
    bool (*condition)(std::string_view stem);
};

bool always(std::string_view)
{
    return true;
}
bool measured(std::string_view stem)
{
    return measure(stem) > 0;
}
bool measuredTwice(std::string_view stem)
{
    return measure(stem) > 1;
}

/// The first rule whose suffix matches ends the search, whether its condition holds or not.
/// \return whether a rule was applied
bool apply(std::string &word, std::initializer_list<Rule> rules)
{
    for (const Rule &rule : rules) {
        if (!word.ends_with(rule.suffix))
            continue;
        const std::string_view stem = cut(word, rule.suffix.size());
        if (!rule.condition(stem))
            return false;
        word = std::string(stem) + std::string(rule.replacement);
        return true;
    }
    return false;
}

void plurals(std::string &word)
{
    if (word.ends_with("ies") && word.size() == 4) { // NLTK: dies, ties
        word.pop_back();
        return;
    }
    apply(word, {{"sses", "ss", always}, {"ies", "i", always}, {"ss", "ss", always}, {"s", "", always}});
}

void pastAndGerund(std::string &word)
{
    if (word.ends_with("ied")) { // NLTK
        word.resize(word.size() - (word.size() == 4 ? 1 : 2));
        return;
    }
    if (word.ends_with("eed")) {
        if (measured(cut(word, 3)))
            word.pop_back();
        return;
    }
    const std::size_t length = word.ends_with("ed") ? 2 : word.ends_with("ing") ? 3 : 0;
    if (length == 0 || !hasVowel(cut(word, length)))
        return;
    word.resize(word.size() - length);
    if (word.ends_with("at") || word.ends_with("bl") || word.ends_with("iz"))
        word += 'e';
    else if (endsInDoubleConsonant(word) && std::string_view("lsz").find(word.back()) == std::string_view::npos)
        word.pop_back();
    else if (!endsInDoubleConsonant(word) && measure(word) == 1 && endsInShortSyllable(word))
        word += 'e';
}

void finalY(std::string &word)
{
    // NLTK: after a consonant that is not the first letter; Porter asked for a vowel in the stem
    const std::size_t n = word.size();
    if (word.ends_with("y") && n > 2 && isConsonant(cut(word, 1), n - 2))
        word.back() = 'i';
}

void doubleSuffixes(std::string &word)
{
    if (word.ends_with("alli")) { // NLTK: -alli first, then the step again
        if (measured(cut(word, 4))) {
            word.resize(word.size() - 2);
            doubleSuffixes(word);
            return;
        }
    }
    if (word.ends_with("logi") && !word.ends_with("fulli")) { // NLTK; the measure is taken on the word less its last three letters
        if (measured(cut(word, 3)))
            word.pop_back();
        return;
    }
    apply(word, {{"ational", "ate", measured}, {"tional", "tion", measured}, {"enci", "ence", measured}, {"anci", "ance", measured},
                 {"izer", "ize", measured}, {"bli", "ble", measured}, {"alli", "al", measured}, {"entli", "ent", measured},
                 {"eli", "e", measured}, {"ousli", "ous", measured}, {"ization", "ize", measured}, {"ation", "ate", measured},
                 {"ator", "ate", measured}, {"alism", "al", measured}, {"iveness", "ive", measured}, {"fulness", "ful", measured},
                 {"ousness", "ous", measured}, {"aliti", "al", measured}, {"iviti", "ive", measured}, {"biliti", "ble", measured},
                 {"fulli", "ful", measured}});
}

void simpleSuffixes(std::string &word)
{
    apply(word, {{"icate", "ic", measured}, {"ative", "", measured}, {"alize", "al", measured}, {"iciti", "ic", measured},
                 {"ical", "ic", measured}, {"ful", "", measured}, {"ness", "", measured}});
}

void lastSuffixes(std::string &word)
{
    const auto afterSOrT = [](std::string_view stem) {
        return measuredTwice(stem) && (stem.ends_with('s') || stem.ends_with('t'));
    };
    apply(word, {{"al", "", measuredTwice}, {"ance", "", measuredTwice}, {"ence", "", measuredTwice}, {"er", "", measuredTwice},
                 {"ic", "", measuredTwice}, {"able", "", measuredTwice}, {"ible", "", measuredTwice}, {"ant", "", measuredTwice},
                 {"ement", "", measuredTwice}, {"ment", "", measuredTwice}, {"ent", "", measuredTwice}, {"ion", "", afterSOrT},
                 {"ou", "", measuredTwice}, {"ism", "", measuredTwice}, {"ate", "", measuredTwice}, {"iti", "", measuredTwice},
                 {"ous", "", measuredTwice}, {"ive", "", measuredTwice}, {"ize", "", measuredTwice}});
}

void finalE(std::string &word)
{
    if (!word.ends_with('e'))
        return;
    const std::string_view stem = cut(word, 1);
    const int m = measure(stem);
    if (m > 1 || (m == 1 && !endsInShortSyllable(stem)))
        word.pop_back();
}

void doubleL(std::string &word)
{
    if (word.ends_with("ll") && measuredTwice(cut(word, 1)))
        word.pop_back();
}

} // namespace

std::string porterStem(std::string_view word)
{
    for (const Irregular &irregular : kIrregular)
        if (irregular.word == word)
            return std::string(irregular.stem);
    std::string stem(word);
    if (stem.size() <= 2)
        return stem;
    plurals(stem);
    pastAndGerund(stem);
    finalY(stem);
    doubleSuffixes(stem);
    simpleSuffixes(stem);
    lastSuffixes(stem);
    finalE(stem);
    doubleL(stem);
    return stem;
}

} // namespace lethe
