#include "data/SampleAnalysis.h"
#include "data/SampleSets.h"
#include "data/SampleTableModel.h"

#include <widgets/TaskList.h>

#include <QtCore/QElapsedTimer>
#include <QtTest/QAbstractItemModelTester>
#include <QtTest/QtTest>

using namespace lethe;

namespace {

DataRow rowOf(const std::string &prompt, const std::string &answer)
{
    DataRow row;
    row.prompt = prompt;
    row.answer = answer;
    return row;
}

SampleList numbered(int count, const std::string &name = "row")
{
    SampleList samples;
    for (int at = 0; at < count; ++at)
        samples.push_back(makeSample(rowOf(name + " question " + std::to_string(at), name + " answer " + std::to_string(at))));
    return samples;
}

QStringList prompts(const SampleTableModel &model)
{
    QStringList texts;
    for (int row = 0; row < model.rowCount(); ++row)
        texts << model.index(row, SampleTableModel::Prompt).data().toString();
    return texts;
}

} // namespace

class TestSampleTableModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void anEditOfAnyKindKeepsTheModelsPromises();
    void aFilterNarrowsByWordsTokensAndFlags_data();
    void aFilterNarrowsByWordsTokensAndFlags();
    void sortingLeavesTheSetAsItIs();
    void tsvReadsBackWhatItWrote_data();
    void tsvReadsBackWhatItWrote();
    void textOfASpreadsheetIsRead();
    void anEditIsAnnouncedAndNotMade();
    void foldingIgnoresCaseAndWhiteSpace();
    void eachStepIsNamedAndUndone();
    void aMoveTakesTheRowsInTheirOrder();
    void sampleAndShuffleRepeatWithTheirSeed();
    void rowsInBothSetsAndTwiceAreFlagged();
    void hundredThousandRowsFilterWithinAFrameOrTwo();
};

void TestSampleTableModel::anEditOfAnyKindKeepsTheModelsPromises()
{
    SampleTableModel model(SetSide::Forget, nullptr);
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    const SampleList rows = numbered(6);
    model.replace(0, 0, rows);
    QCOMPARE(model.rowCount(), 6);
    model.replace(2, 1, numbered(1, "other")); // one for one
    QCOMPARE(prompts(model).at(2), QStringLiteral("other question 0"));
    model.replace(1, 3, {}); // out
    QCOMPARE(model.rowCount(), 3);
    model.replace(3, 0, numbered(2, "tail")); // in at the end
    QCOMPARE(prompts(model).last(), QStringLiteral("tail question 1"));
    model.setFilter(SampleFilter::parse(QStringLiteral("tail")));
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(model.headerData(0, Qt::Vertical).toInt(), 4); // its place in the set
    model.replace(0, 1, numbered(3, "tail"));
    QCOMPARE(model.rowCount(), 5);
    model.sort(SampleTableModel::Prompt, Qt::DescendingOrder);
    model.setFilter({});
    QCOMPARE(model.rowCount(), 7);
    model.replace(0, 7, {});
    QCOMPARE(model.rowCount(), 0);
}

void TestSampleTableModel::aFilterNarrowsByWordsTokensAndFlags_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("matches");
    QTest::newRow("a word of the prompt, any case") << "MIRA" << true;
    QTest::newRow("a word of the answer") << "harbour" << true;
    QTest::newRow("two words, both needed") << "mira nowhere" << false;
    QTest::newRow("words kept together") << "\"was mira\"" << true;
    QTest::newRow("words kept together, other order") << "\"mira was\"" << false;
    QTest::newRow("the answer alone") << "answer:mira" << false;
    QTest::newRow("the prompt alone") << "prompt:mira" << true;
    QTest::newRow("longer than") << "tok>200" << true;
    QTest::newRow("not longer than") << "tok>301" << false;
    QTest::newRow("at most") << "tok<=301" << true;
    QTest::newRow("exactly") << "tok=301" << true;
    QTest::newRow("a flag") << "flag:cut" << true;
    QTest::newRow("another flag") << "flag:both" << false;
    QTest::newRow("a flag that nobody knows") << "flag:xyz" << false;
    QTest::newRow("nothing") << "  " << true;
    QTest::newRow("everything at once") << "mira tok>=301 flag:cut" << true;
}

void TestSampleTableModel::aFilterNarrowsByWordsTokensAndFlags()
{
    QFETCH(QString, text);
    QFETCH(bool, matches);
    const SamplePointer sample = makeSample(rowOf("Where was  Mira Tolund born?", "In the harbour town of Veska."));
    const TokenFacts facts{.tokens = 256, .labels = 9, .dropped = 45};
    QCOMPARE(SampleFilter::parse(text).matches(*sample, facts, static_cast<unsigned>(SampleFlag::Cut)), matches);
}

