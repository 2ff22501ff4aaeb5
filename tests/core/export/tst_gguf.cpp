#include "support/Fixtures.h"

#include "export/GgufExport.h"
#include "model/FloatConvert.h"
#include "model/Safetensors.h"

#include <lethe/tokenizer/Tokenizer.h>

#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <cmath>
#include <cstring>
#include <map>
#include <numeric>

using namespace lethe;
namespace fs = std::filesystem;

namespace {

/// Reads a GGUF file again, by the format's own definition.
struct Gguf {
    struct Tensor {
        std::vector<std::uint64_t> extents;
        std::uint32_t type = 0;
        std::uint64_t offset = 0;
    };
    std::string bytes;
    std::size_t at = 0;
    std::map<std::string, nlohmann::json> values;
    std::map<std::string, Tensor> tensors;
    std::size_t data = 0;

    template<typename T>
    T number()
    {
        T value{};
        if (at + sizeof value > bytes.size())
            qFatal("the file ends early");
        std::memcpy(&value, bytes.data() + at, sizeof value);
        at += sizeof value;
        return value;
    }
    std::string text()
    {
        const auto length = number<std::uint64_t>();
        at += length;
        return bytes.substr(at - length, length);
    }
    nlohmann::json value(std::uint32_t kind)
    {
        switch (kind) {
        case 4: return number<std::uint32_t>();
        case 5: return number<std::int32_t>();
        case 6: return number<float>();
        case 7: return number<std::uint8_t>() != 0;
        case 8: return text();
        case 9: {
            const auto inner = number<std::uint32_t>();
            const auto count = number<std::uint64_t>();
            nlohmann::json list = nlohmann::json::array();
            for (std::uint64_t i = 0; i < count; ++i)
                list.push_back(value(inner));
            return list;
        }
        default: qFatal("a value of kind %u", kind);
        }
    }
    explicit Gguf(const fs::path &file)
    {
        std::ifstream in(file, std::ios::binary);
        bytes.assign(std::istreambuf_iterator<char>(in), {});
        if (!bytes.starts_with("GGUF"))
            qFatal("no GGUF file");
        at = 4;
        if (number<std::uint32_t>() != 3)
            qFatal("not version 3");
        const auto tensorCount = number<std::uint64_t>();
        const auto valueCount = number<std::uint64_t>();
        for (std::uint64_t i = 0; i < valueCount; ++i) {
            const std::string key = text();
            const auto kind = number<std::uint32_t>();
            values[key] = value(kind);
        }
        for (std::uint64_t i = 0; i < tensorCount; ++i) {
            Tensor &tensor = tensors[text()];
            tensor.extents.resize(number<std::uint32_t>());
            for (std::uint64_t &extent : tensor.extents)
                extent = number<std::uint64_t>();
            tensor.type = number<std::uint32_t>();
            tensor.offset = number<std::uint64_t>();
        }
        data = (at + 31) / 32 * 32;
    }
    std::vector<float> floats(const std::string &name) const
    {
        const Tensor &tensor = tensors.at(name);
        const auto count = std::accumulate(tensor.extents.begin(), tensor.extents.end(), std::uint64_t{1}, std::multiplies<>());
        const char *from = bytes.data() + data + tensor.offset;
        std::vector<float> numbers(count);
        for (std::uint64_t i = 0; i < count; ++i) {
            std::uint16_t bits = 0;
            if (tensor.type == 0) {
                std::memcpy(&numbers[i], from + i * 4, 4);
            } else if (tensor.type == 8) {
                std::memcpy(&bits, from + i / 32 * 34, 2);
                numbers[i] = floatFromHalf(bits) * static_cast<float>(static_cast<std::int8_t>(from[i / 32 * 34 + 2 + i % 32]));
            } else {
                std::memcpy(&bits, from + i * 2, 2);
                numbers[i] = tensor.type == 1 ? floatFromHalf(bits) : floatFromBfloat16(bits);
            }
        }
        return numbers;
    }
};

ExportPlan planOf(const fs::path &model, Dtype dtype)
{
    ExportPlan plan;
    plan.run.row.name = "forgets";
    plan.checkpoint.path = model.string();
    plan.weightsFolder = model;
    plan.dtype = dtype;
    return plan;
}

/// A model's tensor as f32, its rows in the order of interleaved rotary pairs within so many heads.
std::vector<float> original(const WeightFiles &files, const std::string &name, std::int64_t heads = 0)
{
    const WeightFiles::Found found = files.find(name);
    const auto dtype = floatDtypeFrom(found.entry->dtype);
    std::vector<float> values(found.file->bytes(*found.entry).size() / bytesOf(*dtype));
    convertFloats(found.file->bytes(*found.entry), *dtype, std::as_writable_bytes(std::span(values)), Dtype::F32);
    if (heads == 0)
        return values;
    const std::int64_t rows = found.entry->shape[0], width = static_cast<std::int64_t>(values.size()) / rows, half = rows / heads / 2;
    std::vector<float> turned;
    for (std::int64_t head = 0; head < heads; ++head)
        for (std::int64_t pair = 0; pair < half; ++pair)
            for (std::int64_t side = 0; side < 2; ++side) {
                const auto begin = values.begin() + ((head * 2 + side) * half + pair) * width;
                turned.insert(turned.end(), begin, begin + width);
            }
    return turned;
}

} // namespace

