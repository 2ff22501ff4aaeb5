#include "support/Fixtures.h"

#include "eval/Evaluator.h"
#include "eval/ReferenceScores.h"
#include "eval/SequenceScorer.h"

#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <algorithm>
#include <cmath>
#include <fstream>

using namespace lethe;

namespace {

constexpr int kRows = 6;

std::vector<std::string> firstLines(const std::filesystem::path &file, int count)
{
    std::ifstream in(file);
    std::vector<std::string> lines;
    for (std::string line; static_cast<int>(lines.size()) < count && std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

} // namespace

/// An evaluation of the small retained TOFU model on a few rows: what must not change a score, and what is refused.
class TestEvaluator : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void batchesDoNotChangeScores();
    void orderOfRowsDoesNotChangeScores();
    void storedValuesGiveTheMetricsAgain();
    void everyMetricOfEveryGroupIsDefinedOrSaysWhy();
    void tokensOfARowAreStored();
    void publishedFormsAreOtherNumbersUnderTheirNames();
    void promptsEndWhereTheTextDoes();
    void aPromptThatFillsTheModelsPositionsHasNoAnswer();
    void tofusOwnFormLooksAt300Rows();
    void compositesStandBesideTheirParts();
    void aLeakageAloneIsComparedWithTheReference();
    void aRowWithNothingScoredIsCounted();
    void aModelAgainstItselfHasNoForgetQuality();
    void aMissingFieldIsNamed();
    void aTablesCellHoldsTheListAsJson();
    void anEmptySetIsNamed();
    void aLogOfOtherRowsIsNamed();

private:
    std::filesystem::path write(const std::string &name, const std::vector<std::string> &lines);
    ResolvedSpec spec(std::vector<std::string> metrics) const;
    Result<EvaluationRecord> evaluate(const ResolvedSpec &spec, std::int64_t tokensAPass = 4096, std::int64_t step = 1);

    QTemporaryDir m_folder;
    std::filesystem::path m_model, m_data;
    std::unique_ptr<Decoder> m_decoder;
    std::optional<Tokenizer> m_tokenizer;
    std::optional<SampleEncoder> m_encoder;
};

std::filesystem::path TestEvaluator::write(const std::string &name, const std::vector<std::string> &lines)
{
    const std::filesystem::path file = std::filesystem::path(m_folder.path().toStdString()) / name;
    std::ofstream out(file);
    for (const std::string &line : lines)
        out << line << "\n";
    return file;
}

void TestEvaluator::initTestCase()
{
    const auto shared = test::folderFromEnvironment("LETHE_SHARED");
    m_model = shared / "models" / "tiny-tofu-retain";
    m_data = shared / "data" / "tofu";
    QVERIFY2(std::filesystem::is_directory(m_model) && std::filesystem::is_directory(m_data), "the TinyTOFU models and data are missing from LETHE_SHARED");
    for (const char *name : {"forget05_perturbed", "retain_perturbed", "real_authors_perturbed", "world_facts_perturbed"})
        write(std::string(name) + ".jsonl", firstLines(m_data / (std::string(name) + ".jsonl"), kRows));
    auto tokenizer = Tokenizer::load(m_model);
    QVERIFY(tokenizer.ok());
    m_tokenizer.emplace(std::move(*tokenizer));
    auto encoder = SampleEncoder::create(*m_tokenizer, {}, 256);
    QVERIFY(encoder.ok());
    m_encoder.emplace(std::move(*encoder));
    auto decoder = Decoder::load(m_model, {});
    QVERIFY(decoder.ok());
    m_decoder = std::move(*decoder);
}

ResolvedSpec TestEvaluator::spec(std::vector<std::string> metrics) const
{
    ResolvedSpec resolved{.spec = {}, .modelFolder = m_model, .referenceFolder = {}, .forgetFile = {}, .retainFile = {}};
    resolved.spec.baseFolder = m_folder.path().toStdString();
    EvalSpec eval;
    eval.metrics = std::move(metrics);
    eval.generations.maxNewTokens = 8;
    eval.reference = (m_model.parent_path() / "tiny-tofu-full").string(); // any other model of the same tokenizer
    eval.tofu = TofuSpec{.forget = DataSource{.path = "forget05_perturbed.jsonl"}, .retain = DataSource{.path = "retain_perturbed.jsonl"},
                         .realAuthors = DataSource{.path = "real_authors_perturbed.jsonl"}, .worldFacts = DataSource{.path = "world_facts_perturbed.jsonl"},
                         .retainRows = {}};
    eval.holdout = DataSource{.path = "retain_perturbed.jsonl"};
    eval.muse = MuseSpec{.verbatim = DataSource{.path = "forget05_perturbed.jsonl"}, .knowledgeForget = DataSource{.path = "forget05_perturbed.jsonl"},
                         .knowledgeRetain = DataSource{.path = "retain_perturbed.jsonl"}, .knowledgeForgetShots = DataSource{.path = "world_facts_perturbed.jsonl"},
                         .knowledgeRetainShots = {}, .privleakForget = DataSource{.path = "forget05_perturbed.jsonl"},
                         .privleakHoldout = DataSource{.path = "retain_perturbed.jsonl"}};
    resolved.spec.eval = eval;
    return resolved;
}

Result<EvaluationRecord> TestEvaluator::evaluate(const ResolvedSpec &spec, std::int64_t tokensAPass, std::int64_t step)
{
    LETHE_TRY(EvaluationInputs inputs, EvaluationInputs::read(spec, m_model, *m_tokenizer, *m_encoder, {}, {}));
    Evaluator evaluator(*m_decoder, *m_tokenizer, *m_encoder, inputs);
    evaluator.setTokensAPass(tokensAPass);
    return evaluator.evaluate(step, true, {});
}

void TestEvaluator::batchesDoNotChangeScores()
{
    const ResolvedSpec whole = spec({"tofu", "memorization", "membership"});
    const auto alone = evaluate(whole, 1), together = evaluate(whole, 100'000);
    QVERIFY2(alone.ok() && together.ok(), alone.ok() ? "" : alone.error().message().c_str());
    double greatest = 0;
    for (std::size_t i = 0; i < alone->samples.size(); ++i)
        for (const auto &[name, value] : alone->samples[i].values) {
            const double other = together->samples[i].value(name).value();
            greatest = std::max(greatest, std::abs(value - other) / std::max(1.0, std::abs(value)));
        }
    qInfo("greatest difference of a row's value between batches of one and one batch: %.2g", greatest);
    QVERIFY(greatest <= 1e-5);
    for (std::size_t i = 0; i < alone->metrics.size(); ++i)
        QVERIFY(std::abs(alone->metrics[i].value.value() - together->metrics[i].value.value()) <= 1e-5);
}

void TestEvaluator::orderOfRowsDoesNotChangeScores()
{
    const ResolvedSpec forwards = spec({"tofu"});
    const auto first = evaluate(forwards);
    std::vector<std::string> lines = firstLines(m_data / "forget05_perturbed.jsonl", kRows);
    std::ranges::reverse(lines);
    write("backwards.jsonl", lines);
    ResolvedSpec backwards = forwards;
    backwards.spec.eval->tofu->forget->path = "backwards.jsonl";
    const auto second = evaluate(backwards);
    QVERIFY(first.ok() && second.ok());
    for (std::size_t i = 0; i < first->metrics.size(); ++i)
        QVERIFY2(std::abs(first->metrics[i].value.value() - second->metrics[i].value.value()) <= 1e-5, first->metrics[i].id.c_str());
}

void TestEvaluator::storedValuesGiveTheMetricsAgain()
{
    const auto record = evaluate(spec({"tofu"}));
    QVERIFY(record.ok());
    double probability = 0, ratio = 0;
    for (const SampleRecord &sample : record->samples)
        if (sample.set == "forget") {
            probability += std::exp(-sample.value("answer_loss").value()) / kRows;
            ratio += std::exp(-std::abs(sample.value("log_truth_ratio").value())) / kRows;
            QVERIFY(sample.value("false_loss_5") && !sample.value("false_loss_6") && sample.value("reference_log_truth_ratio"));
        }
    const auto valueOf = [&](const std::string &id) { return std::ranges::find(record->metrics, id, &MetricValue::id)->value.value(); };
    QVERIFY(std::abs(probability - valueOf("forget_prob")) < 1e-12);
    QVERIFY(std::abs(ratio - valueOf("forget_truth_ratio")) < 1e-12);
}

void TestEvaluator::everyMetricOfEveryGroupIsDefinedOrSaysWhy()
{
    const auto record = evaluate(spec(metricGroups()));
    QVERIFY2(record.ok(), record.ok() ? "" : record.error().message().c_str());
    for (const MetricValue &metric : record->metrics) {
        QVERIFY2(metric.value || !metric.reason.empty(), metric.id.c_str());
        QVERIFY2(metric.value && std::isfinite(*metric.value), qPrintable(QString::fromStdString(metric.id + ": " + metric.reason)));
    }
    const auto attack = std::ranges::find(record->metrics, "mia_loss", &MetricValue::id);
    QVERIFY(std::ranges::any_of(attack->parts, [](const auto &part) { return part.first == "reference"; }));
}

void TestEvaluator::tokensOfARowAreStored()
{
    const auto record = evaluate(spec({"forget_prob"}));
    QVERIFY(record.ok());
    for (const SampleRecord &sample : record->samples) {
        double sum = 0;
        std::string text;
        for (const TokenScore &token : sample.tokens) {
            sum -= token.logProbability;
            text += token.text;
        }
        QVERIFY(!sample.tokens.empty());
        QVERIFY(std::abs(sum / static_cast<double>(sample.tokens.size()) - sample.value("answer_loss").value()) < 1e-3);
        QVERIFY2(text.find(sample.reference) != std::string::npos, text.c_str());
    }
}

void TestEvaluator::publishedFormsAreOtherNumbersUnderTheirNames()
{
    const std::vector<std::string> metrics{"exact_memorization", "extraction_strength", "mia_min_k", "mia_gradnorm", "forget_quality", "ra_prob", "verbmem_f",
                                           "muse_privleak"};
    ResolvedSpec given = spec(metrics);
    const auto strict = evaluate(given);
    given.spec.eval->variant = "open-unlearning";
    const auto published = evaluate(given);
    given.spec.eval->variant = "muse-original";
    const auto original = evaluate(given);
    QVERIFY2(strict.ok() && published.ok() && original.ok(), published.ok() ? "" : published.error().message().c_str());
    const auto of = [](const EvaluationRecord &record, const char *id) { return *std::ranges::find(record.metrics, id, &MetricValue::id); };
    for (const std::string &id : metrics)
        QVERIFY2(of(*published, id.c_str()).variant.starts_with("open-unlearning"), of(*published, id.c_str()).variant.c_str());
    QCOMPARE(of(*strict, "exact_memorization").variant, std::string());
    QCOMPARE(of(*strict, "forget_quality").variant, std::string("geometric"));
    for (std::size_t i = 0; i < strict->samples.size(); ++i) {
        const SampleRecord &own = strict->samples[i], &theirs = published->samples[i];
        if (own.set != "forget")
            continue;
        // the last token less: k of n right become k or k − 1 of n − 1
        const auto n = static_cast<double>(own.tokens.size());
        const double right = own.value("exact_memorization").value() * n, rest = theirs.value("exact_memorization").value() * (n - 1);
        QVERIFY(std::abs(rest - right) < 1e-9 || std::abs(rest - (right - 1)) < 1e-9);
        QVERIFY(theirs.value("extraction_strength").value() >= 1 / (n - 1) - 1e-9); // its floor
    }
    const auto partsOf = [&](const MetricValue &value, const char *name) {
        return std::ranges::find(value.parts, name, &std::pair<std::string, double>::first)->second;
    };
    const MetricValue leak = of(*original, "muse_privleak");
    QVERIFY(std::abs(partsOf(leak, "A") + partsOf(leak, "auc") - 1) < 1e-12);
}

void TestEvaluator::promptsEndWhereTheTextDoes()
{
    // the same weights, and a tokenizer that closes every text with EOS
    std::vector<std::string> texts[2];
    for (const int which : {0, 1}) {
        const auto folder = test::fixtures() / "losses" / "models" / (which == 0 ? "llama" : "llama-eos");
        auto tokenizer = Tokenizer::load(folder);
        auto model = Decoder::load(folder, {});
        QVERIFY(tokenizer.ok() && model.ok());
        const auto encoder = SampleEncoder::create(*tokenizer, {}, 256);
        QVERIFY(encoder.ok());
        ResolvedSpec given = spec({"knowmem_f", "knowmem_r", "forget_rouge"});
        given.spec.eval->reference.reset();
        auto inputs = EvaluationInputs::read(given, folder, *tokenizer, *encoder, {}, {});
        QVERIFY2(inputs.ok(), inputs.ok() ? "" : inputs.error().message().c_str());
        const auto record = Evaluator(**model, *tokenizer, *encoder, *inputs).evaluate(1, true, {});
        QVERIFY(record.ok());
        for (const SampleRecord &sample : record->samples)
            texts[which].push_back(sample.text.value());
    }
    QCOMPARE(texts[0].size(), std::size_t{3 * kRows});
    QCOMPARE(texts[1], texts[0]);
}

void TestEvaluator::aPromptThatFillsTheModelsPositionsHasNoAnswer()
{
    const auto folder = test::fixtures() / "models" / "gpt2"; // 128 learned positions
    auto tokenizer = Tokenizer::load(folder);
    auto model = Decoder::load(folder, {});
    QVERIFY(tokenizer.ok() && model.ok());
    const auto encoder = SampleEncoder::create(*tokenizer, {}, 64);
    QVERIFY(encoder.ok());
    const auto questionOf = [&](std::size_t tokens) { // as many letters as make the prompt that long
        std::string question = "q";
        while (encoder->encodePromptText(question)->size() < tokens)
            question += " q";
        return R"({"question": ")" + question + R"(", "answer": "a"})";
    };
    write("positions.jsonl", {questionOf(4), questionOf(200), questionOf(124)});
    ResolvedSpec given = spec({"forget_rouge"});
    given.spec.eval->reference.reset();
    given.spec.eval->tofu->forget->path = "positions.jsonl";
    auto inputs = EvaluationInputs::read(given, folder, *tokenizer, *encoder, {}, {});
    QVERIFY2(inputs.ok(), inputs.ok() ? "" : inputs.error().message().c_str());
    const auto record = Evaluator(**model, *tokenizer, *encoder, *inputs).evaluate(1, true, {});
    QVERIFY(record.ok());
    QVERIFY(record->samples[0].text && !record->samples[1].text && record->samples[2].text);
    QVERIFY(record->samples[2].hitTokenLimit);
    QVERIFY((record->metrics[0].parts == std::vector<std::pair<std::string, double>>{{"n", 2}, {"n_undefined", 1}}));
}

void TestEvaluator::tofusOwnFormLooksAt300Rows()
{
    std::vector<std::string> lines;
    while (lines.size() < 302)
        lines.push_back(firstLines(m_data / "forget05_perturbed.jsonl", kRows)[lines.size() % kRows]);
    write("many.jsonl", lines);
    ResolvedSpec given = spec({"forget_prob"});
    given.spec.eval->tofu->forget->path = "many.jsonl";
    given.spec.eval->variant = "tofu-original";
    const auto record = evaluate(given);
    QVERIFY2(record.ok(), record.ok() ? "" : record.error().message().c_str());
    QCOMPARE(record->samples.size(), std::size_t{300});
    QCOMPARE(record->metrics[0].variant, std::string("tofu-original"));
    QVERIFY((record->metrics[0].parts == std::vector<std::pair<std::string, double>>{{"n", 300}, {"n_left_out", 2}}));
}

void TestEvaluator::compositesStandBesideTheirParts()
{
    const auto record = evaluate(spec({"composite"}));
    QVERIFY2(record.ok(), record.ok() ? "" : record.error().message().c_str());
    const auto of = [&](const char *id) { return *std::ranges::find(record->metrics, id, &MetricValue::id); };
    const auto harmonic = [](const std::vector<double> &values) {
        double sum = 0;
        for (const double value : values)
            sum += 1 / value;
        return static_cast<double>(values.size()) / sum;
    };
    const MetricValue memorization = of("memorization_score"), privacy = of("privacy_score"), whole = of("unlearning_score");
    QCOMPARE(memorization.parts.size(), std::size_t{4});
    std::vector<double> rest;
    for (const auto &[id, value] : memorization.parts)
        rest.push_back(1 - value);
    QVERIFY(std::abs(memorization.value.value() - harmonic(rest)) < 1e-12);
    QCOMPARE(privacy.parts.size(), std::size_t{8}); // four areas, and those of the reference
    QVERIFY(privacy.value && *privacy.value >= 0 && *privacy.value <= 1);
    QCOMPARE(whole.variant, std::string("without fluency"));
    QCOMPARE(whole.parts.size(), std::size_t{3});
    ResolvedSpec without = spec({"privacy_score"});
    without.spec.eval->reference.reset();
    const auto none = evaluate(without);
    QVERIFY(none.ok() && !none->metrics[0].value && none->metrics[0].reason.starts_with("needs a model trained without the forget set"));
}

void TestEvaluator::aLeakageAloneIsComparedWithTheReference()
{
    const auto record = evaluate(spec({"privleak"}));
    QVERIFY(record.ok());
    QVERIFY2(record->metrics[0].variant.find("reference") != std::string::npos, record->metrics[0].variant.c_str()); // not "assumed 0.5"
}

void TestEvaluator::aRowWithNothingScoredIsCounted()
{
    std::vector<std::string> lines = firstLines(m_data / "forget05_perturbed.jsonl", kRows);
    std::string long_; // the prompt alone fills the length
    for (int i = 0; i < 300; ++i)
        long_ += "and on ";
    lines.push_back(R"({"question": ")" + long_ + R"(", "answer": "a", "paraphrased_answer": "b", "perturbed_answer": ["c", "d", "e", "f", "g"]})");
    write("long.jsonl", lines);
    ResolvedSpec given = spec({"forget_prob", "mia_loss", "mia_reference", "forget_quality", "forget_truth_ratio", "muse_privleak"});
    given.spec.eval->tofu->forget->path = "long.jsonl";
    const auto record = evaluate(given);
    QVERIFY2(record.ok(), record.ok() ? "" : record.error().message().c_str());
    const auto partOf = [&](const char *id, const char *name) -> std::optional<double> {
        for (const auto &[part, value] : std::ranges::find(record->metrics, id, &MetricValue::id)->parts)
            if (part == name)
                return value;
        return std::nullopt;
    };
    for (const char *id : {"forget_prob", "mia_loss", "mia_reference", "forget_truth_ratio"})
        QVERIFY2(partOf(id, "n_undefined") == 1.0, id);
    QVERIFY(partOf("mia_reference", "n1") == static_cast<double>(kRows));
    QVERIFY(!partOf("muse_privleak", "n_undefined")); // its own texts have tokens
    const MetricValue quality = *std::ranges::find(record->metrics, "forget_quality", &MetricValue::id);
    QVERIFY(!quality.value && quality.reason == "row 6 of the forget set has no truth ratio");
}

void TestEvaluator::aModelAgainstItselfHasNoForgetQuality()
{
    ResolvedSpec itself = spec({"forget_quality", "forget_truth_ratio"});
    itself.spec.eval->reference = m_model.string();
    const auto untouched = evaluate(itself, 4096, 0);
    QVERIFY(untouched.ok() && !untouched->metrics[0].value && untouched->metrics[1].value);
    QCOMPARE(untouched->metrics[0].reason, std::string("the reference is the evaluated model itself"));
    ResolvedSpec without = spec({"forget_quality"});
    without.spec.eval->reference.reset();
    const auto none = evaluate(without);
    QVERIFY(none.ok() && !none->metrics[0].value && none->metrics[0].reason.starts_with("needs a model trained without the forget set"));
}

void TestEvaluator::aMissingFieldIsNamed()
{
    write("plain.jsonl", {R"({"question": "q", "answer": "a", "perturbed_answer": ["b"]})"});
    write("none.jsonl", {R"({"question": "q", "answer": "a", "paraphrased_answer": "c"})"});
    write("wrong.jsonl", {R"({"question": "q", "answer": "a", "paraphrased_answer": "c", "perturbed_answer": []})"});
    for (const auto &[file, words] : {std::pair{"plain.jsonl", "row 1 of the forget set has no field paraphrased_answer"},
                                      {"none.jsonl", "row 1 of the forget set has no field perturbed_answer"},
                                      {"wrong.jsonl", "row 1 of the forget set has no list of texts in perturbed_answer"}}) {
        ResolvedSpec given = spec({"forget_truth_ratio"});
        given.spec.eval->tofu->forget->path = file;
        const auto refused = evaluate(given);
        QVERIFY(!refused.ok());
        QVERIFY2(refused.error().message().find(words) != std::string::npos && refused.error().where.ends_with(file), refused.error().message().c_str());
    }
}

void TestEvaluator::aTablesCellHoldsTheListAsJson()
{
    write("rows.csv", {"question,answer,paraphrased_answer,perturbed_answer", R"(q,a,c,"[""b"", ""d""]")"});
    ResolvedSpec given = spec({"forget_truth_ratio"});
    given.spec.eval->tofu->forget->path = "rows.csv";
    const auto record = evaluate(given);
    QVERIFY2(record.ok(), record.ok() ? "" : record.error().message().c_str());
    QVERIFY(record->samples[0].value("false_loss_2") && !record->samples[0].value("false_loss_3"));
    write("text.csv", {"question,answer,paraphrased_answer,perturbed_answer", "q,a,c,b"});
    given.spec.eval->tofu->forget->path = "text.csv";
    const auto refused = evaluate(given);
    QVERIFY(!refused.ok() && refused.error().message().find("row 2 of the forget set has no list of texts in perturbed_answer, but \"b\"") != std::string::npos);
}

void TestEvaluator::anEmptySetIsNamed()
{
    write("empty.jsonl", {});
    ResolvedSpec given = spec({"tofu"});
    given.spec.eval->tofu->worldFacts->path = "empty.jsonl";
    const auto refused = evaluate(given);
    QVERIFY(!refused.ok() && refused.error().message().find("The wf set (eval.tofu.world_facts) cannot be used") != std::string::npos);
}

void TestEvaluator::aLogOfOtherRowsIsNamed()
{
    ResolvedSpec given = spec({"forget_quality"});
    given.spec.eval->reference = (m_model.parent_path() / "tiny-tofu-retain.eval.json").string(); // 200 rows, not 6
    const auto refused = evaluate(given);
    QVERIFY(!refused.ok());
    QVERIFY2(refused.error().message().find("it holds 200 rows, 0–199") != std::string::npos, refused.error().message().c_str());
}

QTEST_GUILESS_MAIN(TestEvaluator)
#include "tst_evaluator.moc"