void TestSampleTableModel::sortingLeavesTheSetAsItIs()
{
    SampleTableModel model(SetSide::Retain, nullptr);
    model.replace(0, 0, {makeSample(rowOf("b", "1")), makeSample(rowOf("c", "2")), makeSample(rowOf("a", "3"))});
    model.sort(SampleTableModel::Prompt);
    QCOMPARE(prompts(model), (QStringList{"a", "b", "c"}));
    QCOMPARE(model.rowInSet(0), 2);
    QCOMPARE(model.rows().front()->row.prompt, std::string("b"));
    model.sort(-1);
    QCOMPARE(prompts(model), (QStringList{"b", "c", "a"}));
}

void TestSampleTableModel::tsvReadsBackWhatItWrote_data()
{
    QTest::addColumn<QString>("prompt");
    QTest::addColumn<QString>("answer");
    QTest::newRow("plain") << "Where?" << "There.";
    QTest::newRow("tabs, line breaks and quotes") << "a\tb\nc" << "say \"yes\"\r\nor no";
    QTest::newRow("an empty answer") << "Where?" << "";
    QTest::newRow("other scripts") << "Wo ist Élodie – 北京?" << "🙂";
}

void TestSampleTableModel::tsvReadsBackWhatItWrote()
{
    QFETCH(QString, prompt);
    QFETCH(QString, answer);
    const SampleList rows{makeSample(rowOf(prompt.toStdString(), answer.toStdString())), makeSample(rowOf("second", "row"))};
    const std::vector<DataRow> read = SampleTableModel::fromTsv(SampleTableModel::toTsv(rows));
    QCOMPARE(read.size(), std::size_t{2});
    QCOMPARE(read.front(), rows.front()->row);
    QCOMPARE(read.back(), rows.back()->row);
}

void TestSampleTableModel::textOfASpreadsheetIsRead()
{
    const std::vector<DataRow> rows = SampleTableModel::fromTsv(QStringLiteral("one\ttwo\r\n\r\nthree\t\"fo\"\"ur\"\tfive\n"));
    QCOMPARE(rows.size(), std::size_t{2});
    QCOMPARE(rows[0].answer, std::string("two"));
    QCOMPARE(rows[1].answer, std::string("fo\"ur"));
    QCOMPARE(rows[1].alternate, std::string("five"));
    QVERIFY(SampleTableModel::fromTsv(QString()).empty());
}

void TestSampleTableModel::anEditIsAnnouncedAndNotMade()
{
    SampleTableModel model(SetSide::Forget, nullptr);
    model.replace(0, 0, numbered(2));
    int announced = 0;
    connect(&model, &SampleTableModel::edited, this, [&](int row, const DataRow &content) {
        ++announced;
        QCOMPARE(row, 1);
        QCOMPARE(content.answer, std::string("changed"));
    });
    QVERIFY(model.setData(model.index(1, SampleTableModel::Answer), QStringLiteral("changed")));
    QVERIFY(!model.setData(model.index(1, SampleTableModel::Tokens), 3));
    QVERIFY(!model.setData(model.index(0, SampleTableModel::Prompt), model.index(0, SampleTableModel::Prompt).data(Qt::EditRole)));
    QCOMPARE(announced, 1);
    QCOMPARE(model.rows()[1]->row.answer, std::string("row answer 1"));
}

void TestSampleTableModel::foldingIgnoresCaseAndWhiteSpace()
{
    QCOMPARE(foldText("  Where\t was\n MIRA "), std::string("where was mira"));
    QCOMPARE(foldText("STRASSE"), foldText("strasse"));
    QCOMPARE(foldText("Élodie  X"), foldText("éLODIE x"));
    QCOMPARE(foldText(""), std::string());
    QCOMPARE(foldText(" \n\t"), std::string());
}

