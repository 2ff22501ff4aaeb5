#include <lethe/tokenizer/Tokenizer.h>

#include <nlohmann/json.hpp>

#include <QTest>

#include <filesystem>
#include <fstream>

using lethe::TokenId;
using lethe::Tokenizer;
using nlohmann::json;

namespace {

std::filesystem::path fixtures()
{
    return qEnvironmentVariable("LETHE_FIXTURES").toStdString();
}

std::vector<std::filesystem::path> foldersIn(const std::filesystem::path &folder, const char *having)
{
    std::vector<std::filesystem::path> folders;
    std::error_code failure;
    for (const auto &entry : std::filesystem::directory_iterator(folder, failure)) {
        if (std::filesystem::exists(entry.path() / having))
            folders.push_back(entry.path());
    }
    std::ranges::sort(folders);
    return folders;
}

std::vector<json> readLines(const std::filesystem::path &file)
{
    std::vector<json> lines;
    std::ifstream stream(file);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(json::parse(line));
    return lines;
}

json readJson(const std::filesystem::path &file)
{
    std::ifstream stream(file);
    return json::parse(stream);
}

QByteArray shown(const json &value)
{
    return QByteArray::fromStdString(value.dump());
}

void addFolders(const std::filesystem::path &parent, const char *having)
{
    QTest::addColumn<QString>("folder");
    for (const auto &folder : foldersIn(parent, having))
        QTest::newRow(folder.filename().c_str()) << QString::fromStdString(folder.string());
}

} // namespace

class TestTokenizerFixtures : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theFixturesAreThere();
    void everyCaseEncodesAndDecodes_data() { addFolders(fixtures() / "tokenizers", "cases.jsonl"); }
    void everyCaseEncodesAndDecodes();
    void everyIdListDecodes_data() { addFolders(fixtures() / "tokenizers", "decode.jsonl"); }
    void everyIdListDecodes();
    void piecesCoverWhatIdsDo_data() { addFolders(fixtures() / "tokenizers", "cases.jsonl"); }
    void piecesCoverWhatIdsDo();
    void streamsJoinToTheDecodedText_data() { addFolders(fixtures() / "tokenizers", "decode.jsonl"); }
    void streamsJoinToTheDecodedText();
    void modelsAreInspectedAlike_data() { addFolders(fixtures() / "models", "inspect.json"); }
    void modelsAreInspectedAlike();
    void modelsEncodeTheirPrompts_data() { addFolders(fixtures() / "models", "generate.json"); }
    void modelsEncodeTheirPrompts();
    void otherModelsLoad_data();
    void otherModelsLoad();
};

void TestTokenizerFixtures::theFixturesAreThere()
{
    QVERIFY2(foldersIn(fixtures() / "tokenizers", "cases.jsonl").size() >= 12, "LETHE_FIXTURES must name the fixtures' folder, with tokenizers/");
    QVERIFY2(foldersIn(fixtures() / "models", "generate.json").size() >= 19, "LETHE_FIXTURES must name the fixtures' folder, with models/");
}

void TestTokenizerFixtures::everyCaseEncodesAndDecodes()
{
    QFETCH(QString, folder);
    const auto tokenizer = Tokenizer::load(folder.toStdString());
    QVERIFY2(tokenizer.ok(), tokenizer.ok() ? "" : tokenizer.error().message().c_str());
    const auto cases = readLines(std::filesystem::path(folder.toStdString()) / "cases.jsonl");
    QVERIFY(cases.size() >= 400);
    for (const json &one : cases) {
        const auto text = one["text"].get<std::string>();
        const auto ids = one["ids"].get<std::vector<TokenId>>();
        QVERIFY2(tokenizer->encode(text) == ids,
                 shown(one) + " gave " + shown(json(tokenizer->encode(text))));
        QVERIFY2(tokenizer->encode(text, false) == one["ids_no_special"].get<std::vector<TokenId>>(),
                 shown(one) + " gave without specials " + shown(json(tokenizer->encode(text, false))));
        QVERIFY2(tokenizer->decode(ids) == one["decoded"].get<std::string>(), shown(one) + " gave " + shown(tokenizer->decode(ids)));
        QVERIFY2(tokenizer->decode(ids, false) == one["decoded_keep_special"].get<std::string>(),
                 shown(one) + " gave with specials " + shown(tokenizer->decode(ids, false)));
    }
}

void TestTokenizerFixtures::everyIdListDecodes()
{
    QFETCH(QString, folder);
    const auto tokenizer = Tokenizer::load(folder.toStdString());
    QVERIFY2(tokenizer.ok(), tokenizer.ok() ? "" : tokenizer.error().message().c_str());
    const auto cases = readLines(std::filesystem::path(folder.toStdString()) / "decode.jsonl");
    QVERIFY(cases.size() >= 80);
    for (const json &one : cases) {
        const auto ids = one["ids"].get<std::vector<TokenId>>();
        QVERIFY2(tokenizer->decode(ids) == one["decoded"].get<std::string>(), shown(one) + " gave " + shown(tokenizer->decode(ids)));
        QVERIFY2(tokenizer->decode(ids, false) == one["decoded_keep_special"].get<std::string>(),
                 shown(one) + " gave with specials " + shown(tokenizer->decode(ids, false)));
    }
}

