#include "model/Decoder.h"
#include "model/Generator.h"
#include "model/Safetensors.h"
#include "support/Fixtures.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <nlohmann/json.hpp>

#include <QtTest/QtTest>

#include <algorithm>
#include <fstream>
#include <set>

using namespace lethe;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

at::Tensor readTensor(const SafetensorsFile &file, const char *name)
{
    const TensorEntry *entry = file.find(name);
    if (entry == nullptr)
        return {};
    return at::from_blob(const_cast<std::byte *>(file.bytes(*entry).data()), entry->shape, at::kFloat).clone();
}

Batch pack(const std::vector<std::vector<TokenId>> &rows)
{
    std::vector<PackedSample> samples;
    for (const auto &row : rows)
        samples.push_back({.ids = row.data(), .length = static_cast<std::int64_t>(row.size()), .labelStart = 1});
    return packBatch(samples, c10::Device(c10::DeviceType::CPU));
}

/// The greatest |d| over its tolerance 1e-4 + 1e-4·|expected|; held where it is at most 1.
double excess(const at::Tensor &got, const at::Tensor &expected)
{
    return ((got - expected).abs() / (1e-4 + 1e-4 * expected.abs())).max().item<double>();
}

} // namespace

/// Every checkpoint of the fixtures: logits, ragged logits, hidden states and greedy continuation.
class TestModelFixtures : public QObject
{
    Q_OBJECT

private:
    static void everyModel()
    {
        QTest::addColumn<QString>("folder");
        for (const fs::path &folder : test::fixtureFolders("models"))
            QTest::newRow(folder.filename().c_str()) << QString::fromStdString(folder.string());
    }

    static std::unique_ptr<Decoder> load(const QString &folder)
    {
        auto decoder = Decoder::load(folder.toStdString(), {});
        if (!decoder.ok())
            qWarning("%s", decoder.error().message().c_str());
        return decoder.ok() ? std::move(*decoder) : nullptr;
    }

private Q_SLOTS:
    void initTestCase() { QVERIFY2(!test::fixtureFolders("models").empty(), "no models in LETHE_FIXTURES"); }

    void logitsAreTheReferences_data() { everyModel(); }
    void logitsAreTheReferences()
    {
        QFETCH(QString, folder);
        const auto decoder = load(folder);
        QVERIFY(decoder);
        const auto file = SafetensorsFile::open(fs::path(folder.toStdString()) / "logits.safetensors");
        QVERIFY(file.ok());
        const c10::InferenceMode inference;

        const auto ids = test::readJson(fs::path(folder.toStdString()) / "ids.json").get<std::vector<std::vector<TokenId>>>();
        const at::Tensor expected = readTensor(*file, "logits");
        const at::Tensor got = decoder->logits(decoder->hidden(pack(ids))).view(expected.sizes());
        qInfo("greatest difference %.2e, %.3f of the tolerance", (got - expected).abs().max().item<double>(), excess(got, expected));
        QVERIFY(excess(got, expected) <= 1);

        auto ragged = test::readJson(fs::path(folder.toStdString()) / "ids_padded.json").get<std::vector<std::vector<TokenId>>>();
        const auto lengths = test::readJson(fs::path(folder.toStdString()) / "lengths.json").get<std::vector<std::size_t>>();
        for (std::size_t i = 0; i < ragged.size(); ++i)
            ragged[i].resize(lengths[i]);
        const Batch batch = pack(ragged);
        const at::Tensor packed = decoder->logits(decoder->hidden(batch));
        const at::Tensor expectedPadded = readTensor(*file, "logits_padded");
        for (std::int64_t i = 0; i < batch.samples(); ++i)
            QVERIFY(excess(packed.narrow(0, batch.offsets[static_cast<std::size_t>(i)], batch.length(i)),
                           expectedPadded.select(0, i).narrow(0, 0, batch.length(i)))
                    <= 1);
    }

