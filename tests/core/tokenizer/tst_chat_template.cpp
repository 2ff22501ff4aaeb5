#include <lethe/tokenizer/ChatTemplate.h>
#include <lethe/tokenizer/Tokenizer.h>

#include <nlohmann/json.hpp>

#include <QElapsedTimer>
#include <QTest>

#include <filesystem>
#include <fstream>

using lethe::ChatMessage;
using lethe::ChatTemplate;
using lethe::ErrorCode;
using nlohmann::json;

namespace {

std::filesystem::path chatFixtures()
{
    return std::filesystem::path(qEnvironmentVariable("LETHE_FIXTURES").toStdString()) / "chat";
}

std::vector<ChatMessage> someMessages()
{
    return {{"system", "Be brief."}, {"user", "Who?"}, {"assistant", "Lethe."}, {"user", "Why?"}};
}

lethe::Result<std::string> render(const std::string &source, const std::vector<ChatMessage> &messages = someMessages(), bool prompt = true)
{
    auto chat = ChatTemplate::parse(source, "<s>", "</s>");
    return chat ? chat->render(messages, prompt) : lethe::Result<std::string>(chat.error());
}

} // namespace

class TestChatTemplate : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theFixturesAreThere();
    void everyConversationRendersExactly_data();
    void everyConversationRendersExactly();
    void constructsGiveWhatJinjaGives_data();
    void constructsGiveWhatJinjaGives();
    void whatIsNotJinjaIsRefusedWithItsLine_data();
    void whatIsNotJinjaIsRefusedWithItsLine();
    void failuresAtRunTimeNameTheirLine_data();
    void failuresAtRunTimeNameTheirLine();
    void aRefusalIsTheTemplatesWordsAlone();
    void workIsBounded_data();
    void workIsBounded();
    void aFolderWithoutATemplateSaysSo();
};

void TestChatTemplate::theFixturesAreThere()
{
    std::size_t count = 0;
    std::error_code failure;
    for (const auto &entry : std::filesystem::directory_iterator(chatFixtures(), failure))
        count += std::filesystem::exists(entry.path() / "chat.jsonl") ? 1 : 0;
    QVERIFY2(count >= 7, "LETHE_FIXTURES must name the fixtures' folder, with chat/");
}

void TestChatTemplate::everyConversationRendersExactly_data()
{
    QTest::addColumn<QString>("folder");
    std::error_code failure;
    for (const auto &entry : std::filesystem::directory_iterator(chatFixtures(), failure))
        QTest::newRow(entry.path().filename().c_str()) << QString::fromStdString(entry.path().string());
}

void TestChatTemplate::everyConversationRendersExactly()
{
    QFETCH(QString, folder);
    const auto tokenizer = lethe::Tokenizer::load(folder.toStdString());
    QVERIFY2(tokenizer.ok(), tokenizer.ok() ? "" : tokenizer.error().message().c_str());
    const auto chat = ChatTemplate::of(*tokenizer);
    QVERIFY2(chat.ok(), chat.ok() ? "" : chat.error().message().c_str());
    std::ifstream stream(std::filesystem::path(folder.toStdString()) / "chat.jsonl");
    int cases = 0;
    for (std::string line; std::getline(stream, line); ++cases) {
        const json one = json::parse(line);
        std::vector<ChatMessage> messages;
        for (const json &message : one["messages"])
            messages.push_back({message["role"].get<std::string>(), message["content"].get<std::string>()});
        const auto text = chat->render(messages, one["add_generation_prompt"].get<bool>());
        if (one.contains("error")) {
            QVERIFY2(!text.ok(), line.c_str());
            QCOMPARE(text.error().code, ErrorCode::InvalidInput);
            QCOMPARE(text.error().message(), one["error"].get<std::string>());
            continue;
        }
        QVERIFY2(text.ok(), text.ok() ? "" : text.error().message().c_str());
        QCOMPARE(*text, one["text"].get<std::string>());
        QCOMPARE(tokenizer->encode(*text, false), one["ids"].get<std::vector<lethe::TokenId>>());
    }
    QVERIFY(cases >= 20);
}

void TestChatTemplate::constructsGiveWhatJinjaGives_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char *name, const char *source, const char *expected) {
        QTest::newRow(name) << QString::fromUtf8(source) << QString::fromUtf8(expected);
    };
