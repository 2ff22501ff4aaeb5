#include "model/AdapterFiles.h"
#include "model/Decoder.h"
#include "model/LoraAdapter.h"
#include "model/ModelFolder.h"
#include "model/Safetensors.h"
#include "model/SafetensorsWriter.h"
#include "support/Fixtures.h"

#include <lethe/base/Paths.h>
#include <lethe/model/ModelInfo.h>
#include <lethe/sdk/Losses.h>
#include <lethe/tokenizer/Tokenizer.h>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>

#include <nlohmann/json.hpp>

#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

using namespace lethe;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

Batch pack(const std::vector<std::vector<TokenId>> &rows)
{
    std::vector<PackedSample> samples;
    for (const auto &row : rows)
        samples.push_back({.ids = row.data(), .length = static_cast<std::int64_t>(row.size()), .labelStart = 1});
    return packBatch(samples, c10::Device(c10::DeviceType::CPU));
}

at::Tensor logitsOf(Decoder &decoder, const Batch &batch)
{
    const c10::InferenceMode inference;
    return decoder.logits(decoder.hidden(batch));
}

const std::vector<std::vector<TokenId>> kRows{{1, 17, 40, 33, 8, 90, 12}, {1, 5, 77, 21}};

/// An adapter folder over a fixture model whose config and tensors a test may spoil.
struct AdapterCopy {
    QTemporaryDir folder;
    Json config;

    explicit AdapterCopy(const char *name = "llama-qv")
    {
        const fs::path from = test::fixtures() / "lora" / name;
        config = test::readJson(from / "adapter_config.json");
        config["base_model_name_or_path"] = (from / config["base_model_name_or_path"].get<std::string>()).lexically_normal().string();
        fs::copy(from / "adapter_model.safetensors", path() / "adapter_model.safetensors");
        write();
    }
    fs::path path() const { return folder.path().toStdString(); }
    void write() const
    {
        if (const auto written = writeFile(path() / "adapter_config.json", config.dump()); !written.ok())
            qFatal("%s", written.error().message().c_str());
    }
    QString errorOfLoading() const
    {
        const auto decoder = Decoder::load(path(), {});
        return decoder.ok() ? QString() : QString::fromStdString(decoder.error().message());
    }
};

} // namespace