    void hiddenStatesAreTheReferences_data() { everyModel(); }
    void hiddenStatesAreTheReferences()
    {
        QFETCH(QString, folder);
        const fs::path file = fs::path(folder.toStdString()) / "hidden.safetensors";
        if (!fs::exists(file))
            return; // given for two of the models alone
        const auto decoder = load(folder);
        QVERIFY(decoder);
        const auto expected = SafetensorsFile::open(file);
        QVERIFY(expected.ok());
        const c10::InferenceMode inference;
        const auto ids = test::readJson(fs::path(folder.toStdString()) / "ids.json").get<std::vector<std::vector<TokenId>>>();
        const auto states = decoder->hiddenStates(pack(ids));
        for (std::size_t i = 0; i < states.size(); ++i) {
            const at::Tensor reference = readTensor(*expected, ("hidden_" + std::to_string(i)).c_str());
            QVERIFY2(reference.defined(), "fewer hidden states in the file than the model gives");
            QVERIFY(excess(states[i].view(reference.sizes()), reference) <= 1);
        }
    }

    void greedyContinuationIsTheReferences_data() { everyModel(); }
    void greedyContinuationIsTheReferences()
    {
        QFETCH(QString, folder);
        const auto decoder = load(folder);
        QVERIFY(decoder);
        const Json json = test::readJson(fs::path(folder.toStdString()) / "generate.json");
        std::vector<std::vector<TokenId>> prompts;
        for (const Json &one : json["generations"])
            prompts.push_back(one["prompt_ids"].get<std::vector<TokenId>>());
        const GenerationOptions options{.maxNewTokens = json["max_new_tokens"].get<std::int64_t>()};
        const auto together = generateIds(*decoder, prompts, options);
        for (std::size_t i = 0; i < prompts.size(); ++i) {
            QCOMPARE(together[i].ids, json["generations"][i]["ids"].get<std::vector<TokenId>>());
            QCOMPARE(together[i].stoppedAtEos, json["generations"][i]["stopped_at_eos"].get<bool>());
            QCOMPARE(generateIds(*decoder, {prompts[i]}, options).front().ids, together[i].ids); // alone as in a batch
        }
    }

    void aRepetitionPenaltyWeighsWhatTheTextHolds()
    {
        const QTemporaryDir copy;
        const fs::path folder = copy.path().toStdString();
        fs::copy(test::fixtures() / "models" / "qwen2", folder, fs::copy_options::recursive);
        const auto penalized = [&folder](const char *penalty) {
            fs::remove(folder / "generation_config.json"); // the copy may be read-only
            std::ofstream(folder / "generation_config.json") << R"({"do_sample": false, "repetition_penalty": )" << penalty << '}';
            return Decoder::load(folder, {});
        };
        const double penalty = 1.7;
        const auto decoder = penalized("1.7");
        QVERIFY(decoder.ok());
        const Json json = test::readJson(folder / "generate.json");
        const GenerationOptions options{.maxNewTokens = 12, .stopAtEos = false};
        std::vector<std::vector<TokenId>> prompts;
        for (const Json &one : json["generations"])
            prompts.push_back(one["prompt_ids"].get<std::vector<TokenId>>());
        const auto together = generateIds(**decoder, prompts, options);
        bool changes = false;
        for (std::size_t i = 0; i < prompts.size(); ++i) {
            // the definition, over whole texts and one token after another
            std::vector<TokenId> text = prompts[i];
            for (std::int64_t made = 0; made < options.maxNewTokens; ++made) {
                const c10::InferenceMode inference;
                at::Tensor z = (*decoder)->rowLogits(pack({text}), {})[-1].clone();
                changes = changes || std::ranges::find(text, static_cast<TokenId>(z.argmax().item<std::int64_t>())) != text.end();
                for (const TokenId id : std::set<TokenId>(text.begin(), text.end())) {
                    const double before = z[id].item<double>();
                    z[id] = before < 0 ? before * penalty : before / penalty;
                }
                text.push_back(static_cast<TokenId>(z.argmax().item<std::int64_t>()));
            }
            QCOMPARE(together[i].ids, std::vector<TokenId>(text.begin() + static_cast<std::ptrdiff_t>(prompts[i].size()), text.end()));
        }
        QVERIFY(changes); // something would have been said again
        for (const char *wrong : {"0", "-1", "\"much\""}) {
            const auto refused = penalized(wrong);
            QVERIFY(!refused.ok());
            QCOMPARE(refused.error().where, std::string("generation_config.json"));
        }
    }
};

QTEST_GUILESS_MAIN(TestModelFixtures)
#include "tst_model_fixtures.moc"
