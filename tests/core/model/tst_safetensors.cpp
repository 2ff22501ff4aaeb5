#include "model/Safetensors.h"

#include <lethe/model/ModelInfo.h>
#include <lethe/model/TensorFacts.h>

#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <cmath>
#include <fstream>
#include <limits>

using namespace lethe;
namespace fs = std::filesystem;

namespace {

std::string headerBytes(std::uint64_t length)
{
    std::string bytes(8, '\0');
    for (int i = 0; i < 8; ++i)
        bytes[static_cast<std::size_t>(i)] = static_cast<char>(length >> (8 * i));
    return bytes;
}

/// A file with this header and so many bytes of data.
std::string fileOf(const std::string &header, std::size_t dataBytes)
{
    return headerBytes(header.size()) + header + std::string(dataBytes, '\1');
}

} // namespace

/// Truncated and hostile headers: each is refused with what is wrong, and none is trusted for an allocation.
class TestSafetensors : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;

    fs::path write(const std::string &name, const std::string &content) const
    {
        const fs::path file = fs::path(m_folder.path().toStdString()) / name;
        std::ofstream(file, std::ios::binary) << content;
        return file;
    }

private Q_SLOTS:
    void aSoundFileGivesItsTensors()
    {
        const auto file = SafetensorsFile::open(write("sound", fileOf(
            R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]},"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"empty":{"dtype":"F32","shape":[0],"data_offsets":[12,12]}} )", 12)));
        QVERIFY2(file.ok(), file.ok() ? "" : file.error().message().c_str());
        QCOMPARE(file->entries().size(), std::size_t{3});
        QCOMPARE(file->find("b")->shape, (std::vector<std::int64_t>{2, 1}));
        QCOMPARE(file->bytes(*file->find("a")).size(), std::size_t{4});
        QVERIFY(file->find("c") == nullptr);
        QCOMPARE(file->metadata().at("format"), std::string("pt"));
    }

    void aBrokenFileIsRefusedByWhatIsWrong_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QByteArray>("says");
        const auto row = [](const char *name, const std::string &content, const char *says) {
            QTest::newRow(name) << QByteArray(content.data(), static_cast<qsizetype>(content.size())) << QByteArray(says);
        };
        const auto one = [](const std::string &entry, std::size_t bytes = 8) { return fileOf("{\"t\":" + entry + "}", bytes); };
        row("nothing", "", "too short");
        row("seven bytes", std::string(7, '\0'), "too short");
        row("only a length", headerBytes(10), "ends early");
        row("length of all ones", headerBytes(~0ull) + "{}", "no safetensors file");
        row("length above the limit", headerBytes(100'000'001) + "{}", "no safetensors file");
        row("length one past the end", headerBytes(3) + "{}", "ends early");
        row("empty header", headerBytes(0), "does not begin with {");
        row("a pickle", "PK\3\4 archive/data.pkl and more of it", "no safetensors file");
        row("header is an array", fileOf("[]", 0), "does not begin with {");
        row("header cut in the middle", fileOf("{\"t\":{\"dtype\":\"F32\"", 0), "not valid JSON");
        row("header with rubbish behind", fileOf("{} x", 0), "not valid JSON");
        row("header is no UTF-8", fileOf("{\"\xff\xfe\":1}", 0), "not valid JSON");
        row("a tensor twice", fileOf(R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4), "twice");
        row("dtype twice", one(R"({"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,8]})"), "twice");
        row("entry is a number", one("7"), "no object");
        row("no dtype", one(R"({"shape":[2],"data_offsets":[0,8]})"), "needs dtype");
        row("no shape", one(R"({"dtype":"F32","data_offsets":[0,8]})"), "needs dtype");
        row("no offsets", one(R"({"dtype":"F32","shape":[2]})"), "needs dtype");
        row("unknown dtype", one(R"({"dtype":"F31","shape":[2],"data_offsets":[0,8]})"), "\"F31\" is not known");
        row("dtype is a number", one(R"({"dtype":4,"shape":[2],"data_offsets":[0,8]})"), "needs dtype");
        row("shape is a string", one(R"({"dtype":"F32","shape":"2","data_offsets":[0,8]})"), "needs dtype");
        row("negative extent", one(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"), "not possible");
        row("fractional extent", one(R"({"dtype":"F32","shape":[2.5],"data_offsets":[0,8]})"), "not possible");
        row("extent that overflows", one(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]})"), "not possible");
        row("extent beyond 64 bits", one(R"({"dtype":"F32","shape":[99999999999999999999999],"data_offsets":[0,8]})"), "not possible");
        row("too many dimensions", one(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]})"), "17 dimensions");
        row("three offsets", one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4,8]})"), "needs dtype");
        row("negative offset", one(R"({"dtype":"F32","shape":[2],"data_offsets":[-8,0]})"), "not whole numbers");
        row("offsets the wrong way round", one(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"), "do not hold");
        row("offsets too narrow for the shape", one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})"), "do not hold");
        row("offsets past the end", one(R"({"dtype":"F32","shape":[4],"data_offsets":[0,16]})"), "ends early");
        row("offsets near the top of 64 bits", one(R"({"dtype":"F32","shape":[2],"data_offsets":[18446744073709551600,18446744073709551608]})"), "ends early");
        row("overlapping tensors", fileOf(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12), "overlaps");
        row("the same bytes for two", fileOf(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8), "overlaps");
        row("a hole", fileOf(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})", 12), "belong to no tensor");
        row("bytes behind the last tensor", one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 9), "behind its last tensor");
        row("metadata is a list", fileOf(R"({"__metadata__":[]})", 0), "__metadata__ is no object");
        row("metadata with a number", fileOf(R"({"__metadata__":{"a":1}})", 0), "no string");
        row("deeply nested", fileOf("{\"t\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}", 0), "nested deeper than 32 levels");
        // what is wrong would be shown in the error, by a walk through all of it
        row("a shape of deep lists", one(R"({"dtype":"F32","data_offsets":[0,8],"shape":[)" + std::string(200'000, '[') + std::string(200'000, ']') + "]}"),
            "nested deeper than 32 levels");
    }
    void aBrokenFileIsRefusedByWhatIsWrong()
    {
        QFETCH(QByteArray, content);
        QFETCH(QByteArray, says);
        const auto file = SafetensorsFile::open(write("broken.safetensors", content.toStdString()));
        QVERIFY(!file.ok());
        QCOMPARE(file.error().code, ErrorCode::Corrupt);
        QCOMPARE(file.error().where, std::string("broken.safetensors"));
        QVERIFY2(QByteArray::fromStdString(file.error().what).contains(says), file.error().what.c_str());
    }

    void everyTruncationOfASoundFileIsRefused()
    {
        const std::string sound = fileOf(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8);
        for (std::size_t length = 0; length < sound.size(); ++length)
            QVERIFY(!SafetensorsFile::open(write("cut.safetensors", sound.substr(0, length))).ok());
    }

    void whatIsNotThereOrNoFileIsSaid()
    {
        QCOMPARE(SafetensorsFile::open("/nowhere/at/all.safetensors").error().code, ErrorCode::NotFound);
        QCOMPARE(SafetensorsFile::open(m_folder.path().toStdString()).error().code, ErrorCode::Io);
    }

    void anIndexMayNotLeaveItsFolderNorPromiseWhatIsNotThere_data()
    {
        QTest::addColumn<QByteArray>("index");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("a path upwards") << QByteArray(R"({"weight_map":{"t":"../secret.safetensors"}})") << QByteArray("not in the model's folder");
        QTest::newRow("an absolute path") << QByteArray(R"({"weight_map":{"t":"/etc/passwd"}})") << QByteArray("not in the model's folder");
        QTest::newRow("no map") << QByteArray(R"({"metadata":{}})") << QByteArray("no weight_map");
        QTest::newRow("a number for a file") << QByteArray(R"({"weight_map":{"t":3}})") << QByteArray("no string");
        QTest::newRow("another tensor") << QByteArray(R"({"weight_map":{"u":"s.safetensors"}})") << QByteArray("does not hold it");
        QTest::newRow("broken") << QByteArray("{\"weight_map\":") << QByteArray("not valid JSON");
    }
    void anIndexMayNotLeaveItsFolderNorPromiseWhatIsNotThere()
    {
        QFETCH(QByteArray, index);
        QFETCH(QByteArray, says);
        write("s.safetensors", fileOf(R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8));
        write("model.safetensors.index.json", index.toStdString());
        const auto files = WeightFiles::open(m_folder.path().toStdString());
        QVERIFY(!files.ok());
        QVERIFY2(QByteArray::fromStdString(files.error().what).contains(says), files.error().what.c_str());
    }

    void aTensorsFactsAreThoseOfItsFiniteValues()
    {
        const std::string header = R"({"w":{"dtype":"F32","shape":[6],"data_offsets":[0,24]},"same":{"dtype":"F32","shape":[2],"data_offsets":[24,32]},)"
                                   R"("none":{"dtype":"F32","shape":[0],"data_offsets":[32,32]},"ids":{"dtype":"I32","shape":[1],"data_offsets":[32,36]}})";
        const float values[] = {0, 1, 2, 5, std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity(), 3, 3, 0};
        const std::string data(reinterpret_cast<const char *>(values), sizeof values);
        write("facts.safetensors", headerBytes(header.size()) + header + data);
        const fs::path folder = m_folder.path().toStdString();
        const auto facts = readTensorFacts(folder, "facts.safetensors", "w", 5);
        QVERIFY2(facts.ok(), facts.ok() ? "" : facts.error().message().c_str());
        QCOMPARE(facts->count, std::int64_t{6});
        QCOMPARE(facts->notFinite, std::int64_t{2});
        QCOMPARE(facts->norm, std::sqrt(30.0));
        QCOMPARE(facts->mean, 2.0);
        QCOMPARE(facts->deviation, std::sqrt(3.5));
        QCOMPARE(facts->least, 0.0);
        QCOMPARE(facts->greatest, 5.0);
        QCOMPARE(facts->histogram, (std::vector<std::int64_t>{1, 1, 1, 0, 1}));
        const auto same = readTensorFacts(folder, "facts.safetensors", "same", 3);
        QVERIFY(same.ok());
        QCOMPARE(same->deviation, 0.0);
        QCOMPARE(same->histogram, (std::vector<std::int64_t>{2, 0, 0}));
        const auto none = readTensorFacts(folder, "facts.safetensors", "none", 3);
        QVERIFY(none.ok() && none->count == 0 && none->histogram.empty());
        QCOMPARE(readTensorFacts(folder, "facts.safetensors", "ids").error().code, ErrorCode::Unsupported);
        QCOMPARE(readTensorFacts(folder, "facts.safetensors", "x").error().code, ErrorCode::NotFound);
        QCOMPARE(readTensorFacts(folder, "no.safetensors", "w").error().code, ErrorCode::NotFound);
    }

    void aPickleIsRefusedWithTheWayOut()
    {
        const QTemporaryDir folder;
        std::ofstream(fs::path(folder.path().toStdString()) / "pytorch_model.bin") << "pickle";
        const auto files = WeightFiles::open(folder.path().toStdString());
        QVERIFY(!files.ok());
        QCOMPARE(files.error().code, ErrorCode::Unsupported);
        QVERIFY(files.error().hint.find("save_pretrained") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestSafetensors)
#include "tst_safetensors.moc"
