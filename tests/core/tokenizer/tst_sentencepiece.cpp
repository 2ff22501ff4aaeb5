#include "support/Fixtures.h"

#include <lethe/tokenizer/Tokenizer.h>

#include <nlohmann/json.hpp>

#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <fstream>

using namespace lethe;
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

fs::path data()
{
    return test::folderFromEnvironment("LETHE_SOURCE_DIR") / "tests" / "core" / "tokenizer" / "sentencepiece";
}

void write(const fs::path &file, const std::string &text)
{
    std::ofstream(file, std::ios::binary) << text;
}

std::string bytesOf(const fs::path &file)
{
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// A folder with the model of that name and nothing else, but the config where there is one.
fs::path folderOf(const QTemporaryDir &parent, const std::string &model, const json &config = nullptr)
{
    const fs::path folder = parent.path().toStdString();
    fs::copy_file(data() / model, folder / "tokenizer.model", fs::copy_options::overwrite_existing);
    if (!config.is_null())
        write(folder / "tokenizer_config.json", config.dump());
    return folder;
}

} // namespace

/// `tokenizer.model` without tokenizer.json, against what transformers and the SentencePiece library give (make_cases.py).
class TestSentencePiece : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyCaseEncodesAndDecodes_data();
    void everyCaseEncodesAndDecodes();
    void theEndsOfATextAreKnown();
    void aTokenizerJsonComesFirst();
    void whatIsNotSupportedIsNamed_data();
    void whatIsNotSupportedIsNamed();
    void aBrokenFileIsRefused();
    void aPieceWithAZeroByteIsRefused();
};

void TestSentencePiece::everyCaseEncodesAndDecodes_data()
{
    QTest::addColumn<int>("index");
    const json groups = test::readJson(data() / "cases.json");
    for (std::size_t i = 0; i < groups.size(); ++i)
        QTest::newRow(groups[i]["name"].get<std::string>().c_str()) << static_cast<int>(i);
}

void TestSentencePiece::everyCaseEncodesAndDecodes()
{
    QFETCH(int, index);
    const json group = test::readJson(data() / "cases.json")[static_cast<std::size_t>(index)];
    const QTemporaryDir parent;
    const auto tokenizer = Tokenizer::load(folderOf(parent, group["model"], group["config"]));
    QVERIFY2(tokenizer.ok(), tokenizer.ok() ? "" : tokenizer.error().message().c_str());
    QVERIFY(group["cases"].size() > 20);
    for (const json &one : group["cases"]) {
        const auto ids = one["ids"].get<std::vector<TokenId>>();
        const json ours = tokenizer->encode(one["text"].get<std::string>());
        QVERIFY2(ours == one["ids"], ("of " + one["text"].dump() + ": " + ours.dump() + ", not " + one["ids"].dump()).c_str());
        for (const auto &[key, skipSpecial] : {std::pair("plain", true), std::pair("all", false)}) {
            const json text = tokenizer->decode(ids, skipSpecial);
            QVERIFY2(!one.contains(key) || text == one[key], ("of " + one["text"].dump() + ": " + text.dump() + ", not " + one.value(key, "")).c_str());
        }
    }
}

void TestSentencePiece::theEndsOfATextAreKnown()
{
    const QTemporaryDir parent;
    const auto tokenizer = Tokenizer::load(folderOf(parent, "unigram.model"));
    QVERIFY(tokenizer.ok());
    QCOMPARE(tokenizer->bosId(), std::optional<TokenId>(1));
    QCOMPARE(tokenizer->eosId(), std::optional<TokenId>(2));
    QCOMPARE(tokenizer->padId(), std::optional<TokenId>());
    QCOMPARE(tokenizer->type(), std::string_view("Unigram"));
    QCOMPARE(tokenizer->vocabularySize(), std::int64_t{600});
    QVERIFY(tokenizer->isSpecial(2));
}

