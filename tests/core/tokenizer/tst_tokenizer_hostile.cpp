#include "support/Fixtures.h"

#include <lethe/tokenizer/ChatTemplate.h>
#include <lethe/tokenizer/Tokenizer.h>

#include <nlohmann/json.hpp>

#include <QtCore/QElapsedTimer>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <fstream>

using namespace lethe;
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr const char *kHello = "Hello wörld 日本 \xF0\x9F\x98\x80 <|x|>";

std::string bytesOf(const fs::path &file)
{
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::vector<TokenId>> idListsOf(const fs::path &folder)
{
    std::vector<std::vector<TokenId>> lists;
    for (const char *name : {"decode.jsonl", "cases.jsonl"}) {
        std::ifstream in(folder / name);
        for (std::string line; std::getline(in, line);)
            lists.push_back(json::parse(line)["ids"].get<std::vector<TokenId>>());
    }
    return lists;
}

bool isWhole(const std::string &text)
{
    const QByteArray bytes = "x" + QByteArray::fromStdString(text); // Qt takes a mark of order off the front
    return QString::fromUtf8(bytes).toUtf8() == bytes;
}

/// A small BPE file, to be spoilt.
json smallBpe()
{
    return json::parse(R"({"version": "1.0", "added_tokens": [{"id": 4, "content": "<|x|>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
        "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}, "post_processor": null,
        "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "unk_token": null, "vocab": {"a": 0, "b": 1, "ab": 2, "abab": 3}, "merges": [["a", "b"], ["ab", "ab"]]}})");
}

} // namespace

/// What a file from anywhere may hold: every one ends in a tokenizer or in a refusal that names the place, soon.
class TestTokenizerHostile : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void everySpoiltFileIsRefusedByName_data();
    void everySpoiltFileIsRefusedByName();
    void everyStrangeFileStillWorks_data();
    void everyStrangeFileStillWorks();
    void everyCutFileIsRefused_data();
    void everyCutFileIsRefused();
    void nestingWithoutEndIsRefused();
    void damagedBytesEndInAnAnswer();
    void streamsGiveWholeCharacters_data();
    void streamsGiveWholeCharacters();
    void streamsOfAnyIdsGiveWholeCharacters_data() { streamsGiveWholeCharacters_data(); }
    void streamsOfAnyIdsGiveWholeCharacters();
    void spoiltTemplatesEndInAnAnswer();
    void aTemplateHoldsNoMoreThanItsWorkAllows();
    void joinersArePartsOfWords();
    void charactersAreWhatTheLibrarysTablesSay_data();
    void charactersAreWhatTheLibrarysTablesSay();
    void wordsEndWhereTheLibrarysTablesSay();

private:
    Result<Tokenizer> load(const std::string &text)
    {
        std::ofstream(m_folder->filePath(QStringLiteral("tokenizer.json")).toStdString(), std::ios::binary) << text;
        return Tokenizer::load(m_folder->path().toStdString());
    }
    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestTokenizerHostile::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
}