/// LoRA adapters: PEFT's folders loaded, merged and beside the weights; new ones; what is refused.
class TestLora : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void logitsAreTheReferences_data()
    {
        QTest::addColumn<QString>("folder");
        for (const fs::path &folder : test::fixtureFolders("lora"))
            QTest::newRow(folder.filename().c_str()) << QString::fromStdString(folder.string());
    }
    void logitsAreTheReferences()
    {
        QFETCH(QString, folder);
        const fs::path path = folder.toStdString();
        const auto decoder = Decoder::load(path, {});
        QVERIFY2(decoder.ok(), decoder.ok() ? "" : decoder.error().message().c_str());
        const auto file = SafetensorsFile::open(path / "logits.safetensors");
        QVERIFY(file.ok());
        const TensorEntry *entry = file->find("logits");
        QVERIFY(entry != nullptr);
        const at::Tensor expected = at::from_blob(const_cast<std::byte *>(file->bytes(*entry).data()), entry->shape, at::kFloat);
        const Batch batch = pack(test::readJson(path / "ids.json").get<std::vector<std::vector<TokenId>>>());
        const at::Tensor merged = logitsOf(**decoder, batch).view(expected.sizes());
        const double excess = ((merged - expected).abs() / (2e-4 + 1e-4 * expected.abs())).max().item<double>();
        qInfo("greatest difference %.2e, %.3f of the tolerance", (merged - expected).abs().max().item<double>(), excess);
        QVERIFY(excess <= 1);
        QVERIFY((*decoder)->adapter() == nullptr);
    }

    void besideTheWeightsItGivesWhatItGivesMerged()
    {
        for (const char *name : {"llama-qv", "gpt2-attn"}) {
            const fs::path folder = test::fixtures() / "lora" / name;
            const Batch batch = pack(kRows);
            // 16-bit parameters keep the adapter beside them; computed in f32, both forms see the same base.
            const auto beside = Decoder::load(folder, {.parameterDtype = at::kBFloat16});
            QVERIFY(beside.ok());
            QVERIFY((*beside)->adapter() != nullptr);
            const auto merged = Decoder::load(folder, {});
            QVERIFY(merged.ok());
            const auto base = Decoder::load(fs::path(folder / test::readJson(folder / "adapter_config.json")["base_model_name_or_path"].get<std::string>()), {});
            QVERIFY(base.ok());
            for (std::size_t i = 0; i < (*base)->parameters().size(); ++i) {
                const at::Tensor rounded = (*base)->parameters()[i].value.to(at::kBFloat16);
                QVERIFY(at::equal(rounded, (*beside)->parameters()[i].value));
            }
            const at::Tensor difference = logitsOf(**beside, batch) - logitsOf(**merged, batch);
            QVERIFY(difference.abs().max().item<double>() < 0.2); // the base's rounding alone
            const bool was = (*beside)->setAdapterOn(false);
            QVERIFY(was);
            QVERIFY((logitsOf(**beside, batch) - logitsOf(**merged, batch)).abs().max().item<double>() > difference.abs().max().item<double>());
        }
    }

    void aNewAdapterChangesNothingUntilItIsTrained()
    {
        const auto decoder = Decoder::load(test::fixtures() / "models" / "llama", {});
        QVERIFY(decoder.ok());
        const Batch batch = pack(kRows);
        const at::Tensor before = logitsOf(**decoder, batch);
        QVERIFY((*decoder)->addAdapter({.rank = 3, .alpha = 6}, 7).ok());
        QVERIFY(at::equal(logitsOf(**decoder, batch), before));
        QCOMPARE((*decoder)->adapter()->parameters().size(), std::size_t{2 * 2 * 7}); // two layers of seven linear ones
        (*decoder)->setTrainable(true);
        for (const Parameter &parameter : (*decoder)->parameters())
            QVERIFY(!parameter.value.requires_grad());
        QCOMPARE((*decoder)->trained().size(), std::size_t{28});
    }

    void switchedOffTheBaseAloneAnswers()
    {
        const auto decoder = Decoder::load(test::fixtures() / "models" / "llama", {});
        QVERIFY(decoder.ok());
        const Batch batch = pack(kRows);
        const at::Tensor before = logitsOf(**decoder, batch);
        QVERIFY((*decoder)->addAdapter({.rank = 2, .alpha = 4}, 1).ok());
        for (Parameter &parameter : const_cast<LoraAdapter *>((*decoder)->adapter())->parameters())
            parameter.value.fill_(0.05);
        QVERIFY(!at::equal(logitsOf(**decoder, batch), before));
        {
            const AdapterOff off(**decoder);
            QVERIFY(at::equal(logitsOf(**decoder, batch), before));
        }
        QVERIFY(!at::equal(logitsOf(**decoder, batch), before));
    }

    void gradientsAreThoseOfTheMergedWeightsByTheChainRule()
    {
        for (const char *model : {"llama", "gpt2", "phi3"}) {
            const auto decoder = Decoder::load(test::fixtures() / "models" / model, {});
            QVERIFY(decoder.ok());
            const auto whole = (*decoder)->frozenCopy();
            whole->setTrainable(true);
            QVERIFY((*decoder)->addAdapter({.rank = 2, .alpha = 3, .rankStabilized = true}, 5).ok());
            (*decoder)->setTrainable(true);
            const Batch batch = pack(kRows);
            losses::tokenNll(**decoder, batch).sum().backward();
            losses::tokenNll(*whole, batch).sum().backward();
            // dL/dB = scale · dL/dW · Aᵀ at B = 0; dL/dA = 0
            const auto &adapter = (*decoder)->adapter()->parameters();
            std::size_t seen = 0;
            for (const Parameter &weight : whole->parameters()) {
                const LinearShape shape = linearShape(whole->config(), weight.spec);
                for (std::size_t i = 0; i + 1 < adapter.size(); i += 2) {
                    if (adapter[i].spec.name != adapterTensorName(weight.spec.name, 'A'))
                        continue;
                    const at::Tensor dw = shape.transposed ? weight.value.grad().t() : weight.value.grad();
                    const at::Tensor expected = 3 / std::sqrt(2.0) * at::mm(dw, adapter[i].value.detach().t());
                    QVERIFY((adapter[i + 1].value.grad() - expected).abs().max().item<double>() < 1e-4 * (1 + expected.abs().max().item<double>()));
                    QVERIFY(adapter[i].value.grad().abs().max().item<double>() == 0);
                    ++seen;
                }
            }
            QCOMPARE(seen, adapter.size() / 2);
        }
    }

    void recomputedLayersGiveTheSameGradientsDropoutIncluded()
    {
        const Batch batch = pack(kRows);
        std::vector<std::vector<at::Tensor>> gradients;
        std::vector<at::Tensor> nll;
        for (const bool checkpointing : {false, true}) {
            const auto decoder = Decoder::load(test::fixtures() / "models" / "llama", {});
            QVERIFY(decoder.ok());
            QVERIFY((*decoder)->addAdapter({.rank = 2, .alpha = 4, .dropout = 0.3}, 5).ok());
            for (Parameter &parameter : const_cast<LoraAdapter *>((*decoder)->adapter())->parameters())
                parameter.value.add_(0.02);
            (*decoder)->setTrainable(true);
            (*decoder)->setCheckpointing(checkpointing);
            (*decoder)->setDropoutSeed(11);
            const at::Tensor values = losses::tokenNll(**decoder, batch);
            values.sum().backward();
            nll.push_back(values.detach());
            gradients.emplace_back();
            for (const Parameter &parameter : (*decoder)->adapter()->parameters())
                gradients.back().push_back(parameter.value.grad());

            const at::Tensor second = losses::tokenNll(**decoder, batch).detach(); // another pass, other masks
            QVERIFY(!at::equal(second, values.detach()));
            (*decoder)->setDropoutSeed(11);
            QVERIFY(at::equal(losses::tokenNll(**decoder, batch).detach(), values.detach()));
            const c10::AutoGradMode off(false); // what is measured has no dropout
            (*decoder)->setDropoutSeed(12);
            const at::Tensor measured = losses::tokenNll(**decoder, batch);
            (*decoder)->setDropoutSeed(std::nullopt);
            QVERIFY(at::equal(measured, losses::tokenNll(**decoder, batch)));
        }
        QVERIFY(at::equal(nll[0], nll[1]));
        for (std::size_t i = 0; i < gradients[0].size(); ++i)
            QVERIFY((gradients[0][i] - gradients[1][i]).abs().max().item<double>() < 1e-6);
    }

    void targetsAreNamesOrEndsOfPaths()
    {
        const auto decoder = Decoder::load(test::fixtures() / "models" / "gpt2", {});
        QVERIFY(decoder.ok());
        const auto pairsOf = [&](const std::vector<std::string> &targets) {
            return (*decoder)->addAdapter({.rank = 1, .targetModules = targets}, 0).ok() ? (*decoder)->adapter()->parameters().size() / 2 : std::size_t{0};
        };
        QCOMPARE(pairsOf({}), std::size_t{8});
        QCOMPARE(pairsOf({"all-linear"}), std::size_t{8});
        QCOMPARE(pairsOf({"c_proj"}), std::size_t{4});
        QCOMPARE(pairsOf({"attn.c_proj"}), std::size_t{2});
        QCOMPARE(pairsOf({"h.1.attn.c_attn"}), std::size_t{1});
        const auto wrong = (*decoder)->addAdapter({.rank = 1, .targetModules = {"c_attn", "q_proj"}}, 0);
        QVERIFY(!wrong.ok());
        QCOMPARE(wrong.error().message(), std::string("training.lora.target_modules: \"q_proj\" names no linear layer of this model's blocks. "
                                                      "There are c_attn, c_fc, c_proj"));
    }

    void whatIsNotOfferedIsRefusedByName_data()
    {
        QTest::addColumn<QByteArray>("key");
        QTest::addColumn<QByteArray>("value");
        QTest::addColumn<QString>("needle");
        QTest::newRow("type") << QByteArray("peft_type") << QByteArray("\"IA3\"") << "IA3";
        QTest::newRow("dora") << QByteArray("use_dora") << QByteArray("true") << "use_dora";
        QTest::newRow("pissa") << QByteArray("init_lora_weights") << QByteArray("\"pissa_niter_4\"") << "pissa";
        QTest::newRow("rank") << QByteArray("r") << QByteArray("8") << "has rank 4, adapter_config.json says 8";
        QTest::newRow("rank type") << QByteArray("r") << QByteArray("\"four\"") << "r is \"four\"";
        QTest::newRow("rank zero") << QByteArray("r") << QByteArray("0") << "r is 0";
        QTest::newRow("no base") << QByteArray("base_model_name_or_path") << QByteArray("null") << "base_model_name_or_path";
        QTest::newRow("base gone") << QByteArray("base_model_name_or_path") << QByteArray("\"nobody/nothing\"") << "nobody/nothing";
        QTest::newRow("tokens") << QByteArray("trainable_token_indices") << QByteArray("[1,2]") << "trainable_token_indices";
    }
    void whatIsNotOfferedIsRefusedByName()
    {
        QFETCH(QByteArray, key);
        QFETCH(QByteArray, value);
        QFETCH(QString, needle);
        AdapterCopy adapter;
        adapter.config[key.toStdString()] = Json::parse(value.toStdString());
        adapter.write();
        const QString error = adapter.errorOfLoading();
        QVERIFY2(error.contains(needle), qPrintable(error));
    }

    void anAdapterOfAnotherModelIsRefused()
    {
        AdapterCopy adapter;
        adapter.config["base_model_name_or_path"] = (test::fixtures() / "models" / "gpt2").string();
        adapter.write();
        QVERIFY2(adapter.errorOfLoading().contains("belongs to no weight of the base model"), qPrintable(adapter.errorOfLoading()));
        adapter.config["base_model_name_or_path"] = (test::fixtures() / "models" / "qwen3").string();
        adapter.write();
        QVERIFY2(adapter.errorOfLoading().contains("has shapes"), qPrintable(adapter.errorOfLoading()));
    }

    /// PEFT puts its copy in the embedding's place alone; the head goes on with the base's.
    void anEmbeddingThatIsPartedFromItsHeadIsRefused()
    {
        AdapterCopy adapter;
        const fs::path base = test::fixtures() / "models" / "qwen2";
        const auto model = Decoder::load(base, {});
        QVERIFY(model.ok() && (*model)->config().tied);
        const at::Tensor table = (*model)->parameters().front().value.contiguous();
        QCOMPARE((*model)->parameters().front().spec.name, std::string("model.embed_tokens.weight"));
        fs::remove(adapter.path() / "adapter_model.safetensors");
        auto writer = SafetensorsWriter::create(adapter.path() / "adapter_model.safetensors",
                                                {{.name = "base_model.model.model.embed_tokens.weight", .dtype = "F32", .shape = table.sizes().vec()}});
        QVERIFY(writer.ok());
        QVERIFY(writer->append("base_model.model.model.embed_tokens.weight", table.const_data_ptr(), table.nbytes()).ok() && writer->finish().ok());
        adapter.config["base_model_name_or_path"] = base.string();
        adapter.config["modules_to_save"] = {"embed_tokens"};
        adapter.write();
        QVERIFY2(adapter.errorOfLoading().contains("part the embedding from the head"), qPrintable(adapter.errorOfLoading()));
    }

    void anAdapterOverItselfEnds()
    {
        AdapterCopy adapter;
        adapter.config["base_model_name_or_path"] = ".";
        adapter.write();
        QVERIFY2(adapter.errorOfLoading().contains("over itself"), qPrintable(adapter.errorOfLoading()));
    }

    void truncatedWeightsAreRefused()
    {
        AdapterCopy adapter;
        const fs::path file = adapter.path() / "adapter_model.safetensors";
        const auto size = fs::file_size(file);
        for (const std::uintmax_t kept : {std::uintmax_t{0}, std::uintmax_t{7}, std::uintmax_t{100}, size / 2, size - 1}) {
            fs::resize_file(file, kept);
            QVERIFY(!adapter.errorOfLoading().isEmpty());
        }
        fs::remove(file);
        QVERIFY2(adapter.errorOfLoading().contains("adapter_model.safetensors"), qPrintable(adapter.errorOfLoading()));
    }

    void patternsGiveSingleModulesTheirOwnScale()
    {
        AdapterCopy plain;
        AdapterCopy halved;
        halved.config["alpha_pattern"] = {{"layers.1.self_attn.v_proj", 4}};
        halved.write();
        const auto one = Decoder::load(plain.path(), {}), other = Decoder::load(halved.path(), {});
        const auto base = Decoder::load(test::fixtures() / "models" / "llama", {});
        QVERIFY(one.ok() && other.ok() && base.ok());
        for (std::size_t i = 0; i < (*one)->parameters().size(); ++i) {
            const at::Tensor a = (*one)->parameters()[i].value - (*base)->parameters()[i].value;
            const at::Tensor b = (*other)->parameters()[i].value - (*base)->parameters()[i].value;
            const double factor = (*one)->parameters()[i].spec.name == "model.layers.1.self_attn.v_proj.weight" ? 0.5 : 1;
            QVERIFY((a * factor - b).abs().max().item<double>() < 1e-6);
        }
    }

    void ofSeveralPatternsTheFirstInTheFileHolds()
    {
        AdapterCopy patterned;
        patterned.config.erase("alpha_pattern");
        std::string text = patterned.config.dump();
        text.insert(1, R"("alpha_pattern": {"v_proj": 4, ".*": 2},)"); // by the alphabet they stand the other way round
        QVERIFY(writeFile(patterned.path() / "adapter_config.json", text).ok());
        const auto config = readAdapterConfig(patterned.path());
        QVERIFY(config.ok());
        QCOMPARE(config->alphaPattern, (std::vector<std::pair<std::string, double>>{{"v_proj", 4}, {".*", 2}}));
    }

    void patternsMayBeExpressionsAndTakeNoTime()
    {
        AdapterCopy plain;
        AdapterCopy patterned;
        // Keys come in their order: one that is no expression, one that backtracking would never end on, one that fits.
        patterned.config["alpha_pattern"] = {{"(", 1}, {"(.*.*.*.*.*)*x", 2}, {"layers\\.\\d\\.self_attn\\.v_pro.", 4}};
        patterned.write();
        const auto one = Decoder::load(plain.path(), {}), other = Decoder::load(patterned.path(), {});
        const auto base = Decoder::load(test::fixtures() / "models" / "llama", {});
        QVERIFY(one.ok() && other.ok() && base.ok());
        for (std::size_t i = 0; i < (*one)->parameters().size(); ++i) {
            const at::Tensor a = (*one)->parameters()[i].value - (*base)->parameters()[i].value;
            const at::Tensor b = (*other)->parameters()[i].value - (*base)->parameters()[i].value;
            const double factor = (*one)->parameters()[i].spec.name.ends_with("v_proj.weight") ? 0.5 : 1;
            QVERIFY((a * factor - b).abs().max().item<double>() < 1e-6);
        }
    }

    void anAdapterOverAnAdapterAddsBoth()
    {
        AdapterCopy inner;
        AdapterCopy outer;
        outer.config["base_model_name_or_path"] = inner.path().string();
        outer.write();
        const auto both = Decoder::load(outer.path(), {}), one = Decoder::load(inner.path(), {});
        const auto base = Decoder::load(test::fixtures() / "models" / "llama", {});
        QVERIFY(both.ok() && one.ok() && base.ok());
        for (std::size_t i = 0; i < (*base)->parameters().size(); ++i) {
            const at::Tensor start = (*base)->parameters()[i].value;
            QVERIFY((((*both)->parameters()[i].value - start) - 2 * ((*one)->parameters()[i].value - start)).abs().max().item<double>() < 1e-5);
        }
    }

    void theTokenizerIsTheBasesWhereTheAdapterHasNone()
    {
        const auto info = inspectModel(test::fixtures() / "lora" / "llama-qv");
        QVERIFY(info.ok());
        QVERIFY2(info->usable(), info->usable() ? "" : info->problems.front().message().c_str());
        QVERIFY(info->tokenizer.has_value());
        QCOMPARE(info->modelType, std::string("llama"));
        QCOMPARE(info->adapters.size(), std::size_t{1});
        QCOMPARE(info->adapters.front().rank, 4);
        QCOMPARE(info->adapters.front().modules, (std::vector<std::string>{"q_proj", "v_proj"}));
    }
};

QTEST_GUILESS_MAIN(TestLora)
#include "tst_lora.moc"