void TestSentencePiece::aTokenizerJsonComesFirst()
{
    const QTemporaryDir parent;
    const fs::path folder = folderOf(parent, "bpe.model");
    write(folder / "tokenizer.json", R"({"model": {"type": "WordLevel", "vocab": {"a": 0, "?": 1}, "unk_token": "?"}})");
    const auto tokenizer = Tokenizer::load(folder);
    QVERIFY(tokenizer.ok());
    QCOMPARE(tokenizer->type(), std::string_view("WordLevel"));
}

void TestSentencePiece::whatIsNotSupportedIsNamed_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("config");
    QTest::addColumn<QString>("says");
    QTest::newRow("a word model") << "word.model" << "null" << "is a word model, and Unigram and BPE are supported";
    QTest::newRow("another class") << "bpe.model" << R"({"tokenizer_class": "T5Tokenizer"})" << R"(of the class "T5Tokenizer" is not supported)";
    QTest::newRow("a Unigram Llama") << "unigram.model" << R"({"tokenizer_class": "LlamaTokenizer"})" << "is for BPE models, and tokenizer.model is a Unigram one";
    QTest::newRow("no id") << "bpe.model" << R"({"added_tokens_decoder": {"-1": {"content": "x"}}})" << R"("-1" is no id with its token)";
    QTest::newRow("no number") << "bpe.model" << R"({"added_tokens_decoder": {"99999999999999999999": {"content": "x"}}})" << "is no id with its token";
}

void TestSentencePiece::whatIsNotSupportedIsNamed()
{
    QFETCH(QString, model);
    QFETCH(QString, config);
    QFETCH(QString, says);
    const QTemporaryDir parent;
    const auto tokenizer = Tokenizer::load(folderOf(parent, model.toStdString(), json::parse(config.toStdString())));
    QVERIFY(!tokenizer.ok());
    QVERIFY2(QString::fromStdString(tokenizer.error().message()).contains(says), tokenizer.error().message().c_str());
}

void TestSentencePiece::aBrokenFileIsRefused()
{
    const std::string whole = bytesOf(data() / "bpe.model");
    QVERIFY(whole.size() > 1000);
    const QTemporaryDir parent;
    const fs::path folder = folderOf(parent, "bpe.model");
    const auto refused = [&](const std::string &bytes) {
        write(folder / "tokenizer.model", bytes);
        const auto tokenizer = Tokenizer::load(folder);
        return !tokenizer.ok() && tokenizer.error().message().find("tokenizer.model") != std::string::npos;
    };
    QVERIFY(refused(""));
    QVERIFY(refused("{}"));
    QVERIFY(refused(std::string(5000, '\xff')));
    for (std::size_t length = 1; length < whole.size(); length += whole.size() / 97)
        static_cast<void>(refused(whole.substr(0, length))); // cut between two pieces it is a smaller model
    std::uint32_t state = 7;
    for (int round = 0; round < 200; ++round) { // whatever is flipped: an answer, or a refusal
        std::string damaged = whole;
        for (int i = 0; i < 8; ++i) {
            state = state * 1664525u + 1013904223u;
            damaged[(state >> 8) % damaged.size()] = static_cast<char>(state >> 24);
        }
        write(folder / "tokenizer.model", damaged);
        if (const auto tokenizer = Tokenizer::load(folder); tokenizer.ok())
            tokenizer->decode(tokenizer->encode("Hello  wörld"));
    }
}

void TestSentencePiece::aPieceWithAZeroByteIsRefused()
{
    const QTemporaryDir parent;
    const fs::path folder = folderOf(parent, "unigram.model"); // of a BPE model the library makes no double array, where this ended the program
    std::string bytes = bytesOf(data() / "unigram.model");
    const std::size_t mark = bytes.find("▁");
    QVERIFY(mark != std::string::npos);
    bytes[mark] = '\0';
    write(folder / "tokenizer.model", bytes);
    const auto tokenizer = Tokenizer::load(folder);
    QVERIFY(!tokenizer.ok());
    QVERIFY2(tokenizer.error().message().find("holds a zero byte") != std::string::npos, tokenizer.error().message().c_str());
}

QTEST_GUILESS_MAIN(TestSentencePiece)
#include "tst_sentencepiece.moc"