void TestTokenizerHostile::everySpoiltFileIsRefusedByName_data()
{
    QTest::addColumn<QString>("pointer");
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("says");
    const auto row = [](const char *name, const char *pointer, const char *value, const char *says) { QTest::newRow(name) << pointer << value << says; };
    row("an unknown key", "/surprise", "1", "surprise");
    row("no model", "/model", "null", "model");
    row("a model that is a list", "/model", "[]", "model");
    row("an unknown model", "/model/type", R"("Transducer")", R"("Transducer" is not supported)");
    row("an unknown normalizer", "/normalizer", R"({"type": "Nmt2"})", R"("Nmt2" is not supported)");
    row("an unknown normalizer in a sequence", "/normalizer", R"({"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Odd"}]})", R"("Odd" is not supported)");
    row("an unknown pre-tokenizer", "/pre_tokenizer", R"({"type": "Cutter"})", R"("Cutter" is not supported)");
    row("an unknown decoder", "/decoder", R"({"type": "Un"})", R"("Un" is not supported)");
    row("an unknown post-processor", "/post_processor", R"({"type": "After"})", R"("After" is not supported)");
    row("an expression that is none", "/pre_tokenizer", R"({"type": "Split", "pattern": {"Regex": "(a"}, "behavior": "Isolated", "invert": false})", "pre_tokenizer.pattern");
    row("an expression that calls code", "/pre_tokenizer", R"({"type": "Split", "pattern": {"Regex": "(?C1)a"}, "behavior": "Isolated", "invert": false})", "pre_tokenizer.pattern");
    row("a negative id", "/model/vocab/a", "-1", "model.vocab");
    row("an id that is no number", "/model/vocab/a", R"("0")", "model.vocab");
    row("an id beyond 31 bits", "/model/vocab/a", "99999999999", "model.vocab");
    row("a fraction of an id", "/model/vocab/a", "0.5", "model.vocab");
    row("a merge of one", "/model/merges", R"([["a"]])", "model.merges");
    row("a merge of nothing known", "/model/merges", R"([["a", "q"]])", "model.merges");
    row("a merge whose whole is unknown", "/model/merges", R"([["b", "a"]])", "model.merges");
    row("merges that are a number", "/model/merges", "7", "model.merges");
    row("an added token with a negative id", "/added_tokens/0/id", "-4", "added_tokens");
    row("an added token with a huge id", "/added_tokens/0/id", "9007199254740993", "added_tokens");
    row("an added token without content", "/added_tokens/0/content", "null", "added_tokens");
    row("random merges", "/model/dropout", "0.5", "dropout");
    row("a compiled map that is none", "/normalizer", R"({"type": "Precompiled", "precompiled_charsmap": "AAAA"})", "normalizer");
    row("a compiled map that is no base64", "/normalizer", R"({"type": "Precompiled", "precompiled_charsmap": "!!"})", "normalizer");
}

void TestTokenizerHostile::everySpoiltFileIsRefusedByName()
{
    QFETCH(QString, pointer);
    QFETCH(QString, value);
    QFETCH(QString, says);
    json document = smallBpe();
    document[json::json_pointer(pointer.toStdString())] = json::parse(value.toStdString());
    const auto tokenizer = load(document.dump());
    QVERIFY2(!tokenizer.ok(), "was taken");
    const QString message = QString::fromStdString(tokenizer.error().message());
    QVERIFY2(message.contains(says), qPrintable(message));
    QVERIFY2(message.contains(QStringLiteral("tokenizer.json")), qPrintable(message));
}

void TestTokenizerHostile::everyStrangeFileStillWorks_data()
{
    QTest::addColumn<QString>("pointer");
    QTest::addColumn<QString>("value");
    // Merges that make one another: each join makes a word shorter, so there is an end.
    QTest::newRow("merges in a circle") << "/model/merges" << R"([["ab", "ab"], ["a", "b"], ["a", "b"], ["ab", "ab"]])";
    QTest::newRow("an id far out") << "/model/vocab/far" << "2147483646";
    QTest::newRow("two tokens of one id") << "/model/vocab/c" << "0";
    QTest::newRow("an expression without end") << "/pre_tokenizer" << R"({"type": "Split", "pattern": {"Regex": "(a|aa)+$"}, "behavior": "Isolated", "invert": false})";
    QTest::newRow("an expression of nothing") << "/pre_tokenizer" << R"({"type": "Split", "pattern": {"Regex": ""}, "behavior": "Isolated", "invert": false})";
    QTest::newRow("no merges") << "/model/merges" << "[]";
}

void TestTokenizerHostile::everyStrangeFileStillWorks()
{
    QFETCH(QString, pointer);
    QFETCH(QString, value);
    json document = smallBpe();
    document[json::json_pointer(pointer.toStdString())] = json::parse(value.toStdString());
    const auto tokenizer = load(document.dump());
    if (!tokenizer.ok()) { // or a refusal in words
        QVERIFY2(QString::fromStdString(tokenizer.error().message()).contains(QStringLiteral("tokenizer.json")), tokenizer.error().message().c_str());
        return;
    }
    QElapsedTimer clock;
    clock.start();
    std::string text;
    for (int i = 0; i < 2000; ++i)
        text += "ab";
    tokenizer->decode(tokenizer->encode(text + "!"));
    tokenizer->decode(tokenizer->encode(kHello));
    tokenizer->decode({-1, 2147483647, 0, 3, 4});
    QVERIFY2(clock.elapsed() < 10000, qPrintable(QString::number(clock.elapsed())));
}

void TestTokenizerHostile::everyCutFileIsRefused_data()
{
    QTest::addColumn<QString>("folder");
    for (const fs::path &folder : test::fixtureFolders("tokenizers"))
        if (fs::exists(folder / "tokenizer.json"))
            QTest::newRow(folder.filename().c_str()) << QString::fromStdString(folder.string());
}

void TestTokenizerHostile::everyCutFileIsRefused()
{
    QFETCH(QString, folder);
    const std::string whole = bytesOf(fs::path(folder.toStdString()) / "tokenizer.json");
    QVERIFY(whole.size() > 100);
    for (int part = 0; part < 5; ++part) {
        const auto tokenizer = load(whole.substr(0, whole.size() * static_cast<std::size_t>(part) / 5));
        QVERIFY(!tokenizer.ok());
        QCOMPARE(tokenizer.error().code, ErrorCode::Corrupt);
    }
}

void TestTokenizerHostile::nestingWithoutEndIsRefused()
{
    const auto refused = [&](const std::string &text) {
        const auto tokenizer = load(text);
        return !tokenizer.ok() && tokenizer.error().code == ErrorCode::Corrupt;
    };
    QVERIFY(refused(std::string(1'000'000, '[')));
    std::string deep = "{\"model\":";
    for (int i = 0; i < 200'000; ++i)
        deep += "{\"a\":";
    QVERIFY(refused(deep));
    // Sequences within sequences, as deep as the file may be.
    json step = {{"type", "NFC"}};
    for (int i = 0; i < 40; ++i)
        step = {{"type", "Sequence"}, {"normalizers", json::array({step})}};
    json document = smallBpe();
    document["normalizer"] = step;
    if (const auto tokenizer = load(document.dump()); tokenizer.ok())
        tokenizer->encode(kHello);
}

void TestTokenizerHostile::damagedBytesEndInAnAnswer()
{
    std::uint32_t state = 3;
    const auto next = [&state] { return (state = state * 1664525u + 1013904223u) >> 8; };
    for (const fs::path &folder : test::fixtureFolders("tokenizers")) {
        const std::string whole = bytesOf(folder / "tokenizer.json");
        if (whole.empty())
            continue;
        for (int round = 0; round < 3; ++round) {
            std::string damaged = whole;
            for (int i = 0; i < 6; ++i)
                damaged[next() % damaged.size()] = static_cast<char>(round % 2 == 0 ? next() % 256 : "0123456789\"{}[],:-"[next() % 18]);
            if (const auto tokenizer = load(damaged); tokenizer.ok())
                tokenizer->decode(tokenizer->encode(kHello));
        }
    }
}

void TestTokenizerHostile::streamsGiveWholeCharacters_data()
{
    QTest::addColumn<QString>("folder");
    for (const fs::path &folder : test::fixtureFolders("tokenizers"))
        if (fs::exists(folder / "decode.jsonl"))
            QTest::newRow(folder.filename().c_str()) << QString::fromStdString(folder.string());
}

void TestTokenizerHostile::streamsGiveWholeCharacters()
{
    QFETCH(QString, folder);
    const auto tokenizer = Tokenizer::load(folder.toStdString());
    QVERIFY(tokenizer.ok());
    const auto lists = idListsOf(folder.toStdString());
    QVERIFY(lists.size() >= 400);
    for (const std::vector<TokenId> &ids : lists) {
        StreamDecoder stream(*tokenizer, false);
        for (const TokenId id : ids) {
            const std::string piece = stream.push(id);
            QVERIFY2(isWhole(piece), QByteArray::fromStdString(piece).toHex().constData());
        }
        QVERIFY(isWhole(stream.finish()));
    }
}

void TestTokenizerHostile::streamsOfAnyIdsGiveWholeCharacters()
{
    QFETCH(QString, folder);
    const auto tokenizer = Tokenizer::load(folder.toStdString());
    QVERIFY(tokenizer.ok());
    std::uint32_t state = 11;
    const auto size = static_cast<std::uint32_t>(tokenizer->vocabularySize());
    for (int round = 0; round < 60; ++round) {
        std::vector<TokenId> ids;
        for (int i = 0; i < 40; ++i) {
            state = state * 1664525u + 1013904223u;
            ids.push_back(static_cast<TokenId>((state >> 8) % (size + 3))); // some that nobody has
        }
        StreamDecoder stream(*tokenizer, true);
        std::string text;
        for (const TokenId id : ids) {
            const std::string piece = stream.push(id);
            QVERIFY2(isWhole(piece), QByteArray::fromStdString(piece).toHex().constData());
            text += piece;
        }
        text += stream.finish();
        QVERIFY2(text == tokenizer->decode(ids, true), (json(ids).dump() + ": \"" + text + "\", not \"" + tokenizer->decode(ids, true) + "\"").c_str());
    }
}

void TestTokenizerHostile::spoiltTemplatesEndInAnAnswer()
{
    std::vector<std::string> sources;
    for (const auto &entry : fs::recursive_directory_iterator(test::fixtures() / "chat"))
        if (entry.path().filename() == "tokenizer_config.json") {
            const json config = test::readJson(entry.path());
            if (config.contains("chat_template") && config["chat_template"].is_string())
                sources.push_back(config["chat_template"]);
        } else if (entry.path().extension() == ".jinja") {
            sources.push_back(bytesOf(entry.path()));
        }
    sources.emplace_back("{% for m in messages %}{% if m.role == 'user' %}{{ m['content'] | trim }}{% else %}{{ raise_exception('no') }}{% endif %}{% endfor %}");
    const std::vector<ChatMessage> messages{{.role = "user", .content = "Hello"}, {.role = "assistant", .content = "wörld"}};
    std::uint32_t state = 5;
    const auto next = [&state] { return (state = state * 1664525u + 1013904223u) >> 8; };
    QElapsedTimer clock;
    clock.start();
    for (const std::string &source : sources) {
        for (int round = 0; round < 60; ++round) {
            std::string damaged = source;
            if (round < 20) {
                damaged.resize(damaged.size() * static_cast<std::size_t>(round) / 20);
            } else {
                for (int i = 0; i < 4; ++i)
                    damaged[next() % damaged.size()] = "{}%|()[]'\"-+*. \n0a"[next() % 18];
            }
            if (const auto parsed = ChatTemplate::parse(damaged, "<s>", "</s>"); parsed.ok())
                static_cast<void>(parsed->render(messages, true));
        }
    }
    for (const char *open : {"{%if a%}", "{{(", "{{[", "{{a[", "{% for a in b %}", "{{ not "}) {
        std::string deep;
        for (int i = 0; i < 100'000; ++i)
            deep += open;
        QVERIFY2(!ChatTemplate::parse(deep, "", "").ok(), open);
    }
    QVERIFY2(clock.elapsed() < 60000, qPrintable(QString::number(clock.elapsed())));
}

void TestTokenizerHostile::aTemplateHoldsNoMoreThanItsWorkAllows()
{
    // Each join puts its words between all characters of what the one before it made (a fuzzer's find).
    std::string source = "{{ 'ab'";
    for (int i = 0; i < 4; ++i)
        source += " | join('" + std::string(60, '~') + "')";
    const auto parsed = ChatTemplate::parse(source + " | list | length }}", "", "");
    QVERIFY(parsed.ok());
    const auto text = parsed->render({}, false);
    QVERIFY(!text.ok());
    QVERIFY2(QString::fromStdString(text.error().message()).contains(QStringLiteral("steps")), text.error().message().c_str());
}

void TestTokenizerHostile::joinersArePartsOfWords()
{
    json document = smallBpe();
    document["added_tokens"][0]["content"] = "ab";
    document["added_tokens"][0]["single_word"] = true;
    document["model"]["vocab"].erase("ab"); // found as an added token alone
    document["model"]["vocab"].erase("abab");
    document["model"]["merges"] = json::array();
    const auto tokenizer = load(document.dump());
    QVERIFY2(tokenizer.ok(), tokenizer.ok() ? "" : tokenizer.error().message().c_str());
    QCOMPARE(tokenizer->encode("ab"), (std::vector<TokenId>{2}));
    QCOMPARE(tokenizer->encode("\xE2\x80\x8D" "ab"), (std::vector<TokenId>{0, 1})); // behind U+200D
    QCOMPARE(tokenizer->encode("ab\xE2\x80\x8C"), (std::vector<TokenId>{0, 1})); // before U+200C
    QCOMPARE(tokenizer->encode("ab\xE2\x80\x8B"), (std::vector<TokenId>{2})); // U+200B is none
}

/// As tokenizers 0.23 answers, whose tables are partly older and partly newer than utf8proc's.
void TestTokenizerHostile::charactersAreWhatTheLibrarysTablesSay_data()
{
    QTest::addColumn<QByteArray>("normalizer");
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char *name, const char *normalizer, const QString &text, const QString &expected) {
        QTest::newRow(name) << QByteArray(normalizer) << text << expected;
    };
    const char *const clean = R"({"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": false, "strip_accents": false, "lowercase": false})";
    row("unassigned is no control", clean, QStringLiteral("a\u20FCb"), QStringLiteral("a\u20FCb"));
    row("private use and format are", clean, QStringLiteral("a\uE000\u200Bb"), QStringLiteral("ab"));
    row("a later format character is none", clean, QStringLiteral("a\u08E2b"), QStringLiteral("a\u08E2b"));
    row("marks are stripped", R"({"type": "StripAccents"})", QStringLiteral("a\u0301\u1CF2b"), QStringLiteral("ab"));
    row("later marks are not", R"({"type": "StripAccents"})", QStringLiteral("a\u09FEb"), QStringLiteral("a\u09FEb"));
    row("Bert's marks", R"({"type": "BertNormalizer", "clean_text": false, "handle_chinese_chars": false, "strip_accents": true, "lowercase": false})",
        QStringLiteral("\u00E9\u1885"), QStringLiteral("e\u1885"));
    row("new capitals", R"({"type": "Lowercase"})", QStringLiteral("A\uA7CB\U00010D50"), QStringLiteral("a\u0264\U00010D70"));
    row("later compatibility", R"({"type": "NFKC"})", QStringLiteral("\uFB01\u32FFe\u0301\U0001E030"), QStringLiteral("fi\u32FF\u00E9\U0001E030"));
    row("a later decomposition", R"({"type": "NFD"})", QStringLiteral("\u00E9\U00011938\u00E9"), QStringLiteral("e\u0301\U00011938e\u0301"));
}

void TestTokenizerHostile::charactersAreWhatTheLibrarysTablesSay()
{
    QFETCH(QByteArray, normalizer);
    QFETCH(QString, text);
    QFETCH(QString, expected);
    // Every byte is a token of its own: the ids are the normalised text.
    json document{{"version", "1.0"}, {"added_tokens", json::array()}, {"normalizer", json::parse(normalizer.toStdString())},
                  {"model", {{"type", "BPE"}, {"byte_fallback", true}, {"vocab", json::object()}, {"merges", json::array()}}}};
    for (int byte = 0; byte < 256; ++byte)
        document["model"]["vocab"][QStringLiteral("<0x%1>").arg(byte, 2, 16, QLatin1Char('0')).toUpper().replace(u'X', u'x').toStdString()] = byte;
    const auto tokenizer = load(document.dump());
    QVERIFY2(tokenizer.ok(), tokenizer.ok() ? "" : tokenizer.error().message().c_str());
    std::vector<TokenId> bytes;
    for (const char byte : expected.toUtf8())
        bytes.push_back(static_cast<unsigned char>(byte));
    QCOMPARE(tokenizer->encode(text.toStdString()), bytes);
}

void TestTokenizerHostile::wordsEndWhereTheLibrarysTablesSay()
{
    const auto words = [this](const char *preTokenizer, const QString &text) {
        const auto tokenizer = load(std::string(R"({"version": "1.0", "added_tokens": [], "model": {"type": "WordLevel", "vocab": {"?": 0}, "unk_token": "?"}, "pre_tokenizer": )")
                                    + preTokenizer + "}");
        return tokenizer.ok() ? tokenizer->encode(text.toStdString()).size() : 0;
    };
    const char *const punctuation = R"({"type": "Punctuation", "behavior": "Isolated"})";
    QCOMPARE(words(punctuation, QStringLiteral("a\u0964b")), std::size_t{3});
    QCOMPARE(words(punctuation, QStringLiteral("a\u09FDb")), std::size_t{1}); // Unicode 10
    QCOMPARE(words(punctuation, QStringLiteral("a\u166Db")), std::size_t{3}); // no longer one
    QCOMPARE(words(R"({"type": "Digits", "individual_digits": true})", QStringLiteral("a\U00010D40b")), std::size_t{3}); // Unicode 16
}

QTEST_GUILESS_MAIN(TestTokenizerHostile)
#include "tst_tokenizer_hostile.moc"
