#include "model/SafetensorsWriter.h"

#include <lethe/base/Paths.h>

#include <nlohmann/json.hpp>

#include <QtCore/QDir>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <sys/resource.h>

#include <csignal>
#include <cstring>

using namespace lethe;

namespace {

struct ReadBack {
    nlohmann::json header;
    std::string data;
    std::uint64_t headerBytes = 0;
};

ReadBack readBack(const std::filesystem::path &file)
{
    const auto content = readFile(file);
    ReadBack read;
    if (!content.ok() || content->size() < 8)
        return read;
    std::memcpy(&read.headerBytes, content->data(), 8);
    read.header = nlohmann::json::parse(content->substr(8, read.headerBytes));
    read.data = content->substr(8 + read.headerBytes);
    return read;
}

/// Lets no file of this process grow beyond a size, until the end of the scope: a disk that is full, without a disk.
struct FileSizeLimit {
    rlimit before{};
    explicit FileSizeLimit(rlim_t bytes)
    {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before);
        const rlimit limit{.rlim_cur = bytes, .rlim_max = before.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before); }
};

} // namespace

class TestSafetensorsWriter : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    std::filesystem::path path(const char *name) const { return std::filesystem::path(m_folder.path().toStdString()) / name; }
    QStringList entries() const { return QDir(m_folder.path()).entryList(QDir::Files | QDir::Hidden, QDir::Name); }