void TestSampleTableModel::eachStepIsNamedAndUndone()
{
    TaskList tasks;
    SampleSets sets(tasks);
    sets.load(numbered(20, "forget"), numbered(5, "retain"));
    const SampleList before = sets.rows(SetSide::Forget);
    sets.move(SetSide::Forget, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
    QCOMPARE(sets.undoStack().undoText(), QStringLiteral("move of 12 rows to retain"));
    QCOMPARE(sets.rows(SetSide::Retain).size(), std::size_t{17});
    sets.duplicate(SetSide::Retain, {0});
    QCOMPARE(sets.undoStack().undoText(), QStringLiteral("duplication of 1 row"));
    sets.remove(SetSide::Forget, {1, 3});
    sets.change(SetSide::Forget, 0, rowOf("new", "text"));
    QCOMPARE(sets.undoStack().undoText(), QStringLiteral("edit of forget row 1"));
    sets.change(SetSide::Forget, 0, rowOf("new", "text")); // nothing changed: no step
    QCOMPARE(sets.undoStack().count(), 4);
    while (sets.undoStack().canUndo())
        sets.undoStack().undo();
    QCOMPARE(sets.rows(SetSide::Forget), before);
    QCOMPARE(sets.rows(SetSide::Retain).size(), std::size_t{5});
    while (sets.undoStack().canRedo())
        sets.undoStack().redo();
    QCOMPARE(sets.rows(SetSide::Forget).size(), std::size_t{6});
    QCOMPARE(sets.rows(SetSide::Forget).front()->row.prompt, std::string("new"));
}

void TestSampleTableModel::aMoveTakesTheRowsInTheirOrder()
{
    TaskList tasks;
    SampleSets sets(tasks);
    sets.load(numbered(5, "f"), numbered(2, "r"));
    sets.move(SetSide::Forget, {4, 0, 2, 2}, 1);
    QCOMPARE(prompts(sets.model(SetSide::Retain)), (QStringList{"r question 0", "f question 0", "f question 2", "f question 4", "r question 1"}));
    QCOMPARE(prompts(sets.model(SetSide::Forget)), (QStringList{"f question 1", "f question 3"}));
    sets.moveWithin(SetSide::Retain, {0, 4}, 3);
    QCOMPARE(prompts(sets.model(SetSide::Retain)), (QStringList{"f question 0", "f question 2", "r question 0", "r question 1", "f question 4"}));
}

void TestSampleTableModel::sampleAndShuffleRepeatWithTheirSeed()
{
    TaskList tasks;
    SampleSets sets(tasks);
    const SampleList rows = numbered(50);
    const auto after = [&](auto edit) {
        sets.load(rows, {});
        edit();
        return sets.rows(SetSide::Forget);
    };
    const SampleList drawn = after([&] { sets.sample(SetSide::Forget, 10, 7); });
    QCOMPARE(drawn.size(), std::size_t{10});
    QVERIFY(std::is_sorted(drawn.begin(), drawn.end(), [](const auto &a, const auto &b) { return a->key < b->key; }));
    QVERIFY(drawn == after([&] { sets.sample(SetSide::Forget, 10, 7); }));
    QVERIFY(drawn != after([&] { sets.sample(SetSide::Forget, 10, 8); }));
    QVERIFY(after([&] { sets.shuffle(SetSide::Forget, 1); }) == after([&] { sets.shuffle(SetSide::Forget, 1); }));
    QVERIFY(after([&] { sets.shuffle(SetSide::Forget, 1); }) != rows);
}

void TestSampleTableModel::rowsInBothSetsAndTwiceAreFlagged()
{
    TaskList tasks;
    SampleSets sets(tasks);
    sets.load({makeSample(rowOf("Same  question", "same ANSWER")), makeSample(rowOf("own", "row")), makeSample(rowOf("OWN", "row ")),
               makeSample(rowOf("no answer", "  "))},
              {makeSample(rowOf("same question", "Same answer")), makeSample(rowOf("kept", "row"))});
    QTRY_COMPARE(sets.flaggedRows(SetSide::Forget, SampleFlag::Both), std::vector<int>{0});
    QCOMPARE(sets.flaggedRows(SetSide::Retain, SampleFlag::Both), std::vector<int>{0});
    QCOMPARE(sets.flaggedRows(SetSide::Forget, SampleFlag::Duplicate), std::vector<int>{2});
    QCOMPARE(sets.flaggedRows(SetSide::Forget, SampleFlag::Empty), std::vector<int>{3});

    sets.removeFromRetain(SampleFlag::Both);
    QCOMPARE(sets.rows(SetSide::Retain).size(), std::size_t{1});
    QTRY_VERIFY(sets.flaggedRows(SetSide::Forget, SampleFlag::Both).empty());
    sets.keepFirst();
    sets.removeFlagged(SampleFlag::Empty);
    QCOMPARE(sets.rows(SetSide::Forget).size(), std::size_t{2});
    sets.undoStack().undo();
    sets.undoStack().undo();
    sets.undoStack().undo();
    QCOMPARE(sets.rows(SetSide::Retain).size(), std::size_t{2});
    QTRY_COMPARE(sets.flaggedRows(SetSide::Retain, SampleFlag::Both), std::vector<int>{0});
}

void TestSampleTableModel::hundredThousandRowsFilterWithinAFrameOrTwo()
{
    SampleTableModel model(SetSide::Forget, nullptr);
    model.replace(0, 0, numbered(100'000));
    QElapsedTimer timer;
    timer.start();
    model.setFilter(SampleFilter::parse(QStringLiteral("answer 9")));
    const qint64 filtering = timer.restart();
    QVERIFY(model.rowCount() > 10'000);
    model.setFilter({});
    const qint64 clearing = timer.restart();
    model.replace(50'000, 1, numbered(1, "new"));
    const qint64 editing = timer.elapsed();
    qInfo("filter %lld ms, clear %lld ms, edit %lld ms", filtering, clearing, editing);
    // Generous for a loaded machine; the figures above are what counts.
    QVERIFY(filtering < 400);
    QVERIFY(clearing < 400);
    QVERIFY(editing < 100);
}

QTEST_MAIN(TestSampleTableModel)
#include "tst_sample_table_model.moc"
