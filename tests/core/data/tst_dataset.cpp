#include <lethe/data/Dataset.h>

#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

using namespace lethe;

namespace {

QString fixture(const char *name)
{
    return qEnvironmentVariable("LETHE_FIXTURES") + QStringLiteral("/losses/data/") + QLatin1String(name);
}

std::string text(const QByteArray &bytes)
{
    return bytes.toStdString();
}

} // namespace

class TestDataset : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void formatsHoldTheSameRows();
    void formatIsToldByContent_data();
    void formatIsToldByContent();
    void rejectedRowsCarryLineAndReason_data();
    void rejectedRowsCarryLineAndReason();
    void csvFollowsRfc4180();
    void plainTextIsOneDocument();
    void rowsOfDocumentsHaveNoPrompt();
    void filesThatCannotBeReadSayWhy_data();
    void filesThatCannotBeReadSayWhy();
    void otherFieldsAreKeptWhenRowsAreSaved();
    void previewsNameFieldsInOrderAndGuess();
    void savingNeverLeavesHalfAFile();

private:
    std::string write(const QString &name, const QByteArray &content)
    {
        const QString path = m_folder.filePath(name);
        QFile file(path);
        if (file.open(QIODevice::WriteOnly))
            file.write(content);
        return path.toStdString();
    }
    QTemporaryDir m_folder;
};

void TestDataset::formatsHoldTheSameRows()
{
    const DataSource fields{.path = {}, .prompt = "question", .answer = "answer", .alternate = "alternate"};
    const Result<Dataset> lines = readDataset(fixture("forget.jsonl").toStdString(), fields);
    const Result<Dataset> csv = readDataset(fixture("forget.csv").toStdString(), fields);
    QVERIFY2(lines.ok(), lines.ok() ? "" : lines.error().message().c_str());
    QVERIFY2(csv.ok(), csv.ok() ? "" : csv.error().message().c_str());
    QVERIFY(lines->format == DataFormat::JsonLines);
    QVERIFY(csv->format == DataFormat::Csv);
    QCOMPARE(lines->rows.size(), csv->rows.size());
    for (std::size_t i = 0; i < lines->rows.size(); ++i) {
        QCOMPARE(lines->rows[i].prompt, csv->rows[i].prompt);
        QCOMPARE(lines->rows[i].answer, csv->rows[i].answer);
        QCOMPARE(lines->rows[i].alternate, csv->rows[i].alternate);
    }
    const DataSource plain{.path = {}};
    const Result<Dataset> retain = readDataset(fixture("retain.jsonl").toStdString(), plain);
    const Result<Dataset> array = readDataset(fixture("retain.json").toStdString(), plain);
    QVERIFY(retain.ok() && array.ok());
    QVERIFY(array->format == DataFormat::JsonArray);
    QCOMPARE(retain->rows.size(), array->rows.size());
    for (std::size_t i = 0; i < retain->rows.size(); ++i)
        QCOMPARE(retain->rows[i].answer, array->rows[i].answer);
    QCOMPARE(retain->sha256.size(), std::size_t{64});
    QCOMPARE(array->rows[1].line, std::int64_t{6});
}

void TestDataset::formatIsToldByContent_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<int>("format");
    const QByteArray row = R"({"question": "q", "answer": "a"})";
    QTest::newRow("lines named .json") << "a.json" << row + "\n" + row << int(DataFormat::JsonLines);
    QTest::newRow("lines with no ending") << "a" << row << int(DataFormat::JsonLines);
    QTest::newRow("lines named .txt") << "a.txt" << row << int(DataFormat::JsonLines);
    QTest::newRow("an array with no ending") << "a" << "[" + row + "]" << int(DataFormat::JsonArray);
    QTest::newRow("an array after blank lines") << "a.json" << " \n\n[" + row + "]" << int(DataFormat::JsonArray);
    QTest::newRow("with a byte order mark") << "a.jsonl" << "\xEF\xBB\xBF" + row << int(DataFormat::JsonLines);
    QTest::newRow("CSV") << "a.csv" << QByteArray("question,answer\nq,a") << int(DataFormat::Csv);
    QTest::newRow("CSV with a byte order mark") << "a.CSV" << QByteArray("\xEF\xBB\xBFquestion,answer\nq,a") << int(DataFormat::Csv);
    QTest::newRow("tabs") << "a.tsv" << QByteArray("question\tanswer\nq\ta, b") << int(DataFormat::Csv);
    QTest::newRow("text") << "a.txt" << QByteArray("Once upon a time") << int(DataFormat::PlainText);
    QTest::newRow("text that begins with a bracket") << "a.txt" << QByteArray("[1]\nOnce") << int(DataFormat::PlainText);
}