class TestGguf : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aLlamaIsWrittenWithItsTokenizer();
    void everyTensorKeepsItsValues_data();
    void everyTensorKeepsItsValues();
    void blocksOfEightBitsAreWithinHalfAStep();
    void whatTheFormatDoesNotHaveIsNamed_data();
    void whatTheFormatDoesNotHaveIsNamed();
    void aTensorLeftOutIsNoticed();

private:
    QTemporaryDir m_folder;
    fs::path file() const { return fs::path(m_folder.path().toStdString()) / "model.gguf"; }
};

void TestGguf::aLlamaIsWrittenWithItsTokenizer()
{
    const fs::path model = test::fixtures() / "models" / "llama";
    const ExportPlan plan = planOf(model, Dtype::F32);
    const auto gguf = planGguf(plan, false);
    QVERIFY2(gguf.ok(), gguf.ok() ? "" : gguf.error().message().c_str());
    QVERIFY(writeGguf(plan, *gguf, file(), {}).ok());
    const Gguf read(file());
    const nlohmann::json config = test::readJson(model / "config.json");
    QCOMPARE(read.values.at("general.architecture"), nlohmann::json("llama"));
    QCOMPARE(read.values.at("llama.block_count"), config["num_hidden_layers"]);
    QCOMPARE(read.values.at("llama.attention.head_count_kv"), config["num_key_value_heads"]);
    const auto tokenizer = Tokenizer::load(model);
    QVERIFY(tokenizer.ok());
    const nlohmann::json &tokens = read.values.at("tokenizer.ggml.tokens");
    QCOMPARE(tokens.size(), config["vocab_size"].get<std::size_t>());
    QCOMPARE(read.values.at("tokenizer.ggml.token_type").size(), tokens.size());
    for (std::int64_t id = 0; id < tokenizer->vocabularySize(); ++id)
        if (const auto token = tokenizer->tokenOf(static_cast<TokenId>(id)))
            QCOMPARE(tokens[static_cast<std::size_t>(id)], nlohmann::json(*token));
    QCOMPARE(read.values.at("tokenizer.ggml.eos_token_id"), nlohmann::json(*tokenizer->eosId()));
    for (const auto &[name, tensor] : read.tensors)
        QCOMPARE(tensor.offset % 32, std::uint64_t{0});
}

void TestGguf::everyTensorKeepsItsValues_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<int>("dtype");
    QTest::addColumn<bool>("turned");
    QTest::newRow("llama, f32") << "llama" << static_cast<int>(Dtype::F32) << true;
    QTest::newRow("llama, bf16") << "llama-bf16" << static_cast<int>(Dtype::BF16) << true;
    QTest::newRow("llama, f16") << "llama-f16" << static_cast<int>(Dtype::F16) << true;
    QTest::newRow("qwen3, f32") << "qwen3" << static_cast<int>(Dtype::F32) << false;
}

