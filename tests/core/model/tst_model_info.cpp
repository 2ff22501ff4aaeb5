#include "model/DecoderConfig.h"
#include "support/Fixtures.h"

#include <lethe/model/ModelInfo.h>
#include <lethe/model/TextModel.h>

#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <fstream>

using namespace lethe;
namespace fs = std::filesystem;
using Json = nlohmann::json;

/// What a model folder says of itself, and what it is refused for: before a weight is read.
class TestModelInfo : public QObject
{
    Q_OBJECT

private:
    /// A copy of a fixture model that a test may spoil.
    static fs::path copyOf(const QTemporaryDir &folder, const char *model)
    {
        const fs::path to = fs::path(folder.path().toStdString()) / "model";
        fs::copy(test::fixtures() / "models" / model, to);
        for (const auto &entry : fs::directory_iterator(to))
            fs::permissions(entry.path(), fs::perms::owner_write, fs::perm_options::add);
        return to;
    }
    static void edit(const fs::path &file, const std::function<void(Json &)> &change)
    {
        Json json = test::readJson(file);
        change(json);
        std::ofstream(file) << json.dump();
    }
    static std::string problemsOf(const fs::path &folder)
    {
        const auto info = inspectModel(folder);
        std::string text = info.ok() ? "" : info.error().message();
        if (info.ok())
            for (const Error &problem : info->problems)
                text += problem.message() + "\n";
        return text;
    }

private Q_SLOTS:
    void factsAreTheFixtures_data()
    {
        QTest::addColumn<QString>("folder");
        for (const fs::path &folder : test::fixtureFolders("models"))
            QTest::newRow(folder.filename().c_str()) << QString::fromStdString(folder.string());
    }
    void factsAreTheFixtures()
    {
        QFETCH(QString, folder);
        const auto info = inspectModel(folder.toStdString());
        QVERIFY2(info.ok() && info->usable(), problemsOf(folder.toStdString()).c_str());
        const Json expected = test::readJson(fs::path(folder.toStdString()) / "inspect.json");
        QCOMPARE(info->modelType, expected["model_type"].get<std::string>());
        QCOMPARE(info->parameters, expected["parameters"].get<std::int64_t>());
        QCOMPARE(info->vocabularySize, expected["vocab_size"].get<std::int64_t>());
        QCOMPARE(info->hiddenSize, expected["hidden_size"].get<std::int64_t>());
        QCOMPARE(info->layers, expected["layers"].get<std::int64_t>());
        QCOMPARE(info->heads, expected["heads"].get<std::int64_t>());
        QCOMPARE(info->kvHeads, expected["kv_heads"].get<std::int64_t>());
        QCOMPARE(info->contextLength, expected["context_length"].get<std::int64_t>());
        QCOMPARE(info->tiedEmbeddings, expected["tied_embeddings"].get<bool>());
        const Json &tokenizer = expected["tokenizer"];
        const auto same = [](std::optional<std::int64_t> got, const Json &want) {
            return want.is_null() ? !got.has_value() : got == want.get<std::int64_t>();
        };
        QCOMPARE(info->tokenizer->vocabularySize, tokenizer["vocab_size"].get<std::int64_t>());
        QVERIFY(same(info->tokenizer->bosId, tokenizer["bos_id"]));
        QVERIFY(same(info->tokenizer->eosId, tokenizer["eos_id"]));
        QVERIFY(same(info->tokenizer->padId, tokenizer["pad_id"]));
    }

    void anUnknownFamilyIsRefusedWithTheListOfWhatWorks()
    {
        const QTemporaryDir folder;
        const fs::path model = copyOf(folder, "llama");
        edit(model / "config.json", [](Json &config) { config["model_type"] = "xformer"; });
        const std::string text = problemsOf(model);
        QVERIFY2(text.find("\"xformer\" is not supported") != std::string::npos && text.find("gpt2") != std::string::npos, text.c_str());
    }

    void aConfigOfAnotherModelNamesTheTensors()
    {
        const QTemporaryDir folder;
        const fs::path model = copyOf(folder, "llama");
        edit(model / "config.json", [](Json &config) { config["intermediate_size"] = 96; });
        std::string text = problemsOf(model);
        QVERIFY2(text.find("6 of 21 tensors do not fit config.json") != std::string::npos, text.c_str());
        QVERIFY2(text.find("model.layers.0.mlp.gate_proj.weight has shape [80, 40], expected [96, 40]") != std::string::npos, text.c_str());
        edit(model / "config.json", [](Json &config) { config["intermediate_size"] = 80; config["num_hidden_layers"] = 3; });
        text = problemsOf(model);
        QVERIFY2(text.find("9 tensors that config.json asks for are missing: model.layers.2.") != std::string::npos, text.c_str());
        edit(model / "config.json", [](Json &config) { config["num_hidden_layers"] = 1; });
        text = problemsOf(model);
        QVERIFY2(text.find("9 tensors are unexpected for a llama model: model.layers.1.") != std::string::npos, text.c_str());
    }

