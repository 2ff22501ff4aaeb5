#include "model/Decoder.h"
#include "model/Generator.h"
#include "model/PairManifest.h"
#include "support/Fixtures.h"

#include <lethe/base/Paths.h>
#include <lethe/model/ModelInfo.h>
#include <lethe/sdk/Losses.h>
#include <lethe/tokenizer/Tokenizer.h>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

using namespace lethe;
namespace fs = std::filesystem;

namespace {

const std::vector<std::vector<TokenId>> kRows{{1, 17, 40, 33, 8, 90, 12}, {1, 5, 77, 21}};

Batch pack(const std::vector<std::vector<TokenId>> &rows)
{
    std::vector<PackedSample> samples;
    for (const auto &row : rows)
        samples.push_back({.ids = row.data(), .length = static_cast<std::int64_t>(row.size()), .labelStart = 2});
    return packBatch(samples, c10::Device(c10::DeviceType::CPU));
}

at::Tensor probabilities(FilterMode mode, double r, PairUse use = PairUse::Choosing)
{
    const at::Tensor target = at::tensor({2.f, 1.f, .5f, -1.f, -3.f, -4.f}).unsqueeze(0);
    const at::Tensor assistant = at::tensor({1.5f, -.5f, 0.f, .2f, .1f, 3.f}).unsqueeze(0);
    return at::softmax(pairLogits(target, assistant, {.weight = -0.8, .topFilter = r, .filterMode = mode}, use), 1).squeeze(0);
}

bool near(const at::Tensor &got, const std::vector<float> &expected)
{
    return (got - at::tensor(expected)).abs().max().item<double>() < 6e-5;
}

/// A pair of the fixtures' target and assistant.
struct PairFolder {
    QTemporaryDir folder;
    explicit PairFolder(const PairManifest &options)
    {
        PairManifest manifest = options;
        manifest.target = test::fixtures() / "models" / "llama";
        manifest.assistant = test::fixtures() / "assist" / "assistant";
        if (const auto written = writePairManifest(path(), manifest); !written.ok())
            qFatal("%s", written.error().message().c_str());
    }
    fs::path path() const { return folder.path().toStdString(); }
};

} // namespace