void TestGguf::everyTensorKeepsItsValues()
{
    QFETCH(QString, model);
    QFETCH(int, dtype);
    QFETCH(bool, turned);
    const fs::path folder = test::fixtures() / "models" / model.toStdString();
    const ExportPlan plan = planOf(folder, static_cast<Dtype>(dtype));
    const auto gguf = planGguf(plan, false);
    QVERIFY2(gguf.ok(), gguf.ok() ? "" : gguf.error().message().c_str());
    QVERIFY(writeGguf(plan, *gguf, file(), {}).ok());
    const Gguf read(file());
    const auto files = WeightFiles::open(folder);
    QVERIFY(files.ok());
    const nlohmann::json config = test::readJson(folder / "config.json");
    const auto heads = config["num_attention_heads"].get<std::int64_t>(), kvHeads = config["num_key_value_heads"].get<std::int64_t>();
    const auto compare = [&](const std::string &ours, const std::string &theirs, std::int64_t inHeads = 0) {
        QVERIFY2(read.tensors.contains(ours), ours.c_str());
        QVERIFY2(read.floats(ours) == original(*files, theirs, turned ? inHeads : 0), ours.c_str());
    };
    compare("token_embd.weight", "model.embed_tokens.weight");
    compare("output_norm.weight", "model.norm.weight");
    QCOMPARE(read.tensors.contains("output.weight"), !config.value("tie_word_embeddings", false));
    for (std::int64_t layer = 0; layer < config["num_hidden_layers"].get<std::int64_t>(); ++layer) {
        const std::string to = "blk." + std::to_string(layer) + ".", from = "model.layers." + std::to_string(layer) + ".";
        compare(to + "attn_norm.weight", from + "input_layernorm.weight");
        compare(to + "attn_q.weight", from + "self_attn.q_proj.weight", heads);
        compare(to + "attn_k.weight", from + "self_attn.k_proj.weight", kvHeads);
        compare(to + "attn_v.weight", from + "self_attn.v_proj.weight");
        compare(to + "attn_output.weight", from + "self_attn.o_proj.weight");
        compare(to + "ffn_norm.weight", from + "post_attention_layernorm.weight");
        compare(to + "ffn_gate.weight", from + "mlp.gate_proj.weight");
        compare(to + "ffn_up.weight", from + "mlp.up_proj.weight");
        compare(to + "ffn_down.weight", from + "mlp.down_proj.weight");
    }
}

void TestGguf::blocksOfEightBitsAreWithinHalfAStep()
{
    std::vector<float> values(96);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = i < 32 ? 0.0f : std::sin(static_cast<float>(i) * 1.7f) * static_cast<float>(i);
    std::vector<std::byte> bytes;
    QVERIFY(encodeGguf(GgufType::Q8_0, values, bytes));
    QCOMPARE(bytes.size(), std::size_t{3 * 34});
    for (std::size_t block = 0; block < 3; ++block) {
        std::uint16_t bits = 0;
        std::memcpy(&bits, bytes.data() + block * 34, 2);
        const float scale = floatFromHalf(bits);
        float greatest = 0;
        for (std::size_t i = 0; i < 32; ++i)
            greatest = std::max(greatest, std::abs(values[block * 32 + i]));
        for (std::size_t i = 0; i < 32; ++i) {
            const float back = scale * static_cast<float>(static_cast<std::int8_t>(bytes[block * 34 + 2 + i]));
            QVERIFY(std::abs(back - values[block * 32 + i]) <= greatest / 127 * 0.5f + greatest * 0.0006f); // f16 rounds the scale
        }
    }
    bytes.clear();
    QVERIFY(!encodeGguf(GgufType::F16, std::vector<float>{1.0f, 70000.0f}, bytes));
}

void TestGguf::whatTheFormatDoesNotHaveIsNamed_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("says");
    QTest::newRow("another family") << "gpt2" << R"(the model type "gpt2" is not written as GGUF; llama, mistral, qwen2 and qwen3 are)";
    QTest::newRow("soft-capping") << "gemma2" << R"(the model type "gemma2" is not written as GGUF)";
    QTest::newRow("a window") << "mistral" << "llama.cpp has no sliding window for this family";
}

void TestGguf::whatTheFormatDoesNotHaveIsNamed()
{
    QFETCH(QString, model);
    QFETCH(QString, says);
    const auto gguf = planGguf(planOf(test::fixtures() / "models" / model.toStdString(), Dtype::F32), false);
    QVERIFY(!gguf.ok());
    QCOMPARE(gguf.error().code, ErrorCode::Unsupported);
    QVERIFY2(QString::fromStdString(gguf.error().message()).contains(says), gguf.error().message().c_str());
}

void TestGguf::aTensorLeftOutIsNoticed()
{
    auto writer = GgufWriter::create(file(), {{"general.architecture", std::string("llama")}}, {{.name = "a", .shape = {2, 2}, .type = GgufType::F32}});
    QVERIFY(writer.ok());
    const std::vector<std::byte> bytes(20);
    QCOMPARE(writer->append(std::span(bytes)).error().code, ErrorCode::Internal);
    QVERIFY(writer->append(std::span(bytes).first(8)).ok());
    QCOMPARE(writer->finish().error().code, ErrorCode::Internal);
}

QTEST_GUILESS_MAIN(TestGguf)
#include "tst_gguf.moc"