void TestDataset::formatIsToldByContent()
{
    QFETCH(QString, name);
    QFETCH(QByteArray, content);
    QFETCH(int, format);
    const Result<Dataset> set = readDataset(write(name, content), DataSource{.path = {}});
    QVERIFY2(set.ok(), set.ok() ? "" : set.error().message().c_str());
    QCOMPARE(int(set->format), format);
    QVERIFY(!set->rows.empty());
    QVERIFY(set->rejected.empty());
}

void TestDataset::rejectedRowsCarryLineAndReason_data()
{
    QTest::addColumn<QByteArray>("row");
    QTest::addColumn<QString>("reason");
    QTest::newRow("a missing field") << QByteArray(R"({"question": "q", "text": "a"})") << R"(no field "answer" (fields: question, text))";
    QTest::newRow("not a text") << QByteArray(R"({"question": "q", "answer": 5})") << R"(field "answer" is 5, not a text)";
    QTest::newRow("null") << QByteArray(R"({"question": null, "answer": "a"})") << R"(field "question" is null, not a text)";
    QTest::newRow("an empty answer") << QByteArray(R"({"question": "q", "answer": " \n"})") << R"(field "answer" is empty)";
    QTest::newRow("a list") << QByteArray("[1]") << "a list is not an object";
    QTest::newRow("broken JSON") << QByteArray(R"({"question": "q")") << "column 17: not valid JSON: unexpected end of input; expected '}'";
    QTest::newRow("not UTF-8") << QByteArray("{\"question\": \"\xff\", \"answer\": \"a\"}") << "not UTF-8 at byte 15 of the line";
    QTest::newRow("half a surrogate pair") << QByteArray(R"({"question": "\ud800", "answer": "a"})") << "column 21: not valid JSON";
}

void TestDataset::rejectedRowsCarryLineAndReason()
{
    QFETCH(QByteArray, row);
    QFETCH(QString, reason);
    const QByteArray good = R"({"question": "q", "answer": "a"})";
    const Result<Dataset> set = readDataset(write(QStringLiteral("a.jsonl"), good + "\r\n\n" + row + "\n" + good), DataSource{.path = {}});
    QVERIFY2(set.ok(), set.ok() ? "" : set.error().message().c_str());
    QCOMPARE(set->rows.size(), std::size_t{2});
    QCOMPARE(set->rows[1].line, std::int64_t{4});
    QCOMPARE(set->rejected.size(), std::size_t{1});
    QCOMPARE(set->rejected[0].line, std::int64_t{3});
    const QString actual = QString::fromStdString(set->rejected[0].reason);
    QVERIFY2(actual.startsWith(reason), qPrintable(actual));
}

void TestDataset::csvFollowsRfc4180()
{
    const QByteArray content = "question,answer,group\r\n"
                               "\"a, \"\"b\"\"\nc\",plain,1\r\n"
                               "\r\n"
                               "q,\"two\r\nlines\",2\r\n"
                               "q,a\r\n"
                               "q,\"a\"b,3\r\n"
                               ",empty prompt,4\r\n"
                               "q,,5\r\n"
                               "q,\xff,6\r\n"
                               "q,\"never closed,7\r\n";
    const Result<Dataset> set = readDataset(write(QStringLiteral("a.csv"), content), DataSource{.path = {}});
    QVERIFY2(set.ok(), set.ok() ? "" : set.error().message().c_str());
    QCOMPARE(set->rows.size(), std::size_t{3});
    QCOMPARE(set->rows[0].prompt, std::string("a, \"b\"\nc"));
    QCOMPARE(set->rows[0].line, std::int64_t{2});
    QCOMPARE(set->rows[0].extraJson, std::string(R"({"group":"1"})"));
    QCOMPARE(set->rows[1].answer, std::string("two\r\nlines"));
    QCOMPARE(set->rows[1].line, std::int64_t{5});
    QCOMPARE(set->rows[2].prompt, std::string());
    QStringList rejected;
    for (const RejectedRow &row : set->rejected)
        rejected << QStringLiteral("%1: %2").arg(row.line).arg(QString::fromStdString(row.reason));
    QCOMPARE(rejected, QStringList({QStringLiteral("7: 2 fields where the header has 3"), QStringLiteral("8: text after a closing quote: \"b\""),
                                    QStringLiteral("10: field \"answer\" is empty"), QStringLiteral("11: field \"answer\" is not UTF-8"),
                                    QStringLiteral("12: a quote is never closed")}));
}

