#include "CliProcess.h"

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtTest/QtTest>

#include <nlohmann/json.hpp>

using namespace lethe::test;
using Json = nlohmann::json; // Qt's reader drops a byte order mark at the start of a string

namespace {

std::vector<Json> jsonLines(const QByteArray &text)
{
    std::vector<Json> rows;
    for (const QByteArray &line : text.split('\n'))
        if (!line.isEmpty())
            rows.push_back(Json::parse(line.begin(), line.end(), nullptr, false));
    return rows;
}

std::vector<Json> fixtureLines(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? jsonLines(file.readAll()) : std::vector<Json>();
}

Json document(const CliResult &result)
{
    return Json::parse(result.out.begin(), result.out.end(), nullptr, false);
}

QByteArray bytes(const Json &text)
{
    return QByteArray::fromStdString(text.get<std::string>());
}

void write(const QString &path, const QByteArray &content)
{
    QFile file(path);
    QVERIFY2(file.open(QIODevice::WriteOnly), qPrintable(path));
    file.write(content);
}

} // namespace

class TestCliTokenize : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void linesGiveTheFixturesIdsAndTexts_data();
    void linesGiveTheFixturesIdsAndTexts();
    void aTextFileIsTakenByteForByte();
    void aLineEndsAtLineFeedAlone();
    void chatsAreRenderedAndEncoded_data();
    void chatsAreRenderedAndEncoded();

private:
    CliResult cli(const QStringList &arguments) { return runCli(m_home.path(), arguments); }
    QString path(const char *name) const { return m_home.filePath(QLatin1String(name)); }
    QTemporaryDir m_home;
};

void TestCliTokenize::linesGiveTheFixturesIdsAndTexts_data()
{
    QTest::addColumn<QString>("folder");
    const QDir folder(fixtures() + QStringLiteral("/tokenizers"));
    const QStringList names = folder.entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    QVERIFY2(!names.isEmpty(), "no tokenizers in LETHE_FIXTURES");
    for (const QString &name : names)
        QTest::newRow(qPrintable(name)) << folder.filePath(name);
}

void TestCliTokenize::linesGiveTheFixturesIdsAndTexts()
{
    QFETCH(QString, folder);
    std::vector<Json> cases;
    QByteArray texts, ids;
    for (const Json &row : fixtureLines(folder + QStringLiteral("/cases.jsonl"))) {
        if (bytes(row["text"]).contains('\n'))
            continue;
        cases.push_back(row);
        texts += bytes(row["text"]) + '\n';
        ids += QByteArray::fromStdString(row["ids"].dump()) + '\n';
    }
    QVERIFY(cases.size() > 50);
    write(path("texts"), texts);
    write(path("ids"), ids);
    const CliResult special = cli({QStringLiteral("tokenize"), folder, QStringLiteral("--text-file"), path("texts"), QStringLiteral("--lines")});
    const CliResult plain = cli({QStringLiteral("tokenize"), folder, QStringLiteral("--text-file"), path("texts"), QStringLiteral("--lines"), QStringLiteral("--no-special")});
    const CliResult decoded = cli({QStringLiteral("detokenize"), folder, QStringLiteral("--ids-file"), path("ids"), QStringLiteral("--lines")});
    const CliResult kept = cli({QStringLiteral("detokenize"), folder, QStringLiteral("--ids-file"), path("ids"), QStringLiteral("--lines"), QStringLiteral("--keep-special")});
    QVERIFY2(special.exitCode == 0, qPrintable(special.err));
    const std::vector<Json> a = jsonLines(special.out), b = jsonLines(plain.out), c = jsonLines(decoded.out), d = jsonLines(kept.out);
    for (const std::vector<Json> &list : {a, b, c, d})
        QCOMPARE(list.size(), cases.size());
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const QByteArray text = bytes(cases[i]["text"]);
        QVERIFY2(a[i]["ids"] == cases[i]["ids"], text.constData());
        QCOMPARE(a[i]["tokens"].size(), a[i]["ids"].size());
        QVERIFY2(b[i]["ids"] == cases[i]["ids_no_special"], text.constData());
        QVERIFY2(c[i]["text"] == cases[i]["decoded"], text.constData());
        QVERIFY2(d[i]["text"] == cases[i]["decoded_keep_special"], text.constData());
    }
}

void TestCliTokenize::aTextFileIsTakenByteForByte()
{
    const QString folder = fixtures() + QStringLiteral("/tokenizers/llama3");
    int compared = 0;
    for (const Json &row : fixtureLines(folder + QStringLiteral("/cases.jsonl"))) {
        const QByteArray text = bytes(row["text"]);
        if (!text.endsWith('\n') && !text.contains('\r'))
            continue;
        write(path("text"), text);
        const CliResult result = cli({QStringLiteral("tokenize"), folder, QStringLiteral("--text-file"), path("text")});
        QVERIFY2(result.exitCode == 0, qPrintable(result.err));
        QVERIFY2(document(result)["ids"] == row["ids"], text.constData());
        if (++compared == 6)
            break;
    }
    QVERIFY(compared > 0);
}

void TestCliTokenize::aLineEndsAtLineFeedAlone()
{
    const QString folder = fixtures() + QStringLiteral("/tokenizers/gpt2");
    write(path("lines"), "a\r\n\nb\fc\xC2\x85\xE2\x80\xA8" "d");
    const CliResult result = cli({QStringLiteral("tokenize"), folder, QStringLiteral("--text-file"), path("lines"), QStringLiteral("--lines")});
    const std::vector<Json> lines = jsonLines(result.out);
    QCOMPARE(lines.size(), std::size_t{3});
    QVERIFY(lines[1]["ids"].empty());
    write(path("first"), "a\r");
    const CliResult first = cli({QStringLiteral("tokenize"), folder, QStringLiteral("--text-file"), path("first")});
    QVERIFY(lines[0]["ids"] == document(first)["ids"]);
}

void TestCliTokenize::chatsAreRenderedAndEncoded_data()
{
    QTest::addColumn<QString>("folder");
    const QDir folder(fixtures() + QStringLiteral("/chat"));
    const QStringList names = folder.entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    QVERIFY2(!names.isEmpty(), "no chats in LETHE_FIXTURES");
    for (const QString &name : names)
        QTest::newRow(qPrintable(name)) << folder.filePath(name);
}

void TestCliTokenize::chatsAreRenderedAndEncoded()
{
    QFETCH(QString, folder);
    const std::vector<Json> cases = fixtureLines(folder + QStringLiteral("/chat.jsonl"));
    QVERIFY(!cases.empty());
    // every kind of case, not every case: each costs a process
    for (std::size_t i = 0; i < cases.size(); i += std::max<std::size_t>(1, cases.size() / 6)) {
        const Json &row = cases[i];
        write(path("messages"), QByteArray::fromStdString(row["messages"].dump()));
        QStringList arguments{QStringLiteral("tokenize"), folder, QStringLiteral("--messages-file"), path("messages")};
        if (row["add_generation_prompt"].get<bool>())
            arguments << QStringLiteral("--add-generation-prompt");
        const CliResult result = cli(arguments);
        if (row.contains("error")) {
            QCOMPARE(result.exitCode, 1);
            QVERIFY2(result.err.toUtf8().contains(bytes(row["error"])), qPrintable(result.err));
            continue;
        }
        QVERIFY2(result.exitCode == 0, qPrintable(result.err));
        QVERIFY(document(result)["text"] == row["text"]);
        QVERIFY(document(result)["ids"] == row["ids"]);
    }
}

QTEST_GUILESS_MAIN(TestCliTokenize)
#include "tst_cli_tokenize.moc"
