#include <lethe/eval/TextMetrics.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <unordered_map>

namespace lethe {

namespace {

constexpr std::size_t kShortestStemmed = 4;

/// White space beyond ASCII, as Python's `str.strip` and `str.split` have it: the published evaluators are Python.
constexpr std::array<std::string_view, 19> kWideSpaces{"\xC2\x85", "\xC2\xA0", "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83",
    "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF",
    "\xE2\x81\x9F", "\xE3\x80\x80"};

bool isWhite(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1C' && c <= '\x1F');
}

/// Bytes of the white space that \p text begins with; 0: it begins with none.
std::size_t spaceAtStart(std::string_view text)
{
    if (text.empty() || isWhite(text.front()))
        return text.empty() ? 0 : 1;
    const auto found = std::ranges::find_if(kWideSpaces, [text](std::string_view space) { return text.starts_with(space); });
    return found != kWideSpaces.end() ? found->size() : 0;
}

std::size_t spaceAtEnd(std::string_view text)
{
    if (text.empty() || isWhite(text.back()))
        return text.empty() ? 0 : 1;
    const auto found = std::ranges::find_if(kWideSpaces, [text](std::string_view space) { return text.ends_with(space); });
    return found != kWideSpaces.end() ? found->size() : 0;
}

std::size_t longestCommonSubsequence(const std::vector<std::string> &a, const std::vector<std::string> &b)
{
    std::vector<std::size_t> row(b.size() + 1, 0);
    for (const std::string &word : a) {
        std::size_t diagonal = 0;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = word == b[j - 1] ? diagonal + 1 : std::max(above, row[j - 1]);
            diagonal = above;
        }
    }
    return row.back();
}

std::vector<std::string_view> wordsOf(std::string_view text)
{
    std::vector<std::string_view> words;
    while (!(text = strippedText(text)).empty()) {
        std::size_t end = 0;
        while (end < text.size() && spaceAtStart(text.substr(end)) == 0)
            ++end;
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return words;
}

std::map<std::vector<std::string_view>, std::int64_t> countedGrams(const std::vector<std::string_view> &words, std::size_t n)
{
    std::map<std::vector<std::string_view>, std::int64_t> counts;
    for (std::size_t i = 0; i + n <= words.size(); ++i)
        ++counts[{words.begin() + static_cast<std::ptrdiff_t>(i), words.begin() + static_cast<std::ptrdiff_t>(i + n)}];
    return counts;
}

std::optional<double> distinctShare(const std::vector<std::string_view> &words, std::size_t n)
{
    if (words.size() < n)
        return std::nullopt;
    return static_cast<double>(countedGrams(words, n).size()) / static_cast<double>(words.size() - n + 1);
}

RougeScore scoreOf(std::size_t hits, std::size_t referenceSize, std::size_t predictionSize)
{
    RougeScore score;
    score.precision = static_cast<double>(hits) / static_cast<double>(std::max<std::size_t>(predictionSize, 1));
    score.recall = static_cast<double>(hits) / static_cast<double>(std::max<std::size_t>(referenceSize, 1));
    if (score.precision + score.recall > 0)
        score.f = 2 * score.precision * score.recall / (score.precision + score.recall);
    return score;
}

} // namespace

std::vector<std::string> rougeTokens(std::string_view text, bool stem)
{
    // nothing is Unicode-aware in the original but its lower-casing, and only two code points outside ASCII lower to an ASCII letter
    constexpr std::string_view kCapitalIWithDot = "\xC4\xB0", kKelvin = "\xE2\x84\xAA";
    std::vector<std::string> tokens;
    std::string token;
    const auto finish = [&tokens, &token, stem] {
        if (!token.empty())
            tokens.push_back(stem && token.size() >= kShortestStemmed ? porterStem(token) : token);
        token.clear();
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            token += c;
        } else if (c >= 'A' && c <= 'Z') {
            token += static_cast<char>(c - 'A' + 'a');
        } else if (text.substr(i).starts_with(kCapitalIWithDot)) {
            token += 'i';
            finish(); // i, then a combining dot
            i += kCapitalIWithDot.size() - 1;
        } else if (text.substr(i).starts_with(kKelvin)) {
            token += 'k';
            i += kKelvin.size() - 1;
        } else {
            finish();
        }
    }
    finish();
    return tokens;
}

RougeScore rougeL(std::string_view reference, std::string_view prediction, bool stem)
{
    const std::vector<std::string> wanted = rougeTokens(reference, stem);
    const std::vector<std::string> given = rougeTokens(prediction, stem);
    return scoreOf(longestCommonSubsequence(wanted, given), wanted.size(), given.size());
}

RougeScore rouge1(std::string_view reference, std::string_view prediction, bool stem)
{
    const std::vector<std::string> wanted = rougeTokens(reference, stem);
    const std::vector<std::string> given = rougeTokens(prediction, stem);
    std::unordered_map<std::string, std::size_t> left;
    for (const std::string &word : wanted)
        ++left[word];
    std::size_t hits = 0;
    for (const std::string &word : given) {
        const auto found = left.find(word);
        if (found == left.end() || found->second == 0)
            continue;
        --found->second;
        ++hits;
    }
    return scoreOf(hits, wanted.size(), given.size());
}

std::string_view strippedText(std::string_view text)
{
    while (const std::size_t bytes = spaceAtStart(text))
        text.remove_prefix(bytes);
    while (const std::size_t bytes = spaceAtEnd(text))
        text.remove_suffix(bytes);
    return text;
}

bool exactMatch(std::string_view reference, std::string_view prediction)
{
    return strippedText(reference) == strippedText(prediction);
}

int longestRepeat(std::string_view text)
{
    return textQuality(text).longestRun;
}

TextQuality textQuality(std::string_view text)
{
    const std::vector<std::string_view> words = wordsOf(text);
    TextQuality quality{.tokens = static_cast<std::int64_t>(words.size()), .distinct1 = distinctShare(words, 1), .distinct2 = distinctShare(words, 2),
                        .distinct3 = distinctShare(words, 3), .bigramEntropy = {}};
    int run = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        run = i > 0 && words[i] == words[i - 1] ? run + 1 : 1;
        quality.longestRun = std::max(quality.longestRun, run);
    }
    const auto bigrams = countedGrams(words, 2);
    if (!bigrams.empty()) {
        const double all = static_cast<double>(words.size() - 1);
        double entropy = 0;
        for (const auto &[bigram, count] : bigrams)
            entropy -= static_cast<double>(count) / all * std::log2(static_cast<double>(count) / all);
        quality.bigramEntropy = entropy;
    }
    return quality;
}

} // namespace lethe