private Q_SLOTS:
    void init()
    {
        for (const QString &name : entries())
            QFile::remove(m_folder.filePath(name));
    }

    void fileHoldsWhatWasDeclaredAndAppended()
    {
        const std::vector<float> wide{1.5f, -2.0f, 0.0f, 3.25f, 1e-30f, 7.0f};
        const std::vector<std::uint16_t> narrow{0x3f80, 0xbf80, 0x7fc0};
        const std::int64_t scalar = -7;
        auto writer = SafetensorsWriter::create(path("a.safetensors"), {{"narrow", "BF16", {3}},
                                                                       {"wide", "F32", {2, 3}},
                                                                       {"scalar", "I64", {}},
                                                                       {"empty", "F32", {0, 4}}});
        QVERIFY2(writer.ok(), writer.ok() ? "" : writer.error().message().c_str());
        QStringList order;
        for (const SafetensorsEntry &entry : writer->tensors())
            order << QString::fromStdString(entry.name);
        QCOMPARE(order, (QStringList{"scalar", "empty", "wide", "narrow"}));

        QVERIFY(writer->append("scalar", &scalar, 8).ok());
        QVERIFY(writer->append("empty", nullptr, 0).ok());
        QVERIFY(writer->append("wide", wide.data(), 10).ok()); // in two pieces
        QVERIFY(writer->append("wide", reinterpret_cast<const char *>(wide.data()) + 10, 14).ok());
        QVERIFY(writer->append("narrow", narrow.data(), 6).ok());
        QVERIFY(!std::filesystem::exists(path("a.safetensors")));
        QVERIFY(writer->finish().ok());

        QCOMPARE(entries(), QStringList{"a.safetensors"});
        const ReadBack read = readBack(path("a.safetensors"));
        QCOMPARE(read.headerBytes % 8, std::uint64_t{0});
        QCOMPARE(writer->fileBytes(), 8 + read.headerBytes + read.data.size());
        QCOMPARE(read.header["__metadata__"]["format"].get<std::string>(), std::string("pt"));
        QCOMPARE(read.header["wide"]["dtype"].get<std::string>(), std::string("F32"));
        QCOMPARE(read.header["wide"]["shape"].get<std::vector<int>>(), (std::vector<int>{2, 3}));
        const auto at = [&](const char *name) { return read.header[name]["data_offsets"].get<std::vector<std::size_t>>(); };
        QCOMPARE(at("scalar"), (std::vector<std::size_t>{0, 8}));
        QCOMPARE(at("empty"), (std::vector<std::size_t>{8, 8}));
        QCOMPARE(at("wide"), (std::vector<std::size_t>{8, 32}));
        QCOMPARE(at("narrow"), (std::vector<std::size_t>{32, 38}));
        QCOMPARE(read.data.size(), std::size_t{38});
        QCOMPARE(std::memcmp(read.data.data(), &scalar, 8), 0);
        QCOMPARE(std::memcmp(read.data.data() + 8, wide.data(), 24), 0);
        QCOMPARE(std::memcmp(read.data.data() + 32, narrow.data(), 6), 0);
    }

    void tensorsLargerThanTheBufferKeepTheirBytes()
    {
        std::string large(3u << 20, '\0');
        for (std::size_t i = 0; i < large.size(); ++i)
            large[i] = static_cast<char>(i * 31 + (i >> 9));
        auto writer = SafetensorsWriter::create(path("large.safetensors"), {{"a", "U8", {5}},
                                                                           {"b", "U8", {static_cast<std::int64_t>(large.size())}},
                                                                           {"c", "U8", {5}}});
        QVERIFY(writer.ok());
        QVERIFY(writer->append("a", "first", 5).ok());
        QVERIFY(writer->append("b", large.data(), large.size()).ok());
        QVERIFY(writer->append("c", "third", 5).ok());
        QVERIFY(writer->finish().ok());
        QCOMPARE(readBack(path("large.safetensors")).data, "first" + large + "third");
    }

    void fileWithNoTensorsIsWhole()
    {
        auto writer = SafetensorsWriter::create(path("none.safetensors"), {}, {});
        QVERIFY(writer.ok());
        QVERIFY(writer->finish().ok());
        QCOMPARE(readBack(path("none.safetensors")).header, nlohmann::json::object());
    }

    void badDeclarationsAreRefused_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("dtype");
        QTest::addColumn<qint64>("dimension");
        QTest::addColumn<QString>("message");
        QTest::newRow("reserved name") << "__metadata__" << "F32" << qint64{1} << "keeps for itself";
        QTest::newRow("twice") << "other" << "F32" << qint64{1} << "declared twice";
        QTest::newRow("unknown dtype") << "x" << "FLOAT" << qint64{1} << "`FLOAT` is no dtype";
        QTest::newRow("negative") << "x" << "F32" << qint64{-1} << "negative dimension";
        QTest::newRow("overflow") << "x" << "F32" << std::numeric_limits<qint64>::max() << "too large";
    }

    void badDeclarationsAreRefused()
    {
        QFETCH(QString, name);
        QFETCH(QString, dtype);
        QFETCH(qint64, dimension);
        QFETCH(QString, message);
        const auto writer = SafetensorsWriter::create(
            path("bad.safetensors"), {{"other", "F32", {1}}, {name.toStdString(), dtype.toStdString(), {dimension}}});
        QVERIFY(!writer.ok());
        QCOMPARE(writer.error().code, ErrorCode::InvalidInput);
        QVERIFY2(writer.error().message().find(message.toStdString()) != std::string::npos, writer.error().message().c_str());
        QVERIFY(entries().isEmpty());
    }

    void nameThatIsNotUtf8IsRefused()
    {
        const auto writer = SafetensorsWriter::create(path("bad.safetensors"), {{"\xff\xfe", "F32", {1}}});
        QVERIFY(!writer.ok());
        QCOMPARE(writer.error().code, ErrorCode::InvalidInput);
        QVERIFY(entries().isEmpty());
    }

    void bytesOutOfTurnAreRefusedAndNothingStays()
    {
        {
            auto writer = SafetensorsWriter::create(path("turn.safetensors"), {{"a", "U8", {2}}, {"b", "U8", {2}}});
            QVERIFY(writer.ok());
            QCOMPARE(writer->append("b", "xx", 2).error().code, ErrorCode::Internal);
            QCOMPARE(writer->append("a", "xxx", 3).error().code, ErrorCode::Internal);
            QVERIFY(writer->append("a", "xx", 2).ok());
            QCOMPARE(writer->finish().error().code, ErrorCode::Internal); // b is missing
        }
        QVERIFY(entries().isEmpty());
    }

    void existingFileStaysUntilTheNewOneIsWhole()
    {
        QVERIFY(writeFile(path("model.safetensors"), "before").ok());
        {
            auto writer = SafetensorsWriter::create(path("model.safetensors"), {{"a", "U8", {2}}});
            QVERIFY(writer.ok());
            QVERIFY(writer->append("a", "x", 1).ok());
        }
        QCOMPARE(*readFile(path("model.safetensors")), std::string("before"));
        QCOMPARE(entries(), QStringList{"model.safetensors"});
    }

    void fullDiskIsNamedAndLeavesNothing()
    {
        const std::string bytes(2u << 20, 'x');
        {
            const FileSizeLimit limit(1u << 20);
            auto writer = SafetensorsWriter::create(path("full.safetensors"),
                                                    {{"a", "U8", {static_cast<std::int64_t>(bytes.size())}}});
            QVERIFY(writer.ok());
            auto written = writer->append("a", bytes.data(), bytes.size());
            if (written.ok())
                written = writer->finish();
            QVERIFY(!written.ok());
            QCOMPARE(written.error().code, ErrorCode::DiskFull);
            QCOMPARE(written.error().where, path("full.safetensors").string());
        }
        QVERIFY(entries().isEmpty());
    }

    void folderThatCannotHoldTheFileIsNamed()
    {
        QVERIFY(writeFile(path("plain"), "a file, no folder").ok());
        const auto writer = SafetensorsWriter::create(path("plain") / "model.safetensors", {{"a", "U8", {1}}});
        QVERIFY(!writer.ok());
        QCOMPARE(writer.error().code, ErrorCode::Io);
        QVERIFY(writer.error().message().find("plain/model.safetensors") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestSafetensorsWriter)
#include "tst_safetensors_writer.moc"
