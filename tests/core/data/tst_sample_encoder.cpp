#include <lethe/data/Dataset.h>

#include <QtTest/QtTest>

using namespace lethe;

namespace {

std::string fixture(const char *name)
{
    return (qEnvironmentVariable("LETHE_FIXTURES") + QStringLiteral("/losses/") + QLatin1String(name)).toStdString();
}

/// The template of the fixtures: the prompt ends in a space.
TemplateSpec fixtureTemplate()
{
    return {.chat = false, .systemPrompt = {}, .promptPrefix = "Question: ", .promptSuffix = "\nAnswer: ", .answerPrefix = ""};
}

} // namespace

class TestSampleEncoder : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void idsAreTheFullTextsAndLabelsBeginBehindThePrompt();
    void aCutSampleHasNoEos();
    void aTokenizerThatClosesTextsGivesTheSameSamples();
    void tokensAcrossTheBorderAreCounted();
    void alternatesTakeTheAnswersPlace();
    void documentsAreCutIntoWindows();
    void rowsWithNothingToTrainOnAreListed();
    void encodingCanBeCancelled();
    void chatNeedsATemplate();
    void chatMasksEverythingUpToTheAnswer();
    void generationStartsFromThePromptAlone();

private:
    std::optional<Tokenizer> m_tokenizer;
    std::vector<DataRow> m_rows;
};

void TestSampleEncoder::initTestCase()
{
    Result<Tokenizer> tokenizer = Tokenizer::load(fixture("models/llama"));
    QVERIFY2(tokenizer.ok(), tokenizer.ok() ? "" : tokenizer.error().message().c_str());
    m_tokenizer.emplace(std::move(tokenizer).value());
    const Result<Dataset> set = readDataset(fixture("data/forget.jsonl"), {.path = {}, .prompt = "question", .answer = "answer", .alternate = "alternate"});
    QVERIFY2(set.ok(), set.ok() ? "" : set.error().message().c_str());
    m_rows = set->rows;
}

void TestSampleEncoder::idsAreTheFullTextsAndLabelsBeginBehindThePrompt()
{
    const Result<SampleEncoder> encoder = SampleEncoder::create(*m_tokenizer, fixtureTemplate(), 256);
    QVERIFY(encoder.ok());
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        const std::string text = "Question: " + m_rows[i].prompt + "\nAnswer: ";
        std::vector<TokenId> expected = m_tokenizer->encode(text + m_rows[i].answer);
        expected.push_back(m_tokenizer->eosId().value());
        const auto samples = encoder->encode(m_rows[i], static_cast<std::int64_t>(i));
        QVERIFY(samples.ok());
        QCOMPARE(samples->size(), std::size_t{1});
        const EncodedSample &sample = samples->front();
        QCOMPARE(sample.ids, expected);
        QCOMPARE(sample.labelStart, static_cast<std::int64_t>(m_tokenizer->encode(text).size()));
        QCOMPARE(sample.row, static_cast<std::int64_t>(i));
        QCOMPARE(sample.droppedTokens, std::int64_t{0});
        QCOMPARE(sample.labelCount(), static_cast<std::int64_t>(sample.ids.size()) - sample.labelStart);
    }
}

void TestSampleEncoder::aCutSampleHasNoEos()
{
    const Result<SampleEncoder> whole = SampleEncoder::create(*m_tokenizer, fixtureTemplate(), 256);
    const Result<SampleEncoder> cut = SampleEncoder::create(*m_tokenizer, fixtureTemplate(), 40);
    QVERIFY(whole.ok() && cut.ok());
    const auto all = encodeSet(*whole, m_rows);
    const auto some = encodeSet(*cut, m_rows);
    QVERIFY(all.ok() && some.ok());
    QCOMPARE(all->cutRows, std::int64_t{0});
    QVERIFY(some->cutRows > 0);
    std::int64_t dropped = 0, cutRows = 0;
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        const EncodedSample sample = whole->encode(m_rows[i], 0)->front(), shortened = cut->encode(m_rows[i], 0)->front();
        QVERIFY(std::equal(shortened.ids.begin(), shortened.ids.end(), sample.ids.begin()));
        QCOMPARE(shortened.ids.size(), std::min<std::size_t>(40, sample.ids.size()));
        if (sample.ids.size() > 40)
            QVERIFY(shortened.ids.back() != m_tokenizer->eosId().value() && ++cutRows);
        dropped += static_cast<std::int64_t>(sample.ids.size() - shortened.ids.size());
    }
    QCOMPARE(some->droppedTokens, dropped);
    QCOMPARE(some->cutRows, cutRows);
}