    void aWrongValueNamesItsKey_data()
    {
        QTest::addColumn<QByteArray>("key");
        QTest::addColumn<QByteArray>("value");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("a string for a size") << QByteArray("hidden_size") << QByteArray("\"wide\"") << QByteArray("hidden_size is \"wide\", a whole number");
        QTest::newRow("no layers") << QByteArray("num_hidden_layers") << QByteArray("0") << QByteArray("num_hidden_layers is 0");
        QTest::newRow("negative vocabulary") << QByteArray("vocab_size") << QByteArray("-1") << QByteArray("vocab_size is -1");
        QTest::newRow("heads that cannot share") << QByteArray("num_key_value_heads") << QByteArray("3") << QByteArray("cannot share");
        QTest::newRow("unknown activation") << QByteArray("hidden_act") << QByteArray("\"mish\"") << QByteArray("\"mish\" is an activation");
        QTest::newRow("unknown rope") << QByteArray("rope_scaling") << QByteArray(R"({"rope_type":"spiral","factor":2})") << QByteArray("rope type \"spiral\"");
    }
    void aWrongValueNamesItsKey()
    {
        QFETCH(QByteArray, key);
        QFETCH(QByteArray, value);
        QFETCH(QByteArray, says);
        Json config = test::readJson(test::fixtures() / "models" / "llama" / "config.json");
        config[key.toStdString()] = Json::parse(value.toStdString());
        const auto parsed = parseDecoderConfig(config.dump(), "config.json");
        QVERIFY(!parsed.ok());
        QVERIFY2(QByteArray::fromStdString(parsed.error().message()).contains(says), parsed.error().message().c_str());
    }

    void aForeignTokenizerIsRefusedByTheSizes()
    {
        const QTemporaryDir folder;
        const fs::path model = copyOf(folder, "llama3"); // 460 entries
        for (const char *file : {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"}) {
            fs::remove(model / file);
            if (fs::exists(test::fixtures() / "models" / "llama" / file))
                fs::copy(test::fixtures() / "models" / "llama" / file, model / file); // 561 entries
        }
        const std::string text = problemsOf(model);
        QVERIFY2(text.find("has 561 entries, the model 460: these belong to different models") != std::string::npos, text.c_str());
        QVERIFY(!TextModel::load(model).ok());
    }

    void aCutShardSaysWhatIsMissing()
    {
        const QTemporaryDir folder;
        const fs::path model = copyOf(folder, "llama");
        fs::resize_file(model / "model-00002-of-00003.safetensors", 5000);
        const std::string text = problemsOf(model);
        QVERIFY2(text.find("model-00002-of-00003.safetensors: ends early: its header promises") != std::string::npos, text.c_str());
    }

    void aFolderThatIsNoModelSaysSo()
    {
        const QTemporaryDir folder;
        QCOMPARE(inspectModel(folder.path().toStdString()).error().code, ErrorCode::NotFound);
        QCOMPARE(inspectModel("/nowhere/at/all").error().code, ErrorCode::NotFound);
    }

    void memoryIsTheSumOfItsPartsAndGrowsWithWhatIsAsked()
    {
        const auto info = inspectModel(test::fixtures() / "models" / "llama");
        QVERIFY(info.ok());
        TrainingSpec training;
        const MemoryEstimate small = estimateMemory(*info, training, 256, 60, 20, false);
        QCOMPARE(small.weights, info->parameters * 4);
        QCOMPARE(small.optimizer, info->parameters * 8);
        QCOMPARE(small.total(), small.process + small.weights + small.gradients + small.optimizer + small.activations + small.logits);
        QCOMPARE(small.checkpointBytes(), info->parameters * 12);
        training.batchSize *= 2;
        const std::int64_t twice = estimateMemory(*info, training, 256, 60, 20, false).activations;
        QVERIFY(twice > small.activations * 3 / 2 && twice <= 2 * small.activations); // the longest of larger batches is nearer to the mean
        training.gradientCheckpointing = true;
        QVERIFY(estimateMemory(*info, training, 256, 60, 20, false).activations < twice);
        QVERIFY(estimateMemory(*info, training, 256, 60, 20, true).total() >= estimateMemory(*info, training, 256, 60, 20, false).total());
        training.lora = LoraSpec{.rank = 2};
        const MemoryEstimate adapter = estimateMemory(*info, training, 256, 60, 20, false);
        QVERIFY(adapter.trainedParameters > 0 && adapter.trainedParameters < info->parameters);
        QCOMPARE(adapter.gradients, adapter.trainedParameters * 4);
        training.lora->targetModules = {"q_proj"};
        QVERIFY(estimateMemory(*info, training, 256, 60, 20, false).trainedParameters < adapter.trainedParameters);
    }
};

QTEST_GUILESS_MAIN(TestModelInfo)
#include "tst_model_info.moc"