#include "JinjaCases.inc"
}

void TestChatTemplate::constructsGiveWhatJinjaGives()
{
    QFETCH(QString, source);
    QFETCH(QString, expected);
    const auto text = render(source.toStdString());
    QVERIFY2(text.ok(), text.ok() ? "" : text.error().message().c_str());
    QCOMPARE(QString::fromStdString(*text), expected);
}

void TestChatTemplate::whatIsNotJinjaIsRefusedWithItsLine_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("message");
    const auto row = [](const char *name, const char *source, ErrorCode code, const char *message) {
        QTest::newRow(name) << QString::fromUtf8(source) << static_cast<int>(code) << QString::fromUtf8(message);
    };
    row("an unknown filter", "a\n{{ x | wordwrap }}", ErrorCode::Unsupported, "chat template: line 2: the filter 'wordwrap' is not supported");
    row("an unknown test", "{{ x is purple }}", ErrorCode::Unsupported, "chat template: line 1: the test 'purple' is not supported");
    row("an include", "\n\n{% include 'x' %}", ErrorCode::Unsupported, "chat template: line 3: unknown tag 'include'");
    row("a made-up tag", "{% frobnicate %}", ErrorCode::Unsupported, "chat template: line 1: unknown tag 'frobnicate'");
    row("an end without a beginning", "{% endif %}", ErrorCode::Corrupt, "chat template: line 1: unknown tag 'endif'");
    row("no end of an if", "{% if x %}\n", ErrorCode::Corrupt, "chat template: line 1: the template ends, and 'endif' was expected");
    row("no end of a tag", "{{ x", ErrorCode::Corrupt, "chat template: line 1: a tag has no end");
    row("no end of a string", "\n{{ 'x }}", ErrorCode::Corrupt, "chat template: line 2: a string has no end");
    row("no end of a comment", "{# x", ErrorCode::Corrupt, "chat template: line 1: a comment has no end");
    row("brackets", "{{ (1] }}", ErrorCode::Corrupt, "chat template: line 1: unexpected ']'");
    row("half an expression", "{{ 1 + }}", ErrorCode::Corrupt, "chat template: line 1: expected an expression");
    row("nothing", "{{ }}", ErrorCode::Corrupt, "chat template: line 1: expected an expression");
    row("unpacking", "{{ f(*x) }}", ErrorCode::Unsupported, "chat template: line 1: unpacked arguments are not supported");
    row("break outside", "{% break %}", ErrorCode::Corrupt, "chat template: line 1: 'break' outside a loop");
    row("a large number", "{{ 99999999999999999999 }}", ErrorCode::Unsupported, "chat template: line 1: the number 99999999999999999999 does not fit 64 bits");
    row("assigning true", "{% set true = 1 %}", ErrorCode::Corrupt, "chat template: line 1: cannot assign to 'true'");
}

void TestChatTemplate::whatIsNotJinjaIsRefusedWithItsLine()
{
    QFETCH(QString, source);
    QFETCH(int, code);
    QFETCH(QString, message);
    const auto chat = ChatTemplate::parse(source.toStdString(), "<s>", "</s>");
    QVERIFY(!chat.ok());
    QCOMPARE(QString::fromStdString(chat.error().message()), message);
    QCOMPARE(static_cast<int>(chat.error().code), code);
}

void TestChatTemplate::failuresAtRunTimeNameTheirLine_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<QString>("message");
    const auto row = [](const char *name, const char *source, const char *message) {
        QTest::newRow(name) << QString::fromUtf8(source) << QString::fromUtf8(message);
    };
    row("an undefined name's attribute", "\n{{ nobody.name }}", "chat template: line 2: 'nobody' is undefined");
    row("an undefined attribute's attribute", "{{ messages[0].x.y }}", "chat template: line 1: 'x' is undefined");
    row("calling nothing", "{{ nobody() }}", "chat template: line 1: 'nobody' is undefined");
    row("adding unlike kinds", "{{ 'a' + 1 }}", "chat template: line 1: '+' is not supported between 'str' and 'int'");
    row("comparing unlike kinds", "{{ 'a' < 1 }}", "chat template: line 1: '<' is not supported between 'str' and 'int'");
    row("dividing by zero", "\n\n{{ 1 // 0 }}", "chat template: line 3: division by zero");
    row("changing a list", "{% set x = [] %}{{ x.append(1) }}", "chat template: line 1: list.append would change the list, which a template may not");
    row("setting a dict's key", "{% set messages.x = 1 %}", "chat template: line 1: cannot assign an attribute of 'messages', which is no namespace");
    row("unpacking too little", "{% for a, b in [[1]] %}{% endfor %}", "chat template: line 1: cannot unpack 1 values into 2");
    row("sorting unlike kinds", "\n{{ [1, 'a'] | sort }}", "chat template: line 2: '<' is not supported between 'str' and 'int'");
    row("an integer beyond 64 bits", "{{ 9223372036854775807 + 1 }}", "chat template: line 1: an integer does not fit 64 bits");
}