/// Target and assistant as one model.
class TestPair : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theWorkedNumbersHold()
    {
        QVERIFY(near(probabilities(FilterMode::Auto, 0), {.2684f, .4891f, .1989f, .0378f, .0055f, .0002f}));
        QVERIFY(near(probabilities(FilterMode::KeepBaseRaw, .5), {.2660f, .4848f, .1971f, .0440f, .0060f, .0022f}));
        QVERIFY(near(probabilities(FilterMode::KeepBase, .5), {.2761f, .5031f, .2045f, .0137f, .0019f, .0007f}));
        QVERIFY(near(probabilities(FilterMode::Drop, .5), {.2807f, .5114f, .2079f, 0, 0, 0}));
    }

    void withoutAModeFilteredTokensCannotBeChosenButCanBeScored()
    {
        QVERIFY(at::equal(probabilities(FilterMode::Auto, .5), probabilities(FilterMode::Drop, .5)));
        QVERIFY(at::equal(probabilities(FilterMode::Auto, .5, PairUse::Scoring), probabilities(FilterMode::KeepBase, .5)));
    }

    void aFilterSmallerThanAWordOfTheVocabularyKeepsEverything()
    {
        QVERIFY(at::equal(probabilities(FilterMode::Drop, .16), probabilities(FilterMode::Drop, 0)));
        QVERIFY(probabilities(FilterMode::Drop, .17).slice(0, 1).sum().item<double>() < 1);
    }

    void aUniformAssistantAddsExactlyNothing()
    {
        const at::Tensor target = at::randn({4, 50});
        const at::Tensor flat = at::full({4, 50}, 3.25);
        QVERIFY(at::equal(pairLogits(target, flat, {.weight = -0.8, .topFilter = .1, .filterMode = FilterMode::KeepBase}, PairUse::Scoring), target));
    }

    void greedyContinuationIsTheReferences()
    {
        const auto json = test::readJson(test::fixtures() / "assist" / "generate.json");
        for (const auto &one : json["generations"]) {
            const PairFolder pair({.logitWeight = one["logit_weight"].get<double>()});
            const auto model = Decoder::load(pair.path(), {});
            QVERIFY2(model.ok(), model.ok() ? "" : model.error().message().c_str());
            const auto made = generateIds(**model, {one["prompt_ids"].get<std::vector<TokenId>>()}, {.maxNewTokens = json["max_new_tokens"].get<std::int64_t>()});
            QCOMPARE(made.front().ids, one["ids"].get<std::vector<TokenId>>());
        }
    }

    void scoresAreOfTheJoinedLogits()
    {
        for (const double filter : {0.0, 0.05}) {
            const PairFolder folder({.logitWeight = -0.6, .topFilter = filter});
            const auto pair = Decoder::load(folder.path(), {});
            const auto target = Decoder::load(test::fixtures() / "models" / "llama", {});
            const auto assistant = Decoder::load(test::fixtures() / "assist" / "assistant", {});
            QVERIFY(pair.ok() && target.ok() && assistant.ok());
            const c10::InferenceMode inference;
            const Batch batch = pack(kRows);
            const at::Tensor joined = pairLogits((*target)->logits((*target)->hidden(batch)), (*assistant)->logits((*assistant)->hidden(batch)),
                                                 {.weight = -0.6, .topFilter = filter}, PairUse::Scoring);
            QVERIFY(at::allclose((*pair)->rowLogits(batch, {}), joined, 1e-5, 1e-5));
            const at::Tensor expected = -at::log_softmax(joined.index_select(0, batch.labelRows_M), 1).gather(1, batch.labelIds_M.unsqueeze(1)).squeeze(1);
            QVERIFY(at::allclose(losses::tokenNll(**pair, batch), expected, 1e-5, 1e-5));
        }
    }

    void anAssistantOfWeightNoughtChangesNothing()
    {
        const PairFolder folder({.logitWeight = 0});
        const auto pair = Decoder::load(folder.path(), {});
        const auto target = Decoder::load(test::fixtures() / "models" / "llama", {});
        QVERIFY(pair.ok() && target.ok());
        const c10::InferenceMode inference;
        const Batch batch = pack(kRows);
        QVERIFY((losses::tokenNll(**pair, batch) - losses::tokenNll(**target, batch)).abs().max().item<double>() < 1e-5);
    }

    void theManifestIsReadAsItWasWritten()
    {
        const QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        const PairManifest written{.target = test::fixtures() / "models" / "llama", .assistant = path, .logitWeight = -0.75, .topFilter = 0.01,
                                   .filterMode = FilterMode::KeepBase};
        QVERIFY(writePairManifest(path, written).ok());
        QCOMPARE(test::readJson(path / kPairFile)["assistant"].get<std::string>(), std::string("."));
        const auto read = readPairManifest(path);
        QVERIFY(read.ok() && read->has_value());
        QCOMPARE((*read)->target, written.target.lexically_normal());
        QVERIFY(fs::equivalent((*read)->assistant, path));
        QCOMPARE((*read)->logitWeight, -0.75);
        QCOMPARE((*read)->topFilter, 0.01);
        QVERIFY((*read)->filterMode == FilterMode::KeepBase);
        QVERIFY(readPairManifest(path.parent_path()).ok());
    }

    void aSpoiledManifestIsRefusedByKey_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("needle");
        QTest::newRow("empty") << QByteArray() << "no JSON object";
        QTest::newRow("list") << QByteArray("[]") << "no JSON object";
        QTest::newRow("no target") << QByteArray("{}") << "names no target";
        QTest::newRow("target type") << QByteArray(R"({"target": 3})") << "target is 3";
        QTest::newRow("weight") << QByteArray(R"({"target": "a", "logit_weight": "x"})") << "logit_weight";
        QTest::newRow("filter") << QByteArray(R"({"target": "a", "top_filter": 1})") << "top_filter";
        QTest::newRow("mode") << QByteArray(R"({"target": "a", "filter_mode": "none"})") << "filter_mode \"none\"";
        QTest::newRow("itself") << QByteArray(R"({"target": "."})") << "its own folder";
    }
    void aSpoiledManifestIsRefusedByKey()
    {
        QFETCH(QByteArray, text);
        QFETCH(QString, needle);
        const QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        QVERIFY(writeFile(path / kPairFile, text.toStdString()).ok());
        const auto read = readPairManifest(path);
        QVERIFY(!read.ok());
        QVERIFY2(QString::fromStdString(read.error().message()).contains(needle), read.error().message().c_str());
    }

    void aPairIsInspectedAsItsTarget()
    {
        const PairFolder folder({.logitWeight = -0.8});
        const auto info = inspectModel(folder.path());
        QVERIFY2(info.ok(), info.ok() ? "" : info.error().message().c_str());
        QVERIFY2(info->usable(), info->usable() ? "" : info->problems.front().message().c_str());
        QCOMPARE(info->modelType, std::string("llama"));
        QVERIFY(info->tokenizer.has_value());
        QCOMPARE(info->remarks.size(), std::size_t{1});
    }
};

QTEST_GUILESS_MAIN(TestPair)
#include "tst_pair.moc"