void TestSampleEncoder::aTokenizerThatClosesTextsGivesTheSameSamples()
{
    const Result<Tokenizer> closing = Tokenizer::load(fixture("models/llama-eos"));
    QVERIFY(closing.ok());
    QVERIFY(closing->encode("x").back() == closing->eosId().value());
    const Result<SampleEncoder> plain = SampleEncoder::create(*m_tokenizer, fixtureTemplate(), 256);
    const Result<SampleEncoder> closed = SampleEncoder::create(*closing, fixtureTemplate(), 256);
    QVERIFY(plain.ok() && closed.ok());
    for (const DataRow &row : m_rows) {
        QVERIFY(plain->encode(row, 0).value() == closed->encode(row, 0).value());
        QVERIFY(plain->encodePrompt(row).value() == closed->encodePrompt(row).value());
    }
}

void TestSampleEncoder::tokensAcrossTheBorderAreCounted()
{
    // a prompt that ends in a space, before an answer that would take the space into its first token
    const TemplateSpec spaced{.chat = false, .systemPrompt = {}, .promptPrefix = {}, .promptSuffix = " ", .answerPrefix = {}};
    const TemplateSpec clean{.chat = false, .systemPrompt = {}, .promptPrefix = {}, .promptSuffix = {}, .answerPrefix = " "};
    const std::vector<DataRow> rows{{.prompt = "Which genre is Mira", .answer = "the best known for?"}};
    const auto mismatched = encodeSet(*SampleEncoder::create(*m_tokenizer, spaced, 64), rows);
    const auto matched = encodeSet(*SampleEncoder::create(*m_tokenizer, clean, 64), rows);
    QVERIFY(mismatched.ok() && matched.ok());
    QCOMPARE(mismatched->boundaryMismatches, std::int64_t{1});
    QCOMPARE(matched->boundaryMismatches, std::int64_t{0});
    QCOMPARE(mismatched->samples[0].ids, matched->samples[0].ids);
    QCOMPARE(mismatched->samples[0].labelStart, matched->samples[0].labelStart + 1);
}

void TestSampleEncoder::alternatesTakeTheAnswersPlace()
{
    const Result<SampleEncoder> encoder = SampleEncoder::create(*m_tokenizer, fixtureTemplate(), 256);
    DataRow swapped = m_rows.front();
    swapped.answer = swapped.alternate;
    QVERIFY(encoder->encode(m_rows.front(), 3, true).value() == encoder->encode(swapped, 3).value());
}

void TestSampleEncoder::documentsAreCutIntoWindows()
{
    const Result<SampleEncoder> encoder = SampleEncoder::create(*m_tokenizer, fixtureTemplate(), 8);
    const DataRow document{.prompt = {}, .answer = "Mira Solberg is best known for maritime mystery.\n\nShe is.", .alternate = {}, .isDocument = true};
    const std::vector<TokenId> ids = m_tokenizer->encode(document.answer);
    const auto samples = encoder->encode(document, 5);
    QVERIFY(samples.ok());
    QCOMPARE(samples->size(), (ids.size() + 7) / 8);
    std::vector<TokenId> joined;
    for (const EncodedSample &sample : *samples) {
        joined.insert(joined.end(), sample.ids.begin(), sample.ids.end());
        QCOMPARE(sample.labelStart, std::int64_t{0});
        QCOMPARE(sample.labelCount(), static_cast<std::int64_t>(sample.ids.size()) - 1);
        QCOMPARE(sample.row, std::int64_t{5});
    }
    QCOMPARE(joined, ids); // nothing added, nothing lost
    QVERIFY(!encoder->encodePrompt(document).ok());
}

