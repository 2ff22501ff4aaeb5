#include "../store/StoreFixtures.h"

#include "export/ExportPlan.h"
#include "model/FloatConvert.h"
#include "model/Safetensors.h"
#include "model/SafetensorsWriter.h"

#include <lethe/base/Paths.h>
#include <lethe/export/ModelExporter.h>

#include <nlohmann/json.hpp>

#include <QtCore/QTemporaryDir>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>

using namespace lethe;
using namespace lethe::test;
namespace fs = std::filesystem;

class TestModelExporter : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<RunStore> m_store;
    RunId m_run = 0;

    fs::path path(const std::string &name) const { return fs::path(m_folder->path().toStdString()) / name; }

    static fs::path fixture(const char *name)
    {
        const char *fixtures = std::getenv("LETHE_FIXTURES");
        return fs::path(fixtures != nullptr ? fixtures : "") / "models" / name;
    }

    /// A run whose base is fixture \p base, with a checkpoint of step 3 that holds the weights of fixture \p trained.
    void makeRun(const char *base, const char *trained)
    {
        QVERIFY2(fs::exists(fixture(base) / "config.json"), ("no fixture " + fixture(base).string()).c_str());
        fs::copy(fixture(base), path("base"));
        VERIFY_OK(writeFile(path("base/README.md"), "---\nlicense: \"apache-2.0\"\n---\n# Base\n"));
        VERIFY_OK(writeFile(path("base/LICENSE"), "the licence's text"));
        NewRun run = someRun("forgets");
        run.model = path("base").string();
        m_run = *m_store->createRun(run);
        const fs::path checkpoint = fs::path(m_store->run(m_run)->folder) / "checkpoints" / "step-3";
        fs::create_directories(checkpoint / "state");
        for (const fs::directory_entry &file : fs::directory_iterator(fixture(trained))) {
            const std::string name = file.path().filename().string();
            if (name.ends_with("config.json") || name.find("token") != std::string::npos || name.starts_with("model"))
                fs::copy_file(file.path(), checkpoint / name);
        }
        VERIFY_OK(writeFile(checkpoint / "lethe_checkpoint.json", "{\"step\": 3}"));
        VERIFY_OK(writeFile(checkpoint / "state" / "optimizer.safetensors", "state"));
        m_store->appendCheckpoint(m_run, {.step = 3, .path = checkpoint.string(), .bytes = 1});
        m_store->appendStep(m_run, someStep(3));
        m_store->appendEvaluation(m_run, someEvaluation(0));
        m_store->appendEvaluation(m_run, someEvaluation(3));
        m_store->setStatus(m_run, RunStatus::Done);
        VERIFY_OK(m_store->flush());
    }

    /// A run that trained adapter fixture \p adapter over model fixture \p base.
    void makeAdapterRun(const char *base, const char *adapter)
    {
        makeRun(base, base);
        const fs::path from = fixture(base).parent_path().parent_path() / "lora" / adapter;
        fs::remove(checkpoint() / "model.safetensors");
        for (const fs::directory_entry &file : fs::directory_iterator(checkpoint()))
            if (const std::string name = file.path().filename().string(); name.starts_with("model") || name == "config.json" || name == "generation_config.json")
                fs::remove(file.path());
        fs::copy_file(from / "adapter_model.safetensors", checkpoint() / "adapter_model.safetensors");
        auto config = nlohmann::json::parse(*readFile(from / "adapter_config.json"));
        config["base_model_name_or_path"] = path("base").string();
        VERIFY_OK(writeFile(checkpoint() / "adapter_config.json", config.dump()));
    }

    fs::path checkpoint() const { return m_store->checkpoints(m_run)->back().path; }

    ExportRequest request(std::optional<Dtype> dtype = {}) const
    {
        ExportRequest wanted;
        wanted.run = m_run;
        wanted.target = path("out/exported");
        wanted.dtype = dtype;
        return wanted;
    }

    /// Changes one value of the checkpoint's first tensor of that dtype.
    void spoilCheckpoint(float value)
    {
        fs::path file = checkpoint() / "model.safetensors";
        if (!fs::exists(file))
            file = checkpoint() / "model-00001-of-00003.safetensors";
        std::string bytes = *readFile(file);
        std::uint64_t header = 0;
        std::memcpy(&header, bytes.data(), 8);
        std::memcpy(bytes.data() + 8 + header, &value, sizeof value);
        VERIFY_OK(writeFile(file, bytes));
    }

    /// Nothing of an export is left, whole or half.
    bool nothingLeft() const
    {
        std::error_code error;
        return !fs::exists(path("out"), error) || fs::is_empty(path("out"), error);
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        auto store = RunStore::open(path("store/lethe.sqlite"));
        VERIFY_OK(store);
        m_store = std::move(store).value();
        fs::create_directories(path("out"));
    }
    void cleanup()
    {
        m_store.reset();
        m_folder.reset();
    }

    void exportInTheCheckpointsDtypeEqualsIt_data()
    {
        QTest::addColumn<QString>("model");
        QTest::addColumn<int>("dtype");
        QTest::newRow("llama f32") << "llama" << static_cast<int>(Dtype::F32);
        QTest::newRow("gpt2 f32") << "gpt2" << static_cast<int>(Dtype::F32);
        QTest::newRow("llama bf16") << "llama-bf16" << static_cast<int>(Dtype::BF16);
        QTest::newRow("llama f16") << "llama-f16" << static_cast<int>(Dtype::F16);
    }

    void exportInTheCheckpointsDtypeEqualsIt()
    {
        QFETCH(QString, model);
        QFETCH(int, dtype);
        makeRun(model.toUtf8(), model.toUtf8());
        std::vector<std::string> stages;
        const auto report = exportRunModel(*m_store, request(), [&](std::uint64_t done, std::uint64_t total, const std::string &stage) {
            if (stages.empty() || stages.back() != stage)
                stages.push_back(stage);
            return done <= total;
        });
        VERIFY_OK(report);
        QCOMPARE(report->largestLogitDifference, std::optional(0.0));
        QCOMPARE(report->path, path("out/exported"));
        QVERIFY(stages == (std::vector<std::string>{"Writing weights", "Checking"}));

        // The very tensors, beside what came with them, and nothing of this program's own.
        const auto before = WeightFiles::open(checkpoint());
        const auto after = WeightFiles::open(report->path);
        VERIFY_OK(before);
        VERIFY_OK(after);
        QCOMPARE(after->all().size(), before->all().size());
        for (const auto &[name, found] : before->all()) {
            const auto written = after->find(name);
            QVERIFY2(written.entry != nullptr, name.c_str());
            QCOMPARE(written.entry->dtype, std::string(safetensorsName(static_cast<Dtype>(dtype))));
            QVERIFY(written.entry->shape == found.entry->shape);
            const auto a = found.file->bytes(*found.entry);
            const auto b = written.file->bytes(*written.entry);
            QVERIFY(a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0);
        }
        std::uint64_t bytes = 0;
        for (const std::string &file : report->files)
            bytes += fs::file_size(report->path / file);
        QCOMPARE(report->bytes, bytes);
        const auto has = [&](const char *name) { return std::ranges::find(report->files, name) != report->files.end(); };
        for (const char *name : {"config.json", "tokenizer.json", "model.safetensors", "README.md", "LICENSE"})
            QVERIFY2(has(name), name);
        QVERIFY(!has("lethe_checkpoint.json") && !has("state"));
        QCOMPARE(*readFile(report->path / "tokenizer.json"), *readFile(fixture(model.toUtf8()) / "tokenizer.json"));
        QVERIFY(std::distance(fs::directory_iterator(path("out")), {}) == 1);
    }

    void asTheOriginalIsTheDefault()
    {
        makeRun("llama-bf16", "llama"); // trained in f32 from a bf16 original
        const auto report = exportRunModel(*m_store, request());
        VERIFY_OK(report);
        const auto config = nlohmann::json::parse(*readFile(report->path / "config.json"));
        QCOMPARE(config[config.contains("dtype") ? "dtype" : "torch_dtype"].get<std::string>(), std::string("bfloat16"));
        // Rounded weights, so another result: measured and told, and not far.
        QCOMPARE(report->differenceAfterRounding, std::optional(0.0));
        QVERIFY(report->largestLogitDifference);
        QVERIFY2(*report->largestLogitDifference > 0 && *report->largestLogitDifference < 0.5,
                 std::to_string(*report->largestLogitDifference).c_str());
        const auto before = WeightFiles::open(checkpoint());
        const auto after = WeightFiles::open(report->path);
        for (const auto &[name, found] : before->all()) {
            const auto written = after->find(name);
            QCOMPARE(written.entry->dtype, std::string("BF16"));
            const auto source = found.file->bytes(*found.entry);
            const auto target = written.file->bytes(*written.entry);
            for (std::size_t i = 0; i < target.size() / 2; ++i) {
                float value = 0;
                std::uint16_t bits = 0;
                std::memcpy(&value, source.data() + 4 * i, 4);
                std::memcpy(&bits, target.data() + 2 * i, 2);
                QCOMPARE(bits, bfloat16From(value));
            }
        }
        const std::string card = *readFile(report->path / "README.md");
        QVERIFY(card.find("stored as bf16, rounded from the f32") != std::string::npos);
    }

    void adapterIsMergedIntoItsBase_data()
    {
        QTest::addColumn<QByteArray>("base");
        QTest::addColumn<QByteArray>("adapter");
        QTest::addColumn<int>("dtype");
        QTest::newRow("llama f32") << QByteArray("llama") << QByteArray("llama-qv") << static_cast<int>(Dtype::F32);
        QTest::newRow("llama bf16") << QByteArray("llama") << QByteArray("llama-qv") << static_cast<int>(Dtype::BF16);
        QTest::newRow("gpt2 f32") << QByteArray("gpt2") << QByteArray("gpt2-attn") << static_cast<int>(Dtype::F32);
        QTest::newRow("gpt2 under its first names") << QByteArray("gpt2-hub") << QByteArray("gpt2-attn") << static_cast<int>(Dtype::F32);
    }
    void adapterIsMergedIntoItsBase()
    {
        QFETCH(QByteArray, base);
        QFETCH(QByteArray, adapter);
        QFETCH(int, dtype);
        makeAdapterRun(base, adapter);
        const auto report = exportRunModel(*m_store, request(static_cast<Dtype>(dtype)));
        VERIFY_OK(report);
        QCOMPARE(report->differenceAfterRounding, std::optional(0.0));
        const auto has = [&](const char *name) { return std::ranges::find(report->files, name) != report->files.end(); };
        QVERIFY(has("config.json") && has("tokenizer.json") && has("generation_config.json") && has("model.safetensors"));
        QVERIFY(!has("adapter_config.json") && !has("adapter_model.safetensors"));
        const auto before = WeightFiles::open(path("base"));
        const auto after = WeightFiles::open(report->path);
        VERIFY_OK(before);
        VERIFY_OK(after);
        for (const auto &[name, found] : after->all()) {
            const bool adapted = name.find("q_proj") != std::string::npos || name.find("v_proj") != std::string::npos || name.find("c_attn.weight") != std::string::npos;
            const auto was = before->find(name);
            QVERIFY2(was.entry != nullptr, name.c_str());
            if (static_cast<Dtype>(dtype) == Dtype::F32)
                QVERIFY2(adapted == (std::memcmp(found.file->bytes(*found.entry).data(), was.file->bytes(*was.entry).data(), was.entry->end - was.entry->begin) != 0),
                         name.c_str());
        }
    }

    void adapterIsWrittenAsAdapterOnRequest()
    {
        makeAdapterRun("llama", "llama-qv");
        ExportRequest wanted = request();
        wanted.mergeAdapter = false;
        const auto report = exportRunModel(*m_store, wanted);
        VERIFY_OK(report);
        QCOMPARE(report->differenceAfterRounding, std::optional(0.0));
        const auto has = [&](const char *name) { return std::ranges::find(report->files, name) != report->files.end(); };
        QVERIFY(has("adapter_config.json") && has("adapter_model.safetensors") && has("tokenizer.json") && has("README.md"));
        QVERIFY(!has("config.json") && !has("model.safetensors"));
        QCOMPARE(*readFile(report->path / "adapter_config.json"), *readFile(checkpoint() / "adapter_config.json"));
        QVERIFY(readFile(report->path / "README.md")->find("AutoPeftModelForCausalLM") != std::string::npos);

        wanted.dtype = Dtype::BF16; // and over what is there
        wanted.overwrite = true;
        const auto narrow = exportRunModel(*m_store, wanted);
        VERIFY_OK(narrow);
        QVERIFY(*narrow->largestLogitDifference > 0);
        const auto wide = SafetensorsFile::open(checkpoint() / "adapter_model.safetensors");
        const auto rounded = SafetensorsFile::open(narrow->path / "adapter_model.safetensors");
        VERIFY_OK(wide);
        VERIFY_OK(rounded);
        for (const TensorEntry &entry : rounded->entries()) {
            QCOMPARE(entry.dtype, std::string("BF16"));
            const auto written = rounded->bytes(entry);
            std::vector<std::byte> expected(written.size());
            QVERIFY(!convertFloats(wide->bytes(*wide->find(entry.name)), Dtype::F32, expected, Dtype::BF16));
            QVERIFY2(std::ranges::equal(written, expected), entry.name.c_str());
        }
    }

    void weightsAreSplitAtTheSizeAskedFor()
    {
        makeRun("gpt2", "gpt2");
        ExportRequest wanted = request();
        wanted.maxShardBytes = 40'000;
        const auto report = exportRunModel(*m_store, wanted);
        VERIFY_OK(report);
        QCOMPARE(report->largestLogitDifference, std::optional(0.0));
        const auto index = nlohmann::json::parse(*readFile(report->path / "model.safetensors.index.json"));
        const auto weights = WeightFiles::open(report->path);
        VERIFY_OK(weights);
        QVERIFY(weights->files().size() > 2);
        std::uint64_t total = 0;
        for (const auto &file : weights->files()) {
            std::uint64_t bytes = 0;
            for (const TensorEntry &entry : file->entries()) {
                bytes += entry.end - entry.begin;
                QCOMPARE(index["weight_map"][entry.name].get<std::string>(), file->path().filename().string());
            }
            QVERIFY(bytes <= 40'000 || file->entries().size() == 1);
            total += bytes;
        }
        QCOMPARE(index["metadata"]["total_size"].get<std::uint64_t>(), total);
        QVERIFY(!fs::exists(report->path / "model.safetensors"));
    }

    void otherDtypesAreWrittenOnRequest_data()
    {
        QTest::addColumn<QString>("trained");
        QTest::addColumn<int>("dtype");
        QTest::addColumn<bool>("exact");
        QTest::newRow("f32 to f16") << "llama" << static_cast<int>(Dtype::F16) << false;
        QTest::newRow("bf16 to f32") << "llama-bf16" << static_cast<int>(Dtype::F32) << true;
        QTest::newRow("f16 to f32") << "llama-f16" << static_cast<int>(Dtype::F32) << true;
        QTest::newRow("bf16 to f16") << "llama-bf16" << static_cast<int>(Dtype::F16) << false;
    }

    void otherDtypesAreWrittenOnRequest()
    {
        QFETCH(QString, trained);
        QFETCH(int, dtype);
        QFETCH(bool, exact);
        makeRun("llama", trained.toUtf8());
        const auto report = exportRunModel(*m_store, request(static_cast<Dtype>(dtype)));
        VERIFY_OK(report);
        QVERIFY(report->largestLogitDifference && std::isfinite(*report->largestLogitDifference));
        if (exact)
            QCOMPARE(*report->largestLogitDifference, 0.0);
        else
            QVERIFY(*report->largestLogitDifference < 0.5);
    }

    void cardSaysWhatWasDone()
    {
        makeRun("llama", "llama");
        VERIFY_OK(m_store->setNote(m_run, "For the | paper"));
        const auto card = modelCard(*m_store, request());
        VERIFY_OK(card);
        for (const char *words : {"---\nlibrary_name: transformers", "base_model: \"base\"", "license: \"apache-2.0\"", "# forgets",
                                  "after 3 steps of the unlearning method `npo`", "For the | paper", "| `forget_prob` | 0.5 | 0.125 |",
                                  "| `forget_quality` | no retrained model | no retrained model |", "\"name\": \"forgets\"",
                                  "| `data/forget.jsonl` | `aa` |", "Lethe 0.1.0, LibTorch 2.11.0"})
            QVERIFY2(card->find(words) != std::string::npos, (std::string(words) + "\nis not in\n" + *card).c_str());
        QVERIFY2(card->find(path({}).string()) == std::string::npos, "a published card must not tell where its author keeps files");
        QVERIFY(nothingLeft());
        fs::remove(path("base/README.md"));
        QVERIFY(modelCard(*m_store, request())->find("license: \"unknown\"") != std::string::npos);
    }

    void runsWithNothingToExportSaySo()
    {
        m_run = *m_store->createRun(someRun());
        VERIFY_ERROR(exportRunModel(*m_store, request()), ErrorCode::NotFound, "has no checkpoint");
        m_store->setStatus(m_run, RunStatus::Cancelled);
        VERIFY_OK(m_store->flush());
        VERIFY_ERROR(exportRunModel(*m_store, request()), ErrorCode::NotFound, "was cancelled before its first checkpoint: there is nothing to export");
        m_run = 99;
        VERIFY_ERROR(exportRunModel(*m_store, request()), ErrorCode::NotFound, "no run 99");
        makeRun("llama", "llama");
        ExportRequest wanted = request();
        wanted.checkpoint = 2;
        VERIFY_ERROR(exportRunModel(*m_store, wanted), ErrorCode::NotFound, "no checkpoint of step 2");
        wanted.checkpoint = 3;
        fs::remove_all(checkpoint());
        VERIFY_ERROR(exportRunModel(*m_store, wanted), ErrorCode::NotFound, "is gone");
        QVERIFY(nothingLeft());
    }

    void existingFolderIsNotTouchedUnasked()
    {
        makeRun("llama", "llama");
        fs::create_directories(path("out/exported"));
        VERIFY_OK(writeFile(path("out/exported/config.json"), "{}"));
        VERIFY_OK(writeFile(path("out/exported/mine.txt"), "mine"));
        ExportRequest wanted = request();
        VERIFY_ERROR(exportRunModel(*m_store, wanted), ErrorCode::InvalidInput, "exists and is not empty; it was last changed just now");
        QCOMPARE(*readFile(path("out/exported/mine.txt")), std::string("mine"));

        wanted.overwrite = true;
        VERIFY_OK(exportRunModel(*m_store, wanted));
        QVERIFY(!fs::exists(path("out/exported/mine.txt")));
        QVERIFY(fs::exists(path("out/exported/model.safetensors")));
        QCOMPARE(std::distance(fs::directory_iterator(path("out")), {}), std::ptrdiff_t{1}); // the old one is gone for good
    }

    void emptyFolderIsTaken()
    {
        makeRun("llama", "llama");
        fs::create_directories(path("out/exported"));
        ExportRequest wanted = request();
        wanted.target += "/"; // as a shell completes it
        wanted.verify = false;
        const auto report = exportRunModel(*m_store, wanted);
        VERIFY_OK(report);
        QVERIFY(!report->largestLogitDifference);
        QVERIFY(fs::exists(path("out/exported/model.safetensors")));
    }

    void placesThatMustNotBeWrittenToAreRefused()
    {
        makeRun("llama", "llama");
        VERIFY_OK(writeFile(path("file"), "x"));
        fs::create_directories(path("photos"));
        VERIFY_OK(writeFile(path("photos/one.png"), "x"));
        ExportRequest wanted = request();
        wanted.overwrite = true;
        for (const auto &[target, words] : {std::pair{path("file"), "is a file"}, std::pair{path("base"), "the run began from"},
                                            std::pair{path("photos"), "no exported model"}, std::pair{checkpoint(), "own checkpoints"},
                                            std::pair{path("store"), "own checkpoints"}, std::pair{fs::path(), "no folder is named"}}) {
            wanted.target = target;
            VERIFY_ERROR(exportRunModel(*m_store, wanted), ErrorCode::InvalidInput, words);
        }
        QVERIFY(fs::exists(path("photos/one.png")) && fs::exists(path("base/config.json")));
        wanted.target = path("file/exported");
        QVERIFY(!exportRunModel(*m_store, wanted).ok());
    }

    void cancelLeavesNothing_data()
    {
        QTest::addColumn<QString>("stage");
        QTest::newRow("while writing") << "Writing weights";
        QTest::newRow("while checking") << "Checking";
    }

    void cancelLeavesNothing()
    {
        QFETCH(QString, stage);
        makeRun("llama", "llama");
        const auto report = exportRunModel(*m_store, request(), [&](std::uint64_t done, std::uint64_t, const std::string &now) {
            return now != stage.toStdString() || done == 0;
        });
        QVERIFY(!report.ok());
        QCOMPARE(report.error().code, ErrorCode::Cancelled);
        QVERIFY(nothingLeft());
    }

    void fullDiskLeavesNothing()
    {
        makeRun("llama", "llama");
        {
            const FileSizeLimit limit(64u << 10);
            const auto report = exportRunModel(*m_store, request());
            QVERIFY(!report.ok());
            QCOMPARE(report.error().code, ErrorCode::DiskFull);
        }
        QVERIFY(nothingLeft());
    }

    void roomIsLookedForBeforeWriting()
    {
        makeRun("llama", "llama");
        auto plan = planExport(*m_store, request());
        VERIFY_OK(plan);
        QVERIFY(plan->neededBytes > plan->weightBytes);
        VERIFY_OK(checkTarget(*plan, request()));
        plan->neededBytes = std::uint64_t{1} << 60;
        VERIFY_ERROR(checkTarget(*plan, request()), ErrorCode::DiskFull, "1073741824.0 GiB needed, ");
        QVERIFY(checkTarget(*plan, request()).error().message().find(" free") != std::string::npos);
    }

    void whatDoesNotVerifyIsKeptAside()
    {
        makeRun("llama", "llama");
        spoilCheckpoint(std::numeric_limits<float>::quiet_NaN());
        const auto report = exportRunModel(*m_store, request());
        VERIFY_ERROR(report, ErrorCode::Corrupt, "not finite");
        QVERIFY(report.error().message().find("exported-unverified") != std::string::npos);
        QVERIFY(!fs::exists(path("out/exported")));
        QVERIFY(fs::exists(path("out/exported-unverified/model.safetensors")));
        QCOMPARE(std::distance(fs::directory_iterator(path("out")), {}), std::ptrdiff_t{1});
    }

    void valueThatTheDtypeCannotHoldIsNamed()
    {
        makeRun("llama", "llama");
        spoilCheckpoint(1e6f);
        VERIFY_ERROR(exportRunModel(*m_store, request(Dtype::F16)), ErrorCode::InvalidInput, "which f16 cannot hold");
        QVERIFY(nothingLeft());
    }
};

QTEST_GUILESS_MAIN(TestModelExporter)
#include "tst_model_exporter.moc"
