#include "data/Records.h"

#include <lethe/data/Dataset.h>

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QRandomGenerator>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

using namespace lethe;

namespace {

QString fileOf(const QString &name)
{
    return qEnvironmentVariable("LETHE_SOURCE_DIR") + QStringLiteral("/tests/core/data/parquet/") + name;
}

QByteArray bytesOf(const QString &name)
{
    QFile file(fileOf(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

Result<RecordFile> recordsOf(const QByteArray &bytes)
{
    return readRecords({bytes.constData(), static_cast<std::size_t>(bytes.size())}, "rows.parquet");
}

} // namespace

/// Files that pyarrow wrote (tests/core/data/parquet/make_parquet.py).
class TestParquet : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyKindOfColumnIsRead_data();
    void everyKindOfColumnIsRead();
    void rowGroupsFollowEachOther();
    void aPreviewLooksAtTheFirstRows();
    void bytesThatAreNoTextRejectTheirRow();
    void aDamagedFileIsNamed_data();
    void aDamagedFileIsNamed();
    void noBytesBringItDown();
};

#ifdef LETHE_HAS_ARROW

void TestParquet::everyKindOfColumnIsRead_data()
{
    QTest::addColumn<QString>("file");
    for (const char *codec : {"none", "snappy", "gzip", "zstd", "lz4", "brotli"})
        QTest::newRow(codec) << QStringLiteral("columns-%1.parquet").arg(QLatin1String(codec));
}

void TestParquet::everyKindOfColumnIsRead()
{
    QFETCH(QString, file);
    const auto read = readDataset(fileOf(file).toStdString(), {.path = {}, .prompt = "question", .answer = "answer", .alternate = {}});
    QVERIFY2(read.ok(), read.ok() ? "" : read.error().message().c_str());
    QCOMPARE(std::string(toString(read->format)), std::string("Parquet"));
    QCOMPARE(read->rows.size(), std::size_t{3});
    QVERIFY(read->rejected.empty());
    QCOMPARE(QString::fromStdString(read->rows[0].prompt), QStringLiteral("Wer wohnt in Gänserndorf?"));
    QCOMPARE(read->rows[0].answer, std::string("A \"baker\".\n"));
    QCOMPARE(read->rows[2].line, std::int64_t{3});
    const auto extra = [&](std::size_t row) { return nlohmann::json::parse(read->rows[row].extraJson); };
    QCOMPARE(extra(0), nlohmann::json::parse(R"({"perturbed_answer": ["a cook", "a smith"], "author": {"name": "Ada", "born": 1970}, "score": 0.1,
                                               "count": 9007199254740993, "kept": true, "day": "2024-02-29", "nothing": null})"));
    QCOMPARE(extra(1), nlohmann::json::parse(R"({"perturbed_answer": [], "author": null, "score": null, "count": null, "kept": false, "day": null,
                                               "nothing": null})"));
    QCOMPARE(extra(2), nlohmann::json::parse(R"({"perturbed_answer": null, "author": {"name": "Bo", "born": null}, "score": -3.0, "count": -1,
                                               "kept": null, "day": "1970-01-01", "nothing": null})"));
}

void TestParquet::rowGroupsFollowEachOther()
{
    const auto read = readDataset(fileOf(QStringLiteral("many.parquet")).toStdString(), {});
    QVERIFY2(read.ok(), read.ok() ? "" : read.error().message().c_str());
    QCOMPARE(read->rows.size(), std::size_t{5000});
    for (std::size_t i = 0; i < read->rows.size(); ++i) {
        QCOMPARE(read->rows[i].prompt, "question " + std::to_string(i));
        QCOMPARE(read->rows[i].answer, "answer " + std::to_string(i % 7));
        QCOMPARE(read->rows[i].line, static_cast<std::int64_t>(i) + 1);
    }
}

void TestParquet::aPreviewLooksAtTheFirstRows()
{
    const auto preview = previewDataset(fileOf(QStringLiteral("many.parquet")).toStdString(), 5);
    QVERIFY(preview.ok());
    QCOMPARE(preview->fields, (std::vector<std::string>{"question", "answer"}));
    QCOMPARE(preview->rows.size(), std::size_t{5});
    QCOMPARE(preview->totalRows, std::int64_t{5000});
    QCOMPARE(preview->guessedPrompt, std::string("question"));
    const QByteArray bytes = bytesOf(QStringLiteral("many.parquet"));
    const auto some = readRecords({bytes.constData(), static_cast<std::size_t>(bytes.size())}, "many", 3); // told by its bytes alone
    QVERIFY(some.ok());
    QCOMPARE(some->records.size(), std::size_t{3});
}

void TestParquet::bytesThatAreNoTextRejectTheirRow()
{
    const auto read = readDataset(fileOf(QStringLiteral("bytes.parquet")).toStdString(), {});
    QVERIFY2(read.ok(), read.ok() ? "" : read.error().message().c_str());
    QCOMPARE(read->rows.size(), std::size_t{1});
    QCOMPARE(read->rejected.size(), std::size_t{1});
    QCOMPARE(read->rejected[0].line, std::int64_t{2});
    QVERIFY2(read->rejected[0].reason.find("UTF-8") != std::string::npos, read->rejected[0].reason.c_str());
}

void TestParquet::aDamagedFileIsNamed_data()
{
    const QByteArray whole = bytesOf(QStringLiteral("columns-snappy.parquet"));
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("its beginning alone") << QByteArray("PAR1");
    QTest::newRow("cut in the middle") << whole.left(whole.size() / 2);
    QTest::newRow("cut before its last byte") << whole.left(whole.size() - 1);
    QTest::newRow("another file by that name") << QByteArray(R"({"question": "q", "answer": "a"})");
}

void TestParquet::aDamagedFileIsNamed()
{
    QFETCH(QByteArray, bytes);
    const auto read = recordsOf(bytes);
    QVERIFY(!read.ok());
    QCOMPARE(read.error().code, ErrorCode::Corrupt);
    QVERIFY2(read.error().message().find("rows.parquet") != std::string::npos, read.error().message().c_str());
}

void TestParquet::noBytesBringItDown()
{
    const QByteArray whole = bytesOf(QStringLiteral("columns-none.parquet"));
    QVERIFY(!whole.isEmpty());
    QRandomGenerator random(7);
    int refused = 0;
    for (int i = 0; i < 400; ++i) {
        QByteArray bytes = whole;
        for (int change = 0; change <= i % 4; ++change)
            bytes[static_cast<qsizetype>(random.bounded(bytes.size()))] = static_cast<char>(random.bounded(256));
        refused += recordsOf(bytes).ok() ? 0 : 1;
    }
    QVERIFY(refused > 0 && refused < 400);
}

#else // built without Apache Arrow: what it says

void TestParquet::everyKindOfColumnIsRead_data()
{
    QTest::addColumn<QString>("file");
    QTest::newRow("any") << QStringLiteral("columns-none.parquet");
}
void TestParquet::everyKindOfColumnIsRead()
{
    const auto read = readDataset(fileOf(QStringLiteral("columns-none.parquet")).toStdString(), {});
    QVERIFY(!read.ok());
    QCOMPARE(read.error().code, ErrorCode::Unsupported);
    QVERIFY2(read.error().message().find("read_parquet('columns-none.parquet').to_json('columns-none.jsonl'") != std::string::npos,
             read.error().message().c_str());
}
void TestParquet::rowGroupsFollowEachOther() { QSKIP("built without Apache Arrow"); }
void TestParquet::aPreviewLooksAtTheFirstRows() { QSKIP("built without Apache Arrow"); }
void TestParquet::bytesThatAreNoTextRejectTheirRow() { QSKIP("built without Apache Arrow"); }
void TestParquet::aDamagedFileIsNamed_data() { QTest::addColumn<int>("none"); QTest::newRow("none") << 0; }
void TestParquet::aDamagedFileIsNamed() { QSKIP("built without Apache Arrow"); }
void TestParquet::noBytesBringItDown() { QSKIP("built without Apache Arrow"); }

#endif

QTEST_APPLESS_MAIN(TestParquet)
#include "tst_parquet.moc"