void TestSampleEncoder::rowsWithNothingToTrainOnAreListed()
{
    const Result<SampleEncoder> encoder = SampleEncoder::create(*m_tokenizer, fixtureTemplate(), 8);
    const std::vector<DataRow> rows{{.prompt = "A prompt that fills the whole length and more", .answer = "a"},
                                    {.prompt = {}, .answer = "one two three four", .alternate = {}, .isDocument = true}};
    const auto set = encodeSet(*encoder, rows);
    QVERIFY(set.ok());
    QCOMPARE(set->withoutLabels, std::vector<std::int64_t>{0});
    for (const EncodedSample &sample : set->samples)
        QCOMPARE(sample.row, std::int64_t{1});
    std::int64_t labels = 0, tokens = 0;
    for (const EncodedSample &sample : set->samples) {
        labels += sample.labelCount();
        tokens += static_cast<std::int64_t>(sample.ids.size());
    }
    QCOMPARE(set->labelTokens, labels);
    QCOMPARE(set->tokens, tokens);
}

void TestSampleEncoder::encodingCanBeCancelled()
{
    const Result<SampleEncoder> encoder = SampleEncoder::create(*m_tokenizer, fixtureTemplate(), 64);
    const auto set = encodeSet(*encoder, m_rows, false, [](std::size_t, std::size_t) { return false; });
    QVERIFY(!set.ok());
    QCOMPARE(set.error().code, ErrorCode::Cancelled);
}

void TestSampleEncoder::chatNeedsATemplate()
{
    const Result<Tokenizer> without = Tokenizer::load(fixture("models/gpt2"));
    QVERIFY(without.ok());
    const Result<SampleEncoder> encoder = SampleEncoder::create(*without, {.chat = true}, 64);
    QVERIFY(!encoder.ok());
    QVERIFY(!encoder.error().hint.empty());
}

void TestSampleEncoder::chatMasksEverythingUpToTheAnswer()
{
    const Result<SampleEncoder> encoder = SampleEncoder::create(*m_tokenizer, {.chat = true}, 256);
    QVERIFY2(encoder.ok(), encoder.ok() ? "" : encoder.error().message().c_str());
    const DataRow row{.prompt = " Who? ", .answer = "Mira."};
    const auto texts = encoder->texts(row);
    QVERIFY(texts.ok());
    const std::string turn = "<|start_header_id|>";
    QCOMPARE(texts->prompt, "<|begin_of_text|>" + turn + "user<|end_header_id|>\nWho?<|eot_id|>" + turn + "assistant<|end_header_id|>\n");
    QCOMPARE(texts->full, texts->prompt + "Mira.<|eot_id|>");
    QVERIFY(texts->specialsInText);
    const EncodedSample sample = encoder->encode(row, 0)->front();
    std::vector<TokenId> expected = m_tokenizer->encode(texts->full, false);
    expected.push_back(m_tokenizer->eosId().value());
    QCOMPARE(sample.ids, expected);
    QCOMPARE(sample.labelStart, static_cast<std::int64_t>(m_tokenizer->encode(texts->prompt, false).size()));
    QVERIFY(!sample.boundaryMismatch);
    QCOMPARE(encoder->encodePrompt(row).value(), m_tokenizer->encode(texts->prompt, false));
}

void TestSampleEncoder::generationStartsFromThePromptAlone()
{
    const Result<SampleEncoder> encoder = SampleEncoder::create(*m_tokenizer, fixtureTemplate(), 256);
    QCOMPARE(encoder->encodePromptText("Who?").value(), m_tokenizer->encode("Question: Who?\nAnswer: "));
}

QTEST_GUILESS_MAIN(TestSampleEncoder)
#include "tst_sample_encoder.moc"