void TestTokenizerFixtures::piecesCoverWhatIdsDo()
{
    QFETCH(QString, folder);
    const auto tokenizer = Tokenizer::load(folder.toStdString());
    QVERIFY2(tokenizer.ok(), tokenizer.ok() ? "" : tokenizer.error().message().c_str());
    for (const json &one : readLines(std::filesystem::path(folder.toStdString()) / "cases.jsonl")) {
        const auto text = one["text"].get<std::string>();
        std::vector<TokenId> ids;
        for (const lethe::TokenPiece &piece : tokenizer->encodePieces(text)) {
            ids.push_back(piece.id);
            QCOMPARE(piece.token, tokenizer->tokenOf(piece.id).value());
            QVERIFY2(piece.begin <= piece.end && piece.end <= text.size(), shown(one));
        }
        QVERIFY2(ids == one["ids"].get<std::vector<TokenId>>(), shown(one) + " gave " + shown(json(ids)));
    }
}

void TestTokenizerFixtures::streamsJoinToTheDecodedText()
{
    QFETCH(QString, folder);
    const auto tokenizer = Tokenizer::load(folder.toStdString());
    QVERIFY2(tokenizer.ok(), tokenizer.ok() ? "" : tokenizer.error().message().c_str());
    auto cases = readLines(std::filesystem::path(folder.toStdString()) / "decode.jsonl");
    for (const json &one : readLines(std::filesystem::path(folder.toStdString()) / "cases.jsonl"))
        cases.push_back(one);
    for (const json &one : cases) {
        for (const bool skipSpecial : {true, false}) {
            lethe::StreamDecoder stream(*tokenizer, skipSpecial);
            std::string text;
            for (const TokenId id : one["ids"].get<std::vector<TokenId>>())
                text += stream.push(id);
            text += stream.finish();
            QVERIFY2(text == one[skipSpecial ? "decoded" : "decoded_keep_special"].get<std::string>(), shown(one) + " gave " + shown(text));
        }
    }
}

void TestTokenizerFixtures::modelsAreInspectedAlike()
{
    QFETCH(QString, folder);
    const auto tokenizer = Tokenizer::load(folder.toStdString());
    QVERIFY2(tokenizer.ok(), tokenizer.ok() ? "" : tokenizer.error().message().c_str());
    const json expected = readJson(std::filesystem::path(folder.toStdString()) / "inspect.json")["tokenizer"];
    const auto idOrNull = [](std::optional<TokenId> id) { return id ? json(*id) : json(); };
    const json actual{{"vocab_size", tokenizer->vocabularySize()}, {"bos_id", idOrNull(tokenizer->bosId())},
                      {"eos_id", idOrNull(tokenizer->eosId())}, {"pad_id", idOrNull(tokenizer->padId())}};
    QCOMPARE(shown(actual), shown(expected));
}

void TestTokenizerFixtures::modelsEncodeTheirPrompts()
{
    QFETCH(QString, folder);
    const auto tokenizer = Tokenizer::load(folder.toStdString());
    QVERIFY2(tokenizer.ok(), tokenizer.ok() ? "" : tokenizer.error().message().c_str());
    const json document = readJson(std::filesystem::path(folder.toStdString()) / "generate.json");
    QVERIFY(!document["generations"].empty());
    for (const json &one : document["generations"]) {
        QCOMPARE(tokenizer->encode(one["prompt"].get<std::string>()), one["prompt_ids"].get<std::vector<TokenId>>());
        QCOMPARE(tokenizer->decode(one["ids"].get<std::vector<TokenId>>()), one["text"].get<std::string>());
    }
}

void TestTokenizerFixtures::otherModelsLoad_data()
{
    addFolders(fixtures() / "losses" / "models", "tokenizer.json");
    for (const auto &folder : foldersIn(fixtures().parent_path() / "models", "tokenizer.json"))
        QTest::newRow(folder.filename().c_str()) << QString::fromStdString(folder.string());
}

void TestTokenizerFixtures::otherModelsLoad()
{
    QFETCH(QString, folder);
    const auto tokenizer = Tokenizer::load(folder.toStdString());
    QVERIFY2(tokenizer.ok(), tokenizer.ok() ? "" : tokenizer.error().message().c_str());
    const std::string text = "Question: who forgets?\nAnswer: Lethe 12.";
    QCOMPARE(tokenizer->decode(tokenizer->encode(text)), text);
    QVERIFY(tokenizer->eosId().has_value());
}

QTEST_GUILESS_MAIN(TestTokenizerFixtures)
#include "tst_tokenizer_fixtures.moc"