void TestDataset::plainTextIsOneDocument()
{
    const Result<Dataset> set = readDataset(write(QStringLiteral("a.txt"), "One line.\n\nAnother.\n"), DataSource{.path = {}});
    QVERIFY(set.ok());
    QVERIFY(set->format == DataFormat::PlainText);
    QCOMPARE(set->rows.size(), std::size_t{1});
    QVERIFY(set->rows[0].isDocument);
    QCOMPARE(set->rows[0].answer, std::string("One line.\n\nAnother.\n"));
}

void TestDataset::rowsOfDocumentsHaveNoPrompt()
{
    const DataSource documents{.path = {}, .prompt = {}, .answer = "text", .alternate = {}};
    const Result<Dataset> set = readDataset(write(QStringLiteral("a.jsonl"), "{\"text\": \"one\"}\n{\"text\": \"two\"}\n"), documents);
    QVERIFY(set.ok());
    QCOMPARE(set->rows.size(), std::size_t{2});
    QVERIFY(set->rows[1].isDocument);
    QCOMPARE(toJsonLines(set->rows, documents), std::string("{\"text\":\"one\"}\n{\"text\":\"two\"}\n"));
}

void TestDataset::filesThatCannotBeReadSayWhy_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("message");
    QTest::newRow("empty") << "a.jsonl" << QByteArray() << int(ErrorCode::InvalidInput) << "DIR/a.jsonl: the file holds no row";
    QTest::newRow("an empty array") << "a.json" << QByteArray("[]") << int(ErrorCode::InvalidInput) << "DIR/a.json: the file holds no row";
    QTest::newRow("a header alone") << "a.csv" << QByteArray("question,answer\n") << int(ErrorCode::InvalidInput) << "DIR/a.csv: the file holds no row";
    QTest::newRow("blank text") << "a.txt" << QByteArray(" \n") << int(ErrorCode::InvalidInput) << "DIR/a.txt: the file holds no row";
    QTest::newRow("other fields") << "a.jsonl" << QByteArray(R"({"q": "x", "a": "y"})") << int(ErrorCode::InvalidInput)
                                  << R"(DIR/a.jsonl: no row can be used; line 1: no field "question" (fields: q, a). Fields asked for: question, answer)";
    QTest::newRow("a broken array") << "a.json" << QByteArray("[{\"question\": \"q\",\n \"answer\" \"a\"}]") << int(ErrorCode::Corrupt)
                                    << "DIR/a.json:2: column 13: not valid JSON";
    QTest::newRow("an array cut off") << "a.json" << QByteArray("[{\"question\": \"q\"") << int(ErrorCode::Corrupt) << "DIR/a.json:1: column 18";
    QTest::newRow("text that is not UTF-8") << "a.txt" << QByteArray("one\ntw\xff") << int(ErrorCode::Corrupt) << "DIR/a.txt:2: the file is not UTF-8";
    QTest::newRow("UTF-16") << "a.txt" << QByteArray("\xFF\xFEo\0n\0", 6) << int(ErrorCode::Corrupt) << "DIR/a.txt:1: the file is UTF-16";
    QTest::newRow("a header twice") << "a.csv" << QByteArray("a,a\n1,2") << int(ErrorCode::Corrupt) << "DIR/a.csv:1: the header row names \"a\" twice";
    // an object is searched for each of its keys: one with a vocabulary's number of them took half a minute
    QByteArray wide = "{\"question\": \"q\", \"answer\": \"a\"";
    for (int key = 0; key < 200'000; ++key)
        wide += ", \"k" + QByteArray::number(key) + "\": 0";
    QTest::newRow("hostile width") << "a.jsonl" << wide + "}" << int(ErrorCode::InvalidInput)
                                   << "DIR/a.jsonl: no row can be used; line 1: an object has more than 1000 fields";
    QTest::newRow("hostile width in a list") << "a.json" << "[" + wide + "}]" << int(ErrorCode::Corrupt)
                                             << "DIR/a.json:1: an object has more than 1000 fields";
    QTest::newRow("hostile depth") << "a.json" << QByteArray(1000, '[') + QByteArray(1000, ']') << int(ErrorCode::Corrupt)
                                   << "DIR/a.json:1: column 513: nested deeper than 512 levels";
}