void TestChatTemplate::failuresAtRunTimeNameTheirLine()
{
    QFETCH(QString, source);
    QFETCH(QString, message);
    const auto text = render(source.toStdString());
    QVERIFY(!text.ok());
    QCOMPARE(QString::fromStdString(text.error().message()), message);
}

void TestChatTemplate::aRefusalIsTheTemplatesWordsAlone()
{
    const auto text = render("{% if true %}\n{{ raise_exception('No ' + messages[0].role ~ ' here.') }}{% endif %}");
    QVERIFY(!text.ok());
    QCOMPARE(text.error().code, ErrorCode::InvalidInput);
    QCOMPARE(text.error().message(), std::string("No system here."));
}

void TestChatTemplate::workIsBounded_data()
{
    QTest::addColumn<QString>("source");
    const auto row = [](const char *name, const std::string &source) { QTest::newRow(name) << QString::fromStdString(source); };
    row("loops in loops", "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}");
    row("output", "{% for a in range(99999) %}{{ 'x' * 99999 }}{% endfor %}");
    row("a repetition", "{{ 'x' * 999999999999 }}");
    row("doubling a text", "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}");
    row("doubling a list", "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}");
    row("sharing a list", "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}");
    row("nesting a list", "{% set ns = namespace(x=[1]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}");
    row("replacing nothing", "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x.replace('', ns.x) %}{% endfor %}");
    row("joining", "{{ (['x' * 9999] * 99999) | join }}");
    row("a macro that calls itself", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}");
    row("a recursive loop", "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}");
    row("a power", "{{ (-1) ** 99999999999999 }}");
    row("a namespace in itself", "{% set ns = namespace() %}{% set ns.x = [ns] %}");
    row("a wide format", "{{ '%99999d' % 1 }}{% for i in range(99999) %}{{ '%999d' % 1 }}{{ '%999d' % 1 }}{% endfor %}");
    row("brackets", "{{ " + std::string(100000, '(') + "1" + std::string(100000, ')') + " }}");
    row("a chain of additions", [] {
        std::string sum = "{{ 1";
        for (int i = 0; i < 100000; ++i)
            sum += " + 1";
        return sum + " }}";
    }());
    row("a chain of not", "{{ " + [] {
        std::string all;
        for (int i = 0; i < 100000; ++i)
            all += "not ";
        return all;
    }() + "1 }}");
    row("ifs", [] {
        std::string all;
        for (int i = 0; i < 100000; ++i)
            all += "{% if 1 %}";
        return all;
    }());
    row("elifs", [] {
        std::string all = "{% if 0 %}";
        for (int i = 0; i < 100000; ++i)
            all += "{% elif 0 %}";
        return all + "{% endif %}";
    }());
}

void TestChatTemplate::workIsBounded()
{
    QFETCH(QString, source);
    QElapsedTimer timer;
    timer.start();
    const auto text = render(source.toStdString());
    QVERIFY(!text.ok());
    QVERIFY2(timer.elapsed() < 20000, qPrintable(QString::number(timer.elapsed())));
}

void TestChatTemplate::aFolderWithoutATemplateSaysSo()
{
    const auto tokenizer = lethe::Tokenizer::load(chatFixtures().parent_path() / "tokenizers" / "gpt2");
    QVERIFY2(tokenizer.ok(), tokenizer.ok() ? "" : tokenizer.error().message().c_str());
    const auto chat = ChatTemplate::of(*tokenizer);
    QVERIFY(!chat.ok());
    QCOMPARE(chat.error().code, ErrorCode::NotFound);
}

QTEST_GUILESS_MAIN(TestChatTemplate)
#include "tst_chat_template.moc"
