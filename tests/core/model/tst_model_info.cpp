#include "model/DecoderConfig.h"
#include "support/Fixtures.h"

#include <lethe/model/ModelInfo.h>
#include <lethe/model/TextModel.h>

#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <cmath>
#include <fstream>
#include <map>

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
        QTest::newRow("layers beyond memory") << QByteArray("num_hidden_layers") << QByteArray("4000000000") << QByteArray("num_hidden_layers is 4000000000");
        QTest::newRow("a product beyond 64 bits") << QByteArray("head_dim") << QByteArray("4294967296") << QByteArray("head_dim is 4294967296");
        QTest::newRow("deep lists") << QByteArray("hidden_size") << QByteArray(80, '[') + QByteArray(80, ']') << QByteArray("nested deeper than 64 levels");
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

    void whatAConfigLeavesOutIsTransformersDefault()
    {
        const auto parsed = [](const char *text) {
            Json config = Json::parse(text);
            for (const auto &[key, value] : std::map<std::string, int>{{"vocab_size", 8}, {"hidden_size", 8}, {"intermediate_size", 8}, {"num_hidden_layers", 2},
                                                                       {"num_attention_heads", 2}, {"max_position_embeddings", 64}})
                if (!config.contains(key))
                    config[key] = value;
            return parseDecoderConfig(config.dump(), "config.json");
        };
        const auto olmo2 = parsed(R"({"model_type": "olmo2"})");
        QVERIFY(olmo2.ok() && olmo2->normEps == 1e-5 && olmo2->rope.theta == 10000);
        const auto gemma3 = parsed(R"({"model_type": "gemma3_text", "attn_logit_softcapping": 5.0, "final_logit_softcapping": 4.0})");
        QVERIFY(gemma3.ok() && gemma3->attentionSoftcap == 0 && gemma3->logitSoftcap == 4);
        const auto older = parsed(R"({"model_type": "gemma3_text", "rope_scaling": {"type": "linear", "factor": 8.0}})");
        QVERIFY(older.ok() && older->rope.kind == RopeKind::Default); // as transformers reads it
        const auto newer = parsed(R"({"model_type": "gemma3_text", "rope_scaling": {"rope_type": "linear", "factor": 8.0}})");
        QVERIFY(newer.ok() && newer->rope.kind == RopeKind::Linear && newer->rope.factor == 8);
        const auto qwen2 = parsed(R"({"model_type": "qwen2", "use_sliding_window": true, "max_window_layers": 1})");
        QVERIFY(qwen2.ok() && qwen2->windows == (std::vector<std::int64_t>{0, 4096}));
        const auto phi3 = parsed(R"({"model_type": "phi3", "original_max_position_embeddings": 16,
                                     "rope_scaling": {"type": "yarn", "short_factor": [1, 1], "long_factor": [2, 3]}})");
        QVERIFY(phi3.ok() && phi3->rope.kind == RopeKind::LongRope && phi3->rope.turnsWithLength && phi3->rope.factor == 4);
        const auto said = parsed(R"({"model_type": "llama", "rope_scaling": {"rope_type": "longrope", "factor": 2, "original_max_position_embeddings": 16,
                                     "short_factor": [1, 1], "long_factor": [2, 3]}})");
        QVERIFY(said.ok() && !said->rope.turnsWithLength && said->rope.factor == 2);
        QCOMPARE(rotaryFrequencies(said->rope, 4, 10).attentionFactor, std::sqrt(1 + std::log(2.0) / std::log(16.0)));
        const auto outside = parsed(R"({"model_type": "llama", "original_max_position_embeddings": 32,
                                        "rope_scaling": {"rope_type": "llama3", "factor": 2, "original_max_position_embeddings": 16}})");
        QVERIFY(outside.ok() && outside->rope.originalContext == 32);
        const auto gpt2 = parsed(R"({"model_type": "gpt2", "n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 8, "scale_attn_by_inverse_layer_idx": true})");
        QVERIFY(gpt2.ok() && gpt2->scalesByLayer);
        // Keys that transformers does not read there.
        for (const char *type : {"mistral", "qwen2"}) {
            const auto config = parsed((std::string(R"({"attention_bias": true, "mlp_bias": true, "model_type": ")") + type + "\"}").c_str());
            QVERIFY(config.ok() && !config->outputBias && !config->mlpBias && config->qkvBias == (type == std::string("qwen2")));
        }
        for (const char *type : {"qwen3", "olmo", "olmo2"}) {
            const auto config = parsed((std::string(R"({"attention_bias": true, "mlp_bias": true, "model_type": ")") + type + "\"}").c_str());
            QVERIFY(config.ok() && config->outputBias && !config->mlpBias);
        }
        // Gemma's own key decides, and "gelu" is the tanh form there.
        const auto gemma = parsed(R"({"model_type": "gemma", "head_dim": 4, "hidden_act": "gelu", "hidden_activation": "relu"})");
        QVERIFY(gemma.ok() && gemma->activation == Activation::GeluTanh);
        QVERIFY(parsed(R"({"model_type": "gemma", "head_dim": 4, "hidden_act": "silu"})")->activation == Activation::Silu);
        // The older key comes first where both are there.
        const auto both = parsed(R"({"model_type": "llama", "rope_theta": 500, "rope_scaling": {"type": "linear", "factor": 2}, "rope_parameters": {"rope_theta": 9}})");
        QVERIFY(both.ok() && both->rope.kind == RopeKind::Linear && both->rope.theta == 500);
        QVERIFY(parsed(R"({"model_type": "llama", "rope_scaling": {}, "rope_parameters": {"rope_theta": 9}})")->rope.theta == 9);
        QVERIFY(!parsed(R"({"model_type": "gemma2", "layer_types": ["full_attention", "linear_attention"]})").ok());
        QVERIFY(!parsed(R"({"model_type": "gemma3_text", "use_bidirectional_attention": true})").ok());
    }

    /// An odd part of a head is rounded up to whole pairs, and the frequencies' exponents stay over the odd width.
    void anOddRotaryWidthIsRoundedUpWhereTransformersDoes()
    {
        const auto parsed = [](const std::string &type, const char *key, double part) {
            const Json config{{"model_type", type}, {"vocab_size", 8}, {"hidden_size", 20}, {"intermediate_size", 8}, {"num_hidden_layers", 1},
                              {"num_attention_heads", 2}, {"num_key_value_heads", 2}, {"max_position_embeddings", 64}, {key, part}};
            return parseDecoderConfig(config.dump(), "config.json");
        };
        for (const auto &[type, key] : {std::pair("gpt_neox", "rotary_pct"), std::pair("phi3", "partial_rotary_factor")}) {
            const auto config = parsed(type, key, 0.5);
            QVERIFY2(config.ok(), config.ok() ? "" : config.error().message().c_str());
            const auto frequencies = rotaryFrequencies(config->rope, config->rotaryDim, 10).inverse;
            QCOMPARE(frequencies.size(), std::size_t{3});
            QVERIFY(std::abs(frequencies[2] - std::pow(10000.0, -4.0 / 5)) < 1e-9);
        }
        QVERIFY(parsed("phi", "partial_rotary_factor", 0.5).error().message().find("rotary width 5") != std::string::npos); // nor does it there
        QVERIFY(parsed("phi", "partial_rotary_factor", 0.4).ok());
        const Json yarn{{"model_type", "gpt_neox"}, {"vocab_size", 8}, {"hidden_size", 20}, {"intermediate_size", 8}, {"num_hidden_layers", 1},
                        {"num_attention_heads", 2}, {"rotary_pct", 0.5}, {"rope_scaling", {{"type", "yarn"}, {"factor", 2.0}}}};
        QVERIFY(!parseDecoderConfig(yarn.dump(), "config.json").ok());
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
        ModelInfo deep = *info; // of two blocks, one of which is always there, nothing would be saved
        deep.layers = 12;
        const std::int64_t whole = estimateMemory(deep, training, 256, 60, 20, false).activations;
        training.gradientCheckpointing = true;
        QVERIFY(estimateMemory(deep, training, 256, 60, 20, false).activations < whole / 2);
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