void TestDataset::filesThatCannotBeReadSayWhy()
{
    QFETCH(QString, name);
    QFETCH(QByteArray, content);
    QFETCH(int, code);
    QFETCH(QString, message);
    const Result<Dataset> set = readDataset(write(name, content), DataSource{.path = {}});
    QVERIFY(!set.ok());
    QCOMPARE(int(set.error().code), code);
    const QString actual = QString::fromStdString(set.error().message()).replace(m_folder.path(), QStringLiteral("DIR"));
    QVERIFY2(actual.startsWith(message), qPrintable(actual));
}

void TestDataset::otherFieldsAreKeptWhenRowsAreSaved()
{
    const QByteArray content = "{\"z\": [1, 2.5], \"question\": \"q \xC5\x81\", \"answer\": \"a\", \"perturbed_answer\": [\"b\", \"c\"]}\n";
    const DataSource fields{.path = {}};
    const std::string file = write(QStringLiteral("a.jsonl"), content);
    const Result<Dataset> set = readDataset(file, fields);
    QVERIFY(set.ok());
    const std::string copy = m_folder.filePath(QStringLiteral("copy.jsonl")).toStdString();
    QVERIFY(writeJsonLines(copy, set->rows, DataSource{.path = {}, .prompt = "p", .answer = "a"}).ok());
    QFile saved(QString::fromStdString(copy));
    QVERIFY(saved.open(QIODevice::ReadOnly));
    QCOMPARE(text(saved.readAll()), std::string("{\"p\":\"q \xC5\x81\",\"a\":\"a\",\"z\":[1,2.5],\"perturbed_answer\":[\"b\",\"c\"]}\n"));
    const Result<Dataset> again = readDataset(copy, DataSource{.path = {}, .prompt = "p", .answer = "a"});
    QVERIFY(again.ok());
    QVERIFY(again->rows == set->rows);
}

void TestDataset::previewsNameFieldsInOrderAndGuess()
{
    QByteArray content;
    for (int i = 0; i < 30; ++i)
        content += "{\"group\": " + QByteArray::number(i) + ", \"question\": \"q\", \"answer\": \"a\"}\n";
    content += "broken\n{\"question\": \"q\", \"answer\": \"a\", \"idk\": \"?\"}\n";
    const Result<DataPreview> preview = previewDataset(write(QStringLiteral("a.jsonl"), content), 20);
    QVERIFY(preview.ok());
    QCOMPARE(preview->fields, (std::vector<std::string>{"group", "question", "answer", "idk"}));
    QCOMPARE(preview->rows.size(), std::size_t{20});
    QCOMPARE(preview->rows[3], (std::vector<std::string>{"3", "q", "a", ""}));
    QCOMPARE(preview->guessedPrompt, std::string("question"));
    QCOMPARE(preview->guessedAnswer, std::string("answer"));
    QCOMPARE(preview->guessedAlternate, std::string("idk"));
    QCOMPARE(preview->totalRows, std::int64_t{32});
}

void TestDataset::savingNeverLeavesHalfAFile()
{
    const Result<void> result = writeJsonLines("/proc/lethe/rows.jsonl", {DataRow{.prompt = "p", .answer = "a"}}, DataSource{.path = {}});
    QVERIFY(!result.ok());
    QVERIFY(!result.error().message().empty());
}

QTEST_GUILESS_MAIN(TestDataset)
#include "tst_dataset.moc"
