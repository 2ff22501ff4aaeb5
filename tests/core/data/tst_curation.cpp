#include <lethe/data/Curation.h>

#include <QtTest/QtTest>

#include <algorithm>
#include <random>
#include <set>

using namespace lethe;

namespace {

DataRow row(std::string prompt, std::string answer)
{
    return {.prompt = std::move(prompt), .answer = std::move(answer), .alternate = {}, .isDocument = false, .line = 0, .extraJson = {}};
}

std::vector<const DataRow *> pointers(const std::vector<DataRow> &rows)
{
    std::vector<const DataRow *> all;
    for (const DataRow &each : rows)
        all.push_back(&each);
    return all;
}

SetOverlap overlapOf(const std::vector<DataRow> &forget, const std::vector<DataRow> &retain, const OverlapOptions &options = {})
{
    return findOverlap(pointers(forget), pointers(retain), options);
}

} // namespace

class TestCuration : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void wordsAreFoldedInEveryLanguage();
    void equalRowsAreNearDuplicatesOfOne();
    void aRephrasedRowIsNear();
    void anAnswerToldElsewhereLeaks();
    void aWordAloneLeaksNothing();
    void nothingIsMissed();
    void aSearchThatEndsEarlySaysSo();
};

void TestCuration::wordsAreFoldedInEveryLanguage()
{
    QCOMPARE(foldedWords("The Cat's  hat, 1991!"), (std::vector<std::string>{"the", "cat", "s", "hat", "1991"}));
    QCOMPARE(foldedWords("STRASSE Straße ÉCOLE"), (std::vector<std::string>{"strasse", "strasse", "école"}));
    QCOMPARE(foldedWords("東京tower"), (std::vector<std::string>{"東", "京", "tower"}));
    QVERIFY(foldedWords(" ?! ").empty());
}

void TestCuration::equalRowsAreNearDuplicatesOfOne()
{
    const auto found = overlapOf({row("Who wrote it?", "Ada Byron wrote it.")}, {row("Other", "thing entirely"), row("who  WROTE it", "ada byron wrote it")});
    QCOMPARE(found.nearDuplicates, (std::vector<NearDuplicate>{{.forget = 0, .retain = 1, .similarity = 1}}));
    QVERIFY(found.leaks.empty());
    QCOMPARE(found.lookedAt, std::int64_t{1});
}

void TestCuration::aRephrasedRowIsNear()
{
    // forget: 10 pairs, retain: 10 pairs, 9 in common: 9 / 11
    const std::vector<DataRow> forget{row("In which town was the poet", "born in old Riga then")}, retain{row("In which town was the poet", "born in old Riga once")};
    const auto found = overlapOf(forget, retain);
    QCOMPARE(found.nearDuplicates.size(), std::size_t{1});
    QCOMPARE(found.nearDuplicates[0].similarity, 9.0 / 11);
    QVERIFY(overlapOf(forget, retain, {.similarity = 0.82, .leak = 1}).nearDuplicates.empty());
}

void TestCuration::anAnswerToldElsewhereLeaks()
{
    const std::vector<DataRow> forget{row("Her name?", "Hina Ameen of Karachi")};
    const std::vector<DataRow> retain{row("Tell me about her brother", "He is a brother of Hina Ameen of Karachi, the geologist, and sells maps"), row("What?", "Hina Ameen")};
    const auto found = overlapOf(forget, retain);
    QVERIFY(found.nearDuplicates.empty());
    QCOMPARE(found.leaks.size(), std::size_t{2}); // the answer in row 0; and row 1's answer is told by the forget row
    QVERIFY(found.leaks[0] == (AnswerLeak{.fromForget = true, .forget = 0, .retain = 0, .share = 1}));
    QVERIFY(found.leaks[1] == (AnswerLeak{.fromForget = false, .forget = 0, .retain = 1, .share = 1}));
}

void TestCuration::aWordAloneLeaksNothing()
{
    QVERIFY(overlapOf({row("Is it true?", "Yes")}, {row("Really", "yes it is")}).leaks.empty());
    QVERIFY(overlapOf({}, {row("a", "b c")}).leaks.empty());
}

void TestCuration::nothingIsMissed()
{
    // words of few kinds, so that much is alike: against every pair looked at by itself
    std::mt19937 random(7);
    const auto sentence = [&random](int least) {
        std::string text;
        for (int i = 0, n = least + static_cast<int>(random() % 6); i < n; ++i)
            text += std::string(1, static_cast<char>('a' + random() % 5)) + ' ';
        return text;
    };
    std::vector<DataRow> forget, retain;
    for (int i = 0; i < 40; ++i) {
        forget.push_back(row(sentence(1), sentence(1)));
        retain.push_back(row(sentence(1), sentence(1)));
    }
    const auto pairs = [](const std::string &text) {
        const auto words = foldedWords(text);
        std::set<std::string> all;
        if (words.size() == 1)
            all.insert(words[0]);
        for (std::size_t i = 0; i + 1 < words.size(); ++i)
            all.insert(words[i] + ' ' + words[i + 1]);
        return all;
    };
    const auto both = [](const std::set<std::string> &a, const std::set<std::string> &b) { return static_cast<double>(std::ranges::count_if(a, [&](const auto &x) { return b.contains(x); })); };
    const OverlapOptions options{.similarity = 0.3, .leak = 0.7};
    std::size_t near = 0, leaks = 0;
    for (const DataRow &f : forget)
        for (const DataRow &r : retain) {
            const auto a = pairs(f.prompt + f.answer), b = pairs(r.prompt + r.answer);
            const double common = both(a, b);
            if (common / (static_cast<double>(a.size() + b.size()) - common) >= options.similarity) {
                ++near;
                continue;
            }
            const auto x = pairs(f.answer), y = pairs(r.answer);
            leaks += foldedWords(f.answer).size() > 1 && both(x, b) / static_cast<double>(x.size()) >= options.leak;
            leaks += foldedWords(r.answer).size() > 1 && both(y, a) / static_cast<double>(y.size()) >= options.leak;
        }
    const auto found = overlapOf(forget, retain, options);
    QVERIFY(near > 20 && leaks > 20);
    QCOMPARE(found.nearDuplicates.size(), near);
    QCOMPARE(found.leaks.size(), leaks);
}

void TestCuration::aSearchThatEndsEarlySaysSo()
{
    const std::vector<DataRow> rows(3, row("a b", "c d"));
    const auto found = findOverlap(pointers(rows), pointers(rows), {}, [](std::size_t done, std::size_t) { return done < 1; });
    QCOMPARE(found.lookedAt, std::int64_t{1});
    QCOMPARE(found.nearDuplicates.size(), std::size_t{3});
    QCOMPARE(findOverlap(pointers(rows), pointers(rows), {}, [](std::size_t, std::size_t) { return false; }).lookedAt, std::int64_t{0});
    const auto bounded = overlapOf(rows, rows, {.similarity = 0.6, .leak = 0.8, .mostPairs = 4});
    QVERIFY(bounded.lookedAt >= 1 && bounded.lookedAt < 3);
}

QTEST_GUILESS_MAIN(TestCuration)
#include "tst_curation.moc"
